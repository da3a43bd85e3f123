"""A look around a project's data locations, through the function's front door."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

from functions.serve_objects import app
from groundwork.data_locations import DataLocation, LocationAccess, S3Uri
from groundwork.page_tokens import page_token
from groundwork.presigning import WorkerView
from groundwork.store import JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.builders import BUCKET, a_project

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PETS = f"s3://{BUCKET}/projects/pets/"
OUTSIDE = [f"s3://{BUCKET}/", f"s3://{BUCKET}/projects/", f"s3://{BUCKET}/projects/pets", f"s3://{BUCKET}/projects/zoo/", "s3://elsewhere/"]


@pytest.fixture(autouse=True)
def world(jobs_table: object, data_bucket: "S3Client") -> None:
    """The project `pets` with some data and a data location in another bucket; the project `zoo` with a secret."""
    store = JobStore.from_env()
    a_project(store, "pets")
    a_project(store, "zoo", owner="zed")
    store.put_data_location("pets", DataLocation("shared", S3Uri("archive", "photos/"), LocationAccess.READ))
    data_bucket.create_bucket(Bucket="archive")
    for bucket, key in [
        (BUCKET, "projects/pets/datasets/"),
        (BUCKET, "projects/pets/datasets/cats/1.png"),
        (BUCKET, "projects/pets/datasets/cats/2.png"),
        (BUCKET, "projects/pets/datasets/cow.png"),
        (BUCKET, "projects/pets/datasets/é +%.png"),
        (BUCKET, "projects/zoo/datasets/secret.png"),
        ("archive", "photos/old.png"),
        ("archive", "private.png"),
    ]:
        data_bucket.put_object(Bucket=bucket, Key=key, Body=key.encode())


def get(path: str = "objects", *, username: str = "ann", groups: str | None = None, **query: str) -> HttpAnswer:
    request = api_event("GET", f"/projects/pets/{path}", username=username, groups=groups, query=query, path_parameters={"project": "pets"})
    return http_answer(app.lambda_handler(request, LambdaContext()))


def names(answer: HttpAnswer) -> list[str]:
    assert answer.status == 200, answer.body
    return [entry["name"] for entry in answer.body["items"]]


def test_without_a_prefix_the_data_locations_are_what_there_is() -> None:
    answer = get()

    assert answer.body == {
        "items": [
            {"kind": "prefix", "s3_uri": PETS, "name": "default", "size": None, "last_modified": None},
            {"kind": "prefix", "s3_uri": "s3://archive/photos/", "name": "shared", "size": None, "last_modified": None},
        ],
        "next_token": None,
    }


def test_a_folder_shows_what_lies_directly_below_it() -> None:
    answer = get(prefix=PETS + "datasets/")

    assert names(answer) == ["cats/", "cow.png", "é +%.png"]
    cats, cow, _ = answer.body["items"]
    assert cats == {"kind": "prefix", "s3_uri": PETS + "datasets/cats/", "name": "cats/", "size": None, "last_modified": None}
    assert (cow["kind"], cow["s3_uri"], cow["size"]) == ("object", PETS + "datasets/cow.png", len("projects/pets/datasets/cow.png"))
    assert cow["last_modified"].endswith("Z")


def test_a_prefix_that_is_no_folder_finds_what_begins_so() -> None:
    assert names(get(prefix=PETS + "datasets/c")) == ["cats/", "cow.png"]
    assert names(get(prefix="s3://archive/photos/")) == ["old.png"]
    assert names(get(prefix=PETS + "nothing/here/")) == []


def test_page_by_page_shows_everything_once_and_in_order() -> None:
    found: list[str] = []
    token: str | None = None
    while True:
        answer = get(prefix=PETS + "datasets/", limit="1", **({"next_token": token} if token else {}))
        found += names(answer)
        token = answer.body["next_token"]
        if token is None:
            break

    assert found == ["cats/", "cow.png", "é +%.png"]


def test_a_token_is_good_for_its_own_prefix_only() -> None:
    token = get(prefix=PETS + "datasets/", limit="1").body["next_token"]

    answers = [get(prefix=PETS, next_token=token), *(get(prefix=PETS, next_token=junk) for junk in ("x", page_token([1]), page_token({})))]

    assert [(answer.status, answer.body["errors"][0]["pointer"]) for answer in answers] == [(422, "/next_token")] * 4


@pytest.mark.parametrize("place", OUTSIDE)
def test_what_is_outside_the_data_locations_is_refused(place: str) -> None:
    browsed, addressed = get(prefix=place), get("objects/url", s3_uri=place + "secret.png")

    assert (browsed.status, browsed.body["errors"][0]["pointer"]) == (422, "/prefix")
    assert (addressed.status, addressed.body["errors"][0]["pointer"]) == (422, "/s3_uri")
    assert browsed.fault_codes == addressed.fault_codes == ["objects.outside-locations"]


@pytest.mark.parametrize("text", ["", "pets", "https://example.com/", "s3://UPPER/x/", PETS + "../zoo/", PETS + "a\nb"])
def test_what_is_no_s3_uri_is_refused(text: str) -> None:
    assert [get(prefix=text).fault_codes, get("objects/url", s3_uri=text).fault_codes] == [["request.field-invalid"]] * 2


def test_a_bucket_that_does_not_let_us_in_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def list_objects_v2(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    monkeypatch.setattr(app.view, "lister", lambda *_: Closed())

    assert (answer := get(prefix="s3://archive/photos/")).fault_codes == ["objects.unlistable"]
    assert "operations.md" in answer.body["errors"][0]["remedy"]


def test_an_address_is_of_that_object_and_carries_the_lent_right() -> None:
    answer = get("objects/url", s3_uri=PETS + "datasets/é +%.png")

    url = urlsplit(answer.body["url"])
    query = parse_qs(url.query)
    assert answer.status == 200
    assert unquote(url.path).endswith("projects/pets/datasets/é +%.png")
    assert query["X-Amz-Expires"] == ["600"]
    assert not query["X-Amz-Credential"][0].startswith("testing")
    signed_at, expires_at = query["X-Amz-Date"][0], answer.body["expires_at"]
    assert signed_at[:8] <= expires_at.replace("-", "")[:8]


@pytest.mark.parametrize("query", [{}, {"s3_uri": PETS}, {"s3_uri": PETS + "datasets/cats/"}, {"s3_uri": "https://example.com/1.png"}])
def test_only_an_object_has_an_address(query: dict[str, str]) -> None:
    answer = get("objects/url", **query)

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/s3_uri")


def test_a_project_that_is_not_there_is_not_empty_to_an_administrator_either() -> None:
    request = api_event("GET", "/projects/none/objects", username="root", groups="admins", path_parameters={"project": "none"})

    assert http_answer(app.lambda_handler(request, LambdaContext())).status == 404


def test_the_right_to_list_covers_the_one_data_location_that_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    view = WorkerView.from_env()
    view._sts.meta.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(params))
    monkeypatch.setattr(app, "view", view)

    get(prefix=PETS + "datasets/")
    get("objects/url", s3_uri="s3://archive/photos/old.png")

    listing, reading = (json.loads(request["Policy"])["Statement"] for request in asked)
    assert listing == [
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringLike": {"s3:prefix": "projects/pets/*"}},
        }
    ]
    assert reading[0] == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::archive/photos/*"]}
