"""Manifests that nobody should send, through the front door: a report each, and no other job is disturbed.

CI sends a few; GROUNDWORK_HOSTILE_MANIFESTS=200 sends them all.
"""

import os
import uuid
from itertools import batched

import pytest

from tests.hostile_manifests import COUNT, hostile_manifests
from tests.integration.front_door import FrontDoor

# The local AWS has no scheduler: whatever is asked of it runs at once, on the few cores there are.
AT_ONCE = 5


@pytest.mark.timeout(3600)
def test_a_hostile_manifest_gets_a_report_and_other_jobs_go_on(door: FrontDoor) -> None:
    sent = int(os.environ.get("GROUNDWORK_HOSTILE_MANIFESTS", "5"))
    chosen = [found for number, found in enumerate(hostile_manifests()) if number % (COUNT // sent) == 7 % (COUNT // sent)]
    bystander = door.create(door.definition(door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(1)])))
    owner = door.as_("owner")
    for some in batched(((name, body) for name, body in chosen if body), AT_ONCE, strict=False):  # an upload has at least one byte
        jobs = {}
        for name, body in some:
            uri = owner.upload("demo", f"manifests/{uuid.uuid4().hex[:8]}.txt", body, "text/plain")
            jobs[name] = door.create(door.definition(uri))
        for name, job in jobs.items():
            assert door.wait_for(job, "Draft")["validation"]["state"] == "failed", name
            report = owner.get(f"/projects/demo/labeling-jobs/{job}/validation-report").expect(200)
            assert report["errors"] > 0, name

    assert door.wait_for(bystander, "InProgress")["validation"]["state"] == "passed"
