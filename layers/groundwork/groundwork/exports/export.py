"""An export of a labeling job's output, as Groundwork keeps it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from groundwork.labeling_jobs.job import rfc3339

# One that takes longer than its machine may is over, whatever its record says.
MAX_DURATION = timedelta(hours=1)


class ExportState(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Export:
    """One export of one labeling job. `done` and `total` count the manifest's lines."""

    id: str
    project: str
    job_name: str
    job_id: str
    format: str
    state: ExportState
    requested_by: str
    requested_at: datetime
    done: int = 0
    total: int | None = None
    finished_at: datetime | None = None
    failure_reason: str | None = None
    uri: str | None = None
    report: dict[str, Any] | None = None
    creation_key: str | None = None

    def resource(self, now: datetime) -> dict[str, Any]:
        """What a client gets, beside the presigned address of a finished one."""
        state, reason = self.state, self.failure_reason
        if state in {ExportState.REQUESTED, ExportState.RUNNING} and now - self.requested_at > MAX_DURATION:
            state, reason = ExportState.FAILED, "The export was interrupted; ask for it again."
        return {
            "export_id": self.id,
            "labeling_job": self.job_name,
            "format": self.format,
            "state": state.value,
            "requested_by": self.requested_by,
            "requested_at": rfc3339(self.requested_at),
            "finished_at": rfc3339(self.finished_at),
            "progress": {"done": self.done, "total": self.total},
            "failure_reason": reason,
            "report": self.report,
        }
