"""A project's notifications, through the function's front door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.serve_notifications import app
from groundwork import subscriptions, webhooks
from groundwork.errors import NotFoundError, PreconditionFailedError
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.mail import Confirmation, MailTopics
from groundwork.store import JobStore
from groundwork.subscriptions import Kind, Subscription, Wish
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.builders import NOW, a_project

HOOK = {"kind": "webhook", "url": "https://8.8.8.8/hook"}
MAIL = {"kind": "mail", "address": "ops@example.com"}


@pytest.fixture(autouse=True)
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


def ask(method: str, path: str, body: Any = None, **more: Any) -> HttpAnswer:
    """A request of the project's owner below /projects/pets/notifications."""
    template = "/projects/{project}/notifications" + path
    identifiers = {"project": "pets", "id": "ops", "delivery_id": "1", **more.pop("ids", {})}
    event = api_event(method, template.format(**identifiers), body, username="ann", path_parameters=identifiers, **more)
    return http_answer(app.lambda_handler(event, LambdaContext()))


def put(body: Any, **more: Any) -> HttpAnswer:
    return ask("PUT", "/{id}", body, **more)


def stored(store: JobStore) -> Subscription:
    found = store.subscription("pets", "ops")
    assert found is not None
    return found


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhooks_secret_is_shown_when_it_is_made_and_never_again(store: JobStore) -> None:
    made = put(HOOK)

    assert made.status == 201
    assert made.headers["Location"] == "/projects/pets/notifications/ops"
    assert made.body["secret"] == stored(store).secret
    assert made.body["secret"].startswith("whsec_")
    assert {name: made.body[name] for name in ("id", "kind", "url", "address", "events", "statuses", "confirmation")} == {
        **HOOK,
        "id": "ops",
        "address": None,
        "events": None,
        "statuses": None,
        "confirmation": None,
    }
    for answer in (put({**HOOK, "url": "https://8.8.4.4/"}), ask("GET", "/{id}"), ask("GET", "")):
        assert answer.status == 200
        assert made.body["secret"] not in str(answer)
    assert made.body["secret"] not in repr(stored(store))


def test_a_receiver_that_moves_keeps_its_secret_and_its_log(store: JobStore) -> None:
    put(HOOK)
    before = stored(store)

    put({**HOOK, "url": "https://8.8.4.4/", "events": ["Labeling Job Stalled"], "statuses": ["InProgress"]})

    after = stored(store)
    assert (after.secret, after.uid, after.version) == (before.secret, before.uid, 2)
    assert after.wish == Wish(Kind.WEBHOOK, None, "https://8.8.4.4/", ("Labeling Job Stalled",), (Status.IN_PROGRESS,))


def test_a_rotated_secret_is_shown_once_and_the_old_one_signs_for_a_day_beside_it(store: JobStore) -> None:
    old = put(HOOK).body["secret"]

    rotated = ask("POST", "/{id}/rotate-secret")

    now, new = datetime.now(UTC), rotated.body["secret"]
    assert rotated.status == 200
    assert new != old
    assert stored(store).signing_secrets(now) == (new, old)
    assert stored(store).signing_secrets(now + timedelta(days=1)) == (new,)
    assert new not in str(ask("GET", "/{id}"))
    ends = datetime.fromisoformat(rotated.body["previous_secret_ends_at"])
    assert timedelta(hours=23) < ends - now <= timedelta(hours=24)


def test_a_rotation_whose_answer_was_lost_is_not_done_twice(store: JobStore) -> None:
    put(HOOK)
    key = {"Idempotency-Key": "once"}

    first, again = ask("POST", "/{id}/rotate-secret", headers=key), ask("POST", "/{id}/rotate-secret", headers=key)

    assert again.body == first.body
    assert stored(store).secret == first.body["secret"]


def test_a_mail_has_no_secret_to_rotate() -> None:
    put(MAIL)

    assert ask("POST", "/{id}/rotate-secret").status == 409


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://8.8.8.8/", "notification.url-invalid"),
        ("ftp://8.8.8.8/", "notification.url-invalid"),
        ("https://ann:word@8.8.8.8/", "notification.url-invalid"),
        ("https://127.0.0.1/", "notification.url-refused"),
        ("https://169.254.169.254/latest/meta-data/", "notification.url-refused"),
        ("https://[::ffff:169.254.169.254]/", "notification.url-refused"),
        ("https://2130706433/", "notification.url-refused"),
        ("https://" + "a" * 64 + ".example/", "notification.url-unresolved"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_with_the_reason(url: str, code: str) -> None:
    answer = put({"kind": "webhook", "url": url})

    assert (answer.status, answer.fault_codes) == (422, [code])
    assert answer.body["errors"][0]["pointer"] == "/url"


def test_a_stack_on_this_machine_takes_plain_http_to_itself_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "allow_loopback", True)

    assert put({"kind": "webhook", "url": "http://127.0.0.1:8080/"}).status == 201
    assert put({"kind": "webhook", "url": "http://8.8.8.8/"}).fault_codes == ["notification.url-invalid"]
    assert put({"kind": "webhook", "url": "https://10.0.0.1/"}).fault_codes == ["notification.url-refused"]


# --- mail ------------------------------------------------------------------------------------------------------------


def mail_topics() -> list[str]:
    return [topic["TopicArn"] for topic in boto3.client("sns").list_topics()["Topics"]]


def addresses_of(store: JobStore) -> list[str]:
    topic = app.mail.arn(stored(store).uid)
    return [found["Endpoint"] for found in boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]


def test_a_mail_address_gets_a_topic_of_its_own_and_no_secret(store: JobStore) -> None:
    made = put(MAIL)

    assert made.status == 201
    assert "secret" not in made.body
    assert addresses_of(store) == ["ops@example.com"]
    assert made.body["confirmation"] in set(Confirmation)


def test_putting_a_mail_again_asks_again_and_changes_no_topic(store: JobStore) -> None:
    put(MAIL)
    topics = mail_topics()

    assert put({**MAIL, "statuses": ["Completed"]}).status == 200

    assert mail_topics() == topics
    assert addresses_of(store) == ["ops@example.com"]


def test_a_crash_before_the_topic_was_made_is_mended_by_putting_again(store: JobStore) -> None:
    put(MAIL)
    app.mail.close(stored(store).uid)
    assert ask("GET", "/{id}").body["confirmation"] == "ended"

    put(MAIL)

    assert addresses_of(store) == ["ops@example.com"]


@pytest.mark.parametrize("then", [{**MAIL, "address": "new@example.com"}, HOOK])
def test_another_address_or_kind_leaves_nothing_of_the_old_address(store: JobStore, then: dict[str, str]) -> None:
    put(MAIL)
    before = stored(store)

    changed = put(then)

    assert changed.status == 200
    assert stored(store).uid != before.uid
    assert app.mail.arn(before.uid) not in mail_topics()
    assert ("secret" in changed.body) is (then is HOOK)


@pytest.mark.parametrize(
    ("arns", "state"),
    [
        ([], Confirmation.ENDED),
        (["PendingConfirmation"], Confirmation.PENDING),
        (["Deleted"], Confirmation.ENDED),
        (["arn:aws:sns:us-east-1:123456789012:groundwork-mail-1:2"], Confirmation.CONFIRMED),
    ],
)
def test_what_the_addressee_made_of_it_is_shown(arns: list[str], state: Confirmation) -> None:
    class Topics:
        exceptions = boto3.client("sns").exceptions

        def list_subscriptions_by_topic(self, **_: str) -> dict[str, Any]:
            return {"Subscriptions": [{"SubscriptionArn": arn} for arn in arns]}

    assert MailTopics(Topics(), "arn:aws:sns:us-east-1:123456789012:groundwork-mail-").confirmation("1") is state  # type: ignore[arg-type]


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"kind": "webhook"}, [("/url", "request.field-missing")]),
        ({"kind": "mail"}, [("/address", "request.field-missing")]),
        ({**MAIL, "url": "https://8.8.8.8/"}, [("/url", "request.field-unknown")]),
        ({**MAIL, "address": "nobody"}, [("/address", "notification.address-invalid")]),
        ({**MAIL, "address": "a@b.c\nBcc: d@e.f"}, [("/address", "notification.address-invalid")]),
        (
            {**MAIL, "events": [], "statuses": []},
            [("/events", "notification.selects-nothing"), ("/statuses", "notification.selects-nothing")],
        ),
        ({**MAIL, "events": ["Something Else"]}, [("/events/0", "request.field-invalid")]),
        ({**MAIL, "statuses": ["Fine"]}, [("/statuses/0", "request.field-invalid")]),
        ({**MAIL, "kind": "pigeon"}, [("/kind", "request.field-invalid")]),
        ({**HOOK, "secret": "whsec_mine"}, [("/secret", "request.field-unknown")]),
    ],
)
def test_every_fault_of_a_request_is_named(body: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    answer = put(body)

    assert answer.status == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.body["errors"]] == faults


@pytest.mark.parametrize("name", ["Ops", "a b", "-a", "x" * 41, "ä"])
def test_an_id_is_short_and_plain(name: str) -> None:
    assert put(HOOK, ids={"id": name}).fault_codes == ["notification.id-invalid"]


def test_a_project_has_a_bounded_number_of_notifications() -> None:
    for number in range(20):
        assert put(MAIL, ids={"id": f"ops-{number}"}).status == 201

    assert put(MAIL).fault_codes == ["notification.too-many"]
    assert put(MAIL, ids={"id": "ops-0"}).status == 200
    assert [item["id"] for item in ask("GET", "").body["items"]] == sorted(f"ops-{number}" for number in range(20))


def test_deleting_removes_the_notification_and_its_topic(store: JobStore) -> None:
    put(MAIL)
    topic = app.mail.arn(stored(store).uid)

    assert (ask("DELETE", "/{id}").status, ask("DELETE", "/{id}").status, ask("GET", "/{id}").status) == (204, 404, 404)
    assert topic not in mail_topics()


@pytest.mark.parametrize(("method", "path"), [("PUT", "/{id}"), ("DELETE", "/{id}"), ("POST", "/{id}/rotate-secret")])
def test_a_change_of_an_older_copy_is_refused(method: str, path: str) -> None:
    etag = put(HOOK).headers["ETag"]
    put({**HOOK, "events": ["Labeling Job Stalled"]})
    body = HOOK if method == "PUT" else None

    assert ask(method, path, body, headers={"If-Match": etag}).status == 412
    assert ask(method, path, body, headers={"If-Match": ask("GET", "/{id}").headers["ETag"]}).status in {200, 204}


def test_a_change_at_the_same_moment_wins_once(store: JobStore) -> None:
    put(HOOK)
    before = stored(store)
    subscriptions.rotate_secret(store, before, now=NOW)

    with pytest.raises(PreconditionFailedError):
        subscriptions.rotate_secret(store, before, now=NOW)
    with pytest.raises(PreconditionFailedError):
        store.delete_subscription(before)


def test_a_project_that_is_gone_takes_no_notification_and_leaves_none(store: JobStore) -> None:
    put(HOOK)

    store.delete_project("pets")

    assert store.subscriptions("pets") == ()
    wish = Wish(Kind.WEBHOOK, url="https://8.8.8.8/")
    with pytest.raises(NotFoundError):
        subscriptions.put_subscription(
            store, app.mail, None, wish, project="pets", subscription_id="ops", by="ann", now=NOW, allow_loopback=False
        )


def test_making_it_anew_makes_another_secret(store: JobStore) -> None:
    first = put(HOOK).body["secret"]
    ask("DELETE", "/{id}")

    assert put(HOOK).body["secret"] not in {first, webhooks.new_secret()}
