"""People who sign in, for administrators.

Trigger: API Gateway. Effect: the users of the user pool, and mails that invite them.
Repeats: POST honours Idempotency-Key; shutting out and letting in are idempotent.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access, people
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.people import Person, PersonWithGroups
from groundwork.store import JobStore
from groundwork.user_pool import UserPool

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
user_pool = UserPool.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)

PERSON = "/people/{username}"


class NewPerson(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    username: str
    email: str


@api.route("GET", "/people", access.administer)
def list_people(request: Request) -> Answer:
    page = people.list_people(
        user_pool, search=request.query.get("search", ""), limit=request.page_limit(), next_token=request.query.get("next_token")
    )
    return Answer({"items": [_person(person) for person in page.items], "next_token": page.next_token})


@api.route("POST", "/people", access.administer, idempotent=True)
def invite_person(request: Request) -> Answer:
    body = request.body(NewPerson)
    person = people.invite_person(user_pool, username=body.username, email=body.email)
    return Answer(_person(person), HTTPStatus.CREATED, {"Location": f"/people/{quote(person.username, safe='')}"})


@api.route("GET", PERSON, access.administer)
def get_person(request: Request) -> Answer:
    return Answer(_detail(people.read_person(user_pool, request.path["username"])))


@api.route("DELETE", PERSON, access.administer)
def disable_person(request: Request) -> Answer:
    people.disable_person(user_pool, request.path["username"], by=request.caller.username)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("POST", PERSON + "/enable", access.administer, idempotent=True)
def enable_person(request: Request) -> Answer:
    return Answer(_detail(people.enable_person(user_pool, request.path["username"])))


@api.route("POST", PERSON + "/invite", access.administer, idempotent=True)
def invite_person_again(request: Request) -> Answer:
    return Answer(_detail(people.invite_again(user_pool, request.path["username"])), HTTPStatus.ACCEPTED)


def _person(person: Person) -> dict[str, Any]:
    return {
        "username": person.username,
        "email": person.email,
        "status": person.standing.value,
        "enabled": person.is_enabled,
        "created_at": rfc3339(person.created_at),
    }


def _detail(found: PersonWithGroups) -> dict[str, Any]:
    return {**_person(found.person), "is_admin": found.is_admin, "labeling_teams": list(found.labeling_teams)}


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
