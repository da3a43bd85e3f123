"""The launch of a labeling job, step by step, as the launch machine drives it.

take a copy of the manifest -> validate it (a machine of its own, see `manifest_validation`) -> compose template and label categories
-> presign what workers will see -> create the labeling job -> record;
or, when there are more objects than one labeling job takes, divide it into parts (`labeling_jobs.splitting`).

A step names the job, the submission it belongs to and the execution that claimed it. A step of a launch that was superseded
(the job went back to Draft and was submitted again) finds out and does nothing. Every step may be repeated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from groundwork.custom_templates import read_custom_template
from groundwork.data_locations import DataLocations, S3Uri, project_prefix
from groundwork.errors import InvalidRequestError, NoRoomAtServiceError, PreconditionFailedError, TemplateError
from groundwork.labeling_functions import LabelingFunctionError, LabelingFunctions
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.checks import readable_template
from groundwork.labeling_jobs.history import status_changed
from groundwork.labeling_jobs.job import LabelingJob, Validation
from groundwork.labeling_jobs.lifecycle import FINISHED, Status, may_move
from groundwork.labeling_jobs.parts import MAX_PARTS, objects_per_job, sizes
from groundwork.labeling_jobs.service_request import (
    LaunchTarget,
    create_labeling_job_request,
    label_categories,
    label_category_file,
)
from groundwork.labeling_jobs.tags import ENDPOINT_JOB_ID_TAG, JOB_ID_TAG
from groundwork.labeling_service import refusal
from groundwork.manifest import ManifestExpectation, ManifestReader, lines
from groundwork.manifest_validation import MAX_MANIFEST_BYTES, ValidationRequest, unreadable_manifest, write_report
from groundwork.object_listing import ACCESS_REFUSED
from groundwork.rules import Fault, fault
from groundwork.store import JobStore
from groundwork.validation_report import Tally, ValidationReport
from groundwork.worker_task_template import compose, sanitize_instructions, task_input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.labeling_service import LabelingService
    from groundwork.presigning import WorkerView

_SAVE_ATTEMPTS = 5
_VALIDATION = TypeAdapter(Validation)
SUPERSEDED: dict[str, Any] = {"outcome": "superseded"}
# The name under which a launch tries to write, the only one that it may write to among outputs.
OUTPUT_PROBE = ".write-probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where this Groundwork is deployed, and the role its labeling jobs run with."""

    region: str
    partition: str
    account_id: str
    data_bucket: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class LaunchStep:
    """Which launch a step belongs to: the job, its submission, and the execution that claimed it; and the job's project, for the log."""

    name: str
    submission: int
    execution: str | None
    project: str | None = None

    def job(self, store: JobStore) -> LabelingJob | None:
        """The job, if this launch is still the one that may move it."""
        job = store.job(self.name)
        if job is None or (job.submission, job.launch_execution) != (self.submission, self.execution):
            return None
        return job


def job_folder(job: LabelingJob, data_bucket: str) -> S3Uri:
    """Where Groundwork keeps a job's own files, and clients never write."""
    return project_prefix(data_bucket, job.project).child(f"labeling-jobs/{job.name}/")


def report_uri(job: LabelingJob, data_bucket: str, validation: str) -> S3Uri:
    """Where the report of one validation of the job goes: no other one, however late it ends, writes there."""
    return job_folder(job, data_bucket).child(f"validation-report-{validation}.json")


def template_uri(job: LabelingJob, data_bucket: str, version: int = 1) -> S3Uri:
    """The worker task template with this version of the instructions: the first is the launch's, later ones came while the job ran."""
    return job_folder(job, data_bucket).child("template.liquid" if version == 1 else f"template-{version}.liquid")


def present_template_uri(job: LabelingJob, data_bucket: str) -> S3Uri | None:
    """The worker task template that new leases of a launched job show; None where its page was composed by the labeling service."""
    if job.was_launched_here or job.instructions_version > 1:
        return template_uri(job, data_bucket, job.instructions_version)
    return S3Uri.parse(job.own_template_uri or "")


def label_categories_uri(job: LabelingJob, data_bucket: str) -> S3Uri:
    return job_folder(job, data_bucket).child("label-categories.json")


def launched_manifest_uri(job: LabelingJob, data_bucket: str) -> S3Uri:
    """The copy of the input manifest that is validated, shown and labeled, so that nobody can swap it after its validation."""
    return job_folder(job, data_bucket).child(f"input-{job.submission}.manifest")


def take_manifest(store: JobStore, s3: "S3Client", step: LaunchStep, data_bucket: str) -> dict[str, Any]:
    """Copy the manifest out of its author's reach, and see that the output has a place.

    Returns `{"outcome": "taken", "request": input of the validation machine for the copy}`, superseded, or
    `{"outcome": "faults", "validation": summary with the faults, without places}` when one of them fails, with the report in S3.
    """
    job = step.job(store)
    if job is None or job.status is not Status.VALIDATING:
        return SUPERSEDED
    destination = report_uri(job, data_bucket, str(job.submission))
    problem = _copy_manifest(s3, job, store.data_locations(job.project), data_bucket)
    faults = [*([fault(problem)] if problem else []), *_output_faults(s3, job, data_bucket)]
    if faults:
        report = ValidationReport(0, 0, Tally(faults).reported(), str(destination))
        write_report(s3, report)
        return report.outcome()
    request = ValidationRequest(
        project=job.project,
        manifest=launched_manifest_uri(job, data_bucket),
        expectation=manifest_expectation(job),
        report=destination,
    )
    return {"outcome": "taken", "request": request.document()}


def compose_worker_task_template(store: JobStore, s3: "S3Client", view: "WorkerView", step: LaunchStep, data_bucket: str) -> dict[str, Any]:
    """Write the worker task template and the label category file.

    A custom job's own template is copied out of its author's reach; `view` reads it with the workers' right. Returns
    `{"outcome": "composed" | "superseded"}`, or `{"outcome": "faults", "validation": …}` when it cannot be used any more.
    """
    job = step.job(store)
    if job is None:
        return SUPERSEDED
    try:
        template = custom_template(job, store.data_locations(job.project), view) if _task_type(job).is_custom else worker_task_template(job)
    except InvalidRequestError as error:
        return {"outcome": "faults", "validation": _validation_of(*error.faults)}
    for uri, body, content_type in (
        (template_uri(job, data_bucket), template.encode(), "text/html; charset=utf-8"),
        (label_categories_uri(job, data_bucket), label_category_file(job.definition), "application/json"),
    ):
        s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type)
    return {"outcome": "composed"}


def custom_template(job: LabelingJob, locations: DataLocations, view: "WorkerView") -> str:
    """The template that the owner of a custom job wrote, as it is now. Raises InvalidRequestError when it cannot be used."""
    uri = readable_template(job.definition, locations)
    if uri is None:
        raise InvalidRequestError([fault("template.missing", pointer="/template_uri", uri=job.definition.template_uri)])
    return read_custom_template(view.of(job.project, locations), uri)


def worker_task_template(job: LabelingJob) -> str:
    """The template of a job of one of Ground Truth's task types. Raises TemplateError when a draft lacks what it needs."""
    return compose(
        _task_type(job),
        description=job.definition.description or "",
        short_instructions=defaults.short_instructions(job.definition),
        full_instructions=defaults.full_instructions(job.definition),
        existing_label_attribute=job.definition.existing_label_attribute,
    )


def shown_of(job: LabelingJob, line: Mapping[str, Any], functions: LabelingFunctions, arn_prefix: str) -> dict[str, Any] | None:
    """What the template is given of a manifest line; None when the job's own pre-annotation function says that people need not label it.

    `arn_prefix` begins the labeling job's ARN, which the function is told before there is one. Raises LabelingFunctionError, TemplateError.
    """
    function = job.definition.pre_annotation_function_arn
    if function is not None:
        return functions.task_input(function, f"{arn_prefix}:labeling-job/{job.name.lower()}", line)
    return task_input(_task_type(job), label_categories(job.definition), line)


def presign_worker_view(
    store: JobStore, view: "WorkerView", functions: LabelingFunctions, step: LaunchStep, *, data_bucket: str, arn_prefix: str
) -> dict[str, Any]:
    """Render the worker's page for the first object of the manifest with presigned addresses, and fetch each address once.

    `view` signs with the job's own read-only right; a pre-annotation function of the job's own is tried as well. Returns
    `{"outcome": "visible" | "faults" | "superseded", "validation": …}`.
    """
    # Imported here, so that the launch's other steps do not load python-liquid.
    from groundwork.worker_page import render

    job = step.job(store)
    if job is None:
        return SUPERSEDED
    locations = store.data_locations(job.project)
    worker = view.of(job.project, locations)
    line = _first_line(job, worker.read(launched_manifest_uri(job, data_bucket)))
    if line is None:  # validation found nothing to send out, or the manifest changed under our feet
        return {"outcome": "faults", "validation": _validation_of(fault("manifest.empty"))}
    template = b"".join(worker.read(template_uri(job, data_bucket))).decode()
    try:
        shown = shown_of(job, line, functions, arn_prefix)
        if shown is not None:
            render(template, shown, worker.grant_read_access)
    except LabelingFunctionError as error:
        return {"outcome": "faults", "validation": _validation_of(fault("job.function-failed", problem=error))}
    except TemplateError as error:
        return {"outcome": "faults", "validation": _validation_of(fault("template.unrenderable", problem=str(error)))}
    unseen = worker.unseen()
    if unseen:
        pictures = _instruction_pictures(job)
        codes = ((uri, "instructions.image-unseen" if uri in pictures else "template.object-unseen") for uri in unseen)
        return {"outcome": "faults", "validation": _validation_of(*(fault(code, uri=uri) for uri, code in codes))}
    return {"outcome": "visible"}


def create_labeling_job(store: JobStore, service: "LabelingService", step: LaunchStep, deployment: Deployment) -> dict[str, Any]:
    """Create the job on the labeling service, or find the one that an earlier, interrupted attempt created.

    Returns `{"outcome": "created", "labeling_job_arn"}`, `{"outcome": "refused" | "postponed", "reason"}`, superseded, or
    `{"outcome": "oversized"}` for a job that must be split first. Raises botocore's errors for what trying again may mend.
    """
    job = step.job(store)
    if job is None or job.status is not Status.LAUNCHING:
        return SUPERSEDED
    if must_be_split(job):
        return {"outcome": "oversized"}
    return create_in_service(service, job, launch_target(job, deployment))


def must_be_split(job: LabelingJob) -> bool:
    """Whether the validated manifest has more objects than one labeling job takes, and its owner wants it divided."""
    return job.definition.split and (job.validation.objects or 0) > objects_per_job(_task_type(job))


def lines_of_parts(job: LabelingJob) -> list[int]:
    """How many lines of the validated manifest each part of the job gets, in order."""
    return sizes(job.validation.objects or 0, objects_per_job(_task_type(job)))


def create_in_service(service: "LabelingService", job: LabelingJob, target: LaunchTarget) -> dict[str, Any]:
    """Create this very job on the labeling service, or find it there. Outcomes and errors as of `create_labeling_job`."""
    try:
        answer = service.create_labeling_job(**create_labeling_job_request(job.definition, target))
    except ClientError as error:
        if error.operation_name != "CreateLabelingJob":
            raise  # trouble inside the built-in service, not its answer
        if error.response["Error"]["Code"] == "ResourceInUse":
            arn = find_in_service(service, job)
            if arn:
                return {"outcome": "created", "labeling_job_arn": arn}
            taken = f"The labeling service has another job named {job.name!r}; names are taken for ever, choose another one."
            return {"outcome": "refused", "reason": taken}
        refused = refusal(error)
        if refused is None:
            raise
        if isinstance(refused, NoRoomAtServiceError):
            return {"outcome": "postponed", "reason": f"{refused} Submit the job again later."}
        return {"outcome": "refused", "reason": str(refused)}
    return {"outcome": "created", "labeling_job_arn": answer["LabelingJobArn"]}


def describe_in_service(service: "LabelingService", name: str) -> dict[str, Any] | None:
    """The labeling service's description of the job of that name (API DescribeLabelingJob); None when it has none."""
    try:
        description: dict[str, Any] = service.describe_labeling_job(LabelingJobName=name)
    except ClientError as error:
        # The API model promises ResourceNotFound; the service has been seen to answer ValidationException.
        if error.response["Error"]["Code"] in {"ResourceNotFound", "ValidationException"}:
            return None
        raise
    return description


def find_in_service(service: "LabelingService", job: LabelingJob) -> str | None:
    """The ARN of this very job (known by its tag) on the labeling service; None when the service has no such job or it is another's."""
    description = describe_in_service(service, job.name)
    return str(description["LabelingJobArn"]) if description and is_same_job(job.job_id, description) else None


def is_same_job(job_id: str, description: Mapping[str, Any]) -> bool:
    """Whether the service's job is ours and not a namesake: known by the tag that the launch gave it."""
    return any(tag["Key"] in {JOB_ID_TAG, ENDPOINT_JOB_ID_TAG} and tag["Value"] == job_id for tag in description.get("Tags", []))


def advance(
    store: JobStore,
    step: LaunchStep,
    to: Status,
    *,
    now: datetime,
    validation: dict[str, Any] | None = None,
    reason: str | None = None,
    labeling_job_arn: str | None = None,
) -> dict[str, Any]:
    """Record how far the launch has come. Repeating a record changes nothing. Returns `{"outcome": "recorded" | "superseded"}`."""
    for _ in range(_SAVE_ATTEMPTS):
        job = step.job(store)
        if job is None:
            return SUPERSEDED
        moves = may_move(job.status, to)
        learns_arn = labeling_job_arn is not None and job.labeling_job_arn is None
        if not moves and not learns_arn:
            return {"outcome": "recorded"} if job.status is to else SUPERSEDED
        changes: dict[str, Any] = {"updated_at": now}
        if validation is not None:
            changes["validation"] = _VALIDATION.validate_python(validation)
        if learns_arn:
            # The service's own event may have moved the job further before this record came; the ARN is kept all the same.
            changes["labeling_job_arn"] = labeling_job_arn
        if moves:
            changes |= {"status": to, "failure_reason": reason, **({"finished_at": now} if to in FINISHED else {})}
        moved = job.changed(**changes)
        try:
            store.save_job(job, moved, status_changed(job, moved) if moves else None)
        except PreconditionFailedError:
            continue
        return {"outcome": "recorded"}
    raise PreconditionFailedError(f"The labeling job {step.name!r} keeps changing; its launch could not be recorded.")


def settle_interrupted(
    store: JobStore, service: "LabelingService", *, name: str, execution: str | None, cause: str, now: datetime
) -> Literal["settled", "nothing-to-settle"]:
    """Leave a job whose launch ended before its time in a truthful state, with a reason a person can act on.

    If the labeling service already has the job, the launch had done its work and only the record is missing; otherwise the job is a
    draft again. Safe to repeat; an execution that no longer holds the job changes nothing.
    """
    job = store.job(name)
    if job is None or job.launch_execution != execution or job.status not in {Status.VALIDATING, Status.LAUNCHING} or job.parts:
        return "nothing-to-settle"  # a split job's launch ended when it got its parts
    step = LaunchStep(name, job.submission, execution, job.project)
    arn = find_in_service(service, job) if job.status is Status.LAUNCHING else None
    if arn:
        advance(store, step, Status.INITIALIZING, now=now, labeling_job_arn=arn)
    else:
        reason = f"The launch was interrupted ({cause}). Nothing was created at the labeling service; submit the job again."
        validation = asdict(Validation()) if job.status is Status.VALIDATING else None
        advance(store, step, Status.DRAFT, now=now, reason=reason, validation=validation)
    return "settled"


def manifest_expectation(job: LabelingJob) -> ManifestExpectation:
    """What the job expects of its manifest: its task type's and its definition's facts."""
    task_type = _task_type(job)
    # What a custom job shows is for its owner to say; pictures are checked as pictures, and objects of any other kind are just there.
    category = job.definition.task_category if task_type.is_custom else task_type.category
    return ManifestExpectation(
        task_type_key=task_type.key,
        source_attribute="source" if category == "Text" else "source-ref",
        is_image=category == "Image",
        max_objects=objects_per_job(task_type) * (MAX_PARTS if job.definition.split else 1),
        label_attribute=defaults.label_attribute_name(job.definition),
        existing_label_attribute=job.definition.existing_label_attribute,
        needs_existing_labels=task_type.needs_existing_labels,
        label_type=task_type.metadata_type,
        labels=tuple(job.definition.label_names),
        # The rules are those of Ground Truth's own algorithms.
        is_automated=job.definition.automated_labeling and job.labeling_service == "SageMaker",
    )


def _task_type(job: LabelingJob) -> Any:
    found = defaults.task_type(job.definition)
    if found is None:  # the checks let no such job through
        raise ValueError(f"{job.name!r} has no known task type")
    return found


def _manifest(job: LabelingJob) -> S3Uri:
    uri = S3Uri.parse(job.definition.input_manifest_uri or "")
    if uri is None:  # the checks let no such job through
        raise ValueError(f"{job.name!r} has no legal manifest URI")
    return uri


def _copy_manifest(s3: "S3Client", job: LabelingJob, locations: DataLocations, data_bucket: str) -> str | None:
    """The code of the rule that a manifest which cannot be taken breaks. Raises botocore's errors when the fault is not the manifest's."""
    if job.definition.input_prefix_uri is not None:  # the launch has built it there
        return None
    original, copy = _manifest(job), launched_manifest_uri(job, data_bucket)
    if not locations.may_read(original):
        return "manifest.outside-locations"
    try:
        found = s3.head_object(Bucket=original.bucket, Key=original.key)
    except ClientError as error:
        return unreadable_manifest(error)
    if found["ContentLength"] > MAX_MANIFEST_BYTES:
        return "manifest.too-large"
    s3.copy_object(
        Bucket=copy.bucket,
        Key=copy.key,
        CopySource={"Bucket": original.bucket, "Key": original.key},
        MetadataDirective="REPLACE",
        TaggingDirective="REPLACE",
        ContentType="application/jsonl",
    )
    return None


def _output_faults(s3: "S3Client", job: LabelingJob, data_bucket: str) -> Iterator[Fault]:
    """What keeps the job from writing its output (facts on Ground Truth, section 7.5, check 35).

    The labeling service keeps everything in a folder named after the job. A multipart upload that is begun there and aborted needs the
    right to write, and to use the job's key, and leaves nothing behind.
    """
    output = defaults.output_uri(job.definition, job.project, data_bucket).child(f"{job.name}/")
    if s3.list_objects_v2(Bucket=output.bucket, Prefix=output.key, MaxKeys=1).get("KeyCount"):
        yield fault("job.output-not-empty", uri=output)
    key = output.child(OUTPUT_PROBE).key
    try:
        begun = s3.create_multipart_upload(Bucket=output.bucket, Key=key, **defaults.output_encryption(job.definition))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in ACCESS_REFUSED and not code.startswith("KMS."):
            raise
        key_id = job.definition.output_kms_key_id
        yield fault("job.output-unwritable", output=f"{output} with the key {key_id}" if key_id else output)
    else:
        s3.abort_multipart_upload(Bucket=output.bucket, Key=key, UploadId=begun["UploadId"])


def launch_target(job: LabelingJob, deployment: Deployment) -> LaunchTarget:
    """Where the job is launched, with the files that its launch prepared."""
    return LaunchTarget(
        project=job.project,
        job_id=job.job_id,
        region=deployment.region,
        partition=deployment.partition,
        account_id=deployment.account_id,
        data_bucket=deployment.data_bucket,
        labeling_service=job.labeling_service,
        role_arn=deployment.role_arn,
        manifest_uri=str(launched_manifest_uri(job, deployment.data_bucket)),
        template_uri=str(template_uri(job, deployment.data_bucket)),
        label_categories_uri=str(label_categories_uri(job, deployment.data_bucket)),
    )


def _instruction_pictures(job: LabelingJob) -> set[str]:
    texts = (defaults.short_instructions(job.definition), defaults.full_instructions(job.definition))
    return {str(uri) for text in texts for uri in sanitize_instructions(text).images}


def _first_line(job: LabelingJob, chunks: Iterator[bytes]) -> dict[str, Any] | None:
    """The attributes of the first line that goes to workers."""
    reader = ManifestReader(manifest_expectation(job))
    for number, raw in enumerate(lines(chunks)):
        line = reader.read(raw, number)
        if line.is_valid and line.attributes is not None:
            return line.attributes
    return None


def _validation_of(*faults: Fault) -> dict[str, Any]:
    errors = sum(found.is_error for found in faults)
    return {
        "state": "failed" if errors else "passed",
        "objects": None,
        "errors": errors,
        "warnings": len(faults) - errors,
        "faults": [
            {"code": found.code, "severity": found.severity.value, "message": found.message, "remedy": found.remedy, "count": 1}
            for found in faults
        ],
    }
