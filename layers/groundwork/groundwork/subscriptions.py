"""Who hears of a project's labeling jobs, and of which facts: mail addresses and webhooks.

A webhook's secret is made here, given out once, and never again. While it is being replaced the old one signs beside the new one.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from groundwork import webhooks
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.events import EventName
from groundwork.labeling_jobs.job import rfc3339
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.mail import is_address
from groundwork.public_addresses import AddressRefusedError, NameNotResolvedError, public_address
from groundwork.rules import Fault, fault

if TYPE_CHECKING:
    from groundwork.mail import MailTopics
    from groundwork.store import JobStore

MAX_SUBSCRIPTIONS = 20
OLD_SECRET_SIGNS_FOR = timedelta(hours=24)
_ID = re.compile(r"(?=.{1,40}\Z)[a-z0-9]+(?:-+[a-z0-9]+)*")


class Kind(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription is to be: its destination, and the facts it is for. None stands for all of them.

    `statuses` are those that a job has after the fact.
    """

    kind: Kind
    address: str | None = None
    url: str | None = None
    events: tuple[EventName, ...] | None = None
    statuses: tuple[Status, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A project's subscription. `uid` never repeats: a new one is made when the id goes to another mail address or kind."""

    project: str
    id: str
    uid: str
    wish: Wish
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    previous_secret_ends_at: datetime | None = None
    # When the receiver answered that it is gone for good (410), or the addressee ended the mails.
    disabled_at: datetime | None = None

    @property
    def etag(self) -> str:
        return f'"{self.uid}-{self.version}"'

    def wants(self, event_name: str, detail: Mapping[str, Any]) -> bool:
        """Whether the subscription is for this fact."""
        events, statuses = self.wish.events, self.wish.statuses
        return self.disabled_at is None and (events is None or event_name in events) and (statuses is None or detail["to"] in statuses)

    def signing_secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the newest first."""
        is_rotating = self.previous_secret_ends_at is not None and now < self.previous_secret_ends_at
        return tuple(secret for secret in (self.secret, self.previous_secret if is_rotating else None) if secret)

    def resource(self) -> dict[str, Any]:
        """What a client gets; the secrets are no part of it."""
        return {
            "id": self.id,
            "kind": self.wish.kind.value,
            "address": self.wish.address,
            "url": self.wish.url,
            "events": None if self.wish.events is None else list(self.wish.events),
            "statuses": None if self.wish.statuses is None else [status.value for status in self.wish.statuses],
            "created_by": self.created_by,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "previous_secret_ends_at": rfc3339(self.previous_secret_ends_at),
            "disabled_at": rfc3339(self.disabled_at),
            "version": self.version,
        }


def read_subscription(store: "JobStore", project: str, subscription_id: str) -> Subscription:
    """Raises NotFoundError."""
    subscription = store.subscription(project, subscription_id)
    if subscription is None:
        raise NotFoundError(f"Project {project!r} has no notification {subscription_id!r}.")
    return subscription


def put_subscription(
    store: "JobStore",
    mail: "MailTopics",
    before: Subscription | None,
    wish: Wish,
    *,
    project: str,
    subscription_id: str,
    by: str,
    now: datetime,
    allow_loopback: bool,
) -> Subscription:
    """Make the subscription, or change the one that was there `before`. Doing it again sends an open mail confirmation again.

    Raises InvalidRequestError, NotFoundError when there is no such project, or PreconditionFailedError.
    """
    faults = [*_id_faults(store, project, subscription_id, before), *_wish_faults(wish, allow_loopback=allow_loopback)]
    if faults:
        raise InvalidRequestError(faults)
    if before is None or (before.wish.kind, before.wish.address) != (wish.kind, wish.address):
        secret = webhooks.new_secret() if wish.kind is Kind.WEBHOOK else None
        version = before.version + 1 if before else 1
        subscription = Subscription(
            project=project,
            id=subscription_id,
            uid=uuid.uuid4().hex,
            wish=wish,
            created_by=by,
            created_at=now,
            updated_at=now,
            version=version,
            secret=secret,
        )
    else:
        subscription = replace(before, wish=wish, updated_at=now, version=before.version + 1, disabled_at=None)
    store.save_subscription(before, subscription)
    # A topic whose subscription is gone is never published to, so it does no harm when a crash leaves it.
    if before is not None and before.wish.kind is Kind.MAIL and before.uid != subscription.uid:
        mail.close(before.uid)
    if wish.address is not None:
        mail.open(subscription.uid, wish.address)
    return subscription


def delete_subscription(store: "JobStore", mail: "MailTopics", subscription: Subscription) -> None:
    """Raises PreconditionFailedError when it changed meanwhile."""
    store.delete_subscription(subscription)
    if subscription.wish.kind is Kind.MAIL:
        mail.close(subscription.uid)


def rotate_secret(store: "JobStore", subscription: Subscription, *, now: datetime) -> Subscription:
    """The webhook with a new secret; the old one signs beside it for a day. Raises ConflictError for a mail, PreconditionFailedError."""
    if subscription.secret is None:
        raise ConflictError("A mail has no secret.")
    rotated = replace(
        subscription,
        secret=webhooks.new_secret(),
        previous_secret=subscription.secret,
        previous_secret_ends_at=now + OLD_SECRET_SIGNS_FOR,
        updated_at=now,
        version=subscription.version + 1,
    )
    store.save_subscription(subscription, rotated)
    return rotated


def disable(store: "JobStore", subscription: Subscription, *, now: datetime) -> None:
    """Send nothing more until somebody puts the subscription again. Raises PreconditionFailedError."""
    store.save_subscription(subscription, replace(subscription, disabled_at=now, updated_at=now, version=subscription.version + 1))


def _id_faults(store: "JobStore", project: str, subscription_id: str, before: Subscription | None) -> Sequence[Fault]:
    if not _ID.fullmatch(subscription_id):
        return [fault("notification.id-invalid", pointer="/id")]
    if before is None and len(store.subscriptions(project)) >= MAX_SUBSCRIPTIONS:
        return [fault("notification.too-many", pointer="/id", maximum=MAX_SUBSCRIPTIONS)]
    return []


def _wish_faults(wish: Wish, *, allow_loopback: bool) -> Sequence[Fault]:
    faults = [
        fault("notification.selects-nothing", pointer=f"/{name}", field=name)
        for name, chosen in (("events", wish.events), ("statuses", wish.statuses))
        if chosen == ()
    ]
    wanted, other = ("address", "url") if wish.kind is Kind.MAIL else ("url", "address")
    if getattr(wish, other) is not None:
        faults.append(fault("request.field-unknown", pointer=f"/{other}", field=f"{other} of a {wish.kind}"))
    if getattr(wish, wanted) is None:
        faults.append(fault("request.field-missing", pointer=f"/{wanted}", field=wanted))
    elif wish.address is not None and not is_address(wish.address):
        faults.append(fault("notification.address-invalid", pointer="/address"))
    elif wish.kind is Kind.WEBHOOK and wish.url is not None:
        faults += _url_faults(wish.url, allow_loopback=allow_loopback)
    return faults


def _url_faults(url: str, *, allow_loopback: bool) -> Sequence[Fault]:
    endpoint = webhooks.endpoint_of(url)
    if endpoint is None or not (endpoint.is_encrypted or allow_loopback):
        return [fault("notification.url-invalid", pointer="/url")]
    try:
        address = public_address(endpoint.host, endpoint.port, allow_loopback=allow_loopback)
    except NameNotResolvedError:
        return [fault("notification.url-unresolved", pointer="/url", host=endpoint.host)]
    except AddressRefusedError:
        return [fault("notification.url-refused", pointer="/url", host=endpoint.host)]
    if not endpoint.is_encrypted and not address.is_loopback:
        return [fault("notification.url-invalid", pointer="/url")]
    return []
