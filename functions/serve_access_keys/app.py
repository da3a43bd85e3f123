"""Access keys for the SageMaker-compatible endpoint: a person's own.

Trigger: API Gateway. Effect: one write to the jobs table. Repeats: with an Idempotency-Key the same key and secret again.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access, access_keys
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.store import AccessKey, JobStore

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
source = access_keys.SecretSource.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


class NewAccessKey(BaseModel):
    """What a client may say about a new access key: the project that jobs created with it belong to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    project: str | None = None


# The answer holds the secret, so it is made again for a repeated request and kept nowhere.
@api.route("POST", "/access-keys", access.signed_in, idempotent=True, keep_answers=False)
def create_access_key(request: Request) -> Answer:
    wanted = request.body(NewAccessKey) if request.raw_body else NewAccessKey()
    key, is_replayed = access_keys.issue(
        store,
        owner=request.caller.username,
        project=wanted.project,
        now=datetime.now(UTC),
        idempotency_key=request.checked_idempotency_key(),
    )
    headers = {"Idempotent-Replayed": "true"} if is_replayed else {}
    return Answer({**_shown(key), "secret_access_key": source.secret(key.id)}, HTTPStatus.CREATED, headers)


@api.route("GET", "/access-keys", access.signed_in)
def list_access_keys(request: Request) -> Answer:
    return Answer({"items": [_shown(key) for key in store.access_keys(request.caller.username)], "next_token": None})


@api.route("DELETE", "/access-keys/{access_key_id}", access.signed_in)
def delete_access_key(request: Request) -> Answer:
    access_keys.revoke(store, owner=request.caller.username, access_key_id=request.path["access_key_id"], now=datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


def _shown(key: AccessKey) -> dict[str, Any]:
    return {"access_key_id": key.id, "project": key.project, "created_at": rfc3339(key.created_at)}


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
