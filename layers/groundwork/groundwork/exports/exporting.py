"""Exports of a labeling job's output: asked for, written, looked at.

Asking is one write to the jobs table; its stream announces the request, and a state machine does the work. The output manifest is read as a
stream, twice: once to count and to find what the objects' keys share, once to write.
"""

import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from groundwork.data_locations import DataLocations, S3Uri, project_prefix
from groundwork.errors import InvalidRequestError, NotFoundError
from groundwork.exports.export import Export, ExportState
from groundwork.exports.file_names import FileNames, common_folder
from groundwork.exports.labeled_objects import KINDS, Kind, LabeledObject, Report, labeled_objects
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.rules import fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.store import JobStore

FORMAT_NAMES = ("coco", "yolo", "voc", "csv", "parquet", "huggingface", "lookout-for-vision")
_PROGRESS_EVERY = 5_000


def request_export(
    store: "JobStore", job: LabelingJob, export_format: Any, *, by: str, now: datetime, creation_key: str | None = None
) -> Export:
    """Ask for an export of the job's output as it is when the export is written.

    Repeated with the same `creation_key` after a crash, it finds its own. Raises InvalidRequestError, or ConflictError while there is no
    output.
    """
    if export_format not in FORMAT_NAMES:
        problem = f"it is none of {', '.join(FORMAT_NAMES)}"
        raise InvalidRequestError([fault("request.field-invalid", pointer="/format", field="format", problem=problem)])
    job.output_manifest()
    task_type = defaults.task_type(job.definition)
    kind = KINDS.get(task_type.metadata_type) if task_type else None
    if kind is not None and task_type is not None and not fits(export_format, kind, is_text=task_type.category == "Text"):
        raise InvalidRequestError([fault("export.format-unfit", pointer="/format", format=export_format, task_type=task_type.title)])
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{job.job_id}/{by}/{creation_key}") if creation_key else uuid.uuid4()
    export = Export(
        id=identity.hex,
        project=job.project,
        job_name=job.name,
        job_id=job.job_id,
        format=export_format,
        state=ExportState.REQUESTED,
        requested_by=by,
        requested_at=now,
        creation_key=creation_key,
    )
    return store.create_export(export)


def fits(export_format: str, kind: Kind, *, is_text: bool) -> bool:
    """Whether the format has a place for labels of that kind."""
    from groundwork.exports.writers import FORMATS

    form = FORMATS[export_format]
    return kind in form.kinds and (form.for_texts or not is_text)


def write_export(store: "JobStore", s3: "S3Client", *, job_id: str, export_id: str, data_bucket: str, now: datetime) -> Export:
    """Write the export's file into the project's folder and record it. Doing it again writes the same file.

    Raises NotFoundError when there is no such export, or its job is gone.
    """
    from groundwork.exports.writers import FORMATS, Workplace

    export = store.export(job_id, export_id)
    job = store.job(export.job_name) if export else None
    if export is None or job is None or job.job_id != job_id:
        raise NotFoundError(f"There is no export {export_id!r}.")
    if export.state in {ExportState.FINISHED, ExportState.FAILED}:
        return export
    output = S3Uri.parse(job.output_manifest_uri or "")
    if output is None:
        raise NotFoundError(f"The labeling job {job.name!r} has no output.")
    locations = store.data_locations(job.project)
    form = FORMATS[export.format]
    total, folder = _survey(s3, output)
    export = replace(export, state=ExportState.RUNNING, total=total, done=0)
    store.save_export(export)
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        task_type = defaults.task_type(job.definition)
        place = Workplace(
            folder=Path(name),
            categories=job.definition.label_names,
            names=FileNames(folder),
            read=lambda uri: _read(s3, uri, locations),
            report=report,
            is_multi_label=task_type is not None and task_type.metadata_type.endswith("multilabel"),
        )
        writer = form.writer(place)
        attribute = defaults.label_attribute_name(job.definition)
        for labeled in labeled_objects(_lines(s3, output), attribute, job.definition.label_names, report):
            if labeled.kind not in form.kinds:
                report.skip(labeled.line, f"a label of {labeled.kind} has no place in {export.format}")
                continue
            _add(writer, labeled, report)
            if labeled.line - export.done >= _PROGRESS_EVERY:
                export = replace(export, done=labeled.line)
                store.save_export(export)
        path = writer.finish()
        uri = project_prefix(data_bucket, job.project).child(f"labeling-jobs/{job.name}/exports/{export.id}/{path.name}")
        s3.upload_file(str(path), uri.bucket, uri.key, ExtraArgs={"ContentType": form.media_type})
    finished = replace(
        export, state=ExportState.FINISHED, done=total, finished_at=now, uri=str(uri), report=report.document(), failure_reason=None
    )
    store.save_export(finished)
    return finished


def _add(writer: Any, labeled: LabeledObject, report: Report) -> None:
    try:
        writer.add(labeled)
    except _UnreadableMaskError as error:
        report.skip(labeled.line, str(error))
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for broken pictures
        report.skip(labeled.line, "the mask cannot be read as a picture")


class _UnreadableMaskError(Exception):
    """A mask is gone, outside the project's data locations, or no picture."""


def _read(s3: "S3Client", uri: S3Uri, locations: DataLocations) -> bytes:
    if not locations.may_read(uri):
        raise _UnreadableMaskError("the mask is outside the project's data locations")
    try:
        content = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise _UnreadableMaskError("the mask is gone") from None
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise _UnreadableMaskError("the mask is no PNG")
    return content


def _lines(s3: "S3Client", manifest: S3Uri) -> Iterator[bytes]:
    body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"]
    yield from body.iter_lines(chunk_size=1024 * 1024)


class _Source(msgspec.Struct):
    source_ref: str | None = msgspec.field(name="source-ref", default=None)


def _survey(s3: "S3Client", manifest: S3Uri) -> tuple[int, str]:
    """How many lines there are, and the folder that all data objects' keys share."""
    decoder = msgspec.json.Decoder(_Source)
    folder: str | None = None
    total = 0
    for line in _lines(s3, manifest):
        total += 1
        try:
            uri = S3Uri.parse(decoder.decode(line).source_ref or "")
        except (msgspec.DecodeError, UnicodeDecodeError):
            uri = None
        if uri is not None:
            folder = common_folder([uri.key] if folder is None else [uri.key, folder])
    return total, folder or ""
