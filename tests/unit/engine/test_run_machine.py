"""The run machine's definition: what every state must have, and that its expressions and the code agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonata
import pytest

from groundwork.engine.jobs import JobStatus, WaitOutcome
from groundwork.engine.output import RUN

MACHINE: dict[str, Any] = json.loads((Path(__file__).resolve().parents[3] / "statemachines" / "run_labeling_job.asl.json").read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
MAPS = {name: state for name, state in STATES.items() if state["Type"] == "Map"}
TASKS_OF_MAPS = {name: task for state in MAPS.values() for name, task in state["ItemProcessor"]["States"].items()}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def evaluate(template: str, states: dict[str, Any], **variables: Any) -> Any:
    expression = jsonata.Jsonata(template.removeprefix("{%").removesuffix("%}").strip())
    # Step Functions binds $states; jsonata-python takes bindings through a frame.
    frame = expression.create_frame()
    for name, value in {"states": states, **variables}.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_timeout_tries_again_and_catches_what_remains(name: str) -> None:
    task = TASKS[name]

    assert isinstance(task["TimeoutSeconds"], int)
    assert any(retry.get("MaxAttempts", 3) > 0 and retry["JitterStrategy"] == "FULL" for retry in task["Retry"])
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("name", TASKS_OF_MAPS)
def test_every_task_of_a_range_has_a_timeout_and_tries_again(name: str) -> None:
    task = TASKS_OF_MAPS[name]

    assert isinstance(task["TimeoutSeconds"], int)
    assert all(retry["MaxAttempts"] > 0 and retry["JitterStrategy"] == "FULL" for retry in task["Retry"])


@pytest.mark.parametrize("name", MAPS)
def test_ranges_are_worked_on_side_by_side_and_a_refused_one_is_the_outcome_of_all(name: str) -> None:
    state = MAPS[name]
    refused = {"outcome": "refused", "failure_reason": "Line 7 is none."}

    assert state["MaxConcurrency"] == "{% $number('${RangesAtOnce}') %}"
    assert evaluate(state["Output"], {"result": [{"outcome": "ok"}, refused, refused]}) == refused
    assert evaluate(state["Output"], {"result": [{"outcome": "ok"}]})["outcome"] in {"loaded", "consolidated"}
    assert evaluate(state["Output"], {"result": []})["outcome"] in {"loaded", "consolidated"}


@pytest.mark.parametrize(("ranges", "others"), [(1, []), (2, [1]), (4, [1, 2, 3])])
def test_the_first_range_is_loaded_by_itself_and_then_the_others(ranges: int, others: list[int]) -> None:
    assert TASKS["LoadFirstRange"]["Arguments"]["Payload"]["range"] == 0
    assert evaluate(MAPS["LoadOtherRanges"]["Items"], {}, ranges=ranges) == others


def test_an_execution_with_a_round_of_its_own_only_consolidates() -> None:
    [choice] = STATES["IsConsolidatedAgain"]["Choices"]
    again, run = {"labeling_job_name": "kinds-1", "round": "again-1"}, {"labeling_job_name": "kinds-1", "attempt": 1}
    payload = TASKS["PlanConsolidation"]["Arguments"]["Payload"]

    assert choice["Next"] == "PlanConsolidation"
    assert WaitOutcome(choice["Output"]["outcome"])
    for given, expected in ((again, "again-1"), (run, RUN)):
        assert evaluate(choice["Condition"], {"input": given}) is ("round" in given)
        assert evaluate(payload["round"], {"context": {"Execution": {"Input": given}}}) == expected


def test_every_expression_is_jsonata() -> None:
    expressions = [text for text in strings(STATES) if text.startswith("{%")]

    assert len(expressions) > 20
    for text in expressions:
        jsonata.Jsonata(text.removeprefix("{%").removesuffix("%}").strip())


def test_every_state_is_reached_and_every_next_exists() -> None:
    nexts = {MACHINE["StartAt"]}
    for state in STATES.values():
        nexts |= {state[key] for key in ("Next", "Default") if key in state}
        nexts |= {branch["Next"] for key in ("Catch", "Choices") for branch in state.get(key, ())}

    assert nexts == set(STATES)


def test_the_wait_lasts_longer_than_any_job_may() -> None:
    assert STATES["WaitForWorkers"]["TimeoutSeconds"] > 30 * 24 * 60 * 60


def test_the_machine_knows_only_statuses_of_the_engine() -> None:
    written = {
        value["S"]
        for task in TASKS.values()
        for name, value in task["Arguments"].get("ExpressionAttributeValues", {}).items()
        if name in {":initializing", ":in_progress", ":stopping", ":failed"}
    }

    assert written == {JobStatus.INITIALIZING, JobStatus.IN_PROGRESS, JobStatus.STOPPING, JobStatus.FAILED}


@pytest.mark.parametrize("name", ["AnnounceInProgress", "AnnounceEnd", "AnnounceFailed"])
def test_announcements_are_ground_truths_event(name: str) -> None:
    [entry] = TASKS[name]["Arguments"]["Entries"]

    assert (entry["Source"], entry["DetailType"]) == ("groundwork.engine", "SageMaker Ground Truth Labeling Job State Change")
    detail = entry["Detail"]
    if detail.startswith("{%"):
        detail = evaluate(detail, {"input": {"status": "Stopped"}})
    assert set(json.loads(detail)) == {"LabelingJobStatus"}
    assert json.loads(detail)["LabelingJobStatus"] in set(JobStatus)


@pytest.mark.parametrize("name", ["PlanLoading", "LoadOtherRanges", "OpenForWork", "WaitForWorkers", "ConsolidateAnnotations"])
def test_a_failure_leaves_a_reason_that_names_the_execution(name: str) -> None:
    template = STATES[name]["Catch"][-1]["Output"]["failure_reason"]

    reason = evaluate(template, {"errorOutput": {"Error": "Runtime.HandlerError"}, "context": {"Execution": {"Name": "kinds-1-1"}}})

    assert "(Runtime.HandlerError)" in reason
    assert "the execution kinds-1-1" in reason
    assert len(reason) < 1024


def test_the_outcome_of_the_wait_is_what_consolidation_understands() -> None:
    given = evaluate(STATES["WaitForWorkers"]["Output"]["outcome"], {"result": {"outcome": "expired"}})

    assert WaitOutcome(given) is WaitOutcome.EXPIRED


# --- automated labeling ----------------------------------------------------------------------------------------------


def way(choice: str, outcome: str) -> str:
    state = STATES[choice]
    ways = [branch["Next"] for branch in state["Choices"] if evaluate(branch["Condition"], {"input": {"outcome": outcome}}) is True]
    return str((ways or [state["Default"]])[0])


@pytest.mark.parametrize("outcome", WaitOutcome)
def test_a_finished_batch_leads_to_the_function_and_every_other_end_of_the_wait_to_the_output(outcome: WaitOutcome) -> None:
    assert way("IsBatchDone", outcome) == ("WriteQuestion" if outcome is WaitOutcome.BATCH_DONE else "PlanConsolidation")


@pytest.mark.parametrize(("outcome", "goes_to"), [("ask", "ProposeLabels"), ("first", "TakeProposals"), ("over", "WaitForWorkers")])
def test_the_function_is_asked_once_there_is_something_to_learn_from(outcome: str, goes_to: str) -> None:
    assert way("IsFunctionAsked", outcome) == goes_to


def test_the_function_gets_its_event_and_a_failure_is_told_and_not_the_jobs() -> None:
    question = {"outcome": "ask", "iteration": 2, "function": "arn:of:function", "event": {"iteration": 2}}
    propose, take = TASKS["ProposeLabels"], TASKS["TakeProposals"]["Arguments"]["Payload"]
    job = {"context": {"Execution": {"Input": {"labeling_job_name": "kinds-1"}}}}

    asked = {name: evaluate(text, {"input": question}) for name, text in propose["Arguments"].items()}
    answered = {"outcome": propose["Output"]["outcome"], "iteration": evaluate(propose["Output"]["iteration"], {"input": question})}
    [caught] = propose["Catch"]
    error = {"Error": "States.TaskFailed", "Cause": "x" * 1000}
    failed = {
        name: evaluate(text, {"input": question, "errorOutput": error}) if text.startswith("{%") else text
        for name, text in caught["Output"].items()
    }

    assert asked == {"FunctionName": "arn:of:function", "Payload": {"iteration": 2}}
    assert caught["Next"] == "TakeProposals"
    assert failed["failure"].startswith("arn:of:function failed: States.TaskFailed xxx")
    assert len(failed["failure"]) < 400
    for given, is_asked, failure in (
        ({"outcome": "first", "iteration": 1}, False, None),
        (answered, True, None),
        (failed, True, failed["failure"]),
    ):
        told = {name: evaluate(text, {"input": given, **job}) for name, text in take.items()}
        assert told == {"labeling_job_name": "kinds-1", "iteration": given["iteration"], "is_asked": is_asked, "failure": failure}
