"""What people change of a labeling job while it runs, through the API: pause, extend, new instructions, objects put aside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from groundwork.engine.job_control import JobControl
from groundwork.engine.jobs import EngineJob, JobStatus, WaitOutcome
from groundwork.engine.leases import Hold
from groundwork.errors import ConflictError
from groundwork.labeling_jobs.job import Counters, Parts
from groundwork.labeling_jobs.launching import Deployment, template_uri
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import Part
from groundwork.labeling_jobs.splitting import SplitJobs
from groundwork.labeling_jobs.steering import Steering
from groundwork.store import JobEvent, JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.builders import BUCKET, LabelingServiceInMemory, a_project, a_stored_job
from tests.unit.engine.builders import NOON, Engine, a_request, chose, pictures
from tests.unit.engine.test_engine_functions import call as work

JOB = "/projects/pets/labeling-jobs/Kinds-1"


@pytest.fixture
def app(jobs_table: object) -> ModuleType:
    from functions.serve_running_jobs import app

    return app


@pytest.fixture
def running(engine: Engine, app: ModuleType) -> Engine:
    """A job of the project `pets` with two objects, on the control plane and in the engine. Ann made it."""
    store = JobStore.from_env()
    a_project(store, "pets", owner="ann")
    a_stored_job(store, name="Kinds-1", status=Status.IN_PROGRESS, labeling_job_arn="arn:aws:sagemaker:…:labeling-job/kinds-1")
    engine.put_template("<p>The first words</p>")
    engine.open_job(pictures(2), a_request(), at=datetime.now(UTC))
    return engine


def ask(app: ModuleType, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> HttpAnswer:
    names = {"project": "pets", "name": "Kinds-1"}
    if path.startswith("/objects/"):
        names["n"] = path.split("/")[2]
    event = api_event(method, JOB + path, body, username="ann", path_parameters=names, query=query)
    return http_answer(app.lambda_handler(event, LambdaContext()))


def take(username: str) -> HttpAnswer:
    return work("POST", "/work/labeling-jobs/{name}/leases", username=username, name="kinds-1")


def page(username: str, lease: HttpAnswer) -> str:
    return str(work("GET", "/work/leases/{lease_id}/page", username=username, lease_id=lease.body["lease_id"]).body)


def history() -> list[str]:
    store = JobStore.from_env()
    job = store.job("kinds-1")
    assert job is not None
    return [event.type for event in store.job_events(job, limit=50, next_token=None).items]


def test_a_paused_job_gives_out_no_work_and_what_workers_hold_is_still_taken(running: Engine, app: ModuleType) -> None:
    lease = take("wendy")

    paused = ask(app, "POST", "/pause")

    assert (paused.status, paused.body["paused"]) == (200, True)
    assert take("walt").status == 204
    answer = work("POST", "/work/leases/{lease_id}/answer", {"answer": chose("car")}, username="wendy", lease_id=lease.body["lease_id"])
    assert answer.status == 200
    assert work("GET", "/work/labeling-jobs", username="walt").body["items"] == []
    assert ask(app, "POST", "/resume").body["paused"] is False
    assert take("walt").status == 201
    assert history()[-2:] == ["Paused", "Resumed"]


def test_an_extended_job_offers_work_for_longer(running: Engine, app: ModuleType) -> None:
    before = running.store.job("kinds-1")

    extended = ask(app, "POST", "/extend", {"task_expiration_seconds": 1_000_000})

    after = running.store.job("kinds-1")
    assert before is not None
    assert after is not None
    assert extended.body["task_expiration_seconds"] == 1_000_000
    assert after.deadline - after.created_at == timedelta(seconds=1_000_000) > before.deadline - before.created_at


@pytest.mark.parametrize("seconds", [60, 2_592_001])
def test_a_job_is_never_shortened_nor_extended_beyond_thirty_days(running: Engine, app: ModuleType, seconds: int) -> None:
    refused = ask(app, "POST", "/extend", {"task_expiration_seconds": seconds})

    assert (refused.status, refused.fault_codes) == (422, ["job.task-expiration-out-of-range"])


def test_new_instructions_are_shown_with_the_next_lease_and_answers_say_which_their_worker_saw(running: Engine, app: ModuleType) -> None:
    first = take("wendy")

    changed = ask(app, "PUT", "/instructions", {"short_instructions": "<p>The second words</p>", "full_instructions": None})
    second = take("walt")

    assert (changed.status, changed.body["instructions_version"]) == (200, 2)
    assert changed.body["short_instructions"] == "<p>The second words</p>"
    assert (first.body["instructions_version"], second.body["instructions_version"]) == (1, 2)
    assert "The first words" in page("wendy", first)
    assert "The second words" in page("walt", second)
    for username, lease in (("wendy", first), ("walt", second)):
        work("POST", "/work/leases/{lease_id}/answer", {"answer": chose("car")}, username=username, lease_id=lease.body["lease_id"])
    assert [answer.instructions for answer in running.store.answers("kinds-1", 0)] == [1, 2]


def test_instructions_are_checked_and_the_same_again_are_no_new_version(running: Engine, app: ModuleType) -> None:
    outside = "<img src=\"{{ 's3://elsewhere/x.png' | grant_read_access }}\">"
    refused = ask(app, "PUT", "/instructions", {"short_instructions": outside, "full_instructions": None})
    for _ in range(2):
        same = ask(app, "PUT", "/instructions", {"short_instructions": "<p>Look</p>", "full_instructions": None})

    assert (refused.status, refused.fault_codes) == (422, ["instructions.image-outside-locations"])
    assert same.body["instructions_version"] == 2


def test_an_object_put_aside_is_seen_and_offered_again(running: Engine, app: ModuleType) -> None:
    lease = take("wendy")
    work("POST", "/work/leases/{lease_id}/decline", {"reason": "blank"}, username="wendy", lease_id=lease.body["lease_id"])

    listed = ask(app, "GET", "/objects", query={"status": "declined"})
    reissued = [ask(app, "POST", "/objects/0/reissue") for _ in range(2)]

    assert [(item["object"], item["reasons"]) for item in listed.body["items"]] == [(0, ["blank"])]
    assert [answer.status for answer in reissued] == [204, 204]
    assert ask(app, "GET", "/objects").body["items"] == []
    assert [shard.unfinished for shard in running.store.shards("kinds-1")] == [2]
    assert {take("wendy").body["task_id"], take("walt").body["task_id"]} == {"0", "1"}


def test_an_object_is_offered_again_when_the_rest_of_its_shard_is_done(running: Engine, app: ModuleType) -> None:
    lease = take("wendy")
    work("POST", "/work/leases/{lease_id}/decline", {"reason": "blank"}, username="wendy", lease_id=lease.body["lease_id"])
    work("POST", "/work/leases/{lease_id}/answer", {"answer": chose("car")}, username="walt", lease_id=take("walt").body["lease_id"])
    running.store.close_shard("kinds-1", 0, only_if_finished=True)
    assert take("wendy").status == 204

    assert ask(app, "POST", "/objects/0/reissue").status == 204

    job = running.store.job("kinds-1")
    assert job is not None
    assert job.closed_shards == 0
    assert take("walt").body["task_id"] == "0"


def test_nothing_is_offered_again_once_the_jobs_end_is_settled(running: Engine, app: ModuleType) -> None:
    lease = take("wendy")
    work("POST", "/work/leases/{lease_id}/decline", {"reason": "blank"}, username="wendy", lease_id=lease.body["lease_id"])
    running.store.settle_outcome("kinds-1", WaitOutcome.EXPIRED)

    assert ask(app, "POST", "/objects/0/reissue").status == 409
    assert ask(app, "POST", "/extend", {"task_expiration_seconds": 1_000_000}).status == 409


@pytest.mark.parametrize("number", ["9", "x", "-1", "1234567890"])
def test_an_object_that_is_none_of_the_jobs_cannot_be_reissued(running: Engine, app: ModuleType, number: str) -> None:
    assert ask(app, "POST", f"/objects/{number}/reissue").status == 404


@pytest.mark.parametrize("query", [{"status": "failed"}, {"next_token": "x"}, {"limit": "0"}])
def test_a_list_of_objects_takes_no_other_words(running: Engine, app: ModuleType, query: dict[str, str]) -> None:
    assert ask(app, "GET", "/objects", query=query).status == 422


def test_a_template_that_came_with_the_job_is_not_replaced(running: Engine, app: ModuleType) -> None:
    store = JobStore.from_env()
    job = store.job("kinds-1")
    assert job is not None
    store.save_job(job, job.changed(own_template_uri=f"s3://{BUCKET}/projects/pets/own.liquid"), JobEvent(datetime.now(UTC), "Created", {}))

    answer = ask(app, "PUT", "/instructions", {"short_instructions": "<p>Look</p>", "full_instructions": None})

    assert answer.status == 409
    assert "own template" in answer.body["detail"]


def test_a_stopped_job_is_not_steered(running: Engine, app: ModuleType) -> None:
    running.set_status("Kinds-1", JobStatus.STOPPING)

    assert ask(app, "POST", "/pause").status == 409


def test_ground_truth_has_no_word_for_it(running: Engine) -> None:
    store = JobStore.from_env()
    job = store.job("kinds-1")
    assert job is not None

    with pytest.raises(ConflictError, match="Only the built-in labeling service"):
        Steering(store, None, running.s3, BUCKET).pause(job, by="ann", now=datetime.now(UTC))


# --- split jobs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def split(running: Engine) -> Engine:
    """The job as two parts: the first runs with two objects, the second with three has its turn later."""
    store, now = JobStore.from_env(), datetime.now(UTC)
    job = store.job("kinds-1")
    assert job is not None
    runs: dict[str, Any] = {"status": Status.IN_PROGRESS, "begun_at": now, "labeling_job_arn": "arn:1"}
    parts = [
        Part(job.name, "pets", job.job_id, 1, 2, Counters(total=2, unlabeled=2), **runs),
        Part(job.name, "pets", job.job_id, 2, 3, Counters(total=3, unlabeled=3)),
    ]
    changed = job.changed(parts=Parts(total=2, waiting=1, running=1), labeling_job_arn=None)
    store.split_job(job, changed, parts, JobEvent(now, "Split", {"parts": 2}))
    running.open_job(pictures(2), a_request("Kinds-1-part-0001"), at=now)
    return running


def drive(engine: Engine) -> None:
    """As drive_split_jobs does when the job or a part of it changed."""
    deployment = Deployment(region="us-east-1", partition="aws", account_id="123456789012", data_bucket=BUCKET, role_arn="arn:of:role")
    SplitJobs(
        store=JobStore.from_env(),
        service=LabelingServiceInMemory(),
        step_functions=boto3.client("stepfunctions"),
        merge_machine_arn="arn:of:merge",
        deployment=deployment,
        at_once=1,
        control=JobControl(engine.store),
    ).drive("Kinds-1", now=datetime.now(UTC))


def begin_second_part(engine: Engine) -> None:
    store = JobStore.from_env()
    job = store.job("kinds-1")
    assert job is not None
    first, second = store.parts(job)
    store.save_part(first, first.changed(status=Status.COMPLETED))
    store.save_part(second, second.changed(status=Status.IN_PROGRESS, begun_at=datetime.now(UTC), labeling_job_arn="arn:2"))
    engine.open_job(pictures(3), a_request("Kinds-1-part-0002"), at=datetime.now(UTC))


def part(engine: Engine, number: int) -> EngineJob:
    job = engine.store.job(f"kinds-1-part-{number:04d}")
    assert job is not None
    return job


def test_a_split_job_is_paused_and_resumed_with_its_parts(split: Engine, app: ModuleType) -> None:
    paused = ask(app, "POST", "/pause")
    drive(split)
    while_paused = part(split, 1).is_paused
    resumed = ask(app, "POST", "/resume")
    drive(split)

    assert (paused.status, paused.body["paused"], while_paused) == (200, True, True)
    assert (resumed.body["paused"], part(split, 1).is_paused) == (False, False)


def test_what_was_changed_of_a_split_job_holds_for_parts_whose_turn_comes_later(split: Engine, app: ModuleType) -> None:
    for words in ("second", "third"):
        ask(app, "PUT", "/instructions", {"short_instructions": f"<p>The {words} words</p>", "full_instructions": None})
    ask(app, "POST", "/extend", {"task_expiration_seconds": 1_000_000})
    ask(app, "POST", "/pause")
    drive(split)
    begin_second_part(split)
    drive(split)
    drive(split)

    store = JobStore.from_env()
    job = store.job("kinds-1")
    assert job is not None
    assert job.instructions_version == 3
    for number in (1, 2):
        job_of_part = part(split, number)
        assert job_of_part.is_paused
        assert job_of_part.deadline - job_of_part.created_at == timedelta(seconds=1_000_000)
        assert job_of_part.changed_templates == tuple(str(template_uri(job, BUCKET, version)) for version in (2, 3))
    uri = template_uri(job, BUCKET, 3)
    assert b"The third words" in split.s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()


def test_objects_of_a_split_job_have_their_numbers_in_the_whole_job(split: Engine, app: ModuleType) -> None:
    begin_second_part(split)
    for number, of_part in ((1, 1), (0, 2), (2, 2)):
        task = split.store.task(f"kinds-1-part-{of_part:04d}", number)
        assert task is not None
        held = {"private.us-east-1.0": Hold("lease", NOON, NOON, declined=f"blank {number}", is_over=True)}
        aside = replace(task, holds=held, is_aside=True)
        split.store.save_task(f"kinds-1-part-{of_part:04d}", aside)
        split.store.add_put_aside(f"kinds-1-part-{of_part:04d}", [aside], NOON)

    pages = [ask(app, "GET", "/objects", query={"limit": "2"})]
    pages.append(ask(app, "GET", "/objects", query={"limit": "2", "next_token": pages[0].body["next_token"]}))
    reissued = ask(app, "POST", "/objects/2/reissue")

    assert [(item["object"], item["reasons"]) for page in pages for item in page.body["items"]] == [
        (1, ["blank 1"]),
        (2, ["blank 0"]),
        (4, ["blank 2"]),
    ]
    assert reissued.status == 204
    assert [item["object"] for item in ask(app, "GET", "/objects").body["items"]] == [1, 4]
    assert ask(app, "POST", "/objects/5/reissue").status == 404


def test_objects_of_a_part_whose_turn_comes_later_cannot_be_reissued(split: Engine, app: ModuleType) -> None:
    assert ask(app, "POST", "/objects/2/reissue").status == 404
    assert ask(app, "GET", "/objects").body["items"] == []
