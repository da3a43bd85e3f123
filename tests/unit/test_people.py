"""People who sign in, through the function's front door."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.serve_people import app
from groundwork.page_tokens import page_token
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_user_pool

POOL = "us-east-1_test"


@pytest.fixture(autouse=True)
def pool(jobs_table: object) -> None:
    make_user_pool("root", "ann", "anton", "bob")


def call(method: str, path: str, body: Any = None, **event: Any) -> HttpAnswer:
    parts = path.strip("/").split("/")
    parameters = {"username": parts[1]} if len(parts) > 1 else None
    request = api_event(method, path, body, username="root", groups="admins", path_parameters=parameters, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def invite(username: str = "cleo", **event: Any) -> HttpAnswer:
    return call("POST", "/people", {"username": username, "email": f"{username}@example.com"}, **event)


def test_an_invited_person_is_there_and_has_no_password_yet() -> None:
    answer = invite()

    assert answer.status == 201
    assert answer.headers["Location"] == "/people/cleo"
    assert {**answer.body, "created_at": ""} == {
        "username": "cleo",
        "email": "cleo@example.com",
        "status": "invited",
        "enabled": True,
        "created_at": "",
    }
    assert call("GET", "/people/cleo").body == {**answer.body, "is_admin": False, "labeling_teams": []}


def test_an_invitation_goes_to_the_mail_address_and_the_address_counts_as_theirs() -> None:
    asked: list[dict[str, Any]] = []
    app.user_pool.client.meta.events.register("provide-client-params.cognito-idp.AdminCreateUser", lambda params, **_: asked.append(params))

    assert (invite().status, call("POST", "/people/cleo/invite").status) == (201, 202)

    first, again = asked
    assert first["DesiredDeliveryMediums"] == again["DesiredDeliveryMediums"] == ["EMAIL"]
    assert {"Name": "email_verified", "Value": "true"} in first["UserAttributes"]
    assert "MessageAction" not in first
    assert again["MessageAction"] == "RESEND"


def test_the_same_request_again_invites_nobody_twice() -> None:
    first, again = (invite(headers={"Idempotency-Key": "one"}) for _ in range(2))

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_name_that_is_taken_is_a_conflict() -> None:
    assert invite("ann").status == 409


@pytest.mark.parametrize("username", ["", "a b", "-ann", "ann/../root", "ann\n", "é", "x" * 129, 'a"b'])
def test_a_name_that_cannot_stand_everywhere_is_refused_with_the_rest(username: str) -> None:
    answer = call("POST", "/people", {"username": username, "email": "no address"})

    assert (answer.status, answer.fault_codes) == (422, ["person.username-invalid", "person.email-invalid"])


@pytest.mark.parametrize("username", ["a", "ann.b-c_d+e", "ann@example.com", "x" * 128])
def test_a_plain_name_is_taken(username: str) -> None:
    answer = call("POST", "/people", {"username": username, "email": "ann@example.com"})

    assert (answer.status, answer.body["username"]) == (201, username)


@pytest.mark.parametrize("code", ["LimitExceededException", "CodeDeliveryFailureException"])
def test_an_invitation_that_cannot_be_mailed_says_so(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "AdminCreateUser")

    monkeypatch.setattr(app.user_pool.client, "admin_create_user", refuse)

    answer = invite()

    assert (answer.status, "could not be mailed" in answer.body["detail"]) == (409, True)


def test_people_are_listed_page_by_page() -> None:
    found: list[str] = []
    token: str | None = None
    while True:
        answer = call("GET", "/people", query={"limit": "3", **({"next_token": token} if token else {})})
        found += [person["username"] for person in answer.body["items"]]
        token = answer.body["next_token"]
        if token is None:
            break

    assert sorted(found) == ["ann", "anton", "bob", "root"]


def test_people_are_found_by_the_beginning_of_their_names() -> None:
    assert [person["username"] for person in call("GET", "/people", query={"search": "an"}).body["items"]] == ["ann", "anton"]
    assert call("GET", "/people", query={"search": "nobody"}).body["items"] == []
    assert call("GET", "/people", query={"search": 'x" or "1" = "1'}).fault_codes == ["request.field-invalid"]


def test_a_token_is_good_for_its_own_search_only() -> None:
    token = call("GET", "/people", query={"search": "an", "limit": "1"}).body["next_token"]

    answers = [call("GET", "/people", query={"next_token": text}) for text in (token, "junk", page_token({"search": 1}))]

    assert [answer.body["errors"][0]["pointer"] for answer in answers] == ["/next_token"] * 3


def test_teams_and_the_administrators_group_are_told_apart() -> None:
    client = boto3.client("cognito-idp")
    client.create_group(UserPoolId=POOL, GroupName="vets")
    for group in ("vets", "admins"):
        client.admin_add_user_to_group(UserPoolId=POOL, GroupName=group, Username="ann")

    detail = call("GET", "/people/ann").body

    assert (detail["is_admin"], detail["labeling_teams"]) == (True, ["vets"])


def test_who_is_shut_out_cannot_sign_in_until_let_in_again() -> None:
    assert call("DELETE", "/people/ann").status == 204
    assert call("DELETE", "/people/ann").status == 204
    assert (call("GET", "/people/ann").body["enabled"], app.user_pool.may_sign_in("ann")) == (False, False)
    assert call("POST", "/people/ann/invite").status == 409

    assert call("POST", "/people/ann/enable").body["enabled"] is True
    assert app.user_pool.may_sign_in("ann")


def test_nobody_shuts_themself_out() -> None:
    answer = call("DELETE", "/people/root")

    assert (answer.status, call("GET", "/people/root").body["enabled"]) == (409, True)


def test_who_has_a_password_is_not_invited_again() -> None:
    boto3.client("cognito-idp").admin_set_user_password(UserPoolId=POOL, Username="bob", Password="Secret-secret-1", Permanent=True)

    answer = call("POST", "/people/bob/invite")

    assert (answer.status, call("GET", "/people/bob").body["status"]) == (409, "confirmed")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/invite")])
@pytest.mark.parametrize("username", ["ghost", "ANN"])
def test_a_person_is_known_by_exactly_their_name(method: str, path: str, username: str) -> None:
    assert call(method, f"/people/{username}{path}").status == 404
