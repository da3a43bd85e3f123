"""SageMaker's labeling-job operations for whoever holds an access key: scripts written for Ground Truth, with another endpoint URL.

An access key acts as its owner, in the projects the owner is a member of. A job that is created here is a labeling job of the key's
project like any other: it is kept by the control plane and by the engine in one transaction.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from groundwork import access, projects
from groundwork.access import Caller, Decision, Resource
from groundwork.data_locations import DataLocations, S3Uri
from groundwork.engine import requests
from groundwork.engine.jobs import EngineJob, team_of
from groundwork.engine.operations import BuiltInLabelingService
from groundwork.engine.requests import client_error, validation_error
from groundwork.engine.store import EngineStore
from groundwork.errors import PreconditionFailedError, TemplateError, WrongStatusError
from groundwork.labeling_jobs import drafting
from groundwork.labeling_jobs.definition import (
    MAX_DEFINITION_BYTES,
    LabelEntry,
    LabelingJobDefinition,
    NamedEntityLabel,
    StoppingConditions,
)
from groundwork.labeling_jobs.job import LabelingJob, Source, Validation
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.tags import CONFIDENCE_TAG, ENDPOINT_JOB_ID_TAG, JOB_ID_TAG, PRIORITY_TAG, PROJECT_TAG
from groundwork.store import AccessKey, JobEvent, JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.presigning import ProjectView

# Tags that say whose a job is; nobody sets them from outside.
_RESERVED_TAGS = "groundwork:"
_BYTES_OF_A_CHARACTER = 4  # at most, in UTF-8
_UNREADABLE = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied"})
_CREATED = "by CreateLabelingJob of the SageMaker-compatible endpoint"


@dataclass(frozen=True, slots=True)
class _LabelCategories:
    """What a label category file says."""

    labels: tuple[LabelEntry, ...] = ()
    short_instructions: str | None = None
    full_instructions: str | None = None


@dataclass(frozen=True, slots=True)
class SageMakerEndpoint:
    """The operations. `labeling_service` is the stack's, `view` lends a look at a project's data."""

    store: JobStore
    engine_store: EngineStore
    service: BuiltInLabelingService
    s3: "S3Client"
    view: Callable[[str, DataLocations], "ProjectView"]
    labeling_service: Literal["BuiltIn", "SageMaker"]

    def answer(self, key: AccessKey, operation: str, document: Any, now: datetime) -> dict[str, Any]:
        """The operation's answer for the key's owner, with datetimes where the service model has timestamps.

        Raises botocore ClientError with SageMaker's own codes.
        """
        if self.labeling_service != "BuiltIn":
            message = "The labeling jobs of this stack are Amazon SageMaker's; send the request to SageMaker itself."
            raise client_error(operation, "AccessDeniedException", message)
        call = _OPERATIONS.get(operation)
        if call is None:
            raise client_error(operation, "UnknownOperationException", f"The built-in labeling service has no operation {operation!r}.")
        if not isinstance(document, dict):
            raise client_error(operation, "SerializationException", "The body is not a JSON object.")
        request = requests.parsed(operation, document)
        requests.check(operation, request)
        return call(_Session(self, key, now), request)


class _Session:
    """One request of one key."""

    def __init__(self, endpoint: SageMakerEndpoint, key: AccessKey, now: datetime) -> None:
        self._store = endpoint.store
        self._engine_store = endpoint.engine_store
        self._s3 = endpoint.s3
        self._view = endpoint.view
        self._key = key
        self._now = now
        self._projects = [member.project for member in projects.memberships(endpoint.store, key.owner)]
        self._service = endpoint.service.seen_by(frozenset(self._projects))

    # --- labeling jobs -------------------------------------------------------------------------------------------

    def create_labeling_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create the job in the key's project; or, when the control plane itself launches it through this endpoint, in the engine alone."""
        operation = "CreateLabelingJob"
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        launching = self._being_launched(request["LabelingJobName"], tags)
        project = launching.project if launching else self._project(operation)
        job_id = launching.job_id if launching else uuid.uuid4().hex
        _refuse_reserved(operation, [key for key in tags if key not in (PROJECT_TAG, JOB_ID_TAG, PRIORITY_TAG, CONFIDENCE_TAG)])
        # A control plane knows its job by the tag it gave it, so another stack's stays.
        is_foreign = tags.get(JOB_ID_TAG, job_id) != job_id
        own_tags = {PROJECT_TAG: project, ENDPOINT_JOB_ID_TAG if is_foreign else JOB_ID_TAG: job_id}
        tagged = {**request, "Tags": [{"Key": key, "Value": value} for key, value in {**tags, **own_tags}.items()]}
        locations = self._store.data_locations(project)
        self._check_locations(operation, request, locations)
        engine_job = self._service.new_job(tagged)
        if launching:
            created = self._engine_store.create_job(engine_job)
        else:
            self._check_template(engine_job, project, locations)
            job = self._labeling_job(engine_job, project, job_id)
            event = JobEvent(self._now, "Created", {"status": job.status.value, "by": self._key.owner, "through": _CREATED})
            created = self._engine_store.create_job(engine_job, beside=self._store.creation(job, event))
        if not created:
            raise self._service.name_taken(engine_job.name)
        return {"LabelingJobArn": engine_job.arn}

    def _being_launched(self, name: str, tags: Mapping[str, str]) -> LabelingJob | None:
        """The control plane's own job whose launch this request is: known by the id in its tag, and only to members of its project."""
        job = self._store.job(name)
        is_launching = job is not None and job.status is Status.LAUNCHING and job.job_id == tags.get(JOB_ID_TAG)
        return job if job is not None and is_launching and job.project in self._projects else None

    def _project(self, operation: str) -> str:
        """Where the key's jobs belong. A key whose owner left its project creates none, rather than somewhere else."""
        project = self._key.project or next(iter(sorted(self._projects)), None)
        if project is None or project not in self._projects:
            raise client_error(
                operation,
                "AccessDeniedException",
                f"User: {self._key.owner} is not authorized to perform: sagemaker:{operation}, because "
                + (f"they are no member of the project {project}" if project else "they are a member of no project"),
            )
        return project

    def _check_locations(self, operation: str, request: dict[str, Any], locations: DataLocations) -> None:
        """Everything that the request points to lies where the project may read or write."""
        human_task = request["HumanTaskConfig"]
        read = {
            "InputConfig.DataSource.S3DataSource.ManifestS3Uri": request["InputConfig"]["DataSource"]
            .get("S3DataSource", {})
            .get("ManifestS3Uri"),
            "LabelCategoryConfigS3Uri": request.get("LabelCategoryConfigS3Uri"),
            "HumanTaskConfig.UiConfig.UiTemplateS3Uri": human_task["UiConfig"].get("UiTemplateS3Uri"),
        }
        output = S3Uri.parse(request["OutputConfig"]["S3OutputPath"])
        # What does not parse is the service's to name.
        outside = [name for name, text in read.items() if text and (uri := S3Uri.parse(text)) and not locations.may_read(uri)]
        if output is not None and not locations.may_write(output.child("")):
            outside.append("OutputConfig.S3OutputPath")
        if outside:
            places = ", ".join(str(location.prefix) for location in locations.locations)
            raise validation_error(operation, f"{', '.join(outside)} must lie in the project's data locations: {places}")

    def _check_template(self, engine_job: EngineJob, project: str, locations: DataLocations) -> None:
        """The worker task template is there and can become a page. It is read with the right that reads it for workers."""
        from groundwork.worker_page import MAX_TEMPLATE_CHARACTERS, check_template

        uri = engine_job.template_uri(version=1)
        if uri is None:
            return
        template = bytearray()
        try:
            for chunk in self._view(project, locations).read(uri):
                template += chunk
                if len(template) > MAX_TEMPLATE_CHARACTERS * _BYTES_OF_A_CHARACTER:
                    break
            check_template(template.decode())
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNREADABLE:
                raise
            problem = "there is no such object, or workers' pages may not be made of it"
        except UnicodeDecodeError:
            problem = "it is not text in UTF-8"
        except TemplateError as error:
            problem = str(error)
        else:
            return
        raise validation_error("CreateLabelingJob", f"HumanTaskConfig.UiConfig.UiTemplateS3Uri {uri}: {problem}")

    def _labeling_job(self, engine_job: EngineJob, project: str, job_id: str) -> LabelingJob:
        """The control plane's record of a job that begins on the labeling service."""
        return LabelingJob(
            project=project,
            job_id=job_id,
            definition=_definition(engine_job, self._label_categories(engine_job)),
            status=Status.INITIALIZING,
            labeling_service="BuiltIn",
            labeling_job_arn=engine_job.arn,
            created_by=self._key.owner,
            created_at=self._now,
            updated_at=self._now,
            started_at=self._now,
            submission=1,
            validation=Validation(),
            source=Source("api", "CreateLabelingJob"),
            own_template_uri=engine_job.request["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri"),
        )

    def _label_categories(self, engine_job: EngineJob) -> _LabelCategories:
        """What the job's label category file says. Raises ClientError ValidationException when it cannot be read."""
        uri = engine_job.label_category_uri
        if uri is None:
            return _LabelCategories()
        try:
            body = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read(MAX_DEFINITION_BYTES)
            document = json.loads(body)
            # Only the page that comes with a task type shows them.
            instructions = (document.get("instructions") or {}) if engine_job.template_uri(version=1) is None else {}
            return _LabelCategories(
                tuple(_label(entry) for entry in document["labels"]),
                _text(instructions.get("shortInstruction")),
                _text(instructions.get("fullInstruction")),
            )
        except self._s3.exceptions.NoSuchKey:
            problem = "there is no such object"
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            problem = 'it is not a document of the form {"labels": [{"label": "..."}]}'
        raise validation_error("CreateLabelingJob", f"LabelCategoryConfigS3Uri {uri}: {problem}")

    def describe_labeling_job(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.describe_labeling_job(**request)

    def stop_labeling_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """As the control plane's own stop: by the job's creator and the project's owners. The engine is told at once as well."""
        operation, name = "StopLabelingJob", request["LabelingJobName"]
        self._service.describe_labeling_job(LabelingJobName=name)
        job = self._store.job(name)
        if job is not None:
            resource = Resource(self._store.role(job.project, self._key.owner), job.created_by)
            if access.stop_labeling_job(Caller(self._key.owner), resource) is not Decision.ALLOW:
                raise client_error(
                    operation,
                    "AccessDeniedException",
                    f"User: {self._key.owner} is not authorized to perform: sagemaker:{operation} on {name}",
                )
            # At rest, or its record changes at this moment: the engine's word counts, and the reconciler brings it over.
            with suppress(WrongStatusError, PreconditionFailedError):
                drafting.stop(self._store, job, by=self._key.owner, now=self._now)
        return self._service.stop_labeling_job(**request)

    def list_labeling_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.list_labeling_jobs(**request)

    def list_labeling_jobs_for_workteam(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.list_labeling_jobs_for_workteam(**request)

    # --- workteams, tags, templates ------------------------------------------------------------------------------

    def list_workteams(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.list_workteams(**request)

    def describe_workteam(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.describe_workteam(**request)

    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        _refuse_reserved("AddTags", [tag["Key"] for tag in request["Tags"]])
        return self._service.add_tags(**request)

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._service.list_tags(**request)

    def render_ui_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """API RenderUiTemplate. What is wrong with the template comes as `Errors`, as SageMaker has it."""
        from groundwork.worker_page import render

        operation = "RenderUiTemplate"
        content = request.get("UiTemplate", {}).get("Content")
        if content is None:
            raise validation_error(operation, "UiTemplate.Content is required by the built-in labeling service")
        try:
            task_input = json.loads(request["Task"]["Input"])
        except (ValueError, RecursionError):
            raise validation_error(operation, "Task.Input must be a JSON object") from None
        if not isinstance(task_input, dict):
            raise validation_error(operation, "Task.Input must be a JSON object")
        project = self._project(operation)
        locations = self._store.data_locations(project)
        try:
            page = render(content, task_input, self._view(project, locations).grant_read_access)
        except TemplateError as error:
            return {"RenderedContent": "", "Errors": [{"Code": "TemplateError", "Message": str(error)}]}
        return {"RenderedContent": page, "Errors": []}


_OPERATIONS: Mapping[str, Callable[[_Session, dict[str, Any]], dict[str, Any]]] = {
    "CreateLabelingJob": _Session.create_labeling_job,
    "DescribeLabelingJob": _Session.describe_labeling_job,
    "StopLabelingJob": _Session.stop_labeling_job,
    "ListLabelingJobs": _Session.list_labeling_jobs,
    "ListLabelingJobsForWorkteam": _Session.list_labeling_jobs_for_workteam,
    "ListWorkteams": _Session.list_workteams,
    "DescribeWorkteam": _Session.describe_workteam,
    "AddTags": _Session.add_tags,
    "ListTags": _Session.list_tags,
    "RenderUiTemplate": _Session.render_ui_template,
}


def _refuse_reserved(operation: str, keys: list[str]) -> None:
    reserved = sorted(key for key in keys if key.lower().startswith(_RESERVED_TAGS))
    if reserved:
        raise validation_error(operation, f"Tags: the keys {', '.join(reserved)} are reserved; keys must not begin with {_RESERVED_TAGS}")


def _label(entry: Any) -> LabelEntry:
    label, short = entry["label"], entry.get("shortDisplayName")
    if _text(label) is None:
        raise TypeError(entry)
    return NamedEntityLabel(label=label, short_display_name=short) if _text(short) else label


def _text(value: Any) -> str | None:
    """The text, if there is any. Raises TypeError for what is none, UnicodeError for half a surrogate pair, which is stored nowhere."""
    if not isinstance(value, str | None):
        raise TypeError(value)
    (value or "").encode()
    return value or None


def _definition(job: EngineJob, categories: _LabelCategories) -> LabelingJobDefinition:
    """The request in the control plane's words."""
    request, human_task = job.request, job.request["HumanTaskConfig"]
    conditions = request.get("StoppingConditions") or {}
    return LabelingJobDefinition(
        name=job.name,
        label_attribute_name=job.label_attribute,
        task_category=None if job.task_type.category == "Custom" else job.task_type.category,
        task_type=job.task_type.key,
        input_manifest_uri=str(job.input_manifest),
        output_uri=request["OutputConfig"]["S3OutputPath"],
        labeling_team=team_of(human_task["WorkteamArn"]),
        task_timeout_seconds=human_task["TaskTimeLimitInSeconds"],
        task_expiration_seconds=int((job.deadline - job.created_at).total_seconds()),
        workers_per_object=job.workers_per_object,
        description=job.description,
        labels=categories.labels,
        short_instructions=categories.short_instructions,
        full_instructions=categories.full_instructions,
        task_title=job.title,
        task_keywords=tuple(human_task.get("TaskKeywords", ())),
        max_concurrent_objects=human_task.get("MaxConcurrentTaskCount"),
        priority=job.priority,
        automated_labeling=job.proposal_function is not None,
        automated_labeling_function_arn=job.proposal_function,
        automated_labeling_confidence=job.confidence if job.proposal_function else None,
        stopping_conditions=StoppingConditions(
            max_human_labeled_objects=conditions.get("MaxHumanLabeledObjectCount"),
            max_percentage_labeled=conditions.get("MaxPercentageOfInputDatasetLabeled"),
        ),
        template_uri=human_task["UiConfig"]["UiTemplateS3Uri"] if job.task_type.is_custom else None,
        pre_annotation_function_arn=job.pre_annotation_function,
        consolidation_function_arn=job.consolidation_function,
        output_kms_key_id=job.kms_key_id,
        tags={tag["Key"]: tag["Value"] for tag in request.get("Tags", []) if not tag["Key"].startswith(_RESERVED_TAGS)},
    )
