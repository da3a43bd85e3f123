"""The parts of a labeling job that is bigger than the labeling service takes: what each is, and what they amount to together.

Pure. A part is a labeling job on the service, named after its parent; to clients it is a line in the parent's account.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from groundwork.labeling_jobs.job import Counters, Parts, rfc3339
from groundwork.labeling_jobs.lifecycle import FINISHED, Status
from groundwork.task_types import TaskType

# All parts, the job and its history are claimed in one DynamoDB transaction, which takes 100 writes.
MAX_PARTS = 98
NAME_SUFFIX = "-part-0001"
_MAX_REASON_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `lines` data objects of the parent's manifest, as a labeling job of its own on the service.

    `status` is that of any labeling job, and moves by the same table: `Launching` until the service has it. It waits for its turn until
    `begun_at`; from then on the service may have it. `job_id` is the parent's.
    """

    part_of: str
    project: str
    job_id: str
    number: int
    lines: int
    counters: Counters
    status: Status = Status.LAUNCHING
    version: int = 1
    begun_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    labeling_job_arn: str | None = None
    failure_reason: str | None = None
    output_manifest_uri: str | None = None

    @property
    def name(self) -> str:
        """Its name on the labeling service: the parent's name is at most 53 characters, so this is at most 63."""
        return part_name(self.part_of, self.number)

    @property
    def is_waiting(self) -> bool:
        return self.status is Status.LAUNCHING and self.begun_at is None

    @property
    def is_at_rest(self) -> bool:
        return self.status in FINISHED

    def changed(self, **changes: Any) -> "Part":
        """The part with these changes, one version on."""
        return replace(self, version=self.version + 1, **changes)

    def resource(self) -> dict[str, Any]:
        """What a client gets of it."""
        return {
            "number": self.number,
            "name": self.name,
            "status": "Waiting" if self.is_waiting else self.status.value,
            "objects": self.lines,
            "counters": {name: getattr(self.counters, name) for name in Counters.__slots__},
            "labeling_job_arn": self.labeling_job_arn,
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
            "failure_reason": self.failure_reason,
            "output_manifest_uri": self.output_manifest_uri,
        }


def part_name(parent: str, number: int) -> str:
    return f"{parent}-part-{number:04d}"


def objects_per_job(task_type: TaskType) -> int:
    """How many data objects one labeling job may have: the task type's limit, or less where the stack says so."""
    return min(task_type.max_objects, int(os.environ["OBJECTS_PER_LABELING_JOB"]))


def sizes(objects: int, most: int) -> list[int]:
    """How many objects each part gets: as few parts as possible, none larger than another by more than one object."""
    count = -(-objects // most)
    return [objects // count + (number < objects % count) for number in range(count)]


def part_of_object(parts: Sequence[Part], number: int) -> tuple[Part, int] | None:
    """The part that has this object of the whole job, and its number there; None when there is no such object."""
    for part in parts:
        if number < part.lines:
            return part, number
        number -= part.lines
    return None


def due(parts: Sequence[Part], at_once: int) -> list[Part]:
    """The parts that may be on the service now: the first `at_once`, in order, that are not at rest.

    Parts come to rest and never leave it. So whoever reads an older state may start only parts that are at rest since, or still among
    these: however many callers act at once, never more than `at_once` parts run, and no lock is needed.
    """
    return [part for part in parts if not part.is_at_rest][:at_once]


def summary(parts: Sequence[Part]) -> Parts:
    """How many parts there are, by where they stand."""
    waiting = sum(part.is_waiting for part in parts)
    ended = {status: sum(part.status is status for part in parts) for status in FINISHED}
    return Parts(
        total=len(parts),
        waiting=waiting,
        running=len(parts) - waiting - sum(ended.values()),
        completed=ended[Status.COMPLETED],
        failed=ended[Status.FAILED],
        stopped=ended[Status.STOPPED],
    )


def counted_together(parts: Sequence[Part]) -> Counters:
    return Counters(**{name: sum(getattr(part.counters, name) for part in parts) for name in Counters.__slots__})


def status_while_running(parts: Sequence[Part]) -> Status:
    """The parent's status until its output is written: that of its most advanced part."""
    if any(part.status not in {Status.LAUNCHING, Status.INITIALIZING} for part in parts):
        return Status.IN_PROGRESS
    return Status.INITIALIZING if any(part.status is Status.INITIALIZING for part in parts) else Status.LAUNCHING


def end(parts: Sequence[Part]) -> tuple[Status, str | None]:
    """How the parent ends once all parts are at rest, and why.

    One failed part makes it `Failed`, though whatever was labeled is in its output; otherwise one stopped part makes it `Stopped`.
    """
    failed = [part for part in parts if part.status is Status.FAILED]
    if failed:
        numbers = ", ".join(str(part.number) for part in failed)
        reason = f"{len(failed)} of {len(parts)} parts failed ({numbers}); the first said: {failed[0].failure_reason}"
        return Status.FAILED, reason[:_MAX_REASON_LENGTH]
    return (Status.STOPPED if any(part.status is Status.STOPPED for part in parts) else Status.COMPLETED), None
