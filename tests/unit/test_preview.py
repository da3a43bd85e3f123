"""The page that workers see, or will see, of one object, through the API."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.serve_preview import app
from groundwork.labeling_jobs import preview
from groundwork.labeling_jobs.launching import launched_manifest_uri, template_uri
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest import lines
from groundwork.store import JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.builders import BUCKET, EXECUTION, a_definition, a_project, a_stored_job
from tests.unit.engine.builders import FunctionsInMemory, own_function

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = f"s3://{BUCKET}/projects/pets/datasets/"


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    return data_bucket


def put(s3: "S3Client", key: str, body: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"projects/pets/{key}", Body=body.encode())


def put_manifest(s3: "S3Client", *given_lines: Any) -> None:
    put(s3, "manifests/cats.manifest", "\n".join(line if isinstance(line, str) else json.dumps(line) for line in given_lines))


def see(number: Any = None, *, username: str = "ann", **event: Any) -> HttpAnswer:
    query = None if number is None else {"object": str(number)}
    path = {"project": "pets", "name": "cats-1"}
    request = api_event("GET", "/projects/pets/labeling-jobs/cats-1/preview", username=username, path_parameters=path, query=query, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def test_a_draft_shows_each_object_as_workers_will_see_it(store: JobStore, s3: "S3Client") -> None:
    definition = a_definition(short_instructions="<p>Look closely</p><script>alert(1)</script>")
    a_stored_job(store, definition=definition)
    put_manifest(s3, {"source-ref": f"{FOLDER}1.png"}, {"source-ref": f"{FOLDER}2.png"})

    first, second = see(), see(1)

    assert (first.status, first.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "/projects/pets/datasets/1.png?" in first.body
    assert "/projects/pets/datasets/2.png?" in second.body
    assert "X-Amz-Signature=" in first.body
    assert "Look closely" in first.body
    assert "alert(1)" not in first.body


def test_the_page_runs_in_a_sandbox_without_our_origin(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store)
    put_manifest(s3, {"source-ref": f"{FOLDER}1.png"})

    policy = dict(part.strip().partition(" ")[::2] for part in see().headers["Content-Security-Policy"].split(";"))

    assert "allow-scripts" in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "https://assets.crowd.aws"


def test_a_launched_job_shows_what_it_was_launched_with(store: JobStore, s3: "S3Client") -> None:
    job = a_stored_job(store, status=Status.IN_PROGRESS, submission=2, launch_execution=EXECUTION)
    put_manifest(s3, {"source-ref": f"{FOLDER}changed-since.png"})
    for uri, body in (
        (launched_manifest_uri(job, BUCKET), json.dumps({"source-ref": f"{FOLDER}launched.png"})),
        (template_uri(job, BUCKET), '<b>As launched</b><img src="{{ task.input.taskObject | grant_read_access }}">'),
    ):
        s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body.encode())

    page = see(0)

    assert page.body.startswith("<b>As launched</b>")
    assert "launched.png?" in page.body
    assert "changed-since" not in page.body


def test_after_a_change_of_instructions_a_job_shows_the_present_ones(store: JobStore, s3: "S3Client") -> None:
    job = a_stored_job(store, status=Status.IN_PROGRESS, submission=1, launch_execution=EXECUTION, instructions_version=2)
    for uri, body in (
        (launched_manifest_uri(job, BUCKET), json.dumps({"source-ref": f"{FOLDER}1.png"})),
        (template_uri(job, BUCKET), "Of the launch"),
        (template_uri(job, BUCKET, 2), "Of today"),
    ):
        s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body.encode())

    assert see(0).body == "Of today"


def test_a_job_that_was_created_on_the_labeling_service_shows_what_its_request_named(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store, status=Status.IN_PROGRESS, submission=1, own_template_uri=f"s3://{BUCKET}/projects/pets/own.liquid")
    put_manifest(s3, {"source-ref": f"{FOLDER}1.png"})
    missing = see(0)
    put(s3, "own.liquid", '<b>Own</b><img src="{{ task.input.taskObject | grant_read_access }}">')

    page = see(0)

    assert missing.status == 409
    assert page.body.startswith("<b>Own</b>")
    assert "/projects/pets/datasets/1.png?" in page.body


def test_a_page_that_comes_with_the_task_type_is_shown_for_a_job_without_a_template(store: JobStore, s3: "S3Client") -> None:
    definition = a_definition(task_category="Text", task_type="NamedEntityRecognition", labels=["Person"], short_instructions="Mark names")
    a_stored_job(store, definition=definition, status=Status.IN_PROGRESS, submission=1)
    put_manifest(s3, {"source": "Ann met Bob."})

    page = see(0)

    assert "Ann met Bob." in page.body
    assert "Mark names" in page.body


def test_a_draft_on_a_prefix_shows_the_objects_of_the_manifest_that_would_be_built(store: JobStore, s3: "S3Client") -> None:
    on_prefix = {"input_manifest_uri": None, "input_prefix_uri": f"{FOLDER}texts", "task_category": "Text", "task_type": "TextMultiClass"}
    a_stored_job(store, definition=a_definition(**on_prefix))
    put(s3, "datasets/texts/a.txt", "First <b>text</b>\n\nSecond\n")

    assert "First &lt;b&gt;text&lt;/b&gt;" in see(0).body
    assert "Second" in see(1).body
    assert see(2).fault_codes == ["preview.object-missing"]
    assert see(preview.MAX_LISTED).fault_codes == ["preview.object-too-far"]


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ({"task_type": None}, "task type"),
        ({"input_manifest_uri": None}, "input"),
        ({"input_manifest_uri": f"s3://{BUCKET}/projects/zoo/secret.manifest"}, "input"),
        ({"input_manifest_uri": None, "input_prefix_uri": f"s3://{BUCKET}/projects/zoo/"}, "outside"),
        ({}, "cannot be read"),
    ],
)
def test_a_draft_that_is_not_ready_says_what_it_lacks(store: JobStore, s3: "S3Client", definition: dict[str, Any], told: str) -> None:
    a_stored_job(store, definition=a_definition(**definition))

    answer = see()

    assert answer.status == 409
    assert told in answer.body["detail"]


def test_a_job_that_the_launch_did_not_make_has_no_template_of_ours(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store, status=Status.IN_PROGRESS, submission=1)

    assert see().status == 409


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (0, ["manifest.not-json"]),
        (1, ["manifest.source-missing"]),
        (2, ["preview.object-missing"]),
        (10**11, ["preview.object-missing"]),
        ("-1", ["request.field-invalid"]),
        ("one", ["request.field-invalid"]),
        ("²", ["request.field-invalid"]),
        ("1" * 13, ["request.field-invalid"]),
    ],
)
def test_what_is_wrong_with_the_object_is_told(store: JobStore, s3: "S3Client", number: Any, codes: list[str]) -> None:
    a_stored_job(store)
    put_manifest(s3, "no json", {"label": 1})

    answer = see(number)

    assert (answer.status, answer.fault_codes) == (422, codes)
    assert {found["pointer"] for found in answer.body["errors"]} == {"/object"}


def test_an_object_outside_the_projects_data_locations_is_never_signed(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store)
    put_manifest(s3, {"source-ref": f"s3://{BUCKET}/projects/zoo/secret.png"})

    answer = see()

    assert answer.status == 422
    assert "X-Amz-Signature" not in json.dumps(answer.body)


def test_an_object_too_far_into_the_manifest_is_refused_without_reading_on(
    store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MAX_BYTES", 1024)
    a_stored_job(store)
    put_manifest(s3, *({"source-ref": f"{FOLDER}{number}.png"} for number in range(100)))

    assert see(99).fault_codes == ["preview.object-too-far"]


def test_an_outsider_sees_nothing(store: JobStore, s3: "S3Client") -> None:
    a_stored_job(store)
    put_manifest(s3, {"source-ref": f"{FOLDER}1.png"})

    assert see(username="olga").status == 404


@given(st.binary(max_size=60).map(lambda some: some.replace(b"\x01", b"\n")), st.integers(0, 12), st.integers(1, 9))
@example(b"a\nb\n", 2, 2)
@example(b"\n\n", 1, 1)
def test_the_nth_line_is_that_of_the_whole_list_however_the_file_is_cut(content: bytes, number: int, size: int) -> None:
    def chunks() -> Iterator[bytes]:
        return (content[start : start + size] for start in range(0, len(content), size))

    whole = list(lines(chunks()))

    assert preview._nth_line(chunks(), number) == (whole[number] if number < len(whole) else None)


# --- custom jobs -----------------------------------------------------------------------------------------------------


def preview_custom(store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch, function: Any) -> HttpAnswer:
    own = {"template_uri": f"s3://{BUCKET}/projects/pets/datasets/page.liquid", "pre_annotation_function_arn": own_function("tidy")}
    a_stored_job(store, definition=a_definition(task_type="Custom", task_category="Text", **own))
    put(s3, "datasets/page.liquid", "<script src='https://example.com/x.js'></script><crowd-form>{{ task.input.text }}</crowd-form>")
    put_manifest(s3, {"source": "late <again>"})
    monkeypatch.setattr(app, "functions", FunctionsInMemory(tidy=function))
    return see()


def test_a_custom_job_shows_its_own_page_of_what_its_own_function_gives(
    store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    page = preview_custom(store, s3, monkeypatch, lambda event: {"taskInput": {"text": event["dataObject"]["source"].upper()}})

    assert page.body.endswith("<crowd-form>LATE &lt;AGAIN&gt;</crowd-form>")
    assert "script-src https: 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert "allow-same-origin" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("function", "told"), [(lambda _: 1 / 0, "ZeroDivisionError"), (lambda _: {"isHumanAnnotationRequired": False}, "need not label")]
)
def test_a_preview_tells_what_the_function_said_instead(
    store: JobStore, s3: "S3Client", monkeypatch: pytest.MonkeyPatch, function: Any, told: str
) -> None:
    answer = preview_custom(store, s3, monkeypatch, function)

    assert answer.status == 409
    assert told in answer.body["detail"]
