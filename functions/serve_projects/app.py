"""Projects with their members, data locations and uploads, and the labeling teams that a project can choose from.

Trigger: API Gateway. Effect: the jobs table; an upload is only signed here, its bytes go to S3 directly.
Repeats: writes are conditional or idempotent; POST honours Idempotency-Key.
"""

import os
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access, projects
from groundwork.access import Role
from groundwork.data_locations import DataLocation, LocationAccess
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.store import JobStore, Project
from groundwork.user_pool import UserPool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.labeling_service import LabelingService

DATA_BUCKET = os.environ["DATA_BUCKET"]

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
user_pool = UserPool.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NewProject(_Body):
    name: str
    owner: str
    description: str = ""


class ProjectPatch(_Body):
    """A merge patch: what is left out stays, null removes."""

    description: str | None = None


class MemberRole(_Body):
    role: Role


class LocationGrant(_Body):
    s3_prefix: str
    access: LocationAccess


class UploadRequest(_Body):
    key: str
    content_type: str
    size: int


@api.route("POST", "/projects", access.administer, idempotent=True)
def create_project(request: Request) -> Answer:
    body = request.body(NewProject)
    project = projects.create_project(
        store,
        user_pool,
        name=body.name,
        description=body.description,
        owner=body.owner,
        data_bucket=DATA_BUCKET,
        now=datetime.now(UTC),
    )
    role = Role.OWNER if body.owner == request.caller.username else None
    return Answer(_project(project, role), HTTPStatus.CREATED, {"Location": f"/projects/{project.name}"}, project.etag)


@api.route("GET", "/projects", access.signed_in)
def list_projects(request: Request) -> Answer:
    page = projects.list_projects(store, request.caller, limit=request.page_limit(), next_token=request.query.get("next_token"))
    roles = projects.roles(store, request.caller.username)
    return Answer({"items": [_project(project, roles.get(project.name)) for project in page.items], "next_token": page.next_token})


@api.route("GET", "/projects/{project}", access.read_project)
def get_project(request: Request) -> Answer:
    project = projects.read_project(store, request.project)
    return Answer(_project(project, request.role), etag=project.etag)


@api.route("PATCH", "/projects/{project}", access.own_project)
def update_project(request: Request) -> Answer:
    patch = request.body(ProjectPatch)
    project = projects.read_project(store, request.project)
    request.require_match(project.etag)
    if "description" in patch.model_fields_set:
        project = projects.describe_project(store, project, patch.description or "")
    return Answer(_project(project, request.role), etag=project.etag)


@api.route("DELETE", "/projects/{project}", access.administer_project)
def delete_project(request: Request) -> Answer:
    project = projects.read_project(store, request.project)
    request.require_match(project.etag)
    projects.delete_project(store, project, datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("GET", "/projects/{project}/members", access.read_project)
def list_members(request: Request) -> Answer:
    members = projects.list_members(store, request.project)
    return Answer({"items": [_member(member.username, member.role) for member in members], "next_token": None})


@api.route("PUT", "/projects/{project}/members/{username}", access.manage_project)
def put_member(request: Request) -> Answer:
    role, username = request.body(MemberRole).role, request.path["username"]
    request.require_match(projects.member_etag(store.role(request.project, username)))
    is_new = projects.put_member(store, user_pool, project_name=request.project, username=username, role=role)
    location = {"Location": f"/projects/{request.project}/members/{quote(username, safe='')}"} if is_new else {}
    return Answer(_member(username, role), HTTPStatus.CREATED if is_new else HTTPStatus.OK, location, projects.member_etag(role))


@api.route("DELETE", "/projects/{project}/members/{username}", access.manage_project)
def remove_member(request: Request) -> Answer:
    username = request.path["username"]
    request.require_match(projects.member_etag(store.role(request.project, username)))
    projects.remove_member(store, project_name=request.project, username=username)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("GET", "/projects/{project}/data-locations", access.read_project)
def list_data_locations(request: Request) -> Answer:
    locations = projects.list_data_locations(store, request.project)
    return Answer({"items": [_location(location) for location in locations], "next_token": None})


@api.route("PUT", "/projects/{project}/data-locations/{id}", access.administer_project)
def put_data_location(request: Request) -> Answer:
    grant, location_id = request.body(LocationGrant), request.path["id"]
    before = projects.data_location(store, request.project, location_id)
    request.require_match(projects.location_etag(before))
    location = projects.put_data_location(
        store,
        project_name=request.project,
        location_id=location_id,
        s3_prefix=grant.s3_prefix,
        location_access=grant.access,
        data_bucket=DATA_BUCKET,
    )
    address = {} if before else {"Location": f"/projects/{request.project}/data-locations/{location_id}"}
    status = HTTPStatus.OK if before else HTTPStatus.CREATED
    return Answer(_location(location), status, address, projects.location_etag(location))


@api.route("DELETE", "/projects/{project}/data-locations/{id}", access.administer_project)
def delete_data_location(request: Request) -> Answer:
    location_id = request.path["id"]
    request.require_match(projects.location_etag(projects.data_location(store, request.project, location_id)))
    projects.delete_data_location(store, project_name=request.project, location_id=location_id)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("GET", "/projects/{project}/labeling-teams", access.read_project)
def list_project_labeling_teams(request: Request) -> Answer:
    from groundwork import labeling_teams

    projects.read_project(store, request.project)
    page = labeling_teams.list_teams(_labeling_service(), user_pool, limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [team.summary() for team in page.items], "next_token": page.next_token})


@api.route("POST", "/projects/{project}/uploads", access.contribute, idempotent=True)
def create_upload(request: Request) -> Answer:
    from groundwork import uploads

    body = request.body(UploadRequest)
    upload = uploads.create_upload(
        _signing_client(),
        data_bucket=DATA_BUCKET,
        project=request.project,
        key=body.key,
        content_type=body.content_type,
        size=body.size,
        by=request.caller.username,
        now=datetime.now(UTC),
    )
    return Answer(
        {"s3_uri": str(upload.uri), "url": upload.url, "fields": upload.fields, "expires_at": rfc3339(upload.expires_at)},
        HTTPStatus.CREATED,
    )


# What only one route needs is made at its first request: a cold start of the others does not wait for it.


@cache
def _labeling_service() -> "LabelingService":
    from groundwork.labeling_service import labeling_service

    return labeling_service()


@cache
def _signing_client() -> "S3Client":
    from groundwork import uploads

    return uploads.signing_client()


def _project(project: Project, role: Role | None) -> dict[str, Any]:
    """The project with the caller's own role in it."""
    return {
        "name": project.name,
        "description": project.description,
        "created_at": rfc3339(project.created_at),
        "is_being_deleted": project.is_being_deleted,
        "version": project.version,
        "role": role.value if role else None,
    }


def _member(username: str, role: Role) -> dict[str, Any]:
    return {"username": username, "role": role.value}


def _location(location: DataLocation) -> dict[str, Any]:
    return {"id": location.id, "s3_prefix": str(location.prefix), "access": location.access.value}


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
