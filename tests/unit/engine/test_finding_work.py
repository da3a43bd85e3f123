"""What workers are given, and when: freed and lapsed tasks, drafts, declined objects, objects in hands, history."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from groundwork.engine import store as engine_store
from groundwork.engine.store import EngineStore
from groundwork.engine.work import MAX_DRAFT_BYTES, Lease, Worker
from groundwork.errors import ConflictError, InvalidRequestError
from tests.unit.engine.builders import NOON, Engine, a_request, chose, pictures

LATER = NOON + timedelta(seconds=301)


def take(engine: Engine, worker: Worker, name: str, now: datetime = NOON) -> Lease:
    lease = engine.work.take_lease(worker, name, now)
    assert lease is not None
    return lease


def loaded(name: str) -> None:
    """As the run machine leaves the job once all tasks are in: it waits for workers, with a task token."""
    boto3.client("dynamodb").update_item(
        TableName="engine",
        Key={"pk": {"S": f"JOB#{name.lower()}"}, "sk": {"S": "JOB"}},
        UpdateExpression="SET #token = :token",
        ExpressionAttributeNames={"#token": "token"},
        ExpressionAttributeValues={":token": {"S": "token"}},
    )


# --- finding a task --------------------------------------------------------------------------------------------------


def test_a_worker_who_comes_back_after_the_lease_lapsed_gets_the_same_task_with_the_draft(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    ann = engine.worker("ann")
    first = take(engine, ann, name)
    engine.work.save_draft(ann, first.hold.lease_id, chose("bus"), NOON)

    again = take(engine, ann, name, LATER)

    assert again.task.number == first.task.number
    assert again.hold.lease_id != first.hold.lease_id
    assert again.draft == chose("bus")


def test_a_task_whose_lease_lapsed_behind_everybody_is_found(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    loaded(name)
    ann, ben = engine.worker("ann"), engine.worker("ben")
    take(engine, ann, name)
    for _ in range(2):
        engine.label(ben, name, chose("car"))
    assert engine.work.take_lease(ben, name, NOON) is None

    assert take(engine, ben, name, LATER).task.number == 0
    assert engine.work.take_lease(engine.worker("cem"), name, LATER) is None


def test_what_loads_late_and_lies_behind_is_not_missed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 2)
    name = engine.open_job(pictures(6))
    table = boto3.resource("dynamodb").Table("engine")
    first_shard = table.get_item(Key={"pk": "JOB#kinds-1", "sk": "SHARD#00000"})["Item"]
    table.delete_item(Key={"pk": "JOB#kinds-1", "sk": "SHARD#00000"})
    ann = engine.worker("ann")
    before = [engine.label(ann, name, chose("car")) for _ in range(3)]

    table.put_item(Item=first_shard)
    loaded(name)

    assert before == [2, 3, 4]
    assert [engine.label(ann, name, chose("car")) for _ in range(3)] == [0, 1, 5]


def test_a_worker_who_has_seen_everything_asks_for_little(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 5)
    name = engine.open_job(pictures(30), a_request(workers=2))
    loaded(name)
    ann = engine.worker("ann")
    for _ in range(30):
        engine.label(ann, name, chose("car"))
    assert engine.work.take_lease(ann, name, NOON) is None
    read: list[int] = []
    engine.store._client.meta.events.register("after-call.dynamodb.Query", lambda parsed, **_: read.append(len(parsed["Items"])))

    assert engine.work.take_lease(ann, name, NOON) is None

    assert sum(read) == 0


def test_one_worker_costs_three_requests_for_a_task_and_two_for_its_answer(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    loaded(name)
    ann = engine.worker("ann")
    engine.label(ann, name, chose("car"))
    asked: list[str] = []
    engine.store._client.meta.events.register("before-call.dynamodb", lambda model, **_: asked.append(model.name))

    lease = take(engine, ann, name)
    engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)

    assert asked == ["BatchGetItem", "Query", "TransactWriteItems", "BatchGetItem", "TransactWriteItems"]


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_the_draft_comes_with_the_lease_until_the_task_is_answered(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease_id = take(engine, ann, name).hold.lease_id
    for label in ("bus", "car"):
        engine.work.save_draft(ann, lease_id, chose(label), NOON)

    assert engine.work.lease(ann, lease_id).document()["draft"] == chose("car")
    assert take(engine, ann, name).draft == chose("car")
    engine.work.answer(ann, lease_id, chose("truck"), NOON)
    assert engine.work.lease(ann, lease_id).document()["draft"] is None


def test_a_draft_is_nobody_elses(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    engine.work.save_draft(ann, take(engine, ann, name).hold.lease_id, chose("bus"), NOON)

    assert take(engine, engine.worker("ben"), name, LATER).draft is None


def test_a_draft_too_large_to_keep_is_refused(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease_id = take(engine, ann, name).hold.lease_id

    with pytest.raises(InvalidRequestError) as refused:
        engine.work.save_draft(ann, lease_id, {"notes": "x" * MAX_DRAFT_BYTES}, NOON)

    assert [fault.code for fault in refused.value.faults] == ["draft.too-large"]
    with pytest.raises(ConflictError):
        engine.work.save_draft(ann, lease_id, chose("bus"), LATER)


# --- declining -------------------------------------------------------------------------------------------------------


def test_a_declined_object_goes_to_others_and_never_back(engine: Engine) -> None:
    name = engine.open_job(pictures(2), a_request(workers=2))
    loaded(name)
    ann, ben = engine.worker("ann"), engine.worker("ben")
    engine.work.decline(ann, take(engine, ann, name).hold.lease_id, "The picture is blank", NOON)

    assert engine.label(ann, name, chose("car")) == 1
    assert engine.work.take_lease(ann, name, LATER) is None
    assert [engine.label(ben, name, chose("car")) for _ in range(2)] == [0, 1]


def test_an_object_that_too_many_decline_is_put_aside_and_not_waited_for(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann = engine.worker("ann")
    lease_id = take(engine, ann, name).hold.lease_id
    for _ in range(2):
        engine.work.decline(ann, lease_id, "The picture is blank", NOON)

    assert engine.label(engine.worker("ben"), name, chose("car")) == 1

    [aside] = engine.store.put_aside(name, limit=10)
    assert (aside.number, aside.reasons) == (0, ("The picture is blank",))
    assert [shard.unfinished for shard in engine.store.shards(name)] == [0]
    assert engine.work.labeling_jobs(engine.worker("ben"), NOON) == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines"])
def test_a_reason_is_a_short_text(engine: Engine, reason: str) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")

    with pytest.raises(InvalidRequestError) as refused:
        engine.work.decline(ann, take(engine, ann, name).hold.lease_id, reason, NOON)

    assert [fault.code for fault in refused.value.faults] == ["decline.reason-invalid"]


def test_an_answered_object_cannot_be_declined(engine: Engine) -> None:
    name = engine.open_job(pictures(1), a_request(workers=2))
    ann = engine.worker("ann")
    lease_id = take(engine, ann, name).hold.lease_id
    engine.work.answer(ann, lease_id, chose("car"), NOON)

    with pytest.raises(ConflictError):
        engine.work.decline(ann, lease_id, "changed my mind", NOON)


# --- objects in workers' hands ---------------------------------------------------------------------------------------


def test_no_more_objects_are_in_hands_than_the_job_allows_and_nobody_waits_for_a_batch(engine: Engine) -> None:
    name = engine.open_job(pictures(5), a_request(workers=2, MaxConcurrentTaskCount=2))
    ann, ben, cem, dot, eve = (engine.worker(username) for username in ("ann", "ben", "cem", "dot", "eve"))

    first = take(engine, ann, name)
    in_hands = [first.task.number, *(take(engine, worker, name).task.number for worker in (ben, cem, dot))]
    assert Counter(in_hands) == {0: 2, 1: 2}
    assert engine.work.take_lease(eve, name, NOON) is None
    assert engine.work.with_others(eve, name, NOON) == 4

    # Ann's object stays with Ben, so hers makes no room; with his answer the next object comes.
    engine.work.answer(ann, first.hold.lease_id, chose("car"), NOON)
    assert engine.work.take_lease(ann, name, NOON) is None
    engine.work.answer(ben, take(engine, ben, name).hold.lease_id, chose("car"), NOON)
    assert [take(engine, worker, name).task.number for worker in (ben, ann)] == [2, 2]


def test_objects_whose_leases_lapsed_are_in_nobodys_hands(engine: Engine) -> None:
    name = engine.open_job(pictures(3), a_request(MaxConcurrentTaskCount=1))
    take(engine, engine.worker("ann"), name)
    ben = engine.worker("ben")

    assert engine.work.take_lease(ben, name, NOON) is None
    assert take(engine, ben, name, LATER) is not None


# --- history ---------------------------------------------------------------------------------------------------------


def test_the_history_tells_my_answers_newest_first_page_by_page(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    ann = engine.worker("ann")
    for number in range(3):
        engine.label(ann, name, chose("car"), NOON + timedelta(minutes=number + 1))

    first, token = engine.work.history(ann, limit=2, next_token=None)
    rest, end = engine.work.history(ann, limit=2, next_token=token)

    assert [entry.task for entry in [*first, *rest]] == [2, 1, 0]
    assert {entry.job for entry in first} == {"Kinds-1"}
    assert end is None
    assert engine.work.history(engine.worker("ben"), limit=2, next_token=None) == ([], None)


@pytest.mark.parametrize("token", ["", "x", "WORKER#somebody", "2026-01-05T12:00:00+00:00#kinds-1#0"])
def test_a_made_up_place_in_the_history_is_refused(engine: Engine, token: str) -> None:
    with pytest.raises(InvalidRequestError):
        engine.work.history(engine.worker("ann"), limit=2, next_token=token)


# --- races -----------------------------------------------------------------------------------------------------------


class _RacingStore(EngineStore):
    """Lets somebody else do something between reading and writing, once."""

    rival: Any = None

    def save_ended_lease(self, *given: Any, **named: Any) -> None:
        rival, self.rival = self.rival, None
        if rival:
            rival()
        super().save_ended_lease(*given, **named)


def test_two_who_decline_at_once_both_count(engine: Engine) -> None:
    store = _RacingStore.from_env()
    racing = Engine(store, engine.s3, type(engine.work)(store, engine.s3, region="us-east-1"))
    name = racing.open_job(pictures(1), a_request(workers=2))
    ann, ben = racing.worker("ann"), racing.worker("ben")
    mine, others = take(racing, ann, name), take(racing, ben, name)
    store.rival = lambda: racing.work.decline(ben, others.hold.lease_id, "dark", NOON)

    racing.work.decline(ann, mine.hold.lease_id, "blank", NOON)

    [aside] = store.put_aside(name, limit=10)
    assert sorted(aside.reasons) == ["blank", "dark"]
