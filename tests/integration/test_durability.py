"""What was accepted is never lost and never counted twice, whatever is lost or cut off beside it."""

import json
import socket
import urllib.parse
from typing import Any

from local import stack as local_stack
from local.place import Place
from tests.integration.front_door import FrontDoor, eventually

_ANSWER = {"answer": {"crowd-image-classifier": {"label": "dog"}}}


def test_a_job_whose_items_are_lost_goes_on_once_the_table_is_made_anew(door: FrontDoor, place: Place) -> None:
    name = door.running_job(objects=3)
    lease = door.lease("worker-1", name)
    assert lease is not None
    door.answer("worker-1", lease, "dog")
    eventually(lambda: "token" in _record(door, name), "the record of the waiting job")

    door.lose_engine_items(name)
    lost = door.as_("worker-2").post(f"/work/labeling-jobs/{name}/leases")
    restored = local_stack.rebuild(place)
    eventually(lambda: len(door.engine_tasks(name)) == 3, "the tasks to be loaded")
    eventually(lambda: door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", _ANSWER).status == 200, "the run to wait")
    answered = door.label_everything("worker-2", name, "cat")
    job = door.wait_for(name, "Completed")

    assert lost.status == 404
    assert restored == 1
    assert answered == 2
    assert job["counters"]["human_labeled"] == 3
    assert sorted(line[name] for line in door.output(name)) == [0, 0, 1]


def _record(door: FrontDoor, name: str) -> dict[str, Any]:
    """What S3 keeps of the labeling job itself."""
    found = door.operator("s3").get_object(Bucket=door.resources["DataBucket"], Key=f"engine/labeling-jobs/{name.lower()}.json")
    record: dict[str, Any] = json.loads(found["Body"].read())
    return record


def test_a_connection_that_is_cut_anywhere_while_an_answer_is_sent_costs_nothing(door: FrontDoor) -> None:
    shares = (0.0, 0.5, 0.95, 1.0)  # of the request that got through
    name = door.running_job(objects=len(shares))
    accepted = []
    for share in shares:
        lease = door.lease("worker-1", name)
        assert lease is not None
        path = f"/work/leases/{lease['lease_id']}/answer"

        _send_and_hang_up(door, path, share)
        accepted.append(door.as_("worker-1").post(path, _ANSWER).body)
    job = door.wait_for(name, "Completed")

    assert accepted == [{"accepted": True}] * len(shares)
    assert job["counters"]["human_labeled"] == len(shares)
    assert [line[name] for line in door.output(name)] == [1] * len(shares)


def _send_and_hang_up(door: FrontDoor, path: str, share: float) -> None:
    address = urllib.parse.urlsplit(f"{door.addresses['api_url']}{path}")
    body = json.dumps(_ANSWER).encode()
    lines = (
        f"POST {address.path} HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: Bearer {door.as_('worker-1').token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    request = "\r\n".join(lines).encode() + body
    with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
        connection.sendall(request[: int(len(request) * share)])
