"""Labeling teams and their members, for administrators.

Trigger: API Gateway. Effect: the labeling service's workteams and the user pool's groups.
Repeats: creating continues after a crash, everything else is idempotent; POST honours Idempotency-Key.
"""

import os
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access, labeling_teams
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_service import labeling_service
from groundwork.labeling_teams import LabelingTeam
from groundwork.store import JobStore
from groundwork.user_pool import UserPool

USER_POOL_CLIENT_ID = os.environ["USER_POOL_CLIENT_ID"]

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
user_pool = UserPool.from_env()
service = labeling_service()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


class NewLabelingTeam(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    description: str


@api.route("GET", "/labeling-teams", access.administer)
def list_labeling_teams(request: Request) -> Answer:
    page = labeling_teams.list_teams(service, user_pool, limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [team.summary() for team in page.items], "next_token": page.next_token})


@api.route("POST", "/labeling-teams", access.administer, idempotent=True)
def create_labeling_team(request: Request) -> Answer:
    body = request.body(NewLabelingTeam)
    team = labeling_teams.create_team(service, user_pool, name=body.name, description=body.description, client_id=USER_POOL_CLIENT_ID)
    return Answer(_detail(team), HTTPStatus.CREATED, {"Location": f"/labeling-teams/{team.name}"}, team.etag)


@api.route("GET", "/labeling-teams/{team}", access.administer)
def get_labeling_team(request: Request) -> Answer:
    team = labeling_teams.read_team(service, user_pool, request.path["team"])
    return Answer(_detail(team), etag=team.etag)


@api.route("DELETE", "/labeling-teams/{team}", access.administer)
def delete_labeling_team(request: Request) -> Answer:
    name = request.path["team"]
    if "if-match" in request.headers:
        request.require_match(labeling_teams.read_team(service, user_pool, name).etag)
    labeling_teams.delete_team(service, user_pool, store, name)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("PUT", "/labeling-teams/{team}/members/{username}", access.administer)
def put_labeling_team_member(request: Request) -> Answer:
    labeling_teams.add_member(service, user_pool, name=request.path["team"], username=request.path["username"])
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("DELETE", "/labeling-teams/{team}/members/{username}", access.administer)
def remove_labeling_team_member(request: Request) -> Answer:
    labeling_teams.remove_member(service, user_pool, name=request.path["team"], username=request.path["username"])
    return Answer(status=HTTPStatus.NO_CONTENT)


def _detail(team: LabelingTeam) -> dict[str, Any]:
    members = None if team.members is None else [{"username": username} for username in team.members]
    return {**team.summary(), "members": members}


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
