"""A project's labeling jobs over HTTP, to the letter of the contract."""

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import boto3
import pytest

from functions.serve_labeling_jobs import app
from groundwork.labeling_jobs.job import Counters, Parts, Validation
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import Part
from groundwork.store import JobEvent, JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_user_pool
from tests.builders import BUCKET, NOW, a_document, a_project, a_stored_job, service_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOBS = "/projects/pets/labeling-jobs"
JOB = f"{JOBS}/cats-1"
PROBLEM = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


@pytest.fixture(autouse=True)
def people(jobs_table: object) -> None:
    """ann owns `pets`, bob collaborates in it, and `vets` is a team of three."""
    pool = make_user_pool("ann", "bob", "w1", "w2", "w3")
    client = boto3.client("cognito-idp")
    client.create_group(UserPoolId=pool, GroupName="vets")
    for worker in ("w1", "w2", "w3"):
        client.admin_add_user_to_group(UserPoolId=pool, GroupName="vets", Username=worker)
    a_project(JobStore.from_env(), collaborators=("bob",))


@pytest.fixture
def store() -> JobStore:
    return JobStore.from_env()


def call(method: str, path: str, body: Any = None, *, username: str | None = "ann", groups: Any = None, **event: Any) -> HttpAnswer:
    parts = path.strip("/").split("/")
    parameters = dict(zip(("project", "name"), (*parts[1:2], *parts[3:4]), strict=False))
    request = api_event(method, path, body, username=username, groups=groups, path_parameters=parameters, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def create(**overrides: Any) -> HttpAnswer:
    return call("POST", JOBS, a_document(**overrides))


def create_draft(**overrides: Any) -> HttpAnswer:
    answer = create(draft=True, **overrides)
    assert answer.status == 201
    return answer


# --- create ----------------------------------------------------------------------------------------------------------


def test_a_submission_is_accepted_with_its_location_and_etag() -> None:
    answer = create()

    assert answer.status == 202
    assert answer.headers["Location"] == JOB
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body["status"] == "Validating"
    assert answer.body["validation"]["state"] == "running"
    assert call("GET", JOB).headers["ETag"] == answer.headers["ETag"]


def test_a_job_has_everything_that_the_contract_names() -> None:
    body = create().body

    assert body == {
        **a_document(),
        "label_attribute_name": None,
        "input_prefix_uri": None,
        "output_uri": None,
        "task_timeout_seconds": 300,
        "task_expiration_seconds": 864000,
        "short_instructions": None,
        "full_instructions": None,
        "task_title": None,
        "task_keywords": [],
        "max_concurrent_objects": None,
        "priority": 50,
        "automated_labeling": False,
        "automated_labeling_function_arn": None,
        "automated_labeling_confidence": None,
        "stopping_conditions": {"max_human_labeled_objects": None, "max_percentage_labeled": None},
        "existing_label_attribute": None,
        "template_uri": None,
        "pre_annotation_function_arn": None,
        "consolidation_function_arn": None,
        "output_kms_key_id": None,
        "split": False,
        "tags": {},
        "project": "pets",
        "status": "Validating",
        "labeling_service": "BuiltIn",
        "labeling_job_arn": None,
        "created_by": "ann",
        "created_at": body["created_at"],
        "updated_at": body["created_at"],
        "started_at": None,
        "finished_at": None,
        "version": 1,
        "counters": {"total": 0, "human_labeled": 0, "machine_labeled": 0, "failed": 0, "unlabeled": 0},
        "validation": {"state": "running", "objects": None, "errors": 0, "warnings": 0, "faults": []},
        "failure_reason": None,
        "output_manifest_uri": None,
        "stalled_since": None,
        "paused": False,
        "instructions_version": 1,
        "parts": None,
        "source": {"kind": "api", "detail": None},
    }
    assert body["created_at"].endswith("Z")
    assert datetime.fromisoformat(body["created_at"]).tzinfo is not None


def test_a_draft_is_created_with_its_faults_listed() -> None:
    answer = call("POST", JOBS, {"name": "cats-1", "draft": True})

    assert answer.status == 201
    assert (answer.body["status"], answer.body["validation"]["state"]) == ("Draft", "not_run")
    assert answer.body["validation"]["errors"] == len(answer.body["validation"]["faults"]) > 3


def test_a_submission_with_faults_is_refused_with_all_of_them_as_problem_details() -> None:
    answer = create(labels=["cat"], description="", workers_per_object=10, labeling_team="nobody")

    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.body) == PROBLEM
    assert (answer.body["type"], answer.body["status"], answer.body["instance"]) == ("/problems/validation", 422, JOBS)
    assert answer.body["request_id"] == "request-1"
    assert {(found["pointer"], found["code"]) for found in answer.body["errors"]} == {
        ("/labels", "job.labels-too-few"),
        ("/description", "job.description-missing"),
        ("/workers_per_object", "job.workers-out-of-range"),
        ("/labeling_team", "job.labeling-team-unknown"),
    }
    assert all(set(found) == {"pointer", "code", "message", "remedy"} for found in answer.body["errors"])
    assert call("GET", JOB).status == 404


def test_unknown_missing_and_wrong_fields_are_told_at_once_and_where_they_are() -> None:
    body = {"labels": ["cat", 7, {"label": "dog", "str": 1}], "workers_per_object": "3", "colour": "red", "tags": {"str": 5, "a/b": None}}

    answer = call("POST", JOBS, body)

    assert answer.status == 422
    pointers = {(found["pointer"], found["code"]) for found in answer.body["errors"]}
    assert pointers >= {
        ("/name", "request.field-missing"),
        ("/workers_per_object", "request.field-invalid"),
        ("/colour", "request.field-unknown"),
        ("/labels/1", "request.field-invalid"),
        ("/labels/2/str", "request.field-unknown"),
        ("/tags/str", "request.field-invalid"),
        ("/tags/a~1b", "request.field-invalid"),
    }


def test_a_team_without_enough_workers_is_a_fault() -> None:
    assert create(workers_per_object=4).fault_codes == ["job.labeling-team-too-small"]


def test_a_taken_name_is_a_conflict_without_regard_to_case() -> None:
    create_draft()

    answer = create(name="CATS-1")

    assert (answer.status, answer.body["type"]) == (409, "/problems/conflict")


@pytest.mark.parametrize("draft", ["yes", 1, None])
def test_draft_is_true_or_false(draft: Any) -> None:
    answer = create(draft=draft)

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/draft")


@pytest.mark.parametrize(
    "body",
    ["", "{", "nonsense", '{"name": NaN}', '{"name": "\\ud800"}', "[" * 5000 + "]" * 5000],
    ids=lambda body: str(body)[:12] or "empty",
)
@pytest.mark.parametrize(("method", "path"), [("POST", JOBS), ("PATCH", JOB)])
def test_a_body_that_is_not_json_is_malformed(method: str, path: str, body: str) -> None:
    create_draft()

    answer = call(method, path, raw_body=body)

    assert (answer.status, answer.body["type"]) == (400, "/problems/malformed")


def test_a_body_that_is_not_text_is_malformed() -> None:
    request = api_event("POST", JOBS, username="ann", path_parameters={"project": "pets"}, raw_body=base64.b64encode(b"\xff\xfe").decode())

    answer = http_answer(app.lambda_handler({**request, "isBase64Encoded": True}, LambdaContext()))

    assert (answer.status, answer.body["type"]) == (400, "/problems/malformed")


def test_a_body_in_base64_is_read() -> None:
    raw = base64.b64encode(json.dumps(a_document(description="Wähle")).encode()).decode()
    request = api_event("POST", JOBS, username="ann", path_parameters={"project": "pets"}, raw_body=raw)

    answer = http_answer(app.lambda_handler({**request, "isBase64Encoded": True}, LambdaContext()))

    assert (answer.status, answer.body["description"]) == (202, "Wähle")


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_a_body_that_is_no_object_has_a_fault_in_its_shape(body: Any) -> None:
    assert call("POST", JOBS, raw_body=json.dumps(body)).status == 422


def test_another_media_type_is_not_read() -> None:
    assert call("POST", JOBS, a_document(), headers={"Content-Type": "text/plain"}).status == 415


def test_a_body_beyond_the_limit_is_too_large() -> None:
    answer = create(description="x" * (1024 * 1024))

    assert (answer.status, answer.body["type"]) == (413, "/problems/too-large")


# --- Idempotency-Key -------------------------------------------------------------------------------------------------


def with_key(key: str, path: str = JOBS, body: Any = None, **request: Any) -> HttpAnswer:
    return call("POST", path, body, headers={"Idempotency-Key": key}, **request)


def test_a_repeated_create_gets_the_first_answer_again() -> None:
    first = with_key("key-1", body=a_document())

    again = with_key("key-1", body=a_document())

    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status, again.body, again.headers["Location"], again.headers["ETag"]) == (
        first.status,
        first.body,
        first.headers["Location"],
        first.headers["ETag"],
    )


def test_the_same_key_with_another_body_is_a_conflict() -> None:
    with_key("key-1", body=a_document())

    answer = with_key("key-1", body=a_document(description="Another"))

    assert (answer.status, answer.body["type"]) == (409, "/problems/conflict")


def test_a_key_is_its_callers_and_its_paths_own() -> None:
    with_key("key-1", body=a_document())

    assert with_key("key-1", body=a_document(name="cats-2"), username="bob").status == 202
    assert with_key("key-1", f"{JOB}/submit").status == 409  # validating already: answered anew, not replayed


def test_a_refused_request_is_not_remembered() -> None:
    assert with_key("key-1", body=a_document(labels=["cat"])).status == 422

    assert with_key("key-1", body=a_document(labels=["cat"])).status == 422
    assert with_key("key-1", body=a_document()).status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "tab\t"])
def test_a_key_outside_the_rules_is_malformed(key: str) -> None:
    assert with_key(key, body=a_document()).status == 400


def test_a_create_repeated_after_a_crash_finds_its_own_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> Any:
        raise RuntimeError("killed before the answer was kept")

    with monkeypatch.context() as interrupted:
        interrupted.setattr(app, "Answer", killed)
        assert with_key("key-1", body=a_document()).status == 500

    answer = with_key("key-1", body=a_document())

    assert (answer.status, answer.body["status"], answer.body["version"]) == (202, "Validating", 1)


def test_submit_and_stop_honour_the_key_too(store: JobStore) -> None:
    create_draft()
    a_stored_job(store, name="cats-2", status=Status.IN_PROGRESS)

    for path in (f"{JOB}/submit", f"{JOBS}/cats-2/stop"):
        first, again = with_key("key-1", path), with_key("key-1", path)
        assert (first.status, again.status) == (202, 202)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.body == first.body


# --- read and list ---------------------------------------------------------------------------------------------------


def test_a_job_is_found_in_any_case_but_not_in_another_project(store: JobStore) -> None:
    a_project(store, "zoo")
    create_draft()

    assert call("GET", f"{JOBS}/CATS-1").body["name"] == "cats-1"
    assert call("GET", "/projects/zoo/labeling-jobs/cats-1").status == 404


def test_answers_are_for_the_caller_alone() -> None:
    create_draft()

    headers = call("GET", JOB).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_jobs_are_listed_newest_first_in_pages(store: JobStore) -> None:
    for number in range(3):
        a_stored_job(store, name=f"cats-{number}", created_at=NOW.replace(minute=number))

    first = call("GET", JOBS, query={"limit": "2"})
    second = call("GET", JOBS, query={"limit": "2", "next_token": first.body["next_token"]})

    assert [job["name"] for job in first.body["items"]] == ["cats-2", "cats-1"]
    assert [job["name"] for job in second.body["items"]] == ["cats-0"]
    assert second.body["next_token"] is None
    assert first.body["items"][0] == call("GET", f"{JOBS}/cats-2").body


def test_jobs_are_listed_by_status(store: JobStore) -> None:
    a_stored_job(store, name="cats-1")
    a_stored_job(store, name="cats-2", status=Status.IN_PROGRESS)

    assert [job["name"] for job in call("GET", JOBS, query={"status": "InProgress"}).body["items"]] == ["cats-2"]
    assert call("GET", JOBS, query={"status": "Failed"}).body == {"items": [], "next_token": None}


def test_administrators_list_the_jobs_of_all_projects(store: JobStore) -> None:
    a_project(store, "zoo", owner="zed")
    a_stored_job(store, name="cats-1")
    a_stored_job(store, name="apes-1", project="zoo", status=Status.IN_PROGRESS, created_at=NOW.replace(hour=13))

    everything = call("GET", "/labeling-jobs", username="root", groups="admins")
    running = call("GET", "/labeling-jobs", username="root", groups="admins", query={"status": "InProgress"})

    assert [(job["project"], job["name"]) for job in everything.body["items"]] == [("zoo", "apes-1"), ("pets", "cats-1")]
    assert [job["name"] for job in running.body["items"]] == ["apes-1"]
    assert call("GET", "/labeling-jobs").status == 403


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "inprogress"}, "/status"),
        ({"status": ""}, "/status"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "201"}, "/limit"),
        ({"limit": "0050999"}, "/limit"),
        ({"limit": "-1"}, "/limit"),
        ({"limit": "²"}, "/limit"),
        ({"limit": "ten"}, "/limit"),
        ({"next_token": "garbage"}, "/next_token"),
    ],
)
def test_a_query_outside_the_rules_is_a_fault(query: dict[str, str], pointer: str) -> None:
    answer = call("GET", JOBS, query=query)

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, pointer)


def test_a_project_that_does_not_exist_has_no_list_even_for_an_administrator() -> None:
    assert call("GET", "/projects/nowhere/labeling-jobs", username="root", groups="admins").status == 404
    assert call("GET", JOBS, username="root", groups="admins").status == 200


# --- edit ------------------------------------------------------------------------------------------------------------


def test_a_patch_changes_the_draft_and_its_etag() -> None:
    draft = create_draft(description=None)

    answer = call("PATCH", JOB, {"description": "Choose", "task_keywords": ["cats"]}, headers={"If-Match": draft.headers["ETag"]})

    assert answer.status == 200
    assert (answer.body["description"], answer.body["version"], answer.body["validation"]["errors"]) == ("Choose", 2, 0)
    assert answer.headers["ETag"] != draft.headers["ETag"]
    assert call("GET", JOB).body == answer.body


def test_a_merge_patch_may_be_named_as_such() -> None:
    create_draft()

    assert call("PATCH", JOB, {"description": "New"}, headers={"Content-Type": "application/merge-patch+json"}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"), [("PATCH", JOB, {"description": "x"}), ("DELETE", JOB, None), ("POST", f"{JOB}/submit", None)]
)
def test_an_etag_that_is_out_of_date_changes_nothing(method: str, path: str, body: Any) -> None:
    draft = create_draft()
    present = call("PATCH", JOB, {"description": "Meanwhile"})

    answer = call(method, path, body, headers={"If-Match": draft.headers["ETag"]})

    assert (answer.status, answer.body["type"]) == (412, "/problems/precondition-failed")
    assert call("GET", JOB).body == present.body


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_the_present_etag_may_be_named_in_any_form(form: str) -> None:
    etag = create_draft().headers["ETag"]

    assert call("PATCH", JOB, {"description": "New"}, headers={"if-match": form.format(etag)}).status == 200


def test_an_etag_of_a_deleted_draft_does_not_match_its_successor() -> None:
    etag = create_draft().headers["ETag"]
    assert call("DELETE", JOB).status == 204
    create_draft()

    assert call("PATCH", JOB, {"description": "New"}, headers={"If-Match": etag}).status == 412


def test_a_submitted_job_cannot_be_edited_submitted_or_deleted() -> None:
    create()

    assert call("PATCH", JOB, {"description": "New"}).status == 409
    assert call("POST", f"{JOB}/submit").status == 409
    assert call("DELETE", JOB).status == 409


# --- submit, stop, delete --------------------------------------------------------------------------------------------


def test_a_draft_without_faults_can_be_submitted() -> None:
    create_draft()

    answer = call("POST", f"{JOB}/submit", username="bob")

    assert (answer.status, answer.body["status"]) == (202, "Validating")
    assert answer.headers["ETag"] == call("GET", JOB).headers["ETag"]


def test_a_draft_with_faults_cannot_be_submitted_and_stays() -> None:
    draft = create_draft(labels=[], description=None)

    answer = call("POST", f"{JOB}/submit")

    assert answer.status == 422
    assert set(answer.fault_codes) == {"job.labels-too-few", "job.description-missing"}
    assert call("GET", JOB).body == draft.body


def test_any_job_can_be_cloned_once_per_key() -> None:
    create()
    again = {"Idempotency-Key": "k1"}

    first, replayed = (call("POST", f"{JOB}/clone", {"name": "cats-2"}, headers=again) for _ in range(2))

    assert (first.status, first.headers["Location"], first.body["status"]) == (201, f"{JOBS}/cats-2", "Draft")
    assert first.body["source"] == {"kind": "clone", "detail": "cats-1"}
    assert (replayed.body, replayed.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert call("POST", f"{JOB}/clone", {"name": "cats-2"}).status == 409
    assert call("POST", f"{JOB}/clone", {"title": "cats-3"}).fault_codes == ["request.field-missing", "request.field-unknown"]


@pytest.mark.parametrize(
    ("status", "answered"), [(status, 202 if status in {"Initializing", "InProgress", "Stopping"} else 409) for status in Status]
)
def test_only_a_running_job_can_be_stopped(store: JobStore, status: Status, answered: int) -> None:
    a_stored_job(store, status=status)

    answer = call("POST", f"{JOB}/stop")

    assert answer.status == answered
    if answered == 202:
        assert answer.body["status"] == "Stopping"


@pytest.mark.parametrize(
    ("status", "username", "answered"),
    [("Draft", "ann", 204), ("Draft", "bob", 204), ("Completed", "ann", 204), ("Completed", "bob", 403), ("InProgress", "ann", 409)],
)
def test_owners_delete_what_is_at_rest_and_creators_their_drafts(store: JobStore, status: str, username: str, answered: int) -> None:
    a_stored_job(store, status=Status(status), created_by="bob")

    answer = call("DELETE", JOB, username=username)

    assert answer.status == answered
    assert call("GET", JOB).status == (404 if answered == 204 else 200)


# --- history, report, output -----------------------------------------------------------------------------------------


def test_the_history_is_told_oldest_first() -> None:
    create_draft()
    call("PATCH", JOB, {"description": "New"}, username="bob")
    call("POST", f"{JOB}/submit")

    answer = call("GET", f"{JOB}/events")

    assert [(event["type"], event["detail"]) for event in answer.body["items"]] == [
        ("Created", {"status": "Draft", "by": "ann"}),
        ("Edited", {"by": "bob", "fields": ["description"]}),
        ("StatusChanged", {"from": "Draft", "to": "Validating", "by": "ann"}),
    ]
    assert all(event["at"].endswith("Z") for event in answer.body["items"])
    first = call("GET", f"{JOB}/events", query={"limit": "2"}).body
    rest = call("GET", f"{JOB}/events", query={"limit": "2", "next_token": first["next_token"]}).body
    assert first["items"] + rest["items"] == answer.body["items"]


def test_there_is_no_output_before_the_service_has_written_it(store: JobStore) -> None:
    a_stored_job(store, status=Status.IN_PROGRESS)

    answer = call("GET", f"{JOB}/output")

    assert (answer.status, answer.body["type"]) == (409, "/problems/conflict")


def test_the_output_is_named_with_an_address_to_fetch_it(store: JobStore) -> None:
    uri = f"s3://{BUCKET}/projects/pets/output/cats-1/manifests/output/output.manifest"
    a_stored_job(store, status=Status.COMPLETED, output_manifest_uri=uri, counters=Counters(total=2, human_labeled=2))

    answer = call("GET", f"{JOB}/output")

    assert answer.status == 200
    assert set(answer.body) == {"output_manifest_uri", "url", "expires_at", "counters"}
    assert answer.body["output_manifest_uri"] == uri
    assert urlsplit(answer.body["url"]).path.endswith("/projects/pets/output/cats-1/manifests/output/output.manifest")
    assert answer.body["counters"]["human_labeled"] == 2


def test_a_drafts_report_is_what_its_definition_lacks() -> None:
    draft = create_draft(description=None)

    report = call("GET", f"{JOB}/validation-report").body

    assert report == draft.body["validation"]
    assert [found["code"] for found in report["faults"]] == ["job.description-missing"]


def test_the_report_of_a_validation_is_the_object_in_s3(store: JobStore, data_bucket: "S3Client") -> None:
    key = "projects/pets/labeling-jobs/cats-1/validation-report-1.json"
    a_stored_job(store, validation=Validation(state="failed", objects=3, errors=1, report_uri=f"s3://{BUCKET}/{key}"))
    report = {"state": "failed", "objects": 3, "errors": 1, "warnings": 0, "faults": [{"code": "manifest.empty", "places": []}]}
    data_bucket.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(report).encode())

    assert call("GET", f"{JOB}/validation-report").body == report


# --- what goes wrong on our side -------------------------------------------------------------------------------------


def test_a_defect_tells_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(app.store, "jobs", broken)

    answer = call("GET", JOBS)

    assert (answer.status, answer.body["type"], answer.body["request_id"]) == (500, "/problems/internal", "request-1")
    assert "secret" not in json.dumps(answer.body)


def test_contention_asks_to_repeat_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(*_: Any, **__: Any) -> Any:
        raise service_error("ProvisionedThroughputExceededException", operation="Query")

    monkeypatch.setattr(app.store, "jobs", throttled)

    answer = call("GET", JOBS)

    assert (answer.status, answer.body["type"], answer.headers["Retry-After"]) == (429, "/problems/too-many-requests", "1")


def test_a_route_that_is_none_is_not_found() -> None:
    answer = call("GET", f"{JOB}/colours")

    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_the_consoles_origin_may_read_the_headers_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_ORIGIN", "https://console.example.com")

    headers = call("GET", JOBS).headers

    assert headers["Access-Control-Allow-Origin"] == "https://console.example.com"
    assert {"ETag", "Location", "Idempotent-Replayed", "Retry-After"} <= set(headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("name", ["H\x9e", "\U000ea672", "\x1b"])
def test_a_name_that_nothing_can_have_is_not_found(name: str) -> None:
    answer = call("GET", f"{JOBS}/{name}")

    assert (answer.status, answer.body["type"]) == (404, "/problems/not-found")
    assert answer.body["instance"] == f"{JOBS}/{quote(name)}"


# --- parts -----------------------------------------------------------------------------------------------------------


def test_the_parts_of_a_split_job_are_listed_in_order(store: JobStore) -> None:
    job = a_stored_job(store, status=Status.LAUNCHING)
    parts = [Part("cats-1", "pets", job.job_id, number, 5, Counters(total=5, unlabeled=5)) for number in (1, 2)]
    store.split_job(job, job.changed(parts=Parts(total=2, waiting=2)), parts, JobEvent(NOW, "Split", {"parts": 2}))

    answer = call("GET", f"{JOB}/parts")

    assert answer.status == 200
    assert [(part["name"], part["status"]) for part in answer.body["items"]] == [
        ("cats-1-part-0001", "Waiting"),
        ("cats-1-part-0002", "Waiting"),
    ]
    assert call("GET", JOB).body["parts"] == {"total": 2, "waiting": 2, "running": 0, "completed": 0, "failed": 0, "stopped": 0}


def test_a_job_that_was_not_split_has_no_parts(store: JobStore) -> None:
    a_stored_job(store)

    assert call("GET", f"{JOB}/parts").body == {"items": [], "next_token": None}
