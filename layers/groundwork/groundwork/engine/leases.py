"""The lease rules: pure, exact, and the only place that knows them.

A worker holds a lease on a task until it expires or is answered. For every task and every moment:

- live leases plus answers never exceed the answers the task needs,
- no worker has two answers to it, nor a lease beside an answer,
- an expired lease frees its place at once; its holder may still answer while a place is free.

Functions take a `Task` and give the changed one, or say why not; writing it conditionally is the store's part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's lease on one task and what became of it. `answer_digest` is that of the accepted answer, None before there is one."""

    lease_id: str
    granted_at: datetime
    expires_at: datetime
    answer_digest: str | None = None

    @property
    def is_answered(self) -> bool:
        return self.answer_digest is not None

    def is_live(self, now: datetime) -> bool:
        return not self.is_answered and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Task:
    """One data object to be labeled. `number` is its zero-based line in the manifest (Ground Truth's datasetObjectId).

    `holds` has one entry per worker who ever held a lease on it, under the worker's id. `version` counts writes.
    """

    number: int
    needed: int
    line: bytes
    holds: Mapping[str, Hold] = field(default_factory=dict)
    version: int = 1

    @property
    def answers(self) -> int:
        return sum(hold.is_answered for hold in self.holds.values())

    @property
    def is_finished(self) -> bool:
        return self.answers >= self.needed

    def has_place(self, worker: str, now: datetime) -> bool:
        """Whether the answers, and the live leases of others, leave a place for this worker."""
        leases_of_others = sum(hold.is_live(now) for holder, hold in self.holds.items() if holder != worker)
        return self.answers + leases_of_others < self.needed


class AnswerVerdict(StrEnum):
    """What to do with an answer that came for a lease."""

    ACCEPT = "accept"
    ALREADY_ACCEPTED = "already accepted"  # the very same answer, again
    CONFLICTS_WITH_ACCEPTED = "conflicts with the accepted answer"
    TOO_LATE = "too late"  # the lease ended, and others have taken the place


def may_take(task: Task, worker: str, now: datetime) -> bool:
    """Whether the worker may get a (new) lease: a place is free and the worker has neither an answer nor a live lease here."""
    hold = task.holds.get(worker)
    if hold is not None and (hold.is_answered or hold.is_live(now)):
        return False
    return task.has_place(worker, now)


def take(task: Task, worker: str, lease_id: str, now: datetime, expires_at: datetime) -> Task | None:
    """The task with a new lease of the worker, or None when `may_take` says no."""
    if not may_take(task, worker, now):
        return None
    return _with_hold(task, worker, Hold(lease_id, now, expires_at))


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
    return _with_hold(task, worker, replace(hold, expires_at=now))


def judge_answer(task: Task, worker: str, digest: str, now: datetime) -> AnswerVerdict:
    """What becomes of an answer with this digest. The worker has, or had, a lease on the task."""
    hold = task.holds[worker]
    if hold.is_answered:
        return AnswerVerdict.ALREADY_ACCEPTED if hold.answer_digest == digest else AnswerVerdict.CONFLICTS_WITH_ACCEPTED
    # Also asked of a live lease: where clocks differ, its place may have gone to another worker already.
    return AnswerVerdict.ACCEPT if task.has_place(worker, now) else AnswerVerdict.TOO_LATE


def answer(task: Task, worker: str, digest: str) -> Task:
    """The task with the worker's answer, after `judge_answer` said ACCEPT."""
    return _with_hold(task, worker, replace(task.holds[worker], answer_digest=digest))


def _with_hold(task: Task, worker: str, hold: Hold) -> Task:
    return replace(task, holds={**task.holds, worker: hold})
