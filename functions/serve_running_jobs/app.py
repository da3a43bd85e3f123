"""Labeling jobs that run on the built-in labeling service: pause, resume, extend, new instructions, objects put aside.

Trigger: API Gateway. Effect: the engine's table, the jobs table with its history, and a template for each version of the instructions.
Repeats: harmless; what is so already stays so.
"""

import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from pydantic import BaseModel, ConfigDict

from groundwork import access
from groundwork.errors import InvalidRequestError, NotFoundError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import LabelingJob, rfc3339
from groundwork.labeling_jobs.steering import Steering
from groundwork.labeling_service import job_control
from groundwork.lazy_client import client_on_first_use
from groundwork.rules import fault
from groundwork.store import JobStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
steering = Steering(store, job_control(), client_on_first_use("s3"), os.environ["DATA_BUCKET"])
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)

JOB = "/projects/{project}/labeling-jobs/{name}"


class ExtendBody(BaseModel):
    """How long tasks are offered, counted from the job's creation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    task_expiration_seconds: int


class InstructionsBody(BaseModel):
    """Instructions as in a labeling job's definition; null: the task type's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    short_instructions: str | None
    full_instructions: str | None


@api.route("POST", JOB + "/pause", access.steer_labeling_job, idempotent=True)
def pause_labeling_job(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    return _job(steering.pause(request.labeling_job, by=request.caller.username, now=datetime.now(UTC)))


@api.route("POST", JOB + "/resume", access.steer_labeling_job, idempotent=True)
def resume_labeling_job(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    return _job(steering.resume(request.labeling_job, by=request.caller.username, now=datetime.now(UTC)))


@api.route("POST", JOB + "/extend", access.steer_labeling_job, idempotent=True)
def extend_labeling_job(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    seconds = request.body(ExtendBody).task_expiration_seconds
    return _job(steering.extend(request.labeling_job, seconds, by=request.caller.username, now=datetime.now(UTC)))


@api.route("PUT", JOB + "/instructions", access.steer_labeling_job)
def change_instructions(request: Request) -> Answer:
    request.require_match(request.labeling_job.etag)
    body = request.body(InstructionsBody)
    short, full, by = body.short_instructions, body.full_instructions, request.caller.username
    return _job(steering.change_instructions(request.labeling_job, short, full, by=by, now=datetime.now(UTC)))


@api.route("GET", JOB + "/objects", access.steer_labeling_job)
def list_objects(request: Request) -> Answer:
    """Objects that were put aside: no others need a person's eye while a job runs."""
    if request.query.get("status", "declined") != "declined":
        raise InvalidRequestError([fault("request.field-invalid", pointer="/status", field="status", problem="it is not declined")])
    limit, after = request.page_limit(), _number(request.query.get("next_token", "-1"), "next_token")
    found = steering.put_aside(request.labeling_job, after=after, limit=limit + 1)
    items = [{"object": entry.number, "reasons": list(entry.reasons), "at": rfc3339(entry.at)} for entry in found[:limit]]
    return Answer({"items": items, "next_token": str(found[limit - 1].number) if len(found) > limit else None})


@api.route("POST", JOB + "/objects/{n}/reissue", access.steer_labeling_job, idempotent=True)
def reissue_object(request: Request) -> Answer:
    number = request.path["n"]
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise NotFoundError(f"The labeling job has no object {number!r}.")
    steering.reissue(request.labeling_job, int(number), by=request.caller.username, now=datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


def _number(text: str, field: str) -> int:
    if text == "-1" or (text.isascii() and text.isdigit() and len(text) <= 9):
        return int(text)
    raise InvalidRequestError([fault("request.field-invalid", pointer=f"/{field}", field=field, problem="it is none of ours")])


def _job(job: LabelingJob) -> Answer:
    return Answer(job.resource(), etag=job.etag)


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    return api.handle(event, context)
