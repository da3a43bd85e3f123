"""The labeling service's operations, as a caller of boto3's SageMaker client sees them."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from groundwork.engine.jobs import Counters, JobStatus
from groundwork.engine.operations import BuiltInLabelingService
from groundwork.labeling_service import labeling_service
from groundwork.task_types import TASK_TYPES
from tests.api_events import make_user_pool
from tests.unit.engine.builders import ARN_PREFIX, NOON, Engine, a_custom_request, a_request, chose, own_function, pictures

END = NOON + timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(engine: Engine, clock: Clock) -> BuiltInLabelingService:
    pool = make_user_pool("ann")
    cognito = boto3.client("cognito-idp")
    cognito.create_group(UserPoolId=pool, GroupName="vets", Description="Animal doctors")
    cognito.create_group(UserPoolId=pool, GroupName="lawyers")
    return BuiltInLabelingService(engine.store, cognito, user_pool=pool, user_pool_client="client", arn_prefix=ARN_PREFIX, clock=clock)


@cache
def sagemaker_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


def conforms(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, which is of the operation's output in SageMaker's service model."""
    shape = sagemaker_model().operation_model(operation).output_shape
    assert shape is not None
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    assert set(answer) <= set(shape.members)
    return answer


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# --- labeling jobs ---------------------------------------------------------------------------------------------------


def test_a_created_job_is_described_with_what_was_sent_and_the_defaults(service: BuiltInLabelingService) -> None:
    request = a_request(workers=3)
    created = conforms("CreateLabelingJob", service.create_labeling_job(**request))

    described = conforms("DescribeLabelingJob", service.describe_labeling_job(LabelingJobName="kinds-1"))

    assert created == {"LabelingJobArn": f"{ARN_PREFIX}:labeling-job/kinds-1"}
    assert described["LabelingJobStatus"] == "Initializing"
    assert described["LabelingJobName"] == "Kinds-1"
    assert described["CreationTime"] == NOON
    assert described["InputConfig"] == request["InputConfig"]
    assert described["OutputConfig"] == {"KmsKeyId": "", **request["OutputConfig"]}
    assert described["StoppingConditions"] == {"MaxPercentageOfInputDatasetLabeled": 100}
    assert described["HumanTaskConfig"] == {"MaxConcurrentTaskCount": 1000, **request["HumanTaskConfig"]}
    assert len(described["JobReferenceCode"]) == 28
    assert "LabelingJobOutput" not in described


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_every_task_type_is_accepted(service: BuiltInLabelingService, task_type: str) -> None:
    attribute = f"label{TASK_TYPES[task_type].label_attribute_suffix}"

    assert service.create_labeling_job(**a_request(task_type=task_type, attribute=attribute))


def test_a_name_in_another_case_is_taken(service: BuiltInLabelingService) -> None:
    service.create_labeling_job(**a_request("Kinds-1"))

    assert refusal(service.create_labeling_job, **a_request("KINDS-1"))[0] == "ResourceInUse"


def changed(**fields: Any) -> dict[str, Any]:
    return {**a_request(), **fields}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (changed(LabelingJobName="a_b"), "at 'labelingJobName' failed to satisfy constraint: Member must satisfy regular expression"),
        (
            changed(LabelingJobName="a" * 64),
            "at 'labelingJobName' failed to satisfy constraint: Member must have length less than or equal to 63",
        ),
        (changed(Extra=1), "Unknown parameter"),
        ({key: value for key, value in a_request().items() if key != "RoleArn"}, 'Missing required parameter in input: "RoleArn"'),
        (a_request(TaskTitle="x" * 129), "at 'humanTaskConfig.taskTitle' failed"),
        (a_request(workers=10), "at 'humanTaskConfig.numberOfHumanWorkersPerDataObject' failed to satisfy constraint"),
        (a_request(workers=0), "NumberOfHumanWorkersPerDataObject"),
        (a_request(TaskTimeLimitInSeconds=29), "TaskTimeLimitInSeconds"),
        (a_request(TaskKeywords=["ok", "not, ok"]), "at 'humanTaskConfig.taskKeywords.2.member' failed"),
        (changed(Tags=[{"Key": "k" * 129, "Value": "v"}]), "at 'tags.1.member.key' failed"),
        (a_request(attribute="kind-metadata"), "LabelAttributeName must not end in -metadata"),
        (a_request(attribute="source"), "LabelAttributeName must not be a reserved name"),
        (a_request(attribute="kind-ref"), "LabelAttributeName must not end in -ref"),
        (a_request(task_type="SemanticSegmentation"), "LabelAttributeName must end in -ref"),
        ({key: value for key, value in a_request().items() if key != "LabelCategoryConfigS3Uri"}, "LabelCategoryConfigS3Uri is required"),
        (changed(InputConfig={"DataSource": {}}), "ManifestS3Uri is required"),
        (changed(OutputConfig={"S3OutputPath": "https://s3.amazonaws.com/b/k"}), "OutputConfig.S3OutputPath must be of the form s3://"),
        (
            a_request(UiConfig={"UiTemplateS3Uri": "s3://bucket/../page.liquid"}),
            "HumanTaskConfig.UiConfig.UiTemplateS3Uri must be of the form s3://bucket/key",
        ),
        (
            a_request(PreHumanTaskLambdaArn="arn:aws:lambda:us-east-1:432418664414:function:PRE-VideoMultiClass"),
            "PreHumanTaskLambdaArn must be",
        ),
        (a_request(UiConfig={}), "UiConfig must have exactly one"),
        (a_request(WorkteamArn=f"{ARN_PREFIX}:workteam/private-crowd/nobody"), "there is no work team"),
        (a_request(WorkteamArn=f"{ARN_PREFIX}:workteam/private-crowd/admins"), "there is no work team"),
        (a_request(WorkteamArn="arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"), "there is no work team"),
    ],
)
def test_a_request_that_sagemaker_would_refuse_is_refused_in_its_words(
    service: BuiltInLabelingService, request_: dict[str, Any], words: str
) -> None:
    code, message = refusal(service.create_labeling_job, **request_)

    assert code == "ValidationException"
    assert words in message


def test_counters_follow_the_work_and_the_output_appears_at_the_end(engine: Engine, service: BuiltInLabelingService) -> None:
    name = engine.open_job(pictures(3))
    engine.label(engine.worker("ann"), name, chose("car"))

    running = service.describe_labeling_job(LabelingJobName=name)
    engine.store.come_to_rest(name, JobStatus.COMPLETED, END, counters=Counters(human_labeled=2, failed=1))
    ended = conforms("DescribeLabelingJob", service.describe_labeling_job(LabelingJobName=name))

    assert running["LabelCounters"] == {
        "TotalLabeled": 1,
        "HumanLabeled": 1,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 2,
    }
    assert ended["LabelCounters"]["TotalLabeled"] == 2
    assert ended["LabelCounters"]["FailedNonRetryableError"] == 1
    assert ended["LastModifiedTime"] == END
    assert ended["LabelingJobOutput"]["OutputDatasetS3Uri"].endswith("/projects/pets/output/Kinds-1/manifests/output/output.manifest")


def test_a_failed_job_says_why(engine: Engine, service: BuiltInLabelingService) -> None:
    name = engine.open_job(pictures(1))
    engine.store.come_to_rest(name, JobStatus.FAILED, END, failure_reason="x" * 2000)

    assert len(service.describe_labeling_job(LabelingJobName=name)["FailureReason"]) == 1024


def test_stopping_moves_a_running_job_and_leaves_a_finished_one(engine: Engine, service: BuiltInLabelingService) -> None:
    name = engine.open_job(pictures(1))

    for _ in range(2):
        service.stop_labeling_job(LabelingJobName=name)
        assert service.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"] == "Stopping"
    engine.store.come_to_rest(name, JobStatus.STOPPED, END)
    service.stop_labeling_job(LabelingJobName=name)

    assert service.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"] == "Stopped"


def test_a_job_that_does_not_exist_is_not_found(service: BuiltInLabelingService) -> None:
    assert refusal(service.describe_labeling_job, LabelingJobName="nope")[0] == "ResourceNotFound"
    assert refusal(service.stop_labeling_job, LabelingJobName="nope")[0] == "ResourceNotFound"


def test_jobs_are_listed_in_pages_filtered_and_in_the_order_asked_for(service: BuiltInLabelingService, clock: Clock) -> None:
    for name in ("beta-1", "Alpha-2", "beta-3"):
        service.create_labeling_job(**a_request(name))
        clock.now += timedelta(minutes=1)
    service.stop_labeling_job(LabelingJobName="beta-3")

    def names(**request: Any) -> list[str]:
        answer = conforms("ListLabelingJobs", service.list_labeling_jobs(**request))
        return [summary["LabelingJobName"] for summary in answer["LabelingJobSummaryList"]]

    first = service.list_labeling_jobs(MaxResults=2)
    assert names() == ["beta-1", "Alpha-2", "beta-3"]
    assert names(MaxResults=2) == ["beta-1", "Alpha-2"]
    assert names(MaxResults=2, NextToken=first["NextToken"]) == ["beta-3"]
    assert names(NameContains="BETA", SortOrder="Descending") == ["beta-3", "beta-1"]
    assert names(SortBy="Name") == ["Alpha-2", "beta-1", "beta-3"]
    assert names(StatusEquals="Stopping") == ["beta-3"]
    assert names(CreationTimeAfter=NOON + timedelta(seconds=1), CreationTimeBefore=NOON + timedelta(seconds=90)) == ["Alpha-2"]
    assert refusal(service.list_labeling_jobs, NextToken="x")[0] == "ValidationException"


# --- workteams -------------------------------------------------------------------------------------------------------


def test_labeling_teams_are_the_groups_and_administrators_are_none(service: BuiltInLabelingService) -> None:
    answer = conforms("ListWorkteams", service.list_workteams(SortBy="Name"))

    assert [team["WorkteamName"] for team in answer["Workteams"]] == ["lawyers", "vets"]
    assert answer["Workteams"][1]["WorkteamArn"] == f"{ARN_PREFIX}:workteam/private-crowd/vets"
    assert answer["Workteams"][1]["Description"] == "Animal doctors"
    assert [team["WorkteamName"] for team in service.list_workteams(NameContains="Vet")["Workteams"]] == ["vets"]


def test_teams_are_listed_in_pages(service: BuiltInLabelingService) -> None:
    first = service.list_workteams(SortBy="Name", SortOrder="Descending", MaxResults=1)
    second = service.list_workteams(SortBy="Name", SortOrder="Descending", MaxResults=1, NextToken=first["NextToken"])

    assert [team["WorkteamName"] for page in (first, second) for team in page["Workteams"]] == ["vets", "lawyers"]
    assert "NextToken" not in second


def test_a_team_is_described_with_its_group(service: BuiltInLabelingService) -> None:
    team = conforms("DescribeWorkteam", service.describe_workteam(WorkteamName="vets"))["Workteam"]

    assert team["MemberDefinitions"] == [
        {"CognitoMemberDefinition": {"UserPool": "us-east-1_test", "UserGroup": "vets", "ClientId": "client"}}
    ]


@pytest.mark.parametrize("team", ["nobody", "admins"])
def test_a_team_that_does_not_exist_is_refused(service: BuiltInLabelingService, team: str) -> None:
    assert refusal(service.describe_workteam, WorkteamName=team)[0] == "ValidationException"


def test_a_team_is_made_of_an_existing_group(service: BuiltInLabelingService) -> None:
    member = {"CognitoMemberDefinition": {"UserPool": "us-east-1_test", "UserGroup": "vets", "ClientId": "client"}}
    request = {"MemberDefinitions": [member], "Description": "Animal doctors"}

    assert service.create_workteam(WorkteamName="vets", **request) == {"WorkteamArn": f"{ARN_PREFIX}:workteam/private-crowd/vets"}
    assert refusal(service.create_workteam, WorkteamName="nobody", **request)[0] == "ValidationException"
    assert service.delete_workteam(WorkteamName="vets") == {"Success": True}


# --- which service ---------------------------------------------------------------------------------------------------


def test_the_environment_says_which_labeling_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(labeling_service(), BuiltInLabelingService)
    monkeypatch.setenv("LABELING_SERVICE", "SageMaker")
    service: Any = labeling_service()
    assert service.meta.service_model.service_name == "sagemaker"
    monkeypatch.setenv("LABELING_SERVICE", "Other")
    with pytest.raises(ValueError, match="Other"):
        labeling_service()


ENTITIES = "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/NamedEntityRecognition"


# --- custom jobs ------------------------------------------------------------------------------------------


def test_the_service_takes_custom_jobs_and_describes_them(service: BuiltInLabelingService) -> None:
    request = a_custom_request(before=own_function("tidy"), after=own_function("vote", project=""))

    service.create_labeling_job(**request)

    described = service.describe_labeling_job(LabelingJobName="moods-1")
    assert described["HumanTaskConfig"]["PreHumanTaskLambdaArn"] == own_function("tidy")
    assert "LabelCategoryConfigS3Uri" not in described
    [summary] = service.list_labeling_jobs()["LabelingJobSummaryList"]
    assert summary["AnnotationConsolidationLambdaArn"] == own_function("vote", project="")


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (a_custom_request(before=own_function("tidy", project="zoo")), "may not run"),
        (a_custom_request(after="arn:aws:lambda:us-east-1:123456789012:function:payroll"), "may not run"),
        (
            a_custom_request(UiConfig={"HumanTaskUiArn": "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/NamedEntityRecognition"}),
            "UiTemplateS3Uri",
        ),
    ],
)
def test_the_service_refuses_functions_of_others(service: BuiltInLabelingService, request_: Any, told: str) -> None:
    code, message = refusal(service.create_labeling_job, **request_)

    assert code == "ValidationException"
    assert told in message
