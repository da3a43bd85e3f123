"""Webhooks to a receiver beside the tests: signed, tried until they are taken, sent again on demand, and only to where they may go."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.front_door import FrontDoor, eventually


@dataclass
class Receiver:
    """What arrived while it listened."""

    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @contextmanager
    def listening(self) -> Iterator[None]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
                pass

        with ThreadingHTTPServer(("127.0.0.1", self.port), Handler) as server:
            self.port = server.server_port
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()

    def about(self, job: str, event: str) -> list[tuple[dict[str, str], bytes]]:
        """Requests that tell this of that job."""
        return [
            (headers, body)
            for headers, body in self.requests
            if (told := json.loads(body))["type"] == event and told["data"]["name"] == job
        ]


@pytest.fixture
def path(door: FrontDoor) -> Iterator[str]:
    """The address of a notification of the demo project, which is gone after the test."""
    path = f"/projects/demo/notifications/hook-{uuid.uuid4().hex[:8]}"
    yield path
    door.as_("owner").delete(path)


def a_job_with_faulty_data(door: FrontDoor) -> str:
    name = door.create(door.definition(door.upload_manifest(["this is no JSON"])))
    door.wait_for(name, "Draft")
    return name


FAULTY = "Labeling Job Validation Failed"


def test_a_webhook_is_signed_tried_until_it_is_taken_and_sent_again_on_demand(door: FrontDoor, path: str) -> None:
    receiver = Receiver()
    with receiver.listening():
        made = door.as_("owner").put(path, {"kind": "webhook", "url": receiver.url, "events": [FAULTY]}).expect(201)
    name = a_job_with_faulty_data(door)  # while nobody listens

    def log() -> list[dict[str, Any]]:
        items = door.as_("collaborator").get(f"{path}/deliveries").expect(200)["items"]
        return [item for item in items if item["labeling_job"] == name]

    eventually(lambda: [item for item in log() if item["failure"] == "no-answer"], "an attempt that found nobody")
    with receiver.listening():
        eventually(lambda: log()[0]["outcome"] == "delivered", "the delivery")
        delivered = log()[0]
        rotated = door.as_("owner").post(f"{path}/rotate-secret").expect(200)
        before = len(receiver.about(name, FAULTY))
        door.as_("owner").post(f"{path}/deliveries/{delivered['id']}/replay").expect(202)
        eventually(lambda: len(receiver.about(name, FAULTY)) > before, "the replay")

    headers, body = receiver.about(name, FAULTY)[0]
    again, body_again = receiver.about(name, FAULTY)[-1]
    assert Webhook(made["secret"]).verify(body, headers)["data"]["project"] == "demo"
    assert Webhook(made["secret"]).verify(body_again, again) == Webhook(rotated["secret"]).verify(body_again, again)
    with pytest.raises(WebhookVerificationError):
        Webhook(rotated["secret"]).verify(body, headers)
    assert body == body_again
    assert {headers["webhook-id"] for headers, _ in receiver.about(name, FAULTY)} == {delivered["event_id"]}
    assert {json.loads(body)["type"] for _, body in receiver.requests} == {FAULTY}
    assert {item["response_status"] for item in log()} == {None, 204}
    assert "secret" not in door.as_("owner").get(path).expect(200)


def test_a_webhook_goes_nowhere_but_to_public_addresses(door: FrontDoor, path: str) -> None:
    for url in ("https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/", "https://[fd00:ec2::254]/"):
        refused = door.as_("owner").put(path, {"kind": "webhook", "url": url})
        assert (refused.status, [fault["code"] for fault in refused.body["errors"]]) == (422, ["notification.url-refused"]), url

    # A name that pointed elsewhere when the notification was made.
    door.as_("owner").put(path, {"kind": "webhook", "url": "http://127.0.0.1:9/", "events": [FAULTY]}).expect(201)
    table, key = door.resources["JobsTable"], {"pk": {"S": "PROJECT#demo"}, "sk": {"S": f"NOTIFICATION#{path.rpartition('/')[2]}"}}
    stored = door.operator("dynamodb").get_item(TableName=table, Key=key)["Item"]
    stored["subscription"]["S"] = stored["subscription"]["S"].replace("http://127.0.0.1:9/", "https://192.168.0.1/")
    door.operator("dynamodb").put_item(TableName=table, Item=stored)
    a_job_with_faulty_data(door)

    def failures() -> set[str]:
        return {item["failure"] for item in door.as_("owner").get(f"{path}/deliveries").expect(200)["items"]}

    assert eventually(failures, "an attempt") == {"address-refused"}


def test_mail_goes_to_a_topic_of_its_own_that_asks_for_consent(door: FrontDoor, path: str) -> None:
    made = door.as_("owner").put(path, {"kind": "mail", "address": "ops@example.com", "events": [FAULTY]}).expect(201)
    name = a_job_with_faulty_data(door)

    def delivered() -> list[dict[str, Any]]:
        items = door.as_("owner").get(f"{path}/deliveries").expect(200)["items"]
        return [item for item in items if item["outcome"] == "delivered" and item["labeling_job"] == name]

    eventually(delivered, "the mail")
    door.as_("owner").delete(path).expect(204)

    assert made["confirmation"] in {"pending", "confirmed"}  # the local stack asks nobody
    topics = [topic["TopicArn"] for topic in door.operator("sns").list_topics()["Topics"]]
    assert not [arn for arn in topics if "-mail-" in arn]


def test_the_progress_of_a_running_job_is_seen_and_told(door: FrontDoor, path: str) -> None:
    door.as_("owner").put(path, {"kind": "mail", "address": "ops@example.com", "events": ["Labeling Job Progressed"]}).expect(201)
    name = door.running_job(objects=4)
    for _ in range(2):
        lease = door.lease("worker-1", name)
        assert lease is not None
        door.answer("worker-1", lease, "cat")

    for _ in range(2):  # a schedule's call may come twice
        door.operator("lambda").invoke(FunctionName=door.resources["ReconcileLabelingJobsFunction"], Payload=b"{}")

    def told() -> list[str] | None:
        items = door.as_("owner").get(f"{path}/deliveries").expect(200)["items"]
        facts = sorted(item["event_id"].rpartition("-")[2] for item in items if item["labeling_job"] == name)
        return facts if len(facts) >= 2 else None

    assert eventually(told, "both thresholds") == ["25", "50"]
    assert door.job(name)["counters"] == {"total": 4, "human_labeled": 2, "machine_labeled": 0, "failed": 0, "unlabeled": 2}
