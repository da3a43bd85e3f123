"""A custom job with the functions and the page of examples/custom_labeling, from manifest to output through the front door."""

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.front_door import FrontDoor

EXAMPLE = Path(__file__).parents[2] / "examples/custom_labeling"
REPLIES = ("Sure, happy to help!", "Thanks.", "Read the manual.")


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def deployed(door: FrontDoor, folder: str, name: str) -> str:
    """As `sam deploy` in the example's folder does; the function's ARN."""
    functions, iam = door.operator("lambda"), door.operator("iam")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(EXAMPLE / folder / "app.py", "app.py")
    with suppress(functions.exceptions.ResourceNotFoundException):
        return str(functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())["FunctionArn"])
    answers = f"arn:aws:s3:::{door.addresses['data_bucket']}/projects/*/annotations/*"
    trust = policy(Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=policy(Action="s3:GetObject", Resource=answers))
    made = functions.create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.lambda_handler", Role=role, Code={"ZipFile": archive.getvalue()}, Timeout=30
    )
    return str(made["FunctionArn"])


@pytest.fixture(scope="module")
def functions(door: FrontDoor) -> dict[str, str]:
    return {
        "pre_annotation_function_arn": deployed(door, "pre_annotation", "LabelingFunction_demo_replies"),
        "consolidation_function_arn": deployed(door, "consolidation", "LabelingFunction__tone"),
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
