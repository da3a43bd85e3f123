"""The run machine's definition: what every state must have, and that its expressions and the code agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonata
import pytest

from groundwork.engine.jobs import JobStatus, WaitOutcome

MACHINE: dict[str, Any] = json.loads((Path(__file__).resolve().parents[3] / "statemachines" / "run_labeling_job.asl.json").read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def evaluate(template: str, states: dict[str, Any]) -> Any:
    expression = jsonata.Jsonata(template.removeprefix("{%").removesuffix("%}").strip())
    # Step Functions binds $states; jsonata-python takes bindings through a frame.
    frame = expression.create_frame()
    frame.bind("states", states)
    return expression.evaluate(None, frame)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_timeout_tries_again_and_catches_what_remains(name: str) -> None:
    task = TASKS[name]

    assert isinstance(task["TimeoutSeconds"], int)
    assert any(retry.get("MaxAttempts", 3) > 0 and retry["JitterStrategy"] == "FULL" for retry in task["Retry"])
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


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


@pytest.mark.parametrize("name", ["LoadTasks", "OpenForWork", "WaitForWorkers", "ConsolidateAnnotations"])
def test_a_failure_leaves_a_reason_that_names_the_execution(name: str) -> None:
    template = TASKS[name]["Catch"][-1]["Output"]["failure_reason"]

    reason = evaluate(template, {"errorOutput": {"Error": "Runtime.HandlerError"}, "context": {"Execution": {"Name": "kinds-1-1"}}})

    assert "(Runtime.HandlerError)" in reason
    assert "the execution kinds-1-1" in reason
    assert len(reason) < 1024


def test_the_outcome_of_the_wait_is_what_consolidation_understands() -> None:
    given = evaluate(STATES["WaitForWorkers"]["Output"]["outcome"], {"result": {"outcome": "expired"}})

    assert WaitOutcome(given) is WaitOutcome.EXPIRED
