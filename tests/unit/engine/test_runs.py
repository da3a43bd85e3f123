"""What pushes a run on: starting, starting again, ending the wait, and doing nothing when there is nothing to do."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from groundwork.engine.jobs import JobStatus
from groundwork.engine.runs import MAX_FALSE_STARTS, RunDriver
from tests.unit.engine.builders import NOON, Engine, a_job, a_request, chose, pictures

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:run"
EXECUTION = MACHINE.replace("stateMachine", "execution")
SOON = NOON + timedelta(minutes=1)
EXPIRED = NOON + timedelta(seconds=3600)


class Machine:
    """Step Functions and the event bus as the driver meets them: each expectation is one call, in order."""

    def __init__(self, engine: Engine) -> None:
        self._states = boto3.client("stepfunctions")
        self.states = Stubber(self._states)
        self.states.activate()
        self.driver = RunDriver(engine.store, self._states, MACHINE)

    def expect_look(self, status: str | None, attempt: int = 1) -> None:
        params = {"executionArn": f"{EXECUTION}:kinds-1-{attempt}"}
        if status is None:
            self.states.add_client_error("describe_execution", "ExecutionDoesNotExist", expected_params=params)
            return
        answer: Any = {
            "executionArn": params["executionArn"],
            "stateMachineArn": MACHINE,
            "status": status,
            "startDate": NOON,
        }
        self.states.add_response("describe_execution", answer, params)

    def expect_start(self, attempt: int = 1, *, exists: bool = False) -> None:
        params = {
            "stateMachineArn": MACHINE,
            "name": f"kinds-1-{attempt}",
            "input": json.dumps({"labeling_job_name": "kinds-1", "attempt": attempt}),
        }
        if exists:
            self.states.add_client_error("start_execution", "ExecutionAlreadyExists", expected_params=params)
        else:
            self.states.add_response("start_execution", {"executionArn": EXECUTION, "startDate": NOON}, params)

    def expect_consolidation(self, asked_at: datetime, *, exists: bool = False) -> None:
        params = {
            "stateMachineArn": MACHINE,
            "name": f"kinds-1-again-{int(asked_at.timestamp())}",
            "input": json.dumps({"labeling_job_name": "kinds-1", "round": f"again-{int(asked_at.timestamp())}"}),
        }
        if exists:
            self.states.add_client_error("start_execution", "ExecutionAlreadyExists", expected_params=params)
        else:
            self.states.add_response("start_execution", {"executionArn": EXECUTION, "startDate": NOON}, params)

    def expect_end_of_wait(self, outcome: str, *, error: str | None = None) -> None:
        params = {"taskToken": "token-1", "output": json.dumps({"outcome": outcome})}
        if error:
            self.states.add_client_error("send_task_success", error, expected_params=params)
        else:
            self.states.add_response("send_task_success", {}, params)

    def drive(self, now: datetime = SOON) -> None:
        self.driver.drive("kinds-1", now)
        self.states.assert_no_pending_responses()


@pytest.fixture
def machine(engine: Engine) -> Machine:
    return Machine(engine)


@pytest.fixture
def job(engine: Engine) -> str:
    engine.put_input(pictures(2))
    assert engine.store.create_job(a_job(a_request()))
    return "Kinds-1"


def waiting(engine: Engine, name: str) -> None:
    """As the run machine leaves the job while it waits."""
    engine.load(name)
    engine.set_status(name, JobStatus.IN_PROGRESS)
    boto3.client("dynamodb").update_item(
        TableName="engine",
        Key={"pk": {"S": "JOB#kinds-1"}, "sk": {"S": "JOB"}},
        UpdateExpression="SET #token = :token",
        ExpressionAttributeNames={"#token": "token"},
        ExpressionAttributeValues={":token": {"S": "token-1"}},
    )


def test_a_new_job_gets_a_run(job: str, machine: Machine) -> None:
    machine.expect_look(None)
    machine.expect_start()

    machine.drive()


def test_two_who_start_a_run_at_once_start_one(job: str, machine: Machine) -> None:
    machine.expect_look(None)
    machine.expect_start(exists=True)

    machine.drive()


def test_a_run_at_work_is_left_alone(job: str, machine: Machine) -> None:
    machine.expect_look("RUNNING")

    machine.drive()


def test_a_wait_with_work_left_goes_on(engine: Engine, job: str, machine: Machine) -> None:
    waiting(engine, job)
    engine.label(engine.worker("ann"), job, chose("car"))
    machine.driver.close_finished_shard(job, 0)
    machine.expect_look("RUNNING")

    machine.drive()


def test_the_wait_ends_when_every_shard_is_finished_however_often_that_is_said(engine: Engine, job: str, machine: Machine) -> None:
    waiting(engine, job)
    for _ in range(2):
        engine.label(engine.worker("ann"), job, chose("car"))
    for _ in range(3):
        machine.driver.close_finished_shard(job, 0)
    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("done")

    machine.drive()

    found = engine.store.job(job)
    assert found is not None
    assert found.closed_shards == 1


def test_the_wait_ends_when_the_job_is_to_stop(engine: Engine, job: str, machine: Machine) -> None:
    waiting(engine, job)
    engine.store.request_stop(job, SOON)
    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("stopped")

    machine.drive()


def test_the_wait_ends_at_the_deadline(engine: Engine, job: str, machine: Machine) -> None:
    waiting(engine, job)
    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("expired")

    machine.drive(EXPIRED)


@pytest.mark.parametrize("condition", [{"MaxHumanLabeledObjectCount": 1}, {"MaxPercentageOfInputDatasetLabeled": 50}])
def test_the_wait_ends_when_a_stopping_condition_is_met(engine: Engine, machine: Machine, condition: dict[str, int]) -> None:
    engine.put_input(pictures(2))
    engine.store.create_job(a_job({**a_request(), "StoppingConditions": condition}))
    waiting(engine, "kinds-1")
    machine.expect_look("RUNNING")
    machine.drive()
    engine.label(engine.worker("ann"), "kinds-1", chose("car"))

    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("limit_reached")

    machine.drive()


@pytest.mark.parametrize("error", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_wait_that_was_ended_already_is_no_error(engine: Engine, job: str, machine: Machine, error: str) -> None:
    waiting(engine, job)
    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("expired", error=error)

    machine.drive(EXPIRED)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_a_run_that_died_is_followed_by_the_next_attempt(engine: Engine, job: str, machine: Machine, status: str) -> None:
    waiting(engine, job)
    machine.expect_look(status)
    machine.expect_start(attempt=2)

    machine.drive()

    found = engine.store.job(job)
    assert found is not None
    assert (found.attempt, found.token) == (2, None)


def test_an_attempt_that_was_noted_but_not_started_is_started(engine: Engine, job: str, machine: Machine) -> None:
    engine.store.begin_attempt(job, 2, false_starts=0)
    machine.expect_look(None, attempt=2)
    machine.expect_start(attempt=2)

    machine.drive()


def test_a_job_outlives_any_number_of_restarts_while_it_waits_for_workers(engine: Engine, job: str, machine: Machine) -> None:
    for attempt in range(1, 3 * MAX_FALSE_STARTS):
        waiting(engine, job)
        machine.expect_look("FAILED", attempt=attempt)
        machine.expect_start(attempt=attempt + 1)

        machine.drive()

    found = engine.store.job(job)
    assert found is not None
    assert (found.attempt, found.false_starts) == (3 * MAX_FALSE_STARTS, 0)


def test_a_run_that_keeps_dying_before_it_waits_fails_the_job_and_says_so(engine: Engine, job: str, machine: Machine) -> None:
    for attempt in range(1, MAX_FALSE_STARTS):
        machine.expect_look("ABORTED", attempt=attempt)
        machine.expect_start(attempt=attempt + 1)
        machine.drive()
    machine.expect_look("ABORTED", attempt=MAX_FALSE_STARTS)

    machine.drive()

    found = engine.store.job(job)
    assert found is not None
    assert found.status is JobStatus.FAILED
    assert "ended 5 times before workers could begin" in (found.failure_reason or "")


def test_a_job_at_rest_or_unknown_needs_nothing(engine: Engine, job: str, machine: Machine) -> None:
    engine.store.come_to_rest(job, JobStatus.COMPLETED, SOON)

    machine.drive()
    machine.driver.drive("nope", SOON)


def test_the_schedule_finds_every_job_not_at_rest_and_shards_whose_record_was_lost(engine: Engine, job: str, machine: Machine) -> None:
    waiting(engine, job)
    for _ in range(2):
        engine.label(engine.worker("ann"), job, chose("car"))
    done = a_job(a_request("done-1"))
    engine.store.create_job(done)
    engine.store.come_to_rest("done-1", JobStatus.STOPPED, SOON)
    machine.expect_look("RUNNING")
    machine.expect_end_of_wait("done")

    machine.driver.drive_all(SOON)

    machine.states.assert_no_pending_responses()


def test_one_jobs_trouble_does_not_keep_the_others(engine: Engine, job: str, machine: Machine) -> None:
    engine.store.create_job(a_job(a_request("aa-1")))
    machine.states.add_client_error("describe_execution", "ThrottlingException", expected_params={"executionArn": ANY})
    machine.expect_look("RUNNING")

    with pytest.raises(ExceptionGroup):
        machine.driver.drive_all(SOON)

    machine.states.assert_no_pending_responses()


def test_a_late_attempt_cannot_bring_back_a_job_at_rest(engine: Engine, job: str) -> None:
    engine.store.come_to_rest(job, JobStatus.STOPPED, SOON)

    assert not engine.store.begin_attempt(job, 2, false_starts=0)
    assert not engine.store.request_stop(job, SOON)
    assert not engine.store.come_to_rest(job, JobStatus.COMPLETED, SOON)


def test_a_job_that_was_put_back_gets_an_attempt_that_never_ran_and_what_still_runs_is_stopped(engine: Engine) -> None:
    machine, job = Machine(engine), a_job(a_request())
    machine.expect_look("ABORTED")
    machine.expect_look("RUNNING", attempt=2)
    stopped = {"executionArn": f"{EXECUTION}:kinds-1-2", "cause": ANY}
    machine.states.add_response("stop_execution", {"stopDate": NOON}, stopped)
    machine.expect_look(None, attempt=3)

    assert machine.driver.next_attempt(job) == 3
    machine.states.assert_no_pending_responses()


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.STOPPED, JobStatus.FAILED])
def test_a_job_at_rest_is_consolidated_again_once_for_each_time_that_was_asked(engine: Engine, status: JobStatus) -> None:
    name = engine.open_job(pictures(1))
    engine.store.come_to_rest(name, status, SOON)
    machine = Machine(engine)

    assert engine.store.request_consolidation(name, NOON)
    machine.expect_consolidation(NOON)
    machine.driver.drive(name, SOON)
    machine.expect_consolidation(NOON, exists=True)
    machine.driver.drive(name, SOON)
    assert engine.store.request_consolidation(name, SOON)
    machine.expect_consolidation(SOON)
    machine.driver.drive(name, SOON)

    machine.states.assert_no_pending_responses()


def test_a_running_job_and_one_that_does_not_exist_are_not_consolidated_again(engine: Engine) -> None:
    name = engine.open_job(pictures(1))

    assert not engine.store.request_consolidation(name, NOON)
    assert not engine.store.request_consolidation("nobodys-1", NOON)
