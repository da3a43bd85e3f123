"""What template.yaml promises: who gets in, what each function may do, and where failures end up."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import ROOT

LINES = (ROOT / "template.yaml").read_text().splitlines()


def resources(template: dict[str, Any], *types: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] in types}


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return resources(template, "AWS::Serverless::Function")


def api_events(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for function in functions(template).values():
        yield from (event["Properties"] for event in function["Properties"].get("Events", {}).values() if event["Type"] == "Api")


def gateway_responses(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(template["Resources"]["Api"]["Properties"]["GatewayResponses"])


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy statement that allows something, at any depth (behind conditions too)."""
    if isinstance(value, dict):
        if value.get("Effect") == "Allow":
            yield value
        for entry in value.values():
            yield from statements(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from statements(entry)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- who gets in -----------------------------------------------------------------------------------------------------


def test_every_route_but_health_the_web_and_the_signed_endpoint_asks_for_a_token(template: dict[str, Any]) -> None:
    auth = template["Resources"]["Api"]["Properties"]["Auth"]
    assert auth["DefaultAuthorizer"] in auth["Authorizers"]

    without = {(event["Method"], event["Path"]) for event in api_events(template) if event.get("Auth")}

    # Requests to /sagemaker carry no token but a signature, which the function checks.
    assert without == {("GET", "/health"), ("POST", "/sagemaker"), ("GET", "/console"), ("GET", "/console/{file+}")}


def test_every_route_is_of_the_one_api_and_is_served_once(template: dict[str, Any]) -> None:
    served = [(event["Method"], event["Path"]) for event in api_events(template)]

    assert all(event["RestApiId"] == {"Ref": "Api"} for event in api_events(template))
    assert len(served) == len(set(served)) > 30


def test_one_function_answers_what_no_route_takes_whatever_the_method(template: dict[str, Any]) -> None:
    greedy = {event["Method"]: event["Path"] for event in api_events(template) if event["Path"].startswith("/{")}

    assert greedy == dict.fromkeys(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "/{proxy+}")


def test_what_the_gateway_refuses_are_problem_details(template: dict[str, Any]) -> None:
    for kind, response in gateway_responses(template).items():
        assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
        body = json.loads(response["ResponseTemplates"]["application/json"])
        assert list(body) == ["type", "title", "status", "detail", "instance", "request_id", "errors"]
        assert body["status"] == response["StatusCode"], kind


def test_every_refusal_of_the_gateway_has_the_status_that_the_contract_says(template: dict[str, Any]) -> None:
    statuses = {kind: response["StatusCode"] for kind, response in gateway_responses(template).items()}

    assert set(statuses.values()) == {400, 401, 403, 404, 413, 415, 429, 500}
    assert (statuses["UNAUTHORIZED"], statuses["DEFAULT_4XX"], statuses["DEFAULT_5XX"]) == (401, 400, 500)


# --- what each may do ------------------------------------------------------------------------------------------------


def test_no_policy_allows_a_wildcard_of_actions(template: dict[str, Any]) -> None:
    for statement in statements(template["Resources"]):
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action), action


def test_policies_are_written_out_and_not_taken_from_a_shelf(template: dict[str, Any]) -> None:
    for name, resource in resources(template, "AWS::Serverless::Function", "AWS::Serverless::StateMachine").items():
        for policy in resource["Properties"]["Policies"]:
            assert set(policy) <= {"Version", "Statement"} or set(policy) == {"Fn::If"}, name
        assert "Role" not in resource["Properties"]


def test_a_statement_about_everything_says_why() -> None:
    lines = [number for number, line in enumerate(LINES) if re.search(r'Resource: "\*"', line)]

    assert lines
    for number in lines:
        # The statement may span lines: its comment is above its first one.
        first = next(above for above in range(number, 0, -1) if re.search(r"- (\{ )?(Sid|Effect):", LINES[above]))
        assert LINES[first - 1].strip().startswith("#"), f"line {number + 1} of template.yaml has no reason"


def test_nobody_but_the_data_buckets_own_policy_speaks_of_everybody(template: dict[str, Any]) -> None:
    everybody = [
        name
        for name, resource in template["Resources"].items()
        for statement in statements(resource)
        if statement.get("Principal") in ("*", {"AWS": "*"})
    ]

    assert everybody == []


def test_no_function_may_scan_a_table(template: dict[str, Any]) -> None:
    actions = {action for statement in statements(template["Resources"]) for action in listed(statement["Action"])}

    assert "dynamodb:Scan" not in actions
    assert not {action for action in actions if action.startswith("iam:")} - {"iam:PassRole"}


# --- how each runs ---------------------------------------------------------------------------------------------------


def test_every_function_is_a_folder_and_every_folder_a_function(template: dict[str, Any]) -> None:
    folders = sorted(function["Properties"]["CodeUri"] for function in functions(template).values())

    assert folders == sorted(f"functions/{path.parent.name}" for path in ROOT.glob("functions/*/app.py"))
    for name, function in functions(template).items():
        assert (
            name
            == "".join(word.capitalize() for word in function["Properties"]["CodeUri"].removeprefix("functions/").split("_")) + "Function"
        )
        assert function["Properties"]["Description"]


def test_every_function_and_machine_has_a_log_group_of_its_own_that_forgets(template: dict[str, Any]) -> None:
    groups = [function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for function in functions(template).values()]
    for machine in resources(template, "AWS::Serverless::StateMachine").values():
        (destination,) = machine["Properties"]["Logging"]["Destinations"]
        groups.append(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0])

    assert len(set(groups)) == len(groups)
    assert set(groups) == set(resources(template, "AWS::Logs::LogGroup"))
    for name in groups:
        assert template["Resources"][name]["Properties"]["RetentionInDays"] > 0


def test_a_log_group_stands_or_falls_with_its_function(template: dict[str, Any]) -> None:
    for function in functions(template).values():
        group = template["Resources"][function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group.get("Condition") == function.get("Condition")


def test_everything_is_traced(template: dict[str, Any]) -> None:
    assert template["Globals"]["Function"]["Tracing"] == "Active"
    assert template["Resources"]["Api"]["Properties"]["TracingEnabled"] is True
    assert all(machine["Properties"]["Tracing"]["Enabled"] for machine in resources(template, "AWS::Serverless::StateMachine").values())


def test_api_functions_answer_before_the_gateway_gives_up(template: dict[str, Any]) -> None:
    for function in functions(template).values():
        if any(event["Type"] == "Api" for event in function["Properties"].get("Events", {}).values()):
            assert function["Properties"].get("Timeout", template["Globals"]["Function"]["Timeout"]) <= 30


# --- where failures end up -------------------------------------------------------------------------------------------


def test_what_is_invoked_without_anybody_waiting_has_a_place_for_failures(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        kinds = {event["Type"] for event in function["Properties"].get("Events", {}).values()}
        if kinds & {"EventBridgeRule", "Schedule"}:
            destination = function["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert destination == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["UndeliveredEvents", "Arn"]}}, name


def test_every_rule_keeps_what_its_target_did_not_take(template: dict[str, Any]) -> None:
    for name, resource in resources(template, "AWS::Serverless::Function", "AWS::Serverless::StateMachine").items():
        for event in resource["Properties"].get("Events", {}).values():
            if event["Type"] == "EventBridgeRule":
                assert event["Properties"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UndeliveredEvents", "Arn"]}}, name


def test_every_stream_gives_up_on_a_record_in_the_end_and_keeps_its_place(template: dict[str, Any]) -> None:
    streams = [
        (name, event["Properties"])
        for name, function in functions(template).items()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]

    assert streams
    for name, stream in streams:
        assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert 0 < stream["MaximumRetryAttempts"] <= 50
        assert stream["BisectBatchOnFunctionError"] is True
        assert stream["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["UnhandledChanges", "Arn"]}}


def watched(template: dict[str, Any]) -> set[tuple[str, str]]:
    """Resource and metric of every alarm."""
    return {
        (value["Fn::GetAtt"][0] if "Fn::GetAtt" in value else value["Ref"], alarm["Properties"]["MetricName"])
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"].get("Dimensions", [])
        if isinstance(value := dimension["Value"], dict)
    }


def test_every_queue_for_failures_and_every_machine_has_an_alarm(template: dict[str, Any]) -> None:
    queues = {
        # What is at work in a queue that has an end of its own is late, not lost.
        (name, "ApproximateAgeOfOldestMessage" if "RedrivePolicy" in queue["Properties"] else "ApproximateNumberOfMessagesVisible")
        for name, queue in resources(template, "AWS::SQS::Queue").items()
    }
    machines = {(name, "ExecutionsFailed") for name in resources(template, "AWS::Serverless::StateMachine")}

    assert queues | machines <= watched(template)


def test_an_error_of_any_function_reaches_an_alarm(template: dict[str, Any]) -> None:
    """By the way the function is called (docs/decisions/0014); that queues and machines have alarms is tested above."""
    steps = {
        arn["Fn::GetAtt"][0]
        for machine in resources(template, "AWS::Serverless::StateMachine").values()
        for arn in machine["Properties"]["DefinitionSubstitutions"].values()
        if "Fn::GetAtt" in arn
    }
    assert (("AWS::StackName", "5XXError")) in watched(template)
    for name, function in functions(template).items():
        kinds = {event["Type"] for event in function["Properties"].get("Events", {}).values()}
        assert kinds or name in steps, f"nothing calls {name}"
        # A message that a function does not take goes to the end of its queue, which has an alarm.
        assert kinds <= {"Api", "EventBridgeRule", "Schedule", "DynamoDB", "SQS"}, f"say here how an error of {name} reaches an alarm"
        if "DynamoDB" in kinds:
            assert (name, "IteratorAge") in watched(template)


def test_every_alarm_has_its_section_for_those_it_calls(template: dict[str, Any]) -> None:
    alarms = {name.removesuffix("Alarm") for name in resources(template, "AWS::CloudWatch::Alarm")}
    page = (ROOT / "docs" / "operations.md").read_text().partition("\n## Alarms\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == alarms


def test_metrics_of_alarms_and_dashboard_are_measured_somewhere(template: dict[str, Any]) -> None:
    code = "".join(path.read_text() for folder in ("functions", "layers/groundwork") for path in (ROOT / folder).rglob("*.py"))
    dashboard = json.loads(re.sub(r"\$\{[^}]*\}", "x", template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]))
    shown = {
        line[1]
        for widget in dashboard["widgets"]
        for line in widget["properties"]["metrics"]
        if widget["properties"]["metrics"][0][0] == "Groundwork" and not line[0].startswith("AWS/")
    }
    alarmed = {
        alarm["Properties"]["MetricName"]
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    }

    assert alarmed <= shown
    assert [name for name in shown if f'"{name}"' not in code] == []


def test_no_route_is_without_a_limit_and_those_that_start_work_have_a_smaller_one(template: dict[str, Any]) -> None:
    limits = {
        (setting["HttpMethod"], setting["ResourcePath"].removeprefix("/").replace("~1", "/")): setting["ThrottlingRateLimit"]
        for setting in template["Resources"]["Api"]["Properties"]["MethodSettings"]
    }
    routes = {(event["Method"], event["Path"]) for event in api_events(template)}
    everything = limits.pop(("*", "*"))

    assert set(limits) <= routes
    assert ("POST", "/projects/{project}/labeling-jobs") in limits
    assert all(0 < limit < everything for limit in limits.values())


def test_every_alarm_reaches_the_administrators(template: dict[str, Any]) -> None:
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AdminTopic"}]
        assert alarm["Properties"]["AlarmDescription"]
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


# --- data ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["JobsTable", "EngineTable"])
def test_tables_survive_mistakes_and_the_stack(template: dict[str, Any], table: str) -> None:
    resource = template["Resources"][table]

    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert resource["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert resource["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert resource["Properties"]["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert resource["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_data_bucket_is_closed_encrypted_and_kept(template: dict[str, Any]) -> None:
    bucket = template["Resources"]["DataBucket"]
    properties = bucket["Properties"]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] is True
    assert properties["BucketEncryption"]
    (statement,) = template["Resources"]["DataBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert template["Parameters"]["RequireTls"]["Default"] == "true"


def test_the_owner_of_another_bucket_is_told_every_role_that_looks_for_data_objects(template: dict[str, Any]) -> None:
    # Others list the data bucket for files that Groundwork itself keeps there.
    looking = {
        f"{name}Role"
        for name, function in functions(template).items()
        for statement in statements(function)
        if statement.get("Sid") == "ListDataObjects"
    }

    named = {arn["Fn::GetAtt"][0] for arn in template["Outputs"]["DataLocationRoles"]["Value"]["Fn::Join"][1]}

    assert named == looking | {"TakeManifestFunctionRole", "LabelingRole", "WorkerViewRole"}


def test_the_outputs_are_all_that_a_client_needs(template: dict[str, Any]) -> None:
    assert {"ApiUrl", "DataBucketName", "UserPoolId", "UserPoolClientId", "AdminTopicArn", "EventBusName"} <= set(template["Outputs"])
    assert all(output["Description"] for output in template["Outputs"].values())
