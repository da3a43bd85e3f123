"""The facts we announce on our bus, made from what changed in the jobs table (api.md, Events)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from groundwork.labeling_jobs.job import LabelingJob, rfc3339
from groundwork.labeling_jobs.lifecycle import Status

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "groundwork"
DRAFTED = "Labeling Job Drafted"
VALIDATION_FAILED = "Labeling Job Validation Failed"
STATUS_CHANGED = "Labeling Job Status Changed"
_MAX_ENTRIES = 10  # per PutEvents request


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """A fact: its name (`detail-type`) and what there is to know about it."""

    name: str
    detail: dict[str, Any]


class UnannouncedError(Exception):
    """The bus did not take every event; announcing all of them again is safe."""


def facts(before: LabelingJob | None, after: LabelingJob | None) -> list[DomainEvent]:
    """What there is to announce when a labeling job went from `before` to `after` (None: it was not there, or is no more).

    A submitted job moves from nothing to Validating; a job sent back with faults is a fact of its own beside the change of status.
    """
    if after is None or (before is not None and before.status is after.status):
        return []
    detail = {
        "project": after.project,
        "name": after.name,
        "job_id": after.job_id,
        "submission": after.submission,
        "task_type": after.definition.task_type,
        "from": before.status.value if before else None,
        "to": after.status.value,
        "at": rfc3339(after.updated_at),
        "counters": asdict(after.counters),
        "failure_reason": after.failure_reason,
    }
    if after.status is Status.DRAFT and before is None:
        return [DomainEvent(DRAFTED, detail)]
    found = [DomainEvent(STATUS_CHANGED, detail)]
    if after.status is Status.DRAFT and after.validation.state == "failed":
        summary = {name: getattr(after.validation, name) for name in ("objects", "errors", "warnings")}
        found.append(DomainEvent(VALIDATION_FAILED, {**detail, "validation": summary}))
    return found


def announce(client: "EventBridgeClient", bus: str, announced: Sequence[DomainEvent]) -> None:
    """Put the events on the bus. Raises UnannouncedError when the bus refused any."""
    for start in range(0, len(announced), _MAX_ENTRIES):
        answer = client.put_events(
            Entries=[
                {"EventBusName": bus, "Source": SOURCE, "DetailType": event.name, "Detail": json.dumps(event.detail)}
                for event in announced[start : start + _MAX_ENTRIES]
            ]
        )
        if answer["FailedEntryCount"]:
            raise UnannouncedError(f"{answer['FailedEntryCount']} of {len(announced)} events were refused")
