"""Work on the built-in labeling service as workers and owners meet it, with the rights that the functions really have."""

import urllib.request
from html import unescape

from tests.integration.front_door import FrontDoor


def test_a_worker_sees_saves_and_declines_and_the_owner_mends_the_job_while_it_runs(door: FrontDoor) -> None:
    name = door.running_job(objects=2)
    job, owner, worker, other = f"/projects/demo/labeling-jobs/{name}", door.as_("owner"), door.as_("worker-1"), door.as_("worker-2")
    lease = worker.post(f"/work/labeling-jobs/{name}/leases").expect(201)
    held = f"/work/leases/{lease['lease_id']}"

    page = worker.get(f"{held}/page").text
    with urllib.request.urlopen(unescape(page.split('src="')[2].split('"')[0])) as picture:
        assert picture.read(4) == b"\x89PNG"
    worker.put(f"{held}/draft", {"answer": {"crowd-image-classifier": {"label": "cat"}}}).expect(204)
    assert worker.get(held).expect(200)["draft"] == {"crowd-image-classifier": {"label": "cat"}}
    worker.post(f"{held}/decline", {"reason": "The picture is dark"}).expect(204)

    listed = owner.get(f"{job}/objects").expect(200)["items"]
    assert [(item["object"], item["reasons"]) for item in listed] == [(0, ["The picture is dark"])]
    owner.put(f"{job}/instructions", {"short_instructions": "<p>Dark ones are cats</p>", "full_instructions": None}).expect(200)
    owner.post(f"{job}/objects/0/reissue").expect(204)
    owner.post(f"{job}/extend", {"task_expiration_seconds": 1_000_000}).expect(200)
    owner.post(f"{job}/pause").expect(200)
    other.post(f"/work/labeling-jobs/{name}/leases").expect(204)
    owner.post(f"{job}/resume").expect(200)

    lease = other.post(f"/work/labeling-jobs/{name}/leases").expect(201)
    assert lease["instructions_version"] == 2
    assert "Dark ones are cats" in other.get(f"/work/leases/{lease['lease_id']}/page").text
    door.label_everything("worker-2", name, "cat")
    door.label_everything("worker-1", name, "cat")
    assert door.wait_for(name, "Completed")["counters"]["human_labeled"] == 2
    assert {entry["job"] for entry in other.get("/work/history?limit=2").expect(200)["items"]} == {name}
