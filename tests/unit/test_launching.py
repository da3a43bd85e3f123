"""The launch of a labeling job: every step, repeated, superseded, and interrupted."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from groundwork.data_locations import S3Uri
from groundwork.errors import PreconditionFailedError
from groundwork.labeling_functions import LabelingFunctions
from groundwork.labeling_jobs import drafting, launching
from groundwork.labeling_jobs.job import LabelingJob, Validation
from groundwork.labeling_jobs.launching import SUPERSEDED, Deployment, LaunchStep
from groundwork.labeling_jobs.lifecycle import IN_SERVICE, Status
from groundwork.store import JobEvent, JobStore
from tests.builders import (
    BUCKET,
    EXECUTION,
    NOW,
    CrashError,
    LabelingServiceInMemory,
    OneView,
    a_definition,
    a_project,
    a_stored_job,
    service_error,
    some_surroundings,
    take_and_validate,
)
from tests.unit.engine.builders import FunctionsInMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

STEP = LaunchStep("cats-1", 1, EXECUTION)
STALE_STEPS = [
    LaunchStep("cats-1", 0, EXECUTION),
    LaunchStep("cats-1", 1, "arn:aws:states:us-east-1:123456789012:execution:launch:other"),
    LaunchStep("cats-1", 1, None),
    LaunchStep("no-such-job", 1, EXECUTION),
]
DEPLOYMENT = Deployment(
    region="us-east-1", partition="aws", account_id="123456789012", data_bucket=BUCKET, role_arn="arn:aws:iam::123456789012:role/labeling"
)
FOLDER = "projects/pets/labeling-jobs/cats-1/"
PICTURES = ("projects/pets/datasets/1.png", "projects/pets/datasets/2.png")
ARN = "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


@pytest.fixture
def service() -> LabelingServiceInMemory:
    return LabelingServiceInMemory()


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    """A bucket with two pictures and a manifest of them."""
    for key in PICTURES:
        data_bucket.put_object(Bucket=BUCKET, Key=key, Body=b"\x89PNG\r\n\x1a\n" + bytes(32), ContentType="image/png")
    put_manifest(data_bucket, *PICTURES)
    return data_bucket


def put_manifest(s3: "S3Client", *keys: str) -> None:
    lines = "".join(json.dumps({"source-ref": f"s3://{BUCKET}/{key}"}) + "\n" for key in keys)
    s3.put_object(Bucket=BUCKET, Key="projects/pets/manifests/cats.manifest", Body=lines.encode())


def a_claimed_job(store: JobStore, status: Status = Status.VALIDATING, **overrides: Any) -> LabelingJob:
    return a_stored_job(store, **{"status": status, "submission": 1, "launch_execution": EXECUTION, **overrides})


def present(store: JobStore) -> LabelingJob:
    job = store.job("cats-1")
    assert job is not None
    return job


def entries(store: JobStore) -> list[dict[str, Any]]:
    events = store.job_events(present(store), limit=50, next_token=None).items
    return [event.detail for event in events if event.type == "StatusChanged"]


def keys(s3: "S3Client") -> set[str]:
    return {found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix=FOLDER).get("Contents", [])}


# --- take and validate the manifest -------------------------------------------------------------------------------------------


def test_a_manifest_without_faults_passes_and_its_report_is_kept(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)

    result = take_and_validate(store, s3, STEP)

    assert result["outcome"] == "passed"
    assert result["validation"]["objects"] == 2
    assert result["validation"]["state"] == "passed"
    report = json.loads(s3.get_object(Bucket=BUCKET, Key=FOLDER + "validation-report-1.json")["Body"].read())
    assert (report["state"], report["objects"]) == ("passed", 2)


def test_a_manifest_with_faults_is_reported_with_places_in_the_report_and_without_on_the_job(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    put_manifest(s3, PICTURES[0], "projects/pets/datasets/missing.png", "projects/zoo/datasets/foreign.png")

    result = take_and_validate(store, s3, STEP)

    assert result["outcome"] == "faults"
    assert (result["validation"]["state"], result["validation"]["objects"], result["validation"]["errors"]) == ("failed", 3, 2)
    assert all("places" not in found for found in result["validation"]["faults"])
    report = json.loads(s3.get_object(Bucket=BUCKET, Key=FOLDER + "validation-report-1.json")["Body"].read())
    assert all(found["places"] for found in report["faults"] if found["severity"] == "error")


def test_what_validation_found_can_be_recorded_on_the_job(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    put_manifest(s3, "projects/pets/datasets/missing.png")
    found = take_and_validate(store, s3, STEP)["validation"]

    launching.advance(store, STEP, Status.DRAFT, now=NOW, validation=json.loads(json.dumps(found)))

    job = present(store)
    assert (job.status, job.validation.state, job.validation.errors) == (Status.DRAFT, "failed", found["errors"])
    assert [entry["code"] for entry in job.validation.faults] == [entry["code"] for entry in found["faults"]]


def test_validating_again_gives_the_same(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)

    assert take_and_validate(store, s3, STEP) == take_and_validate(store, s3, STEP)


def test_a_job_does_not_write_its_output_among_what_is_there_already(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store, definition=a_definition(output_uri=f"s3://{BUCKET}/projects/pets/labels/"))
    s3.put_object(Bucket=BUCKET, Key="projects/pets/labels/cats-1/manifests/output/output.manifest", Body=b"{}")

    result = take_and_validate(store, s3, STEP)

    assert result["outcome"] == "faults"
    assert [found["code"] for found in result["validation"]["faults"]] == ["job.output-not-empty"]


def test_outputs_of_other_jobs_may_lie_beside_it(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store, definition=a_definition(output_uri=f"s3://{BUCKET}/projects/pets/labels/"))
    s3.put_object(Bucket=BUCKET, Key="projects/pets/labels/cats-10/manifests/output/output.manifest", Body=b"{}")

    assert take_and_validate(store, s3, STEP)["outcome"] == "passed"


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
def test_a_job_whose_output_cannot_be_written_is_told_before_its_launch(
    store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    a_claimed_job(store, definition=a_definition(output_kms_key_id="alias/labels"))
    tried: dict[str, Any] = {}

    def refuse(**parameters: Any) -> None:
        tried.update(parameters)
        raise service_error(code, operation="CreateMultipartUpload")

    monkeypatch.setattr(s3, "create_multipart_upload", refuse)

    result = take_and_validate(store, s3, STEP)

    assert [found["code"] for found in result["validation"]["faults"]] == ["job.output-unwritable"]
    assert tried["Key"].startswith("projects/pets/labeling-jobs/cats-1/output/cats-1/")
    assert (tried["ServerSideEncryption"], tried["SSEKMSKeyId"]) == ("aws:kms", "alias/labels")


def test_what_the_attempt_to_write_leaves_is_nothing(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)

    assert take_and_validate(store, s3, STEP)["outcome"] == "passed"

    assert keys(s3) == {FOLDER + "input-1.manifest", FOLDER + "validation-report-1.json"}
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_fault_of_s3s_own_is_no_fault_of_the_job(store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    a_claimed_job(store)

    def fail(**_: Any) -> None:
        raise service_error("SlowDown", operation="CreateMultipartUpload")

    monkeypatch.setattr(s3, "create_multipart_upload", fail)

    with pytest.raises(ClientError):
        take_and_validate(store, s3, STEP)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.VALIDATING}))
def test_a_job_that_is_not_validating_is_not_validated(store: JobStore, s3: "S3Client", status: Status) -> None:
    a_claimed_job(store, status)

    assert take_and_validate(store, s3, STEP) == SUPERSEDED
    assert keys(s3) == set()


# --- superseded steps ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STALE_STEPS, ids=["older submission", "other execution", "no execution", "no job"])
def test_a_step_of_a_launch_that_is_not_the_jobs_does_nothing(
    store: JobStore, s3: "S3Client", service: LabelingServiceInMemory, step: LaunchStep
) -> None:
    for status in (Status.VALIDATING, Status.LAUNCHING):
        job = a_claimed_job(store, status)

        assert launching.take_manifest(store, s3, step, BUCKET) == SUPERSEDED
        assert launching.compose_worker_task_template(store, s3, OneView(s3), step, BUCKET) == SUPERSEDED
        assert presign_worker_view(store, OneView(s3), step) == SUPERSEDED
        assert launching.create_labeling_job(store, service, step, DEPLOYMENT) == SUPERSEDED
        for to in Status:
            assert launching.advance(store, step, to, now=NOW, labeling_job_arn=ARN) == SUPERSEDED
        assert (present(store), keys(s3), service.jobs) == (job, set(), {})
        store.delete_job(replace(job, status=Status.DRAFT), NOW)


def test_a_step_of_the_first_submission_leaves_the_second_alone(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store)
    launching.settle_interrupted(store, service, name="cats-1", execution=EXECUTION, cause="killed", now=NOW)
    again = drafting.submit(store, some_surroundings(), present(store), by="ann", now=NOW)

    assert launching.advance(store, STEP, Status.DRAFT, now=NOW, reason="late") == SUPERSEDED

    assert present(store) == again


# --- compose ---------------------------------------------------------------------------------------------------------


def test_template_and_label_categories_are_written_into_the_jobs_folder(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)

    for _ in range(2):
        assert launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET) == {"outcome": "composed"}

    template = s3.get_object(Bucket=BUCKET, Key=FOLDER + "template.liquid")
    assert b"<crowd-image-classifier" in template["Body"].read()
    assert template["ContentType"] == "text/html; charset=utf-8"
    categories = json.loads(s3.get_object(Bucket=BUCKET, Key=FOLDER + "label-categories.json")["Body"].read())
    assert [entry["label"] for entry in categories["labels"]] == ["cat", "dog"]


# --- presign ---------------------------------------------------------------------------------------------------------


def presign_worker_view(store: JobStore, view: OneView, step: LaunchStep, functions: LabelingFunctions | None = None) -> dict[str, Any]:
    where = {"data_bucket": BUCKET, "arn_prefix": "arn:aws:sagemaker:us-east-1:123456789012"}
    return launching.presign_worker_view(store, view, functions or LabelingFunctions(seconds=1), step, **where)


def presign(store: JobStore, s3: "S3Client", **view: Any) -> dict[str, Any]:
    take_and_validate(store, s3, STEP)
    launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET)
    return presign_worker_view(store, OneView(s3, **view), STEP)


def test_a_view_that_a_browser_can_fetch_is_visible(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)

    assert presign(store, s3) == presign(store, s3) == {"outcome": "visible"}


def test_an_object_that_a_browser_cannot_fetch_is_a_fault_of_the_data(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    uri = f"s3://{BUCKET}/{PICTURES[0]}"

    result = presign(store, s3, hidden=(uri,))

    assert result["outcome"] == "faults"
    assert (result["validation"]["state"], result["validation"]["errors"]) == ("failed", 1)
    (found,) = result["validation"]["faults"]
    assert found["code"] == "template.object-unseen"
    assert uri in found["message"]


def test_a_picture_of_the_instructions_that_a_browser_cannot_fetch_is_a_fault_of_the_instructions(store: JobStore, s3: "S3Client") -> None:
    picture = f"s3://{BUCKET}/projects/pets/datasets/good-example.png"
    text = f"<img src=\"{{{{ '{picture}' | grant_read_access }}}}\">"
    a_claimed_job(store, definition=a_definition(short_instructions=text))

    result = presign(store, s3, hidden=(picture,))

    assert [found["code"] for found in result["validation"]["faults"]] == ["instructions.image-unseen"]


def test_an_object_outside_the_projects_data_locations_is_not_presigned(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    put_manifest(s3, "projects/zoo/datasets/foreign.png")

    result = presign(store, s3)

    assert [found["code"] for found in result["validation"]["faults"]] == ["template.unrenderable"]


PAGE = '<crowd-form><img src="{{ task.input.picture | grant_read_access }}"></crowd-form>'
TIDY = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_tidy"


def a_claimed_custom_job(store: JobStore, s3: "S3Client", template: str = PAGE) -> None:
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/page.liquid", Body=template.encode())
    own = {"template_uri": f"s3://{BUCKET}/projects/pets/datasets/page.liquid", "pre_annotation_function_arn": TIDY}
    a_claimed_job(store, definition=a_definition(task_type="Custom", task_category=None, **own))


def presign_custom(store: JobStore, s3: "S3Client", function: "Callable[[Any], Any]") -> dict[str, Any]:
    take_and_validate(store, s3, STEP)
    assert launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET) == {"outcome": "composed"}
    return presign_worker_view(store, OneView(s3), STEP, FunctionsInMemory(tidy=function))


def test_a_custom_jobs_own_function_is_tried_with_the_first_object_and_its_own_template(store: JobStore, s3: "S3Client") -> None:
    a_claimed_custom_job(store, s3)
    seen: list[Any] = []

    def tidy(event: Any) -> Any:
        seen.append(event)
        return {"taskInput": {"picture": event["dataObject"]["source-ref"]}}

    assert presign_custom(store, s3, tidy) == {"outcome": "visible"}
    assert seen[0]["labelingJobArn"] == "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"
    assert s3.get_object(Bucket=BUCKET, Key=FOLDER + "template.liquid")["Body"].read() == PAGE.encode()


@pytest.mark.parametrize(
    ("function", "code"),
    [(lambda _: 1 / 0, "job.function-failed"), (lambda _: {"taskInput": {"picture": "s3://zoo/1.png"}}, "template.unrenderable")],
)
def test_a_function_or_a_template_that_fails_sends_a_custom_job_back(store: JobStore, s3: "S3Client", function: Any, code: str) -> None:
    a_claimed_custom_job(store, s3)

    assert [found["code"] for found in presign_custom(store, s3, function)["validation"]["faults"]] == [code]


def test_an_object_that_people_need_not_label_need_not_be_shown(store: JobStore, s3: "S3Client") -> None:
    a_claimed_custom_job(store, s3)

    assert presign_custom(store, s3, lambda _: {"isHumanAnnotationRequired": False}) == {"outcome": "visible"}


def test_a_template_that_was_broken_or_taken_away_since_the_submission_is_a_fault(store: JobStore, s3: "S3Client") -> None:
    a_claimed_custom_job(store, s3, template="no form")
    broken = launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET)
    s3.delete_object(Bucket=BUCKET, Key="projects/pets/datasets/page.liquid")
    gone = launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET)

    assert [result["validation"]["faults"][0]["code"] for result in (broken, gone)] == ["template.form-missing", "template.missing"]


def test_a_manifest_without_lines_has_nothing_to_show(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    put_manifest(s3)

    assert [found["code"] for found in presign(store, s3)["validation"]["faults"]] == ["manifest.empty"]


def test_a_manifest_that_is_swapped_after_its_validation_changes_nothing(store: JobStore, s3: "S3Client") -> None:
    a_claimed_job(store)
    assert take_and_validate(store, s3, STEP)["outcome"] == "passed"
    kept = s3.get_object(Bucket=BUCKET, Key=FOLDER + "input-1.manifest")["Body"].read()

    put_manifest(s3, "projects/zoo/datasets/foreign.png")

    assert b"foreign" not in kept
    assert s3.get_object(Bucket=BUCKET, Key=FOLDER + "input-1.manifest")["Body"].read() == kept
    launching.compose_worker_task_template(store, s3, OneView(s3), STEP, BUCKET)
    assert presign_worker_view(store, OneView(s3), STEP) == {"outcome": "visible"}


def test_the_service_gets_the_manifest_that_was_validated(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store, Status.LAUNCHING)

    launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    source = service.jobs["cats-1"]["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    assert source == f"s3://{BUCKET}/{FOLDER}input-1.manifest"


def test_a_copy_that_fails_for_a_sound_manifest_is_no_fault_of_the_manifest(
    store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    a_claimed_job(store)

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "CopyObject")

    monkeypatch.setattr(s3, "copy_object", refuse)

    with pytest.raises(ClientError):
        take_and_validate(store, s3, STEP)


# --- create at the labeling service ----------------------------------------------------------------------------------


def test_the_job_is_created_with_the_tag_it_is_known_by(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)

    result = launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert result == {"outcome": "created", "labeling_job_arn": ARN}
    assert launching.is_same_job(job.job_id, service.describe_labeling_job(LabelingJobName="cats-1"))


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.LAUNCHING}))
def test_nothing_is_created_before_or_after_the_launch(store: JobStore, service: LabelingServiceInMemory, status: Status) -> None:
    a_claimed_job(store, status)

    assert launching.create_labeling_job(store, service, STEP, DEPLOYMENT) == SUPERSEDED
    assert service.jobs == {}


def test_a_retry_adopts_the_job_that_the_first_attempt_created(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store, Status.LAUNCHING)
    service.crash_after_creation = True
    with pytest.raises(CrashError):
        launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    result = launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert result == {"outcome": "created", "labeling_job_arn": ARN}
    assert len(service.jobs) == 1


def test_a_namesake_on_the_service_is_not_taken_for_the_job(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)
    service.has(replace(job, job_id="somebody-elses"))

    result = launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert result["outcome"] == "refused"
    assert "choose another one" in result["reason"]


def test_a_job_without_our_tags_is_a_namesake(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store, Status.LAUNCHING)
    service.create_labeling_job(LabelingJobName="CATS-1", Tags=[])

    assert launching.create_labeling_job(store, service, STEP, DEPLOYMENT)["outcome"] == "refused"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ValidationException", "refused"),
        ("AccessDeniedException", "refused"),
        ("InvalidParameterException", "refused"),
        ("MissingParameter", "refused"),
        ("SubscriptionRequiredException", "refused"),
        ("SomethingNobodyHasDocumented", "refused"),
        ("ResourceNotFound", "refused"),
        ("ResourceLimitExceeded", "postponed"),
    ],
)
def test_what_repeating_cannot_mend_is_an_outcome_with_the_services_reason(
    store: JobStore, service: LabelingServiceInMemory, code: str, outcome: str
) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)
    service.failures = [service_error(code, "The role is wrong.")]

    result = launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert result["outcome"] == outcome
    assert "The role is wrong." in result["reason"]
    assert present(store) == job


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "User is not authorized to perform sagemaker:CreateLabelingJob"),
        ("ValidationException", "Amazon SageMaker Ground Truth is no longer available to new customers."),
    ],
)
def test_an_account_that_may_not_use_ground_truth_is_told_so_verbatim_and_what_works_instead(
    store: JobStore, service: LabelingServiceInMemory, code: str, message: str
) -> None:
    a_claimed_job(store, Status.LAUNCHING)
    service.failures = [service_error(code, message)]

    result = launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert result["outcome"] == "refused"
    assert f"({code}): {message}" in result["reason"]
    assert "LabelingService=BuiltIn" in result["reason"]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "ServiceUnavailable", "ExpiredTokenException"])
def test_what_repeating_may_mend_is_raised_and_the_retry_succeeds(store: JobStore, service: LabelingServiceInMemory, code: str) -> None:
    a_claimed_job(store, Status.LAUNCHING)
    service.failures = [service_error(code)]

    with pytest.raises(ClientError):
        launching.create_labeling_job(store, service, STEP, DEPLOYMENT)

    assert launching.create_labeling_job(store, service, STEP, DEPLOYMENT)["outcome"] == "created"


@pytest.mark.parametrize(("code", "found"), [("ResourceNotFound", True), ("ValidationException", True), ("ThrottlingException", False)])
def test_only_the_services_word_that_there_is_no_job_counts_as_none(code: str, found: bool) -> None:
    class Silent(LabelingServiceInMemory):
        def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
            raise service_error(code)

    job = LabelingJob("pets", "id", a_definition(), Status.LAUNCHING, "SageMaker", "ann", NOW, NOW)
    if found:
        assert launching.find_in_service(Silent(), job) is None
    else:
        with pytest.raises(ClientError):
            launching.find_in_service(Silent(), job)


# --- record ----------------------------------------------------------------------------------------------------------


def test_the_records_of_a_launch_lead_from_validating_to_initializing(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store)
    passed = {"state": "passed", "objects": 2, "errors": 0, "warnings": 0, "faults": []}

    for _ in range(2):
        assert launching.advance(store, STEP, Status.LAUNCHING, now=NOW, validation=passed) == {"outcome": "recorded"}
    for _ in range(2):
        assert launching.advance(store, STEP, Status.INITIALIZING, now=NOW, labeling_job_arn=ARN) == {"outcome": "recorded"}

    job = present(store)
    assert (job.status, job.labeling_job_arn, job.validation) == (Status.INITIALIZING, ARN, Validation(state="passed", objects=2))
    assert entries(store) == [{"from": "Validating", "to": "Launching"}, {"from": "Launching", "to": "Initializing"}]


def test_the_arn_is_kept_even_when_the_services_event_came_first(store: JobStore) -> None:
    a_claimed_job(store, Status.IN_PROGRESS)

    launching.advance(store, STEP, Status.INITIALIZING, now=NOW, labeling_job_arn=ARN)

    job = present(store)
    assert (job.status, job.labeling_job_arn) == (Status.IN_PROGRESS, ARN)
    assert entries(store) == []


def test_a_refused_job_has_failed_with_the_reason(store: JobStore) -> None:
    a_claimed_job(store, Status.LAUNCHING)

    launching.advance(store, STEP, Status.FAILED, now=NOW, reason="The role is wrong.")

    job = present(store)
    assert (job.status, job.failure_reason, job.finished_at) == (Status.FAILED, "The role is wrong.", NOW)
    assert entries(store) == [{"from": "Launching", "to": "Failed", "reason": "The role is wrong."}]


def test_a_postponed_job_is_a_draft_that_can_be_submitted_as_it_is(store: JobStore) -> None:
    a_claimed_job(store, Status.LAUNCHING)

    launching.advance(store, STEP, Status.DRAFT, now=NOW, reason="No room now.")

    assert present(store).failure_reason == "No room now."
    assert drafting.submit(store, some_surroundings(), present(store), by="ann", now=NOW).failure_reason is None


def test_a_record_survives_a_change_at_the_same_moment(store: JobStore) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)

    class Interrupted(JobStore):
        reads = 0

        def job(self, name: str) -> LabelingJob | None:
            found = super().job(name)
            self.reads += 1
            if self.reads == 1:
                store.save_job(job, job.changed(labeling_job_arn=ARN))
            return found

    launching.advance(Interrupted.from_env(), STEP, Status.INITIALIZING, now=NOW, labeling_job_arn=ARN)

    assert (present(store).status, present(store).version) == (Status.INITIALIZING, 3)


def test_a_record_gives_up_on_a_job_that_never_rests(store: JobStore) -> None:
    a_claimed_job(store, Status.LAUNCHING)

    class Contended(JobStore):
        def save_job(self, previous: LabelingJob, job: LabelingJob, event: JobEvent | None = None) -> None:
            raise PreconditionFailedError

    with pytest.raises(PreconditionFailedError):
        launching.advance(Contended.from_env(), STEP, Status.INITIALIZING, now=NOW)


# --- settle ----------------------------------------------------------------------------------------------------------


def settle(store: JobStore, service: LabelingServiceInMemory, **overrides: Any) -> str:
    wanted = {"name": "cats-1", "execution": EXECUTION, "cause": "it ended as ABORTED", "now": NOW, **overrides}
    return launching.settle_interrupted(store, service, **wanted)


def test_a_launch_interrupted_while_validating_leaves_a_draft_with_a_reason(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_claimed_job(store, validation=Validation(state="running"))

    assert settle(store, service) == "settled"

    job = present(store)
    assert (job.status, job.validation.state) == (Status.DRAFT, "not_run")
    assert "it ended as ABORTED" in str(job.failure_reason)
    assert "submit the job again" in str(job.failure_reason)
    assert entries(store)[-1] == {"from": "Validating", "to": "Draft", "reason": job.failure_reason}


def test_a_launch_interrupted_before_the_creation_leaves_a_draft_with_its_validation(
    store: JobStore, service: LabelingServiceInMemory
) -> None:
    a_claimed_job(store, Status.LAUNCHING, validation=Validation(state="passed", objects=2))

    assert settle(store, service) == "settled"

    assert (present(store).status, present(store).validation) == (Status.DRAFT, Validation(state="passed", objects=2))


def test_a_launch_interrupted_after_the_creation_is_recorded(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)
    service.has(job)

    assert settle(store, service) == "settled"

    assert (present(store).status, present(store).labeling_job_arn, present(store).failure_reason) == (Status.INITIALIZING, ARN, None)


def test_a_namesake_on_the_service_does_not_make_the_launch_a_success(store: JobStore, service: LabelingServiceInMemory) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)
    service.has(replace(job, job_id="somebody-elses"))

    settle(store, service)

    assert present(store).status is Status.DRAFT


@pytest.mark.parametrize("status", [Status.VALIDATING, Status.LAUNCHING])
@pytest.mark.parametrize("is_in_service", [True, False])
def test_settling_again_changes_nothing(store: JobStore, service: LabelingServiceInMemory, status: Status, is_in_service: bool) -> None:
    job = a_claimed_job(store, status)
    if is_in_service:
        service.has(job)
    settle(store, service)
    once = present(store)

    assert settle(store, service, cause="again") == "nothing-to-settle"

    assert present(store) == once


@pytest.mark.parametrize("execution", ["arn:aws:states:us-east-1:123456789012:execution:launch:other", None])
def test_another_execution_settles_nothing(store: JobStore, service: LabelingServiceInMemory, execution: str | None) -> None:
    job = a_claimed_job(store)

    assert settle(store, service, execution=execution) == "nothing-to-settle"
    assert present(store) == job


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.VALIDATING, Status.LAUNCHING}))
def test_a_job_that_is_past_its_launch_has_nothing_to_settle(store: JobStore, service: LabelingServiceInMemory, status: Status) -> None:
    job = a_claimed_job(store, status)

    assert settle(store, service) == "nothing-to-settle"
    assert present(store) == job


def test_a_launch_that_nobody_claimed_can_be_settled(store: JobStore, service: LabelingServiceInMemory) -> None:
    a_stored_job(store, status=Status.VALIDATING, submission=1)

    assert settle(store, service, execution=None) == "settled"
    assert present(store).status is Status.DRAFT


def test_an_unreachable_service_leaves_the_job_for_the_next_try(store: JobStore) -> None:
    job = a_claimed_job(store, Status.LAUNCHING)

    class Unreachable(LabelingServiceInMemory):
        def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
            raise service_error("ThrottlingException")

    with pytest.raises(ClientError):
        settle(store, Unreachable())

    assert present(store) == job


# --- killed at any step, then retried --------------------------------------------------------------------------------


@pytest.mark.parametrize("killed_at", range(6))
def test_a_launch_killed_after_any_step_and_submitted_again_makes_one_job(
    store: JobStore, s3: "S3Client", service: LabelingServiceInMemory, killed_at: int
) -> None:
    a_claimed_job(store)

    def launch(step: LaunchStep, steps: int) -> None:
        result: dict[str, Any] = {}
        actions: list[Callable[[], dict[str, Any]]] = [
            lambda: launching.take_manifest(store, s3, step, BUCKET),
            lambda: launching.compose_worker_task_template(store, s3, OneView(s3), step, BUCKET),
            lambda: presign_worker_view(store, OneView(s3), step),
            lambda: launching.advance(store, step, Status.LAUNCHING, now=NOW),
            lambda: launching.create_labeling_job(store, service, step, DEPLOYMENT),
            lambda: launching.advance(store, step, Status.INITIALIZING, now=NOW, labeling_job_arn=result["labeling_job_arn"]),
        ]
        for action in actions[:steps]:
            result = action()

    launch(STEP, killed_at)
    settle(store, service)
    if present(store).status is Status.DRAFT:
        again = drafting.submit(store, some_surroundings(), present(store), by="ann", now=NOW)
        store.save_job(again, again.changed(launch_execution="second"))
        launch(LaunchStep("cats-1", 2, "second"), 6)

    assert len(service.jobs) == 1
    assert (present(store).status, present(store).labeling_job_arn) == (Status.INITIALIZING, ARN)
    assert present(store).status in IN_SERVICE


def test_the_jobs_own_folder_is_below_its_project() -> None:
    job = LabelingJob("pets", "id", a_definition(), Status.DRAFT, "BuiltIn", "ann", NOW, NOW)

    assert launching.job_folder(job, BUCKET) == S3Uri(BUCKET, FOLDER)
