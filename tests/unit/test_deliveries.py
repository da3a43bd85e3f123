"""The way of a fact to its subscribers: who gets it, when it is tried again, what is kept of it."""

import json
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from functions.deliver_notification import app as deliver_app
from functions.fan_out_notifications import app as fan_out_app
from functions.serve_notifications import app as serve_app
from groundwork import deliveries, events, webhooks
from groundwork.deliveries import Deliverer, Notice, Postbox, pause_after
from groundwork.events import DomainEvent
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.mail import Confirmation, MailTopics
from groundwork.store import JobStore
from groundwork.subscriptions import Kind, Subscription, Wish
from groundwork.webhooks import Failure, UnreachedError
from tests.api_events import LambdaContext, api_event, http_answer
from tests.builders import NOW, a_job, a_project, event_sample

SECRET = webhooks.new_secret()
HOOK = Wish(Kind.WEBHOOK, url="https://hooks.example.com/")


@dataclass
class Receivers:
    """Everybody's receivers: they answer in turn what is in `answers` (the last one for ever), and keep what they got."""

    answers: list[int | Failure] = field(default_factory=lambda: [204])
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str], **_: Any) -> int:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Failure):
            raise UnreachedError(answer)
        self.got.append((url, body, headers))
        return answer


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Receivers:
    receivers = Receivers()
    monkeypatch.setattr(webhooks, "post", receivers.post)
    return receivers


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


@pytest.fixture
def queue() -> str:
    return str(boto3.client("sqs").create_queue(QueueName="notifications")["QueueUrl"])


def subscribe(store: JobStore, wish: Wish = HOOK, name: str = "ops", **more: Any) -> Subscription:
    moments = {"created_at": NOW, "updated_at": NOW}
    found = {"project": "pets", "uid": f"uid-of-{name}", "created_by": "ann", "secret": SECRET, **moments, **more}
    subscription = Subscription(id=name, wish=wish, **found)
    store.save_subscription(None, subscription)
    return subscription


def a_fact(to: Status = Status.COMPLETED, **changes: Any) -> DomainEvent:
    return events.facts(a_job(status=Status.IN_PROGRESS, **changes), a_job(status=to, version=2, **changes))[0]


def a_notice(subscription: Subscription, fact: DomainEvent | None = None) -> Notice:
    fact = fact or a_fact()
    return Notice(subscription.project, subscription.id, subscription.uid, fact.name, fact.detail)


def deliver(store: JobStore, notice: Notice, number: int = 1, now: datetime = NOW) -> bool:
    deliverer = Deliverer(store, boto3.client("sns"), MailTopics.from_env(), "https://console.example.com", allow_loopback=False)
    return deliverer.deliver(notice, number, now=now)


def log(store: JobStore, subscription: Subscription) -> list[deliveries.Attempt]:
    return list(store.attempts(subscription, limit=200, next_token=None).items)


# --- who gets what ---------------------------------------------------------------------------------------------------


def queued(queue: str) -> list[Notice]:
    messages = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [Notice.of_message(message["Body"]) for message in messages]


def test_a_fact_is_queued_for_those_who_want_it(store: JobStore, queue: str) -> None:
    a_project(store, "zoo")
    subscribe(store, replace(HOOK), "all")
    subscribe(store, replace(HOOK, events=("Labeling Job Status Changed",), statuses=(Status.COMPLETED, Status.FAILED)), "ends")
    subscribe(store, replace(HOOK, events=("Labeling Job Stalled",)), "stalls")
    subscribe(store, replace(HOOK, statuses=(Status.FAILED,)), "failures")
    subscribe(store, HOOK, "gone", disabled_at=NOW)
    subscribe(store, HOOK, "others", project="zoo")

    event = event_sample("labeling_job_completed")
    fan_out_app.lambda_handler(event, LambdaContext())

    notices = queued(queue)
    assert sorted(notice.subscription_id for notice in notices) == ["all", "ends"]
    assert {notice.event_id for notice in notices} == {event["detail"]["id"]}
    assert all(notice.detail == event["detail"] for notice in notices)


@pytest.mark.parametrize("name", ["drafted", "progressed", "stalled", "stop_requested", "submitted", "validation_failed", "completed"])
def test_each_of_our_events_finds_its_way_into_a_mail_and_a_webhook(store: JobStore, receivers: Receivers, name: str) -> None:
    event = event_sample(f"labeling_job_{name}")
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    mail = subscribe(store, Wish(Kind.MAIL, address="ops@example.com"), "mail", secret=None)
    sns.create_topic(Name=f"groundwork-mail-{mail.uid}")
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(TopicArn=MailTopics.from_env().arn(mail.uid), Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")
    fact = DomainEvent(event["detail-type"], event["detail"])

    assert deliver(store, a_notice(mail, fact))
    assert deliver(store, a_notice(subscribe(store), fact))

    (mailed,) = sqs.receive_message(QueueUrl=inbox)["Messages"]
    ((url, body, headers),) = receivers.got
    assert "cats-1" in json.loads(mailed["Body"])["Subject"]
    assert "https://console.example.com/projects/pets/labeling-jobs/cats-1" in json.loads(mailed["Body"])["Message"]
    assert (url, headers["webhook-id"]) == ("https://hooks.example.com/", event["detail"]["id"])
    assert json.loads(body) == {"type": fact.name, "timestamp": fact.detail["at"], "data": fact.detail}
    assert (log(store, mail)[0].outcome, log(store, mail)[0].response_status) == ("delivered", None)


def test_a_receiver_can_verify_what_it_gets_with_either_secret_while_they_change(store: JobStore, receivers: Receivers) -> None:
    new = webhooks.new_secret()
    now = datetime.now(NOW.tzinfo)
    subscription = subscribe(store, secret=new, previous_secret=SECRET, previous_secret_ends_at=now + timedelta(hours=1))

    deliver(store, a_notice(subscription), now=now)

    ((_, body, headers),) = receivers.got
    assert Webhook(new).verify(body, headers) == Webhook(SECRET).verify(body, headers)


# --- until it is taken -----------------------------------------------------------------------------------------------


def test_a_delivery_is_tried_until_it_is_taken_under_the_same_id_and_every_attempt_is_kept(store: JobStore, receivers: Receivers) -> None:
    subscription = subscribe(store)
    receivers.answers = [Failure.NO_ANSWER, 500, 302, 204]

    done = [deliver(store, a_notice(subscription), number, NOW + timedelta(minutes=number)) for number in (1, 2, 3, 4)]

    assert done == [False, False, False, True]
    kept = [(attempt.number, attempt.outcome.value, attempt.response_status, attempt.failure) for attempt in log(store, subscription)]
    assert kept == [(4, "delivered", 204, None), (3, "failed", 302, None), (2, "failed", 500, None), (1, "failed", None, "no-answer")]
    assert {headers["webhook-id"] for _, _, headers in receivers.got} == {"id-of-cats-1-2-status-changed"}
    assert len({headers["webhook-timestamp"] for _, _, headers in receivers.got}) == 3


def test_the_log_forgets_after_a_month(store: JobStore, receivers: Receivers) -> None:
    subscription = subscribe(store)

    deliver(store, a_notice(subscription))

    (item,) = store.client.query(
        TableName="jobs",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"DELIVERIES#{subscription.uid}"}},
    )["Items"]
    assert int(item["ttl"]["N"]) == (NOW + timedelta(days=30)).timestamp()


def test_the_pauses_of_all_attempts_outlast_two_days_and_none_is_longer_than_the_queue_can_hide(template: dict[str, Any]) -> None:
    attempts = template["Resources"]["Notifications"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    first = timedelta(seconds=template["Parameters"]["WebhookPauseSeconds"]["Default"])

    pauses = [pause_after(number, first) for number in range(1, attempts)]

    assert sum(pauses, timedelta()) > timedelta(hours=36)
    assert timedelta(seconds=8) <= pauses[0] <= timedelta(seconds=12)
    assert max(pauses) < timedelta(hours=12)
    assert all(later > earlier for earlier, later in pairwise(pauses[:8]))


@given(st.integers(1, 10_000), st.integers(1, 900))
def test_no_attempt_is_too_late_to_have_a_pause(number: int, seconds: int) -> None:
    assert timedelta(0) < pause_after(number, timedelta(seconds=seconds)) < timedelta(hours=12)


def record_of(notice: Notice, receipt_handle: str, count: int) -> dict[str, Any]:
    (record,) = event_sample("notification_queued")["Records"]
    attributes = {**record["attributes"], "ApproximateReceiveCount": str(count)}
    return {**record, "body": notice.message(), "receiptHandle": receipt_handle, "attributes": attributes}


def test_a_message_that_was_not_taken_stays_in_the_queue_and_hides_for_the_pause(
    store: JobStore, queue: str, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = subscribe(store)
    hidden: list[float] = []
    monkeypatch.setattr(Postbox, "hide", lambda _, __, pause: hidden.append(pause.total_seconds()))
    receivers.answers = [503, 204]
    record = record_of(a_notice(subscription), "handle", 3)

    failed = deliver_app.lambda_handler({"Records": [record]}, LambdaContext())
    taken = deliver_app.lambda_handler({"Records": [record]}, LambdaContext())

    assert failed == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert taken == {"batchItemFailures": []}
    (pause,) = hidden
    assert 0.8 * 90 <= pause <= 1.2 * 90
    assert [attempt.number for attempt in log(store, subscription)] == [3, 3]


def test_hiding_is_the_queues_own(queue: str) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    (message,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)["Messages"]

    Postbox(sqs, queue).hide(message["ReceiptHandle"], timedelta(seconds=0.9))

    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["MessageId"] == message["MessageId"]


# --- when nobody wants it any more -----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["deleted", "made anew", "disabled"])
def test_what_waits_for_a_subscription_that_is_gone_is_dropped(store: JobStore, receivers: Receivers, change: str) -> None:
    subscription = subscribe(store)
    notice = a_notice(subscription)
    store.delete_subscription(subscription)
    if change != "deleted":
        subscribe(store, uid="another" if change == "made anew" else subscription.uid, disabled_at=NOW if change == "disabled" else None)

    assert deliver(store, notice)

    assert receivers.got == []


def test_a_receiver_that_is_gone_for_good_is_asked_no_more_until_somebody_puts_it_again(store: JobStore, receivers: Receivers) -> None:
    subscription = subscribe(store)
    receivers.answers = [410]

    assert deliver(store, a_notice(subscription))

    disabled = store.subscription("pets", "ops")
    assert disabled is not None
    assert disabled.disabled_at == NOW
    assert not disabled.wants("Labeling Job Status Changed", a_fact().detail)
    assert [(attempt.outcome, attempt.response_status) for attempt in log(store, subscription)] == [("failed", 410)]
    assert serve("PUT", "/{id}", {"kind": "webhook", "url": "https://8.8.8.8/"}).body["disabled_at"] is None


class TopicsThat(MailTopics):
    """Topics whose addressee made this of them."""

    def __init__(self, confirmation: Confirmation) -> None:
        super().__init__(boto3.client("sns"), "arn:aws:sns:us-east-1:123456789012:groundwork-mail-")
        self._confirmation = confirmation

    def confirmation(self, uid: str) -> Confirmation:
        return self._confirmation


def deliver_mail(store: JobStore, mail: Subscription, confirmation: Confirmation) -> bool:
    deliverer = Deliverer(store, boto3.client("sns"), TopicsThat(confirmation), "https://console.example.com", allow_loopback=False)
    return deliverer.deliver(a_notice(mail), 1, now=NOW)


def test_a_mail_waits_until_its_addressee_consents(store: JobStore) -> None:
    mail = subscribe(store, Wish(Kind.MAIL, address="ops@example.com"), secret=None)

    assert not deliver_mail(store, mail, Confirmation.PENDING)

    assert [(attempt.outcome, attempt.failure) for attempt in log(store, mail)] == [("failed", "pending")]


def test_an_addressee_who_ended_the_mails_is_mailed_no_more(store: JobStore) -> None:
    mail = subscribe(store, Wish(Kind.MAIL, address="ops@example.com"), secret=None)

    assert deliver_mail(store, mail, Confirmation.ENDED)

    disabled = store.subscription("pets", "ops")
    assert disabled is not None
    assert disabled.disabled_at == NOW
    assert [(attempt.outcome, attempt.failure) for attempt in log(store, mail)] == [("failed", "ended")]


def test_trouble_on_our_side_is_an_error_and_not_a_delivery(store: JobStore) -> None:
    mail = subscribe(store, Wish(Kind.MAIL, address="ops@example.com"), secret=None)

    with pytest.raises(boto3.client("sns").exceptions.NotFoundException):  # there is no topic
        deliver_mail(store, mail, Confirmation.CONFIRMED)

    assert log(store, mail) == []


# --- the log, and delivering again -----------------------------------------------------------------------------------


def serve(method: str, path: str, body: Any = None, **identifiers: str) -> Any:
    names = {"project": "pets", "id": "ops", **identifiers}
    event = api_event(method, f"/projects/{{project}}/notifications{path}".format(**names), body, username="ann", path_parameters=names)
    return http_answer(serve_app.lambda_handler(event, LambdaContext()))


def test_the_log_is_read_page_by_page_newest_first(store: JobStore, receivers: Receivers) -> None:
    subscription = subscribe(store)
    for number in range(1, 4):
        deliver(store, a_notice(subscription), number, NOW + timedelta(minutes=number))
    names = {"project": "pets", "id": "ops"}

    def page(token: str | None) -> Any:
        query = {"limit": "2", **({"next_token": token} if token else {})}
        event = api_event("GET", "/projects/pets/notifications/ops/deliveries", username="ann", path_parameters=names, query=query)
        return http_answer(serve_app.lambda_handler(event, LambdaContext())).body

    first = page(None)
    second = page(first["next_token"])

    assert [item["attempt"] for item in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_token"] is None
    assert first["items"][0] == {
        "id": first["items"][0]["id"],
        "at": "2026-11-23T12:03:00.000Z",
        "event_id": "id-of-cats-1-2-status-changed",
        "event": "Labeling Job Status Changed",
        "labeling_job": "cats-1",
        "attempt": 3,
        "outcome": "delivered",
        "response_status": 204,
        "failure": None,
    }


def test_a_replay_sends_the_same_message_again(store: JobStore, queue: str, receivers: Receivers) -> None:
    subscription = subscribe(store)
    deliver(store, a_notice(subscription))
    (attempt,) = log(store, subscription)

    answer = serve("POST", "/{id}/deliveries/{delivery_id}/replay", delivery_id=attempt.id)
    (notice,) = queued(queue)
    deliver(store, notice, now=NOW + timedelta(days=2))

    assert (answer.status, answer.body) == (202, {"event_id": attempt.event_id})
    (_, body, headers), (_, body_again, headers_again) = receivers.got
    assert (body, headers["webhook-id"]) == (body_again, headers_again["webhook-id"])


def test_there_is_no_replay_of_what_is_not_in_the_log_nor_to_a_receiver_that_is_gone(
    store: JobStore, queue: str, receivers: Receivers
) -> None:
    subscription = subscribe(store)
    receivers.answers = [410]
    deliver(store, a_notice(subscription))

    assert serve("POST", "/{id}/deliveries/{delivery_id}/replay", delivery_id="1-2").status == 404
    assert serve("POST", "/{id}/deliveries/{delivery_id}/replay", delivery_id=log(store, subscription)[0].id).status == 409
    assert queued(queue) == []


# --- from the table to the receiver, whatever fails, repeats and is shuffled -----------------------------------------


PATH = [
    a_job(status=Status.VALIDATING, version=1),
    a_job(status=Status.LAUNCHING, version=2),
    a_job(status=Status.IN_PROGRESS, version=3),
    a_job(status=Status.IN_PROGRESS, version=4, progress=75),
    a_job(status=Status.IN_PROGRESS, version=5, progress=75, stalled_since=NOW),
    a_job(status=Status.IN_PROGRESS, version=6, progress=90),
    a_job(status=Status.COMPLETED, version=7, progress=90),
]


@dataclass
class QueueInMemory:
    """Gives every message out until it is deleted, in any order."""

    waiting: list[Notice] = field(default_factory=list)

    def put(self, notice: Notice) -> None:
        self.waiting.append(notice)


@pytest.mark.parametrize("seed", range(3))
def test_every_fact_is_delivered_and_no_fact_is_made_up(seed: int, store: JobStore, receivers: Receivers) -> None:
    """Each change of a job is told ten times, shuffled; receivers fail; the function dies between the request and the word of its end."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    subscribe(store)
    changes = list(zip([None, *PATH], PATH, strict=False))
    true = {fact.detail["id"]: fact.detail for before, after in changes for fact in events.facts(before, after)}
    queue, told = QueueInMemory(), changes * 10
    answers: list[int | Failure] = [204, 204, 500, Failure.TIMEOUT]
    chance.shuffle(told)

    for before, after in told:
        for fact in events.facts(before, after):
            deliveries.fan_out(store, queue, fact.name, fact.detail)  # type: ignore[arg-type]
    while queue.waiting:
        notice = queue.waiting.pop(chance.randrange(len(queue.waiting)))
        receivers.answers = [chance.choice(answers)]
        dies = chance.random() < 0.1
        if not deliver(store, notice) or dies:
            queue.put(notice)

    taken = [json.loads(body)["data"] for _, body, _ in receivers.got]
    assert len(true) == 9
    assert {detail["id"] for detail in taken} == set(true)
    assert all(detail == true[detail["id"]] for detail in taken)
