"""The engine's table made anew from S3.

Two kinds of objects outlive the table: a record of every labeling job, written whenever its item changes (`JobRecords`), and a copy of
every answer, written before the answer is accepted (`OutputTree.put_answer`). Rebuilding puts the jobs back and starts a run for each.
The run loads the manifest as it always does, and because the job is a restored one, the answers and the declines with it. So nobody gets
an object that has its answers, or that they declined, and the output is the same. Leases that were not ended and drafts are not restored.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import boto3

from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import Hold, Task, perhaps_aside
from groundwork.engine.store import EngineStore, StoredAnswer

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from groundwork.engine.runs import RunDriver

_PREFIX = "engine/labeling-jobs/"
_JOBS_AT_ONCE = 100


class JobRecords:
    """The records of labeling jobs: each the job's item as the table's stream told it, in DynamoDB's own JSON, so that nothing is lost."""

    def __init__(self, s3: "S3Client", data_bucket: str) -> None:
        self._s3 = s3
        self._bucket = data_bucket

    @classmethod
    def from_env(cls) -> Self:
        """In the bucket that the environment names. A missing setting fails the cold start."""
        return cls(boto3.client("s3"), os.environ["DATA_BUCKET"])

    def put(self, key: str, item: Mapping[str, Any]) -> None:
        body = json.dumps(item, separators=(",", ":")).encode()
        self._s3.put_object(Bucket=self._bucket, Key=f"{_PREFIX}{key}.json", Body=body, ContentType="application/json")

    def page(self, after: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
        """Up to 100 records behind the token `after`, and the token for the next, None when these are the last."""
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=_PREFIX, StartAfter=after or _PREFIX, MaxKeys=_JOBS_AT_ONCE)
        keys = [entry["Key"] for entry in listed.get("Contents", ())]
        records = [json.loads(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()) for key in keys]
        return records, keys[-1] if listed["IsTruncated"] else None


@dataclass(frozen=True, slots=True)
class Restored:
    """How many labeling jobs were put back, and the token for those that come next, None when there are none."""

    labeling_jobs: int
    next: str | None


def restore_labeling_jobs(after: str | None, records: JobRecords, store: EngineStore, driver: "RunDriver") -> Restored:
    """Put back the labeling jobs of one page of records, and start their runs. Jobs that are in the table stay as they are."""
    page, following = records.page(after)
    restored = 0
    for record in page:
        job = store.job_of_record(record)
        if store.job(job.key) is None:
            attempt = driver.next_attempt(job)
            store.restore_job(record, attempt)
            restored += 1
        # Also of a job that is there: the function may have ended between the two, and a start too many changes nothing.
        present = store.job(job.key)
        if present is not None and present.is_restored:
            driver.start(present)
    return Restored(restored, following)


def restore_answers(job: EngineJob, tasks: Sequence[Task], answers: Iterable[StoredAnswer], store: EngineStore) -> list[Task]:
    """Put back these answers to these tasks. Gives the tasks with them, not yet written."""
    numbers = {task.number for task in tasks}
    kept = [answer for answer in answers if answer.task in numbers]
    store.add_answers(job.name, kept)
    holds: dict[int, dict[str, Hold]] = {}
    for answer in kept:
        hold = Hold(
            answer.lease_id, answer.accepted_at, answer.accepted_at + job.time_limit, answer.digest, instructions=answer.instructions
        )
        holds.setdefault(answer.task, {})[answer.worker_id] = hold
    return [replace(task, holds=holds.get(task.number, {})) for task in tasks]


def restore_declines(job: EngineJob, tasks: Sequence[Task], declines: Iterable[tuple[int, str, Hold]], store: EngineStore) -> list[Task]:
    """Put back who declined these tasks, but for those that were reissued since. Gives the tasks with it, not yet written."""
    restored = {task.number: task for task in tasks}
    latest: dict[int, datetime] = {}
    for number, worker, hold in declines:
        task, ended = restored.get(number), hold.expires_at
        is_over = number in job.reissued and ended <= job.reissued[number]
        if task is None or is_over or worker in task.holds:
            continue
        latest[number] = max(ended, latest.get(number, ended))
        restored[number] = replace(task, holds={**task.holds, worker: hold})
    settled = {number: perhaps_aside(restored[number], at) for number, at in latest.items()}
    for number, task in settled.items():
        if task.is_aside:
            store.add_put_aside(job.name, [task], latest[number])
    return list((restored | settled).values())


def answers_by_worker(tasks: Iterable[Task]) -> Counter[str]:
    """How many of these tasks each worker has answered."""
    return Counter(worker for task in tasks for worker, hold in task.holds.items() if hold.is_answered)
