"""Presigned addresses: made with a right to one project's data locations and nothing else, and proved by fetching them."""

import email.message
import io
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.errors import TemplateError
from groundwork.presigning import Presigner, ProjectView, WorkerView
from tests.builders import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOCATIONS = DataLocations.of(
    [
        DataLocation("default", S3Uri(BUCKET, "projects/pets/"), LocationAccess.READ_WRITE),
        DataLocation("archive", S3Uri("archive", "photos/"), LocationAccess.READ),
    ]
)
CAT = f"s3://{BUCKET}/projects/pets/datasets/cat.png"
DOG = f"s3://{BUCKET}/projects/pets/datasets/dog.png"


class Opener:
    """Stands for the network behind urlopen: answers by the last part of the path, and remembers what was asked."""

    def __init__(self, answers: dict[str, int]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        name = urlsplit(request.full_url).path.rpartition("/")[2]
        self.asked.append((name, request.get_header("Range")))
        status = self._answers[name]
        if status == 0:
            raise urllib.error.URLError("connection refused")
        if status >= 300:
            raise urllib.error.HTTPError(request.full_url, status, "", email.message.Message(), io.BytesIO())
        return io.BytesIO(b"x")


@pytest.fixture
def view(data_bucket: "S3Client") -> ProjectView:
    return ProjectView(data_bucket, Presigner(a_client("testing", "testing", None, region_name="us-east-1"), "testing", 600), LOCATIONS)


def answer(monkeypatch: pytest.MonkeyPatch, **answers: int) -> Opener:
    opener = Opener({f"{name}.png": status for name, status in answers.items()})
    monkeypatch.setattr("groundwork.presigning.urllib.request.urlopen", opener)
    return opener


def test_the_right_that_is_lent_reaches_the_projects_data_locations_only() -> None:
    sts = boto3.client("sts")
    asked: list[dict[str, Any]] = []
    sts.meta.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(params))

    WorkerView(sts, "arn:aws:iam::123456789012:role/worker-view", "aws").of("pets", LOCATIONS)

    (request,) = asked
    assert request["RoleArn"] == "arn:aws:iam::123456789012:role/worker-view"
    assert request["DurationSeconds"] == 900
    assert json.loads(request["Policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"arn:aws:s3:::{BUCKET}/projects/pets/*", "arn:aws:s3:::archive/photos/*"],
        },
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"},
    ]


def test_the_longest_session_policy_is_one_that_sts_takes() -> None:
    sts = boto3.client("sts")
    asked: list[dict[str, Any]] = []
    sts.meta.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(params))
    prefix = S3Uri("b" * 63, "k" * 99 + "/")
    most = DataLocations.of(DataLocation(f"location-{number}", prefix, LocationAccess.READ) for number in range(10))

    WorkerView(sts, "arn:aws:iam::123456789012:role/worker-view", "aws-us-gov").of("pets", most)

    assert len(asked[0]["Policy"]) <= 2048


def test_addresses_carry_the_lent_right_and_end_soon() -> None:
    lent = WorkerView.from_env().of("pets", LOCATIONS)

    query = parse_qs(urlsplit(lent.grant_read_access(CAT)).query)

    assert query["X-Amz-Expires"] == ["600"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Security-Token"] != ["testing"]
    assert not query["X-Amz-Credential"][0].startswith("testing")


def test_a_long_project_name_makes_a_legal_session_name() -> None:
    assert WorkerView.from_env().of("p" * 63, LOCATIONS)


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50)
PLACES = [
    {"region_name": "us-east-1"},
    {"region_name": "eu-central-1"},
    {"region_name": "cn-north-1"},
    {"region_name": "us-east-1", "endpoint_url": "http://127.0.0.1:4566"},
    {"region_name": "us-east-1", "endpoint_url": "https://s3.example.com:443/below"},
]


@pytest.mark.parametrize("place", PLACES)
@given(
    key=KEYS | st.sampled_from(["/", "a//b", "./../a", "é+%2F?#&=~ x"]),
    bucket=st.sampled_from(["pets-data", "pets.data", "123"]),
    access_key=st.text("AKIZ09/+=", min_size=1),
    secret_key=st.text("aZ09/+=é", min_size=1),
    token=st.none() | st.text("aZ09/+=~ ", min_size=1),
    seconds=st.integers(1, 604_800),
)
def test_an_address_is_byte_for_byte_what_boto3_makes(
    place: dict[str, str], key: str, bucket: str, access_key: str, secret_key: str, token: str | None, seconds: int
) -> None:
    client = a_client(access_key, secret_key, token, **place)
    presigner = Presigner(client, secret_key, seconds)
    presigner.url(S3Uri(bucket, "another"), datetime(2001, 2, 3, tzinfo=UTC))

    expected = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)

    signed_at = datetime.strptime(parse_qs(urlsplit(expected).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
    assert presigner.url(S3Uri(bucket, key), signed_at) == expected


def a_client(access_key: str, secret_key: str, token: str | None, **place: Any) -> "S3Client":
    """A client with these credentials. Making one takes far longer than signing, so they are given to one that was made before."""
    found = tuple(place.values())
    if found not in CLIENTS:
        CLIENTS[found] = boto3.client("s3", config=Config(signature_version="s3v4"), **place)
    client: Any = CLIENTS[found]
    client._request_signer._credentials = Credentials(access_key, secret_key, token)
    made: S3Client = client
    return made


CLIENTS: dict[tuple[str, ...], Any] = {}


@pytest.mark.parametrize(
    "address",
    [
        f"s3://{BUCKET}/projects/zoo/datasets/cat.png",
        f"s3://{BUCKET}/projects/pets-2/cat.png",
        f"s3://{BUCKET}/projects/pets/../zoo/cat.png",
        "s3://archive/photos-private/cat.png",
        "s3://somewhere/cat.png",
        "https://example.com/cat.png",
        "cat.png",
        "",
    ],
)
def test_an_object_outside_the_data_locations_is_refused_and_never_asked_for(
    view: ProjectView, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    opener = answer(monkeypatch)

    with pytest.raises(TemplateError):
        view.grant_read_access(address)

    assert view.unseen() == ()
    assert opener.asked == []


def test_every_presigned_object_is_asked_for_its_first_byte_once(view: ProjectView, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = answer(monkeypatch, cat=206, dog=206)
    assert view.grant_read_access(CAT) == view.grant_read_access(CAT)
    view.grant_read_access(DOG)

    assert view.unseen() == ()
    assert opener.asked == [("cat.png", "bytes=0-0"), ("dog.png", "bytes=0-0")]


@pytest.mark.parametrize("status", [403, 404])
def test_an_object_that_a_browser_cannot_fetch_is_named(view: ProjectView, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answer(monkeypatch, cat=status, dog=206)
    for address in (CAT, DOG):
        view.grant_read_access(address)

    assert view.unseen() == (CAT,)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_what_trying_again_may_mend_is_not_blamed_on_the_object(view: ProjectView, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answer(monkeypatch, cat=status)
    view.grant_read_access(CAT)

    with pytest.raises(urllib.error.URLError):
        view.unseen()


def test_an_object_is_read_in_chunks(view: ProjectView, data_bucket: "S3Client") -> None:
    body = bytes(1024 * 1024 + 5)
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/datasets/cat.png", Body=body)

    chunks = list(view.read(S3Uri(BUCKET, "projects/pets/datasets/cat.png")))

    assert b"".join(chunks) == body
    assert len(chunks) == 2
