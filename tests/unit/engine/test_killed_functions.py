"""A function may be killed before or after any request it makes to the table or to S3: no answer is lost, and none counts twice."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from groundwork.engine.jobs import Counters, JobStatus, WaitOutcome
from groundwork.engine.store import EngineStore
from groundwork.engine.work import Work, Worker
from tests.builders import create_table
from tests.unit.engine.builders import NOON, Engine, a_job, a_request, chose, pictures

AT = NOON + timedelta(seconds=20)
END = NOON + timedelta(hours=2)


class KilledError(BaseException):
    """The function was killed here. Nothing catches it by mistake."""


class Killer:
    """Kills those who use some clients at one of their requests, once."""

    def __init__(self, moment: str, *clients: Any) -> None:
        for client in clients:
            client.meta.events.register(f"{moment}.{client.meta.service_model.service_name}", self._maybe_kill)

    def kill_at(self, number: int) -> None:
        """At the request with this number from now on; `survived` says that fewer were made."""
        self.survived = True
        self._left = number

    def _maybe_kill(self, **_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self.survived = False
            raise KilledError


def until_it_works[T](step: Callable[[], T]) -> T:
    """As Step Functions and workers' browsers do: once more after a failure."""
    try:
        return step()
    except KilledError:
        return step()


def label_one_object(engine: Engine, mortal: Engine, name: str) -> tuple[Worker, str]:
    """From loading to output, with functions that may be killed; who labeled, and under which lease."""
    ann = mortal.worker("ann")
    until_it_works(lambda: mortal.load(name))
    engine.set_status(name, JobStatus.IN_PROGRESS)
    lease = until_it_works(lambda: mortal.work.take_lease(ann, name, NOON))
    assert lease is not None
    until_it_works(lambda: mortal.work.answer(ann, lease.hold.lease_id, chose("car"), AT))
    until_it_works(lambda: mortal.write_output(name, WaitOutcome.DONE, END))
    return ann, lease.hold.lease_id


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
def test_a_job_comes_out_the_same_wherever_a_function_is_killed(engine: Engine, template: dict[str, Any], moment: str) -> None:
    engine.put_input(pictures(1))
    clients_of_its_own = boto3.Session()
    dynamodb, s3 = clients_of_its_own.client("dynamodb"), clients_of_its_own.client("s3")
    store = EngineStore(dynamodb, "engine")
    mortal = Engine(store, s3, Work(store, s3, region="us-east-1"))
    killer = Killer(moment, dynamodb, s3)
    for at in range(1, 100):
        # moto looks through a whole table for each question, so each job has a table of its own.
        boto3.client("dynamodb").delete_table(TableName="engine")
        create_table(template, "EngineTable", "engine")
        name = f"Kinds-{at}"
        assert engine.store.create_job(a_job(a_request(name)))
        killer.kill_at(at)

        ann, lease_id = label_one_object(engine, mortal, name)

        job = engine.store.job(name)
        assert job is not None
        assert (job.status, job.counters) == (JobStatus.COMPLETED, Counters(human_labeled=1)), f"killed {moment} {at}"
        assert len(list(engine.store.answers(name, 0))) == 1
        assert engine.store.worker_place(name, ann.id).answered == 1
        [copy] = [key for key in engine.keys(f"{name}/annotations/answers/") if not key.endswith(".content.json")]
        assert json.loads(engine.file(copy))["leaseId"] == lease_id
        assert [line["kind"] for line in engine.output_lines(name)] == [1]
        if killer.survived:
            break
    assert at > 20
