"""The engine's table under contention, and what its stream says."""

from typing import Any

import boto3
import pytest

from groundwork.engine import store as engine_store
from groundwork.engine.store import EngineStore, item_in_stream
from tests.unit.engine.builders import NOON, Engine, a_job, a_request


class _Contended:
    """A client whose transactions meet others `times` times before they get through."""

    def __init__(self, times: int) -> None:
        self._client = boto3.client("dynamodb")
        self.exceptions = self._client.exceptions
        self.times = times

    def transact_write_items(self, **request: Any) -> Any:
        if self.times:
            self.times -= 1
            error = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
            }
            raise self.exceptions.TransactionCanceledException(error, "TransactWriteItems")
        return self._client.transact_write_items(**request)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "_CONFLICT_PAUSE", 0)


def contended(times: int) -> EngineStore:
    client: Any = _Contended(times)
    return EngineStore(client, "engine")


def test_writes_that_meet_others_are_tried_again(engine: Engine) -> None:
    assert contended(3).create_job(a_job(a_request()))

    assert engine.store.job("kinds-1") is not None


def test_writes_that_never_get_through_are_an_error_and_no_false_answer(engine: Engine) -> None:
    store = contended(1000)

    with pytest.raises(boto3.client("dynamodb").exceptions.TransactionCanceledException):
        store.create_job(a_job(a_request()))


def test_a_name_is_claimed_once_in_whatever_case(engine: Engine) -> None:
    assert engine.store.create_job(a_job(a_request("Cats-1")))
    assert not engine.store.create_job(a_job(a_request("CATS-1")))
    assert [job.name for job in engine.store.jobs()] == ["Cats-1"]


def test_jobs_of_a_team_are_not_those_of_a_team_with_a_longer_name(engine: Engine) -> None:
    arn = a_request()["HumanTaskConfig"]["WorkteamArn"]
    engine.store.create_job(a_job(a_request("one")))
    engine.store.create_job(a_job(a_request("two", WorkteamArn=f"{arn}#night")))

    assert [job.name for job in engine.store.jobs_not_at_rest("vets")] == ["one"]
    assert [job.name for job in engine.store.jobs_not_at_rest("vets#night")] == ["two"]
    assert len(list(engine.store.jobs_not_at_rest())) == 2


def test_a_job_item_says_what_was_put_in(engine: Engine) -> None:
    job = a_job(a_request())
    engine.store.create_job(job)

    assert engine.store.job("KINDS-1") == job
    assert job.deadline > NOON


@pytest.mark.parametrize(
    ("sk", "unfinished", "about"),
    [("JOB", None, ("kinds-1", None)), ("SHARD#00003", "0", ("kinds-1", 3)), ("SHARD#00003", "1", None)],
)
def test_the_stream_names_jobs_and_finished_shards(sk: str, unfinished: str | None, about: object) -> None:
    image = {"pk": {"S": "JOB#kinds-1"}, "sk": {"S": sk}, "number": {"N": "3"}}
    if unfinished is not None:
        image["unfinished"] = {"N": unfinished}

    assert item_in_stream(image) == about


def test_tasks_and_answers_in_the_stream_are_nobodys_business() -> None:
    assert item_in_stream({"pk": {"S": "JOB#kinds-1#SHARD#00000"}, "sk": {"S": "000000001"}}) is None
