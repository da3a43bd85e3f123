"""What every client asks first: is the service up, who am I, which task types are there; and what no route takes: 404 or 405.

Trigger: API Gateway. Effect: none, it only reads. Repeats: harmless.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import VERSION, access, projects
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.store import JobStore

LABELING_SERVICE = os.environ["LABELING_SERVICE"]

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


@api.route("GET", "/health", access.anyone)
def get_health(_: Request) -> Answer:
    return Answer({"status": "ok", "version": VERSION, "labeling_service": LABELING_SERVICE})


@api.route("GET", "/me", access.signed_in)
def get_me(request: Request) -> Answer:
    caller = request.caller
    memberships = [{"name": member.project, "role": member.role.value} for member in projects.memberships(store, caller.username)]
    return Answer(
        {
            "username": caller.username,
            "is_admin": caller.is_admin,
            "projects": memberships,
            "labeling_teams": sorted(caller.labeling_teams),
        }
    )


@api.route("GET", "/task-types", access.signed_in)
def list_task_types(_: Request) -> Answer:
    # Only this route pays for loading the catalogue's texts.
    from groundwork import task_types

    return Answer({"items": task_types.catalogue(), "next_token": None})


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
