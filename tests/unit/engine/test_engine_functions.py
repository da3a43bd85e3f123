"""The engine's functions, from their triggers to what they leave behind."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from groundwork.engine.jobs import WaitOutcome
from groundwork.engine.rebuilding import Restored
from groundwork.labeling_jobs.tags import PRIORITY_TAG
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.unit.engine.builders import ARN_PREFIX, BUCKET, Engine, a_job, a_request, chose, own_function, pictures
from tests.unit.engine.test_automated_labeling import an_automated_request

EVENTS = Path(__file__).resolve().parents[3] / "events"


def open_job(engine: Engine, lines: list[dict[str, Any]], **request: Any) -> str:
    """A job that was created just now, because the functions look at the clock."""
    return engine.open_job(lines, a_request(**request), at=datetime.now(UTC))


# --- the steps of the run machine ------------------------------------------------------------------------------------


def test_the_steps_of_a_run_tell_the_machine_how_it_went(engine: Engine) -> None:
    from functions.assemble_output import app as assemble_output
    from functions.consolidate_annotations import app as consolidate_annotations
    from functions.load_tasks import app as load_tasks
    from functions.plan_consolidation import app as plan_consolidation
    from functions.plan_loading import app as plan_loading

    engine.put_input(pictures(2))
    assert engine.store.create_job(a_job(a_request()))
    job = {"labeling_job_name": "kinds-1"}
    run = {**job, "round": "run"}

    assert plan_loading.lambda_handler(job, LambdaContext()) == {"outcome": "planned", "ranges": 1}
    assert load_tasks.lambda_handler({**job, "range": 0}, LambdaContext()) == {"outcome": "loaded", "tasks": 2}
    assert plan_consolidation.lambda_handler({**run, "outcome": "interim"}, LambdaContext()) == {"outcome": "nothing_new"}
    assert assemble_output.lambda_handler(run, LambdaContext()) == {"outcome": "interim"}
    assert plan_consolidation.lambda_handler({**run, "outcome": "stopped"}, LambdaContext()) == {"outcome": "planned", "ranges": [0]}
    assert consolidate_annotations.lambda_handler({**run, "range": 0}, LambdaContext()) == {"outcome": "consolidated"}
    assert assemble_output.lambda_handler(run, LambdaContext()) == {
        "outcome": "finished",
        "status": "Stopped",
        "labeling_job_arn": f"{ARN_PREFIX}:labeling-job/kinds-1",
    }
    assert plan_consolidation.lambda_handler({**run, "outcome": "stopped"}, LambdaContext()) == {"outcome": "superseded"}


def test_the_steps_of_automated_labeling_ask_the_function_once_there_is_something_to_learn_from(engine: Engine) -> None:
    from functions.take_proposals import app as take_proposals
    from functions.write_question import app as write_question

    name = engine.open_job(pictures(6), an_automated_request(batch=2))
    job = {"labeling_job_name": "kinds-1"}

    first = write_question.lambda_handler(job, LambdaContext())
    taken = take_proposals.lambda_handler({**job, "iteration": 1, "is_asked": False, "failure": None}, LambdaContext())
    again = take_proposals.lambda_handler({**job, "iteration": 1, "is_asked": False, "failure": None}, LambdaContext())
    for _ in range(2):
        engine.label(engine.worker("ann"), name, chose("car"))
    asked = write_question.lambda_handler(job, LambdaContext())
    failed = take_proposals.lambda_handler({**job, "iteration": 2, "is_asked": True, "failure": "It broke."}, LambdaContext())
    engine.write_output(name, WaitOutcome.STOPPED, datetime.now(UTC))

    assert first == {"outcome": "first", "iteration": 1}
    assert taken == {"outcome": "taken", "machine_labeled": 0, "released": 2, "left": 4}
    assert again == {"outcome": "superseded"}
    assert (asked["outcome"], asked["iteration"], asked["function"]) == ("ask", 2, own_function("learner"))
    assert asked["event"]["labelAttributeName"] == "kind"
    assert failed == {"outcome": "taken", "machine_labeled": 0, "released": 2, "left": 2}
    assert write_question.lambda_handler(job, LambdaContext()) == {"outcome": "over"}


def test_input_that_cannot_be_worked_on_is_an_outcome_and_no_error(engine: Engine) -> None:
    from functions.assemble_output import app as assemble_output
    from functions.consolidate_annotations import app as consolidate_annotations
    from functions.load_tasks import app as load_tasks
    from functions.plan_loading import app as plan_loading

    engine.put_input(pictures(1))
    name = a_job(a_request()).name
    assert engine.store.create_job(a_job(a_request()))
    plan_loading.lambda_handler({"labeling_job_name": name}, LambdaContext())
    engine.s3.delete_object(Bucket=BUCKET, Key="projects/pets/manifests/in.manifest")
    other = a_job(a_request("Other"))
    assert engine.store.create_job(other)

    planned = plan_loading.lambda_handler({"labeling_job_name": other.name}, LambdaContext())
    loaded = load_tasks.lambda_handler({"labeling_job_name": name, "range": 0}, LambdaContext())
    consolidated = consolidate_annotations.lambda_handler({"labeling_job_name": name, "round": "run", "range": 0}, LambdaContext())
    assembled = assemble_output.lambda_handler({"labeling_job_name": name, "round": "run"}, LambdaContext())

    for told in (planned, loaded, consolidated, assembled):
        assert told["outcome"] == "refused"
        assert "does not exist" in told["failure_reason"]


def test_restoring_labeling_jobs_tells_the_machine_whether_more_are_left(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from functions.restore_labeling_jobs import app

    pages = []

    def restore(after: str | None, *_: object) -> Restored:
        pages.append(after)
        return Restored(2, "token" if after is None else None)

    monkeypatch.setattr(app, "restore_labeling_jobs", restore)

    assert app.lambda_handler({"after": ""}, LambdaContext()) == {"labeling_jobs": 2, "next": "token"}
    assert app.lambda_handler({"after": "token"}, LambdaContext()) == {"labeling_jobs": 2, "next": ""}
    assert pages == [None, "token"]


# --- drive_runs ------------------------------------------------------------------------------------------------------


class _Driver:
    """Notes what it is asked to do; `broken` names a job it cannot drive."""

    def __init__(self, broken: str | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.broken = broken

    def drive(self, name: str, now: datetime) -> None:
        assert now.tzinfo is UTC
        if name == self.broken:
            raise ConnectionError(name)
        self.calls.append(("drive", name))

    def close_finished_shard(self, name: str, number: int) -> None:
        self.calls.append(("close", name, number))

    def drive_all(self, now: datetime) -> None:
        self.calls.append(("all", now.tzinfo))


@pytest.fixture
def drive_runs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    from functions.drive_runs import app

    monkeypatch.setattr(app, "driver", _Driver())
    return app


@pytest.fixture
def table_changed() -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / "engine_table_changed.json").read_text())
    return event


def test_a_changed_job_or_a_finished_batch_is_driven_and_a_finished_shard_is_closed(
    drive_runs: ModuleType, table_changed: dict[str, Any]
) -> None:
    answer = drive_runs.lambda_handler(table_changed, LambdaContext())

    assert answer == {"batchItemFailures": []}
    assert drive_runs.driver.calls == [("drive", "kinds-1"), ("close", "kinds-1", 0), ("drive", "kinds-2")]


def test_records_of_other_items_and_of_deleted_ones_are_passed_over(drive_runs: ModuleType, table_changed: dict[str, Any]) -> None:
    job, shard, batch = table_changed["Records"]
    del job["dynamodb"]["NewImage"]
    for record in (shard, batch):
        record["dynamodb"]["NewImage"]["unfinished"] = {"N": "1"}

    assert drive_runs.lambda_handler(table_changed, LambdaContext()) == {"batchItemFailures": []}
    assert drive_runs.driver.calls == []


def test_a_record_that_fails_is_given_back_alone(
    drive_runs: ModuleType, table_changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive_runs, "driver", _Driver(broken="kinds-1"))

    answer = drive_runs.lambda_handler(table_changed, LambdaContext())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "100000000000000000001"}]}


def test_the_schedule_drives_every_job(drive_runs: ModuleType) -> None:
    drive_runs.lambda_handler({"source": "aws.events", "detail-type": "Scheduled Event"}, LambdaContext())

    assert drive_runs.driver.calls == [("all", UTC)]


# --- serve_work ------------------------------------------------------------------------------------------------------


def call(
    method: str,
    route: str,
    body: Any = None,
    *,
    username: str | None = "ann",
    groups: Any = ("vets",),
    query: dict[str, str] | None = None,
    **path: str,
) -> HttpAnswer:
    from functions.serve_work import app

    event = api_event(method, route.format(**path), body, username=username, groups=list(groups), path_parameters=path or None, query=query)
    return http_answer(app.lambda_handler(event, LambdaContext()))


def take(username: str = "ann") -> HttpAnswer:
    return call("POST", "/work/labeling-jobs/{name}/leases", username=username, name="kinds-1")


def test_a_worker_finds_takes_and_answers_work(engine: Engine, jobs_table: object) -> None:
    open_job(engine, pictures(1))

    listed = call("GET", "/work/labeling-jobs")
    taken = take()
    read = call("GET", "/work/leases/{lease_id}", lease_id=taken.body["lease_id"])
    answered = call("POST", "/work/leases/{lease_id}/answer", {"answer": chose("car")}, lease_id=taken.body["lease_id"])

    assert listed.body == {
        "items": [
            {
                "name": "Kinds-1",
                "title": "Kinds",
                "description": "Choose the kind",
                "task_type": "ImageMultiClass",
                "available": 1,
                "answered_by_me": 0,
                "with_others": 0,
                "priority": 50,
            }
        ],
        "next_token": None,
    }
    assert (taken.status, read.status, read.body) == (201, 200, taken.body)
    assert set(taken.body) == {"lease_id", "job", "task_id", "expires_at", "time_limit_seconds", "input", "draft", "instructions_version"}
    assert (answered.status, answered.body) == (200, {"accepted": True})
    assert take().status == 204


def test_jobs_are_listed_by_priority_and_then_by_age_page_by_page(engine: Engine, jobs_table: object) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=10)
    for minute, (name, priority) in enumerate({"Usual-2": None, "Rush": "90", "Later": "9", "Usual-1": None, "Rush-2": "90"}.items()):
        request = a_request(name)
        tags = [*request["Tags"], *([{"Key": PRIORITY_TAG, "Value": priority}] if priority else [])]
        engine.open_job(pictures(1), {**request, "Tags": tags}, at=begun + timedelta(minutes=minute))

    listed, token = [], ""
    while token is not None:
        page = call("GET", "/work/labeling-jobs", query={"limit": "2", **({"next_token": token} if token else {})})
        listed += [(job["name"], job["priority"]) for job in page.body["items"]]
        token = page.body["next_token"]

    assert listed == [("Rush", 90), ("Rush-2", 90), ("Usual-2", 50), ("Usual-1", 50), ("Later", 9)]


def test_a_lease_can_be_renewed_and_given_back(engine: Engine, jobs_table: object) -> None:
    open_job(engine, pictures(1))
    lease = take().body["lease_id"]

    renewed = call("POST", "/work/leases/{lease_id}/renew", lease_id=lease)
    given_back = call("POST", "/work/leases/{lease_id}/return", lease_id=lease)

    assert (renewed.status, renewed.body["lease_id"]) == (200, lease)
    assert given_back.status == 204
    assert call("POST", "/work/leases/{lease_id}/renew", lease_id=lease).status == 409
    assert take("ben").status == 201


def test_an_answer_with_faults_is_refused_with_their_places(engine: Engine, jobs_table: object) -> None:
    open_job(engine, pictures(1))
    lease = take().body["lease_id"]

    refused = call("POST", "/work/leases/{lease_id}/answer", {"answer": chose("tram")}, lease_id=lease)
    malformed = call("POST", "/work/leases/{lease_id}/answer", {"answers": {}}, lease_id=lease)

    assert (refused.status, refused.fault_codes) == (422, ["answer.label-unknown"])
    assert refused.body["errors"][0]["pointer"] == "/answer/crowd-image-classifier/label"
    assert (malformed.status, malformed.fault_codes) == (422, ["request.field-missing", "request.field-unknown"])


def test_nobody_sees_work_of_teams_they_are_not_in(engine: Engine, jobs_table: object) -> None:
    open_job(engine, pictures(1))
    lease = take().body["lease_id"]

    assert call("GET", "/work/labeling-jobs", groups=["lawyers"]).body["items"] == []
    assert call("POST", "/work/labeling-jobs/{name}/leases", groups=["lawyers"], name="kinds-1").status == 404
    assert call("GET", "/work/leases/{lease_id}", username="ben", lease_id=lease).status == 404
    assert call("GET", "/work/leases/{lease_id}", groups=[], lease_id=lease).status == 404
