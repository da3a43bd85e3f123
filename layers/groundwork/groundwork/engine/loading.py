"""Loading: the lines of the input manifest become tasks.

First the manifest is cut into ranges of whole shards, by a pass that only looks for line breaks; then each range is loaded by itself.
A line that has the label already is not sent out again (chaining; sms-reusing-data). Loading may be cut off anywhere and
begun again: a task is put only where none is, and a shard opens for work only after all its tasks are in, so nobody can
have worked on a shard that is not there yet.

The input manifest is read again when the output is written, perhaps weeks later. So its content is pinned when loading begins: by its
version where the bucket keeps versions, and then it may be replaced or deleted meanwhile; elsewhere by its ETag, which at least tells.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from groundwork import manifest
from groundwork.data_locations import S3Uri
from groundwork.engine import store as engine_store
from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import Task
from groundwork.engine.output_tree import OutputTree
from groundwork.engine.rebuilding import answers_by_worker, restore_answers, restore_declines
from groundwork.engine.store import EngineStore, shard_numbers, shard_of
from groundwork.errors import NotFoundError
from groundwork.manifest import ManifestRange

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# DynamoDB takes items of 400 KB; a task needs some of it for its leases.
_MAX_LINE_BYTES = 350_000
# Each costs a call, and some entries of an execution's history, which has room for 25,000.
_MAX_RANGES = 256
_CHUNK = 1024 * 1024
_UNREADABLE = {
    "NoSuchKey": "does not exist",
    "NoSuchBucket": "does not exist",
    "NoSuchVersion": "was deleted for good after the labeling job began",
    # S3 says so of a missing object too, to those who may not list the bucket.
    "AccessDenied": "does not exist, or may not be read by the labeling service",
    "PreconditionFailed": "changed after the labeling job began",
}


class InputRefusedError(Exception):
    """The input cannot be worked on, and trying again would not help. The text is a failure reason for the job's owner."""


def plan_loading(name: str, store: EngineStore, s3: "S3Client") -> int:
    """Pin the input of a labeling job and cut its manifest into ranges; gives their number. Done again, it gives the same.

    Raises InputRefusedError, and NotFoundError when there is no such job.
    """
    job = job_named(name, store)
    if job.manifest_pin is None:
        job = store.begin_loading(name, _pin(s3, job.input_manifest), _label_categories(s3, job.label_category_uri))
    ranges = store.plan(name)
    if ranges is None:
        ranges = manifest.plan_ranges(_input(job, s3), lines_each=engine_store.SHARD_SIZE, at_most=_MAX_RANGES)
        if not ranges:
            raise InputRefusedError(f"The input manifest {job.input_manifest} is empty.")
        store.save_plan(name, ranges)
    return len(ranges)


def load_tasks(name: str, number: int, store: EngineStore, s3: "S3Client") -> int:
    """Load the tasks of one range of the manifest, by its number in the plan; gives how many tasks it has. Memory holds one shard.

    Raises InputRefusedError, and NotFoundError when there is no such job or range.
    """
    job = job_named(name, store)
    planned = range_of(name, number, store)
    loaded = {shard.number: shard.tasks for shard in store.shards_of(name, planned)}
    if len(loaded) == len(shard_numbers(planned)):
        return sum(loaded.values())
    for shard, lines in groupby(input_lines(job, planned, s3), key=lambda entry: shard_of(entry[0])):
        if shard not in loaded:
            tasks = list(_tasks(job, lines))
            if job.is_restored and tasks:
                kept, numbers = OutputTree(job, s3), (tasks[0].number, tasks[-1].number)
                tasks = restore_answers(job, tasks, kept.stored_answers(*numbers), store)
                tasks = restore_declines(job, tasks, kept.declines(*numbers), store)
            store.add_tasks(name, tasks)
            unfinished = sum(not task.is_settled for task in tasks)
            store.add_shard(name, shard, tasks=len(tasks), unfinished=unfinished, answered=answers_by_worker(tasks))
            loaded[shard] = len(tasks)
    return sum(loaded.values())


def range_of(name: str, number: int, store: EngineStore) -> ManifestRange:
    """One range of a job's plan. Raises NotFoundError."""
    ranges = store.plan(name) or []
    if number >= len(ranges):
        raise NotFoundError(f"The plan of {name!r} has no range {number}.")
    return ranges[number]


def input_lines(job: EngineJob, planned: ManifestRange, s3: "S3Client") -> Iterator[tuple[int, bytes]]:
    """The numbered lines of a range of the input manifest as it was when loading began, streamed. Raises InputRefusedError."""
    return enumerate(manifest.lines(_input(job, s3, Range=planned.http_range)), start=planned.first_line)


def _input(job: EngineJob, s3: "S3Client", **part: str) -> Iterator[bytes]:
    source = _get(s3, job.input_manifest, "The input manifest", **(job.manifest_pin or {}), **part)
    chunks: Iterator[bytes] = source["Body"].iter_chunks(_CHUNK)
    return chunks


def job_named(name: str, store: EngineStore) -> EngineJob:
    """The labeling job. Raises NotFoundError."""
    job = store.job(name)
    if job is None:
        raise NotFoundError(f"There is no labeling job {name!r}.")
    return job


def _pin(s3: "S3Client", uri: S3Uri) -> dict[str, str]:
    """What to say with GetObject from now on, to get the content that the object has now or nothing."""
    found = _get(s3, uri, "The input manifest")
    found["Body"].close()
    # Versioning that is off or suspended gives no version, or one that the next upload replaces.
    version = found.get("VersionId", "null")
    return {"IfMatch": found["ETag"]} if version == "null" else {"VersionId": version}


def _tasks(job: EngineJob, lines: Iterator[tuple[int, bytes]]) -> Iterator[Task]:
    """The tasks of these lines."""
    for number, line in lines:
        try:
            attributes = json.loads(line)
        except (ValueError, RecursionError):
            attributes = None
        if not isinstance(attributes, dict):
            raise InputRefusedError(f"Line {number + 1} of the input manifest is not a JSON object.")
        if not manifest.has_label(attributes, job.label_attribute):
            yield _task(job, number, line, attributes)


def _task(job: EngineJob, number: int, line: bytes, attributes: dict[str, Any]) -> Task:
    """The one place where a data object becomes a task."""
    source_attribute = job.task_type.source_attribute
    if not isinstance(attributes.get(source_attribute), str):
        raise InputRefusedError(f"Line {number + 1} of the input manifest has no text under {source_attribute!r}.")
    if len(line) > _MAX_LINE_BYTES:
        raise InputRefusedError(f"Line {number + 1} of the input manifest is longer than {_MAX_LINE_BYTES:,} bytes.")
    return Task(number, job.workers_per_object, line)


def _label_categories(s3: "S3Client", uri: S3Uri) -> dict[str, Any]:
    try:
        document = json.loads(_get(s3, uri, "The label category file")["Body"].read())
        labels = document["labels"]
        if labels and all(isinstance(entry["label"], str) for entry in labels):
            instructions = document.get("instructions")
            return {"labels": labels, **({"instructions": instructions} if isinstance(instructions, dict) else {})}
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise InputRefusedError(f'The label category file {uri} is not of the form {{"labels":[{{"label":"..."}}]}}.')


def _get(s3: "S3Client", uri: S3Uri, what: str, **conditions: Any) -> Any:
    try:
        return s3.get_object(Bucket=uri.bucket, Key=uri.key, **conditions)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        problem = _UNREADABLE.get(code)
        if problem is None:
            raise
        raise InputRefusedError(f"{what} {uri} {problem}.") from error
