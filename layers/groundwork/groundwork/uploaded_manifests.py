"""Drafts that appear by themselves: a manifest uploaded under a project's `manifests/` drafts a labeling job named after the file.

S3 tells of an upload at least once and in any order; the event's `sequencer` says which upload of a key is the later one. What is known
of a key (the latest upload, and the job it drafted) is an item of the jobs table, written together with the job. So an event that repeats
or comes late changes nothing, and a second upload finds the draft of the first.
"""

import json
import re
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from groundwork.data_locations import S3Uri, project_prefix
from groundwork.errors import NameTakenError, NotFoundError, PreconditionFailedError
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.job import LabelingJob, Source, Validation
from groundwork.labeling_jobs.launching import manifest_expectation, report_uri
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest_inspection import INSPECTED_BYTES, Suggestion, suggest
from groundwork.manifest_validation import ValidationRequest
from groundwork.store import JobEvent, JobStore, KnownUpload
from groundwork.uploads import UPLOADER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SUFFIXES = (".manifest", ".jsonl")
# Who created a draft when S3 does not know who uploaded the manifest. No user name has a space in it.
NOBODY = "S3 upload"
_MAX_NAME_LENGTH = 63
_ATTEMPTS = 10
_VALIDATION = TypeAdapter(Validation)
_SUGGESTED = ("task_category", "task_type", "existing_label_attribute", "label_attribute_name")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as S3 tells of it, and the execution that takes care of it."""

    project: str
    uri: S3Uri
    sequencer: str
    execution: str

    @classmethod
    def of_event(cls, detail: dict[str, Any], execution: str) -> "Upload | None":
        """The upload that an "Object Created" event tells of; None when the object is no manifest in a project's `manifests/`."""
        key = detail["object"]["key"]
        match key.split("/"):
            case ["projects", project, "manifests", *_, name] if project and name not in SUFFIXES and name.endswith(SUFFIXES):
                return cls(project, S3Uri(detail["bucket"]["name"], key), detail["object"]["sequencer"], execution)
            case _:
                return None


def is_later(sequencer: str, other: str) -> bool:
    """Whether the upload with this sequencer came after the other one of the same key.

    Sequencers are hexadecimal; the shorter one is padded with zeros on the right (S3 user guide, event message structure).
    """
    width = max(len(sequencer), len(other))
    return sequencer.upper().ljust(width, "0") > other.upper().ljust(width, "0")


def names_after(key: str) -> Iterator[str]:
    """Legal names for a labeling job after that file, the plainest first; without end, so that one of them is free."""
    stem = key.rpartition("/")[2]
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:_MAX_NAME_LENGTH].rstrip("-") or "manifest"
    yield base
    for number in range(2, 100):
        yield _with_suffix(base, str(number))
    while True:
        yield _with_suffix(base, uuid.uuid4().hex[:12])


def _with_suffix(base: str, suffix: str) -> str:
    return f"{base[: _MAX_NAME_LENGTH - len(suffix) - 1].rstrip('-')}-{suffix}"


@dataclass(frozen=True, slots=True)
class _Found:
    """The beginning of an uploaded manifest, and who uploaded it."""

    etag: str
    uploader: str
    suggestion: Suggestion = field(default_factory=Suggestion)


def draft(
    store: JobStore,
    s3: "S3Client",
    upload: Upload,
    *,
    labeling_service: Literal["BuiltIn", "SageMaker"],
    data_bucket: str,
    now: datetime,
) -> dict[str, Any]:
    """Draft the labeling job of an uploaded manifest, or find the draft of an earlier upload, and say how to validate it.

    Returns `{"outcome": "drafted", "request": input of the validation machine}`, or `{"outcome": "nothing-to-draft", "reason"}`: the
    object is gone, its project does not exist, or a later upload of it is known. Safe to repeat.
    """
    found = _inspect(s3, upload.uri)
    if found is None:
        return _nothing("the object is gone")
    for _ in range(_ATTEMPTS):
        known = store.known_upload(upload.project, upload.uri.key)
        earlier = store.job(known.job_name) if known else None
        if earlier is not None and known is not None and not _is_draft_of(earlier, upload, known):
            earlier = None
        if known is not None and known.execution == upload.execution:  # a repeated step
            return _drafted(earlier, upload, found, data_bucket) if earlier else _nothing("the draft is gone")
        if known is not None and not is_later(upload.sequencer, known.sequencer):
            return _nothing("a later upload, or this one, is known already")
        job = _again(earlier, known, found, now) if earlier and known else _new(store, upload, found, labeling_service, now)
        by = {"by": found.uploader, "manifest": str(upload.uri), "offers": list(found.suggestion.offers)}
        event = JobEvent(now, "ManifestUploaded" if earlier else "Created", {**by, **({} if earlier else {"status": job.status.value})})
        known_now = KnownUpload(
            upload.project, upload.uri.key, upload.sequencer, upload.execution, job.name, job.job_id, asdict(found.suggestion)
        )
        try:
            store.save_upload(known, known_now, earlier, job, event)
        except NotFoundError:
            return _nothing("there is no such project")
        except (NameTakenError, PreconditionFailedError):
            continue  # somebody took the name, or the draft or the key changed meanwhile
        return _drafted(job, upload, found, data_bucket)
    raise PreconditionFailedError(f"The draft of {upload.uri} keeps changing.")


def record_report(
    store: JobStore, upload: Upload, *, now: datetime, validation: dict[str, Any] | None = None, cause: str | None = None
) -> str:
    """Keep with the draft what its validation found, or (`cause`) why it has found nothing.

    A draft that was edited, submitted or uploaded again meanwhile is left alone. Returns "recorded" or "superseded"; safe to repeat.
    """
    for _ in range(_ATTEMPTS):
        known = store.known_upload(upload.project, upload.uri.key)
        job = store.job(known.job_name) if known is not None and known.execution == upload.execution else None
        if known is None or job is None or not _is_draft_of(job, upload, known) or job.validation.state != "running":
            return "superseded"
        if validation is not None:
            result = _VALIDATION.validate_python(validation)
            event = JobEvent(now, "Validated", {name: getattr(result, name) for name in ("state", "objects", "errors", "warnings")})
            changed = job.changed(validation=result, updated_at=now)
        else:
            reason = f"The uploaded manifest could not be validated ({cause}). Upload it again, or submit the draft."
            event = JobEvent(now, "ValidationInterrupted", {"reason": reason})
            changed = job.changed(validation=Validation(), failure_reason=reason, updated_at=now)
        try:
            store.save_job(job, changed, event)
        except PreconditionFailedError:
            continue
        return "recorded"
    raise PreconditionFailedError(f"The draft of {upload.uri} keeps changing.")


def _nothing(reason: str) -> dict[str, Any]:
    return {"outcome": "nothing-to-draft", "reason": reason}


def _drafted(job: LabelingJob, upload: Upload, found: _Found, data_bucket: str) -> dict[str, Any]:
    # What cannot be told from the manifest is assumed: a report on something says more than none.
    assumed = job if defaults.task_type(job.definition) else replace(job, definition=_assumed(job.definition))
    manifest = S3Uri.parse(job.definition.input_manifest_uri or "")
    if manifest is None:  # `_is_draft_of` and `_new` see to it
        raise ValueError(f"{job.name!r} has no manifest")
    report = report_uri(job, data_bucket, f"upload-{upload.sequencer}")
    request = ValidationRequest(job.project, manifest, manifest_expectation(assumed), report, found.etag)
    return {"outcome": "drafted", "request": request.document()}


def _assumed(definition: LabelingJobDefinition) -> LabelingJobDefinition:
    task_type = "TextMultiClass" if definition.task_category == "Text" else "ImageMultiClass"
    return definition.model_copy(update={"task_type": task_type})


def _is_draft_of(job: LabelingJob, upload: Upload, known: KnownUpload) -> bool:
    is_same = job.job_id == known.job_id and job.project == upload.project
    return is_same and job.status is Status.DRAFT and job.definition.input_manifest_uri == str(upload.uri)


def _new(store: JobStore, upload: Upload, found: _Found, labeling_service: Literal["BuiltIn", "SageMaker"], now: datetime) -> LabelingJob:
    name = next(name for name in names_after(upload.uri.key) if not store.is_name_taken(name))
    relative = upload.uri.key.removeprefix(project_prefix(upload.uri.bucket, upload.project).key)
    return LabelingJob(
        project=upload.project,
        job_id=uuid.uuid4().hex,
        definition=LabelingJobDefinition(name=name, input_manifest_uri=str(upload.uri), **_fields(found.suggestion)),
        status=Status.DRAFT,
        labeling_service=labeling_service,
        created_by=found.uploader,
        created_at=now,
        updated_at=now,
        validation=Validation(state="running"),
        source=Source("upload", relative),
    )


def _again(job: LabelingJob, known: KnownUpload, found: _Found, now: datetime) -> LabelingJob:
    """The draft for the manifest's new content. What the first content suggested is suggested anew, unless somebody has changed it."""
    definition = job.definition
    if all(getattr(definition, name) == known.suggested.get(name) for name in _SUGGESTED):
        definition = definition.model_copy(update=_fields(found.suggestion))
    return job.changed(definition=definition, validation=Validation(state="running"), failure_reason=None, updated_at=now)


def _fields(suggestion: Suggestion) -> dict[str, Any]:
    return {name: getattr(suggestion, name) for name in _SUGGESTED}


def _inspect(s3: "S3Client", uri: S3Uri) -> _Found | None:
    try:
        answer = s3.get_object(Bucket=uri.bucket, Key=uri.key)
    except ClientError as error:
        # Without the right to list, S3 says of what is not there that access is denied.
        if error.response["Error"]["Code"] in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    with closing(answer["Body"]) as body:
        head = body.read(INSPECTED_BYTES)
    uploader = unquote(answer["Metadata"].get(UPLOADER, "")) or NOBODY
    return _Found(answer["ETag"], uploader, suggest(head, is_whole=len(head) == answer["ContentLength"]))


def upload_of_execution(detail: dict[str, Any]) -> Upload | None:
    """The upload that an execution of the draft machine was started with, from its status event."""
    return Upload.of_event(json.loads(detail["input"]), detail["executionArn"])
