"""Work on the built-in labeling service, for members of labeling teams: jobs with work, leases on tasks, worker pages, answers.

Trigger: API Gateway. Effect: the engine's table, and each accepted answer as an object in S3.
Repeats: harmless; asking again gives the lease already held, and an answer counts once, however often it is sent.
"""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ConfigDict

from groundwork import access
from groundwork.engine.work import Work, Worker
from groundwork.engine.worker_pages import WorkerPages
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.store import JobStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
work = Work.from_env(store)
worker_pages = WorkerPages.from_env(store)
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


class AnswerBody(BaseModel):
    """What a worker page submits."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    answer: dict[str, Any]


class DeclineBody(BaseModel):
    """Why a worker does not want an object."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: str


@api.route("GET", "/work/labeling-jobs", access.work)
def list_labeling_jobs(request: Request) -> Answer:
    limit, after = request.page_limit(), request.query.get("next_token", "")
    jobs = [job for job in work.labeling_jobs(_worker(request), datetime.now(UTC)) if job.order > after]
    items = [
        {
            "name": job.name,
            "title": job.title,
            "description": job.description,
            "task_type": job.task_type,
            "available": job.available,
            "answered_by_me": job.answered_by_me,
            "with_others": job.with_others,
            "priority": job.priority,
        }
        for job in jobs[:limit]
    ]
    return Answer({"items": items, "next_token": jobs[limit - 1].order if len(jobs) > limit else None})


@api.route("POST", "/work/labeling-jobs/{name}/leases", access.work, idempotent=True)
def take_lease(request: Request) -> Answer:
    worker, name, now = _worker(request), request.path["name"], datetime.now(UTC)
    lease = work.take_lease(worker, name, now)
    if lease is None:
        return Answer(status=HTTPStatus.NO_CONTENT, headers={"Groundwork-With-Others": str(work.with_others(worker, name, now))})
    return Answer(lease.document(), HTTPStatus.CREATED, {"Location": f"/work/leases/{lease.hold.lease_id}"})


@api.route("GET", "/work/leases/{lease_id}", access.work)
def get_lease(request: Request) -> Answer:
    return Answer(work.lease(_worker(request), request.path["lease_id"]).document())


@api.route("GET", "/work/leases/{lease_id}/page", access.work)
def get_worker_page(request: Request) -> Answer:
    worker = _worker(request)
    lease = work.lease_in_hand(worker, request.path["lease_id"], datetime.now(UTC))
    page = worker_pages.of(lease.job, lease.task, worker.id)
    return Answer(page.html, headers={"Content-Security-Policy": page.content_security_policy}, content_type="text/html; charset=utf-8")


@api.route("POST", "/work/leases/{lease_id}/renew", access.work, idempotent=True)
def renew_lease(request: Request) -> Answer:
    return Answer(work.renew(_worker(request), request.path["lease_id"], datetime.now(UTC)).document())


@api.route("PUT", "/work/leases/{lease_id}/draft", access.work)
def save_draft(request: Request) -> Answer:
    content = request.body(AnswerBody).answer
    work.save_draft(_worker(request), request.path["lease_id"], content, datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("POST", "/work/leases/{lease_id}/answer", access.work, idempotent=True)
def answer_lease(request: Request) -> Answer:
    content = request.body(AnswerBody).answer
    work.answer(_worker(request), request.path["lease_id"], content, datetime.now(UTC))
    metrics.add_metric(name="AnswersAccepted", unit=MetricUnit.Count, value=1)
    return Answer({"accepted": True})


@api.route("POST", "/work/leases/{lease_id}/return", access.work, idempotent=True)
def return_lease(request: Request) -> Answer:
    work.give_back(_worker(request), request.path["lease_id"], datetime.now(UTC))
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("POST", "/work/leases/{lease_id}/decline", access.work, idempotent=True)
def decline_lease(request: Request) -> Answer:
    reason = request.body(DeclineBody).reason
    work.decline(_worker(request), request.path["lease_id"], reason, datetime.now(UTC))
    metrics.add_metric(name="TasksDeclined", unit=MetricUnit.Count, value=1)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("GET", "/work/history", access.work)
def list_history(request: Request) -> Answer:
    limit, next_token = request.page_limit(), request.query.get("next_token")
    entries, more = work.history(_worker(request), limit=limit, next_token=next_token)
    items = [
        {
            "job": entry.job,
            "task_id": str(entry.task),
            "lease_id": entry.lease_id,
            "taken_at": rfc3339(entry.granted_at),
            "submitted_at": rfc3339(entry.submitted_at),
            "answer": None if entry.answer is None else json.loads(entry.answer),
        }
        for entry in entries
    ]
    return Answer({"items": items, "next_token": more})


def _worker(request: Request) -> Worker:
    return work.worker(request.caller)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    return api.handle(event, context)
