"""What the labeling service says, taken into the job; and the stop, told to the service."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

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

    service_status.stop_in_service(service, "cats-1")
    service_status.stop_in_service(service, "cats-1")

    assert service.stopped == ["cats-1"]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Completed", "Failed"])
def test_a_job_that_is_stopping_or_at_rest_is_left_alone(store: JobStore, service: LabelingServiceInMemory, status: str) -> None:
    a_running_job(store, service)
    service.report("cats-1", status)

    service_status.stop_in_service(service, "cats-1")

    assert service.stopped == []


# --- reconcile -------------------------------------------------------------------------------------------------------


def reconcile(store: JobStore, service: LabelingServiceInMemory, *, lives: bool = False, now: Any = LATER) -> int:
    return service_status.reconcile(store, service, lambda _: lives, now=now)


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
