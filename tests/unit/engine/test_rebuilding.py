"""The engine's table made anew from S3: the same tasks, the same answers, the same output, and nothing twice."""

import base64
import json
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from groundwork.engine import store as engine_store
from groundwork.engine.answers import answer_record, canonical, stored_answer
from groundwork.engine.job_control import JobControl
from groundwork.engine.jobs import Counters, EngineJob, JobStatus, WaitOutcome
from groundwork.engine.rebuilding import JobRecords, restore_labeling_jobs
from groundwork.engine.store import Identity, StoredAnswer
from tests.api_events import LambdaContext
from tests.unit.engine.builders import BUCKET, NOON, Engine, a_job, a_request, chose, pictures

AT = NOON + timedelta(seconds=20, microseconds=123)
END = NOON + timedelta(hours=2)
TABLE = "engine"


@dataclass
class Driver:
    """Notes which runs are started."""

    started: list[tuple[str, int]] = field(default_factory=list)

    def next_attempt(self, job: EngineJob) -> int:
        return job.attempt + 1

    def start(self, job: EngineJob) -> None:
        self.started.append((job.key, job.attempt))


def all_items() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return items


def keep_records(engine: Engine) -> None:
    """As the table's stream has it done."""
    for item in all_items():
        if item["sk"]["S"] == "JOB":
            JobRecords(engine.s3, BUCKET).put(item["pk"]["S"].removeprefix("JOB#"), item)


def lose_everything() -> None:
    for item in all_items():
        boto3.client("dynamodb").delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


def rebuild(engine: Engine, name: str) -> Driver:
    driver = Driver()
    restore_labeling_jobs(None, JobRecords(engine.s3, BUCKET), engine.store, driver)  # type: ignore[arg-type]
    engine.load(name)
    return driver


def test_a_table_lost_in_the_middle_of_a_job_is_made_anew_and_the_job_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 2)
    name = engine.open_job(pictures(5), a_request(workers=2))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    for _ in range(3):
        engine.label(ann, name, chose("car"), AT)
    engine.label(ben, name, chose("bus"), AT + timedelta(seconds=1))
    before = [answer for shard in range(3) for answer in engine.store.answers(name, shard)]
    history = engine.store.history(ann.id, limit=10)
    keep_records(engine)
    lose_everything()

    driver = rebuild(engine, name)
    history_after = engine.store.history(ann.id, limit=10)
    after = [answer for shard in range(3) for answer in engine.store.answers(name, shard)]
    taken = [engine.label(ann, name, chose("car"), AT + timedelta(minutes=1)) for _ in range(2)]
    taken_by_ben = [engine.label(ben, name, chose("car"), AT + timedelta(minutes=1)) for _ in range(4)]
    engine.write_output(name, WaitOutcome.DONE, END)

    job = engine.store.job(name)
    assert job is not None
    assert (after, history_after) == (before, history)
    assert driver.started == [("kinds-1", 2)]
    assert (taken, taken_by_ben) == ([3, 4], [1, 2, 3, 4])
    assert engine.work.take_lease(engine.worker("cid"), name, AT + timedelta(minutes=2)) is None
    assert engine.store.worker_place(name, ann.id).answered == 5
    assert job.counters == Counters(human_labeled=5)


def test_the_output_of_a_table_made_anew_is_the_same_to_the_byte(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    for _ in range(2):
        engine.label(engine.worker("ann"), name, chose("car"), AT)
    engine.write_output(name, WaitOutcome.EXPIRED, END)
    keep_records(engine)
    once = {key: engine.file(key) for key in engine.keys("")}
    status = engine.store.job(name)
    lose_everything()

    rebuild(engine, name)
    engine.write_output(name, WaitOutcome.STOPPED, END, round_="again-1")

    job = engine.store.job(name)
    assert job is not None
    assert status is not None
    assert (job.status, job.counters) == (JobStatus.COMPLETED, status.counters)
    assert {key: engine.file(key) for key in engine.keys("")} == once
    assert [found.key for found in engine.store.jobs()] == ["kinds-1"]


def test_who_declined_what_and_why_is_known_after_the_loss(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    for reason in ("too dark", "upside down"):
        lease = engine.work.take_lease(ann, name, AT)
        assert lease is not None
        engine.work.decline(ann, lease.hold.lease_id, reason, AT + timedelta(seconds=1))
    control = JobControl(engine.store)
    control.reissue(name, 1, AT + timedelta(seconds=2))
    aside = engine.store.put_aside(name, limit=10)
    keep_records(engine)
    lose_everything()

    rebuild(engine, name)

    assert engine.store.put_aside(name, limit=10) == aside
    assert [found.reasons for found in aside] == [("too dark",)]
    assert [shard.unfinished for shard in engine.store.shards(name)] == [2]
    # What was offered again is for everybody, also for who declined it before.
    assert [engine.label(ann, name, chose("car"), AT + timedelta(minutes=1)) for _ in range(2)] == [1, 2]
    assert engine.work.take_lease(ben, name, AT + timedelta(minutes=2)) is None


def test_an_answer_that_was_accepted_before_the_loss_is_known_when_it_is_sent_again(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    engine.work.answer(ann, lease.hold.lease_id, chose("car"), AT)
    keep_records(engine)
    lose_everything()
    rebuild(engine, name)

    engine.work.answer(ann, lease.hold.lease_id, chose("car"), AT)

    assert len(list(engine.store.answers(name, 0))) == 1
    assert engine.store.worker_place(name, ann.id).answered == 1


def test_rebuilding_that_was_cut_off_is_completed_by_the_next_and_jobs_that_are_there_stay(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    engine.label(engine.worker("ann"), name, chose("car"), AT)
    keep_records(engine)
    other = a_job(a_request("Other-1"))
    assert engine.store.create_job(other)
    keep_records(engine)
    for item in all_items():
        if "kinds-1" in item["pk"]["S"]:
            boto3.client("dynamodb").delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})

    first = rebuild(engine, name)
    again = rebuild(engine, name)

    assert first.started == again.started == [("kinds-1", 2)]
    assert engine.store.job("other-1") == other
    assert len(list(engine.store.answers(name, 0))) == 1


def test_records_come_in_pages(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from groundwork.engine import rebuilding

    monkeypatch.setattr(rebuilding, "_JOBS_AT_ONCE", 2)
    for number in range(5):
        assert engine.store.create_job(a_job(a_request(f"Kinds-{number}")))
    keep_records(engine)
    lose_everything()
    driver, token, calls = Driver(), None, 0

    while calls == 0 or token is not None:
        restored = restore_labeling_jobs(token, JobRecords(engine.s3, BUCKET), engine.store, driver)  # type: ignore[arg-type]
        token, calls = restored.next, calls + 1

    assert calls == 3
    assert [job.name for job in engine.store.jobs()] == [f"Kinds-{number}" for number in range(5)]


def test_the_stream_keeps_the_record_of_a_job_and_of_nothing_else(engine: Engine) -> None:
    from functions.keep_job_records import app

    serialize = TypeSerializer().serialize
    job = {"pk": serialize("JOB#kinds-1"), "sk": serialize("JOB"), "attempt": serialize(2)}
    shard = {"pk": serialize("JOB#kinds-1"), "sk": serialize("SHARD#00000")}
    records = [{"eventID": "1", "dynamodb": {"NewImage": image, "SequenceNumber": "1"}} for image in (job, shard)]
    records.append({"eventID": "2", "dynamodb": {"OldImage": job, "SequenceNumber": "2"}})

    assert app.lambda_handler({"Records": records}, LambdaContext()) == {"batchItemFailures": []}

    [key] = [entry["Key"] for entry in engine.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert key == "engine/labeling-jobs/kinds-1.json"
    assert json.loads(engine.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) == job


def test_the_copy_of_an_answer_holds_all_that_the_table_knows_of_it() -> None:
    content = {"crowd-image-classifier": {"label": "half a pair: \ud83d"}, "pad": base64.b64encode(bytes(10)).decode()}
    text, digest = canonical(content)
    answer = StoredAnswer(
        task=7,
        worker_id="private.us-east-1.0123456789abcdef",
        identity=Identity("https://issuer", "sub-1"),
        lease_id="kinds-1.7.abc",
        digest=digest,
        accepted_at=NOON,
        submitted_at=AT,
        content=None,
        content_key="projects/pets/output/Kinds-1/annotations/answers/000000007/x.content.json",
        instructions=3,
    )

    copy = json.loads(json.dumps(answer_record(answer, text)))

    defaults = [found.name for found in fields(StoredAnswer) if found.name != "content" and getattr(answer, found.name) == found.default]
    assert defaults == [], "give the answer of this test a value for every field"
    assert stored_answer(copy) == answer
