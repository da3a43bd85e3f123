"""A project's labeling jobs: draft, create, clone, read, edit, submit, stop, delete; their history, report and output.

Trigger: API Gateway. Effect: the jobs table; launch and stop follow from the events that the table's stream announces.
Repeats: writes are conditional; POST honours Idempotency-Key.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

from groundwork import access
from groundwork.data_locations import S3Uri
from groundwork.errors import InvalidRequestError, NotFoundError
from groundwork.exports.export import Export
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs import drafting
from groundwork.labeling_jobs.definition import read_definition
from groundwork.labeling_jobs.drafting import Surroundings
from groundwork.labeling_jobs.job import LabelingJob, rfc3339
from groundwork.labeling_teams import member_count
from groundwork.lazy_client import client_on_first_use
from groundwork.presigning import WorkerView
from groundwork.rules import fault
from groundwork.store import JobStore

if TYPE_CHECKING:
    from typing import Literal

    from mypy_boto3_s3 import S3Client

URL_LIFETIME = timedelta(minutes=15)

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
s3: "S3Client" = client_on_first_use("s3", config=Config(signature_version="s3v4"))
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)
data_bucket = os.environ["DATA_BUCKET"]
surroundings = Surroundings(
    region=os.environ["AWS_REGION"],
    account_id=os.environ["ACCOUNT_ID"],
    labeling_service=cast("Literal['BuiltIn', 'SageMaker']", os.environ["LABELING_SERVICE"]),
    data_locations=store.data_locations,
    team_member_count=member_count,
    view=WorkerView.from_env(),
)


class CloneName(BaseModel):
    """The new draft's name."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str


JOBS = "/projects/{project}/labeling-jobs"
JOB = JOBS + "/{name}"


@api.route("POST", JOBS, access.contribute, idempotent=True)
def create_labeling_job(request: Request) -> Answer:
    document = request.json()
    is_draft = document.pop("draft", False) if isinstance(document, dict) else False
    if not isinstance(is_draft, bool):
        raise InvalidRequestError([fault("request.field-invalid", pointer="/draft", field="draft", problem="it is neither true nor false")])
    job = drafting.create(
        store,
        surroundings,
        project=request.project,
        definition=read_definition(document),
        is_draft=is_draft,
        by=request.caller.username,
        now=datetime.now(UTC),
        creation_key=request.idempotency_key,
    )
    return _new_job(job, HTTPStatus.CREATED if is_draft else HTTPStatus.ACCEPTED)


@api.route("GET", JOBS, access.read_project)
def list_labeling_jobs(request: Request) -> Answer:
    # A member's project exists; an administrator may ask for any.
    if request.role is None and store.project(request.project) is None:
        raise NotFoundError(f"There is no project {request.project!r}.")
    page = store.jobs(
        request.project, status=request.status_filter(), limit=request.page_limit(), next_token=request.query.get("next_token")
    )
    return Answer({"items": [job.resource() for job in page.items], "next_token": page.next_token})


@api.route("GET", "/labeling-jobs", access.administer)
def list_all_labeling_jobs(request: Request) -> Answer:
    page = store.all_jobs(status=request.status_filter(), limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [job.resource() for job in page.items], "next_token": page.next_token})


@api.route("GET", JOB, access.read_project)
def get_labeling_job(request: Request) -> Answer:
    return _job(request.labeling_job)


@api.route("PATCH", JOB, access.contribute)
def edit_draft(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    by, now = request.caller.username, datetime.now(UTC)
    return _job(drafting.edit(store, surroundings, request.labeling_job, request.json(), by=by, now=now))


@api.route("DELETE", JOB, access.delete_labeling_job)
def delete_labeling_job(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    drafting.delete(store, request.labeling_job, now=datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("POST", JOB + "/submit", access.contribute, idempotent=True)
def submit_draft(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    by, now = request.caller.username, datetime.now(UTC)
    return _job(drafting.submit(store, surroundings, request.labeling_job, by=by, now=now), HTTPStatus.ACCEPTED)


@api.route("POST", JOB + "/stop", access.stop_labeling_job, idempotent=True)
def stop_labeling_job(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    by, now = request.caller.username, datetime.now(UTC)
    return _job(drafting.stop(store, request.labeling_job, by=by, now=now, is_exact="if-match" in request.headers), HTTPStatus.ACCEPTED)


@api.route("POST", JOB + "/clone", access.contribute, idempotent=True)
def clone_labeling_job(request: Request) -> Answer:
    job = drafting.clone(
        store,
        surroundings,
        request.labeling_job,
        name=request.body(CloneName).name,
        by=request.caller.username,
        now=datetime.now(UTC),
        creation_key=request.idempotency_key,
    )
    return _new_job(job, HTTPStatus.CREATED)


@api.route("GET", JOB + "/events", access.read_project)
def list_events(request: Request) -> Answer:
    page = store.job_events(request.labeling_job, limit=request.page_limit(), next_token=request.query.get("next_token"))
    items = [{"at": rfc3339(event.at), "type": event.type, "detail": event.detail} for event in page.items]
    return Answer({"items": items, "next_token": page.next_token})


@api.route("GET", JOB + "/parts", access.read_project)
def list_parts(request: Request) -> Answer:
    """The parts of a split labeling job, in order; none of any other."""
    return Answer({"items": [part.resource() for part in store.parts(request.labeling_job)], "next_token": None})


@api.route("GET", JOB + "/validation-report", access.read_project)
def get_validation_report(request: Request) -> Answer:
    """The report of the last finished validation; before that, what checking the draft's definition found."""
    job = request.labeling_job
    uri = S3Uri.parse(job.validation.report_uri or "")
    if uri is None:
        return Answer(job.resource()["validation"])
    return Answer(json.loads(s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()))


@api.route("GET", JOB + "/output", access.read_project)
def get_output(request: Request) -> Answer:
    job = request.labeling_job
    uri = job.output_manifest()
    expires_at = datetime.now(UTC) + URL_LIFETIME
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": uri.bucket, "Key": uri.key}, ExpiresIn=int(URL_LIFETIME.total_seconds())
    )
    resource = job.resource()
    return Answer({"output_manifest_uri": str(uri), "url": url, "expires_at": rfc3339(expires_at), "counters": resource["counters"]})


class NewExport(BaseModel):
    """An export to write."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: str


@api.route("POST", JOB + "/exports", access.contribute, idempotent=True)
def request_export(request: Request) -> Answer:
    # Only this route pays for loading the formats.
    from groundwork.exports import exporting

    job, now = request.labeling_job, datetime.now(UTC)
    wanted = request.body(NewExport).format
    export = exporting.request_export(store, job, wanted, by=request.caller.username, now=now, creation_key=request.idempotency_key)
    location = {"Location": f"/projects/{quote(job.project)}/labeling-jobs/{quote(job.name)}/exports/{export.id}"}
    return Answer({**export.resource(now), "url": None, "expires_at": None}, HTTPStatus.ACCEPTED, location)


@api.route("GET", JOB + "/exports", access.read_project)
def list_exports(request: Request) -> Answer:
    page = store.exports(request.labeling_job.job_id, limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [_export(export) for export in page.items], "next_token": page.next_token})


@api.route("GET", JOB + "/exports/{export_id}", access.read_project)
def get_export(request: Request) -> Answer:
    export = store.export(request.labeling_job.job_id, request.path["export_id"])
    if export is None:
        raise NotFoundError(f"The labeling job has no export {request.path['export_id']!r}.")
    return Answer(_export(export))


def _export(export: Export) -> dict[str, Any]:
    now = datetime.now(UTC)
    uri = S3Uri.parse(export.uri or "")
    url = expires_at = None
    if uri is not None:
        name = f"{export.job_name}-{uri.key.rpartition('/')[2]}"
        attachment = f'attachment; filename="{name}"'
        url = s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": uri.bucket, "Key": uri.key, "ResponseContentDisposition": attachment},
            ExpiresIn=int(URL_LIFETIME.total_seconds()),
        )
        expires_at = rfc3339(now + URL_LIFETIME)
    return {**export.resource(now), "url": url, "expires_at": expires_at}


def _new_job(job: LabelingJob, status: HTTPStatus) -> Answer:
    location = {"Location": f"/projects/{quote(job.project)}/labeling-jobs/{quote(job.name)}"}
    return Answer(job.resource(), status, location, job.etag)


def _job(job: LabelingJob, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(job.resource(), status, etag=job.etag)


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
