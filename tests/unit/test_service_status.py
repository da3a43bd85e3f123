"""What the labeling service says, taken into the job; and the stop, told to the service."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundwork import events
from groundwork.errors import PreconditionFailedError
from groundwork.labeling_jobs import service_status
from groundwork.labeling_jobs.job import Counters, LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobEvent, JobStore
from tests.builders import EXECUTION, NOW, LabelingServiceInMemory, a_project, a_stored_job, service_error

LATER = NOW + timedelta(hours=1)
OUTPUT = "s3://groundwork-data/projects/pets/output/cats-1/manifests/output/output.manifest"


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


@pytest.fixture
def service() -> LabelingServiceInMemory:
    return LabelingServiceInMemory()


def a_running_job(store: JobStore, service: LabelingServiceInMemory, status: Status = Status.IN_PROGRESS, **overrides: Any) -> LabelingJob:
    job = a_stored_job(store, **{"status": status, "submission": 1, "launch_execution": EXECUTION, **overrides})
    service.has(job, LabelingJobStatus="InProgress")
    return job


def record(store: JobStore, service: LabelingServiceInMemory, name: str = "cats-1") -> LabelingJob | None:
    return service_status.record_service_status(store, service, name, now=LATER)


def present(store: JobStore, name: str = "cats-1") -> LabelingJob:
    job = store.job(name)
    assert job is not None
    return job


def test_a_completed_job_gets_its_counters_its_output_and_its_end(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, started_at=NOW)
    counters = {"TotalLabeled": 90, "HumanLabeled": 90, "MachineLabeled": 0, "FailedNonRetryableError": 4, "Unlabeled": 6}
    service.report("cats-1", "Completed", LabelCounters=counters, LabelingJobOutput={"OutputDatasetS3Uri": OUTPUT})

    job = record(store, service, "CATS-1")

    assert job == present(store)
    assert (job.status, job.started_at, job.finished_at, job.output_manifest_uri) == (Status.COMPLETED, NOW, LATER, OUTPUT)
    assert job.counters == Counters(total=100, human_labeled=90, failed=4, unlabeled=6)
    assert job.labeling_job_arn == "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"


def test_a_failed_job_keeps_the_services_reason(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    service.report("cats-1", "Failed", FailureReason="The manifest went away.")

    record(store, service)

    assert present(store).failure_reason == "The manifest went away."
    entry = store.job_events(present(store), limit=9, next_token=None).items[-1]
    assert entry.detail == {"from": "InProgress", "to": "Failed", "reason": "The manifest went away."}


def test_a_job_starts_when_the_service_first_says_so(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, Status.INITIALIZING)

    record(store, service)

    assert (present(store).status, present(store).started_at, present(store).finished_at) == (Status.IN_PROGRESS, LATER, None)


def test_counters_move_without_an_entry_in_the_history(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_running_job(store, service)
    service.report("cats-1", "InProgress", LabelCounters={"TotalLabeled": 1, "HumanLabeled": 1, "Unlabeled": 1})

    record(store, service)

    assert present(store).counters == Counters(total=2, human_labeled=1, unlabeled=1)
    assert len(store.job_events(job, limit=9, next_token=None).items) == 1


@pytest.mark.parametrize("status", [Status.DRAFT, Status.VALIDATING, Status.COMPLETED, Status.FAILED, Status.STOPPED])
def test_a_job_that_is_not_at_the_service_does_not_listen_to_it(store: JobStore, service: LabelingServiceInMemory, status: Status) -> None:
    job = a_running_job(store, service, status)

    assert record(store, service) == job == present(store)


def test_a_namesake_says_nothing_of_our_job(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_stored_job(store, status=Status.LAUNCHING)
    service.has(replace(job, job_id="somebody-elses"), LabelingJobStatus="Completed")

    assert record(store, service) == job == present(store)


def test_a_job_that_is_not_ours_is_none(store: JobStore, service: LabelingServiceInMemory) -> None:
    assert record(store, service, "somebody-elses") is None


def test_a_stop_asked_for_meanwhile_is_not_undone(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, Status.STOPPING)

    record(store, service)

    assert present(store).status is Status.STOPPING


def test_a_change_at_the_same_moment_is_read_again(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_running_job(store, service)
    service.report("cats-1", "Completed")

    class Interrupted(JobStore):
        reads = 0

        def job(self, name: str) -> LabelingJob | None:
            found = super().job(name)
            self.reads += 1
            if self.reads == 1:
                store.save_job(job, job.changed(status=Status.STOPPING), JobEvent(NOW, "StatusChanged", {}))
            return found

    service_status.record_service_status(Interrupted.from_env(), service, "cats-1", now=LATER)

    assert (present(store).status, present(store).version) == (Status.COMPLETED, 3)


def test_a_job_that_never_rests_is_given_up_for_a_later_try(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    service.report("cats-1", "Completed")

    class Contended(JobStore):
        def save_job(self, previous: LabelingJob, job: LabelingJob, event: JobEvent | None = None) -> None:
            raise PreconditionFailedError

    with pytest.raises(PreconditionFailedError):
        record(Contended.from_env(), service)


# --- stop ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Initializing", "InProgress"])
def test_a_running_job_is_stopped_once_however_often_it_is_told(store: JobStore, service: LabelingServiceInMemory, status: str) -> None:
    a_running_job(store, service)
    service.report("cats-1", status)

    service_status.stop_in_service(service, "cats-1", "id-of-cats-1")
    service_status.stop_in_service(service, "cats-1", "id-of-cats-1")

    assert service.stopped == ["cats-1"]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Completed", "Failed"])
def test_a_job_that_is_stopping_or_at_rest_is_left_alone(store: JobStore, service: LabelingServiceInMemory, status: str) -> None:
    a_running_job(store, service)
    service.report("cats-1", status)

    service_status.stop_in_service(service, "cats-1", "id-of-cats-1")

    assert service.stopped == []


# --- reconcile -------------------------------------------------------------------------------------------------------


A_DAY = timedelta(days=1)


def reconcile(store: JobStore, service: LabelingServiceInMemory, *, lives: bool = False, now: Any = LATER) -> int:
    return service_status.reconcile(store, service, lambda _: lives, now=now, stalled_after=A_DAY)


def test_a_missed_end_is_found_and_found_once(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    service.report("cats-1", "Completed")

    assert (reconcile(store, service), reconcile(store, service)) == (1, 0)
    assert present(store).status is Status.COMPLETED


def test_a_stop_that_did_not_arrive_is_told_again(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, Status.STOPPING)

    reconcile(store, service)

    assert service.stopped == ["cats-1"]


@pytest.mark.parametrize("status", [Status.VALIDATING, Status.LAUNCHING])
def test_a_launch_that_lives_is_left_alone_and_a_dead_one_is_settled(
    store: JobStore, service: LabelingServiceInMemory, status: Status
) -> None:
    job = a_stored_job(store, status=status, submission=1, launch_execution=EXECUTION)

    assert reconcile(store, service, lives=True) == 0
    assert present(store) == job
    assert reconcile(store, service) == 1
    assert present(store).status is Status.DRAFT


def test_a_submission_whose_event_was_lost_is_a_draft_again_after_a_while(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_stored_job(store, status=Status.VALIDATING, submission=1)

    assert reconcile(store, service, now=NOW + timedelta(minutes=10)) == 0
    assert reconcile(store, service, now=NOW + timedelta(minutes=11)) == 1
    assert present(store).status is Status.DRAFT


def test_one_jobs_trouble_does_not_hide_the_others(store: JobStore, service: LabelingServiceInMemory) -> None:
    for name in ("cats-1", "cats-2", "cats-3"):
        a_running_job(store, service, name=name)
        service.report(name, "Completed")

    class Troubled(LabelingServiceInMemory):
        def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
            if request["LabelingJobName"] == "cats-2":
                raise service_error("ThrottlingException")
            return super().describe_labeling_job(**request)

    with pytest.raises(ExceptionGroup) as raised:
        reconcile(store, Troubled(jobs=service.jobs))

    assert raised.group_contains(ClientError)
    assert [present(store, name).status for name in ("cats-1", "cats-2", "cats-3")] == ["Completed", "InProgress", "Completed"]


# --- a record that vanished ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ResourceNotFound", "ValidationException"])
@pytest.mark.parametrize("status", [Status.INITIALIZING, Status.IN_PROGRESS, Status.STOPPING])
def test_a_job_that_the_service_no_longer_knows_fails_with_that_reason(
    store: JobStore, service: LabelingServiceInMemory, status: Status, code: str
) -> None:
    a_running_job(store, service, status)
    service.unknown_as = code
    service.jobs.clear()

    assert reconcile(store, service) == 1

    job = present(store)
    assert (job.status, job.finished_at) == (Status.FAILED, LATER)
    assert job.failure_reason == "The labeling service has no record of this labeling job any more."


def test_a_job_that_the_service_does_not_know_yet_is_given_time(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_stored_job(store, status=Status.INITIALIZING)

    assert reconcile(store, service, now=NOW + timedelta(minutes=14)) == 0
    assert present(store) == job


def test_a_launch_that_the_service_does_not_know_yet_is_no_failure(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_stored_job(store, status=Status.LAUNCHING)

    assert record(store, service) == job


def test_trouble_of_the_service_is_not_taken_for_a_vanished_job(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    service.unknown_as = "ThrottlingException"
    service.jobs.clear()

    with pytest.raises(ClientError):
        record(store, service)

    assert present(store).status is Status.IN_PROGRESS


def test_there_is_nothing_to_stop_where_the_service_knows_no_job(service: LabelingServiceInMemory) -> None:
    service_status.stop_in_service(service, "cats-1", "id-of-cats-1")

    assert service.stopped == []


# --- progress --------------------------------------------------------------------------------------------------------


def labeled(service: LabelingServiceInMemory, done: int, status: str = "InProgress", total: int = 100) -> None:
    service.report("cats-1", status, LabelCounters={"TotalLabeled": done, "HumanLabeled": done, "Unlabeled": total - done})


@dataclass
class Watched(JobStore):
    """A store that keeps what its stream would tell: every image of a job, in the order of the writes."""

    images: list[tuple[LabelingJob | None, LabelingJob]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(boto3.client("dynamodb"), "jobs")

    def save_job(self, previous: LabelingJob, job: LabelingJob, event: JobEvent | None = None) -> None:
        super().save_job(previous, job, event)
        self.images.append((previous, job))

    def told(self) -> list[tuple[str, Any]]:
        facts = [fact for before, after in self.images for fact in events.facts(before, after)]
        return [(fact.name.removeprefix("Labeling Job "), fact.detail.get("percent") or fact.detail["to"]) for fact in facts]


def test_progress_is_announced_at_each_threshold_once_however_often_anybody_looks(
    store: JobStore, service: LabelingServiceInMemory
) -> None:
    a_running_job(store, service)
    watched = Watched()

    for done in (0, 24, 25, 25, 49, 51, 60, 75, 74, 89, 90, 99):
        labeled(service, done)
        for _ in range(3):
            reconcile(watched, service)

    assert watched.told() == [("Progressed", 25), ("Progressed", 50), ("Progressed", 75), ("Progressed", 90)]


def test_objects_that_come_later_take_no_threshold_back(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    watched = Watched()
    labeled(service, 50)
    reconcile(watched, service)

    labeled(service, 50, total=1000)
    reconcile(watched, service)
    labeled(service, 500, total=1000)
    reconcile(watched, service)

    assert watched.told() == [("Progressed", 25), ("Progressed", 50)]


def test_a_share_of_objects_that_are_still_being_counted_is_no_progress(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, Status.INITIALIZING)
    watched = Watched()

    labeled(service, 1, "Initializing", total=1)
    reconcile(watched, service)

    assert watched.told() == []


def test_an_end_is_told_as_such_and_not_as_progress(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    watched = Watched()

    labeled(service, 100, "Completed")
    reconcile(watched, service)

    assert watched.told() == [("Status Changed", "Completed")]


def test_a_job_without_progress_is_stalled_once_and_no_longer_when_it_moves(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service)
    watched = Watched()
    labeled(service, 1)
    reconcile(watched, service, now=NOW)

    reconcile(watched, service, now=NOW + A_DAY - timedelta(seconds=1))
    assert present(store).stalled_since is None
    for hours in (24, 25, 30):
        reconcile(watched, service, now=NOW + timedelta(hours=hours))
    assert present(store).stalled_since == NOW
    assert present(store).resource()["stalled_since"] == "2026-11-23T12:00:00.000Z"
    labeled(service, 2)
    reconcile(watched, service, now=NOW + timedelta(hours=31))
    assert present(store).stalled_since is None
    reconcile(watched, service, now=NOW + timedelta(hours=55))

    assert watched.told() == [("Stalled", "InProgress")] * 2


def test_a_paused_job_is_not_stalled_and_its_time_begins_anew_when_it_is_resumed(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, progressed_at=NOW, is_paused=True)

    reconcile(store, service, now=NOW + 2 * A_DAY)
    assert reconcile(store, service, now=NOW + 3 * A_DAY) == 0
    assert present(store).stalled_since is None
    store.save_job(present(store), present(store).changed(is_paused=False))
    for hours in (0, 23):
        reconcile(store, service, now=NOW + 3 * A_DAY + timedelta(hours=hours))
    assert present(store).stalled_since is None
    reconcile(store, service, now=NOW + 4 * A_DAY)
    assert present(store).stalled_since == NOW + 3 * A_DAY


def test_a_job_that_ends_is_not_stalled_any_more(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, progressed_at=NOW, stalled_since=NOW)
    labeled(service, 1, "Stopped")

    reconcile(store, service)

    assert present(store).stalled_since is None


def test_an_event_that_is_late_finds_no_stall(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_running_job(store, service, progressed_at=NOW - 9 * A_DAY)

    record(store, service)

    assert present(store).stalled_since is None


# --- events repeated ten times, shuffled, and racing the reconciler --------------------------------------------------

PATH = [("InProgress", 10), ("InProgress", 30), ("InProgress", 60), ("InProgress", 95), ("Completed", 100)]


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_repeats_and_races_the_state_is_right_and_every_fact_is_told_once(data: st.DataObject, jobs_table: object) -> None:
    """Ten repeats of each event, shuffled; while one of them is between question and answer, others overtake it."""
    store, service = Watched(), LabelingServiceInMemory()
    project, name = f"p-{uuid.uuid4().hex[:8]}", f"cats-{uuid.uuid4().hex[:8]}"
    a_project(store, project)
    job = a_stored_job(store, project=project, name=name, job_id=name, status=Status.INITIALIZING)
    service.has(job)

    def report(step: tuple[str, int]) -> None:
        counters = {"TotalLabeled": step[1], "HumanLabeled": step[1], "Unlabeled": 100 - step[1]}
        service.report(name, step[0], LabelCounters=counters)

    class Racing(LabelingServiceInMemory):
        """Answers with what was true when it was asked, and only then lets another observer and the service itself go ahead."""

        def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
            answer = dict(service.jobs[name])
            if overtaking := data.draw(st.sampled_from(["nobody", "an event", "the service and an event"])):
                if overtaking == "the service and an event" and steps:
                    report(steps.pop(0))
                if overtaking != "nobody":
                    record(store, service, name)
            return answer

    steps = list(PATH)
    for hint in data.draw(st.permutations(["event", "reconciler"] * 5)):
        if hint == "event":
            record(store, Racing(), name)
        else:
            reconcile(store, Racing())
    for step in steps:
        report(step)
        for _ in range(10):
            record(store, service, name)

    told = store.told()
    statuses = [to for kind, to in told if kind == "Status Changed"]
    assert present(store, name).status is Status.COMPLETED
    assert present(store, name).counters == Counters(total=100, human_labeled=100)
    assert statuses in (["InProgress", "Completed"], ["Completed"])
    assert len(told) == len(set(told))
    assert [percent for kind, percent in told if kind == "Progressed"] == sorted(percent for kind, percent in told if kind == "Progressed")
