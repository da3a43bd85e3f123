"""The facts we announce on our bus, made from what changed in the jobs table (api.md, Events).

A change is told by the stream at least once and always yields the same facts with the same ids, so whoever hears a fact twice knows it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from groundwork.built_manifests import BuiltManifest
from groundwork.exports.export import Export
from groundwork.labeling_jobs.job import LabelingJob, rfc3339
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.progress import THRESHOLDS

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "groundwork"
DRAFTED: Final = "Labeling Job Drafted"
VALIDATION_FAILED: Final = "Labeling Job Validation Failed"
STATUS_CHANGED: Final = "Labeling Job Status Changed"
PROGRESSED: Final = "Labeling Job Progressed"
STALLED: Final = "Labeling Job Stalled"
MANIFEST_REQUESTED: Final = "Manifest Requested"
EXPORT_REQUESTED: Final = "Export Requested"
# Of labeling jobs: those that people can subscribe to.
type EventName = Literal[
    "Labeling Job Drafted",
    "Labeling Job Validation Failed",
    "Labeling Job Status Changed",
    "Labeling Job Progressed",
    "Labeling Job Stalled",
]
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

    A submitted job moves from nothing to Validating. Faults in the data, each threshold of progress and a stall are facts of their own.
    """
    if after is None:
        return []
    found: list[DomainEvent] = []
    if before is None or before.status is not after.status:
        is_drafted = before is None and after.status is Status.DRAFT
        found.append(_fact(DRAFTED if is_drafted else STATUS_CHANGED, before, after))
    # Of a job that was submitted, or of an uploaded manifest's draft.
    is_validated = before is not None and (before.status is not Status.DRAFT or before.validation.state == "running")
    if is_validated and after.status is Status.DRAFT and after.validation.state == "failed":
        summary = {name: getattr(after.validation, name) for name in ("objects", "errors", "warnings")}
        found.append(_fact(VALIDATION_FAILED, before, after, validation=summary))
    passed = before.progress if before else 0
    found += [_fact(PROGRESSED, before, after, percent=percent) for percent in THRESHOLDS if passed < percent <= after.progress]
    if after.stalled_since is not None and (before is None or before.stalled_since is None):
        found.append(_fact(STALLED, before, after, stalled_since=rfc3339(after.stalled_since)))
    return found


def manifest_facts(before: BuiltManifest | None, after: BuiltManifest | None) -> list[DomainEvent]:
    """That somebody asked for a manifest. How far it is, and how it ended, is told by the manifest itself and by the job it drafts."""
    if after is None or (before is not None and before.build_id == after.build_id):
        return []
    detail = {"project": after.project, "name": after.name, "build_id": after.build_id, "at": rfc3339(after.created_at)}
    return [DomainEvent(MANIFEST_REQUESTED, detail)]


def export_facts(before: Export | None, after: Export | None) -> list[DomainEvent]:
    """That somebody asked for an export. How far it is, and how it ended, is told by the export itself."""
    if after is None or before is not None:
        return []
    detail = {
        "project": after.project,
        "name": after.job_name,
        "job_id": after.job_id,
        "export_id": after.id,
        "at": rfc3339(after.requested_at),
    }
    return [DomainEvent(EXPORT_REQUESTED, detail)]


def _fact(name: EventName, before: LabelingJob | None, after: LabelingJob, **more: Any) -> DomainEvent:
    # One change of a job has one version, and of each kind of fact at most one, but for the thresholds of progress.
    kind = "-".join([*name.removeprefix("Labeling Job ").lower().split(), *([str(more["percent"])] if "percent" in more else [])])
    detail = {
        "id": f"{after.job_id}-{after.version}-{kind}",
        "project": after.project,
        "name": after.name,
        "job_id": after.job_id,
        "submission": after.submission,
        "task_type": after.definition.task_type,
        "input_prefix_uri": after.definition.input_prefix_uri,
        "from": before.status.value if before else None,
        "to": after.status.value,
        "at": rfc3339(after.updated_at),
        "counters": asdict(after.counters),
        "failure_reason": after.failure_reason,
    }
    return DomainEvent(name, detail | more)


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
