"""The quality of a labeling job's annotation, and the wish that it be consolidated once more.

Trigger: API Gateway. Effect: the wish is noted on the engine's job, whose table's stream starts what follows; for a split job a machine
does. Repeats: POST honours Idempotency-Key; consolidating again writes the same files.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import access
from groundwork.engine.quality import as_seen, report_key, summary_of_all, tally_key
from groundwork.engine.store import EngineStore
from groundwork.errors import ConflictError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.lazy_client import client_on_first_use
from groundwork.store import JobStore
from groundwork.user_pool import UserPool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from groundwork.labeling_jobs.job import LabelingJob

DATA_BUCKET = os.environ["DATA_BUCKET"]
# Empty where the labeling service is not the built-in one.
SPLIT_CONSOLIDATION_MACHINE_ARN = os.environ["SPLIT_CONSOLIDATION_MACHINE_ARN"]
JOB = "/projects/{project}/labeling-jobs/{name}"
# Not more than a boto3 client keeps connections by default.
READS_AT_ONCE = 10

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
engine_store = EngineStore.from_env()
s3: "S3Client" = client_on_first_use("s3")
step_functions: "SFNClient" = client_on_first_use("stepfunctions")
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


@api.route("GET", JOB + "/quality", access.read_project)
def get_quality(request: Request) -> Answer:
    """Owners and administrators see who the workers are; for others they are numbers."""
    job = request.labeling_job
    report = _report(job)
    if report is None:
        raise ConflictError("Nothing is known of the quality until the built-in service has consolidated annotations.")
    knows_workers = request.role is access.Role.OWNER or request.caller.is_admin
    names = UserPool.from_env().group_members_by_subject(job.definition.labeling_team or "") if knows_workers else None
    return Answer(as_seen(report, names, job.job_id))


@api.route("POST", JOB + "/consolidate", access.manage_project, idempotent=True)
def consolidate(request: Request) -> Answer:
    """For a job at rest; while a job runs, its output is written by itself as annotations are completed."""
    job = request.labeling_job
    now = datetime.now(UTC)
    if job.parts is None:
        is_asked = engine_store.request_consolidation(job.name, now)
    else:
        # Loads much that no other request needs.
        from groundwork.labeling_jobs import splitting

        is_asked = splitting.consolidate_again(store, step_functions, SPLIT_CONSOLIDATION_MACHINE_ARN, job, now=now)
    if not is_asked:
        raise ConflictError("Only a labeling job of the built-in service that is completed, stopped or failed is consolidated again.")
    return Answer(job.resource(), HTTPStatus.ACCEPTED, etag=job.etag)


def _report(job: "LabelingJob") -> dict[str, Any] | None:
    """The summary of the job's quality, of a split one over all its parts; None when nothing was consolidated yet."""
    if job.parts is None:
        return _read(report_key(job.name))
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        tallies = pool.map(_read, [tally_key(part.name) for part in store.parts(job) if part.labeling_job_arn is not None])
        known = [tally for tally in tallies if tally is not None]
    return summary_of_all(known) if known else None


def _read(key: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(s3.get_object(Bucket=DATA_BUCKET, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    return document


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
