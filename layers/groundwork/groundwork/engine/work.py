"""Work for members of labeling teams: which jobs have some, leases on tasks, answers.

A worker sees the jobs of the labeling teams in the token, and nobody else's leases. Looking for a task starts behind the last one the
worker looked at, so a worker goes through a job in input order and what was done is not read again. Behind it only those tasks are looked
at that may have room again: freed ones, and those whose lease lapsed.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from groundwork.data_locations import S3Uri
from groundwork.engine import leases
from groundwork.engine.answers import answer_faults, canonical
from groundwork.engine.jobs import EngineJob, JobStatus
from groundwork.engine.leases import AnswerVerdict, Hold, Task
from groundwork.engine.output_tree import OutputTree
from groundwork.engine.pictures import Pictures
from groundwork.engine.store import (
    EngineStore,
    Freed,
    HistoryEntry,
    Identity,
    Lapsed,
    NewLease,
    ShardClosedError,
    Slots,
    StoredAnswer,
    TaskChangedError,
    WorkerMovedError,
    WorkerPlace,
    shard_of,
)
from groundwork.engine.worker_pages import shown_of
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.labeling_jobs.job import rfc3339
from groundwork.labeling_jobs.tags import MAX_PRIORITY
from groundwork.lazy_client import client_on_first_use
from groundwork.rules import fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.access import Caller
    from groundwork.store import JobStore

# An answer up to this size lives in its table item; a larger one (a mask) in S3. Bounds what consolidation holds: 50 objects x 9 answers.
MAX_INLINE_ANSWER_BYTES = 64 * 1024
# A table item holds 400 KB.
MAX_DRAFT_BYTES = 300 * 1024
MAX_REASON = 500
_HISTORY_TOKEN = re.compile(r"[0-9T:.+-]{1,40}#[a-z0-9-]{1,63}#[0-9]{9}")
_DRAFTS_KEPT = timedelta(days=7)
_SHARDS_READ_AT_ONCE = 5
# Of a job that limits the objects in workers' hands, how many of those in hands are looked at for a worker who could join in.
_OBJECTS_IN_HANDS_LOOKED_AT = 25
# After many losses in a row the next task is any of 2**8, which is more than a shard has.
_MOST_SKIPPED = 8
# A write loses only when another one got through, and a task sees few writes; this many lost in a row means something is wrong.
_MAX_LOST_WRITES = 50


@dataclass(frozen=True, slots=True)
class Worker:
    """A signed-in member of labeling teams. `id` has the form of Ground Truth's worker ids."""

    id: str
    teams: frozenset[str]
    identity: Identity


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's lease on a task of a job. `hold` is what the task says of it, `draft` what the worker saved of the answer so far."""

    job: EngineJob
    task: Task
    hold: Hold
    draft: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """As api.md has it. Raises TemplateError when the line lacks the data object, which loading has ruled out."""
        return {
            "lease_id": self.hold.lease_id,
            "job": self.job.name,
            "task_id": str(self.task.number),
            "expires_at": rfc3339(self.hold.expires_at),
            "time_limit_seconds": int(self.job.time_limit.total_seconds()),
            "input": shown_of(self.job, self.task),
            "draft": self.draft,
            "instructions_version": self.hold.instructions,
        }


@dataclass(frozen=True, slots=True)
class JobWithWork:
    """A labeling job as a worker sees it in the list. `available` is an upper bound: others may hold or finish some of it."""

    name: str
    title: str
    description: str
    task_type: str
    available: int
    answered_by_me: int
    with_others: int
    """Leases that workers of the team hold now."""
    priority: int
    order: str
    """Jobs with a higher priority come first, of equal ones the one that was created first."""


class Work:
    """What a member of a labeling team can do."""

    def __init__(self, store: EngineStore, s3: "S3Client", pictures: "Pictures | None" = None, *, region: str) -> None:
        """Without `pictures`, the size counts that an answer says its picture has."""
        self._store = store
        self._s3 = s3
        self._pictures = pictures
        self._region = region

    @classmethod
    def from_env(cls, jobs: "JobStore") -> Self:
        """Over the engine's table that the environment names, and the projects in `jobs`. A missing setting fails the cold start."""
        return cls(EngineStore.from_env(), client_on_first_use("s3"), Pictures.from_env(jobs), region=os.environ["AWS_REGION"])

    def worker(self, caller: "Caller") -> Worker:
        """The worker that a token names. The id is the person's: it stays when groups change, and is not taken over with a user name."""
        digest = hashlib.sha256(f"{caller.issuer}/{caller.subject}".encode()).hexdigest()
        return Worker(f"private.{self._region}.{digest[:16]}", caller.labeling_teams, Identity(caller.issuer, caller.subject))

    # --- what there is -------------------------------------------------------------------------------------------

    def labeling_jobs(self, worker: Worker, now: datetime) -> list[JobWithWork]:
        """Jobs with work for this worker, by priority."""
        found: list[JobWithWork] = []
        for team in worker.teams:
            for job in self._store.jobs_not_at_rest(team):
                if not _takes_work(job, now):
                    continue
                shards = list(self._store.shards(job.key))
                answered = self._store.worker_place(job.key, worker.id).answered
                unfinished = sum(shard.unfinished for shard in shards)
                if job.proposal_function:
                    unfinished = min(unfinished, self._store.automation(job.key).unfinished)
                available = min(unfinished, sum(shard.tasks for shard in shards) - answered)
                if available > 0:
                    with_others = self._store.live_leases(job.key, now)
                    order = f"{MAX_PRIORITY - job.priority:03d}#{job.created_at.isoformat()}#{job.key}"
                    shown = (job.name, job.title, job.description, job.task_type.key)
                    found.append(JobWithWork(*shown, available, answered, with_others, job.priority, order))
        return sorted(found, key=lambda job: job.order)

    def history(self, worker: Worker, *, limit: int, next_token: str | None) -> tuple[list[HistoryEntry], str | None]:
        """The worker's answers, newest first, and the token for the next page. Raises InvalidRequestError for a token that is none."""
        if next_token is not None and not _HISTORY_TOKEN.fullmatch(next_token):
            raise InvalidRequestError(
                [fault("request.field-invalid", pointer="/next_token", field="next_token", problem="it is none of ours")]
            )
        return self._store.history(worker.id, limit=limit, before=next_token)

    def with_others(self, worker: Worker, job_name: str, now: datetime) -> int:
        """How many leases workers hold in a job that has nothing for this worker: what they do not answer comes free again.

        Raises NotFoundError when there is no such job for this worker.
        """
        return self._store.live_leases(_of_team(self._store.job(job_name), worker).key, now)

    # --- leases --------------------------------------------------------------------------------------------------

    def take_lease(self, worker: Worker, job_name: str, now: datetime) -> Lease | None:
        """A lease on the next task, or the one the worker holds in this job already. None: nothing for this worker now.

        Raises NotFoundError when there is no such job for this worker.
        """
        for _ in range(_MAX_LOST_WRITES):
            job, place, slots = self._store.job_and_place(job_name, worker.id)
            job = _of_team(job, worker)
            if not _takes_work(job, now):
                return None
            if held := self._held(job, worker, place, now):
                return held
            search = _Search(self._store, job, worker.id, place, slots, now)
            try:
                lease = self._take_first(search)
            except WorkerMovedError:
                # The same worker asked twice at once, and the other request's lease is the one; or the objects in hands changed.
                continue
            if lease is not None or not search.has_skipped:
                return lease
        raise ConflictError("Too many requests for work at once; ask again.")

    def _held(self, job: EngineJob, worker: Worker, place: WorkerPlace, now: datetime) -> Lease | None:
        if place.open_lease is None:
            return None
        task = self._store.task(job.key, _task_number(place.open_lease))
        hold = None if task is None else task.holds.get(worker.id)
        if task is None or hold is None or hold.lease_id != place.open_lease or not hold.is_live(now):
            return None
        return self._with_draft(Lease(job, task, hold), worker)

    def _take_first(self, search: "_Search") -> Lease | None:
        job, worker, now = search.job, search.worker, search.now
        for found in search.tasks():
            task: Task | None = found.task
            while task is not None:
                lease_id = f"{job.key}.{task.number}.{secrets.token_hex(16)}"
                taken = leases.take(
                    task, worker, lease_id, now, min(now + job.time_limit, job.deadline), instructions=job.instructions_version
                )
                if taken is None:
                    break
                try:
                    self._store.save_new_lease(job.key, search.new_lease(taken, found), now)
                except TaskChangedError:
                    # Others were faster. With several answers needed there may still be a place, so look again.
                    task = self._store.task(job.key, task.number)
                    if task is None or not leases.may_take(task, worker, now):
                        search.lost()
                    continue
                lease = Lease(job, taken, taken.holds[worker])
                return self._with_draft(lease, worker) if worker in task.holds else lease
        return None

    def lease(self, worker: Worker, lease_id: str) -> Lease:
        """The worker's lease, live or over, with its draft. Raises NotFoundError for one that does not exist or is another worker's."""
        return self._with_draft(self._lease(worker, lease_id), worker)

    def _lease(self, worker: Worker, lease_id: str) -> Lease:
        job_name, _, rest = lease_id.partition(".")
        number = rest.partition(".")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= 9):
            raise NotFoundError("There is no such lease.")
        found, task = self._store.job_and_task(job_name, int(number))
        job = _of_team(found, worker)
        hold = None if task is None else task.holds.get(worker.id)
        if task is None or hold is None or hold.lease_id != lease_id:
            raise NotFoundError("There is no such lease.")
        return Lease(job, task, hold)

    def lease_in_hand(self, worker: Worker, lease_id: str, now: datetime) -> Lease:
        """The worker's live lease, whose data object the worker may see now. Raises NotFoundError, or ConflictError when it is over."""
        lease = self._lease(worker, lease_id)
        if not lease.hold.is_live(now) or not _takes_answers(lease.job):
            raise ConflictError("The lease is over.")
        return lease

    def renew(self, worker: Worker, lease_id: str, now: datetime) -> Lease:
        """The lease with its full time again. Raises NotFoundError, or ConflictError when it expired or is answered."""
        for _ in range(_MAX_LOST_WRITES):
            lease = self.lease(worker, lease_id)
            renewed = leases.renew(lease.task, worker.id, now, min(now + lease.job.time_limit, lease.job.deadline))
            if renewed is None or not _takes_answers(lease.job) or now >= lease.job.deadline:
                raise ConflictError("The lease is over.")
            try:
                self._store.save_renewal(lease.job.key, renewed, worker.id, limits=lease.job.object_limit is not None)
            except TaskChangedError:
                continue
            except WorkerMovedError as error:
                raise ConflictError("The lease is over; you have another one in this job.") from error
            return replace(lease, task=renewed, hold=renewed.holds[worker.id])
        raise ConflictError("Too many changes of this task at once; try again.")

    def give_back(self, worker: Worker, lease_id: str, now: datetime) -> None:
        """End the lease, so that its place is free for others. Repeating it is harmless. Raises NotFoundError."""
        self._end(worker, lease_id, lambda task: leases.give_back(task, worker.id, now), now)

    def decline(self, worker: Worker, lease_id: str, reason: str, now: datetime) -> None:
        """End the lease, and never offer its object to this worker again; the reason is in S3 too. Repeating it is harmless.

        Raises NotFoundError, ConflictError for an answered lease, InvalidRequestError for a reason that is none.
        """
        reason = reason.strip()
        if not 1 <= len(reason) <= MAX_REASON or any(ord(character) < 32 for character in reason):
            raise InvalidRequestError([fault("decline.reason-invalid", pointer="/reason", high=MAX_REASON)])

        def declined(task: Task) -> Task:
            changed = leases.decline(task, worker.id, reason, now)
            if changed is None:
                raise ConflictError("The lease is answered.")
            return changed

        ended = self._end(worker, lease_id, declined, now)
        OutputTree(ended.job, self._s3).put_decline(ended.task.number, worker.id, ended.hold, now)

    def _end(self, worker: Worker, lease_id: str, change: Callable[[Task], Task], now: datetime) -> Lease:
        """The lease as it is after the change, which is written."""
        for _ in range(_MAX_LOST_WRITES):
            lease = self._lease(worker, lease_id)
            changed = change(lease.task)
            if changed is lease.task:
                return lease
            try:
                limits = lease.job.object_limit is not None
                self._store.save_ended_lease(lease.job.key, lease.task, changed, worker.id, now, limits=limits)
            except TaskChangedError:
                continue
            except ShardClosedError as error:
                raise ConflictError("The labeling job takes no more work.") from error
            return replace(lease, task=changed, hold=changed.holds[worker.id])
        raise ConflictError("Too many changes of this task at once; try again.")

    # --- drafts --------------------------------------------------------------------------------------------------

    def save_draft(self, worker: Worker, lease_id: str, content: Mapping[str, Any], now: datetime) -> None:
        """Keep what the worker has so far; whoever takes up the task again finds the own draft.

        Raises NotFoundError, ConflictError when the lease is over, InvalidRequestError when the draft is too large.
        """
        lease = self.lease_in_hand(worker, lease_id, now)
        text, _ = canonical(content)
        if len(text) > MAX_DRAFT_BYTES:
            raise InvalidRequestError([fault("draft.too-large", pointer="/answer", size=len(text), high=MAX_DRAFT_BYTES)])
        self._store.save_draft(lease.job.key, lease.task.number, worker.id, text, forget_at=lease.job.deadline + _DRAFTS_KEPT)

    def _with_draft(self, lease: Lease, worker: Worker | str) -> Lease:
        if lease.hold.is_answered:
            return lease
        worker_id = worker if isinstance(worker, str) else worker.id
        text = self._store.draft(lease.job.key, lease.task.number, worker_id)
        return lease if text is None else replace(lease, draft=json.loads(text))

    # --- answers -------------------------------------------------------------------------------------------------

    def answer(self, worker: Worker, lease_id: str, content: Mapping[str, Any], now: datetime) -> None:
        """Accept an answer: when this returns, it is in the table and in S3, once, however often it is sent.

        Raises InvalidRequestError with all faults of the answer, ConflictError when another answer was accepted for the lease or
        its place is gone, NotFoundError for an unknown lease or another worker's.
        """
        text, digest = canonical(content)
        for _ in range(_MAX_LOST_WRITES):
            lease = self._with_picture(self._lease(worker, lease_id))
            job, task = lease.job, lease.task
            if faults := answer_faults(job.task_type, job.label_names, content, text=_text_of(lease), picture=task.picture):
                raise InvalidRequestError(faults)
            match leases.judge_answer(lease.task, worker.id, digest, now):
                case AnswerVerdict.ACCEPT:
                    if not _takes_answers(lease.job):
                        raise ConflictError("The labeling job takes no more answers.", [fault("answer.too-late", pointer="/answer")])
                    try:
                        self._accept(lease, worker, text, digest, now)
                    except TaskChangedError:
                        continue
                    except ShardClosedError as error:
                        late = fault("answer.too-late", pointer="/answer")
                        raise ConflictError("The labeling job takes no more answers.", [late]) from error
                case AnswerVerdict.ALREADY_ACCEPTED:
                    # The first time may have ended between the table and S3.
                    self._copy_to_s3(lease, worker, text)
                case AnswerVerdict.CONFLICTS_WITH_ACCEPTED:
                    raise ConflictError("Another answer was accepted for this lease.", [fault("answer.other-accepted", pointer="/answer")])
                case AnswerVerdict.TOO_LATE:
                    late = fault("answer.too-late", pointer="/answer")
                    raise ConflictError("The lease is over, and its object is no longer open for you.", [late])
            return
        raise ConflictError("Too many answers to this task at once; send it again.")

    def _with_picture(self, lease: Lease) -> Lease:
        """The lease with the size of its picture, where things are marked in one."""
        job, task = lease.job, lease.task
        if task.picture is not None or self._pictures is None or job.project is None or not job.task_type.marks_pictures:
            return lease
        uri = S3Uri.parse(json.loads(task.line)["source-ref"])
        return lease if uri is None else replace(lease, task=replace(task, picture=self._pictures.size(job.project, uri)))

    def _accept(self, lease: Lease, worker: Worker, text: str, digest: str, now: datetime) -> None:
        inline: str | None = text
        key: str | None = None
        if len(text) > MAX_INLINE_ANSWER_BYTES:
            inline = None
            key = OutputTree(lease.job, self._s3).put_answer_content(lease.task.number, lease.hold.lease_id, digest, text)
        stored = StoredAnswer(
            task=lease.task.number,
            worker_id=worker.id,
            identity=worker.identity,
            lease_id=lease.hold.lease_id,
            digest=digest,
            accepted_at=lease.hold.granted_at,
            submitted_at=now,
            content=inline,
            content_key=key,
            instructions=lease.hold.instructions,
        )
        answered = leases.answer(lease.task, worker.id, digest, now)
        self._store.save_answer(lease.job.name, lease.task, answered, stored, limits=lease.job.object_limit is not None)
        OutputTree(lease.job, self._s3).put_answer(stored, text)

    def _copy_to_s3(self, lease: Lease, worker: Worker, text: str) -> None:
        stored = self._store.answer(lease.job.key, lease.task.number, worker.id)
        if stored is not None:
            OutputTree(lease.job, self._s3).put_answer(stored, text)


@dataclass(frozen=True, slots=True)
class _Found:
    """A task that may have room for the worker, and how it was found: ahead at a `place` in the order that tasks are offered in, freed, or
    by a lease that lapsed."""

    task: Task
    place: int | None = None
    freed: Freed | None = None
    lapsed: Lapsed | None = None


class _Search:
    """One look through a job for a task that a worker may take."""

    def __init__(self, store: EngineStore, job: EngineJob, worker: str, place: WorkerPlace, slots: Slots, now: datetime) -> None:
        self.job = job
        self.worker = worker
        self.now = now
        self._store = store
        self._place = place
        self._slots = slots
        self._position, self._saw_all_shards = place.position, place.saw_all_shards
        self._losses = self._to_skip = 0
        self._first_skipped: int | None = None

    @property
    def has_skipped(self) -> bool:
        """Whether there are tasks that were not looked at."""
        return self._first_skipped is not None

    def lost(self) -> None:
        """Somebody else was faster. Where many take from one place they would all lose to each other task by task, so they spread.

        What is skipped stays ahead of the worker.
        """
        self._losses += 1
        self._to_skip = secrets.randbelow(2 ** min(self._losses, _MOST_SKIPPED))

    def tasks(self) -> Iterator[_Found]:
        """Tasks that may have room: the worker's own that lapsed, those ahead in input order, those that came free behind."""
        if self._place.open_lease is not None:
            own = self._store.task(self.job.key, _task_number(self._place.open_lease))
            if own is not None:
                yield _Found(own, lapsed=Lapsed(self.worker, self._place.open_lease))
        if self.job.object_limit is not None:
            in_hands = self._slots.live(self.now)
            if len(in_hands) >= self.job.object_limit:
                yield from self._in_hands(sorted(in_hands)[:_OBJECTS_IN_HANDS_LOOKED_AT])
                return
        yield from self._ahead()
        if (self._position, self._saw_all_shards) != (self._place.position, self._place.saw_all_shards):
            self._store.look_no_further_back(self.job.key, self.worker, self._place, self._position, saw_all_shards=self._saw_all_shards)
        yield from self._freed()
        yield from self._lapsed()

    def new_lease(self, task: Task, found: _Found) -> NewLease:
        """What is to be written for a lease on the task that was found."""
        return NewLease(
            task=task,
            worker=self.worker,
            before=self._place,
            position=self._position if found.place is None else self._passed(found.place),
            saw_all_shards=self._saw_all_shards,
            takes_over=found.lapsed,
            freed=None if task.has_room(self.now) else found.freed,
            slots=None if self.job.object_limit is None else self._slots,
        )

    def _ahead(self) -> Iterator[_Found]:
        if self.job.proposal_function:
            # What is released comes behind all that was.
            yield from self._in_order(self._store.released(self.job.key, after=self._position))
            return
        if self.job.is_loaded and not self._saw_all_shards:
            # What was loaded since the worker began to look may lie behind. Looking again from the start costs little: it is early.
            self._position, self._saw_all_shards = -1, True
        first = 0
        if self._position >= 0:
            # Most often the next task is in the same shard, and there is no need to ask for the open ones.
            first = shard_of(self._position) + 1
            yield from self._in_order(_numbered(self._store.tasks(self.job.key, first - 1, after=self._position)))
        for shard in self._store.open_shards(self.job.key, first=first, page_size=_SHARDS_READ_AT_ONCE):
            yield from self._in_order(_numbered(self._store.tasks(self.job.key, shard.number)))

    def _in_order(self, tasks: Iterator[tuple[int, Task]]) -> Iterator[_Found]:
        """The tasks with their places in the order that they are offered in."""
        for place, task in tasks:
            if self._to_skip and leases.may_take(task, self.worker, self.now):
                self._to_skip -= 1
                self._first_skipped = place if self._first_skipped is None else self._first_skipped
                continue
            yield _Found(task, place)
            self._position = self._passed(place)

    def _passed(self, place: int) -> int:
        """How far the worker has looked at all tasks once the one at this place was looked at."""
        return place if self._first_skipped is None else self._first_skipped - 1

    def _freed(self) -> Iterator[_Found]:
        for freed in self._store.freed(self.job.key):
            if self.worker in freed.done_with:
                continue
            task = self._store.task(self.job.key, freed.number)
            if task is None or not task.has_room(self.now):
                # Whoever holds a lease on it now frees it again, or lets it lapse.
                self._store.forget_freed(self.job.key, freed)
            else:
                yield _Found(task, freed=freed)

    def _lapsed(self) -> Iterator[_Found]:
        for lapsed in self._store.lapsed(self.job.key, self.now):
            task = self._store.task(self.job.key, _task_number(lapsed.lease_id))
            if task is not None:
                yield _Found(task, lapsed=lapsed)

    def _in_hands(self, numbers: list[int]) -> Iterator[_Found]:
        for number in numbers:
            task = self._store.task(self.job.key, number)
            if task is not None:
                yield _Found(task)


def _numbered(tasks: Iterator[Task]) -> Iterator[tuple[int, Task]]:
    """Tasks that are offered in the order of the input, with their places in it."""
    return ((task.number, task) for task in tasks)


def _task_number(lease_id: str) -> int:
    return int(lease_id.split(".")[1])


def _of_team(job: EngineJob | None, worker: Worker) -> EngineJob:
    if job is None or job.labeling_team not in worker.teams:
        raise NotFoundError("There is no such labeling job for you.")
    return job


def _text_of(lease: Lease) -> str | None:
    if lease.job.task_type.category != "Text":
        return None
    text: str = json.loads(lease.task.line)["source"]
    return text


def _takes_answers(job: EngineJob) -> bool:
    return job.status is JobStatus.IN_PROGRESS


def _takes_work(job: EngineJob, now: datetime) -> bool:
    return _takes_answers(job) and not job.is_paused and job.outcome is None and now < job.deadline
