"""Drafts that appear by themselves when a manifest is uploaded."""

import json
import random
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groundwork import events, uploaded_manifests
from groundwork.access import Caller, Decision, Resource, Role, delete_labeling_job
from groundwork.data_locations import S3Uri
from groundwork.labeling_jobs import drafting
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest_inspection import Suggestion, suggest
from groundwork.manifest_validation import ValidationRequest
from groundwork.store import JobStore
from groundwork.uploaded_manifests import NOBODY, Upload, is_later, names_after
from tests.builders import BUCKET, NOW, a_png, a_project, a_stored_job, event_sample, run_validation, some_locations, some_surroundings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "projects/pets/manifests/cats.manifest"
PICTURE = {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/1.png"}
LATER = NOW.replace(hour=13)


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/datasets/1.png", Body=a_png())
    return data_bucket


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


def put(s3: "S3Client", *lines: Any, key: str = KEY, by: str | None = "ann") -> None:
    body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    metadata = {"groundwork-uploader": by} if by else {}
    s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode(), Metadata=metadata)


def upload(sequencer: str = "01", *, key: str = KEY, execution: str | None = None) -> Upload:
    detail = {"bucket": {"name": BUCKET}, "object": {"key": key, "sequencer": sequencer}}
    found = Upload.of_event(detail, execution or f"arn:for-{sequencer}")
    assert found is not None
    return found


def draft(store: JobStore, s3: "S3Client", of: Upload) -> dict[str, Any]:
    return uploaded_manifests.draft(store, s3, of, labeling_service="BuiltIn", data_bucket=BUCKET, now=LATER)


def validate(store: JobStore, s3: "S3Client", of: Upload, drafted: dict[str, Any]) -> str:
    """What the draft machine does after drafting."""
    request = ValidationRequest.from_document(json.loads(json.dumps(drafted["request"])))
    report = run_validation(s3, request, some_locations(), S3Uri(BUCKET, "work/"))
    return uploaded_manifests.record_report(store, of, now=LATER, validation=report.outcome()["validation"])


def draft_and_validate(store: JobStore, s3: "S3Client", of: Upload) -> LabelingJob:
    drafted = draft(store, s3, of)
    assert drafted["outcome"] == "drafted"
    assert validate(store, s3, of, drafted) == "recorded"
    known = store.known_upload(of.project, of.uri.key)
    assert known is not None
    job = store.job(known.job_name)
    assert job is not None
    return job


def jobs(store: JobStore) -> list[str]:
    return [job.name for job in store.jobs("pets", status=None, limit=50, next_token=None).items]


# --- which uploads draft a job ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "drafts"),
    [
        (KEY, True),
        ("projects/pets/manifests/2026/cats.jsonl", True),
        ("projects/pets/manifests/Käse (1).manifest", True),
        ("projects/pets/manifests/cats.txt", False),
        ("projects/pets/manifests/.manifest", False),
        ("projects/pets/datasets/manifests/cats.manifest", False),
        ("projects/pets/labeling-jobs/cats/output/cats/manifests/output/output.manifest", False),
        ("projects//manifests/cats.manifest", False),
        ("other/pets/manifests/cats.manifest", False),
    ],
)
def test_manifests_in_a_projects_own_folder_draft_jobs_and_nothing_else_does(key: str, *, drafts: bool) -> None:
    detail = {"bucket": {"name": BUCKET}, "object": {"key": key, "sequencer": "01"}}

    assert (Upload.of_event(detail, "arn:one") is not None) is drafts


def test_the_sample_of_s3s_event_is_an_upload() -> None:
    assert Upload.of_event(event_sample("manifest_uploaded")["detail"], "arn:one") is not None


# --- the draft -------------------------------------------------------------------------------------------------------


def test_an_uploaded_manifest_drafts_a_job_named_after_it(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE, PICTURE)

    job = draft_and_validate(store, s3, upload())

    assert (job.name, job.status, job.created_by) == ("cats", Status.DRAFT, "ann")
    assert (job.source.kind, job.source.detail) == ("upload", "manifests/cats.manifest")
    assert job.definition.input_manifest_uri == f"s3://{BUCKET}/{KEY}"
    assert (job.definition.task_category, job.definition.task_type) == ("Image", "ImageMultiClass")
    assert (job.validation.state, job.validation.objects, job.validation.warnings) == ("passed", 2, 1)
    assert [event.type for event in store.job_events(job, limit=9, next_token=None).items] == ["Created", "Validated"]


def test_it_is_announced_as_a_draft_once_and_its_faults_are_a_fact_of_their_own(store: JobStore, s3: "S3Client") -> None:
    put(s3, {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/missing.png"})
    drafted = draft(store, s3, upload())
    fresh = store.job("cats")
    validate(store, s3, upload(), drafted)
    checked = store.job("cats")
    assert fresh is not None
    assert checked is not None

    assert [fact.name for fact in events.facts(None, fresh)] == [events.DRAFTED]
    assert [fact.name for fact in events.facts(fresh, checked)] == [events.VALIDATION_FAILED]
    assert events.facts(checked, replace(checked, version=9)) == []


def test_a_file_that_is_no_manifest_gives_a_draft_whose_report_says_why(store: JobStore, s3: "S3Client") -> None:
    put(s3, "Dear all,", "these are our cats.")

    job = draft_and_validate(store, s3, upload())

    report = json.loads(
        s3.get_object(Bucket=BUCKET, Key="projects/pets/labeling-jobs/cats/validation-report-upload-01.json")["Body"].read()
    )
    assert (job.definition.task_category, job.definition.task_type) == (None, None)
    assert (job.validation.state, job.validation.errors) == ("failed", 2)
    assert [found["code"] for found in report["faults"]] == ["manifest.not-json"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[1]\n", b"{" * 100_000])
def test_whatever_is_uploaded_gives_a_draft_with_a_report(store: JobStore, s3: "S3Client", content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=content)

    job = draft_and_validate(store, s3, upload())

    assert (job.validation.state, job.created_by) == ("failed", NOBODY)


def test_a_name_that_is_taken_in_any_case_gets_a_number(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store, name="CATS")
    a_stored_job(store, name="cats-2")
    put(s3, PICTURE)

    assert draft_and_validate(store, s3, upload()).name == "cats-3"


def test_the_uploader_may_delete_the_draft_and_nobodys_draft_is_the_owners(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE, by="zo%C3%AB")
    zoes = draft_and_validate(store, s3, upload())

    assert zoes.created_by == "zoë"
    assert delete_labeling_job(Caller("zoë"), Resource(Role.COLLABORATOR, zoes.created_by, is_draft=True)) is Decision.ALLOW
    assert delete_labeling_job(Caller("bob"), Resource(Role.COLLABORATOR, NOBODY, is_draft=True)) is Decision.FORBID
    assert delete_labeling_job(Caller("ann"), Resource(Role.OWNER, NOBODY, is_draft=True)) is Decision.ALLOW


def test_what_is_gone_or_of_no_project_drafts_nothing(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE, key="projects/nowhere/manifests/cats.manifest")

    assert draft(store, s3, upload())["outcome"] == "nothing-to-draft"
    assert draft(store, s3, upload(key="projects/nowhere/manifests/cats.manifest"))["outcome"] == "nothing-to-draft"
    assert jobs(store) == []


# --- again -----------------------------------------------------------------------------------------------------------


def test_a_second_upload_updates_the_drafts_report_and_makes_no_twin(store: JobStore, s3: "S3Client") -> None:
    put(s3, "no manifest")
    first = draft_and_validate(store, s3, upload("0A"))
    put(s3, {"source": "It came late."})

    second = draft_and_validate(store, s3, upload("0B"))

    assert (first.validation.state, second.validation.state) == ("failed", "passed")
    assert (second.job_id, second.definition.task_type) == (first.job_id, "TextMultiClass")
    assert jobs(store) == ["cats"]


def test_what_a_person_chose_stays_when_the_manifest_comes_again(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    job = draft_and_validate(store, s3, upload("0A"))
    drafting.edit(store, some_surroundings(), job, {"task_type": "BoundingBox", "labels": ["cat"]}, by="ann", now=LATER)
    put(s3, {"source": "It came late."})

    again = draft_and_validate(store, s3, upload("0B"))

    assert (again.definition.task_type, again.definition.labels) == ("BoundingBox", ("cat",))
    assert [found["code"] for found in again.validation.faults] == ["manifest.source-wrong"]


@pytest.mark.parametrize("seed", range(8))
def test_events_that_repeat_and_come_in_any_order_leave_one_draft_of_the_latest_upload(store: JobStore, s3: "S3Client", seed: int) -> None:
    put(s3, PICTURE)
    told = [upload(f"0{number}", execution=f"arn:{number}-{time}") for number in (1, 2, 3) for time in (1, 2)]
    random.Random(seed).shuffle(told)  # noqa: S311 - not a secret

    for one in told:
        drafted = draft(store, s3, one)
        if drafted["outcome"] == "drafted":
            validate(store, s3, one, drafted)

    known, job = store.known_upload("pets", KEY), store.job("cats")
    assert known is not None
    assert job is not None
    assert known.sequencer == "03"
    assert (jobs(store), job.validation.state) == (["cats"], "passed")
    history = [event.type for event in store.job_events(job, limit=50, next_token=None).items]
    assert history.count("Created") == 1
    assert history.count("ManifestUploaded") <= 2


def test_a_step_that_is_repeated_says_the_same(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)

    assert draft(store, s3, upload()) == draft(store, s3, upload())
    assert jobs(store) == ["cats"]


def test_a_launched_job_is_never_touched_and_the_new_content_gets_a_draft_of_its_own(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    job = draft_and_validate(store, s3, upload("0A"))
    launched = job.changed(status=Status.IN_PROGRESS)
    store.save_job(job, launched)

    second = draft_and_validate(store, s3, upload("0B"))

    assert store.job("cats") == launched
    assert second.name == "cats-2"
    assert draft(store, s3, upload("0A", execution="arn:repeated"))["outcome"] == "nothing-to-draft"


def test_a_draft_that_was_deleted_comes_back_with_a_new_upload_only(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    drafting.delete(store, draft_and_validate(store, s3, upload("0A")), now=LATER)

    assert draft(store, s3, upload("0A", execution="arn:repeated"))["outcome"] == "nothing-to-draft"
    assert draft(store, s3, upload("0A"))["outcome"] == "nothing-to-draft"
    assert draft_and_validate(store, s3, upload("0B")).name == "cats"


# --- the report ------------------------------------------------------------------------------------------------------


def test_a_draft_that_changed_while_it_was_validated_keeps_what_it_says(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    drafted = draft(store, s3, upload())
    job = store.job("cats")
    assert job is not None
    edited = drafting.edit(store, some_surroundings(), job, {"description": "Cats"}, by="ann", now=LATER)

    assert validate(store, s3, upload(), drafted) == "superseded"
    assert store.job("cats") == edited


def test_the_report_of_an_older_upload_is_not_recorded(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    older = draft(store, s3, upload("0A"))
    draft(store, s3, upload("0B"))

    assert validate(store, s3, upload("0A"), older) == "superseded"


def test_an_interrupted_validation_says_so_once(store: JobStore, s3: "S3Client") -> None:
    put(s3, PICTURE)
    draft(store, s3, upload())

    recorded = [uploaded_manifests.record_report(store, upload(), now=LATER, cause="it ended as ABORTED") for _ in range(2)]

    job = store.job("cats")
    assert job is not None
    assert recorded == ["recorded", "superseded"]
    assert job.validation.state == "not_run"
    assert "it ended as ABORTED" in str(job.failure_reason)


# --- what a manifest is about ----------------------------------------------------------------------------------------

BOXES = {"boxes": {"annotations": []}, "boxes-metadata": {"type": "groundtruth/object-detection", "creation-date": "2026-01-01"}}
MASK = {"mask-ref": "s3://b/m.png", "mask-ref-metadata": {"type": "groundtruth/semantic-segmentation", "creation-date": "2026-02-01"}}
KIND = {"kind": 1, "kind-metadata": {"type": "groundtruth/image-classification", "class-name": "cat"}}
VERDICT = {"ok": 0, "ok-metadata": {"type": "groundtruth/label-verification", "creation-date": "2026-03-01"}}
FAILED = {"boxes-metadata": {"type": "groundtruth/object-detection", "failure-reason": "It rained."}}


@pytest.mark.parametrize(
    ("lines", "suggestion"),
    [
        ([], Suggestion()),
        ([{"picture": "1.png"}, [1], 7], Suggestion()),
        ([PICTURE], Suggestion("Image", "ImageMultiClass")),
        ([{"source": "Text"}], Suggestion("Text", "TextMultiClass")),
        (
            [PICTURE | BOXES] * 2,
            Suggestion(
                "Image", "VerificationBoundingBox", "boxes", None, ("VerificationBoundingBox", "AdjustmentBoundingBox", "BoundingBox")
            ),
        ),
        (
            [PICTURE | BOXES | MASK],
            Suggestion(
                "Image",
                "VerificationSemanticSegmentation",
                "mask-ref",
                None,
                ("VerificationSemanticSegmentation", "AdjustmentSemanticSegmentation", "SemanticSegmentation"),
            ),
        ),
        ([PICTURE | BOXES, PICTURE], Suggestion("Image", "BoundingBox", None, "boxes", ("BoundingBox",))),
        ([PICTURE | BOXES, PICTURE | FAILED], Suggestion("Image", "BoundingBox", None, "boxes", ("BoundingBox",))),
        ([PICTURE | KIND], Suggestion("Image", "ImageMultiClass", None, None, ("ImageMultiClass",))),
        ([PICTURE | VERDICT], Suggestion("Image", "ImageMultiClass")),
        ([PICTURE | {"x": 1, "x-metadata": {"type": "somebody/else"}}], Suggestion("Image", "ImageMultiClass")),
        ([PICTURE | {"x": 1, "x-metadata": [1]}], Suggestion("Image", "ImageMultiClass")),
    ],
)
def test_the_task_is_guessed_from_what_the_lines_carry(lines: list[Any], suggestion: Suggestion) -> None:
    assert suggest("\n".join(map(json.dumps, lines)).encode(), is_whole=True) == suggestion


def test_a_line_that_is_cut_off_is_not_looked_at() -> None:
    head = json.dumps(PICTURE).encode() + b'\n{"source": "Text that goes'

    assert suggest(head, is_whole=False).task_category == "Image"


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_there_is_a_suggestion(head: bytes) -> None:
    assert isinstance(suggest(head, is_whole=True), Suggestion)


# --- names and order -------------------------------------------------------------------------------------------------


@given(st.text(max_size=120), st.sampled_from([".manifest", ".jsonl", ".jsonl.manifest"]))
@example("Käse (1)", ".manifest")
@example("---", ".manifest")
@example("a" * 70, ".manifest")
@example("猫", ".jsonl")
def test_after_any_file_name_there_are_legal_names_without_end(stem: str, suffix: str) -> None:
    names = list(islice(names_after(f"projects/pets/manifests/{stem}{suffix}"), 105))

    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) for name in names)


def test_a_name_says_what_the_file_is_called() -> None:
    assert [next(names_after(f"x/{name}")) for name in ("cats 2026_11.manifest", "Käse.jsonl", "猫.manifest")] == [
        "cats-2026-11",
        "Kase",
        "manifest",
    ]


HEX = st.text("0123456789abcdefABCDEF", min_size=1, max_size=20)


@given(HEX, HEX, HEX)
@example("0055AED6DCD90281E5", "0055AED6DCD90281E6", "0055AED6DCD90281E5")
def test_sequencers_are_in_one_order(one: str, two: str, three: str) -> None:
    assert not is_later(one, one.lower())
    assert not (is_later(one, two) and is_later(two, one))
    assert is_later(one, two) or is_later(two, one) or one.upper().rstrip("0") == two.upper().rstrip("0")
    if is_later(one, two) and is_later(two, three):
        assert is_later(one, three)


def test_a_shorter_sequencer_is_padded_on_the_right() -> None:
    assert is_later("0055B", "0055AED6")
    assert not is_later("0055A", "0055AED6")
