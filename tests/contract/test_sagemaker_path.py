"""LabelingService=SageMaker, proven without an account: rights and trust from template.yaml, requests against the service's own model."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from groundwork import labeling_teams
from groundwork.labeling_service import OPERATIONS, LabelingService
from groundwork.user_pool import UserPool
from tests.api_events import make_user_pool

LABELING_JOBS = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:labeling-job/*"
WORKTEAMS = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:workteam/private-crowd/*"
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
#: Function -> resource -> what it may do there, and nothing else.
RIGHTS: dict[str, dict[str, set[str]]] = {
    "ServeProjectsFunction": {"*": {"ListWorkteams"}},
    "ServeLabelingTeamsFunction": {WORKTEAMS: {"CreateWorkteam", "DeleteWorkteam", "DescribeWorkteam"}, "*": {"ListWorkteams"}},
    "CreateLabelingJobFunction": {LABELING_JOBS: {"AddTags", "CreateLabelingJob", "DescribeLabelingJob"}},
    "DriveSplitJobsFunction": {LABELING_JOBS: {"AddTags", "CreateLabelingJob", "DescribeLabelingJob", "StopLabelingJob"}},
    "SettleLaunchFunction": {LABELING_JOBS: {"DescribeLabelingJob"}},
    "RecordServiceStatusFunction": {LABELING_JOBS: {"DescribeLabelingJob"}},
    "StopLabelingJobFunction": {LABELING_JOBS: {"DescribeLabelingJob", "StopLabelingJob"}},
    "ReconcileLabelingJobsFunction": {LABELING_JOBS: {"DescribeLabelingJob", "StopLabelingJob"}},
}


def chosen(node: Any, *, is_sagemaker: bool) -> Any:
    """The node as deployed: conditions on the labeling service decided."""
    if isinstance(node, dict):
        if set(node) == {"Fn::If"} and node["Fn::If"][0] in {"IsSageMaker", "IsBuiltIn"}:
            condition, yes, no = node["Fn::If"]
            return chosen(yes if (condition == "IsSageMaker") is is_sagemaker else no, is_sagemaker=is_sagemaker)
        return {name: chosen(value, is_sagemaker=is_sagemaker) for name, value in node.items()}
    if isinstance(node, list):
        return [chosen(entry, is_sagemaker=is_sagemaker) for entry in node]
    return node


def deployed(template: dict[str, Any], *, is_sagemaker: bool) -> dict[str, Any]:
    left_out = "IsBuiltIn" if is_sagemaker else "IsSageMaker"
    resources = {name: resource for name, resource in template["Resources"].items() if resource.get("Condition") != left_out}
    return {name: chosen(resource, is_sagemaker=is_sagemaker) for name, resource in resources.items()}


def statements(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("Effect") == "Allow":
            yield node
        for value in node.values():
            yield from statements(value)
    elif isinstance(node, list):
        for entry in node:
            yield from statements(entry)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def sagemaker_rights(resource: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for statement in statements(resource):
        actions = {action.removeprefix("sagemaker:") for action in listed(statement["Action"]) if action.startswith("sagemaker:")}
        if actions:
            for arn in listed(statement["Resource"]):
                found.setdefault(arn["Fn::Sub"] if isinstance(arn, dict) else arn, set()).update(actions)
    return found


def pass_role(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {name: [s for s in statements(resource) if "iam:PassRole" in listed(s["Action"])] for name, resource in resources.items()}
    return {name: passing[0] for name, passing in found.items() if passing}


# --- rights ----------------------------------------------------------------------------------------------------------


def test_each_function_has_the_rights_of_its_part_and_no_other_has_any(template: dict[str, Any]) -> None:
    resources = deployed(template, is_sagemaker=True)
    functions = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::Serverless::Function"}

    rights = {name: sagemaker_rights(resource["Properties"]["Policies"]) for name, resource in functions.items()}

    assert {name: found for name, found in rights.items() if found} == RIGHTS
    granted = {action for found in RIGHTS.values() for actions in found.values() for action in actions}
    # Groundwork lists no jobs there, and tags only while creating.
    assert granted == (OPERATIONS - {"ListLabelingJobs"}) | {"AddTags"}


def test_the_built_in_service_needs_no_right_at_sagemaker(template: dict[str, Any]) -> None:
    resources = deployed(template, is_sagemaker=False)

    assert {name: found for name, resource in resources.items() if (found := sagemaker_rights(resource))} == {}
    assert pass_role(resources) == {}


def test_only_the_labeling_role_is_passed_and_only_to_sagemaker(template: dict[str, Any]) -> None:
    passing = pass_role(deployed(template, is_sagemaker=True))

    assert set(passing) == {"CreateLabelingJobFunction", "DriveSplitJobsFunction", "AutomatedLabelingPolicy"}
    for statement in passing.values():
        assert statement["Resource"] == {"Fn::GetAtt": ["LabelingRole", "Arn"]}
        assert statement["Condition"] == TO_SAGEMAKER


def test_sagemaker_alone_takes_the_labeling_role_and_only_for_this_account(template: dict[str, Any]) -> None:
    (trust,) = template["Resources"]["LabelingRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_a_labeling_job_may_do_what_ground_truth_documents_inside_the_data_bucket_and_nothing_else(template: dict[str, Any]) -> None:
    (policy,) = template["Resources"]["LabelingRole"]["Properties"]["Policies"]

    rights = {frozenset(listed(s["Action"])): s["Resource"] for s in policy["PolicyDocument"]["Statement"]}

    assert rights == {
        frozenset({"s3:ListBucket", "s3:GetBucketLocation"}): {"Fn::GetAtt": ["DataBucket", "Arn"]},
        frozenset({"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}): {"Fn::Sub": "${DataBucket.Arn}/projects/*"},
        frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}): {
            "Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*"
        },
        frozenset({"cloudwatch:PutMetricData"}): "*",
        # A custom job's own functions, by the name that administrators give them (docs/decisions/0070).
        frozenset({"lambda:InvokeFunction"}): {
            "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:LabelingFunction_*"
        },
    }


def test_automated_labeling_trains_under_the_labeling_role_and_is_given_nothing_more(template: dict[str, Any]) -> None:
    policy = template["Resources"]["AutomatedLabelingPolicy"]

    assert policy["Condition"] == "IsSageMaker"
    assert policy["Properties"]["Roles"] == [{"Ref": "LabelingRole"}]
    kinds = {arn.rpartition(":")[2] for arn in sagemaker_rights(policy)}
    assert kinds == {"model/*", "training-job/*", "transform-job/*"}


def test_the_state_changes_of_both_services_are_recorded(template: dict[str, Any]) -> None:
    event = template["Resources"]["RecordServiceStatusFunction"]["Properties"]["Events"]["ServiceStatusChanged"]["Properties"]

    assert set(event["Pattern"]["source"]) == {"aws.sagemaker", "groundwork.engine"}


def test_the_functions_that_ask_the_labeling_service_may_read_its_key_when_there_is_one_and_nobody_else(template: dict[str, Any]) -> None:
    policy = template["Resources"]["SageMakerEndpointKeyPolicy"]

    assert template["Conditions"][policy["Condition"]]["Fn::And"][0] == {"Condition": "IsSageMaker"}
    assert {role["Ref"] for role in policy["Properties"]["Roles"]} == {f"{function}Role" for function in RIGHTS}
    (statement,) = statements(policy)
    assert (statement["Action"], statement["Resource"]) == ("secretsmanager:GetSecretValue", {"Ref": "SageMakerEndpointKeySecret"})


# --- requests (labeling jobs: tests/unit/test_service_request.py) -----------------------------------------------------


@pytest.fixture
def sagemaker() -> Iterator[tuple[LabelingService, Stubber]]:
    """boto3's own client, which checks every request against the service's model before the stub answers it."""
    client: Any = boto3.client("sagemaker")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def test_a_labeling_team_is_made_read_listed_and_removed_by_workteam_operations(sagemaker: tuple[LabelingService, Stubber]) -> None:
    service, stubber = sagemaker
    user_pool = UserPool(boto3.client("cognito-idp"), make_user_pool("ann"))
    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/vets"
    group = {"UserPool": user_pool.pool_id, "UserGroup": "vets", "ClientId": "1client"}
    workteam = {
        "WorkteamName": "vets",
        "MemberDefinitions": [{"CognitoMemberDefinition": group}],
        "WorkteamArn": arn,
        "Description": "Veterinarians",
    }
    stubber.add_client_error("describe_workteam", "ValidationException", "does not exist", expected_params={"WorkteamName": "vets"})
    sent = {"WorkteamName": "vets", "Description": "Veterinarians", "MemberDefinitions": [{"CognitoMemberDefinition": group}]}
    stubber.add_response("create_workteam", {"WorkteamArn": arn}, sent)
    stubber.add_response("describe_workteam", {"Workteam": workteam}, {"WorkteamName": "vets"})
    stubber.add_response("list_workteams", {"Workteams": [workteam]})

    made = labeling_teams.create_team(service, user_pool, name="vets", description="Veterinarians", client_id="1client")
    page = labeling_teams.list_teams(service, user_pool, limit=200, next_token=None)

    assert (made.arn, made.members) == (arn, ())
    assert page.items == (made,)
