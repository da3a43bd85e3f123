"""Previews: the page that workers see, or will see, of one object of a labeling job."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.errors import ConflictError, InvalidRequestError
from groundwork.labeling_functions import LabelingFunctionError, LabelingFunctions
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.input_building import input_order
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.launching import (
    custom_template,
    launched_manifest_uri,
    manifest_expectation,
    present_template_uri,
    shown_of,
    worker_task_template,
)
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest import ManifestReader, lines
from groundwork.manifest_building import nth_object
from groundwork.rules import Fault, fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.presigning import ProjectView, WorkerView
    from groundwork.worker_page import WorkerPage

# What can be read, or listed, of an input in the seconds that a request has.
MAX_BYTES = 512 * 1024**2
MAX_LISTED = 20_000
_UNREADABLE = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied", "InvalidObjectState"})


def preview(
    s3: "S3Client",
    view: "WorkerView",
    functions: LabelingFunctions,
    job: LabelingJob,
    number: int,
    *,
    locations: DataLocations,
    data_bucket: str,
    console_origin: str,
    arn_prefix: str,
) -> "WorkerPage":
    """The worker page for the object with that zero-based number.

    A launched job shows the template that workers see now and the manifest it was launched with; a draft shows what it would be launched
    with, and a job that was created on the labeling service itself what its request named. `view` reads
    and presigns with the workers' own right, `s3` lists what lies under a prefix, and a pre-annotation function of the job's own is run.
    Raises ConflictError when the job is not ready for a preview or the function fails, InvalidRequestError when there is no such object or
    its line or the job's template has faults, TemplateError when there is no page for it.
    """
    # Imported here, because python-liquid is slow to import, and not every preview gets this far.
    from groundwork.worker_page import worker_page

    task_type = defaults.task_type(job.definition)
    if task_type is None:
        raise ConflictError("A preview needs a task type; choose one first.")
    worker = view.of(job.project, locations)
    is_launched = job.status not in {Status.DRAFT, Status.VALIDATING}
    if is_launched and job.was_launched_here:
        attributes = _line(job, number, worker, launched_manifest_uri(job, data_bucket))
    else:
        attributes = _input_of_unlaunched(s3, job, number, worker, locations, data_bucket)
    shown = present_template_uri(job, data_bucket) if is_launched else None
    if shown is not None:
        template = _template(worker, shown)
    else:
        template = custom_template(job, locations, view) if task_type.is_custom else worker_task_template(job)
    try:
        given = shown_of(job, attributes, functions, arn_prefix)
    except LabelingFunctionError as error:
        raise ConflictError(f"The job's own pre-annotation function failed. {error}") from error
    if given is None:
        raise ConflictError("The job's own pre-annotation function says that people need not label this object, so there is no page of it.")
    return worker_page(template, given, worker, is_custom=task_type.is_custom, console_origin=console_origin)


def _template(worker: "ProjectView", uri: S3Uri) -> str:
    try:
        return b"".join(worker.read(uri)).decode()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _UNREADABLE:
            raise
        raise ConflictError(f"The worker task template {uri} cannot be read.") from error


def _input_of_unlaunched(
    s3: "S3Client", job: LabelingJob, number: int, worker: "ProjectView", locations: DataLocations, data_bucket: str
) -> dict[str, Any]:
    manifest = S3Uri.parse(job.definition.input_manifest_uri or "")
    if manifest is not None and locations.may_read(manifest):
        return _line(job, number, worker, manifest)
    if job.definition.input_prefix_uri is None:
        raise ConflictError("A preview needs an input within the project's data locations; give the draft one first.")
    order = input_order(job, data_bucket)
    if not locations.may_read(order.prefix):
        raise ConflictError(f"{order.prefix} is outside the project's data locations.")
    if number >= MAX_LISTED:
        raise _refused(fault("preview.object-too-far", number=number))
    attributes = nth_object(s3, order, number)
    if attributes is None:
        raise _refused(fault("preview.object-missing", number=number))
    return attributes


def _line(job: LabelingJob, number: int, worker: "ProjectView", manifest: S3Uri) -> dict[str, Any]:
    try:
        raw = _nth_line(_at_most(worker.read(manifest), number), number)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _UNREADABLE:
            raise
        raise ConflictError(f"The manifest {manifest} cannot be read.") from error
    if raw is None:
        raise _refused(fault("preview.object-missing", number=number))
    line = ManifestReader(manifest_expectation(job)).read(raw, number)
    if not line.is_valid or line.attributes is None:
        raise _refused(*(found for found in line.faults if found.is_error))
    return line.attributes


def _at_most(chunks: Iterable[bytes], number: int) -> Iterator[bytes]:
    read = 0
    for chunk in chunks:
        read += len(chunk)
        if read > MAX_BYTES:
            raise _refused(fault("preview.object-too-far", number=number))
        yield chunk


def _nth_line(chunks: Iterable[bytes], number: int) -> bytes | None:
    """The line with that number; those before it are only counted."""
    following = iter(chunks)
    before = number
    for chunk in following:
        breaks = chunk.count(b"\n")
        if breaks < before:
            before -= breaks
            continue
        start = 0
        for _ in range(before):
            start = chunk.index(b"\n", start) + 1
        return next(lines(chain([chunk[start:]], following)), None)
    return None


def _refused(*faults: Fault) -> InvalidRequestError:
    return InvalidRequestError([replace(found, pointer="/object") for found in faults])
