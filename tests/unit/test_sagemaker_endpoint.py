"""The SageMaker-compatible endpoint, asked by boto3's own SageMaker client with an issued access key."""

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from groundwork import access_keys
from groundwork.access import Role
from groundwork.engine.store import EngineStore
from groundwork.labeling_jobs.launching import is_same_job
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobStore
from tests.api_events import LambdaContext, make_access_key_secrets_key, make_user_pool
from tests.builders import BUCKET, a_project, a_stored_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FUNCTION = importlib.import_module("functions.answer_sagemaker_requests.app")
PREFIX = f"s3://{BUCKET}/projects/pets"
ENDPOINT = "http://127.0.0.1:1/v1/sagemaker"
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/vets"


@pytest.fixture(autouse=True)
def world(jobs_table: object, engine_table: object, data_bucket: "S3Client") -> JobStore:
    """The project `pets` of ann with the collaborator bob, the project `zoo` of zed, the labeling team `vets`."""
    make_access_key_secrets_key()
    pool = make_user_pool("ann", "bob", "zed", "olga")
    boto3.client("cognito-idp").create_group(UserPoolId=pool, GroupName="vets")
    store = JobStore.from_env()
    a_project(store, "pets", owner="ann", collaborators=("bob",))
    a_project(store, "zoo", owner="zed")
    data_bucket.put_object(
        Bucket=BUCKET, Key="projects/pets/labels.json", Body=json.dumps({"labels": [{"label": "cat"}, {"label": "dog"}]})
    )
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/instructions.template", Body=b"<p>{{ task.input.taskObject }}</p>")
    return store


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        return [self._content]


def ask(request: Any) -> AWSResponse:
    """The function's answer to what a client would have sent over the network."""
    address = urlsplit(request.url)
    event = {
        "httpMethod": request.method,
        "path": "/sagemaker",
        "headers": {**{name: _text(value) for name, value in request.headers.items()}, "Host": address.netloc},
        "requestContext": {"path": address.path, "apiId": "api", "requestId": "request-1"},
        "body": _text(request.body),
        "isBase64Encoded": False,
    }
    answer = FUNCTION.lambda_handler(event, LambdaContext())
    return AWSResponse(request.url, answer["statusCode"], answer["headers"], _Body(answer["body"].encode()))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def client(owner: str, project: str | None = None, *, on_wire: Callable[[Any], Any] | None = None) -> Any:
    """boto3's SageMaker client with a fresh access key of that person. `on_wire` may change the request on its way."""
    store = JobStore.from_env()
    key, _ = access_keys.issue(store, owner=owner, project=project, now=datetime.now(UTC))
    sagemaker = boto3.client(
        "sagemaker",
        endpoint_url=ENDPOINT,
        aws_access_key_id=key.id,
        aws_secret_access_key=access_keys.SecretSource.from_env().secret(key.id),
        aws_session_token="",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def before_send(request: Any, **_: Any) -> AWSResponse:
        if on_wire:
            on_wire(request)
        return ask(request)

    sagemaker.meta.events.register_first("before-send.sagemaker", before_send)
    sagemaker.access_key = key
    return sagemaker


def a_request(**changes: Any) -> dict[str, Any]:
    """As the public examples for Ground Truth write it: picture classification with a private team and the asker's own role."""
    account = "432418664414"
    return {
        "LabelingJobName": "Cats-1",
        "LabelAttributeName": "kind",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"{PREFIX}/manifests/cats.manifest"}}},
        "OutputConfig": {"S3OutputPath": f"{PREFIX}/output/"},
        "RoleArn": "arn:aws:iam::123456789012:role/somebody",
        "LabelCategoryConfigS3Uri": f"{PREFIX}/labels.json",
        "HumanTaskConfig": {
            "WorkteamArn": TEAM,
            "UiConfig": {"UiTemplateS3Uri": f"{PREFIX}/instructions.template"},
            "PreHumanTaskLambdaArn": f"arn:aws:lambda:us-east-1:{account}:function:PRE-ImageMultiClass",
            "TaskTitle": "Cats and dogs",
            "TaskDescription": "Choose the animal",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 300,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": f"arn:aws:lambda:us-east-1:{account}:function:ACS-ImageMultiClass"
            },
        },
        "Tags": [{"Key": "team", "Value": "vision"}],
        **changes,
    }


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_job_created_here_is_described_listed_and_kept_by_the_control_plane(world: JobStore) -> None:
    sagemaker = client("ann")

    created = sagemaker.create_labeling_job(**a_request())

    described = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    assert described["LabelingJobArn"] == created["LabelingJobArn"] == "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"
    assert described["LabelingJobStatus"] == "Initializing"
    assert isinstance(described["CreationTime"], datetime)
    assert [job["LabelingJobName"] for job in sagemaker.list_labeling_jobs()["LabelingJobSummaryList"]] == ["Cats-1"]
    job = world.job("cats-1")
    assert job is not None
    assert (job.project, job.status, job.created_by, job.labeling_job_arn) == (
        "pets",
        Status.INITIALIZING,
        "ann",
        created["LabelingJobArn"],
    )
    assert (job.definition.task_type, job.definition.label_names, job.definition.labeling_team) == (
        "ImageMultiClass",
        ("cat", "dog"),
        "vets",
    )
    assert job.definition.tags == {"team": "vision"}
    assert job.own_template_uri == f"{PREFIX}/instructions.template"


def test_a_job_without_a_template_shows_the_instructions_of_its_label_categories(world: JobStore, data_bucket: "S3Client") -> None:
    categories = {"labels": [{"label": "Person", "shortDisplayName": "PER"}], "instructions": {"shortInstruction": "<p>Mark names</p>"}}
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/labels.json", Body=json.dumps(categories))
    request = a_request()
    account = "432418664414"
    request["HumanTaskConfig"] |= {
        "UiConfig": {"HumanTaskUiArn": "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/NamedEntityRecognition"},
        "PreHumanTaskLambdaArn": f"arn:aws:lambda:us-east-1:{account}:function:PRE-NamedEntityRecognition",
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": f"arn:aws:lambda:us-east-1:{account}:function:ACS-NamedEntityRecognition"
        },
    }

    client("ann").create_labeling_job(**request)

    job = world.job("cats-1")
    assert job is not None
    assert (job.own_template_uri, job.definition.short_instructions) == (None, "<p>Mark names</p>")


@pytest.mark.parametrize(
    "content", [b"cat, dog", b"[]", b'{"labels": [{"label": 1}]}', b'{"labels": [{"label": "\\ud800"}]}', b'{"labels": [{"label": ""}]}']
)
def test_label_categories_that_cannot_be_read_are_named(world: JobStore, data_bucket: "S3Client", content: bytes) -> None:
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/labels.json", Body=content)

    code, message = error_of(lambda: client("ann").create_labeling_job(**a_request()))

    assert code == "ValidationException"
    assert message.startswith(f"LabelCategoryConfigS3Uri {PREFIX}/labels.json: ")
    assert world.job("Cats-1") is None


def test_the_labeling_service_and_the_control_plane_know_it_as_the_same_job(world: JobStore) -> None:
    sagemaker = client("ann")
    sagemaker.create_labeling_job(**a_request())

    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["Tags"]}

    job = world.job("Cats-1")
    assert job is not None
    assert tags == {"team": "vision", "groundwork:project": "pets", "groundwork:job-id": job.job_id}


def test_a_name_is_taken_for_both_whoever_has_it(world: JobStore) -> None:
    a_stored_job(world, name="cats-1")
    sagemaker = client("ann")

    code, _ = error_of(lambda: sagemaker.create_labeling_job(**a_request()))

    assert code == "ResourceInUse"
    assert EngineStore.from_env().job("cats-1") is None


def test_a_job_is_in_the_keys_project_or_the_owners_first(world: JobStore) -> None:
    world.put_member("zoo", "ann", Role.COLLABORATOR)
    request = a_request()
    request["LabelingJobName"] = "For-the-zoo"

    code, message = error_of(lambda: client("ann", "zoo").create_labeling_job(**request))

    # The zoo's key does not reach what only pets may read.
    assert code == "ValidationException"
    assert "s3://groundwork-data/projects/zoo/" in message


def test_every_place_outside_the_projects_data_locations_is_named(world: JobStore) -> None:
    request = a_request(
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://elsewhere/cats.manifest"}}},
        OutputConfig={"S3OutputPath": "s3://elsewhere/output/"},
        LabelCategoryConfigS3Uri="s3://elsewhere/labels.json",
    )

    code, message = error_of(lambda: client("ann").create_labeling_job(**request))

    assert code == "ValidationException"
    assert all(name in message for name in ("ManifestS3Uri", "S3OutputPath", "LabelCategoryConfigS3Uri"))
    assert world.job("Cats-1") is None


def test_faults_are_worded_as_sagemaker_words_them() -> None:
    request = a_request(LabelingJobName="-cats-")

    # botocore would let this pass: the pattern is checked by the service.
    code, message = error_of(lambda: client("ann").create_labeling_job(**request))

    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '-cats-' at 'labelingJobName' failed to satisfy constraint:")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such object"),
        (b"<p>{% if %}</p>", "is not Liquid"),
        (b"\xff\xfe", "it is not text in UTF-8"),
        (b"x" * 600_000, "is longer than 128,000 characters"),
    ],
)
def test_a_template_that_no_page_can_be_made_of_is_named(
    world: JobStore, data_bucket: "S3Client", content: bytes | None, problem: str
) -> None:
    key = "projects/pets/instructions.template"
    if content is None:
        data_bucket.delete_object(Bucket=BUCKET, Key=key)
    else:
        data_bucket.put_object(Bucket=BUCKET, Key=key, Body=content)

    code, message = error_of(lambda: client("ann").create_labeling_job(**a_request()))

    assert code == "ValidationException"
    assert message.startswith(f"HumanTaskConfig.UiConfig.UiTemplateS3Uri {PREFIX}/instructions.template: ")
    assert problem in message
    assert world.job("Cats-1") is None


def test_others_do_not_learn_that_a_job_exists(world: JobStore) -> None:
    client("ann").create_labeling_job(**a_request())
    stranger = client("zed")

    for call in (
        lambda: stranger.describe_labeling_job(LabelingJobName="Cats-1"),
        lambda: stranger.stop_labeling_job(LabelingJobName="Cats-1"),
        lambda: stranger.list_tags(ResourceArn="arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"),
    ):
        assert error_of(call)[0] == "ResourceNotFound"
    assert stranger.list_labeling_jobs()["LabelingJobSummaryList"] == []
    assert stranger.list_labeling_jobs_for_workteam(WorkteamArn=TEAM)["LabelingJobSummaryList"] == []


def test_a_person_of_no_project_creates_nothing() -> None:
    code, message = error_of(lambda: client("olga").create_labeling_job(**a_request()))

    assert code == "AccessDeniedException"
    assert "sagemaker:CreateLabelingJob" in message


def test_a_member_who_did_not_create_the_job_does_not_stop_it(world: JobStore) -> None:
    client("ann").create_labeling_job(**a_request())

    code, _ = error_of(lambda: client("bob").stop_labeling_job(LabelingJobName="Cats-1"))

    assert code == "AccessDeniedException"


def test_a_stop_reaches_the_engine_and_the_control_plane(world: JobStore) -> None:
    sagemaker = client("bob")
    sagemaker.create_labeling_job(**a_request())

    sagemaker.stop_labeling_job(LabelingJobName="cats-1")

    assert sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["LabelingJobStatus"] == "Stopping"
    job = world.job("Cats-1")
    assert job is not None
    assert job.status is Status.STOPPING


def test_the_control_plane_may_launch_its_own_job_through_the_endpoint(world: JobStore) -> None:
    job = a_stored_job(world, name="Cats-1", status=Status.LAUNCHING)
    tags = [{"Key": "groundwork:project", "Value": "pets"}, {"Key": "groundwork:job-id", "Value": job.job_id}]

    client("ann").create_labeling_job(**a_request(Tags=tags))

    assert EngineStore.from_env().job("cats-1") is not None
    assert world.job("Cats-1") == job


def test_nobody_passes_a_job_off_as_another_projects() -> None:
    forged = [{"Key": "groundwork:project", "Value": "zoo"}, {"Key": "groundwork:job-id", "Value": "made-up"}]

    client("ann").create_labeling_job(**a_request(Tags=forged))

    kept = EngineStore.from_env().job("cats-1")
    assert kept is not None
    assert kept.project == "pets"


def test_the_control_plane_of_another_stack_knows_the_job_it_launched_here_again(world: JobStore) -> None:
    theirs = [{"Key": "groundwork:project", "Value": "cats"}, {"Key": "groundwork:job-id", "Value": "0123456789abcdef0123456789abcdef"}]
    sagemaker = client("ann")

    sagemaker.create_labeling_job(**a_request(Tags=theirs))

    described = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    ours = world.job("Cats-1")
    assert ours is not None
    assert ours.project == "pets"
    assert is_same_job("0123456789abcdef0123456789abcdef", described)
    assert is_same_job(ours.job_id, described)


def test_workteams_are_the_labeling_teams() -> None:
    sagemaker = client("ann")

    assert [team["WorkteamArn"] for team in sagemaker.list_workteams()["Workteams"]] == [TEAM]
    assert sagemaker.describe_workteam(WorkteamName="vets")["Workteam"]["WorkteamName"] == "vets"


def test_jobs_of_a_workteam_are_listed_with_what_is_pending() -> None:
    sagemaker = client("ann")
    sagemaker.create_labeling_job(**a_request())

    (summary,) = sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=TEAM)["LabelingJobSummaryList"]

    assert summary["LabelingJobName"] == "Cats-1"
    assert summary["NumberOfHumanWorkersPerDataObject"] == 3
    assert set(summary["LabelCounters"]) == {"HumanLabeled", "PendingHuman", "Total"}


def test_tags_are_added_and_listed_but_ours_are_ours() -> None:
    sagemaker = client("ann")
    arn = sagemaker.create_labeling_job(**a_request())["LabelingJobArn"]

    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "pets"}])

    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    assert (tags["stage"], tags["team"]) == ("test", "pets")
    code, message = error_of(lambda: sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "Groundwork:Project", "Value": "zoo"}]))
    assert (code, "reserved" in message) == ("ValidationException", True)


def test_jobs_are_filtered_by_the_time_they_were_created() -> None:
    sagemaker = client("ann")
    sagemaker.create_labeling_job(**a_request())

    assert sagemaker.list_labeling_jobs(CreationTimeAfter=datetime(2100, 1, 1, tzinfo=UTC))["LabelingJobSummaryList"] == []
    assert len(sagemaker.list_labeling_jobs(CreationTimeBefore=datetime(2100, 1, 1, tzinfo=UTC))["LabelingJobSummaryList"]) == 1


def test_a_template_is_rendered_or_its_fault_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sagemaker = client("ann")
    task = {"Input": json.dumps({"text": "<b>bold</b>"})}

    def render(content: str) -> Any:
        return sagemaker.render_ui_template(UiTemplate={"Content": content}, Task=task, RoleArn="arn:aws:iam::123456789012:role/somebody")

    assert render("<p>{{ task.input.text }}</p>")["RenderedContent"] == "<p>&lt;b&gt;bold&lt;/b&gt;</p>"
    assert render("{% if %}")["Errors"][0]["Code"] == "TemplateError"


def test_a_revoked_key_and_a_disabled_owner_are_unknown_at_once(world: JobStore) -> None:
    revoked, disabled = client("ann"), client("bob")
    access_keys.revoke(world, owner="ann", access_key_id=revoked.access_key.id, now=datetime.now(UTC))
    boto3.client("cognito-idp").admin_disable_user(UserPoolId="us-east-1_test", Username="bob")

    for sagemaker in (revoked, disabled):
        assert error_of(sagemaker.list_workteams)[0] == "UnrecognizedClientException"


def test_a_body_that_was_changed_on_its_way_is_refused() -> None:
    def change(request: Any) -> None:
        request.body = request.body.replace(b"Cats-1", b"Cats-2")

    assert error_of(lambda: client("ann", on_wire=change).create_labeling_job(**a_request()))[0] == "InvalidSignatureException"


def test_an_operation_that_is_none_of_the_endpoints_is_named() -> None:
    code, message = error_of(client("ann").list_training_jobs)

    assert code == "UnknownOperationException"
    assert "ListTrainingJobs" in message


def test_a_stack_on_sagemaker_sends_its_clients_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FUNCTION, "endpoint", replace(FUNCTION.endpoint, labeling_service="SageMaker"))

    code, message = error_of(client("ann").list_labeling_jobs)

    assert (code, "SageMaker itself" in message) == ("AccessDeniedException", True)
