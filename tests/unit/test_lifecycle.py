"""A labeling job never goes back on its way, whatever is reported, how often and in which order."""

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundwork.labeling_jobs import launching, service_status
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.labeling_jobs.lifecycle import AT_REST, FINISHED, IN_SERVICE, TRANSITIONS, Status, may_move
from groundwork.store import JobStore
from tests.builders import EXECUTION, NOW, LabelingServiceInMemory, a_job, a_project, a_stored_job

STEP = LaunchStep("cats-1", 1, EXECUTION)
# How far along each status of the labeling service is; a job's way through the service only goes up.
PROGRESS = {
    Status.LAUNCHING: 0,
    Status.INITIALIZING: 1,
    Status.IN_PROGRESS: 2,
    Status.STOPPING: 3,
    Status.COMPLETED: 4,
    Status.FAILED: 4,
    Status.STOPPED: 4,
}
REPORTS = st.lists(st.sampled_from([status.value for status in PROGRESS if status is not Status.LAUNCHING]), max_size=12)
# The fixtures are shared by a test's examples on purpose: every example starts with a job of its own.
NUMBERS = itertools.count(1)
EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class StoreOfOneJob(JobStore):
    """Keeps one job in memory, so that hundreds of examples cost nothing; refuses a stale write as the table does."""

    def __init__(self, job: LabelingJob) -> None:
        self.present = job
        self.seen = [job.status]

    def job(self, name: str) -> LabelingJob | None:
        return self.present if name.lower() == self.present.name.lower() else None

    def save_job(self, previous: LabelingJob, job: LabelingJob, event: object = None) -> None:
        assert previous == self.present
        assert job.version == previous.version + 1
        if job.status is not previous.status:
            assert event is not None, "a change of status without an entry in the history"
            self.seen.append(job.status)
        self.present = job


def launched(status: Status = Status.LAUNCHING) -> tuple[StoreOfOneJob, LabelingServiceInMemory]:
    job = a_job(status=status, submission=1, launch_execution=EXECUTION)
    service = LabelingServiceInMemory()
    service.has(job)
    return StoreOfOneJob(job), service


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_status_has_its_row() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_nothing_leaves_a_finished_status_and_every_other_status_can_be_left() -> None:
    assert {status for status, targets in TRANSITIONS.items() if not targets} == FINISHED


def test_staying_is_no_move() -> None:
    assert not any(may_move(status, status) for status in Status)


def test_once_the_service_has_the_job_it_never_goes_back() -> None:
    for status in IN_SERVICE:
        assert all(PROGRESS[target] > PROGRESS[status] for target in TRANSITIONS[status])


def test_every_job_can_come_to_rest() -> None:
    for status in set(Status) - AT_REST:
        assert TRANSITIONS[status] & AT_REST


@given(st.lists(st.sampled_from(Status), max_size=30))
def test_whatever_is_asked_for_a_job_that_went_to_the_service_never_becomes_a_draft(wishes: list[Status]) -> None:
    status, was_in_service = Status.DRAFT, False
    for wish in wishes:
        status = wish if may_move(status, wish) else status
        was_in_service |= status in IN_SERVICE | FINISHED
        assert not (was_in_service and status in {Status.DRAFT, Status.VALIDATING, Status.LAUNCHING})


# --- reports of the service ------------------------------------------------------------------------------------------


@given(REPORTS, st.sampled_from([Status.LAUNCHING, *sorted(IN_SERVICE)]))
def test_repeated_late_and_reordered_reports_never_move_a_job_back(reports: list[str], start: Status) -> None:
    store, service = launched(start)

    for report in reports:
        service.report("cats-1", report)
        service_status.record_service_status(store, service, "CATS-1", now=NOW)

    ranks = [PROGRESS[status] for status in store.seen]
    assert ranks == sorted(set(ranks))
    finished = [report for report in reports if report in FINISHED]
    assert store.present.status == (finished[0] if finished else store.seen[-1])
    assert (store.present.finished_at is not None) is bool(finished)


@given(REPORTS)
def test_a_repeated_report_changes_nothing(reports: list[str]) -> None:
    store, service = launched()

    for report in reports:
        service.report("cats-1", report)
        once = service_status.record_service_status(store, service, "cats-1", now=NOW)
        assert service_status.record_service_status(store, service, "cats-1", now=NOW.replace(hour=23)) == once


@given(REPORTS, st.lists(st.sampled_from(["begin", "record", "report"]), max_size=12))
def test_the_launchs_own_records_and_the_services_reports_may_come_in_any_order(reports: list[str], order: list[str]) -> None:
    store, service = launched()
    arn = service.jobs["cats-1"]["LabelingJobArn"]
    waiting = list(reports)

    for turn in order:
        if turn == "report" and waiting:
            service.report("cats-1", waiting.pop(0))
            service_status.record_service_status(store, service, "cats-1", now=NOW)
        elif turn == "record":
            launching.advance(store, STEP, Status.INITIALIZING, now=NOW, labeling_job_arn=arn)
        elif turn == "begin":
            launching.advance(store, STEP, Status.LAUNCHING, now=NOW)

    ranks = [PROGRESS[status] for status in store.seen]
    assert ranks == sorted(set(ranks))


@given(st.sampled_from(Status), st.sampled_from(Status))
def test_a_record_of_the_launch_repeated_changes_nothing(start: Status, to: Status) -> None:
    store = StoreOfOneJob(a_job(status=start, submission=1, launch_execution=EXECUTION))
    arguments: dict[str, Any] = {
        "validation": None,
        "reason": "because",
        "labeling_job_arn": "arn:aws:sagemaker:us-east-1:1:labeling-job/cats-1",
    }

    launching.advance(store, STEP, to, now=NOW, **arguments)
    once = store.present
    second = launching.advance(store, STEP, to, now=NOW.replace(hour=23), **arguments)

    assert store.present == once
    assert once.status in {start, to}
    assert second["outcome"] == ("recorded" if once.status is to else "superseded")


@EXAMPLES
@given(reports=REPORTS)
def test_the_table_itself_keeps_a_finished_job_finished(jobs_table: object, reports: list[str]) -> None:
    store, service, name = JobStore.from_env(), LabelingServiceInMemory(), f"cats-{next(NUMBERS)}"
    if store.project("pets") is None:
        a_project(store)
    service.has(a_stored_job(store, name=name, status=Status.IN_PROGRESS))

    for report in reports:
        service.report(name, report)
        service_status.record_service_status(store, service, name, now=NOW)

    finished = [report for report in reports if report in FINISHED]
    present = store.job(name)
    assert present is not None
    assert present.status in ([finished[0]] if finished else {Status.IN_PROGRESS, Status.STOPPING})
