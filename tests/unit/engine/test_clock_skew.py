"""Functions whose clocks differ: no answer is lost, none counts twice (for single tasks: test_leases.py)."""

from collections import Counter
from datetime import timedelta

from groundwork.engine.jobs import Counters, WaitOutcome
from groundwork.errors import ConflictError
from tests.unit.engine.builders import NOON, Engine, a_request, chose, pictures

FAST = timedelta(minutes=20)  # four times the time limit of a task


def test_a_function_with_a_fast_clock_gives_a_lease_away_and_the_answer_that_comes_second_is_told_so(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    early = engine.work.take_lease(ann, name, NOON)
    assert early is not None

    taken_over = engine.work.take_lease(ben, name, NOON + FAST)
    assert taken_over is not None
    verdicts = []
    for worker, lease in ((ann, early), (ben, taken_over), (ann, early)):
        try:
            engine.work.answer(worker, lease.hold.lease_id, chose("car"), NOON + timedelta(seconds=30))
            verdicts.append("accepted")
        except ConflictError:
            verdicts.append("refused")

    assert verdicts == ["refused", "accepted", "refused"]
    assert [answer.worker_id for answer in engine.store.answers(name, 0)] == [ben.id]


def test_an_answer_that_a_slow_clock_dates_before_its_lease_is_labeled_like_any_other(engine: Engine) -> None:
    name = engine.open_job(pictures(2), a_request(workers=2))
    for worker in (engine.worker("ann"), engine.worker("ben")):
        for _ in range(2):
            lease = engine.work.take_lease(worker, name, NOON + FAST)
            assert lease is not None
            engine.work.answer(worker, lease.hold.lease_id, chose("car"), NOON)

    engine.write_output(name, WaitOutcome.DONE, NOON + timedelta(hours=1))

    job = engine.store.job(name)
    assert job is not None
    assert job.counters == Counters(human_labeled=2)
    answers = list(engine.store.answers(name, 0))
    assert Counter(answer.task for answer in answers) == {0: 2, 1: 2}
    assert all(hold.is_answered for task in engine.store.tasks(name, 0) for hold in task.holds.values())
