"""Manifests built of all data objects under a prefix: asked for, listed, read.

Trigger: API Gateway. Effect: the jobs table; the build follows from the event that the table's stream announces.
Repeats: writes are conditional; POST honours Idempotency-Key.
"""

import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access
from groundwork.errors import NotFoundError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.store import JobStore
from groundwork.task_types import TaskCategory

DATA_BUCKET = os.environ["DATA_BUCKET"]

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


class NewManifest(BaseModel):
    """A manifest to build."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    input_prefix_uri: str
    task_category: TaskCategory


@api.route("POST", "/projects/{project}/manifests", access.contribute, idempotent=True)
def request_manifest(request: Request) -> Answer:
    from groundwork import manifest_builds

    body = request.body(NewManifest)
    manifest = manifest_builds.request_manifest(
        store,
        project=request.project,
        name=body.name,
        input_prefix_uri=body.input_prefix_uri,
        task_category=body.task_category,
        data_bucket=DATA_BUCKET,
        by=request.caller.username,
        now=datetime.now(UTC),
        creation_key=request.idempotency_key,
    )
    location = {"Location": f"/projects/{quote(manifest.project)}/manifests/{quote(manifest.name)}"}
    return Answer(manifest.resource(), HTTPStatus.ACCEPTED, location, manifest.etag)


@api.route("GET", "/projects/{project}/manifests", access.read_project)
def list_manifests(request: Request) -> Answer:
    # A member's project exists; an administrator may ask for any.
    if request.role is None and store.project(request.project) is None:
        raise NotFoundError(f"There is no project {request.project!r}.")
    page = store.manifests(request.project, limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [manifest.resource() for manifest in page.items], "next_token": page.next_token})


@api.route("GET", "/projects/{project}/manifests/{manifest}", access.read_project)
def get_manifest(request: Request) -> Answer:
    manifest = store.manifest(request.project, request.path["manifest"])
    if manifest is None:
        raise NotFoundError(f"No manifest named {request.path['manifest']!r} was built for project {request.project!r}.")
    return Answer(manifest.resource(), etag=manifest.etag)


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
