"""The state machines as they are deployed: complete, reachable, and with expressions that say what they should."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonata import Jsonata

from tests.builders import EXECUTION, ROOT, event_sample

MACHINES = {path.name.removesuffix(".asl.json"): json.loads(path.read_text()) for path in sorted(ROOT.glob("statemachines/*.asl.json"))}

# The states of each machine, and of what its Map states run for every item, by name.
ALL_STATES: dict[str, dict[str, Any]] = {}
for machine_name, machine_definition in MACHINES.items():
    ALL_STATES[machine_name] = dict(machine_definition["States"])
    for map_state in machine_definition["States"].values():
        ALL_STATES[machine_name] |= map_state.get("ItemProcessor", {}).get("States", {})
STATES = [(machine, name) for machine, states in ALL_STATES.items() for name in states]
TASKS = [(machine, name) for machine, name in STATES if ALL_STATES[machine][name]["Type"] == "Task"]
MAPS = [(machine, name) for machine, name in STATES if ALL_STATES[machine][name]["Type"] == "Map"]

# A step that fails for good goes here, and leaves the labeling job in a truthful state. A machine that is not named has no job: it
# fails as a whole, and whoever started it settles.
SETTLING = {
    "build_manifest": "SettleManifestBuild",
    "export_labels": "RecordFailure",
    "draft_labeling_job": "RecordInterruption",
    "launch_labeling_job": "SettleInterruption",
    "merge_split_labeling_job": "GiveUp",
    "run_labeling_job": "FailRun",
}
# (machine, task): the errors it catches and where each goes, where that is not `States.ALL` -> the settling state.
OTHER_CATCHES: dict[tuple[str, str], dict[str, str]] = {
    # When even this fails, the execution's status event settles.
    ("build_manifest", "SettleManifestBuild"): {},
    # When even this fails, the export counts as failed once its time is over.
    ("export_labels", "RecordFailure"): {},
    # There is no draft yet that could say what happened: the alarm does.
    ("draft_labeling_job", "DraftLabelingJob"): {},
    ("draft_labeling_job", "RecordInterruption"): {},
    # Nothing was claimed yet, so there is nothing to settle: the execution fails, and the reconciler finds the unclaimed job.
    ("launch_labeling_job", "ClaimLaunch"): {"DynamoDB.ConditionalCheckFailedException": "LaunchIsOthers"},
    # When even settling fails, the execution fails, and its status event and the reconciler settle.
    ("launch_labeling_job", "SettleInterruption"): {},
    # When even this fails, the execution fails, and drive_split_jobs starts another one.
    ("merge_split_labeling_job", "GiveUp"): {},
    # Another attempt has opened the job.
    ("run_labeling_job", "OpenForWork"): {"DynamoDB.ConditionalCheckFailedException": "LoadOtherRanges", "States.ALL": "FailRun"},
    # A lost announcement is repaired by the reconciler; it never holds the job up.
    ("run_labeling_job", "AnnounceInProgress"): {"States.ALL": "LoadOtherRanges"},
    ("run_labeling_job", "AnnounceEnd"): {"States.ALL": "LeaveToOthers"},
    ("run_labeling_job", "AnnounceFailed"): {"States.ALL": "RunFailed"},
    # (the SDK integration spells the error its own way)
    ("run_labeling_job", "WaitForWorkers"): {"DynamoDb.ConditionalCheckFailedException": "LeaveToOthers", "States.ALL": "FailRun"},
    # Whatever goes wrong with a customer's function, people go on.
    ("run_labeling_job", "ProposeLabels"): {"States.ALL": "TakeProposals"},
    # A job at rest that is consolidated again stays as it is.
    ("run_labeling_job", "PlanConsolidation"): {"States.ALL": "IsRunToFail"},
    ("run_labeling_job", "ConsolidateAnnotations"): {"States.ALL": "IsRunToFail"},
    ("run_labeling_job", "AssembleOutput"): {"States.ALL": "IsRunToFail"},
    # The output stays as it was: the execution fails, its alarm tells, and asking again begins anew.
    ("consolidate_split_labeling_job", "ConsolidatePart"): {},
    ("consolidate_split_labeling_job", "MergeOutputs"): {},
    # Nothing is claimed while the table is made anew: the execution fails, its alarm tells, and starting it again goes on.
    ("rebuild_engine", "RestoreLabelingJobs"): {},
    # What a Map state runs for an item fails as the Map state itself.
    ("run_labeling_job", "LoadRange"): {},
    ("run_labeling_job", "ConsolidateRange"): {},
    # When even this cannot be written, the run fails, and drive_runs begins the next attempt.
    ("run_labeling_job", "FailRun"): {"DynamoDB.ConditionalCheckFailedException": "LeaveToOthers", "States.ALL": "RunFailed"},
}


def state(machine: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = ALL_STATES[machine][name]
    return found


def successors(definition: dict[str, Any]) -> Iterator[str]:
    """Every state that may come next."""
    if "Next" in definition:
        yield definition["Next"]
    if "Default" in definition:
        yield definition["Default"]
    if "ItemProcessor" in definition:
        yield definition["ItemProcessor"]["StartAt"]
    for branch in (*definition.get("Choices", ()), *definition.get("Catch", ())):
        yield branch["Next"]


def texts(value: Any) -> Iterator[str]:
    """Every string in a document, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry)


def expressions(value: Any) -> Iterator[str]:
    return (text for text in texts(value) if text.startswith("{%"))


def evaluate(template: Any, states: dict[str, Any], **variables: Any) -> Any:
    """A document with its JSONata expressions evaluated, as Step Functions does it."""
    if isinstance(template, dict):
        return {name: evaluate(entry, states, **variables) for name, entry in template.items()}
    if isinstance(template, list):
        return [evaluate(entry, states, **variables) for entry in template]
    if not isinstance(template, str) or not template.startswith("{%"):
        return template
    expression = Jsonata(template.removeprefix("{%").removesuffix("%}").strip())
    frame = expression.create_frame()
    for name, value in {"states": states, **variables}.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


# --- shape -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_every_placeholder_has_its_substitution_and_the_other_way_round(machine: str, template: dict[str, Any]) -> None:
    (properties,) = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::StateMachine" and resource["Properties"]["DefinitionUri"].endswith(f"/{machine}.asl.json")
    ]
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(MACHINES[machine])))

    assert placeholders == set(properties["DefinitionSubstitutions"])


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_is_written_in_jsonata_and_says_what_it_does(machine: str) -> None:
    assert MACHINES[machine]["QueryLanguage"] == "JSONata"
    assert MACHINES[machine]["Comment"]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_that_is_named_exists_and_every_state_is_reached(machine: str) -> None:
    reached, waiting = set(), [MACHINES[machine]["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += successors(state(machine, name))

    assert reached == set(ALL_STATES[machine])


@pytest.mark.parametrize(("machine", "name"), STATES)
def test_every_state_leads_on_or_ends(machine: str, name: str) -> None:
    definition = state(machine, name)

    assert definition["Type"] in {"Task", "Map", "Choice", "Succeed", "Fail"}
    if definition["Type"] == "Choice":
        assert definition["Default"]
    elif definition["Type"] in {"Task", "Map"}:
        assert definition.get("Next") or definition.get("End")


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_every_task_has_a_timeout_and_retries_transient_errors(machine: str, name: str) -> None:
    task = state(machine, name)

    assert isinstance(task["TimeoutSeconds"], int)
    assert task["TimeoutSeconds"] > 0
    retried = [retrier for retrier in task["Retry"] if retrier["MaxAttempts"] > 0]
    assert any({"States.ALL", "States.TaskFailed"} & set(retrier["ErrorEquals"]) for retrier in retried)
    assert all(retrier["BackoffRate"] >= 2 and retrier["JitterStrategy"] == "FULL" for retrier in retried)


@pytest.mark.parametrize(("machine", "name"), TASKS + MAPS)
def test_every_task_that_fails_for_good_leaves_a_truthful_job(machine: str, name: str) -> None:
    catches = {error: catcher["Next"] for catcher in state(machine, name).get("Catch", ()) for error in catcher["ErrorEquals"]}

    assert catches == OTHER_CATCHES.get((machine, name), {"States.ALL": SETTLING[machine]} if machine in SETTLING else {})


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_what_settles_is_told_the_cause_in_words(machine: str, name: str) -> None:
    for catcher in state(machine, name).get("Catch", ()):
        if catcher["Next"] == SETTLING.get(machine):
            told = evaluate(catcher["Output"], {"errorOutput": {"Error": "States.Timeout"}, "context": {"Execution": {"Name": "run-1"}}})

            (cause,) = told.values()
            assert "States.Timeout" in cause
            assert len(cause.split()) > 5


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_the_step_functions_timeout_is_longer_than_the_functions_own(machine: str, name: str, template: dict[str, Any]) -> None:
    arguments = state(machine, name)["Arguments"]
    if "FunctionName" not in arguments or arguments["FunctionName"].startswith("{%"):
        return  # none of ours
    properties = template["Resources"][arguments["FunctionName"].removeprefix("${").removesuffix("Arn}")]["Properties"]
    own = properties.get("Timeout", template["Globals"]["Function"]["Timeout"])

    assert state(machine, name)["TimeoutSeconds"] >= own


@pytest.mark.parametrize("machine", MACHINES)
def test_every_expression_is_jsonata(machine: str) -> None:
    for expression in expressions(MACHINES[machine]):
        assert expression.endswith("%}")
        Jsonata(expression.removeprefix("{%").removesuffix("%}").strip())


def test_no_expression_is_left_out_by_a_typing_slip() -> None:
    for machine in MACHINES.values():
        assert not [text for text in texts(machine) if ("$states" in text or "%}" in text) and not text.startswith("{%")]


# --- what the expressions say ----------------------------------------------------------------------------------------

LAUNCH = MACHINES["launch_labeling_job"]["States"]
INPUT = {**event_sample("labeling_job_submitted")["detail"], "name": "Cats-1"}
CONTEXT = {"Execution": {"Id": EXECUTION, "Name": "one", "Input": INPUT}}
STEP = {"name": "Cats-1", "submission": 1, "execution": EXECUTION}


def test_the_claim_is_on_the_lower_cased_name_and_for_this_submission_only() -> None:
    arguments = evaluate(LAUNCH["ClaimLaunch"]["Arguments"], {"input": INPUT, "context": CONTEXT})

    assert arguments["Key"] == {"pk": {"S": "JOB#cats-1"}, "sk": {"S": "JOB"}}
    assert arguments["ExpressionAttributeValues"] == {
        ":me": {"S": EXECUTION},
        ":one": {"N": "1"},
        ":job_id": {"S": INPUT["job_id"]},
        ":submission": {"N": "1"},
        ":validating": {"S": "Validating"},
    }


def test_every_later_step_names_the_job_its_submission_and_this_execution() -> None:
    assert evaluate(LAUNCH["ClaimLaunch"]["Assign"], {"input": INPUT, "context": CONTEXT}) == {"step": {**STEP, "project": "pets"}}


def test_what_validation_found_is_kept_and_missing_when_superseded() -> None:
    found = {"state": "passed", "objects": 3, "errors": 0, "warnings": 1, "faults": []}

    for payload, kept in (({"outcome": "faults", "validation": found}, found), ({"outcome": "superseded"}, {})):
        assert evaluate(LAUNCH["TakeManifest"]["Assign"], {"result": {"Payload": payload}}) == {"validation": kept}
    assert evaluate(LAUNCH["ValidateManifest"]["Assign"], {"result": {"Output": {"outcome": "passed", "validation": found}}}) == {
        "validation": found
    }


def test_the_validation_machine_gets_the_request_and_the_name_of_its_starter() -> None:
    states = {"input": {"outcome": "taken", "request": {"project": "pets"}}, "context": CONTEXT}

    given = evaluate(LAUNCH["ValidateManifest"]["Arguments"]["Input"], states)

    assert given == {"project": "pets", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": EXECUTION}


def test_faults_of_the_view_replace_those_of_the_manifest_but_not_the_count_of_objects() -> None:
    validation = {"state": "passed", "objects": 3, "errors": 0, "warnings": 1, "faults": [{"code": "manifest.duplicate"}]}
    unseen = {"state": "failed", "objects": None, "errors": 1, "warnings": 0, "faults": [{"code": "template.object-unseen"}]}

    def after(payload: dict[str, Any]) -> Any:
        return evaluate(LAUNCH["PresignWorkerView"]["Assign"], {"result": {"Payload": payload}}, validation=validation)["validation"]

    assert after({"outcome": "visible"}) == validation
    assert after({"outcome": "faults", "validation": unseen}) == {**unseen, "objects": 3}


@pytest.mark.parametrize(
    ("choice", "outcome", "goes_to"),
    [
        ("IsManifestBuilt", "continue", "BuildManifest"),
        ("IsManifestBuilt", "built", "TakeManifest"),
        ("IsManifestBuilt", "faults", "ReturnToDraft"),
        ("IsManifestBuilt", "superseded", "LaunchIsOthers"),
        ("IsManifestTaken", "taken", "ValidateManifest"),
        ("IsManifestTaken", "faults", "ReturnToDraft"),
        ("IsManifestTaken", "superseded", "LaunchIsOthers"),
        ("IsManifestFit", "passed", "ComposeWorkerTaskTemplate"),
        ("IsManifestFit", "faults", "ReturnToDraft"),
        ("IsManifestFit", "superseded", "LaunchIsOthers"),
        ("IsViewFit", "visible", "BeginCreation"),
        ("IsViewFit", "faults", "ReturnToDraft"),
        ("IsViewFit", "superseded", "LaunchIsOthers"),
        ("MayCreate", "recorded", "CreateLabelingJob"),
        ("MayCreate", "superseded", "LaunchIsOthers"),
        ("IsCreated", "created", "RecordLaunch"),
        ("IsCreated", "refused", "RecordRefusal"),
        ("IsCreated", "postponed", "RecordPostponement"),
        ("IsCreated", "superseded", "LaunchIsOthers"),
    ],
)
def test_every_outcome_has_its_way(choice: str, outcome: str, goes_to: str) -> None:
    definition = LAUNCH[choice]
    ways = [way["Next"] for way in definition["Choices"] if evaluate(way["Condition"], {"input": {"outcome": outcome}}) is True]

    assert (ways or [definition["Default"]]) == [goes_to]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("BeginCreation", {"step": STEP, "to": "Launching", "validation": {"state": "passed"}}),
        ("RecordLaunch", {"step": STEP, "to": "Initializing", "labeling_job_arn": "arn:of:job"}),
        ("RecordRefusal", {"step": STEP, "to": "Failed", "reason": "No."}),
        ("RecordPostponement", {"step": STEP, "to": "Draft", "reason": "No."}),
        ("ReturnToDraft", {"step": STEP, "to": "Draft", "validation": {"state": "passed"}}),
        ("SettleInterruption", {"step": STEP, "cause": "it was killed"}),
    ],
)
def test_every_record_is_told_what_to_record(name: str, payload: dict[str, Any]) -> None:
    states = {"input": {"labeling_job_arn": "arn:of:job", "reason": "No.", "cause": "it was killed"}}

    assert evaluate(LAUNCH[name]["Arguments"]["Payload"], states, step=STEP, validation={"state": "passed"}) == payload


# --- building manifests ----------------------------------------------------------------------------------------------

BUILD = MACHINES["build_manifest"]["States"]
ASKED = event_sample("manifest_requested")["detail"]
BUILD_CONTEXT = {"Execution": {"Id": EXECUTION, "Name": "one", "Input": ASKED}}
OF_BUILD = {"project": "pets", "name": "cats", "build_id": ASKED["build_id"], "execution": EXECUTION}


@pytest.mark.parametrize(("given", "needs"), [({}, False), ({"input_prefix_uri": None}, False), ({"input_prefix_uri": "s3://b/p/"}, True)])
def test_a_launch_builds_a_manifest_for_a_job_on_a_prefix_only(given: dict[str, Any], needs: bool) -> None:
    (way,) = LAUNCH["HasManifest"]["Choices"]

    assert evaluate(way["Condition"], {"context": {"Execution": {"Input": given}}}) is needs


def test_the_first_step_of_a_build_begins_and_the_others_go_on() -> None:
    for states, name, who in ((BUILD, "BuildManifest", {"build": OF_BUILD}), (LAUNCH, "BuildManifest", {"step": STEP})):
        payload = states[name]["Arguments"]["Payload"]

        for given, progress in (({}, None), ({"outcome": "continue", "progress": {"step": 3}}, {"step": 3})):
            assert evaluate(payload, {"input": given, "context": BUILD_CONTEXT}, step=STEP) == {**who, "progress": progress}


@pytest.mark.parametrize(
    ("outcome", "goes_to"), [("continue", "BuildManifest"), ("built", "Ended"), ("failed", "Ended"), ("superseded", "BuildIsOthers")]
)
def test_a_build_goes_on_until_it_has_ended(outcome: str, goes_to: str) -> None:
    ways = [way["Next"] for way in BUILD["IsBuilt"]["Choices"] if evaluate(way["Condition"], {"input": {"outcome": outcome}}) is True]

    assert (ways or [BUILD["IsBuilt"]["Default"]]) == [goes_to]


def test_an_interrupted_build_is_settled_with_its_cause() -> None:
    payload = BUILD["SettleManifestBuild"]["Arguments"]["Payload"]

    assert evaluate(payload, {"input": {"cause": "it broke"}, "context": BUILD_CONTEXT}) == {"build": OF_BUILD, "cause": "it broke"}


# --- drafts of uploaded manifests ------------------------------------------------------------------------------------

DRAFT = MACHINES["draft_labeling_job"]["States"]
UPLOADED = event_sample("manifest_uploaded")["detail"]
DRAFT_CONTEXT = {"Execution": {"Id": EXECUTION, "Name": "one", "Input": UPLOADED}}


def test_the_first_step_of_a_draft_is_told_of_the_upload_and_the_execution() -> None:
    payload = DRAFT["DraftLabelingJob"]["Arguments"]["Payload"]

    assert evaluate(payload, {"input": UPLOADED, "context": DRAFT_CONTEXT}) == {"detail": UPLOADED, "execution": EXECUTION}


@pytest.mark.parametrize(("outcome", "goes_to"), [("drafted", "ValidateManifest"), ("nothing-to-draft", "NothingToDraft")])
def test_only_what_was_drafted_is_validated(outcome: str, goes_to: str) -> None:
    ways = [way["Next"] for way in DRAFT["IsDrafted"]["Choices"] if evaluate(way["Condition"], {"input": {"outcome": outcome}}) is True]

    assert (ways or [DRAFT["IsDrafted"]["Default"]]) == [goes_to]


def test_what_the_validation_of_an_upload_found_or_why_not_is_recorded_with_the_draft() -> None:
    found = {"state": "passed", "objects": 3, "errors": 0, "warnings": 0, "faults": []}
    request = {"project": "pets", "manifest_uri": "s3://b/k"}

    started = evaluate(DRAFT["ValidateManifest"]["Arguments"]["Input"], {"input": {"request": request}, "context": DRAFT_CONTEXT})
    for name, told in (("RecordReport", {"validation": found}), ("RecordInterruption", {"cause": "it broke"})):
        payload = evaluate(DRAFT[name]["Arguments"]["Payload"], {"input": told, "context": DRAFT_CONTEXT})
        assert payload == {"upload": UPLOADED, "execution": EXECUTION, **told}
    assert started == {**request, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": EXECUTION}
