"""The engine's table: keys, reads and conditional writes. Nobody else in the engine knows pk and sk.

    pk                              sk                    item             gsi1 (pk / sk)             gsi2 (pk / sk)
    JOB#cats-1                      JOB                   labeling job                                NOT_AT_REST / vets#cats-1
    JOBS                            <created>#cats-1      entry in a list
    JOB#cats-1                      PLAN                  the manifest's ranges
    JOB#cats-1                      SHARD#00003           shard            OPEN#cats-1 / SHARD#00003
    JOB#cats-1#SHARD#00003          000000612             task
    JOB#cats-1#SHARD#00003#ANSWERS  000000612#<worker>    answer
    JOB#cats-1#WORKERS              <worker>              worker's place

- A task's shard follows from its number (`SHARD_SIZE` lines a shard), so no partition has more than 200 tasks, or 1,800 answers.
- A task item carries its leases: granting, renewing, giving back and answering are each one write, conditional on `version`.
- An answer's key is (task, worker): there is no room for a second answer of the same worker.
- gsi1 is sparse: a shard leaves it when it takes no more answers, so looking for work never reads finished shards.
- gsi2 is sparse: a job leaves it when it comes to rest (the run machine's FailRun does so too, see run_labeling_job.asl.json).
- A shard's `closed` is the word on whether answers may still come: every answer's transaction is conditional on it, whoever
  closes a shard counts it on the job in the same transaction, and consolidation closes a shard before reading it. So an
  answer that was accepted is in the output.
- Every line of the manifest is in a shard. One without tasks is closed from the start, so that a job is done when as many shards
  are closed as its plan has.
- A shard's `result` counts its objects by outcome once its lines of the output are written. Whoever opens a closed shard again must
  remove it.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

from groundwork.engine.jobs import Counters, EngineJob, JobStatus, WaitOutcome
from groundwork.engine.leases import Hold, Task
from groundwork.manifest import ManifestRange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Item = dict[str, Any]

SHARD_SIZE = 200
_TASKS_READ_AT_ONCE = 25
_MAX_TRANSACTION_ITEMS = 100
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
class WorkerPlace:
    """Where a worker is in a job: answers accepted, the number of the last task taken, and the lease on it."""

    answered: int = 0
    position: int = -1
    lease_id: str | None = None


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


class TaskChangedError(Exception):
    """Another write came first: read the task again."""


class WorkerMovedError(Exception):
    """The same worker took another lease in the meantime."""


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
            batch = keys[start : start + 100]
            found = {job.key: job for job in self._batch_get_jobs(batch)}
            yield from (found[key] for key in batch if key in found)

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

    def add_shard(self, name: str, number: int, *, tasks: int, unfinished: int) -> None:
        """Open a shard for work, once its tasks are in; one with nothing to do is closed. Changes nothing when it is there already."""
        item: Item = {"pk": f"JOB#{name.lower()}", "sk": _shard_sk(number), "number": number, "tasks": tasks, "unfinished": unfinished}
        if unfinished:
            self._transact([self._put_if_absent({**item, "gsi1pk": f"OPEN#{name.lower()}", "gsi1sk": _shard_sk(number)})])
        else:
            self._transact([self._put_if_absent({**item, "closed": True}), self._count_closed_shard(name)])

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

    def keep_result(self, name: str, number: int, result: ShardResult) -> None:
        """Say that a closed shard's lines of the output are written."""
        values = {":result": {"round": result.round, **asdict(result.counters)}}
        key = (f"JOB#{name.lower()}", _shard_sk(number))
        self._transact([self._update(key, "SET #result = :result", values, "attribute_exists(closed)")])

    # --- tasks ---------------------------------------------------------------------------------------------------

    def add_tasks(self, name: str, tasks: Iterable[Task]) -> None:
        """Add the tasks that are not there. A task that is there keeps its progress."""
        batch: list[Task] = []
        size = 0
        for task in tasks:
            item_size = len(task.line) + 500
            if batch and (len(batch) == _MAX_TRANSACTION_ITEMS or size + item_size > _MAX_TRANSACTION_BYTES):
                self._add_batch(name, batch)
                batch, size = [], 0
            batch.append(task)
            size += item_size
        if batch:
            self._add_batch(name, batch)

    def _add_batch(self, name: str, batch: Sequence[Task]) -> None:
        # All or nothing is the fast way for the usual case, that none is there; an interrupted load comes back one by one.
        puts = [self._put_if_absent(_task_item(name, task)) for task in batch]
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

    def save_new_lease(self, name: str, task: Task, worker: str, before: WorkerPlace) -> None:
        """Write a task with a new lease of `worker`, and the worker's place, together.

        Raises TaskChangedError, or WorkerMovedError when the worker's place is no longer `before`.
        """
        lease_id = task.holds[worker].lease_id
        values: Item = {":position": task.number, ":lease": lease_id}
        condition = "attribute_not_exists(lease_id)"
        if before.lease_id is not None:
            condition = "lease_id = :before"
            values[":before"] = before.lease_id
        place = self._update(_worker_key(name, worker), "SET #position = :position, lease_id = :lease", values, condition)
        failed = self._transact([self._task_update(name, task), place])
        if 1 in failed:
            raise WorkerMovedError
        if failed:
            raise TaskChangedError

    def worker_place(self, name: str, worker: str) -> WorkerPlace:
        item = self._get(*_worker_key(name, worker)) or {}
        return WorkerPlace(int(item.get("answered", 0)), int(item.get("position", -1)), item.get("lease_id"))

    # --- answers -------------------------------------------------------------------------------------------------

    def save_answer(self, name: str, task: Task, answer: StoredAnswer) -> None:
        """Keep an answer, and with it the task, its shard's count and the worker's tally: all or nothing.

        `task` already holds the answer. Raises ShardClosedError, or TaskChangedError when `task` is not made from the present version.
        """
        shard_key = (f"JOB#{name.lower()}", _shard_sk(shard_of(task.number)))
        still_open = "attribute_exists(pk) AND attribute_not_exists(closed)"
        if task.is_finished:
            shard = self._update(shard_key, "ADD unfinished :minus_one", {":minus_one": -1}, still_open)
        else:
            key = _marshal(dict(zip(("pk", "sk"), shard_key, strict=True)))
            shard = {"ConditionCheck": {"TableName": self._table, "Key": key, "ConditionExpression": still_open}}
        tally = self._update(_worker_key(name, answer.worker_id), "ADD answered :one", {":one": 1})
        failed = self._transact([self._task_update(name, task), self._put_if_absent(_answer_item(name, answer)), shard, tally])
        if 2 in failed:
            raise ShardClosedError
        if failed:
            raise TaskChangedError

    def answer(self, name: str, task: int, worker: str) -> StoredAnswer | None:
        item = self._get(_answers_pk(name, shard_of(task)), f"{task:09d}#{worker}")
        return None if item is None else _answer(item)

    def answers(self, name: str, shard: int) -> Iterator[StoredAnswer]:
        """A shard's answers, by task and then by worker id."""
        return (_answer(item) for item in self._query(_answers_pk(name, shard)))

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

    def _batch_get_jobs(self, names: Sequence[str]) -> Iterator[EngineJob]:
        keys = [_marshal(dict(zip(("pk", "sk"), _job_key(name), strict=True))) for name in names]
        while keys:
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
            yield from (_job(_unmarshal(item)) for item in answer["Responses"].get(self._table, ()))
            keys = [dict(key) for key in answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]]

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
        values = {":holds": _holds_item(task.holds), ":before": task.version, ":after": task.version + 1}
        return self._update(_task_key(name, task.number), "SET holds = :holds, #version = :after", values, "#version = :before")

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
    """What a stream record's image is about: (job name, None) for a job, (job name, number) for a finished shard, else None."""
    item = _unmarshal(image)
    pk, sk = str(item["pk"]), str(item["sk"])
    if sk == "JOB":
        return pk.removeprefix("JOB#"), None
    if sk.startswith("SHARD#") and item["unfinished"] <= 0:
        return pk.removeprefix("JOB#"), int(item["number"])
    return None


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
        failure_reason=item.get("failure_reason"),
        shards=int(item["shards"]) if "shards" in item else None,
        closed_shards=int(item["closed_shards"]),
        published_shards=int(item.get("published_shards", 0)),
        label_categories=json.loads(item["label_categories"]) if "label_categories" in item else None,
        manifest_pin=item.get("manifest_pin"),
        outcome=WaitOutcome(item["outcome"]) if "outcome" in item else None,
        counters=None if counters is None else _counters(counters),
    )


def _counters(item: Item) -> Counters:
    return Counters(**{field.name: int(item[field.name]) for field in fields(Counters)})


def _shard(item: Item) -> Shard:
    result = ShardResult(item["result"]["round"], _counters(item["result"])) if "result" in item else None
    return Shard(int(item["number"]), int(item["tasks"]), int(item["unfinished"]), is_closed=bool(item.get("closed")), result=result)


def _task_item(name: str, task: Task) -> Item:
    pk, sk = _task_key(name, task.number)
    return {"pk": pk, "sk": sk, "needed": task.needed, "line": task.line, "holds": _holds_item(task.holds), "version": task.version}


def _task(item: Item) -> Task:
    return Task(
        number=int(item["sk"]),
        needed=int(item["needed"]),
        line=item["line"].value,
        holds={worker: _hold(hold) for worker, hold in item["holds"].items()},
        version=int(item["version"]),
    )


def _holds_item(holds: Mapping[str, Hold]) -> Item:
    return {
        worker: {
            "lease_id": hold.lease_id,
            "granted_at": hold.granted_at.isoformat(),
            "expires_at": hold.expires_at.isoformat(),
            **({} if hold.answer_digest is None else {"answer_digest": hold.answer_digest}),
        }
        for worker, hold in holds.items()
    }


def _hold(item: Item) -> Hold:
    granted, expires = datetime.fromisoformat(item["granted_at"]), datetime.fromisoformat(item["expires_at"])
    return Hold(item["lease_id"], granted, expires, item.get("answer_digest"))


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
    )
