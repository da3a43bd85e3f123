"""What is logged of a labeling job: enough to follow it, and nothing that is anybody's secret."""

import json
import uuid
from typing import Any

from tests.integration.front_door import FrontDoor, eventually


def logged(door: FrontDoor) -> list[str]:
    """Every line that the stack's functions logged."""
    logs = door.operator("logs")
    groups = [group for group in door.resources if group.endswith("Logs")]
    pages = (logs.get_paginator("filter_log_events").paginate(logGroupName=door.resources[group]) for group in groups)
    return [event["message"] for found in pages for page in found for event in page["events"]]


def entries(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_a_job_can_be_followed_through_the_logs_which_hold_no_secret(door: FrontDoor) -> None:
    private = f"words-{uuid.uuid4().hex}"
    answer = {"answer": {"crowd-image-classifier": {"label": private}}}
    texts = {"description": private, "short_instructions": f"<p>{private}</p>", "labels": [private, "dog"]}
    name = door.running_job(objects=1, **texts)
    lease = door.lease("worker-1", name)
    assert lease is not None
    door.as_("worker-1").get(f"/work/leases/{lease['lease_id']}/page").expect(200)
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {private: private}})
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", answer).expect(200)
    door.wait_for(name, "Completed")
    door.output(name)
    refused = door.as_("collaborator").delete(f"/projects/demo/labeling-jobs/{name}")

    def mine() -> list[dict[str, Any]] | None:
        found = [entry for entry in entries(logged(door)) if str(entry.get("labeling_job", "")).lower() == name.lower()]
        return (
            found if any(entry.get("status") == 403 for entry in found) and any(entry.get("to") == "Completed" for entry in found) else None
        )

    followed = eventually(mine, "the job's entries")
    refusal = next(entry for entry in followed if entry.get("status") == 403)
    text = "\n".join(logged(door))

    assert refused.status == 403
    assert (refusal["project"], refusal["username"]) == ("demo", "collaborator")
    assert refusal["function_request_id"] == refused.body["request_id"]
    assert all(entry["function_request_id"] for entry in followed)
    assert {entry["project"] for entry in followed if "submission" in entry} == {"demo"}  # every step of the launch
    # The submission, each step of the launch, the engine and the announcement.
    assert len({entry["function_name"] for entry in followed}) >= 8
    assert private not in text
    assert "X-Amz-Signature" not in text
    assert "Bearer " not in text
    assert all(str(door.as_(person).token) not in text for person in ("owner", "worker-1", "collaborator"))
