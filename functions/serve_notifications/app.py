"""A project's notifications: who hears of its labeling jobs, by mail or webhook; what was delivered, and delivering it again.

Trigger: API Gateway. Effect: the jobs table; topics of mail subscriptions; the queue of notices, for a replay.
Repeats: writes are conditional; putting and deleting again is harmless; POST honours Idempotency-Key.
"""

import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from groundwork import access, deliveries, projects, subscriptions
from groundwork.deliveries import Postbox
from groundwork.events import EventName
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.lazy_client import client_on_first_use
from groundwork.mail import MailTopics
from groundwork.store import JobStore
from groundwork.subscriptions import Kind, Subscription, Wish

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
mail = MailTopics.from_env()
postbox = Postbox(client_on_first_use("sqs"), os.environ["NOTIFICATIONS_QUEUE_URL"])
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)
allow_loopback = os.environ["ALLOW_LOOPBACK_WEBHOOKS"] == "true"

NOTIFICATIONS = "/projects/{project}/notifications"
NOTIFICATION = NOTIFICATIONS + "/{id}"
DELIVERIES = NOTIFICATION + "/deliveries"


class NotificationWish(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Kind
    address: str | None = None
    url: str | None = None
    events: tuple[EventName, ...] | None = None
    statuses: tuple[Status, ...] | None = None


@api.route("GET", NOTIFICATIONS, access.read_project)
def list_notifications(request: Request) -> Answer:
    projects.read_project(store, request.project)
    return Answer({"items": [_resource(found) for found in store.subscriptions(request.project)], "next_token": None})


@api.route("GET", NOTIFICATION, access.read_project)
def get_notification(request: Request) -> Answer:
    subscription = _subscription(request)
    return Answer(_resource(subscription), etag=subscription.etag)


@api.route("PUT", NOTIFICATION, access.manage_project)
def put_notification(request: Request) -> Answer:
    wish = Wish(**dict(request.body(NotificationWish)))
    before = store.subscription(request.project, request.path["id"])
    request.require_match(before.etag if before else '"none"')
    subscription = subscriptions.put_subscription(
        store,
        mail,
        before,
        wish,
        project=request.project,
        subscription_id=request.path["id"],
        by=request.caller.username,
        now=datetime.now(UTC),
        allow_loopback=allow_loopback,
    )
    is_new_secret = subscription.secret is not None and (before is None or before.secret != subscription.secret)
    status = HTTPStatus.OK if before else HTTPStatus.CREATED
    location = {} if before else {"Location": f"/projects/{request.project}/notifications/{subscription.id}"}
    return Answer(_resource(subscription, with_secret=is_new_secret), status, location, subscription.etag)


@api.route("DELETE", NOTIFICATION, access.manage_project)
def delete_notification(request: Request) -> Answer:
    subscription = _subscription(request)
    request.require_match(subscription.etag)
    subscriptions.delete_subscription(store, mail, subscription)
    return Answer(status=HTTPStatus.NO_CONTENT)


@api.route("POST", NOTIFICATION + "/rotate-secret", access.manage_project, idempotent=True)
def rotate_notification_secret(request: Request) -> Answer:
    subscription = _subscription(request)
    request.require_match(subscription.etag)
    rotated = subscriptions.rotate_secret(store, subscription, now=datetime.now(UTC))
    return Answer(_resource(rotated, with_secret=True), etag=rotated.etag)


@api.route("GET", DELIVERIES, access.read_project)
def list_deliveries(request: Request) -> Answer:
    page = store.attempts(_subscription(request), limit=request.page_limit(), next_token=request.query.get("next_token"))
    return Answer({"items": [attempt.resource() for attempt in page.items], "next_token": page.next_token})


@api.route("POST", DELIVERIES + "/{delivery_id}/replay", access.manage_project, idempotent=True)
def replay_delivery(request: Request) -> Answer:
    attempt = deliveries.replay(store, postbox, _subscription(request), request.path["delivery_id"])
    return Answer({"event_id": attempt.event_id}, HTTPStatus.ACCEPTED)


def _subscription(request: Request) -> Subscription:
    return subscriptions.read_subscription(store, request.project, request.path["id"])


def _resource(subscription: Subscription, *, with_secret: bool = False) -> dict[str, Any]:
    is_mail = subscription.wish.kind is Kind.MAIL
    confirmation = mail.confirmation(subscription.uid).value if is_mail else None
    return {**subscription.resource(), "confirmation": confirmation, **({"secret": subscription.secret} if with_secret else {})}


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
