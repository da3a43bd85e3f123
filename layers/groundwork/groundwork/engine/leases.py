"""The lease rules: pure, exact, and the only place that knows them.

A worker holds a lease on a task until it expires or is answered. For every task and every moment:

- live leases plus answers never exceed the answers the task needs,
- no worker has two answers to it, nor a lease beside an answer,
- an expired lease frees its place at once; its holder may still answer while a place is free,
- who declined a task is never offered it again. When as many workers declined as answers are needed, and nobody holds a lease, the
  task is put aside: it is offered to nobody and the job waits for it no longer, until its owner reissues it.

Functions take a `Task` and give the changed one, or say why not; writing it conditionally is the store's part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's lease on one task and what became of it. `answer_digest` is that of the accepted answer, None before there is one.

    `declined` is the reason of a worker who declined. `instructions` is the version of the instructions that the lease shows. `is_over`
    says that it ended whatever a clock says: it was given back or declined, or somebody who saw it expired took a place.
    """

    lease_id: str
    granted_at: datetime
    expires_at: datetime
    answer_digest: str | None = None
    declined: str | None = None
    instructions: int = 1
    is_over: bool = False

    @property
    def is_answered(self) -> bool:
        return self.answer_digest is not None

    def is_live(self, now: datetime) -> bool:
        return not self.is_answered and not self.is_over and now < self.expires_at


@dataclass(frozen=True, slots=True)
class MachineLabel:
    """The label category that automated labeling gave an object, with the function's confidence (0 to 1), and when it was taken."""

    label: str
    confidence: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One data object to be labeled. `number` is its zero-based line in the manifest (Ground Truth's datasetObjectId).

    `holds` has one entry per worker who ever held a lease on it, under the worker's id. `version` counts writes. `given` is what the
    job's own pre-annotation function gives to the template, JSON text; `failure` is why the object cannot be shown to anybody.
    `picture` is the size of the picture to mark things in, once it is known: width and height in pixels.
    With automated labeling a task is either released to people (`is_released`) or has a `machine_label`, and at first neither.
    """

    number: int
    needed: int
    line: bytes
    holds: Mapping[str, Hold] = field(default_factory=dict)
    version: int = 1
    is_aside: bool = False
    given: bytes | None = None
    failure: str | None = None
    is_released: bool = False
    machine_label: MachineLabel | None = None
    picture: tuple[int, int] | None = None

    @property
    def answers(self) -> int:
        return sum(hold.is_answered for hold in self.holds.values())

    @property
    def is_finished(self) -> bool:
        return self.answers >= self.needed

    @property
    def is_settled(self) -> bool:
        """Whether the job waits for it no longer."""
        return self.is_finished or self.is_aside or self.failure is not None or self.machine_label is not None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why workers declined it."""
        return tuple(hold.declined for hold in self.holds.values() if hold.declined is not None)

    def done_with(self) -> frozenset[str]:
        """The workers it is not offered to again: they answered or declined."""
        return frozenset(worker for worker, hold in self.holds.items() if hold.is_answered or hold.declined is not None)

    def has_room(self, now: datetime) -> bool:
        """Whether the answers and the live leases of all leave a place for somebody else."""
        return not self.is_settled and self.answers + sum(hold.is_live(now) for hold in self.holds.values()) < self.needed

    def has_place(self, worker: str, now: datetime) -> bool:
        """Whether the answers, and the live leases of others, leave a place for this worker."""
        if self.is_settled:
            return False
        leases_of_others = sum(hold.is_live(now) for holder, hold in self.holds.items() if holder != worker)
        return self.answers + leases_of_others < self.needed


class AnswerVerdict(StrEnum):
    """What to do with an answer that came for a lease."""

    ACCEPT = "accept"
    ALREADY_ACCEPTED = "already accepted"  # the very same answer, again
    CONFLICTS_WITH_ACCEPTED = "conflicts with the accepted answer"
    TOO_LATE = "too late"  # the lease ended, and the task is no longer open for this worker


def may_take(task: Task, worker: str, now: datetime) -> bool:
    """Whether the worker may get a (new) lease: a place is free, and the worker neither answered, nor declined, nor holds a live lease."""
    hold = task.holds.get(worker)
    if hold is not None and (hold.is_answered or hold.declined is not None or hold.is_live(now)):
        return False
    return task.has_place(worker, now)


def take(task: Task, worker: str, lease_id: str, now: datetime, expires_at: datetime, *, instructions: int = 1) -> Task | None:
    """The task with a new lease of the worker, or None when `may_take` says no."""
    if not may_take(task, worker, now):
        return None
    # Others' clocks may still see these as live, and would refuse both their answers and this worker's.
    over = {holder: replace(hold, is_over=True) for holder, hold in task.holds.items() if not hold.is_answered and not hold.is_live(now)}
    return replace(task, holds={**task.holds, **over, worker: Hold(lease_id, now, expires_at, instructions=instructions)})


def renew(task: Task, worker: str, now: datetime, expires_at: datetime) -> Task | None:
    """The task with the worker's live lease ending at `expires_at`, or None when there is no live lease."""
    hold = task.holds.get(worker)
    if hold is None or not hold.is_live(now) or not task.has_place(worker, now):
        return None
    return _with_hold(task, worker, replace(hold, expires_at=max(hold.expires_at, expires_at)))


def give_back(task: Task, worker: str, now: datetime) -> Task:
    """The task with the worker's lease over. Giving back what is over or answered changes nothing."""
    hold = task.holds.get(worker)
    if hold is None or not hold.is_live(now):
        return task
    return perhaps_aside(_with_hold(task, worker, replace(hold, expires_at=now, is_over=True)), now)


def decline(task: Task, worker: str, reason: str, now: datetime) -> Task | None:
    """The task that the worker will not be offered again; None when the worker answered it. Declining again keeps the first reason."""
    hold = task.holds[worker]
    if hold.is_answered:
        return None
    if hold.declined is not None:
        return task
    ended = replace(hold, expires_at=min(hold.expires_at, now), declined=reason, is_over=True)
    return perhaps_aside(_with_hold(task, worker, ended), now)


def reissue(task: Task) -> Task:
    """The task offered to everybody again who did not answer it. Answers and leases stay."""
    holds = {worker: hold for worker, hold in task.holds.items() if hold.declined is None}
    return replace(task, holds=holds, is_aside=False)


def perhaps_aside(task: Task, now: datetime) -> Task:
    """The task, put aside when as many declined it as it needs answers and nobody has it in hands."""
    is_in_hands = any(hold.is_live(now) for hold in task.holds.values())
    if task.is_finished or is_in_hands or len(task.reasons) < task.needed:
        return task
    return replace(task, is_aside=True)


def judge_answer(task: Task, worker: str, digest: str, now: datetime) -> AnswerVerdict:
    """What becomes of an answer with this digest. The worker has, or had, a lease on the task."""
    hold = task.holds[worker]
    if hold.is_answered:
        return AnswerVerdict.ALREADY_ACCEPTED if hold.answer_digest == digest else AnswerVerdict.CONFLICTS_WITH_ACCEPTED
    if hold.declined is not None:
        return AnswerVerdict.TOO_LATE
    # Also asked of a live lease: where clocks differ, its place may have gone to another worker already.
    return AnswerVerdict.ACCEPT if task.has_place(worker, now) else AnswerVerdict.TOO_LATE


def answer(task: Task, worker: str, digest: str, now: datetime) -> Task:
    """The task with the worker's answer, after `judge_answer` said ACCEPT."""
    return perhaps_aside(_with_hold(task, worker, replace(task.holds[worker], answer_digest=digest)), now)


def _with_hold(task: Task, worker: str, hold: Hold) -> Task:
    return replace(task, holds={**task.holds, worker: hold})
