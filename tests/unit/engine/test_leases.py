"""The lease rules, for every order of events and every clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from groundwork.engine import leases
from groundwork.engine.leases import AnswerVerdict, Task

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
TIME_LIMIT = timedelta(seconds=300)
workers = st.sampled_from(["ann", "ben", "cem", "dot", "eve"])


def a_task(needed: int = 1) -> Task:
    return Task(number=7, needed=needed, line=b"{}")


def taken_by(task: Task, worker: str, at: datetime = NOON) -> Task:
    taken = leases.take(task, worker, f"lease-of-{worker}", at, at + TIME_LIMIT)
    assert taken is not None
    return taken


def test_a_task_with_all_places_taken_is_offered_to_nobody_else() -> None:
    task = taken_by(a_task(needed=1), "ann")

    assert not leases.may_take(task, "ben", NOON)


def test_an_expired_lease_frees_its_place() -> None:
    task = taken_by(a_task(needed=1), "ann")

    assert leases.may_take(task, "ben", NOON + TIME_LIMIT)


def test_a_lease_given_back_frees_its_place_at_once() -> None:
    task = leases.give_back(taken_by(a_task(needed=1), "ann"), "ann", NOON)

    assert leases.may_take(task, "ben", NOON)


def test_nobody_gets_the_same_task_twice_after_answering() -> None:
    task = leases.answer(taken_by(a_task(needed=2), "ann"), "ann", "cat", NOON)

    assert not leases.may_take(task, "ann", NOON + TIME_LIMIT)


def test_a_renewed_lease_outlives_its_first_end() -> None:
    task = leases.renew(taken_by(a_task(), "ann"), "ann", NOON + timedelta(seconds=200), NOON + timedelta(seconds=500))

    assert task is not None
    assert not leases.may_take(task, "ben", NOON + timedelta(seconds=400))


def test_a_lease_that_is_over_cannot_be_renewed() -> None:
    assert leases.renew(taken_by(a_task(), "ann"), "ann", NOON + TIME_LIMIT, NOON + 2 * TIME_LIMIT) is None


def test_the_same_answer_again_is_accepted_and_another_one_conflicts() -> None:
    task = leases.answer(taken_by(a_task(), "ann"), "ann", "cat", NOON)

    assert leases.judge_answer(task, "ann", "cat", NOON) is AnswerVerdict.ALREADY_ACCEPTED
    assert leases.judge_answer(task, "ann", "dog", NOON) is AnswerVerdict.CONFLICTS_WITH_ACCEPTED


def test_a_late_answer_counts_while_its_place_is_free_and_not_once_another_worker_has_it() -> None:
    expired = taken_by(a_task(), "ann")
    late = NOON + TIME_LIMIT + timedelta(seconds=1)

    assert leases.judge_answer(expired, "ann", "cat", late) is AnswerVerdict.ACCEPT
    assert leases.judge_answer(taken_by(expired, "ben", late), "ann", "cat", late) is AnswerVerdict.TOO_LATE


def declined_by(task: Task, *workers: str) -> Task:
    for worker in workers:
        declined = leases.decline(task, worker, f"{worker} cannot see it", NOON)
        assert declined is not None
        task = declined
    return task


def test_who_declined_a_task_is_not_offered_it_again_and_others_are() -> None:
    task = declined_by(taken_by(a_task(needed=2), "ann"), "ann")

    assert not leases.may_take(task, "ann", NOON + TIME_LIMIT)
    assert leases.may_take(task, "ben", NOON)
    assert leases.judge_answer(task, "ann", "cat", NOON) is AnswerVerdict.TOO_LATE


def test_a_task_declined_by_as_many_as_it_needs_is_put_aside_with_their_reasons() -> None:
    task = declined_by(taken_by(taken_by(a_task(needed=2), "ann"), "ben"), "ann", "ben")

    assert task.is_aside
    assert task.reasons == ("ann cannot see it", "ben cannot see it")
    assert not leases.may_take(task, "cem", NOON + TIME_LIMIT)


def test_a_task_in_somebodys_hands_is_not_put_aside_before_they_are_done() -> None:
    declined = declined_by(taken_by(a_task(needed=2), "ann"), "ann")
    in_hands = declined_by(taken_by(taken_by(declined, "cem"), "ben"), "ben")
    assert not in_hands.is_aside

    answered = leases.answer(in_hands, "cem", "cat", NOON)

    assert (answered.is_aside, answered.answers) == (True, 1)
    assert leases.give_back(in_hands, "cem", NOON).is_aside


def test_an_answered_task_cannot_be_declined() -> None:
    task = leases.answer(taken_by(a_task(), "ann"), "ann", "cat", NOON)

    assert leases.decline(task, "ann", "too late", NOON) is None


def test_a_reissued_task_is_offered_again_to_those_who_declined_and_not_to_those_who_answered() -> None:
    task = leases.answer(taken_by(a_task(needed=2), "eve"), "eve", "cat", NOON)
    for worker in ("ann", "ben"):
        task = declined_by(taken_by(task, worker), worker)

    reissued = leases.reissue(task)

    assert task.is_aside
    assert leases.may_take(reissued, "ann", NOON)
    assert not leases.may_take(reissued, "eve", NOON)
    assert reissued.reasons == ()


class LeaseHistory(RuleBasedStateMachine):
    """Anything workers can do to one task, with clocks that run apart by up to ten minutes."""

    @initialize(needed=st.integers(1, 4))
    def begin(self, needed: int) -> None:
        self.task = a_task(needed)
        self.now = NOON
        self.leases = 0
        self.accepted: dict[str, str] = {}

    @rule(seconds=st.integers(0, 400))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(worker=workers, skew=st.integers(-600, 600))
    def take(self, worker: str, skew: int) -> None:
        now = self.now + timedelta(seconds=skew)
        self.leases += 1
        taken = leases.take(self.task, worker, f"lease-{self.leases}", now, now + TIME_LIMIT)
        if taken is not None:
            assert worker not in self.accepted
            self.fits(taken, now)
            self.task = taken
            # Nobody else took a place since, so whatever clock the answer meets, it has one.
            for off in (-TIME_LIMIT * 3, TIME_LIMIT * 3):
                assert leases.judge_answer(taken, worker, "cat", self.now + off) is AnswerVerdict.ACCEPT

    @rule(worker=workers, skew=st.integers(-600, 600))
    def renew(self, worker: str, skew: int) -> None:
        now = self.now + timedelta(seconds=skew)
        renewed = leases.renew(self.task, worker, now, now + TIME_LIMIT)
        if renewed is not None:
            assert self.task.holds[worker].is_live(now)
            assert renewed.holds[worker].expires_at >= self.task.holds[worker].expires_at
            self.fits(renewed, now)
            self.task = renewed

    @rule(worker=workers)
    def give_back(self, worker: str) -> None:
        held = worker in self.task.holds and self.task.holds[worker].is_live(self.now)
        given_back = leases.give_back(self.task, worker, self.now)
        assert (given_back is not self.task) is held
        assert not (held and given_back.holds[worker].is_live(self.now))
        self.task = given_back

    @rule(worker=workers)
    def decline(self, worker: str) -> None:
        if worker not in self.task.holds:
            return
        declined = leases.decline(self.task, worker, "cannot see it", self.now)
        assert (declined is None) is (worker in self.accepted)
        self.task = declined or self.task

    @rule()
    def reissue(self) -> None:
        if self.task.is_aside:
            self.task = leases.reissue(self.task)

    @rule(worker=workers, digest=st.sampled_from(["cat", "dog"]), skew=st.integers(-600, 600))
    def answer(self, worker: str, digest: str, skew: int) -> None:
        if worker not in self.task.holds:
            return
        now = self.now + timedelta(seconds=skew)
        verdict = leases.judge_answer(self.task, worker, digest, now)
        if worker in self.accepted:
            same = digest == self.accepted[worker]
            assert verdict is (AnswerVerdict.ALREADY_ACCEPTED if same else AnswerVerdict.CONFLICTS_WITH_ACCEPTED)
        elif verdict is AnswerVerdict.ACCEPT:
            self.task = leases.answer(self.task, worker, digest, now)
            self.accepted[worker] = digest
            self.fits(self.task, now)

    def fits(self, task: Task, now: datetime) -> None:
        """Whoever just got or kept a place looked at this clock; by it, there are not more than there may be."""
        assert task.answers + sum(hold.is_live(now) for hold in task.holds.values()) <= task.needed

    @invariant()
    def every_accepted_answer_stays_and_there_are_never_more_than_needed(self) -> None:
        if hasattr(self, "task"):
            answered = {worker: hold.answer_digest for worker, hold in self.task.holds.items() if hold.is_answered}
            assert answered == self.accepted
            assert len(answered) <= self.task.needed

    @invariant()
    def a_task_short_of_answers_comes_free_when_leases_end(self) -> None:
        if hasattr(self, "task") and not self.task.is_settled:
            much_later = self.now + timedelta(days=1)
            assert leases.may_take(self.task, "somebody new", much_later)

    @invariant()
    def only_a_task_that_too_many_declined_is_put_aside(self) -> None:
        if hasattr(self, "task") and self.task.is_aside:
            assert len(self.task.reasons) >= self.task.needed
            assert not leases.may_take(self.task, "somebody new", self.now + timedelta(days=1))


LeaseHistory.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestLeaseHistory = LeaseHistory.TestCase
