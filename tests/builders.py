"""The things tests are about, made with one line each, and a labeling service that lives in memory."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from groundwork.access import Role
from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri, project_prefix
from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.drafting import Surroundings
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest_validation import ManifestValidation, ValidationRequest
from groundwork.presigning import Presigner, ProjectView, WorkerView
from groundwork.store import JobEvent, JobStore, Project
from groundwork.validation_report import ValidationReport

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUCKET = "groundwork-data"
MANIFEST = f"s3://{BUCKET}/projects/pets/manifests/cats.manifest"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:launch:one"


def a_document(**overrides: Any) -> dict[str, Any]:
    """What a client sends to create a labeling job without faults."""
    return {
        "name": "cats-1",
        "task_category": "Image",
        "task_type": "ImageMultiClass",
        "input_manifest_uri": MANIFEST,
        "labeling_team": "vets",
        "workers_per_object": 3,
        "description": "Choose the animal in the picture",
        "labels": ["cat", "dog"],
        **overrides,
    }


def a_definition(**overrides: Any) -> LabelingJobDefinition:
    """A definition without faults."""
    return LabelingJobDefinition(**a_document(**overrides))


def a_job(**overrides: Any) -> LabelingJob:
    """A draft of ann's in the project `pets`; `name` may be given in place of a whole definition."""
    name = overrides.pop("name", "cats-1")
    return LabelingJob(
        **{
            "project": "pets",
            "job_id": f"id-of-{name.lower()}",
            "definition": a_definition(name=name),
            "status": Status.DRAFT,
            "labeling_service": "BuiltIn",
            "created_by": "ann",
            "created_at": NOW,
            "updated_at": NOW,
            **overrides,
        }
    )


def a_project(store: JobStore, name: str = "pets", *, owner: str = "ann", collaborators: tuple[str, ...] = ()) -> Project:
    """A project in the store, with its members and its own prefix."""
    project = Project(name=name, description="", created_at=NOW)
    store.create_project(project, owner, DataLocation("default", project_prefix(BUCKET, name), LocationAccess.READ_WRITE))
    for username in collaborators:
        store.put_member(name, username, Role.COLLABORATOR)
    return project


def a_stored_job(store: JobStore, **overrides: Any) -> LabelingJob:
    """A labeling job in the store; its project must be there."""
    job = a_job(**overrides)
    store.create_job(job, JobEvent(NOW, "Created", {"status": job.status.value, "by": job.created_by}))
    return job


class OneView(WorkerView):
    """Lends the bucket's own client in place of a role's right; browsers see everything but `hidden`."""

    def __init__(self, s3: "S3Client", hidden: tuple[str, ...] = ()) -> None:
        self._s3 = s3
        self._hidden = hidden

    def of(self, project: str, locations: DataLocations) -> ProjectView:
        return ViewOfAll(self._s3, locations, self._hidden)


class ViewOfAll(ProjectView):
    def __init__(self, s3: "S3Client", locations: DataLocations, hidden: tuple[str, ...]) -> None:
        super().__init__(s3, Presigner(boto3.client("s3", config=Config(signature_version="s3v4")), "testing", 600), locations)
        self._hidden = hidden

    def unseen(self) -> tuple[str, ...]:
        return self._hidden


def some_surroundings(**overrides: Any) -> Surroundings:
    """Surroundings in which `a_definition()` has no faults: the project's own prefix, and a team of three."""
    return Surroundings(
        **{
            "region": "us-east-1",
            "account_id": "123456789012",
            "labeling_service": "BuiltIn",
            "data_locations": some_locations,
            "team_member_count": {"vets": 3}.get,
            "view": OneView(boto3.client("s3")),
            **overrides,
        }
    )


def some_locations(project: str = "pets") -> DataLocations:
    """The one data location that every project has."""
    return DataLocations.of([DataLocation("default", project_prefix(BUCKET, project), LocationAccess.READ_WRITE)])


def event_sample(name: str) -> dict[str, Any]:
    """A sample of `events/`."""
    sample: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return sample


def service_error(code: str, message: str = "It said so.", operation: str = "CreateLabelingJob") -> ClientError:
    """An error as boto3's SageMaker client raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def what_the_bus_hears(client: Any) -> list[dict[str, Any]]:
    """The entries that this EventBridge client puts from now on."""
    heard: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.events.PutEvents", lambda params, **_: heard.extend(params["Entries"]))
    return heard


class CrashError(Exception):
    """The function was killed here."""


@dataclass
class LabelingServiceInMemory:
    """Labeling jobs of a labeling service, to be moved by hand. `failures` are raised by the next creations, one each."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    crash_after_creation: bool = False
    unknown_as: str = "ResourceNotFound"  # the code of the error for a job that it does not know

    def create_labeling_job(self, **request: Any) -> dict[str, Any]:
        if self.failures:
            raise self.failures.pop(0)
        name = request["LabelingJobName"]
        if name.lower() in self.jobs:
            raise service_error("ResourceInUse")
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:labeling-job/{name.lower()}"
        self.jobs[name.lower()] = {
            "LabelingJobName": name,
            "LabelingJobArn": arn,
            "LabelingJobStatus": "Initializing",
            "LabelCounters": {"TotalLabeled": 0, "HumanLabeled": 0, "MachineLabeled": 0, "FailedNonRetryableError": 0, "Unlabeled": 2},
            "InputConfig": request.get("InputConfig"),
            "Tags": request["Tags"],
        }
        if self.crash_after_creation:
            self.crash_after_creation = False
            raise CrashError
        return {"LabelingJobArn": arn}

    def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
        try:
            return dict(self.jobs[request["LabelingJobName"].lower()])
        except KeyError:
            raise service_error(self.unknown_as, operation="DescribeLabelingJob") from None

    def stop_labeling_job(self, **request: Any) -> dict[str, Any]:
        name = request["LabelingJobName"]
        self.stopped.append(name)
        self.jobs[name.lower()]["LabelingJobStatus"] = "Stopping"
        return {}

    def list_labeling_jobs(self, **request: Any) -> dict[str, Any]:
        return {"LabelingJobSummaryList": list(self.jobs.values())}

    def list_workteams(self, **request: Any) -> dict[str, Any]:
        return {"Workteams": []}

    def describe_workteam(self, **request: Any) -> dict[str, Any]:
        raise service_error("ValidationException", operation="DescribeWorkteam")

    def create_workteam(self, **request: Any) -> dict[str, Any]:
        raise service_error("ValidationException", operation="CreateWorkteam")

    def delete_workteam(self, **request: Any) -> dict[str, Any]:
        return {"Success": True}

    def report(self, name: str, status: str, **description: Any) -> None:
        """Let the service say this of the job from now on."""
        self.jobs[name.lower()] |= {"LabelingJobStatus": status, **description}

    def has(self, job: LabelingJob, **description: Any) -> None:
        """Put the very job on the service, as its launch would have."""
        self.create_labeling_job(
            LabelingJobName=job.name,
            Tags=[{"Key": "groundwork:project", "Value": job.project}, {"Key": "groundwork:job-id", "Value": job.job_id}],
        )
        self.jobs[job.name.lower()] |= description


def run_validation(s3: "S3Client", request: ValidationRequest, locations: DataLocations, work: S3Uri) -> ValidationReport:
    """All phases of a validation, one after the other, as the validation machine runs them."""
    validation = ManifestValidation(s3, request, locations=locations, work=work)
    plan = validation.plan()
    surveys = [validation.survey(plan, shard) for shard in plan.shards]
    return validation.conclude(plan, surveys, [partition for partition in plan.partitions if validation.compare(plan, surveys, partition)])


def take_and_validate(store: JobStore, s3: "S3Client", step: LaunchStep) -> dict[str, Any]:
    """What the launch machine has after its state ValidateManifest."""
    taken = launching.take_manifest(store, s3, step, BUCKET)
    if taken["outcome"] != "taken":
        return taken
    request = ValidationRequest.from_document(json.loads(json.dumps(taken["request"])))
    return run_validation(s3, request, store.data_locations(request.project), S3Uri(BUCKET, "work/validation/one/")).outcome()


def a_png(width: int = 640, height: int = 480) -> bytes:
    """The beginning of a PNG, which is all that anybody here looks at."""
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\0\0\0"


# The CORS rule of the SageMaker guide (sms-cors-update).
OPEN_TO_BROWSERS: "CORSRuleTypeDef" = {
    "AllowedMethods": ["GET"],
    "AllowedOrigins": ["*"],
    "ExposeHeaders": ["Access-Control-Allow-Origin"],
}


def create_table(template: dict[str, Any], logical_id: str, name: str) -> "DynamoDBClient":
    """A table with the schema that is deployed, of the template with short functions in their long form."""
    properties = template["Resources"][logical_id]["Properties"]
    wanted = {
        key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes") if key in properties
    }
    client: DynamoDBClient = boto3.client("dynamodb")
    client.create_table(TableName=name, **wanted)
    return client


def create_data_bucket() -> "S3Client":
    """The data bucket, whose pictures browsers may show."""
    client: S3Client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    let_browsers_show_images(client, BUCKET)
    return client


def let_browsers_show_images(s3: "S3Client", bucket: str) -> None:
    """Give the bucket the CORS rule that the data bucket has."""
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [OPEN_TO_BROWSERS]})
