"""Labeling jobs for the engine's tests: requests, input files, and workers who answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3

from groundwork.access import Caller
from groundwork.engine.jobs import EngineJob, JobStatus, WaitOutcome
from groundwork.engine.loading import load_tasks, plan_loading
from groundwork.engine.output import RUN, Finished, Output
from groundwork.engine.store import EngineStore
from groundwork.engine.work import Work, Worker
from groundwork.labeling_functions import LabelingFunctionError, LabelingFunctions, LabelingFunctionUnusableError
from groundwork.labeling_jobs.tags import PROJECT_TAG
from groundwork.task_types import TASK_TYPES, built_in_lambda_arns

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "groundwork-data"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test"
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ARN_PREFIX = "arn:aws:sagemaker:us-east-1:123456789012"


def a_request(
    name: str = "Kinds-1", task_type: str = "ImageMultiClass", *, attribute: str = "kind", workers: int = 1, **human_task: Any
) -> dict[str, Any]:
    """A CreateLabelingJob request for the team `vets`; more keyword arguments go into HumanTaskConfig."""
    arns = None if TASK_TYPES[task_type].is_custom else built_in_lambda_arns(TASK_TYPES[task_type], "us-east-1", "aws")
    return {
        "LabelingJobName": name,
        "LabelAttributeName": attribute,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/projects/pets/manifests/in.manifest"}}},
        "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/projects/pets/output/"},
        "Tags": [{"Key": PROJECT_TAG, "Value": "pets"}],
        "RoleArn": "arn:aws:iam::123456789012:role/labeling",
        "LabelCategoryConfigS3Uri": f"s3://{BUCKET}/projects/pets/labels.json",
        "HumanTaskConfig": {
            "WorkteamArn": f"{ARN_PREFIX}:workteam/private-crowd/vets",
            "UiConfig": {"UiTemplateS3Uri": f"s3://{BUCKET}/projects/pets/template.liquid"},
            **({"PreHumanTaskLambdaArn": arns.pre_annotation} if arns else {}),
            "TaskTitle": "Kinds",
            "TaskDescription": "Choose the kind",
            "NumberOfHumanWorkersPerDataObject": workers,
            "TaskTimeLimitInSeconds": 300,
            "TaskAvailabilityLifetimeInSeconds": 3600,
            **({"AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": arns.annotation_consolidation}} if arns else {}),
            **human_task,
        },
    }


def a_job(request: Mapping[str, Any], status: JobStatus = JobStatus.INITIALIZING) -> EngineJob:
    arn = f"{ARN_PREFIX}:labeling-job/{request['LabelingJobName'].lower()}"
    return EngineJob(request["LabelingJobName"], arn, request, status, created_at=NOON, modified_at=NOON)


def pictures(count: int) -> list[dict[str, Any]]:
    return [{"source-ref": f"s3://{BUCKET}/projects/pets/datasets/{number}.jpg"} for number in range(count)]


@dataclass(frozen=True)
class Engine:
    """The engine on fakes. `work` is what members of the team `vets` talk to."""

    store: EngineStore
    s3: "S3Client"
    work: Work
    functions: LabelingFunctions = field(default_factory=lambda: LabelingFunctions(seconds=1))

    def put_input(
        self,
        lines: Sequence[Mapping[str, Any]],
        labels: Sequence[str | Mapping[str, Any]] = ("bus", "car", "truck"),
        instructions: Mapping[str, str] | None = None,
    ) -> None:
        body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
        self.s3.put_object(Bucket=BUCKET, Key="projects/pets/manifests/in.manifest", Body=body)
        categories = [{"label": label} if isinstance(label, str) else dict(label) for label in labels]
        document = {"document-version": "2018-11-28", "labels": categories, **({"instructions": instructions} if instructions else {})}
        self.s3.put_object(Bucket=BUCKET, Key="projects/pets/labels.json", Body=json.dumps(document).encode())

    def put_template(self, template: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key="projects/pets/template.liquid", Body=template.encode())

    def keep_versions(self) -> None:
        """As the stack's own data bucket does."""
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def open_job(
        self, lines: Sequence[Mapping[str, Any]], request: Mapping[str, Any] | None = None, *, at: datetime = NOON, **input_files: Any
    ) -> str:
        """A labeling job that workers can work on, created `at`; gives its name."""
        self.put_input(lines, **input_files)
        job = replace(a_job(request or a_request()), created_at=at, modified_at=at)
        assert self.store.create_job(job)
        self.load(job.name)
        self.set_status(job.name, JobStatus.IN_PROGRESS)
        return job.name

    def load(self, name: str) -> None:
        """What the run machine does before it waits."""
        for number in range(plan_loading(name, self.store, self.s3)):
            load_tasks(name, number, self.store, self.s3, self.functions)

    @property
    def output(self) -> Output:
        return Output(self.store, self.s3, BUCKET, self.functions)

    def write_output(self, name: str, outcome: WaitOutcome, now: datetime, round_: str = RUN) -> Finished | None:
        """What the run machine does after the wait."""
        for number in self.output.plan(name, round_, outcome) or ():
            self.output.consolidate(name, number, round_)
        return self.output.assemble(name, round_, now)

    def set_status(self, name: str, status: JobStatus) -> None:
        """As the run machine's states write it."""
        boto3.client("dynamodb").update_item(
            TableName="engine",
            Key={"pk": {"S": f"JOB#{name.lower()}"}, "sk": {"S": "JOB"}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status.value}},
        )

    def worker(self, username: str, *teams: str) -> Worker:
        return self.work.worker(Caller(username, frozenset(teams or ("vets",)), ISSUER, f"sub-of-{username}"))

    def label(self, worker: Worker, name: str, content: Mapping[str, Any], at: datetime = NOON + timedelta(seconds=20)) -> int:
        """Take the next lease and answer it; gives the task's number."""
        lease = self.work.take_lease(worker, name, at - timedelta(seconds=10))
        assert lease is not None
        self.work.answer(worker, lease.hold.lease_id, content, at)
        return lease.task.number

    def file(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=f"projects/pets/output/{key}")["Body"].read()

    def output_lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file(f"{name}/manifests/output/output.manifest").splitlines()]

    def parts(self) -> list[str]:
        """Parts of outputs that were not put together yet."""
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=BUCKET, Prefix="engine/parts/").get("Contents", ())]

    def keys(self, prefix: str) -> list[str]:
        root = "projects/pets/output/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{root}{prefix}")
        return [entry["Key"].removeprefix(root) for page in pages for entry in page.get("Contents", ())]


class FunctionsInMemory(LabelingFunctions):
    """A customer's functions, by ARN; each takes an event and answers. `events` are those that were sent."""

    def __init__(self, **functions: Callable[[Any], Any]) -> None:
        super().__init__(seconds=1, sleep=lambda _: None)
        self.functions = functions
        self.events: list[Any] = []

    def _invoke(self, arn: str, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        function = self.functions.get(arn.rpartition("_")[2])
        if function is None:
            raise LabelingFunctionUnusableError(arn, "ResourceNotFoundException", "It does not exist.")
        try:
            return json.loads(json.dumps(function(json.loads(json.dumps(event)))))
        except ZeroDivisionError as error:
            raise LabelingFunctionError(arn, "Unhandled", f"ZeroDivisionError: {error}") from error


def own_function(name: str, project: str = "pets") -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_{project}_{name}"


def a_custom_request(*, before: str | None = None, after: str | None = None, has_labels: bool = False, **more: Any) -> dict[str, Any]:
    """A request for a custom job, with these functions."""
    functions: dict[str, Any] = {"PreHumanTaskLambdaArn": before} if before else {}
    if after:
        functions["AnnotationConsolidationConfig"] = {"AnnotationConsolidationLambdaArn": after}
    request = a_request("Moods-1", "Custom", **{"attribute": "mood", **functions, **more})
    return request if has_labels else {name: value for name, value in request.items() if name != "LabelCategoryConfigS3Uri"}


def chose(label: str) -> dict[str, Any]:
    """The answer of an image classification."""
    return {"crowd-image-classifier": {"label": label}}
