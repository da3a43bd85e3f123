"""Uploads: what is signed, and what is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.serve_projects import app
from groundwork import uploads
from groundwork.access import Role
from groundwork.data_locations import DataLocation, LocationAccess, project_prefix
from groundwork.errors import InvalidRequestError
from groundwork.store import JobStore, Project
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def upload(**changes: Any) -> uploads.Upload:
    asked = {"project": "pets", "key": "datasets/cats/1.png", "content_type": "image/png", "size": 4096, "by": "zoë", **changes}
    return uploads.create_upload(uploads.signing_client(), data_bucket="groundwork-data", now=NOW, **asked)


def fault_codes(**changes: Any) -> list[str]:
    with pytest.raises(InvalidRequestError) as refused:
        upload(**changes)
    return [fault.code for fault in refused.value.faults]


def test_the_form_takes_exactly_one_object_of_exactly_the_announced_size_and_type() -> None:
    signed = upload()

    policy = json.loads(base64.b64decode(signed.fields["policy"]))
    assert str(signed.uri) == "s3://groundwork-data/projects/pets/datasets/cats/1.png"
    assert signed.fields["Content-Type"] == "image/png"
    assert signed.fields["x-amz-meta-groundwork-uploader"] == "zo%C3%AB"
    assert signed.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    for condition in (
        {"key": "projects/pets/datasets/cats/1.png"},
        {"bucket": "groundwork-data"},
        {"Content-Type": "image/png"},
        ["content-length-range", 4096, 4096],
        {"x-amz-meta-groundwork-uploader": "zo%C3%AB"},
    ):
        assert condition in policy["conditions"]
    assert not any(condition[0] == "starts-with" for condition in policy["conditions"] if isinstance(condition, list))


def test_the_form_is_good_for_a_quarter_of_an_hour() -> None:
    assert upload().expires_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    "key",
    [
        "manifests/cats.manifest",
        "datasets/Käse (1)/ä b.png",
        "datasets/..png",
        "manifests/" + "x" * 890,
    ],
)
def test_a_key_inside_the_rules_is_signed(key: str) -> None:
    assert upload(key=key).uri.key == f"projects/pets/{key}"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "manifests",
        "manifests/",
        "/manifests/a",
        "datasets//a",
        "datasets/./a",
        "datasets/../labeling-jobs/x/template.liquid",
        "labeling-jobs/x/template.liquid",
        "output/a",
        "Datasets/a",
        "datasets/a\n",
        "datasets/a\x00",
        "datasets/a\u202e",
        "datasets/${filename}",
        "datasets/${filename}/a",
        "manifests/" + "x" * 891,
        "manifests/" + "ä" * 600,
    ],
)
def test_a_key_outside_the_rules_is_refused(key: str) -> None:
    assert fault_codes(key=key) == ["upload.key-invalid"]


@pytest.mark.parametrize("size", [0, -1, 5 * 1024**3 + 1])
def test_a_size_that_s3_would_not_take_is_refused(size: int) -> None:
    assert fault_codes(size=size) == ["upload.size-invalid"]


def test_five_gibibytes_are_taken() -> None:
    assert upload(size=5 * 1024**3).fields["policy"]


@pytest.mark.parametrize("content_type", ["", "image", "image/", "/png", "image/png\r\nx: y", "image/png;", "a b/c"])
def test_a_content_type_that_is_none_is_refused(content_type: str) -> None:
    assert fault_codes(content_type=content_type) == ["upload.content-type-invalid"]


def test_a_content_type_may_have_a_parameter() -> None:
    assert upload(content_type="text/plain; charset=utf-8").fields["Content-Type"] == "text/plain; charset=utf-8"


def test_all_faults_are_told_at_once() -> None:
    assert fault_codes(key="x", size=0, content_type="") == ["upload.key-invalid", "upload.content-type-invalid", "upload.size-invalid"]


# --- through the function's front door -------------------------------------------------------------------------------


@pytest.fixture
def project(jobs_table: object) -> None:
    default = DataLocation("default", project_prefix("groundwork-data", "pets"), LocationAccess.READ_WRITE)
    store = JobStore.from_env()
    store.create_project(Project("pets", "", created_at=NOW), "ann", default)
    store.put_member("pets", "bob", Role.COLLABORATOR)


def post(body: Any, *, username: str, **event: Any) -> HttpAnswer:
    path = "/projects/pets/uploads"
    request = api_event("POST", path, body, username=username, path_parameters={"project": "pets"}, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def test_a_collaborator_gets_a_form(project: None) -> None:
    answer = post({"key": "datasets/1.png", "content_type": "image/png", "size": 7}, username="bob")

    assert answer.status == 201
    assert set(answer.body) == {"s3_uri", "url", "fields", "expires_at"}
    assert answer.body["s3_uri"] == "s3://groundwork-data/projects/pets/datasets/1.png"
    assert answer.body["expires_at"].endswith("Z")


def test_administrators_and_strangers_upload_nothing(project: None) -> None:
    body = {"key": "datasets/1.png", "content_type": "image/png", "size": 7}

    assert post(body, username="admin", groups="admins").status == 403
    assert post(body, username="cleo").status == 404


def test_a_size_is_a_whole_number(project: None) -> None:
    for size in ("7", 7.5, True, None):
        answer = post({"key": "datasets/1.png", "content_type": "image/png", "size": size}, username="ann")
        assert answer.fault_codes == ["request.field-invalid"]
