"""A custom job with the functions and the page of examples/custom_labeling, from manifest to output through the front door."""

from pathlib import Path

import pytest

from tests.integration.front_door import FrontDoor

EXAMPLE = Path(__file__).parents[2] / "examples/custom_labeling"
REPLIES = ("Sure, happy to help!", "Thanks.", "Read the manual.")


@pytest.fixture(scope="module")
def functions(door: FrontDoor) -> dict[str, str]:
    return {
        "pre_annotation_function_arn": door.deploy_labeling_function(EXAMPLE / "pre_annotation/app.py", "LabelingFunction_demo_replies"),
        "consolidation_function_arn": door.deploy_labeling_function(
            EXAMPLE / "consolidation/app.py", "LabelingFunction__tone", ("s3:GetObject", "projects/*/annotations/*")
        ),
    }


def test_a_custom_job_runs_its_own_functions_around_its_own_page(door: FrontDoor, functions: dict[str, str]) -> None:
    owner = door.as_("owner")
    template = owner.upload("demo", "datasets/replies.liquid", (EXAMPLE / "page.liquid").read_bytes(), "text/html")
    manifest = door.upload_manifest([{"source": reply} for reply in REPLIES])
    definition = door.definition(manifest, task_type="Custom", task_category="Text", labels=[], workers_per_object=2)

    refused = owner.post("/projects/demo/labeling-jobs", {**definition, "template_uri": manifest, **functions})
    assert [found["code"] for found in refused.expect(422)["errors"]] == ["template.form-missing"]
    draft = {**definition, "template_uri": template, **functions, "draft": True}
    name = owner.post("/projects/demo/labeling-jobs", draft).expect(201)["name"]
    preview = owner.get(f"/projects/demo/labeling-jobs/{name}/preview?object=2")
    assert "Read the manual." in preview.text
    assert "reply of 3 words" in preview.text
    owner.post(f"/projects/demo/labeling-jobs/{name}/submit").expect(202)
    door.wait_for(name, "InProgress")

    for worker, tones in (("worker-1", ["friendly", "rude"]), ("worker-2", ["friendly", "neutral"])):
        for tone in tones:
            lease = door.lease(worker, name)
            assert lease is not None
            assert "words:</p>" in door.as_(worker).get(f"/work/leases/{lease['lease_id']}/page").text
            door.as_(worker).post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {"tone": tone}}).expect(200)
    job = door.wait_for(name, "Completed")

    assert (job["counters"]["human_labeled"], job["counters"]["failed"]) == (2, 0)
    first, short, last = door.output(name)
    assert first[name] == {"tone": "friendly", "votes": 2, "of": 2}
    assert first[f"{name}-metadata"]["type"] == "groundtruth/custom"
    assert short == {"source": "Thanks."}
    assert last[name] == {"tone": "neutral", "votes": 1, "of": 2}
