"""Loading: the lines of the input manifest become tasks.

A line that has the label attribute already is not sent out again (chaining; sms-reusing-data). Loading may be cut off anywhere and
begun again: a task is put only where none is, and a shard opens for work only after all its tasks are in, so nobody can
have worked on a shard that is not there yet.

The input manifest is read again when the output is written, perhaps weeks later. So its content is pinned when loading begins: by its
version where the bucket keeps versions, and then it may be replaced or deleted meanwhile; elsewhere by its ETag, which at least tells.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from groundwork import manifest
from groundwork.data_locations import S3Uri
from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import Task
from groundwork.engine.store import EngineStore, shard_of
from groundwork.errors import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# DynamoDB takes items of 400 KB; a task needs some of it for its leases.
_MAX_LINE_BYTES = 350_000
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many tasks the input manifest made."""

    tasks: int
    shards: int


def load_tasks(name: str, store: EngineStore, s3: "S3Client") -> Loaded:
    """Load the tasks of a labeling job. Memory holds one shard of the manifest at a time.

    Raises InputRefusedError, and NotFoundError when there is no such job.
    """
    job = store.job(name)
    if job is None:
        raise NotFoundError(f"There is no labeling job {name!r}.")
    if job.manifest_pin is None:
        job = store.begin_loading(name, _pin(s3, job.input_manifest), _label_categories(s3, job.label_category_uri))
    tasks = shards = 0
    for shard, lines in groupby(input_lines(job, s3), key=lambda entry: shard_of(entry[0])):
        loaded = list(_tasks(job, lines))
        if not loaded:
            continue
        if not store.has_shard(name, shard):
            store.add_tasks(name, loaded)
            store.add_shard(name, shard, len(loaded))
        tasks += len(loaded)
        shards += 1
    store.finish_loading(name, shards)
    return Loaded(tasks, shards)


def input_lines(job: EngineJob, s3: "S3Client") -> Iterator[tuple[int, bytes]]:
    """The numbered lines of the input manifest as it was when loading began, streamed. Raises InputRefusedError when it is gone."""
    source = _get(s3, job.input_manifest, "The input manifest", **(job.manifest_pin or {}))
    return enumerate(manifest.lines(source["Body"].iter_chunks(_CHUNK)))


def _pin(s3: "S3Client", uri: S3Uri) -> dict[str, str]:
    """What to say with GetObject from now on, to get the content that the object has now or nothing."""
    found = _get(s3, uri, "The input manifest")
    found["Body"].close()
    # Versioning that is off or suspended gives no version, or one that the next upload replaces.
    version = found.get("VersionId", "null")
    return {"IfMatch": found["ETag"]} if version == "null" else {"VersionId": version}


def _tasks(job: EngineJob, lines: Iterator[tuple[int, bytes]]) -> Iterator[Task]:
    source_attribute = job.task_type.source_attribute
    for number, line in lines:
        try:
            attributes = json.loads(line)
        except (ValueError, RecursionError):
            attributes = None
        if not isinstance(attributes, dict):
            raise InputRefusedError(f"Line {number + 1} of the input manifest is not a JSON object.")
        if job.label_attribute in attributes:
            continue
        if not isinstance(attributes.get(source_attribute), str):
            raise InputRefusedError(f"Line {number + 1} of the input manifest has no text under {source_attribute!r}.")
        if len(line) > _MAX_LINE_BYTES:
            raise InputRefusedError(f"Line {number + 1} of the input manifest is longer than {_MAX_LINE_BYTES:,} bytes.")
        yield Task(number, job.workers_per_object, line)


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
