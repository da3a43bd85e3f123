"""Work for members of labeling teams: which jobs have some, leases on tasks, answers.

A worker sees the jobs of the labeling teams in the token, and nobody else's leases. Looking for a task starts behind the worker's
last one, so a worker goes through a job in input order and what was done is not read again; only at the end the beginning is searched
for places that came free.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import boto3

from groundwork.engine import leases
from groundwork.engine.answers import answer_faults, answer_of, canonical
from groundwork.engine.jobs import EngineJob, JobStatus
from groundwork.engine.leases import AnswerVerdict, Hold, Task
from groundwork.engine.output_tree import OutputTree
from groundwork.engine.store import (
    EngineStore,
    Identity,
    ShardClosedError,
    StoredAnswer,
    TaskChangedError,
    WorkerMovedError,
    WorkerPlace,
    shard_of,
)
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.labeling_jobs.job import rfc3339
from groundwork.worker_task_template import task_input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.access import Caller

# An answer up to this size lives in its table item; a larger one (a mask) in S3. Bounds what consolidation holds: 50 objects x 9 answers.
MAX_INLINE_ANSWER_BYTES = 64 * 1024
_SHARDS_READ_AT_ONCE = 5
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
    """A worker's lease on a task of a job. `hold` is what the task says of it."""

    job: EngineJob
    task: Task
    hold: Hold

    def document(self) -> dict[str, Any]:
        """As api.md has it. Raises TemplateError when the line lacks the data object, which loading has ruled out."""
        categories = (self.job.label_categories or {})["labels"]
        return {
            "lease_id": self.hold.lease_id,
            "job": self.job.name,
            "task_id": str(self.task.number),
            "expires_at": rfc3339(self.hold.expires_at),
            "time_limit_seconds": int(self.job.time_limit.total_seconds()),
            "input": task_input(self.job.task_type, categories, json.loads(self.task.line)),
            "draft": None,
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


class Work:
    """What a member of a labeling team can do."""

    def __init__(self, store: EngineStore, s3: "S3Client", *, region: str) -> None:
        self._store = store
        self._s3 = s3
        self._region = region

    @classmethod
    def from_env(cls) -> Self:
        """Over the engine's table that the environment names. A missing setting fails the cold start."""
        return cls(EngineStore.from_env(), boto3.client("s3"), region=os.environ["AWS_REGION"])

    def worker(self, caller: "Caller") -> Worker:
        """The worker that a token names. The id is the person's: it stays when groups change, and is not taken over with a user name."""
        digest = hashlib.sha256(f"{caller.issuer}/{caller.subject}".encode()).hexdigest()
        return Worker(f"private.{self._region}.{digest[:16]}", caller.labeling_teams, Identity(caller.issuer, caller.subject))

    # --- what there is -------------------------------------------------------------------------------------------

    def labeling_jobs(self, worker: Worker, now: datetime) -> list[JobWithWork]:
        """Jobs with work for this worker, by name."""
        found: list[JobWithWork] = []
        for team in worker.teams:
            for job in self._store.jobs_not_at_rest(team):
                if not _takes_work(job, now):
                    continue
                shards = list(self._store.shards(job.key))
                answered = self._store.worker_place(job.key, worker.id).answered
                available = min(sum(shard.unfinished for shard in shards), sum(shard.tasks for shard in shards) - answered)
                if available > 0:
                    found.append(JobWithWork(job.name, job.title, job.description, job.task_type.key, available, answered))
        return sorted(found, key=lambda job: job.name.lower())

    # --- leases --------------------------------------------------------------------------------------------------

    def take_lease(self, worker: Worker, job_name: str, now: datetime) -> Lease | None:
        """A lease on the next task, or the one the worker holds in this job already. None: nothing for this worker now.

        Raises NotFoundError when there is no such job for this worker.
        """
        job = self._job(worker, job_name)
        if not _takes_work(job, now):
            return None
        for _ in range(_MAX_LOST_WRITES):
            place = self._store.worker_place(job.key, worker.id)
            if held := self._held(job, worker, place, now):
                return held
            try:
                return self._take_next(job, worker, place, now)
            except WorkerMovedError:
                # The same worker asked twice at once; the other request's lease is the one.
                continue
        raise ConflictError("Too many requests for work at once; ask again.")

    def _held(self, job: EngineJob, worker: Worker, place: WorkerPlace, now: datetime) -> Lease | None:
        if place.lease_id is None:
            return None
        task = self._store.task(job.key, place.position)
        hold = None if task is None else task.holds.get(worker.id)
        if task is None or hold is None or hold.lease_id != place.lease_id or not hold.is_live(now):
            return None
        return Lease(job, task, hold)

    def _take_next(self, job: EngineJob, worker: Worker, place: WorkerPlace, now: datetime) -> Lease | None:
        for candidate in self._tasks_from(job, place.position):
            task: Task | None = candidate
            while task is not None:
                lease_id = f"{job.key}.{task.number}.{secrets.token_hex(16)}"
                taken = leases.take(task, worker.id, lease_id, now, min(now + job.time_limit, job.deadline))
                if taken is None:
                    break
                try:
                    self._store.save_new_lease(job.key, taken, worker.id, place)
                except TaskChangedError:
                    # Others were faster. With several answers needed there may still be a place, so look again.
                    task = self._store.task(job.key, task.number)
                    continue
                return Lease(job, taken, taken.holds[worker.id])
        return None

    def _tasks_from(self, job: EngineJob, position: int) -> Iterator[Task]:
        """Tasks of open shards: those behind `position` first, then from the beginning up to it."""
        first = shard_of(max(position, 0))
        for shard in self._store.open_shards(job.key, first=first, page_size=_SHARDS_READ_AT_ONCE):
            yield from self._store.tasks(job.key, shard.number, after=position if shard.number == first else -1)
        if position < 0:
            return
        for shard in self._store.open_shards(job.key, page_size=_SHARDS_READ_AT_ONCE):
            if shard.number > first:
                return
            for task in self._store.tasks(job.key, shard.number):
                if task.number > position:
                    return
                yield task

    def lease(self, worker: Worker, lease_id: str) -> Lease:
        """The worker's lease, live or over. Raises NotFoundError for one that does not exist or is another worker's."""
        job_name, _, rest = lease_id.partition(".")
        number = rest.partition(".")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= 9):
            raise NotFoundError("There is no such lease.")
        job = self._job(worker, job_name)
        task = self._store.task(job.key, int(number))
        hold = None if task is None else task.holds.get(worker.id)
        if task is None or hold is None or hold.lease_id != lease_id:
            raise NotFoundError("There is no such lease.")
        return Lease(job, task, hold)

    def lease_in_hand(self, worker: Worker, lease_id: str, now: datetime) -> Lease:
        """The worker's live lease, whose data object the worker may see now. Raises NotFoundError, or ConflictError when it is over."""
        lease = self.lease(worker, lease_id)
        if not lease.hold.is_live(now) or not _takes_answers(lease.job):
            raise ConflictError("The lease is over.")
        return lease

    def renew(self, worker: Worker, lease_id: str, now: datetime) -> Lease:
        """The lease with its full time again. Raises NotFoundError, or ConflictError when it expired or is answered."""
        for _ in range(_MAX_LOST_WRITES):
            lease = self.lease(worker, lease_id)
            renewed = leases.renew(lease.task, worker.id, now, min(now + lease.job.time_limit, lease.job.deadline))
            if renewed is None or not _takes_work(lease.job, now):
                raise ConflictError("The lease is over.")
            try:
                self._store.save_task(lease.job.key, renewed)
            except TaskChangedError:
                continue
            return Lease(lease.job, renewed, renewed.holds[worker.id])
        raise ConflictError("Too many changes of this task at once; try again.")

    def give_back(self, worker: Worker, lease_id: str, now: datetime) -> None:
        """End the lease, so that its place is free for others. Repeating it is harmless. Raises NotFoundError."""
        for _ in range(_MAX_LOST_WRITES):
            lease = self.lease(worker, lease_id)
            given_back = leases.give_back(lease.task, worker.id, now)
            if given_back is lease.task:
                return
            try:
                self._store.save_task(lease.job.key, given_back)
            except TaskChangedError:
                continue
            return
        raise ConflictError("Too many changes of this task at once; try again.")

    # --- answers -------------------------------------------------------------------------------------------------

    def answer(self, worker: Worker, lease_id: str, content: Mapping[str, Any], now: datetime) -> None:
        """Accept an answer: when this returns, it is in the table and in S3, once, however often it is sent.

        Raises InvalidRequestError with all faults of the answer, ConflictError when another answer was accepted for the lease or
        its place is gone, NotFoundError for an unknown lease or another worker's.
        """
        text, digest = canonical(content)
        for _ in range(_MAX_LOST_WRITES):
            lease = self.lease(worker, lease_id)
            if faults := answer_faults(lease.job.task_type, lease.job.label_names, content):
                raise InvalidRequestError(faults)
            match leases.judge_answer(lease.task, worker.id, digest, now):
                case AnswerVerdict.ACCEPT:
                    if not _takes_answers(lease.job):
                        raise ConflictError("The labeling job takes no more answers.")
                    try:
                        self._accept(lease, worker, text, digest, now)
                    except TaskChangedError:
                        continue
                    except ShardClosedError as error:
                        raise ConflictError("The labeling job takes no more answers.") from error
                case AnswerVerdict.ALREADY_ACCEPTED:
                    # The first time may have ended between the table and S3.
                    self._copy_to_s3(lease, worker, text)
                case AnswerVerdict.CONFLICTS_WITH_ACCEPTED:
                    raise ConflictError("Another answer was accepted for this lease.")
                case AnswerVerdict.TOO_LATE:
                    raise ConflictError("The lease expired, and others have taken its place.")
            return
        raise ConflictError("Too many answers to this task at once; send it again.")

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
        )
        self._store.save_answer(lease.job.key, leases.answer(lease.task, worker.id, digest), stored)
        OutputTree(lease.job, self._s3).put_answer(answer_of(stored, text))

    def _copy_to_s3(self, lease: Lease, worker: Worker, text: str) -> None:
        stored = self._store.answer(lease.job.key, lease.task.number, worker.id)
        if stored is not None:
            OutputTree(lease.job, self._s3).put_answer(answer_of(stored, text))

    def _job(self, worker: Worker, name: str) -> EngineJob:
        job = self._store.job(name)
        if job is None or job.labeling_team not in worker.teams:
            raise NotFoundError("There is no such labeling job for you.")
        return job


def _takes_answers(job: EngineJob) -> bool:
    return job.status is JobStatus.IN_PROGRESS


def _takes_work(job: EngineJob, now: datetime) -> bool:
    return _takes_answers(job) and job.outcome is None and now < job.deadline
