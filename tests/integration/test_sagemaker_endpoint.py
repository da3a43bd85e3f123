"""Scripts written for Ground Truth, against the stack: boto3 with an issued access key and another endpoint URL."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from groundwork.task_types import TASK_TYPES, built_in_lambda_arns
from local.place import REGION
from tests.integration import test_main_job as main_job
from tests.integration.front_door import FrontDoor, eventually

# Those that ask the labeling service (`SageMakerEndpointKeyPolicy` in the template has their roles), and those that only name it.
ASK_THE_SERVICE = (
    "CreateLabelingJobFunction",
    "DriveSplitJobsFunction",
    "ReconcileLabelingJobsFunction",
    "RecordServiceStatusFunction",
    "ServeProjectsFunction",
    "SettleLaunchFunction",
    "StopLabelingJobFunction",
)
NAME_THE_SERVICE = ("ServeCatalogueFunction", "ServeLabelingJobsFunction")


def sagemaker(door: FrontDoor, person: str) -> Any:
    """boto3's SageMaker client with a new access key of that person; the key's id is in `access_key_id`."""
    key = door.as_(person).post("/access-keys", {}).expect(201)
    client = boto3.client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=door.addresses["sagemaker_endpoint_url"],
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.access_key_id = key["access_key_id"]
    return client


def a_request(door: FrontDoor, name: str) -> dict[str, Any]:
    """CreateLabelingJob over two fresh pictures, as Ground Truth's examples write it."""
    owner = door.as_("owner")
    manifest = "".join(json.dumps({"source-ref": uri}) + "\n" for uri in door.upload_pictures(2))
    labels = json.dumps({"document-version": "2018-11-28", "labels": [{"label": "cat"}, {"label": "dog"}]})
    template = '<crowd-form><crowd-image-classifier name="crowd-image-classifier" src="{{ task.input.taskObject | grant_read_access }}" \
categories="{{ task.input.labels | to_json | escape }}" header="Which?"></crowd-image-classifier></crowd-form>'
    arns = built_in_lambda_arns(TASK_TYPES["ImageMultiClass"], REGION, "aws")
    teams = owner.get("/projects/demo/labeling-teams").expect(200)["items"]
    team = next(team["arn"] for team in teams if team["name"] == door.addresses["demo"]["labeling_team"])
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "kind",
        "InputConfig": {
            "DataSource": {
                "S3DataSource": {"ManifestS3Uri": owner.upload("demo", f"datasets/{name}.jsonl", manifest.encode(), "text/plain")}
            }
        },
        "OutputConfig": {"S3OutputPath": f"s3://{door.addresses['data_bucket']}/projects/demo/output/"},
        "RoleArn": "arn:aws:iam::123456789012:role/my-own-role",
        "LabelCategoryConfigS3Uri": owner.upload("demo", f"datasets/{name}-labels.json", labels.encode(), "application/json"),
        "HumanTaskConfig": {
            "WorkteamArn": team,
            "UiConfig": {"UiTemplateS3Uri": owner.upload("demo", f"datasets/{name}.liquid", template.encode(), "text/plain")},
            "PreHumanTaskLambdaArn": arns.pre_annotation,
            "TaskTitle": "Cats and dogs",
            "TaskDescription": "Choose the animal",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 300,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": arns.annotation_consolidation},
        },
    }


def test_a_ground_truth_script_runs_with_only_the_endpoint_changed(door: FrontDoor) -> None:
    client = sagemaker(door, "owner")
    name = "From-a-script"

    arn = client.create_labeling_job(**a_request(door, name))["LabelingJobArn"]
    door.wait_for(name, "InProgress")
    door.label_everything("worker-1", name, "cat")

    def completed() -> Any:
        described = client.describe_labeling_job(LabelingJobName=name)
        return described if described["LabelingJobStatus"] == "Completed" else None

    described = eventually(completed, "the job to be completed")
    assert described["LabelingJobArn"] == arn
    assert described["LabelCounters"]["HumanLabeled"] == 2
    uri = described["LabelingJobOutput"]["OutputDatasetS3Uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    lines = [json.loads(line) for line in door.operator("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()]
    # As published readers find the labels: by the attribute's name in the description, and the metadata beside it.
    attribute = described["LabelAttributeName"]
    assert [line[attribute] for line in lines] == [0, 0]
    assert {line[f"{attribute}-metadata"]["class-name"] for line in lines} == {"cat"}
    # The control plane has it like any other job.
    job = door.wait_for(name, "Completed")
    assert (job["labels"], job["created_by"], job["output_manifest_uri"]) == (["cat", "dog"], "owner", uri)
    pages = client.get_paginator("list_labeling_jobs").paginate(SortOrder="Descending", PaginationConfig={"PageSize": 1})
    assert next(
        summary["LabelingJobOutput"] for page in pages for summary in page["LabelingJobSummaryList"] if summary["LabelingJobName"] == name
    ) == {"OutputDatasetS3Uri": uri}
    pages = client.get_paginator("list_labeling_jobs_for_workteam").paginate(
        WorkteamArn=described["HumanTaskConfig"]["WorkteamArn"], JobReferenceCodeContains=described["JobReferenceCode"]
    )
    (summary,) = [summary for page in pages for summary in page["LabelingJobSummaryList"]]
    assert (summary["LabelingJobName"], summary["LabelCounters"]) == (name, {"HumanLabeled": 2, "PendingHuman": 0, "Total": 2})
    assert client.stop_labeling_job(LabelingJobName=name)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_template_is_rendered_with_a_link_to_the_projects_own_picture(door: FrontDoor) -> None:
    client = sagemaker(door, "owner")
    (picture,) = door.upload_pictures(1)

    rendered = client.render_ui_template(
        UiTemplate={"Content": '<img src="{{ task.input.taskObject | grant_read_access }}">'},
        Task={"Input": json.dumps({"taskObject": picture})},
        RoleArn="arn:aws:iam::123456789012:role/my-own-role",
    )

    assert rendered["Errors"] == []
    assert "X-Amz-Signature" in rendered["RenderedContent"]


def test_keys_of_others_and_revoked_keys_open_nothing(door: FrontDoor) -> None:
    outsider, revoked = sagemaker(door, "outsider"), sagemaker(door, "collaborator")
    running = door.running_job()
    listed = door.as_("collaborator").get("/access-keys").expect(200)["items"]
    assert [key["access_key_id"] for key in listed] == [revoked.access_key_id]

    door.as_("collaborator").delete(f"/access-keys/{revoked.access_key_id}").expect(204)

    with pytest.raises(ClientError, match="ResourceNotFound"):
        outsider.describe_labeling_job(LabelingJobName=running)
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        revoked.list_labeling_jobs()


@contextmanager
def a_control_plane_on_sagemaker(door: FrontDoor) -> Iterator[None]:
    """While this lasts, the control plane runs with LabelingService=SageMaker and boto3's client, pointed at the endpoint.

    The engine and the endpoint stay as they are, so one stack is both sides.
    """
    secrets = door.operator("secretsmanager")
    key = door.as_("owner").post("/access-keys", {}).expect(201)
    secret = secrets.create_secret(Name=f"endpoint-{key['access_key_id']}", SecretString=json.dumps(key))["ARN"]
    settings = {
        "LABELING_SERVICE": "SageMaker",
        "AWS_ENDPOINT_URL_SAGEMAKER": door.addresses["sagemaker_endpoint_url"],
        "SAGEMAKER_ENDPOINT_KEY_SECRET": secret,
    }
    with (
        door.allowed(*ASK_THE_SERVICE, action="secretsmanager:GetSecretValue", resource=secret),
        door.denied("CreateLabelingJobFunction", "dynamodb:PutItem"),
        door.configured(*ASK_THE_SERVICE, *NAME_THE_SERVICE, **settings),
    ):
        yield


def test_a_control_plane_on_sagemaker_does_the_main_job_through_the_endpoint(door: FrontDoor) -> None:
    with a_control_plane_on_sagemaker(door):
        assert door.nobody.get("/health").expect(200)["labeling_service"] == "SageMaker"

        main_job.test_a_request_becomes_a_finished_labeling_job(door)
        main_job.test_a_stopped_job_keeps_what_was_labeled(door)
