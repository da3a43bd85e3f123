"""A labeling job bigger than the service takes: divided, driven part by part, stopped, merged; and interrupted anywhere."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from groundwork import events
from groundwork.errors import NameTakenError, PreconditionFailedError
from groundwork.labeling_jobs import launching, service_status, splitting
from groundwork.labeling_jobs.job import Counters, LabelingJob, Parts, Validation
from groundwork.labeling_jobs.launching import SUPERSEDED, Deployment, LaunchStep
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import MAX_PARTS, Part
from groundwork.labeling_jobs.service_request import create_labeling_job_request
from groundwork.labeling_jobs.splitting import OutputIncompleteError, SplitJobs
from groundwork.store import JobEvent, JobStore, job_of_image
from tests.builders import BUCKET, EXECUTION, NOW, CrashError, LabelingServiceInMemory, a_definition, a_project, a_stored_job, service_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LATER = NOW + timedelta(hours=2)
DAY = timedelta(days=1)
STEP = LaunchStep("big", 1, EXECUTION)
ROLE = "arn:aws:iam::123456789012:role/labeling"
DEPLOYMENT = Deployment(region="us-east-1", partition="aws", account_id="123456789012", data_bucket=BUCKET, role_arn=ROLE)
FOLDER = "projects/pets/labeling-jobs/big/"
LINES = [f'{{"source":"text {number}"}}' for number in range(10)]
MERGED = FOLDER + "output/big/manifests/output/output.manifest"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten objects make three parts: 4, 3 and 3."""
    monkeypatch.setenv("OBJECTS_PER_LABELING_JOB", "4")


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    """A bucket with the launched manifest; its last line is not ended."""
    data_bucket.put_object(Bucket=BUCKET, Key=FOLDER + "input-1.manifest", Body="\n".join(LINES).encode())
    return data_bucket


@pytest.fixture
def service() -> LabelingServiceInMemory:
    return LabelingServiceInMemory()


@pytest.fixture
def merge_machine() -> str:
    machine = boto3.client("stepfunctions").create_state_machine(name="merge", definition="{}", roleArn=ROLE)
    return str(machine["stateMachineArn"])


@pytest.fixture
def split_jobs(store: JobStore, service: LabelingServiceInMemory, merge_machine: str) -> SplitJobs:
    return SplitJobs(
        store=store,
        service=service,
        step_functions=boto3.client("stepfunctions"),
        merge_machine_arn=merge_machine,
        deployment=DEPLOYMENT,
        at_once=2,
    )


def a_big_job(store: JobStore, **overrides: Any) -> LabelingJob:
    definition = a_definition(name="big", task_type="TextMultiClass", task_category="Text", split=True, **overrides.pop("definition", {}))
    return a_stored_job(
        store,
        name="big",
        **{
            "definition": definition,
            "status": Status.LAUNCHING,
            "submission": 1,
            "launch_execution": EXECUTION,
            "validation": Validation(state="passed", objects=10),
            **overrides,
        },
    )


def a_divided_job(store: JobStore, s3: "S3Client", **overrides: Any) -> LabelingJob:
    a_big_job(store, **overrides)
    assert splitting.divide(store, s3, STEP, BUCKET, now=NOW) == {"outcome": "divided"}
    return present(store)


def present(store: JobStore) -> LabelingJob:
    job = store.job("big")
    assert job is not None
    return job


def parts(store: JobStore) -> list[Part]:
    return store.parts(present(store))


def statuses(store: JobStore) -> list[str]:
    return [part.resource()["status"] for part in parts(store)]


def text(s3: "S3Client", key: str) -> list[str]:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().splitlines(keepends=True)


def come_to_rest(
    split_jobs: SplitJobs, number: int, status: str = "Completed", *, output: list[str] | None = None, **description: Any
) -> None:
    """Let a part end at the service, and its event be heard."""
    name = f"big-part-{number:04d}"
    if output is not None:
        key = f"{FOLDER}output/{name}/manifests/output/output.manifest"
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body="".join(f"{line}\n" for line in output).encode())
        description["LabelingJobOutput"] = {"OutputDatasetS3Uri": f"s3://{BUCKET}/{key}"}
    assert isinstance(split_jobs.service, LabelingServiceInMemory)
    split_jobs.service.report(name, status, **description)
    service_status.record_part_status(split_jobs.store, split_jobs.service, name, now=LATER)
    split_jobs.drive("big", now=LATER)


def labeled(start: int, end: int) -> list[str]:
    return [line.replace("}", ',"big":0}') for line in LINES[start:end]]


def merges(split_jobs: SplitJobs) -> list[Any]:
    return inputs_of_executions(split_jobs.merge_machine_arn)


def inputs_of_executions(machine: str) -> list[Any]:
    client = boto3.client("stepfunctions")
    found = client.list_executions(stateMachineArn=machine)["executions"]
    return [json.loads(client.describe_execution(executionArn=execution["executionArn"])["input"]) for execution in found]


# --- divide ----------------------------------------------------------------------------------------------------------


def test_a_job_that_fits_is_created_whole_and_one_that_does_not_is_divided(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_big_job(store)
    assert launching.create_labeling_job(store, service, STEP, DEPLOYMENT) == {"outcome": "oversized"}
    assert service.jobs == {}

    store.save_job(job, job.changed(validation=Validation(state="passed", objects=4)))

    assert launching.create_labeling_job(store, service, STEP, DEPLOYMENT)["outcome"] == "created"


def test_a_manifest_may_have_as_many_objects_as_all_parts_take_when_it_may_be_split(store: JobStore) -> None:
    assert launching.manifest_expectation(a_big_job(store)).max_objects == 4 * MAX_PARTS


def test_every_part_gets_its_lines_in_order(store: JobStore, s3: "S3Client") -> None:
    job = a_divided_job(store, s3)

    slices = [text(s3, f"{FOLDER}input-1-part-000{number}.manifest") for number in (1, 2, 3)]
    assert [len(lines) for lines in slices] == [4, 3, 3]
    assert "".join(line for lines in slices for line in lines) == "\n".join(LINES)
    assert (job.parts, job.counters) == (Parts(total=3, waiting=3), Counters(total=10, unlabeled=10))
    assert store.job_events(job, limit=9, next_token=None).items[-1].detail == {"parts": 3, "objects": 10}


def test_dividing_again_changes_nothing(store: JobStore, s3: "S3Client") -> None:
    job = a_divided_job(store, s3)

    assert splitting.divide(store, s3, STEP, BUCKET, now=LATER) == {"outcome": "divided"}
    assert present(store) == job


@pytest.mark.parametrize("step", [LaunchStep("big", 0, EXECUTION), LaunchStep("big", 1, "other"), LaunchStep("none", 1, EXECUTION)])
def test_a_superseded_launch_divides_nothing(store: JobStore, s3: "S3Client", step: LaunchStep) -> None:
    a_big_job(store)

    assert splitting.divide(store, s3, step, BUCKET, now=NOW) == SUPERSEDED
    assert present(store).parts is None


def test_a_job_whose_parts_name_is_taken_keeps_none_and_says_why(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store, name="Big-Part-0002")
    a_big_job(store)

    result = splitting.divide(store, s3, STEP, BUCKET, now=NOW)

    assert result["outcome"] == "postponed"
    assert "big-part-0002" in result["reason"]
    assert present(store).parts is None
    assert store.part("big-part-0001") is None


def test_a_parts_name_is_taken_for_other_jobs_and_shows_no_job(store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)

    with pytest.raises(NameTakenError):
        a_stored_job(store, name="BIG-part-0003")
    assert store.job("big-part-0003") is None
    assert [job.name for job in store.jobs("pets", status=None, limit=9, next_token=None).items] == ["big"]


def test_a_launch_that_died_after_dividing_is_not_undone(store: JobStore, s3: "S3Client", service: LabelingServiceInMemory) -> None:
    job = a_divided_job(store, s3)

    settled = launching.settle_interrupted(store, service, name="big", execution=EXECUTION, cause="aborted", now=LATER)
    repaired = service_status.reconcile(store, service, lambda _: False, now=LATER, stalled_after=DAY)

    assert (settled, repaired, present(store)) == ("nothing-to-settle", 0, job)


# --- start -----------------------------------------------------------------------------------------------------------


def test_the_first_parts_go_to_the_service_and_the_others_wait(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3, definition={"output_uri": f"s3://{BUCKET}/projects/pets/out"})

    split_jobs.drive("big", now=NOW)

    assert statuses(store) == ["Initializing", "Initializing", "Waiting"]
    assert (present(store).status, present(store).parts) == (Status.INITIALIZING, Parts(total=3, waiting=1, running=2))


def test_a_part_is_its_parent_but_for_name_and_manifest(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    created: list[dict[str, Any]] = []

    class Recording(LabelingServiceInMemory):
        def create_labeling_job(self, **request: Any) -> dict[str, Any]:
            created.append(request)
            return super().create_labeling_job(**request)

    a_divided_job(store, s3)
    whole = create_labeling_job_request(present(store).definition, launching.launch_target(present(store), DEPLOYMENT))

    SplitJobs(**{**_fields(split_jobs), "service": Recording()}).drive("big", now=NOW)

    slice_uri = f"s3://{BUCKET}/{FOLDER}input-1-part-0001.manifest"
    of_part = {"LabelingJobName": "big-part-0001", "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": slice_uri}}}}
    assert created[0] == {**whole, **of_part}
    assert created[0]["LabelAttributeName"] == "big"


def _fields(split_jobs: SplitJobs) -> dict[str, Any]:
    return {name: getattr(split_jobs, name) for name in SplitJobs.__slots__}


def test_driving_again_changes_nothing(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    job = split_jobs.drive("big", now=NOW)
    before = parts(store)

    assert split_jobs.drive("big", now=LATER) == job
    assert parts(store) == before


def test_the_next_part_starts_when_one_comes_to_rest(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)

    come_to_rest(split_jobs, 2, output=labeled(4, 7), LabelCounters={"TotalLabeled": 3, "HumanLabeled": 3})

    assert statuses(store) == ["Initializing", "Completed", "Initializing"]
    assert set(service.jobs) == {"big-part-0001", "big-part-0002", "big-part-0003"}
    job = present(store)
    assert (job.status, job.started_at, job.finished_at) == (Status.IN_PROGRESS, LATER, None)
    assert job.counters == Counters(total=10, human_labeled=3, unlabeled=7)


def test_a_part_that_was_created_by_a_call_that_died_is_found(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    service.crash_after_creation = True
    with pytest.raises(CrashError):
        split_jobs.drive("big", now=NOW)

    split_jobs.drive("big", now=LATER)

    assert statuses(store) == ["Initializing", "Initializing", "Waiting"]
    assert len(service.jobs) == 2


def test_a_part_for_which_there_is_no_room_is_tried_again(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    service.failures = [service_error("ResourceLimitExceeded"), service_error("ResourceLimitExceeded")]
    split_jobs.drive("big", now=NOW)
    assert statuses(store) == ["Launching", "Launching", "Waiting"]
    assert present(store).status is Status.LAUNCHING

    assert split_jobs.drive_all(now=LATER, stalled_after=DAY) == 1

    assert statuses(store) == ["Initializing", "Initializing", "Waiting"]


def test_a_refused_part_has_failed_and_holds_no_other_up(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    service.failures = [service_error("ValidationException", "There is no such team.")]

    split_jobs.drive("big", now=NOW)
    split_jobs.drive("big", now=NOW)

    assert statuses(store) == ["Failed", "Initializing", "Initializing"]
    assert "There is no such team." in str(parts(store)[0].failure_reason)


# --- what the service says -------------------------------------------------------------------------------------------


def test_lost_events_of_parts_are_made_up_for(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    for number in (1, 2):
        service.report(f"big-part-000{number}", "Completed", LabelCounters={"TotalLabeled": 1, "HumanLabeled": 1})

    assert split_jobs.drive_all(now=LATER, stalled_after=DAY) == 1

    assert statuses(store) == ["Completed", "Completed", "Initializing"]


def test_objects_that_the_service_has_not_loaded_yet_are_counted_all_the_same(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    service.report("big-part-0001", "Initializing", LabelCounters={"Unlabeled": 1})

    split_jobs.drive_all(now=LATER, stalled_after=DAY)

    assert present(store).counters == Counters(total=10, unlabeled=10)


def test_a_part_that_the_service_has_no_more_has_failed(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    service.jobs.clear()

    split_jobs.drive_all(now=LATER, stalled_after=DAY)

    assert statuses(store)[:2] == ["Failed", "Failed"]


def test_a_split_job_progresses_and_stalls_like_any_other(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    come_to_rest(split_jobs, 1, output=labeled(0, 4), LabelCounters={"TotalLabeled": 4, "HumanLabeled": 4})
    assert (present(store).progress, present(store).stalled_since) == (25, None)

    split_jobs.drive_all(now=LATER + DAY, stalled_after=DAY)

    assert present(store).stalled_since == LATER


def test_a_namesake_of_a_part_is_none_of_ours(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    service.create_labeling_job(LabelingJobName="big-part-0001", Tags=[])

    split_jobs.drive("big", now=NOW)

    assert statuses(store)[0] == "Failed"
    assert "another job named 'big-part-0001'" in str(parts(store)[0].failure_reason)


def test_one_jobs_trouble_does_not_keep_the_others(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    other = a_stored_job(store, name="other", status=Status.LAUNCHING, parts=Parts(total=1, waiting=1))
    store.save_part(
        *_written(store, Part("other", "pets", other.job_id, 1, 4, Counters(), begun_at=NOW)),
    )

    class Moody(LabelingServiceInMemory):
        def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
            if request["LabelingJobName"].startswith("other"):
                raise service_error("ThrottlingException", operation="DescribeLabelingJob")
            return super().describe_labeling_job(**request)

    with pytest.raises(ExceptionGroup):
        SplitJobs(**{**_fields(split_jobs), "service": Moody()}).drive_all(now=LATER, stalled_after=DAY)

    assert statuses(store) == ["Initializing", "Initializing", "Waiting"]


def _written(store: JobStore, part: Part) -> tuple[Part, Part]:
    """The part, written as the first of its job; and what may be written over it."""
    holder = store.job(part.part_of)
    assert holder is not None
    store.split_job(holder, holder.changed(), [part], JobEvent(NOW, "Split", {}))
    return part, part.changed()


# --- stop ------------------------------------------------------------------------------------------------------------


def a_stopping_job(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    job = present(store)
    store.save_job(job, job.changed(status=Status.STOPPING))


def test_a_stop_reaches_what_runs_and_what_waits_never_starts(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_stopping_job(split_jobs, store, s3)

    split_jobs.drive("big", now=LATER)
    split_jobs.drive("big", now=LATER)

    assert service.stopped == ["big-part-0001", "big-part-0002"]
    assert statuses(store)[2] == "Stopped"
    assert len(service.jobs) == 2
    assert present(store).status is Status.STOPPING


def test_telling_the_service_to_stop_the_whole_stops_no_namesake(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_stopping_job(split_jobs, store, s3)
    service_status.stop_in_service(service, "big", present(store).job_id)
    service.create_labeling_job(LabelingJobName="big", Tags=[])

    service_status.stop_in_service(service, "big", present(store).job_id)

    assert service.stopped == []


def test_a_part_that_is_being_created_while_the_stop_comes_is_stopped_too(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_stopping_job(split_jobs, store, s3)
    waiting = parts(store)[2]
    store.save_part(waiting, waiting.changed(begun_at=NOW))  # by a call that is about to create it

    split_jobs.drive("big", now=LATER)

    assert service.stopped == ["big-part-0001", "big-part-0002", "big-part-0003"]


def test_a_start_that_comes_after_the_stop_starts_nothing(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_divided_job(store, s3)
    reads: list[str] = []

    class Late(JobStore):
        def parts(self, job: LabelingJob) -> list[Part]:
            found = super().parts(job)
            if not reads:  # between this call's reading and its writing, the job is stopped
                reads.append("once")
                other = store.job("big")
                assert other is not None
                store.save_job(other, other.changed(status=Status.INITIALIZING))
                other = present(store)
                store.save_job(other, other.changed(status=Status.STOPPING))
                split_jobs.drive("big", now=NOW)
            return found

    SplitJobs(**{**_fields(split_jobs), "store": Late.from_env()}).drive("big", now=LATER)

    assert service.jobs == {}
    assert statuses(store) == ["Stopped", "Stopped", "Stopped"]


def test_a_begun_part_without_room_is_stopped_where_it_is(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", service: LabelingServiceInMemory
) -> None:
    a_stopping_job(split_jobs, store, s3)
    waiting = parts(store)[2]
    store.save_part(waiting, waiting.changed(begun_at=NOW))
    service.failures = [service_error("ResourceLimitExceeded")]

    split_jobs.drive("big", now=LATER)

    assert statuses(store)[2] == "Stopped"


# --- merge -----------------------------------------------------------------------------------------------------------


def all_at_rest(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    for number, (start, end) in enumerate([(0, 4), (4, 7), (7, 10)], start=1):
        counters = {"TotalLabeled": end - start, "HumanLabeled": end - start}
        come_to_rest(split_jobs, number, output=labeled(start, end), LabelCounters=counters)


def merge(store: JobStore, s3: "S3Client") -> str:
    return splitting.merge(store, s3, "big", BUCKET, now=LATER)


def test_the_merge_starts_once_all_parts_are_at_rest_and_only_once(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    all_at_rest(split_jobs, store, s3)
    split_jobs.drive("big", now=LATER)

    assert merges(split_jobs) == [{"name": "big"}]
    assert present(store).status is Status.IN_PROGRESS


def test_a_merge_that_died_is_started_anew_later(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    all_at_rest(split_jobs, store, s3)

    split_jobs.drive_all(now=LATER + timedelta(hours=1), stalled_after=DAY)

    assert len(merges(split_jobs)) == 2


def test_the_outputs_become_one_in_input_order(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    all_at_rest(split_jobs, store, s3)

    assert merge(store, s3) == "ended"

    assert text(s3, MERGED) == [f"{line}\n" for line in labeled(0, 10)]
    job = present(store)
    assert (job.status, job.finished_at, job.output_manifest_uri) == (Status.COMPLETED, LATER, f"s3://{BUCKET}/{MERGED}")
    assert job.counters == Counters(total=10, human_labeled=10)


def test_merging_again_changes_nothing(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    all_at_rest(split_jobs, store, s3)
    merge(store, s3)
    job = present(store)

    assert merge(store, s3) == "nothing-to-merge"
    assert splitting.give_up(store, "big", "late", now=LATER) == "nothing-to-merge"
    assert present(store) == job


def test_nothing_is_merged_before_all_parts_are_at_rest(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)

    assert merge(store, s3) == "nothing-to-merge"


def test_a_part_that_never_ran_is_in_the_output_as_it_came_in(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_stopping_job(split_jobs, store, s3)
    split_jobs.drive("big", now=LATER)
    come_to_rest(split_jobs, 1, "Stopped", output=[*labeled(0, 1), *LINES[1:4]])
    come_to_rest(split_jobs, 2, "Completed", output=labeled(4, 7))

    merge(store, s3)

    assert text(s3, MERGED) == [f"{line}\n" for line in [*labeled(0, 1), *LINES[1:4], *labeled(4, 7), *LINES[7:]]]
    assert present(store).status is Status.STOPPED


@pytest.mark.parametrize("output", [None, ["cut off"]])
def test_a_failed_part_fails_the_whole_which_still_has_its_output(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", output: list[str] | None
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    come_to_rest(split_jobs, 1, output=labeled(0, 4))
    come_to_rest(split_jobs, 2, "Failed", output=output, FailureReason="The bucket went away.")
    come_to_rest(split_jobs, 3, output=labeled(7, 10))

    merge(store, s3)

    job = present(store)
    assert (job.status, job.output_manifest_uri) == (Status.FAILED, f"s3://{BUCKET}/{MERGED}")
    assert job.failure_reason == "1 of 3 parts failed (2); the first said: The bucket went away."
    assert text(s3, MERGED) == [f"{line}\n" for line in [*labeled(0, 4), *LINES[4:7], *labeled(7, 10)]]


@pytest.mark.parametrize("output", [None, labeled(4, 6), [*labeled(4, 7), "one more"]])
def test_an_output_without_a_line_for_every_object_is_never_merged(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", output: list[str] | None
) -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)
    for number, lines in ((1, labeled(0, 4)), (2, output), (3, labeled(7, 10))):
        come_to_rest(split_jobs, number, output=lines)

    with pytest.raises(OutputIncompleteError, match="big-part-0002"):
        merge(store, s3)
    assert splitting.give_up(store, "big", "OutputIncompleteError", now=LATER) == "ended"

    job = present(store)
    assert (job.status, job.output_manifest_uri) == (Status.FAILED, None)
    assert "could not be merged: OutputIncompleteError" in str(job.failure_reason)


def test_the_output_is_encrypted_as_the_parts_are(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3, definition={"output_kms_key_id": "alias/labels"})
    split_jobs.drive("big", now=NOW)
    for number, (start, end) in enumerate([(0, 4), (4, 7), (7, 10)], start=1):
        come_to_rest(split_jobs, number, output=labeled(start, end))

    merge(store, s3)

    written = s3.head_object(Bucket=BUCKET, Key=MERGED)
    assert (written["ServerSideEncryption"], written["SSEKMSKeyId"]) == ("aws:kms", "alias/labels")


# --- consolidating again ---------------------------------------------------------------------------------------------


@pytest.fixture
def consolidation_machine() -> str:
    machine = boto3.client("stepfunctions").create_state_machine(name="consolidate-split", definition="{}", roleArn=ROLE)
    return str(machine["stateMachineArn"])


def consolidate_again(store: JobStore, machine: str) -> bool:
    return splitting.consolidate_again(store, boto3.client("stepfunctions"), machine, present(store), now=LATER)


def test_a_split_job_at_rest_is_consolidated_again_part_by_part(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", consolidation_machine: str
) -> None:
    all_at_rest(split_jobs, store, s3)
    merge(store, s3)

    assert [consolidate_again(store, consolidation_machine) for _ in range(2)] == [True, True]

    names = ["big-part-0001", "big-part-0002", "big-part-0003"]
    assert inputs_of_executions(consolidation_machine) == [{"name": "big", "round": f"again-{int(LATER.timestamp())}", "parts": names}]


def test_parts_that_never_ran_have_nothing_to_consolidate(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", consolidation_machine: str
) -> None:
    a_stopping_job(split_jobs, store, s3)
    split_jobs.drive("big", now=LATER)
    come_to_rest(split_jobs, 1, "Stopped", output=LINES[:4])
    come_to_rest(split_jobs, 2, "Completed", output=labeled(4, 7))
    merge(store, s3)

    assert consolidate_again(store, consolidation_machine)

    (started,) = inputs_of_executions(consolidation_machine)
    assert started["parts"] == ["big-part-0001", "big-part-0002"]


def test_a_split_job_that_runs_is_not_consolidated_again(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client", consolidation_machine: str
) -> None:
    all_at_rest(split_jobs, store, s3)  # but not merged yet

    assert not consolidate_again(store, consolidation_machine)
    assert splitting.merge_again(store, s3, "big", BUCKET, now=LATER) == "nothing-to-merge"
    assert inputs_of_executions(consolidation_machine) == []


def test_where_the_labeling_service_consolidates_by_itself_nothing_is_started(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client"
) -> None:
    all_at_rest(split_jobs, store, s3)
    merge(store, s3)

    assert not consolidate_again(store, "")


def test_the_output_is_written_anew_and_the_job_stays_as_it_is(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    all_at_rest(split_jobs, store, s3)
    merge(store, s3)
    job = present(store)
    anew = [line.replace('"big":0', '"big":1') for line in labeled(4, 7)]
    s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}output/big-part-0002/manifests/output/output.manifest", Body="\n".join(anew).encode())

    assert splitting.merge_again(store, s3, "big", BUCKET, now=LATER) == "merged-again"

    assert text(s3, MERGED) == [f"{line}\n" for line in [*labeled(0, 4), *anew, *labeled(7, 10)]]
    assert present(store) == job


def test_a_job_whose_outputs_could_not_be_merged_gets_its_output_once_they_are_consolidated_again(
    split_jobs: SplitJobs, store: JobStore, s3: "S3Client"
) -> None:
    all_at_rest(split_jobs, store, s3)
    splitting.give_up(store, "big", "OutputIncompleteError", now=LATER)

    splitting.merge_again(store, s3, "big", BUCKET, now=LATER)

    job = present(store)
    assert (job.status, job.output_manifest_uri) == (Status.FAILED, f"s3://{BUCKET}/{MERGED}")
    assert text(s3, MERGED) == [f"{line}\n" for line in labeled(0, 10)]


# --- what others see -------------------------------------------------------------------------------------------------


def test_changes_of_parts_are_no_news_of_a_labeling_job(store: JobStore, s3: "S3Client", jobs_table: Any) -> None:
    a_divided_job(store, s3)
    items: list[dict[str, Any]] = jobs_table.scan(TableName="jobs")["Items"]
    images = [item for item in items if "part_of" in item]

    assert len(images) == 3
    assert [events.facts(None, job_of_image(image)) for image in images] == [[], [], []]


def test_a_client_sees_where_each_part_stands(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)
    split_jobs.drive("big", now=NOW)

    assert present(store).resource()["parts"] == {"total": 3, "waiting": 1, "running": 2, "completed": 0, "failed": 0, "stopped": 0}
    first, *_, last = (part.resource() for part in parts(store))
    assert (first["number"], first["name"], first["status"], first["objects"]) == (1, "big-part-0001", "Initializing", 4)
    assert (last["status"], last["labeling_job_arn"]) == ("Waiting", None)


def test_a_job_that_keeps_changing_is_left_to_the_next_call(split_jobs: SplitJobs, store: JobStore, s3: "S3Client") -> None:
    a_divided_job(store, s3)

    class Contended(JobStore):
        def save_part(self, previous: Part, part: Part) -> None:
            raise PreconditionFailedError("It changed.")

    with pytest.raises(PreconditionFailedError, match="keeps changing"):
        SplitJobs(**{**_fields(split_jobs), "store": Contended.from_env()}).drive("big", now=NOW)


@pytest.fixture(autouse=True)
def no_part_is_ever_over_its_right(store: JobStore, service: LabelingServiceInMemory) -> Iterator[None]:
    """Whatever a test does, no more than two parts run at the service."""
    yield
    running = [job for job in service.jobs.values() if job["LabelingJobStatus"] in {"Initializing", "InProgress"} and job["Tags"]]
    assert len(running) <= 2
