"""A browser over a project's data locations.

Trigger: API Gateway. Effect: none; listings and addresses are made with the workers' own read-only right.
Repeats: harmless, addresses are fresh each time.
"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import access, projects
from groundwork.data_locations import DataLocations
from groundwork.errors import InvalidRequestError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.object_browsing import Entry, browse, object_url
from groundwork.presigning import WorkerView
from groundwork.rules import fault
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
view = WorkerView.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


@api.route("GET", "/projects/{project}/objects", access.read_project)
def browse_objects(request: Request) -> Answer:
    page = browse(
        view,
        request.project,
        _locations(request),
        request.query.get("prefix"),
        limit=request.page_limit(),
        next_token=request.query.get("next_token"),
    )
    return Answer({"items": [_entry(entry) for entry in page.items], "next_token": page.next_token})


@api.route("GET", "/projects/{project}/objects/url", access.read_project)
def get_object_url(request: Request) -> Answer:
    address = request.query.get("s3_uri")
    if address is None:
        raise InvalidRequestError([fault("request.field-missing", pointer="/s3_uri", field="s3_uri")])
    found = object_url(view, request.project, _locations(request), address)
    return Answer({"s3_uri": str(found.uri), "url": found.url, "expires_at": rfc3339(found.expires_at)})


def _locations(request: Request) -> DataLocations:
    return DataLocations.of(projects.list_data_locations(store, request.project))


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind.value,
        "s3_uri": str(entry.uri),
        "name": entry.name,
        "size": entry.size,
        "last_modified": rfc3339(entry.last_modified),
    }


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
