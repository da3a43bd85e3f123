"""The way of a fact to those who subscribed to it: one message in a queue for each of them, tried until it is taken.

A message is kept by the queue until its receiver took it, and becomes visible again after a pause that grows with every attempt. After
the last one the queue moves it to the dead-letter queue. Delivery is at least once, in no particular order; the id of the fact is the
same in every attempt, so a receiver can tell what it has already.
"""

import json
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from groundwork import notifications, subscriptions, webhooks
from groundwork.errors import ConflictError
from groundwork.labeling_jobs.job import rfc3339
from groundwork.mail import Confirmation
from groundwork.subscriptions import Kind, Subscription

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from groundwork.mail import MailTopics
    from groundwork.store import JobStore

ATTEMPTS_ARE_KEPT_FOR = timedelta(days=30)
LONGEST_PAUSE = timedelta(hours=8)  # SQS hides a message for 12 hours at most
_GROWTH = 3
_JITTER = 0.2


class Outcome(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One fact for one subscription: what lies in the queue."""

    project: str
    subscription_id: str
    subscription_uid: str
    event_name: str
    detail: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.detail["id"])

    def message(self) -> str:
        return json.dumps(
            {
                "project": self.project,
                "subscription_id": self.subscription_id,
                "subscription_uid": self.subscription_uid,
                "event_name": self.event_name,
                "detail": self.detail,
            }
        )

    @classmethod
    def of_message(cls, body: str) -> Self:
        return cls(**json.loads(body))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver. `number` counts from 1; `response_status` is the receiver's (None when it gave no answer, or for mail)."""

    id: str
    at: datetime
    event_id: str
    event_name: str
    detail: Mapping[str, Any]
    number: int
    outcome: Outcome
    response_status: int | None = None
    failure: str | None = None

    def resource(self) -> dict[str, Any]:
        """What a client gets."""
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "event_id": self.event_id,
            "event": self.event_name,
            "labeling_job": self.detail["name"],
            "attempt": self.number,
            "outcome": self.outcome.value,
            "response_status": self.response_status,
            "failure": self.failure,
        }


class Postbox:
    """The queue of notices."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, notice: Notice) -> None:
        """Queue the notice."""
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=notice.message())

    def hide(self, receipt_handle: str, pause: timedelta) -> None:
        """Have the queue give the message out again after the pause."""
        self._client.change_message_visibility(
            QueueUrl=self._queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=int(pause.total_seconds())
        )


def fan_out(store: "JobStore", postbox: Postbox, event_name: str, detail: Mapping[str, Any]) -> int:
    """Queue the fact for each subscription that wants it. Returns how many do. Repeating it delivers again, under the same id."""
    project = detail["project"]
    wanting = [subscription for subscription in store.subscriptions(project) if subscription.wants(event_name, detail)]
    for subscription in wanting:
        postbox.put(Notice(project, subscription.id, subscription.uid, event_name, detail))
    return len(wanting)


def replay(store: "JobStore", postbox: Postbox, subscription: Subscription, attempt_id: str) -> Attempt:
    """Queue the fact of an earlier attempt once more. Raises NotFoundError, or ConflictError when the subscription is disabled."""
    attempt = store.attempt(subscription, attempt_id)
    if subscription.disabled_at is not None:
        raise ConflictError("The receiver said that it is gone; put the notification again first.")
    postbox.put(Notice(subscription.project, subscription.id, subscription.uid, attempt.event_name, attempt.detail))
    return attempt


def pause_after(attempt: int, first: timedelta) -> timedelta:
    """How long to wait after this attempt: three times longer after each, 8 hours at most, give or take a fifth."""
    # Not 3 ** attempt: it has no bound.
    pause = first
    for _ in range(attempt - 1):
        pause = min(pause * _GROWTH, LONGEST_PAUSE)
    return pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads the load, keeps no secret


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Takes notices to their receivers. `address` is where links in mails begin, `allow_loopback` is webhooks.post's."""

    store: "JobStore"
    sns: "SNSClient"
    mail: "MailTopics"
    address: str
    allow_loopback: bool

    def deliver(self, notice: Notice, number: int, *, now: datetime) -> bool:
        """Try once; `number` is the attempt's. Returns whether there is nothing left to try: it was taken, or nobody wants it any more.

        The attempt is kept in the delivery log. Raises botocore's errors for trouble on our side.
        """
        subscription = self.store.subscription(notice.project, notice.subscription_id)
        if subscription is None or subscription.uid != notice.subscription_uid or subscription.disabled_at is not None:
            return True
        status, failure = self._send(subscription, notice, now)
        is_delivered = failure is None and (status is None or webhooks.is_success(status))
        is_gone = status == HTTPStatus.GONE or failure == Confirmation.ENDED
        attempt = Attempt(
            id=f"{int(now.timestamp() * 1000):013d}-{secrets.token_hex(4)}",
            at=now,
            event_id=notice.event_id,
            event_name=notice.event_name,
            detail=notice.detail,
            number=number,
            outcome=Outcome.DELIVERED if is_delivered else Outcome.FAILED,
            response_status=status,
            failure=failure,
        )
        self.store.add_attempt(subscription, attempt, expires_at=now + ATTEMPTS_ARE_KEPT_FOR)
        if is_gone:
            subscriptions.disable(self.store, subscription, now=now)
        return is_delivered or is_gone

    def _send(self, subscription: Subscription, notice: Notice, now: datetime) -> tuple[int | None, str | None]:
        """The receiver's status, and why there is none. A mail that went out has neither."""
        if subscription.wish.kind is Kind.MAIL:
            # What is published before the addressee consents is lost without a word.
            confirmation = self.mail.confirmation(subscription.uid)
            if confirmation is not Confirmation.CONFIRMED:
                return None, confirmation.value
            message = notifications.message_for(notice.event_name, dict(notice.detail), self.address)
            notifications.publish(self.sns, self.mail.arn(subscription.uid), message, notice.event_name, dict(notice.detail))
            return None, None
        body = webhooks.payload(notice.event_name, notice.detail)
        headers = webhooks.signed_headers(body, message_id=notice.event_id, signing_secrets=subscription.signing_secrets(now), now=now)
        try:
            return webhooks.post(subscription.wish.url or "", body, headers, allow_loopback=self.allow_loopback), None
        except webhooks.UnreachedError as error:
            return None, error.failure.value
