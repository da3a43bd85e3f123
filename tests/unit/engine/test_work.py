"""What members of a labeling team can do, on the table and S3."""

import json
import re
import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from groundwork.access import Caller
from groundwork.engine.jobs import JobStatus
from groundwork.engine.leases import Task
from groundwork.engine.output_tree import OutputTree
from groundwork.engine.store import EngineStore, NewLease, StoredAnswer
from groundwork.engine.work import MAX_INLINE_ANSWER_BYTES, Work, Worker
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from tests.unit.engine.builders import ISSUER, NOON, Engine, a_request, chose, pictures

LATER = NOON + timedelta(seconds=301)


def test_a_worker_goes_through_a_job_in_the_order_of_the_input(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    ann = engine.worker("ann")

    assert [engine.label(ann, name, chose("car")) for _ in range(3)] == [0, 1, 2]
    assert engine.work.take_lease(ann, name, NOON) is None


def test_a_lease_shows_what_the_page_needs(engine: Engine) -> None:
    name = engine.open_job(pictures(1))

    lease = engine.work.take_lease(engine.worker("ann"), name, NOON)

    assert lease is not None
    assert lease.document() == {
        "lease_id": lease.hold.lease_id,
        "job": "Kinds-1",
        "task_id": "0",
        "expires_at": "2026-01-05T12:05:00.000Z",
        "time_limit_seconds": 300,
        "input": {"taskObject": pictures(1)[0]["source-ref"], "labels": ["bus", "car", "truck"]},
        "draft": None,
        "instructions_version": 1,
    }


def test_a_worker_who_asks_again_gets_the_lease_already_held(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann = engine.worker("ann")

    first, again = engine.work.take_lease(ann, name, NOON), engine.work.take_lease(ann, name, NOON + timedelta(seconds=5))

    assert first is not None
    assert again is not None
    assert again.hold == first.hold


def test_an_expired_lease_goes_to_the_next_worker(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    engine.work.take_lease(engine.worker("ann"), name, NOON)
    ben = engine.worker("ben")

    assert engine.work.take_lease(ben, name, NOON) is None
    lease = engine.work.take_lease(ben, name, LATER)

    assert lease is not None
    assert lease.task.number == 0


def test_a_task_given_back_behind_a_workers_place_is_found_again(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    given_back = engine.work.take_lease(ann, name, NOON)
    assert given_back is not None
    engine.label(ben, name, chose("bus"))
    engine.work.give_back(ann, given_back.hold.lease_id, NOON)

    lease = engine.work.take_lease(ben, name, NOON)

    assert lease is not None
    assert lease.task.number == 0


def test_a_worker_sees_only_jobs_of_the_own_teams(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    stranger = engine.worker("sam", "lawyers")

    assert engine.work.labeling_jobs(stranger, NOON) == []
    with pytest.raises(NotFoundError):
        engine.work.take_lease(stranger, name, NOON)


def test_another_workers_lease_does_not_exist_for_me(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    lease = engine.work.take_lease(engine.worker("ann"), name, NOON)
    assert lease is not None

    with pytest.raises(NotFoundError):
        engine.work.answer(engine.worker("ben"), lease.hold.lease_id, chose("car"), NOON)


@pytest.mark.parametrize(
    "lease_id", ["", "x", "kinds-1.0", "kinds-1.0.nope", "kinds-1.99999999999.x", "kinds-1.².x", "nope.0.x", "kinds-1.-1.x"]
)
def test_a_made_up_lease_does_not_exist(engine: Engine, lease_id: str) -> None:
    engine.open_job(pictures(1))

    with pytest.raises(NotFoundError):
        engine.work.lease(engine.worker("ann"), lease_id)


def test_the_list_tells_what_is_available_and_what_i_answered(engine: Engine) -> None:
    name = engine.open_job(pictures(3), a_request(workers=2))
    ann = engine.worker("ann")
    engine.label(ann, name, chose("car"))

    [job] = engine.work.labeling_jobs(ann, NOON)

    assert (job.name, job.title, job.task_type, job.available, job.answered_by_me) == ("Kinds-1", "Kinds", "ImageMultiClass", 2, 1)


def test_a_job_without_work_for_me_is_not_listed(engine: Engine) -> None:
    name = engine.open_job(pictures(1), a_request(workers=2))
    ann = engine.worker("ann")
    engine.label(ann, name, chose("car"))

    assert engine.work.labeling_jobs(ann, NOON) == []


@pytest.mark.parametrize("status", [JobStatus.INITIALIZING, JobStatus.STOPPING, JobStatus.FAILED])
def test_only_a_job_in_progress_gives_work(engine: Engine, status: JobStatus) -> None:
    name = engine.open_job(pictures(1))
    engine.set_status(name, status)

    assert engine.work.take_lease(engine.worker("ann"), name, NOON) is None


def test_no_lease_outlives_the_jobs_deadline(engine: Engine) -> None:
    name = engine.open_job(pictures(1), a_request(TaskAvailabilityLifetimeInSeconds=120))
    lease = engine.work.take_lease(engine.worker("ann"), name, NOON + timedelta(seconds=30))

    assert lease is not None
    assert lease.hold.expires_at == NOON + timedelta(seconds=120)
    assert engine.work.take_lease(engine.worker("ben"), name, NOON + timedelta(seconds=120)) is None


def test_a_renewed_lease_has_its_full_time_again(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None

    renewed = engine.work.renew(ann, lease.hold.lease_id, NOON + timedelta(seconds=100))

    assert renewed.hold.expires_at == NOON + timedelta(seconds=400)
    with pytest.raises(ConflictError):
        engine.work.renew(ann, lease.hold.lease_id, NOON + timedelta(seconds=400))


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_accepted_answer_is_in_s3(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None

    engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON + timedelta(seconds=17, milliseconds=412))

    document = json.loads(engine.file(f"Kinds-1/annotations/answers/000000000/{lease.hold.lease_id}.json"))
    assert document == {
        "datasetObjectId": "0",
        "leaseId": lease.hold.lease_id,
        "acceptanceTime": "2026-01-05T12:00:00.000Z",
        "submissionTime": "2026-01-05T12:00:17.412Z",
        "timeSpentInSeconds": 17.412,
        "workerId": ann.id,
        "answerContent": chose("car"),
        "workerMetadata": {"identityData": {"identityProviderType": "Cognito", "issuer": ISSUER, "sub": "sub-of-ann"}},
        # What only the engine's table knows otherwise, so that it can be rebuilt from here.
        "acceptedAt": "2026-01-05T12:00:00+00:00",
        "submittedAt": "2026-01-05T12:00:17.412000+00:00",
        "contentKey": None,
        "instructionsVersion": 1,
    }


def test_a_worker_keeps_the_id_in_other_teams_and_nobody_takes_it_over_with_the_user_name(engine: Engine) -> None:
    ann = engine.work.worker(Caller("ann", frozenset({"vets"}), ISSUER, "sub-1"))

    assert re.fullmatch(r"private\.us-east-1\.[0-9a-f]{16}", ann.id)
    assert engine.work.worker(Caller("ann", frozenset({"cats"}), ISSUER, "sub-1")).id == ann.id
    assert engine.work.worker(Caller("ann", frozenset({"vets"}), ISSUER, "sub-2")).id != ann.id


def test_the_same_answer_again_is_accepted_once_and_another_one_is_refused(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None

    for _ in range(3):
        engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)
    with pytest.raises(ConflictError) as refused:
        engine.work.answer(ann, lease.hold.lease_id, chose("bus"), NOON)

    assert [fault.code for fault in refused.value.faults] == ["answer.other-accepted"]

    assert [json.loads(answer.content or "") for answer in engine.store.answers(name, 0)] == [chose("car")]
    assert engine.store.worker_place(name, ann.id).answered == 1
    assert [shard.unfinished for shard in engine.store.shards(name)] == [1]


def test_an_answer_cut_off_between_table_and_s3_is_completed_by_sending_it_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None

    with monkeypatch.context() as broken:
        broken.setattr(OutputTree, "put_answer", lambda *_: (_ for _ in ()).throw(ConnectionError("cut off")))
        with pytest.raises(ConnectionError):
            engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)
    assert engine.keys("Kinds-1/annotations/answers/") == []
    engine.work.answer(ann, lease.hold.lease_id, chose("car"), LATER)

    [key] = engine.keys("Kinds-1/annotations/answers/")
    assert json.loads(engine.file(key))["submissionTime"] == "2026-01-05T12:00:00.000Z"
    assert len(list(engine.store.answers(name, 0))) == 1


def test_a_late_answer_counts_unless_another_worker_has_the_place(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    other = engine.work.take_lease(ben, name, NOON)
    assert other is not None

    engine.work.answer(ann, lease.hold.lease_id, chose("car"), LATER)
    assert engine.work.take_lease(ann, name, LATER) is not None
    with pytest.raises(ConflictError) as refused:
        engine.work.answer(ben, other.hold.lease_id, chose("car"), LATER)
    assert [fault.code for fault in refused.value.faults] == ["answer.too-late"]


def test_a_closed_shard_takes_no_more_answers(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    engine.store.close_shard(name, 0, only_if_finished=False)

    with pytest.raises(ConflictError) as refused:
        engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)

    assert [fault.code for fault in refused.value.faults] == ["answer.too-late"]
    assert list(engine.store.answers(name, 0)) == []


def test_a_large_answer_is_kept_whole(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    content = {**chose("car"), "notes": "long " * MAX_INLINE_ANSWER_BYTES}

    engine.work.answer(ann, lease.hold.lease_id, content, NOON)

    [stored] = engine.store.answers(name, 0)
    assert stored.content is None
    assert json.loads(engine.s3.get_object(Bucket="groundwork-data", Key=stored.content_key or "")["Body"].read()) == content


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ({}, ["answer.widget-missing"]),
        ({"crowd-image-classifier": "car"}, ["answer.widget-missing"]),
        (chose("tram"), ["answer.label-unknown"]),
        ({"crowd-image-classifier": {"label": 3, "workerComment": 4}}, ["answer.field-invalid", "answer.field-invalid"]),
        ({**chose("car"), "extra": float("nan")}, ["answer.field-invalid"]),
    ],
)
def test_an_answer_that_is_not_the_forms_is_refused_with_all_its_faults(engine: Engine, content: dict[str, Any], codes: list[str]) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None

    with pytest.raises(InvalidRequestError) as refusal:
        engine.work.answer(ann, lease.hold.lease_id, content, NOON)

    assert [fault.code for fault in refusal.value.faults] == codes


# --- races -----------------------------------------------------------------------------------------------------------


class _RacingStore(EngineStore):
    """Lets somebody else do something between reading and writing, once."""

    rival: Any = None

    def _race(self) -> None:
        rival, self.rival = self.rival, None
        if rival:
            rival()

    def save_new_lease(self, name: str, new: NewLease, now: datetime) -> None:
        self._race()
        super().save_new_lease(name, new, now)

    def save_answer(self, name: str, before: Task, task: Task, answer: StoredAnswer, *, limits: bool) -> None:
        self._race()
        super().save_answer(name, before, task, answer, limits=limits)


@pytest.fixture
def racing(engine: Engine) -> tuple[Engine, _RacingStore]:
    store = _RacingStore.from_env()
    return Engine(store, engine.s3, Work(store, engine.s3, region="us-east-1")), store


def test_of_two_workers_who_race_for_the_last_place_one_gets_it(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(1))
    won: list[Any] = []
    store.rival = lambda: won.append(engine.work.take_lease(engine.worker("ben"), name, NOON))

    lost = engine.work.take_lease(engine.worker("ann"), name, NOON)

    assert won[0] is not None
    assert lost is None


def test_the_loser_of_a_race_gets_the_place_that_is_left(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(1), a_request(workers=2))
    store.rival = lambda: engine.work.take_lease(engine.worker("ben"), name, NOON)

    lease = engine.work.take_lease(engine.worker("ann"), name, NOON)

    assert lease is not None
    assert set(lease.task.holds) == {engine.worker("ann").id, engine.worker("ben").id}


def test_a_worker_who_asks_twice_at_once_gets_one_lease(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(2))
    first: list[Any] = []
    store.rival = lambda: first.append(engine.work.take_lease(engine.worker("ann"), name, NOON))

    second = engine.work.take_lease(engine.worker("ann"), name, NOON)

    assert second is not None
    assert second.hold == first[0].hold


def test_an_answer_sent_twice_at_once_counts_once(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    store.rival = lambda: engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)

    engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)

    assert len(list(engine.store.answers(name, 0))) == 1
    assert [shard.unfinished for shard in engine.store.shards(name)] == [0]


def test_a_late_and_a_timely_answer_at_once_leave_exactly_one(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(1))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    late = engine.work.take_lease(ann, name, NOON)
    assert late is not None

    def rival() -> None:
        engine.label(ben, name, chose("bus"), LATER + timedelta(seconds=10))

    store.rival = rival
    with pytest.raises(ConflictError):
        engine.work.answer(ann, late.hold.lease_id, chose("car"), LATER)

    assert [answer.worker_id for answer in engine.store.answers(name, 0)] == [ben.id]


def test_many_workers_racing_give_every_object_exactly_its_answers(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto's operations are not atomic between threads, DynamoDB's are: one at a time, in whatever order the threads bring them.
    one_at_a_time = threading.Lock()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call_alone(*args: Any) -> Any:
        with one_at_a_time:
            return call(*args)

    monkeypatch.setattr(BaseClient, "_make_api_call", call_alone)
    name = engine.open_job(pictures(12), a_request(workers=2))
    crew = [engine.worker(f"worker-{number}") for number in range(6)]
    errors: list[BaseException] = []

    def labor(worker: Worker) -> None:
        try:
            while lease := engine.work.take_lease(worker, name, NOON):
                engine.work.answer(worker, lease.hold.lease_id, chose("car"), NOON)
        except BaseException as error:  # noqa: BLE001 - a thread's error is the test's
            errors.append(error)

    threads = [threading.Thread(target=labor, args=(worker,)) for worker in crew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    answers = list(engine.store.answers(name, 0))
    assert errors == []
    assert Counter(answer.task for answer in answers) == dict.fromkeys(range(12), 2)
    assert len({(answer.task, answer.worker_id) for answer in answers}) == 24
    assert len(engine.keys("Kinds-1/annotations/answers/")) == 24
    assert [shard.unfinished for shard in engine.store.shards(name)] == [0]


def test_who_loses_the_next_place_to_others_looks_further_on_and_misses_nothing(racing: tuple[Engine, _RacingStore]) -> None:
    engine, store = racing
    name = engine.open_job(pictures(12))
    ann, others = engine.worker("ann"), iter([engine.worker(f"worker-{number}") for number in range(6)])

    def somebody_is_faster() -> None:
        if (faster := next(others, None)) is not None:
            engine.work.take_lease(faster, name, NOON)
            store.rival = somebody_is_faster

    store.rival = somebody_is_faster
    taken = [engine.label(ann, name, chose("car"), NOON + timedelta(seconds=10)) for _ in range(6)]

    held = [number for number in range(12) if number not in taken]
    assert len(set(taken)) == 6
    assert engine.work.take_lease(ann, name, NOON) is None
    assert all(task.holds for task in engine.store.tasks(name, 0) if task.number in held)


def test_a_throttled_table_is_an_error_and_no_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    name = engine.open_job(pictures(1))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "TransactWriteItems")

    def throttle(*_: object) -> None:
        raise error

    monkeypatch.setattr(EngineStore, "_transact", throttle)
    with pytest.raises(ClientError):
        engine.work.answer(ann, lease.hold.lease_id, chose("car"), NOON)

    assert engine.keys("Kinds-1/annotations/answers/") == []
