"""Signed requests: what botocore signs is accepted, and anything that differs from what was signed is refused."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from groundwork.request_signatures import MAX_CLOCK_SKEW, SignatureError, SignedRequest, verify

KEY, SECRET = "AKGWEXAMPLE", "s3cr3t"


def signed(
    body: bytes = b"{}",
    *,
    secret: str = SECRET,
    path: str = "/v1/sagemaker",
    service: str = "sagemaker",
    region: str = "us-east-1",
    target: str = "SageMaker.ListWorkteams",
    token: str | None = None,
) -> tuple[SignedRequest, datetime]:
    """A request as botocore signs it, and the moment it did."""
    request = AWSRequest(
        "POST", f"https://api.example.com{path}", {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}, body
    )
    SigV4Auth(Credentials(KEY, secret, token), service, region).add_auth(request)
    headers = {"host": "api.example.com", **{name.lower(): value for name, value in request.headers.items()}}
    at = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return SignedRequest("POST", path, headers, body), at


def check(request: SignedRequest, now: datetime) -> str:
    return verify(request, service="sagemaker", region="us-east-1", secret_of={KEY: SECRET}.get, now=now)


def refusal(request: SignedRequest, now: datetime) -> str:
    with pytest.raises(SignatureError) as refused:
        check(request, now)
    return refused.value.code


@given(st.binary(max_size=200), st.from_regex(r"(/[A-Za-z0-9._~{}:@ -]{1,8}){1,3}", fullmatch=True))
def test_what_botocore_signs_is_accepted_whatever_body_and_path(body: bytes, path: str) -> None:
    request, at = signed(body, path=path)

    assert check(request, at) == KEY


def test_a_request_that_was_changed_on_its_way_is_refused() -> None:
    request, at = signed(b'{"LabelingJobName": "cats"}')
    changed = [
        replace(request, body=b'{"LabelingJobName": "dogs"}'),
        replace(request, method="PUT"),
        replace(request, path="/v2/sagemaker"),
        replace(request, headers={**request.headers, "x-amz-target": "SageMaker.StopLabelingJob"}),
        replace(request, headers={**request.headers, "host": "other.example.com"}),
        replace(request, headers={**request.headers, "x-amz-date": f"{at + timedelta(seconds=1):%Y%m%dT%H%M%SZ}"}),
    ]

    assert {refusal(request, at) for request in changed} == {"InvalidSignatureException"}


def test_a_body_cannot_hide_behind_the_hash_of_another() -> None:
    request, at = signed(b"{}")
    declared = replace(request, headers={**request.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"})

    assert refusal(declared, at) == "InvalidSignatureException"


def test_a_request_is_good_for_five_minutes_before_and_after() -> None:
    request, at = signed()

    assert check(request, at + MAX_CLOCK_SKEW) == check(request, at - MAX_CLOCK_SKEW) == KEY
    assert refusal(request, at + MAX_CLOCK_SKEW + timedelta(seconds=1)) == "InvalidSignatureException"
    assert refusal(request, at - MAX_CLOCK_SKEW - timedelta(seconds=1)) == "InvalidSignatureException"


def test_a_signature_for_another_service_or_region_is_no_good_here() -> None:
    for request, at in (signed(service="s3"), signed(region="eu-west-1")):
        assert refusal(request, at) == "InvalidSignatureException"


def test_another_days_scope_does_not_carry_todays_date() -> None:
    request, at = signed()
    yesterday = f"{at - timedelta(days=1):%Y%m%d}"
    authorization = re.sub(r"/\d{8}/", f"/{yesterday}/", request.headers["authorization"])
    moved = replace(request, headers={**request.headers, "authorization": authorization})

    assert refusal(moved, at) == "InvalidSignatureException"


def test_an_unknown_key_a_wrong_secret_and_a_session_token_are_refused() -> None:
    request, at = signed()
    unknown = replace(request, headers={**request.headers, "authorization": request.headers["authorization"].replace(KEY, "AKGWOTHER")})

    assert refusal(unknown, at) == "UnrecognizedClientException"
    assert refusal(*signed(secret="guess")) == "InvalidSignatureException"
    assert refusal(*signed(token="session")) == "UnrecognizedClientException"


@pytest.mark.parametrize("header", ["host", "x-amz-date", "x-amz-target"])
def test_what_a_request_depends_on_must_be_signed(header: str) -> None:
    request, at = signed()
    without = {name: value for name, value in request.headers.items() if name != header}
    unsigned = re.sub(rf"(?<=[=;]){header};|;{header}(?=,)", "", request.headers["authorization"])

    assert refusal(replace(request, headers=without), at) == "IncompleteSignatureException"
    assert refusal(replace(request, headers={**request.headers, "authorization": unsigned}), at) == "IncompleteSignatureException"


def test_a_request_without_a_signature_says_so() -> None:
    request, at = signed()

    assert refusal(replace(request, headers={}), at) == "MissingAuthenticationTokenException"


@given(st.text(max_size=300))
def test_no_authorization_header_crashes_the_check(text: str) -> None:
    request, at = signed()

    with pytest.raises(SignatureError):
        check(replace(request, headers={**request.headers, "authorization": text}), at)


@given(st.text(max_size=20))
def test_no_date_crashes_the_check(text: str) -> None:
    request, at = signed()

    with pytest.raises(SignatureError):
        check(replace(request, headers={**request.headers, "x-amz-date": text}), at)
