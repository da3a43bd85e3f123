"""What every API function has in common: access first, problem details, ETags, idempotency, the groups claim."""

import base64
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from groundwork import access
from groundwork.data_locations import DataLocation, LocationAccess, project_prefix
from groundwork.errors import (
    ConflictError,
    ForbiddenError,
    GroundworkError,
    LabelingServiceError,
    NameTakenError,
    NotFoundError,
    PreconditionFailedError,
    RefusedByServiceError,
    WrongStatusError,
)
from groundwork.http_api import MAX_BODY_BYTES, Answer, HttpApi, Request
from groundwork.rules import fault
from groundwork.store import JobStore, Project
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Parcel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    weight: int
    marks: list[str] = []


class Desk:
    """An API of a few routes that do what the test tells them to."""

    def __init__(self) -> None:
        self.handled = 0
        self.failure: Exception | None = None
        self.api = HttpApi(JobStore.from_env(), logger=Logger(), tracer=Tracer(), metrics=Metrics())
        self.api.route("GET", "/open", access.anyone)(lambda request: Answer({"groups": sorted(request.caller.groups)}))
        self.api.route("GET", "/pages", access.signed_in)(lambda request: Answer(request.page_limit()))
        self.api.route("GET", "/statuses", access.signed_in)(lambda request: Answer(request.status_filter()))
        self.api.route("POST", "/parcels", access.signed_in, idempotent=True)(self.take)
        self.api.route("POST", "/parcels/{parcel}/open", access.signed_in, idempotent=True)(self.take)
        self.api.route("DELETE", "/parcels/{parcel}", access.signed_in)(self.discard)
        self.api.route("POST", "/projects/{project}/parcels", access.contribute)(self.take)
        self.api.route("DELETE", "/projects/{project}", access.administer_project)(lambda _: Answer(status=HTTPStatus.NO_CONTENT))

    def take(self, request: Request) -> Answer:
        self.handled += 1
        if self.failure:
            raise self.failure
        parcel = request.body(Parcel)
        return Answer({"name": parcel.name, "number": self.handled}, HTTPStatus.CREATED, {"Location": "/parcels/1"}, '"1"')

    def discard(self, request: Request) -> Answer:
        request.require_match('"2"')
        return Answer(status=HTTPStatus.NO_CONTENT)

    def call(self, method: str, path: str, body: Any = None, *, username: str | None = "ann", **event: Any) -> HttpAnswer:
        return http_answer(self.api.handle(api_event(method, path, body, username=username, **event), LambdaContext()))

    def post(self, body: Any = None, **event: Any) -> HttpAnswer:
        return self.call("POST", "/parcels", body, **event)


PARCEL = {"name": "box", "weight": 3}


@pytest.fixture
def desk(jobs_table: object) -> Desk:
    return Desk()


# --- problem details -------------------------------------------------------------------------------------------------


def test_a_refusal_is_a_problem_detail_with_everything_a_client_needs(desk: Desk) -> None:
    answer = desk.post({"name": "box"})

    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "/problems/validation",
        "title": HTTPStatus.UNPROCESSABLE_ENTITY.phrase,
        "status": 422,
        "detail": "The request has 1 fault.",
        "instance": "/parcels",
        "request_id": "request-1",
        "errors": [{"pointer": "/weight", "code": "request.field-missing", "message": "weight is missing", "remedy": "Add it."}],
    }


def test_all_faults_of_a_bodys_shape_are_told_at_once(desk: Desk) -> None:
    answer = desk.post({"name": 1, "marks": ["a", 2], "colour/~": "red"})

    assert {(fault["pointer"], fault["code"]) for fault in answer.body["errors"]} == {
        ("/name", "request.field-invalid"),
        ("/weight", "request.field-missing"),
        ("/marks/1", "request.field-invalid"),
        ("/colour~1~0", "request.field-unknown"),
    }


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_a_body_that_is_no_object_is_a_fault(desk: Desk, body: Any) -> None:
    assert desk.post(raw_body=json.dumps(body)).status == 422


@pytest.mark.parametrize("raw", ["", "{", "{'name': 1}", "[" * 100_000, "\ufeff{}"])
def test_a_body_that_is_no_json_is_malformed(desk: Desk, raw: str) -> None:
    answer = desk.post(raw_body=raw)

    assert (answer.status, answer.body["type"]) == (400, "/problems/malformed")


def test_a_body_that_is_no_text_is_malformed(desk: Desk) -> None:
    event = api_event("POST", "/parcels", username="ann", raw_body=base64.b64encode(b"\xff\xfe{}").decode())

    answer = http_answer(desk.api.handle({**event, "isBase64Encoded": True}, LambdaContext()))

    assert (answer.status, answer.body["type"]) == (400, "/problems/malformed")


def test_a_body_that_comes_encoded_is_read(desk: Desk) -> None:
    event = api_event("POST", "/parcels", username="ann", raw_body=base64.b64encode(json.dumps(PARCEL).encode()).decode())

    assert http_answer(desk.api.handle({**event, "isBase64Encoded": True}, LambdaContext())).status == 201


def test_a_string_that_is_no_text_is_malformed(desk: Desk) -> None:
    assert desk.post(raw_body='{"name": "\\ud800", "weight": 1}').status == 400


def test_a_body_over_the_limit_is_too_large(desk: Desk) -> None:
    largest = json.dumps(PARCEL).ljust(MAX_BODY_BYTES)

    assert desk.post(raw_body=largest).status == 201
    answer = desk.post(raw_body=largest + " ")
    assert (answer.status, answer.body["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_unsupported(desk: Desk, content_type: str) -> None:
    answer = desk.post(PARCEL, headers={"Content-Type": content_type})

    assert (answer.status, answer.body["type"]) == (415, "/problems/unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"])
def test_json_is_taken_however_it_is_announced(desk: Desk, content_type: str) -> None:
    assert desk.post(PARCEL, headers={"Content-Type": content_type}).status == 201


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        (NotFoundError("no"), 404, "not-found"),
        (ForbiddenError("no"), 403, "forbidden"),
        (ConflictError("no"), 409, "conflict"),
        (NameTakenError("no"), 409, "conflict"),
        (WrongStatusError("no"), 409, "conflict"),
        (PreconditionFailedError("no"), 409, "conflict"),
        (LabelingServiceError("no"), 502, "labeling-service"),
        (RefusedByServiceError("no"), 502, "labeling-service"),
    ],
)
def test_every_error_of_the_domain_has_its_status_and_its_sentence(desk: Desk, error: GroundworkError, status: int, problem: str) -> None:
    desk.failure = error

    answer = desk.post(PARCEL)

    assert (answer.status, answer.body["type"], answer.body["detail"]) == (status, f"/problems/{problem}", "no")


def test_a_conflict_tells_programs_its_reason_where_they_must_know_it(desk: Desk) -> None:
    desk.failure = ConflictError("no", [fault("answer.too-late", pointer="/answer")])

    answer = desk.post(PARCEL)

    assert (answer.status, [error["code"] for error in answer.body["errors"]]) == (409, ["answer.too-late"])


def test_losing_a_race_is_a_failed_precondition_for_those_only_who_named_a_version(desk: Desk) -> None:
    desk.failure = PreconditionFailedError("no")

    answer = desk.post(PARCEL, headers={"If-Match": '"1"'})

    assert (answer.status, answer.body["type"], answer.body["detail"]) == (412, "/problems/precondition-failed", "no")


def test_only_so_many_faults_are_listed_but_all_are_counted(desk: Desk) -> None:
    answer = desk.post({**PARCEL, **{f"unknown-{n}": n for n in range(3_000)}})

    assert (answer.status, len(answer.body["errors"])) == (422, 1_000)
    assert answer.body["detail"] == "The request has 3,000 faults. The first 1,000 are listed."


@pytest.mark.parametrize("failure", [RuntimeError("secret"), GroundworkError("secret"), KeyError("secret")])
def test_what_nobody_expected_is_answered_without_a_word_of_the_inside(desk: Desk, failure: Exception) -> None:
    desk.failure = failure

    answer = desk.post(PARCEL)

    assert (answer.status, answer.body["request_id"]) == (500, "request-1")
    assert "secret" not in json.dumps(answer.body)


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret"}}, "PutItem")


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException", "TooManyRequestsException", "SlowDown"])
def test_a_throttled_service_asks_the_client_to_come_back(desk: Desk, code: str) -> None:
    desk.failure = client_error(code)

    answer = desk.post(PARCEL)

    assert (answer.status, answer.body["type"]) == (429, "/problems/too-many-requests")
    assert answer.headers["Retry-After"] == "1"


def test_a_service_that_denies_us_is_our_fault_and_not_the_clients(desk: Desk) -> None:
    desk.failure = client_error("AccessDeniedException")

    answer = desk.post(PARCEL)

    assert answer.status == 500
    assert "secret" not in json.dumps(answer.body)


def test_a_route_that_is_none_is_not_found(desk: Desk) -> None:
    answer = desk.call("GET", "/nowhere")

    assert (answer.status, answer.body["type"], answer.headers["Content-Type"]) == (404, "/problems/not-found", "application/problem+json")


# --- access ----------------------------------------------------------------------------------------------------------


def test_access_is_decided_before_the_body_is_read(desk: Desk) -> None:
    assert desk.post(raw_body="{", username=None).status == 403
    path = {"project": "pets"}
    assert desk.call("POST", "/projects/pets/parcels", raw_body="{", path_parameters=path).status == 404
    assert desk.handled == 0


def test_a_member_may_know_what_a_stranger_may_not(desk: Desk) -> None:
    default = DataLocation("default", project_prefix("groundwork-data", "pets"), LocationAccess.READ_WRITE)
    JobStore.from_env().create_project(Project("pets", "", created_at=NOW), "ann", default)

    def delete(username: str, groups: str | None = None) -> int:
        return desk.call("DELETE", "/projects/pets", username=username, groups=groups, path_parameters={"project": "pets"}).status

    assert delete("ann") == 403
    assert delete("bob") == 404
    assert delete("bob", "vets") == 404
    assert delete("root", "admins") == 204


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (None, []),
        ("", []),
        ("[]", []),
        ("admins", ["admins"]),
        ("admins,vets", ["admins", "vets"]),
        ("[admins vets]", ["admins", "vets"]),
        ("[admins, vets]", ["admins", "vets"]),
        (["admins", "vets"], ["admins", "vets"]),
        ("not-admins", ["not-admins"]),
        (7, []),
    ],
)
def test_groups_are_understood_in_every_form_the_gateway_gives_them(desk: Desk, claim: Any, groups: list[str]) -> None:
    assert desk.call("GET", "/open", groups=claim).body == {"groups": groups}


def test_a_token_without_a_name_is_nobodys(desk: Desk) -> None:
    assert desk.call("GET", "/pages", username="").status == 403
    assert desk.call("GET", "/open", username=None).status == 200


# --- paging and filters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "limit"), [("1", 1), ("200", 200), ("007", 7)])
def test_a_limit_inside_the_bounds_is_taken(desk: Desk, text: str, limit: int) -> None:
    assert desk.call("GET", "/pages", query={"limit": text}).body == limit


@pytest.mark.parametrize("text", ["0", "201", "-1", "1.5", "", "ten", "٣", "0050000", "9" * 5000])
def test_a_limit_outside_the_bounds_is_refused(desk: Desk, text: str) -> None:
    assert desk.call("GET", "/pages", query={"limit": text}).fault_codes == ["request.field-invalid"]


def test_without_a_limit_a_page_has_fifty_entries(desk: Desk) -> None:
    assert desk.call("GET", "/pages").body == 50


def test_a_status_must_be_one_of_a_labeling_jobs(desk: Desk) -> None:
    assert desk.call("GET", "/statuses", query={"status": "InProgress"}).body == "InProgress"
    assert desk.call("GET", "/statuses").body is None
    assert desk.call("GET", "/statuses", query={"status": "inprogress"}).status == 422


# --- ETags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 204), ("*", 204), ('"2"', 204), ('"1", "2"', 204), ('W/"2"', 204), ('"1"', 412), ("2", 412)]
)
def test_an_action_on_an_older_copy_is_refused(desk: Desk, if_match: str | None, status: int) -> None:
    headers = {} if if_match is None else {"If-Match": if_match}

    assert desk.call("DELETE", "/parcels/1", path_parameters={"parcel": "1"}, headers=headers).status == status


def test_a_single_resource_carries_its_etag_and_no_cache_keeps_it(desk: Desk) -> None:
    answer = desk.post(PARCEL)

    assert (answer.headers["ETag"], answer.headers["Location"]) == ('"1"', "/parcels/1")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_console_alone_may_read_across_origins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Access-Control-Allow-Origin" not in desk.post(PARCEL).headers

    monkeypatch.setenv("CONSOLE_ORIGIN", "https://console.example.com")

    for answer in (desk.post(PARCEL), desk.post(raw_body="{")):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://console.example.com"


# --- idempotency -----------------------------------------------------------------------------------------------------


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_the_same_key_and_body_replay_the_first_answer(desk: Desk) -> None:
    first = desk.post(PARCEL, headers=keyed("k"))

    again = desk.post(PARCEL, headers={"idempotency-key": "k"})

    assert desk.handled == 1
    assert (again.status, again.body) == (first.status, first.body) == (201, {"name": "box", "number": 1})
    assert (again.headers["ETag"], again.headers["Location"]) == ('"1"', "/parcels/1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers


def test_the_same_key_with_another_body_is_a_conflict(desk: Desk) -> None:
    desk.post(PARCEL, headers=keyed("k"))

    answer = desk.post({**PARCEL, "weight": 4}, headers=keyed("k"))

    assert (answer.status, answer.body["type"], desk.handled) == (409, "/problems/conflict", 1)


def test_a_key_belongs_to_one_caller_and_one_address(desk: Desk) -> None:
    answers = [
        desk.post(PARCEL, headers=keyed("k")),
        desk.post(PARCEL, headers=keyed("k"), username="bob"),
        desk.call("POST", "/parcels/1/open", PARCEL, headers=keyed("k"), path_parameters={"parcel": "1"}),
        desk.call("POST", "/parcels/2/open", PARCEL, headers=keyed("k"), path_parameters={"parcel": "2"}),
    ]

    assert [answer.body["number"] for answer in answers] == [1, 2, 3, 4]


def test_without_a_key_every_request_counts(desk: Desk) -> None:
    assert [desk.post(PARCEL).body["number"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("failure", [ConflictError("not yet"), RuntimeError("crash"), client_error("ThrottlingException")])
def test_a_refused_request_may_be_repeated_with_its_key(desk: Desk, failure: Exception) -> None:
    desk.failure = failure
    assert desk.post(PARCEL, headers=keyed("k")).status >= 400
    desk.failure = None

    assert desk.post(PARCEL, headers=keyed("k")).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_a_key_that_is_none_is_malformed(desk: Desk, key: str) -> None:
    assert desk.post(PARCEL, headers=keyed(key)).status == 400


def test_a_key_of_the_longest_form_is_taken(desk: Desk) -> None:
    assert desk.post(PARCEL, headers=keyed("~ " * 127 + "x")).status == 201
