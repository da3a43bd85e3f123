"""Loading: the lines of the input manifest become tasks.

First the manifest is cut into ranges of whole shards, by a pass that only looks for line breaks; then each range is loaded by itself.
A line that has the label already is not sent out again (chaining; sms-reusing-data). Loading may be cut off anywhere and
begun again: a task is put only where none is, and a shard opens for work only after all its tasks are in, so nobody can
have worked on a shard that is not there yet.

The input manifest is read again when the output is written, perhaps weeks later. So its content is pinned when loading begins: by its
version where the bucket keeps versions, and then it may be replaced or deleted meanwhile; elsewhere by its ETag, which at least tells.
"""

import json
from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from groundwork.labeling_functions import CALLS_AT_ONCE, LabelingFunctionError, LabelingFunctions, LabelingFunctionUnusableError
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


def load_tasks(name: str, number: int, store: EngineStore, s3: "S3Client", functions: LabelingFunctions) -> int:
    """Load the tasks of one range of the manifest, by its number in the plan; gives how many tasks it has. Memory holds one shard.

    A pre-annotation function of the job's own says of each object whether people have to label it, and what they see of it. An object
    that it fails for has failed; where it fails for all of the first range, or cannot be invoked, the job has.

    Raises InputRefusedError, and NotFoundError when there is no such job or range.
    """
    job = job_named(name, store)
    planned = range_of(name, number, store)
    loaded = {shard.number: shard.tasks for shard in store.shards_of(name, planned)}
    if len(loaded) == len(shard_numbers(planned)):
        return sum(loaded.values())
    failures: list[str | None] = []
    for shard, lines in groupby(input_lines(job, planned, s3), key=lambda entry: shard_of(entry[0])):
        if shard not in loaded:
            tasks = list(_tasks(job, lines))
            kept, numbers = OutputTree(job, s3), [task.number for task in tasks]
            answers = list(kept.stored_answers(numbers[0], numbers[-1])) if job.is_restored and numbers else []
            tasks = _pre_annotated(job, tasks, functions, answered={answer.task for answer in answers})
            if job.is_restored and tasks:
                tasks = restore_answers(job, tasks, answers, store)
                tasks = restore_declines(job, tasks, kept.declines(numbers[0], numbers[-1]), store)
            failures += [task.failure for task in tasks]
            if number == 0 and failures and len(failures) == planned.lines and all(failures):
                raise InputRefusedError(f"The pre-annotation function failed for all of the first {planned.lines} objects: {failures[0]}")
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
    if part and "ContentRange" not in source:  # HTTP lets a server ignore a range; every line would have another one's number
        raise RuntimeError(f"S3 gives all of {job.input_manifest} in place of a part of it.")
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
    if job.task_type.source_attribute_of(attributes) is None:
        keys = " or ".join(repr(key) for key in job.task_type.source_attributes)
        raise InputRefusedError(f"Line {number + 1} of the input manifest has no text under {keys}.")
    if len(line) > _MAX_LINE_BYTES:
        raise InputRefusedError(f"Line {number + 1} of the input manifest is longer than {_MAX_LINE_BYTES:,} bytes.")
    return Task(number, job.workers_per_object, line)


def _pre_annotated(job: EngineJob, tasks: list[Task], functions: LabelingFunctions, *, answered: Container[int]) -> list[Task]:
    """The tasks that people have to do, with what the job's own function, if it has one, gives to the template.

    Those that are `answered` are kept, whatever the function says now.
    """
    arn = job.pre_annotation_function
    if arn is None:
        return tasks

    def pre_annotated(task: Task) -> Task | None:
        try:
            found = functions.task_input(arn, job.arn, json.loads(task.line))
        except LabelingFunctionUnusableError as error:
            raise InputRefusedError(str(error)) from error
        except LabelingFunctionError as error:
            return task if task.number in answered else replace(task, failure=str(error))
        if found is None:
            return task if task.number in answered else None
        given = json.dumps(found).encode()
        if len(task.line) + len(given) > _MAX_LINE_BYTES:
            return replace(task, failure=f"ClientError: The line and its taskInput are longer than {_MAX_LINE_BYTES:,} bytes together.")
        return replace(task, given=given)

    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        return [task for task in pool.map(pre_annotated, tasks) if task is not None]


def _label_categories(s3: "S3Client", uri: S3Uri | None) -> dict[str, Any]:
    if uri is None:
        return {"labels": []}
    try:
        document = json.loads(_get(s3, uri, "The label category file")["Body"].read())
        labels = document["labels"]
        if labels and all(isinstance(entry["label"], str) for entry in labels):
            instructions = document.get("instructions")
            found = {"labels": labels, **({"instructions": instructions} if isinstance(instructions, dict) else {})}
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair can be stored nowhere
            return found
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
