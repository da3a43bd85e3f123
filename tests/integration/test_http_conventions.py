"""The conventions every client relies on: idempotency keys, ETags, faults all at once, problem details."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.client import ApiClient, Response
from tests.integration.front_door import FrontDoor

JOBS = "/projects/demo/labeling-jobs"


def fresh(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def keyed(client: ApiClient, path: str, body: Any, key: str) -> Response:
    return client.post(path, body, {"Idempotency-Key": key})


@pytest.fixture
def creations(door: FrontDoor) -> dict[str, tuple[ApiClient, str, dict[str, Any] | None]]:
    upload = {"key": "datasets/x.png", "content_type": "image/png", "size": 1}
    return {
        "labeling team": (door.as_("admin"), "/labeling-teams", {"name": fresh("team"), "description": "somebody"}),
        "project": (door.as_("admin"), "/projects", {"name": fresh("project"), "owner": "owner"}),
        "upload": (door.as_("owner"), "/projects/demo/uploads", upload),
        "draft": (door.as_("owner"), JOBS, {"name": fresh("draft"), "draft": True}),
        "lease": (door.as_("worker-1"), f"/work/labeling-jobs/{door.running_job(objects=1)}/leases", None),
    }


def test_a_request_repeated_with_its_key_gets_the_first_answer_again(
    creations: dict[str, tuple[ApiClient, str, dict[str, Any] | None]],
) -> None:
    for what, (client, path, body) in creations.items():
        key = fresh("key")

        first, again = keyed(client, path, body, key), keyed(client, path, body, key)

        assert (first.status, again.status) == (201, 201), what
        assert "Idempotent-Replayed" not in first.headers, what
        assert again.headers.get("Idempotent-Replayed") == "true", what
        assert again.body == first.body, what
        assert again.headers.get("Location") == first.headers.get("Location"), what
        if body is not None:
            assert keyed(client, path, {**body, "other": 1}, key).status == 409, what


def test_a_key_belongs_to_one_caller_and_is_not_spent_by_a_refused_request(door: FrontDoor) -> None:
    key, name = fresh("key"), fresh("draft")

    refused = keyed(door.as_("owner"), JOBS, {"name": "-", "draft": True}, key)
    accepted = keyed(door.as_("owner"), JOBS, {"name": name, "draft": True}, key)
    others = keyed(door.as_("collaborator"), JOBS, {"name": fresh("draft"), "draft": True}, key)

    assert (refused.status, accepted.status, others.status) == (422, 201, 201)
    assert "Idempotent-Replayed" not in others.headers
    assert {keyed(door.as_("owner"), JOBS, {}, bad).status for bad in ("", "x" * 256, "a\tb")} == {400}


def test_of_edits_at_the_same_time_one_wins_and_none_is_lost_unseen(door: FrontDoor) -> None:
    owner, path = door.as_("owner"), f"{JOBS}/{fresh('draft')}"
    owner.post(JOBS, {"name": path.rpartition("/")[2], "draft": True}).expect(201)
    etag = owner.get(path).headers["ETag"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: owner.patch(path, {"description": f"edit {n}"}, {"If-Match": etag}), range(4)))

    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]
    won = next(answer for answer in answers if answer.status == 200)
    assert owner.get(path).body["description"] == won.body["description"]


def test_everybody_who_asks_for_the_stop_of_a_job_gets_it(door: FrontDoor) -> None:
    name = door.running_job(objects=1)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: door.as_("owner").post(f"{JOBS}/{name}/stop"), range(4)))

    assert {answer.status for answer in answers} == {202}
    door.wait_for(name, "Stopped")
    assert door.statuses(name).count("Stopping") == 1


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"{", 400, "malformed"),
        (b'{"name": "\\ud800"}', 400, "malformed"),
        (b"[" * 10_000, 400, "malformed"),
        (b" " * 1_100_000, 413, "too-large"),
        (b'{"name": "large", "draft": true, "description": "' + b"x" * 400_000 + b'"}', 422, "validation"),
        (b'{"name": "many", "draft": true, "labels": [' + b"1," * 400_000 + b"1]}", 422, "validation"),
        (b'{"name": "odd", "draft": true, "labels": [{"label": "a", "x": 1}], "y": null}', 422, "validation"),
    ],
)
def test_hostile_bodies_are_refused_as_problems(door: FrontDoor, body: bytes, status: int, problem: str) -> None:
    answer = door.as_("owner").post(JOBS, body)

    assert (answer.status, answer.body["type"]) == (status, f"/problems/{problem}")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.body) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}


def test_requests_that_reach_no_route_are_problems_too(door: FrontDoor) -> None:
    owner = door.as_("owner")

    answers = {
        "no token": door.nobody.get("/projects/demo"),
        "unknown path": owner.get("/projects/demo/nothing"),
        "unknown path without a token": door.nobody.get("/nothing"),
        "wrong method": owner.put(JOBS, {}),
        "wrong method without a token": door.nobody.put(JOBS, {}),
    }

    assert {what: answer.status for what, answer in answers.items()} == {
        "no token": 401,
        "unknown path": 404,
        "unknown path without a token": 401,
        "wrong method": 405,
        "wrong method without a token": 401,
    }
    assert answers["wrong method"].headers["Allow"] == "GET, POST"
    for answer in answers.values():
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.body) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
        assert answer.body["status"] == answer.status


def test_jobs_are_listed_newest_first_and_by_status(door: FrontDoor) -> None:
    owner, drafts = door.as_("owner"), [fresh("draft") for _ in range(3)]
    for name in drafts:
        owner.post(JOBS, {"name": name, "draft": True}).expect(201)

    newest = [job["name"] for job in owner.get(f"{JOBS}?limit=3").expect(200)["items"]]
    by_status = owner.get(f"{JOBS}?status=Draft&limit=3").expect(200)

    assert newest == drafts[::-1]
    assert [(job["name"], job["status"]) for job in by_status["items"]] == [(name, "Draft") for name in drafts[::-1]]


def test_a_draft_with_thousands_of_faults_is_kept_and_counts_them(door: FrontDoor) -> None:
    draft = {"name": fresh("draft"), "draft": True, "labels": [""] * 4_000, "full_instructions": "漢" * 20_000}

    job = keyed(door.as_("owner"), JOBS, draft, fresh("key")).expect(201)

    assert job["validation"]["errors"] > 4_000
    assert 0 < len(job["validation"]["faults"]) < 4_000


def test_a_draft_of_a_name_that_was_used_before_begins_a_new_history(door: FrontDoor) -> None:
    owner, name = door.as_("owner"), fresh("draft")
    owner.post(JOBS, {"name": name, "draft": True, "description": "first"}).expect(201)
    owner.patch(f"{JOBS}/{name}", {"description": "edited"}).expect(200)
    owner.delete(f"{JOBS}/{name.upper()}").expect(204)

    owner.post(JOBS, {"name": name, "draft": True}).expect(201)

    assert [event["type"] for event in door.events(name)] == ["Created"]
