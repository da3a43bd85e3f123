"""What a labeling job's history says of a change of status."""

from typing import Any

from groundwork.labeling_jobs.job import LabelingJob
from groundwork.store import JobEvent


def status_changed(before: LabelingJob, after: LabelingJob, *, by: str | None = None) -> JobEvent:
    """The entry for a move from one status to another: who moved it (when a person did) and why (when there is a reason)."""
    detail: dict[str, Any] = {"from": before.status.value, "to": after.status.value}
    if by:
        detail["by"] = by
    if after.failure_reason:
        detail["reason"] = after.failure_reason
    return JobEvent(after.updated_at, "StatusChanged", detail)
