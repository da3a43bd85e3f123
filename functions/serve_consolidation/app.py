"""The quality of a labeling job's annotation, and the wish that it be consolidated once more.

Trigger: API Gateway. Effect: the wish is noted on the engine's job; what follows is started by the engine table's stream.
Repeats: POST honours Idempotency-Key; consolidating again writes the same files.
"""

import json
import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import access
from groundwork.engine.quality import as_seen, report_key
from groundwork.engine.store import EngineStore
from groundwork.errors import ConflictError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.store import JobStore
from groundwork.user_pool import UserPool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.labeling_jobs.job import LabelingJob

DATA_BUCKET = os.environ["DATA_BUCKET"]
JOB = "/projects/{project}/labeling-jobs/{name}"

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
engine_store = EngineStore.from_env()
s3: "S3Client" = boto3.client("s3")
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


@api.route("GET", JOB + "/quality", access.read_project)
def get_quality(request: Request) -> Answer:
    """Owners and administrators see who the workers are; for others they are numbers."""
    job = request.labeling_job
    _require_whole(job)
    try:
        body = s3.get_object(Bucket=DATA_BUCKET, Key=report_key(job.name))["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise ConflictError("Nothing is known of the quality until the built-in service has consolidated annotations.") from None
    knows_workers = request.role is access.Role.OWNER or request.caller.is_admin
    names = UserPool.from_env().group_members_by_subject(job.definition.labeling_team or "") if knows_workers else None
    return Answer(as_seen(json.loads(body), names, job.job_id))


@api.route("POST", JOB + "/consolidate", access.manage_project, idempotent=True)
def consolidate(request: Request) -> Answer:
    """For a job at rest; while a job runs, its output is written by itself as annotations are completed."""
    job = request.labeling_job
    _require_whole(job)
    if not engine_store.request_consolidation(job.name, datetime.now(UTC)):
        raise ConflictError("Only a labeling job of the built-in service that is completed, stopped or failed is consolidated again.")
    return Answer(job.resource(), HTTPStatus.ACCEPTED, etag=job.etag)


def _require_whole(job: "LabelingJob") -> None:
    if job.parts is not None:
        raise ConflictError(
            "The labeling job is split: its parts are consolidated each by itself, and no quality is kept of all of them together."
        )


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
