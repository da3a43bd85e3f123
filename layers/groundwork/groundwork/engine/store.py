"""The engine's table: keys, reads and conditional writes. Nobody else in the engine knows pk and sk.

    pk                              sk                    item             gsi1 (pk / sk)             gsi2 (pk / sk)
    JOB#cats-1                      JOB                   labeling job                                NOT_AT_REST / vets#cats-1
    JOBS                            <created>#cats-1      entry in a list
    JOB#cats-1                      PLAN                  the manifest's ranges
    JOB#cats-1                      SHARD#00003           shard            OPEN#cats-1 / SHARD#00003
    JOB#cats-1#SHARD#00003          000000612             task
    JOB#cats-1#SHARD#00003#ANSWERS  000000612#<worker>    answer
    JOB#cats-1#SHARD#00003#DRAFTS   000000612#<worker>    draft of an answer
    JOB#cats-1#WORKERS              <worker>              worker's place   LEASES#cats-1 / <expires>
    JOB#cats-1#FREED                000000612             freed task
    JOB#cats-1#ASIDE                000000612             task put aside
    JOB#cats-1                      SLOTS                 objects in workers' hands
    JOB#cats-1                      AUTOMATION            automated labeling
    JOB#cats-1#RELEASED             000000042             task released to people
    WORKER#<worker>                 <at>#cats-1#000000612 entry in the worker's history

- A task's shard follows from its number (`SHARD_SIZE` lines a shard), so no partition has more than 200 tasks, or 1,800 answers.
- A task item carries its leases: granting, renewing, giving back and answering are each one write, conditional on `version`.
- An answer's key is (task, worker): there is no room for a second answer of the same worker.
- gsi1 is sparse: a shard leaves it when it takes no more answers, so looking for work never reads finished shards.
- gsi2 is sparse: a job leaves it when it comes to rest (the run machine's FailRun does so too, see run_labeling_job.asl.json).
- A worker's place says how far the worker has looked through the job. A task behind it that has room again is found without looking
  at the others: whoever gives a lease back or declines leaves an item under FREED, and a lease that lapsed is in gsi1 by its end.
- A shard's `closed` is the word on whether answers may still come: every answer's transaction is conditional on it, whoever
  closes a shard counts it on the job in the same transaction, and consolidation closes a shard before reading it. So an
  answer that was accepted is in the output.
- Every line of the manifest is in a shard. One without tasks is closed from the start, so that a job is done when as many shards
  are closed as its plan has.
- With automated labeling tasks are offered in the order in which they were released, the key under RELEASED, and a worker's place is one in
  that order. Releasing a task, or giving it a machine label, is conditional on its version. AUTOMATION counts released tasks that
  people have not finished: what settles one is in the same transaction.
- A shard's `result` counts its objects by outcome once its lines of the output are written. Whoever opens a closed shard again must
  remove it.
"""

import json
import os
import struct
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

from groundwork.engine.jobs import Counters, EngineJob, JobStatus, WaitOutcome
from groundwork.engine.leases import Hold, MachineLabel, Task
from groundwork.manifest import ManifestRange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Item = dict[str, Any]

SHARD_SIZE = 200
_NOT_COMPARED = 0xFFFF
# With the job, the worker's place and a page of open shards, a lease stays below 30 items.
_TASKS_READ_AT_ONCE = 20
_MAX_ANSWER_IN_HISTORY = 2_000
_MAX_TRANSACTION_ITEMS = 100
# Each takes two writes, and the count of all is one more.
RELEASED_AT_ONCE = 49
LABELED_AT_ONCE = 98
# DynamoDB takes 4 MB in one transaction; keys and attribute names need some of it.
_MAX_TRANSACTION_BYTES = 3_500_000
_CONFLICT_TRIES = 8
_CONFLICT_PAUSE = 0.005
_NOT_AT_REST = "#status IN (:initializing, :in_progress, :stopping)"
_NOT_AT_REST_VALUES = {
    ":initializing": JobStatus.INITIALIZING.value,
    ":in_progress": JobStatus.IN_PROGRESS.value,
    ":stopping": JobStatus.STOPPING.value,
}

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


@dataclass(frozen=True, slots=True)
class ShardResult:
    """A shard's objects by outcome, when its lines of the output were written in this round (see output.py)."""

    round: str
    counters: Counters


@dataclass(frozen=True, slots=True)
class Shard:
    """200 neighbouring manifest lines (the last shard: what is left). `tasks` of them are to be labeled, `unfinished` lack answers."""

    number: int
    tasks: int
    unfinished: int
    is_closed: bool
    result: ShardResult | None = None


@dataclass(frozen=True, slots=True)
class Automation:
    """How far a job's automated labeling is: `unfinished` of the `released` tasks are with people, and once they are finished the function
    is asked for the `iteration`-th time. `is_over`: there is nothing left to ask about."""

    iteration: int = 1
    released: int = 0
    unfinished: int = 0
    machine_labeled: int = 0
    is_over: bool = False

    @property
    def is_batch_done(self) -> bool:
        return self.unfinished <= 0 and not self.is_over


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """Where a worker is in a job: answers accepted, the last task looked at in the order they are offered in, and the last lease taken.

    `ended_lease` is the last one that was answered, declined or given back. `saw_all_shards` says that the job was loaded whole when
    the worker began to look: what loads later may lie behind `position`.
    """

    answered: int = 0
    position: int = -1
    lease_id: str | None = None
    ended_lease: str | None = None
    saw_all_shards: bool = False

    @property
    def open_lease(self) -> str | None:
        """The lease the worker has not ended; it may have lapsed."""
        return None if self.lease_id == self.ended_lease else self.lease_id


@dataclass(frozen=True, slots=True)
class Freed:
    """A task that may have room again. `done_with` are workers it is not offered to; `version` is the task's at that time."""

    number: int
    done_with: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A lease that ended by itself."""

    worker: str
    lease_id: str


@dataclass(frozen=True, slots=True)
class PutAside:
    """An object that too many workers declined, with their reasons."""

    number: int
    reasons: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Slots:
    """Which objects are in workers' hands, and until when. Kept only for a job that limits how many may be."""

    held: Mapping[int, datetime]
    version: int = 0

    def live(self, now: datetime) -> frozenset[int]:
        return frozenset(number for number, until in self.held.items() if now < until)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One answer in its worker's history. `answer` is JSON text, or None when it is long."""

    job: str
    task: int
    lease_id: str
    granted_at: datetime
    submitted_at: datetime
    answer: str | None


@dataclass(frozen=True, slots=True)
class NewLease:
    """A lease to be granted, and what is to be written with it."""

    task: Task
    worker: str
    before: WorkerPlace
    position: int
    saw_all_shards: bool
    takes_over: Lapsed | None = None
    """The lapsed lease whose room this one takes."""
    freed: Freed | None = None
    """The freed task's item, when the new lease takes the last room."""
    slots: Slots | None = None
    """The objects in workers' hands as they were read, for a job that limits them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which person a worker is: the `sub` of their tokens, unique to the issuer."""

    issuer: str
    sub: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An accepted answer. `content` is the answer's JSON text, or None when it is the S3 object `content_key` (too large for an item)."""

    task: int
    worker_id: str
    identity: Identity
    lease_id: str
    digest: str
    accepted_at: datetime
    submitted_at: datetime
    content: str | None
    content_key: str | None = None
    instructions: int = 1


class TaskChangedError(Exception):
    """Another write came first: read the task again."""


class WorkerMovedError(Exception):
    """The same worker took another lease in the meantime, or other objects came into workers' hands: read the worker's place again."""


class ShardClosedError(Exception):
    """The shard takes no more answers: its job stopped, expired or ended."""


class EngineStore:
    """Labeling jobs, shards, tasks, answers and workers' places. Reads are strongly consistent unless they go through an index."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The store over the table that the environment names (ENGINE_TABLE). A missing setting fails the cold start."""
        # Transactions on one shard meet often; boto3 repeats those that met (TransactionInProgress, throttling), we repeat conflicts.
        return cls(
            boto3.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 6})), os.environ["ENGINE_TABLE"]
        )

    # --- labeling jobs -------------------------------------------------------------------------------------------

    def create_job(self, job: EngineJob, beside: Sequence[Item] = ()) -> bool:
        """Claim the name, in one transaction with the writes `beside` it. False when a job of that name, in whatever case, exists,
        or when a condition of the other writes does not hold."""
        created = job.created_at.isoformat()
        listing = {"pk": "JOBS", "sk": f"{created}#{job.key}", "key": job.key}
        failed = self._transact([self._put_if_absent(_job_item(job)), self._put_if_absent(listing), *beside])
        return not failed

    def job(self, name: str) -> EngineJob | None:
        item = self._get(*_job_key(name))
        return None if item is None else _job(item)

    def jobs(self) -> Iterator[EngineJob]:
        """All jobs, oldest first."""
        keys: list[str] = [item["key"] for item in self._query("JOBS")]
        for start in range(0, len(keys), 100):
            batch = [_job_key(key) for key in keys[start : start + 100]]
            found = self._batch_get(batch)
            yield from (_job(found[key]) for key in batch if key in found)

    def jobs_not_at_rest(self, team: str | None = None) -> Iterator[EngineJob]:
        """Jobs not at rest, of one labeling team or of all. Eventually consistent."""
        prefix = "" if team is None else f"{team}#"
        for item in self._query_index("gsi2", "NOT_AT_REST", prefix):
            job = _job(item)
            # Team names may contain `#`: the prefix alone does not tell `a` from `a#b`.
            if team is None or job.labeling_team == team:
                yield job

    def begin_loading(self, name: str, manifest_pin: Mapping[str, str], label_categories: Mapping[str, Any]) -> EngineJob:
        """Pin the input manifest and keep the label categories, unless an earlier attempt did. Gives the job as it then is."""
        return self._changed_job(
            name,
            "SET manifest_pin = if_not_exists(manifest_pin, :pin), label_categories = if_not_exists(label_categories, :categories)",
            {":pin": manifest_pin, ":categories": _dump(label_categories)},
        )

    def job_of_record(self, record: Mapping[str, Any]) -> EngineJob:
        """The job of which this is the item, in DynamoDB's own JSON."""
        return _job(_unmarshal(record))

    def restore_job(self, record: Mapping[str, Any], attempt: int) -> None:
        """Put a job's item back, to be loaded anew by this attempt. A job that is there stays as it is."""
        begun = {"token", "shards", "published_shards", "false_starts"}
        item = {name: value for name, value in _unmarshal(record).items() if name not in begun}
        job = _job(item)
        listing = {"pk": "JOBS", "sk": f"{job.created_at.isoformat()}#{job.key}", "key": job.key}
        anew = {**item, "attempt": attempt, "closed_shards": 0, "restored": True}
        self._transact([self._put_if_absent(anew), {"Put": {"TableName": self._table, "Item": _marshal(listing)}}])

    def save_plan(self, name: str, ranges: Sequence[ManifestRange]) -> None:
        """Keep the manifest's ranges, and count the shards they make on the job. Changes nothing when there is a plan."""
        lines = ranges[-1].first_line + ranges[-1].lines if ranges else 0
        shards = {":shards": (lines + SHARD_SIZE - 1) // SHARD_SIZE}
        plan = {"pk": f"JOB#{name.lower()}", "sk": "PLAN", "ranges": _dump([astuple(planned) for planned in ranges])}
        self._transact([self._put_if_absent(plan), self._update(_job_key(name), "SET shards = :shards", shards, "attribute_exists(pk)")])

    def plan(self, name: str) -> list[ManifestRange] | None:
        """The ranges that the manifest is loaded and consolidated in; each has whole shards. None when loading was not planned yet."""
        item = self._get(f"JOB#{name.lower()}", "PLAN")
        return None if item is None else [ManifestRange(*planned) for planned in json.loads(item["ranges"])]

    def note_interim_output(self, name: str) -> EngineJob:
        """Note that the output is written with the shards that are closed now. Gives the job."""
        return self._changed_job(name, "SET published_shards = closed_shards", {})

    def settle_outcome(self, name: str, outcome: WaitOutcome) -> EngineJob:
        """Say why the job takes no more work, unless that is settled. Gives the job as it then is."""
        return self._changed_job(name, "SET outcome = if_not_exists(outcome, :outcome)", {":outcome": outcome.value})

    def keep_counters(self, name: str, counters: Counters) -> None:
        """Count the objects of a job at rest anew, once its output was written again."""
        self._changed_job(name, "SET counters = :counters", {":counters": asdict(counters)})

    def request_consolidation(self, name: str, now: datetime) -> bool:
        """Ask for a job at rest to be consolidated again. False when there is no such job, or it is not at rest."""
        at_rest = {":completed": JobStatus.COMPLETED.value, ":failed": JobStatus.FAILED.value, ":stopped": JobStatus.STOPPED.value}
        return self._update_job(name, "SET asked_again_at = :now", {":now": now.isoformat()}, f"#status IN ({', '.join(at_rest)})", at_rest)

    def request_stop(self, name: str, now: datetime) -> bool:
        """Move a job to Stopping. False when it is stopping already or at rest."""
        return self._update_job(
            name,
            "SET #status = :stopping, modified_at = :now",
            {":stopping": JobStatus.STOPPING.value, ":now": now.isoformat()},
            "#status IN (:initializing, :in_progress)",
            {":initializing": JobStatus.INITIALIZING.value, ":in_progress": JobStatus.IN_PROGRESS.value},
        )

    def replace_request(self, job: EngineJob, request: Mapping[str, Any], now: datetime) -> bool:
        """Keep a changed request (its tags). False when it is no longer what `job` has."""
        return self._update_job(
            job.key,
            "SET #request = :request, modified_at = :now",
            {":request": _dump(request), ":now": now.isoformat()},
            "#request = :before",
            {":before": _dump(job.request)},
        )

    def set_paused(self, name: str, is_paused: bool, now: datetime) -> bool:  # noqa: FBT001
        """Give out no more work, or some again. False when the job takes none anyway."""
        update = "SET paused = :yes, modified_at = :now" if is_paused else "SET modified_at = :now REMOVE paused"
        return self._update_running_job(name, update, {":now": now.isoformat(), **({":yes": True} if is_paused else {})})

    def extend(self, name: str, seconds: int, now: datetime) -> bool:
        """Offer tasks until `seconds` after the job's creation. False when the job takes no more work."""
        values = {":seconds": seconds, ":now": now.isoformat()}
        return self._update_running_job(name, "SET extended_seconds = :seconds, modified_at = :now", values)

    def add_template(self, name: str, version: int, uri: str, now: datetime) -> bool:
        """Keep the URI of a worker task template that follows version `version`. False when there is one, or the job takes no more work."""
        update = "SET changed_templates = list_append(if_not_exists(changed_templates, :none), :uri), modified_at = :now"
        condition = "attribute_not_exists(changed_templates)"
        values: Item = {":none": [], ":uri": [uri], ":now": now.isoformat()}
        if version > 1:
            condition, values[":so_far"] = "size(changed_templates) = :so_far", version - 1
        return self._update_running_job(name, update, values, f" AND {condition}")

    def _update_running_job(self, name: str, update: str, values: Item, condition: str = "") -> bool:
        running = {":initializing": JobStatus.INITIALIZING.value, ":in_progress": JobStatus.IN_PROGRESS.value}
        is_running = f"#status IN (:initializing, :in_progress) AND attribute_not_exists(outcome){condition}"
        return self._update_job(name, update, values, is_running, running)

    def begin_attempt(self, name: str, attempt: int, *, false_starts: int) -> bool:
        """Make `attempt` the job's run and forget the dead one's token. False when somebody did, or the job is at rest."""
        return self._update_job(
            name,
            "SET attempt = :attempt, false_starts = :false_starts REMOVE #token",
            {":attempt": attempt, ":false_starts": false_starts},
            f"attempt = :before AND {_NOT_AT_REST}",
            {":before": attempt - 1, **_NOT_AT_REST_VALUES},
        )

    def come_to_rest(
        self, name: str, status: JobStatus, now: datetime, *, counters: Counters | None = None, failure_reason: str | None = None
    ) -> bool:
        """Give the job its final status. False when it is at rest already."""
        values: Item = {":status": status.value, ":now": now.isoformat()}
        update = "SET #status = :status, modified_at = :now"
        if counters is not None:
            update += ", counters = :counters"
            values[":counters"] = asdict(counters)
        if failure_reason is not None:
            update += ", failure_reason = :reason"
            values[":reason"] = failure_reason[:1024]
        return self._update_job(name, f"{update} REMOVE gsi2pk, gsi2sk, #token", values, _NOT_AT_REST, _NOT_AT_REST_VALUES)

    # --- shards --------------------------------------------------------------------------------------------------

    def shards(self, name: str) -> Iterator[Shard]:
        """A job's shards that are loaded, in order."""
        return (_shard(item) for item in self._query(f"JOB#{name.lower()}", "SHARD#"))

    def shards_of(self, name: str, planned: ManifestRange) -> Iterator[Shard]:
        """Those of one range of the manifest."""
        numbers = shard_numbers(planned)
        between = {":pk": f"JOB#{name.lower()}", ":first": _shard_sk(numbers[0]), ":last": _shard_sk(numbers[-1])}
        return (_shard(item) for item in self._pages("pk = :pk AND sk BETWEEN :first AND :last", between))

    def open_shards(self, name: str, *, first: int = 0, page_size: int = 100) -> Iterator[Shard]:
        """Shards that take answers, from number `first` on. Eventually consistent."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="gsi1",
            KeyConditionExpression="gsi1pk = :pk AND gsi1sk >= :sk",
            ExpressionAttributeValues=_marshal({":pk": f"OPEN#{name.lower()}", ":sk": _shard_sk(first)}),
            PaginationConfig={"PageSize": page_size},
        )
        for page in pages:
            yield from (_shard(_unmarshal(item)) for item in page["Items"])

    def add_shard(self, name: str, number: int, *, tasks: int, unfinished: int, answered: Mapping[str, int] | None = None) -> None:
        """Open a shard for work, once its tasks are in; one with nothing to do is closed. Changes nothing when it is there already.

        `answered` counts answers that were restored with the tasks, by worker; they go onto the workers' tallies.
        """
        item: Item = {"pk": f"JOB#{name.lower()}", "sk": _shard_sk(number), "number": number, "tasks": tasks, "unfinished": unfinished}
        tallies = [
            self._update(_worker_key(name, worker), "ADD answered :answers", {":answers": answers})
            for worker, answers in (answered or {}).items()
        ]
        # With the shard, so that they are counted once. Nothing but what workers see depends on a tally, so of very many some may lack.
        tallies = tallies[: _MAX_TRANSACTION_ITEMS - 2]
        if unfinished:
            opened = {**item, "gsi1pk": f"OPEN#{name.lower()}", "gsi1sk": _shard_sk(number)}
            self._transact([self._put_if_absent(opened), *tallies])
        else:
            self._transact([self._put_if_absent({**item, "closed": True}), self._count_closed_shard(name), *tallies])

    def close_shard(self, name: str, number: int, *, only_if_finished: bool) -> bool:
        """Let no more answers in, and count the shard as closed on its job. False when it is closed already (or unfinished)."""
        condition = "attribute_exists(pk) AND attribute_not_exists(closed)"
        values: Item = {":yes": True}
        if only_if_finished:
            condition += " AND unfinished <= :none"
            values[":none"] = 0
        shard = self._update((f"JOB#{name.lower()}", _shard_sk(number)), "SET closed = :yes REMOVE gsi1pk, gsi1sk", values, condition)
        return not self._transact([shard, self._count_closed_shard(name)])

    def _count_closed_shard(self, name: str) -> Item:
        return self._update(_job_key(name), "ADD closed_shards :one", {":one": 1}, "attribute_exists(pk)")

    def keep_result(self, name: str, number: int, result: ShardResult, disagreements: Mapping[int, float]) -> None:
        """Say that a closed shard's lines of the output are written, and how much the workers of which object disagreed with its label."""
        values: Item = {":result": {"round": result.round, **asdict(result.counters)}}
        key = (f"JOB#{name.lower()}", _shard_sk(number))
        if disagreements:
            update = "SET #result = :result, disagreements = :disagreements"
            values[":disagreements"] = _packed(disagreements, number)
        else:
            update = "SET #result = :result REMOVE disagreements"
        self._transact([self._update(key, update, values, "attribute_exists(closed)")])

    def disagreements(self, name: str, number: int) -> dict[int, float]:
        """What the last result of a shard says of its objects' disagreements, by object; nothing of those where nothing was compared."""
        item = self._get(f"JOB#{name.lower()}", _shard_sk(number)) or {}
        return _unpacked(item["disagreements"].value, number) if "disagreements" in item else {}

    # --- tasks ---------------------------------------------------------------------------------------------------

    def add_tasks(self, name: str, tasks: Iterable[Task]) -> None:
        """Add the tasks that are not there. A task that is there keeps its progress."""
        self._add((len(task.line) + len(task.given or b"") + 500, _task_item(name, task)) for task in tasks)

    def add_put_aside(self, name: str, tasks: Iterable[Task], now: datetime) -> None:
        """List these tasks as put aside."""
        self._add((sum(map(len, task.reasons)) + 500, _aside_item(name, task, now)) for task in tasks)

    def add_answers(self, name: str, answers: Sequence[StoredAnswer]) -> None:
        """Add the answers that are not there, of tasks that are not loaded yet, and their entries in the workers' histories."""
        for make in (_answer_item, _history_item):
            self._add((len(answer.content or "") + 500, make(name, answer)) for answer in answers)

    def _add(self, items: Iterable[tuple[int, Item]]) -> None:
        """Add the items that are not there; each comes with about its size in bytes."""
        batch: list[Item] = []
        bytes_in_batch = 0
        for size, item in items:
            if batch and (len(batch) == _MAX_TRANSACTION_ITEMS or bytes_in_batch + size > _MAX_TRANSACTION_BYTES):
                self._add_batch(batch)
                batch, bytes_in_batch = [], 0
            batch.append(item)
            bytes_in_batch += size
        if batch:
            self._add_batch(batch)

    def _add_batch(self, batch: Sequence[Item]) -> None:
        # All or nothing is the fast way for the usual case, that none is there; an interrupted load comes back one by one.
        puts = [self._put_if_absent(item) for item in batch]
        if self._transact(puts):
            for put in puts:
                self._transact([put])

    def task(self, name: str, number: int) -> Task | None:
        item = self._get(*_task_key(name, number))
        return None if item is None else _task(item)

    def tasks(self, name: str, shard: int, *, after: int = -1, page_size: int = _TASKS_READ_AT_ONCE) -> Iterator[Task]:
        """A shard's tasks in order, behind task number `after`, read `page_size` at a time."""
        behind = {":pk": _shard_pk(name, shard), ":sk": f"{after:09d}" if after >= 0 else " "}
        return (_task(item) for item in self._pages("pk = :pk AND sk > :sk", behind, page_size))

    def save_task(self, name: str, task: Task) -> None:
        """Write a task's changed leases. Raises TaskChangedError when `task` was not made from the present version."""
        if self._transact([self._task_update(name, task)]):
            raise TaskChangedError

    def job_and_task(self, name: str, number: int) -> tuple[EngineJob | None, Task | None]:
        """A job and one of its tasks, in one request."""
        task_key = _task_key(name, number)
        found = self._batch_get([_job_key(name), task_key])
        job, task = found.get(_job_key(name)), found.get(task_key)
        return (None if job is None else _job(job), None if task is None else _task(task))

    # --- automated labeling --------------------------------------------------------------------------------------

    def automation(self, name: str) -> Automation:
        """How far the job's automated labeling is; at its beginning when nothing was written yet."""
        return _automation(self._get(*_automation_key(name)) or {})

    def released(self, name: str, *, after: int) -> Iterator[tuple[int, Task]]:
        """Tasks that were released to people behind place `after`, with their places, in the order of release."""
        behind = {":pk": _released_key(name, 0)[0], ":sk": f"{after:09d}" if after >= 0 else " "}
        for some in batched(self._pages("pk = :pk AND sk > :sk", behind, _TASKS_READ_AT_ONCE), _TASKS_READ_AT_ONCE, strict=False):
            tasks = self.numbered_tasks(name, [int(item["number"]) for item in some])
            yield from ((int(item["sk"]), tasks[int(item["number"])]) for item in some)

    def numbered_tasks(self, name: str, numbers: Sequence[int]) -> dict[int, Task]:
        """These tasks, at most 100, by number."""
        found = self._batch_get([_task_key(name, number) for number in numbers])
        return {task.number: task for task in map(_task, found.values())}

    def release(self, name: str, tasks: Sequence[Task], released: int) -> None:
        """Offer these tasks to people, at most RELEASED_AT_ONCE, in this order behind the `released` ones. Raises TaskChangedError."""
        writes: list[Item] = []
        for place, task in enumerate(tasks, start=released):
            values: Item = {":yes": True, ":before": task.version, ":after": task.version + 1}
            writes.append(
                self._update(_task_key(name, task.number), "SET released = :yes, #version = :after", values, "#version = :before")
            )
            pk, sk = _released_key(name, place)
            writes.append(self._put_if_absent({"pk": pk, "sk": sk, "number": task.number}))
        condition = "attribute_not_exists(released)" if released == 0 else "released = :before"
        values = {":more": len(tasks), **({} if released == 0 else {":before": released})}
        writes.append(self._update(_automation_key(name), "ADD released :more, unfinished :more", values, condition))
        if self._transact(writes):
            raise TaskChangedError

    def label_by_machine(self, name: str, shard: int, labels: Sequence[tuple[Task, MachineLabel]]) -> None:
        """Give these tasks of one shard, at most LABELED_AT_ONCE, their machine labels. Raises TaskChangedError."""
        writes = [
            self._update(
                _task_key(name, task.number),
                "SET machine_label = :label, #version = :after",
                {":label": _machine_label_item(label), ":before": task.version, ":after": task.version + 1},
                "#version = :before",
            )
            for task, label in labels
        ]
        count = len(labels)
        still_open = "attribute_exists(pk) AND attribute_not_exists(closed)"
        writes.append(self._update((f"JOB#{name.lower()}", _shard_sk(shard)), "ADD unfinished :less", {":less": -count}, still_open))
        writes.append(self._update(_automation_key(name), "ADD machine_labeled :more", {":more": count}))
        if self._transact(writes):
            raise TaskChangedError

    def end_iteration(self, name: str, iteration: int, *, is_over: bool) -> bool:
        """Note that what the function proposed in this iteration is done with. False when it was noted already."""
        values: Item = {":next": iteration + 1, ":over": is_over, ":none": 0}
        # With `unfinished` there is always something for the stream's filter to see.
        update = "SET iteration = :next, is_over = :over ADD unfinished :none"
        condition = "attribute_not_exists(iteration)"
        if iteration > 1:
            condition, values[":this"] = "iteration = :this", iteration
        return not self._transact([self._update(_automation_key(name), update, values, condition)])

    # --- who has what --------------------------------------------------------------------------------------------

    def job_and_place(self, name: str, worker: str) -> tuple[EngineJob | None, WorkerPlace, Slots]:
        """A job, the worker's place in it and the objects in workers' hands, in one request."""
        found = self._batch_get([_job_key(name), _worker_key(name, worker), _slots_key(name)])
        job = found.get(_job_key(name))
        return None if job is None else _job(job), _place(found.get(_worker_key(name, worker), {})), _slots(found.get(_slots_key(name), {}))

    def worker_place(self, name: str, worker: str) -> WorkerPlace:
        return _place(self._get(*_worker_key(name, worker)) or {})

    def save_new_lease(self, name: str, new: NewLease, now: datetime) -> None:
        """Write a task with a new lease, and the worker's place, together.

        Raises TaskChangedError, or WorkerMovedError when the worker's place, or what is in workers' hands, is no longer as it was read.
        """
        hold = new.task.holds[new.worker]
        values: Item = {
            ":position": new.position,
            ":lease": hold.lease_id,
            ":all": new.saw_all_shards,
            ":leases": _leases_pk(name),
            ":expires": hold.expires_at.isoformat(),
        }
        condition = "attribute_not_exists(lease_id)"
        if new.before.lease_id is not None:
            condition = "lease_id = :before"
            values[":before"] = new.before.lease_id
        update = "SET #position = :position, lease_id = :lease, saw_all_shards = :all, gsi1pk = :leases, gsi1sk = :expires"
        writes = [self._update(_worker_key(name, new.worker), update, values, condition), self._task_update(name, new.task)]
        if new.slots is not None:
            writes.insert(1, self._slots_update(name, new.slots, new.task.number, hold.expires_at, now))
        task_at = len(writes) - 1
        if new.takes_over is not None and new.takes_over.worker != new.worker:
            writes.append(self._end_of_lease(name, new.takes_over.worker, new.takes_over.lease_id))
        if new.freed is not None:
            writes.append({"Delete": {"TableName": self._table, "Key": _key(_freed_key(name, new.freed.number))}})
        failed = self._transact(writes)
        if failed & set(range(task_at)):
            raise WorkerMovedError
        if failed:
            raise TaskChangedError

    def save_renewal(self, name: str, task: Task, worker: str, *, limits: bool) -> None:
        """Write a task with a longer lease. `limits`: the job limits how many objects are in workers' hands.

        Raises TaskChangedError, or WorkerMovedError when the worker's place says that this lease is not the worker's last one.
        """
        hold = task.holds[worker]
        expires = {":expires": hold.expires_at.isoformat()}
        writes = [
            self._task_update(name, task),
            self._update(_worker_key(name, worker), "SET gsi1sk = :expires", {**expires, ":lease": hold.lease_id}, "lease_id = :lease"),
        ]
        if limits:
            writes.append(self._update(_slots_key(name), f"SET n{task.number} = :expires ADD #version :one", {**expires, ":one": 1}))
        failed = self._transact(writes)
        if 0 in failed:
            raise TaskChangedError
        if failed:
            raise WorkerMovedError

    def save_ended_lease(self, name: str, before: Task, task: Task, worker: str, now: datetime, *, limits: bool) -> None:
        """Write a task whose lease was given back or declined; it is found by others again, or put aside.

        Raises ShardClosedError, or TaskChangedError.
        """
        writes = [self._task_update(name, task), self._end_of_lease(name, worker, before.holds[worker].lease_id)]
        if task.has_room(now):
            writes.append(self._put(_freed_item(name, task)))
        self._save_with_shard(name, before, task, now, writes, limits=limits)

    def look_no_further_back(self, name: str, worker: str, before: WorkerPlace, position: int, *, saw_all_shards: bool) -> None:
        """Note that the worker has looked at all tasks up to `position`. Nothing happens when the worker's place changed meanwhile."""
        values: Item = {":position": position, ":all": saw_all_shards}
        condition = "attribute_not_exists(lease_id)"
        if before.lease_id is not None:
            condition, values[":before"] = "lease_id = :before", before.lease_id
        self._transact([self._update(_worker_key(name, worker), "SET #position = :position, saw_all_shards = :all", values, condition)])

    def freed(self, name: str) -> Iterator[Freed]:
        """Tasks that may have room again, in input order."""
        for item in self._query(_freed_key(name, 0)[0]):
            yield Freed(int(item["sk"]), frozenset(item["done_with"]), int(item["version"]))

    def forget_freed(self, name: str, freed: Freed) -> None:
        """Drop a freed task's item, unless it was freed again meanwhile."""
        delete = {
            "TableName": self._table,
            "Key": _key(_freed_key(name, freed.number)),
            "ConditionExpression": "#version = :version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": _marshal({":version": freed.version}),
        }
        self._transact([{"Delete": delete}])

    def lapsed(self, name: str, now: datetime) -> Iterator[Lapsed]:
        """Leases that ended by themselves, the longest ago first. Eventually consistent."""
        for item in self._leases(name, "gsi1sk <= :now", now):
            yield Lapsed(item["sk"], item["lease_id"])

    def live_leases(self, name: str, now: datetime) -> int:
        """How many leases workers hold. Eventually consistent."""
        return sum(1 for _ in self._leases(name, "gsi1sk > :now", now))

    def _leases(self, name: str, which: str, now: datetime) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="gsi1",
            KeyConditionExpression=f"gsi1pk = :pk AND {which}",
            FilterExpression="attribute_not_exists(ended_lease) OR ended_lease <> lease_id",
            ExpressionAttributeValues=_marshal({":pk": _leases_pk(name), ":now": now.isoformat()}),
        )
        for page in pages:
            yield from (_unmarshal(item) for item in page["Items"])

    def _end_of_lease(self, name: str, worker: str, lease_id: str) -> Item:
        return self._update(_worker_key(name, worker), "SET ended_lease = :lease", {":lease": lease_id})

    def _slots_update(self, name: str, slots: Slots, number: int, until: datetime, now: datetime) -> Item:
        update = f"SET n{number} = :until, #version = :after"
        over = [f"n{other}" for other in slots.held if other not in slots.live(now) and other != number]
        if over:
            update += f" REMOVE {', '.join(over)}"
        values: Item = {":until": until.isoformat(), ":after": slots.version + 1}
        if slots.version == 0:
            return self._update(_slots_key(name), update, values, "attribute_not_exists(pk)")
        return self._update(_slots_key(name), update, {**values, ":before": slots.version}, "#version = :before")

    # --- objects put aside ---------------------------------------------------------------------------------------

    def put_aside(self, name: str, *, after: int = -1, limit: int) -> list[PutAside]:
        """Objects that were put aside, in input order, behind number `after`."""
        answer = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND sk > :sk",
            ExpressionAttributeValues=_marshal({":pk": _aside_key(name, 0)[0], ":sk": f"{after:09d}" if after >= 0 else " "}),
            Limit=limit,
        )
        items = (_unmarshal(item) for item in answer["Items"])
        return [PutAside(int(item["sk"]), tuple(item["reasons"]), datetime.fromisoformat(item["at"])) for item in items]

    def save_reissued(self, name: str, task: Task, now: datetime) -> bool:
        """Write a task that is no longer put aside, and open its shard again; the job notes it. False when it takes no more work.

        Raises TaskChangedError.
        """
        shard_key = (f"JOB#{name.lower()}", _shard_sk(shard_of(task.number)))
        was_closed = bool((self._get(*shard_key) or {}).get("closed"))
        is_open = "#status = :in_progress AND attribute_not_exists(outcome)"
        job_values: Item = {":in_progress": JobStatus.IN_PROGRESS.value, ":reissued": {f"{task.number:09d}#{now.isoformat()}"}}
        update = "ADD reissued :reissued"
        shard = self._update(shard_key, "ADD unfinished :one", {":one": 1}, "attribute_exists(pk) AND attribute_not_exists(closed)")
        if was_closed:
            update, job_values[":minus_one"] = "ADD reissued :reissued, closed_shards :minus_one", -1
            values = {":one": 1, ":open": f"OPEN#{name.lower()}", ":shard": shard_key[1]}
            opened = "SET gsi1pk = :open, gsi1sk = :shard REMOVE closed, #result ADD unfinished :one"
            shard = self._update(shard_key, opened, values, "attribute_exists(closed)")
        job = self._update(_job_key(name), update, job_values, is_open)
        delete = {"Delete": {"TableName": self._table, "Key": _key(_aside_key(name, task.number))}}
        writes = [self._task_update(name, task), job, shard, delete, self._put(_freed_item(name, task))]
        if task.is_released:
            writes.append(self._update(_automation_key(name), "ADD unfinished :one", {":one": 1}))
        failed = self._transact(writes)
        if 1 in failed:
            return False
        if failed:
            raise TaskChangedError
        return True

    # --- answers -------------------------------------------------------------------------------------------------

    def save_answer(self, name: str, before: Task, task: Task, answer: StoredAnswer, *, limits: bool) -> None:
        """Keep an answer, and with it the task, its shard's count, the worker's tally and history: all or nothing.

        `task` already holds the answer. Raises ShardClosedError, or TaskChangedError when `before` is not the present version.
        """
        ended = {":one": 1, ":lease": answer.lease_id}
        tally = self._update(_worker_key(name, answer.worker_id), "SET ended_lease = :lease ADD answered :one", ended)
        writes = [
            self._task_update(name, task),
            self._put_if_absent(_answer_item(name, answer)),
            tally,
            self._put(_history_item(name, answer)),
        ]
        self._save_with_shard(name, before, task, answer.submitted_at, writes, limits=limits)

    def _save_with_shard(self, name: str, before: Task, task: Task, now: datetime, writes: list[Item], *, limits: bool) -> None:
        """Do these writes if the task's shard is open, and count the task when the job has no more to wait for with it."""
        shard_key = (f"JOB#{name.lower()}", _shard_sk(shard_of(task.number)))
        still_open = "attribute_exists(pk) AND attribute_not_exists(closed)"
        if task.is_settled and not before.is_settled:
            shard = self._update(shard_key, "ADD unfinished :minus_one", {":minus_one": -1}, still_open)
            if task.is_released:
                writes.append(self._update(_automation_key(name), "ADD unfinished :minus_one", {":minus_one": -1}))
        else:
            shard = {"ConditionCheck": {"TableName": self._table, "Key": _key(shard_key), "ConditionExpression": still_open}}
        if task.is_aside and not before.is_aside:
            writes.append(self._put(_aside_item(name, task, now)))
        if limits and not any(hold.is_live(now) for hold in task.holds.values()):
            writes.append(self._update(_slots_key(name), f"REMOVE n{task.number} ADD #version :one", {":one": 1}))
        failed = self._transact([shard, *writes])
        if 0 in failed:
            raise ShardClosedError
        if failed:
            raise TaskChangedError

    def answer(self, name: str, task: int, worker: str) -> StoredAnswer | None:
        item = self._get(_answers_pk(name, shard_of(task)), f"{task:09d}#{worker}")
        return None if item is None else _answer(item)

    def answers(self, name: str, shard: int) -> Iterator[StoredAnswer]:
        """A shard's answers, by task and then by worker id."""
        return (_answer(item) for item in self._query(_answers_pk(name, shard)))

    def history(self, worker: str, *, limit: int, before: str | None = None) -> tuple[list[HistoryEntry], str | None]:
        """A worker's answers in all jobs, newest first, from behind the token `before` on; and the token for the rest."""
        condition, values = "pk = :pk", {":pk": f"WORKER#{worker}"}
        if before is not None:
            condition, values = "pk = :pk AND sk < :before", {**values, ":before": before}
        answer = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_marshal(values),
            ScanIndexForward=False,
            Limit=limit,
        )
        items = [_unmarshal(item) for item in answer["Items"]]
        return [_history_entry(item) for item in items], items[-1]["sk"] if "LastEvaluatedKey" in answer else None

    # --- drafts --------------------------------------------------------------------------------------------------

    def save_draft(self, name: str, task: int, worker: str, content: str, *, forget_at: datetime) -> None:
        """Keep the draft of a worker's answer; it replaces the one before."""
        pk, sk = _draft_key(name, task, worker)
        item = {"pk": pk, "sk": sk, "content": content, "ttl": int(forget_at.timestamp())}
        self._client.put_item(TableName=self._table, Item=_marshal(item))

    def draft(self, name: str, task: int, worker: str) -> str | None:
        """The draft of a worker's answer, JSON text."""
        item = self._get(*_draft_key(name, task, worker))
        return None if item is None else str(item["content"])

    # --- DynamoDB ------------------------------------------------------------------------------------------------

    def _get(self, pk: str, sk: str) -> Item | None:
        item = self._client.get_item(TableName=self._table, Key=_marshal({"pk": pk, "sk": sk}), ConsistentRead=True).get("Item")
        return None if item is None else _unmarshal(item)

    def _query(self, pk: str, sk_prefix: str = "") -> Iterator[Item]:
        condition, values = "pk = :pk", {":pk": pk}
        if sk_prefix:
            condition, values = "pk = :pk AND begins_with(sk, :sk)", {":pk": pk, ":sk": sk_prefix}
        return self._pages(condition, values)

    def _pages(self, condition: str, values: Item, page_size: int | None = None) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_marshal(values),
            PaginationConfig={} if page_size is None else {"PageSize": page_size},
        )
        for page in pages:
            yield from (_unmarshal(item) for item in page["Items"])

    def _query_index(self, index: str, pk: str, sk_prefix: str) -> Iterator[Item]:
        condition, values = f"{index}pk = :pk", {":pk": pk}
        if sk_prefix:
            condition, values = f"{index}pk = :pk AND begins_with({index}sk, :sk)", {":pk": pk, ":sk": sk_prefix}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, IndexName=index, KeyConditionExpression=condition, ExpressionAttributeValues=_marshal(values)
        )
        for page in pages:
            yield from (_unmarshal(item) for item in page["Items"])

    def _batch_get(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Item]:
        """The items that exist under at most 100 keys."""
        left: list[Any] = [_key(key) for key in keys]
        found: dict[tuple[str, str], Item] = {}
        while left:
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": left, "ConsistentRead": True}})
            for item in map(_unmarshal, answer["Responses"].get(self._table, ())):
                found[item["pk"], item["sk"]] = item
            left = [dict(key) for key in answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]]
        return found

    def _put(self, item: Item) -> Item:
        return {"Put": {"TableName": self._table, "Item": _marshal(item)}}

    def _put_if_absent(self, item: Item) -> Item:
        return {"Put": {"TableName": self._table, "Item": _marshal(item), "ConditionExpression": "attribute_not_exists(pk)"}}

    def _update(self, key: tuple[str, str], update: str, values: Item, condition: str | None = None) -> Item:
        expressions = f"{update} {condition or ''}"
        names = {f"#{name}": name for name in ("request", "result", "status", "token", "position", "version") if f"#{name}" in expressions}
        request: Item = {
            "TableName": self._table,
            "Key": _marshal({"pk": key[0], "sk": key[1]}),
            "UpdateExpression": update,
        }
        if values:
            request["ExpressionAttributeValues"] = _marshal(values)
        if condition is not None:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = names
        return {"Update": request}

    def _changed_job(self, name: str, update: str, values: Item) -> EngineJob:
        request = self._update(_job_key(name), update, values, "attribute_exists(pk)")["Update"]
        return _job(_unmarshal(self._client.update_item(**request, ReturnValues="ALL_NEW")["Attributes"]))

    def _update_job(self, name: str, update: str, values: Item, condition: str, condition_values: Mapping[str, Any] | None = None) -> bool:
        request = self._update(_job_key(name), update, {**values, **(condition_values or {})}, f"attribute_exists(pk) AND {condition}")
        return not self._transact([request])

    def _task_update(self, name: str, task: Task) -> Item:
        values: Item = {":holds": _holds_item(task.holds), ":before": task.version, ":after": task.version + 1}
        update, remove = "SET holds = :holds, #version = :after", " REMOVE aside"
        if task.picture is not None:
            update, values[":picture"] = f"{update}, picture = :picture", list(task.picture)
        if task.is_aside:
            update, remove, values[":yes"] = f"{update}, aside = :yes", "", True
        update += remove
        return self._update(_task_key(name, task.number), update, values, "#version = :before")

    def _transact(self, writes: Sequence[Item]) -> frozenset[int]:
        """All or nothing. Gives the positions of the writes whose condition did not hold: none when everything was written.

        Two transactions that meet on an item cancel each other without either condition being false; those are tried again.
        """
        conflict: Exception | None = None
        for attempt in range(_CONFLICT_TRIES):
            if attempt:
                time.sleep(_CONFLICT_PAUSE * 2**attempt)
            try:
                self._client.transact_write_items(TransactItems=cast("Any", writes))
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code", "None") for reason in cast("Item", error.response).get("CancellationReasons", [])]
                refused = frozenset(position for position, code in enumerate(reasons) if code == "ConditionalCheckFailed")
                if refused:
                    return refused
                if "TransactionConflict" not in reasons:
                    raise
                conflict = error
            else:
                return frozenset()
        raise conflict or AssertionError


def shard_of(task_number: int) -> int:
    """The shard a task is in."""
    return task_number // SHARD_SIZE


def shard_numbers(planned: ManifestRange) -> range:
    """The shards of a range's lines. Ranges are planned so that none shares a shard with another."""
    return range(shard_of(planned.first_line), shard_of(planned.first_line + planned.lines - 1) + 1)


def item_in_stream(image: Mapping[str, Any]) -> tuple[str, int | None] | None:
    """What a stream record's image is about: (job name, None) for a job or its finished batch of automated labeling, (job name, number)
    for a finished shard, else None."""
    item = _unmarshal(image)
    pk, sk = str(item["pk"]), str(item["sk"])
    if sk == "JOB" or (sk == "AUTOMATION" and item.get("unfinished", 0) <= 0):
        return pk.removeprefix("JOB#"), None
    if sk.startswith("SHARD#") and item["unfinished"] <= 0:
        return pk.removeprefix("JOB#"), int(item["number"])
    return None


def job_in_stream(image: Mapping[str, Any]) -> str | None:
    """The lower-cased name of the labeling job that a stream record's image is of, None when it is of something else."""
    return str(image["pk"]["S"]).removeprefix("JOB#") if image["sk"]["S"] == "JOB" else None


def _job_key(name: str) -> tuple[str, str]:
    return f"JOB#{name.lower()}", "JOB"


def _shard_sk(number: int) -> str:
    return f"SHARD#{number:05d}"


def _shard_pk(name: str, shard: int) -> str:
    return f"JOB#{name.lower()}#{_shard_sk(shard)}"


def _answers_pk(name: str, shard: int) -> str:
    return f"{_shard_pk(name, shard)}#ANSWERS"


def _task_key(name: str, number: int) -> tuple[str, str]:
    return _shard_pk(name, shard_of(number)), f"{number:09d}"


def _worker_key(name: str, worker: str) -> tuple[str, str]:
    return f"JOB#{name.lower()}#WORKERS", worker


def _slots_key(name: str) -> tuple[str, str]:
    return f"JOB#{name.lower()}", "SLOTS"


def _automation_key(name: str) -> tuple[str, str]:
    return f"JOB#{name.lower()}", "AUTOMATION"


def _released_key(name: str, place: int) -> tuple[str, str]:
    return f"JOB#{name.lower()}#RELEASED", f"{place:09d}"


def _freed_key(name: str, number: int) -> tuple[str, str]:
    return f"JOB#{name.lower()}#FREED", f"{number:09d}"


def _aside_key(name: str, number: int) -> tuple[str, str]:
    return f"JOB#{name.lower()}#ASIDE", f"{number:09d}"


def _draft_key(name: str, task: int, worker: str) -> tuple[str, str]:
    return f"{_shard_pk(name, shard_of(task))}#DRAFTS", f"{task:09d}#{worker}"


def _leases_pk(name: str) -> str:
    return f"LEASES#{name.lower()}"


def _key(key: tuple[str, str]) -> Item:
    return _marshal({"pk": key[0], "sk": key[1]})


def _marshal(item: Mapping[str, Any]) -> Item:
    return {name: _serializer.serialize(value) for name, value in item.items()}


def _unmarshal(item: Mapping[str, Any]) -> Item:
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def _dump(value: Any) -> str:
    # Documents are kept as JSON text: read whole, never searched, and DynamoDB would turn their numbers into decimals.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _job_item(job: EngineJob) -> Item:
    return {
        "pk": f"JOB#{job.key}",
        "sk": "JOB",
        "gsi2pk": "NOT_AT_REST",
        "gsi2sk": f"{job.labeling_team}#{job.key}",
        "name": job.name,
        "arn": job.arn,
        "request": _dump(job.request),
        "status": job.status.value,
        "created_at": job.created_at.isoformat(),
        "modified_at": job.modified_at.isoformat(),
        "attempt": job.attempt,
        "closed_shards": 0,
    }


def _job(item: Item) -> EngineJob:
    counters = item.get("counters")
    return EngineJob(
        name=item["name"],
        arn=item["arn"],
        request=json.loads(item["request"]),
        status=JobStatus(item["status"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        modified_at=datetime.fromisoformat(item["modified_at"]),
        attempt=int(item["attempt"]),
        false_starts=int(item.get("false_starts", 0)),
        token=item.get("token"),
        is_paused=bool(item.get("paused")),
        changed_templates=tuple(item.get("changed_templates", ())),
        extended_seconds=int(item["extended_seconds"]) if "extended_seconds" in item else None,
        failure_reason=item.get("failure_reason"),
        shards=int(item["shards"]) if "shards" in item else None,
        closed_shards=int(item["closed_shards"]),
        published_shards=int(item.get("published_shards", 0)),
        label_categories=json.loads(item["label_categories"]) if "label_categories" in item else None,
        manifest_pin=item.get("manifest_pin"),
        asked_again_at=datetime.fromisoformat(item["asked_again_at"]) if "asked_again_at" in item else None,
        reissued=_reissued(item.get("reissued", ())),
        outcome=WaitOutcome(item["outcome"]) if "outcome" in item else None,
        counters=None if counters is None else _counters(counters),
        is_restored=bool(item.get("restored")),
    )


def _reissued(entries: Iterable[str]) -> dict[int, datetime]:
    """An object may be in it several times; in order, the last one counts."""
    return {int(number): datetime.fromisoformat(at) for number, _, at in (entry.partition("#") for entry in sorted(entries))}


def _counters(item: Item) -> Counters:
    return Counters(**{field.name: int(item.get(field.name, 0)) for field in fields(Counters)})


def _shard(item: Item) -> Shard:
    result = ShardResult(item["result"]["round"], _counters(item["result"])) if "result" in item else None
    return Shard(int(item["number"]), int(item["tasks"]), int(item["unfinished"]), is_closed=bool(item.get("closed")), result=result)


def _packed(disagreements: Mapping[int, float], shard: int) -> bytes:
    """Two bytes for each object of the shard: ten-thousandths, or `_NOT_COMPARED`. A shard's item is read with all others of its job."""
    first = shard * SHARD_SIZE
    numbers = range(first, max(disagreements) + 1)
    values = [round(disagreements[number] * 10_000) if number in disagreements else _NOT_COMPARED for number in numbers]
    return struct.pack(f">{len(values)}H", *values)


def _unpacked(packed: bytes, shard: int) -> dict[int, float]:
    values = struct.unpack(f">{len(packed) // 2}H", packed)
    return {number: value / 10_000 for number, value in enumerate(values, shard * SHARD_SIZE) if value != _NOT_COMPARED}


def _task_item(name: str, task: Task) -> Item:
    pk, sk = _task_key(name, task.number)
    item = {"pk": pk, "sk": sk, "needed": task.needed, "line": task.line, "holds": _holds_item(task.holds), "version": task.version}
    more: Item = {"aside": task.is_aside or None, "given": task.given, "failure": task.failure, "released": task.is_released or None}
    return item | {name: value for name, value in more.items() if value is not None}


def _task(item: Item) -> Task:
    return Task(
        number=int(item["sk"]),
        needed=int(item["needed"]),
        line=item["line"].value,
        holds={worker: _hold(hold) for worker, hold in item["holds"].items()},
        version=int(item["version"]),
        is_aside=bool(item.get("aside")),
        given=item["given"].value if "given" in item else None,
        failure=item.get("failure"),
        is_released=bool(item.get("released")),
        machine_label=_machine_label(item["machine_label"]) if "machine_label" in item else None,
        picture=(int(item["picture"][0]), int(item["picture"][1])) if "picture" in item else None,
    )


def _machine_label_item(label: MachineLabel) -> Item:
    # As text, because DynamoDB's numbers are decimal ones.
    return {"label": label.label, "confidence": repr(label.confidence), "at": label.at.isoformat()}


def _machine_label(item: Item) -> MachineLabel:
    return MachineLabel(item["label"], float(item["confidence"]), datetime.fromisoformat(item["at"]))


def _automation(item: Item) -> Automation:
    counts = {name: int(item[name]) for name in ("iteration", "released", "unfinished", "machine_labeled") if name in item}
    return Automation(**counts, is_over=bool(item.get("is_over")))


def _place(item: Item) -> WorkerPlace:
    return WorkerPlace(
        answered=int(item.get("answered", 0)),
        position=int(item.get("position", -1)),
        lease_id=item.get("lease_id"),
        ended_lease=item.get("ended_lease"),
        saw_all_shards=bool(item.get("saw_all_shards")),
    )


def _slots(item: Item) -> Slots:
    held = {int(name[1:]): datetime.fromisoformat(until) for name, until in item.items() if name.startswith("n") and name[1:].isdigit()}
    return Slots(held, int(item.get("version", 0)))


def _freed_item(name: str, task: Task) -> Item:
    pk, sk = _freed_key(name, task.number)
    # The task's version as it will be once this is written.
    return {"pk": pk, "sk": sk, "done_with": sorted(task.done_with()), "version": task.version + 1}


def _aside_item(name: str, task: Task, now: datetime) -> Item:
    pk, sk = _aside_key(name, task.number)
    return {"pk": pk, "sk": sk, "reasons": list(task.reasons), "at": now.isoformat()}


def _history_item(name: str, answer: StoredAnswer) -> Item:
    short = answer.content is not None and len(answer.content) <= _MAX_ANSWER_IN_HISTORY
    return {
        "pk": f"WORKER#{answer.worker_id}",
        "sk": f"{answer.submitted_at.isoformat()}#{name.lower()}#{answer.task:09d}",
        "job": name,
        "task": answer.task,
        "lease_id": answer.lease_id,
        "granted_at": answer.accepted_at.isoformat(),
        "submitted_at": answer.submitted_at.isoformat(),
        **({"answer": answer.content} if short else {}),
    }


def _history_entry(item: Item) -> HistoryEntry:
    granted, submitted = datetime.fromisoformat(item["granted_at"]), datetime.fromisoformat(item["submitted_at"])
    return HistoryEntry(item["job"], int(item["task"]), item["lease_id"], granted, submitted, item.get("answer"))


def _holds_item(holds: Mapping[str, Hold]) -> Item:
    return {
        worker: {
            "lease_id": hold.lease_id,
            "granted_at": hold.granted_at.isoformat(),
            "expires_at": hold.expires_at.isoformat(),
            **({} if hold.answer_digest is None else {"answer_digest": hold.answer_digest}),
            **({} if hold.declined is None else {"declined": hold.declined}),
            **({"over": True} if hold.is_over else {}),
            "instructions": hold.instructions,
        }
        for worker, hold in holds.items()
    }


def _hold(item: Item) -> Hold:
    granted, expires = datetime.fromisoformat(item["granted_at"]), datetime.fromisoformat(item["expires_at"])
    return Hold(
        item["lease_id"],
        granted,
        expires,
        item.get("answer_digest"),
        item.get("declined"),
        instructions=int(item.get("instructions", 1)),
        is_over=bool(item.get("over")),
    )


def _answer_item(name: str, answer: StoredAnswer) -> Item:
    content = {"content": answer.content} if answer.content is not None else {"content_key": answer.content_key}
    return {
        "pk": _answers_pk(name, shard_of(answer.task)),
        "sk": f"{answer.task:09d}#{answer.worker_id}",
        "identity": {"issuer": answer.identity.issuer, "sub": answer.identity.sub},
        "lease_id": answer.lease_id,
        "digest": answer.digest,
        "accepted_at": answer.accepted_at.isoformat(),
        "submitted_at": answer.submitted_at.isoformat(),
        "instructions": answer.instructions,
        **content,
    }


def _answer(item: Item) -> StoredAnswer:
    number, worker = item["sk"].split("#", 1)
    return StoredAnswer(
        task=int(number),
        worker_id=worker,
        identity=Identity(**item["identity"]),
        lease_id=item["lease_id"],
        digest=item["digest"],
        accepted_at=datetime.fromisoformat(item["accepted_at"]),
        submitted_at=datetime.fromisoformat(item["submitted_at"]),
        content=item.get("content"),
        content_key=item.get("content_key"),
        instructions=int(item.get("instructions", 1)),
    )
