"""Manifests that Groundwork builds, and drafts that appear by themselves."""

import json
import uuid
from typing import Any

from tests.integration.front_door import FrontDoor, eventually


def folder_of(uri: str) -> str:
    return uri.rpartition("/")[0]


def built(door: FrontDoor, name: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        manifest: dict[str, Any] = door.as_("owner").get(f"/projects/demo/manifests/{name}").expect(200)
        return manifest if manifest["state"] != "building" else None

    return eventually(over, f"{name} to be built")


def test_a_manifest_is_built_of_what_lies_under_a_prefix(door: FrontDoor) -> None:
    pictures = door.upload_pictures(3)
    prefix, name = folder_of(pictures[0]), f"built-{uuid.uuid4().hex[:8]}"
    key = prefix.removeprefix(f"s3://{door.addresses['data_bucket']}/projects/demo/")
    door.as_("owner").upload("demo", f"{key}/notes.txt", b"None of it.", "text/plain")

    asked = door.as_("collaborator").post("/projects/demo/manifests", {"name": name, "input_prefix_uri": prefix, "task_category": "Image"})
    manifest = built(door, name)

    assert asked.expect(202)["state"] == "building"
    assert (manifest["state"], manifest["files"], manifest["objects"], manifest["warnings"]) == ("built", 4, 3, 1)
    assert manifest["requested_by"] == "collaborator"
    assert door.as_("outsider").get(f"/projects/demo/manifests/{name}").status == 404


def test_a_job_on_a_prefix_of_texts_is_launched_on_a_manifest_of_them(door: FrontDoor) -> None:
    folder = f"datasets/{uuid.uuid4().hex[:8]}"
    uri = door.as_("owner").upload("demo", f"{folder}/a.csv", b"id,text\n1,It came late.\n2,It came.\n", "text/csv")
    door.as_("owner").upload("demo", f"{folder}/b.txt", b"Never came.\n", "text/plain")

    of_texts = {"task_category": "Text", "task_type": "TextMultiClass", "labels": ["bad", "good"]}
    name = door.create(door.definition("", input_manifest_uri=None, input_prefix_uri=folder_of(uri), **of_texts))
    job = door.wait_for(name, "InProgress")

    assert job["validation"]["objects"] == 3
    assert [event["detail"]["objects"] for event in door.events(name) if event["type"] == "ManifestBuilt"] == [3]


def test_a_build_that_cannot_go_on_says_so_and_its_name_may_be_used_again(door: FrontDoor) -> None:
    name, prefix = f"built-{uuid.uuid4().hex[:8]}", folder_of(door.upload_pictures(1)[0])
    wanted = {"name": name, "input_prefix_uri": prefix, "task_category": "Image"}

    with door.denied("BuildManifestFunction", "s3:ListBucket"):
        door.as_("owner").post("/projects/demo/manifests", wanted).expect(202)
        refused = built(door, name)
    door.as_("owner").post("/projects/demo/manifests", wanted).expect(202)

    assert [found["code"] for found in refused["faults"]] == ["build.prefix-unreadable"]
    assert built(door, name)["state"] == "built"


def test_an_uploaded_manifest_drafts_a_job_once_and_uploading_it_again_updates_its_report(door: FrontDoor) -> None:
    pictures = door.upload_pictures(2)
    name = f"drafted-{uuid.uuid4().hex[:8]}"
    key = f"manifests/{name}.manifest"

    def upload(*lines: dict[str, Any]) -> None:
        body = "".join(json.dumps(line) + "\n" for line in lines)
        door.as_("collaborator").upload("demo", key, body.encode(), "application/jsonl")

    def validated(state: str, version: int = 0) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            answer = door.as_("collaborator").get(f"/projects/demo/labeling-jobs/{name}")
            known = answer.status == 200 and answer.body["validation"]["state"] == state and answer.body["version"] > version
            return dict(answer.body) if known else None

        return eventually(found, f"{name} to have {state} its validation")

    upload({"source-ref": pictures[0]}, {"source-ref": pictures[0] + ".gone.png"})
    first = validated("failed")
    report = door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}/validation-report").expect(200)
    upload(*({"source-ref": uri} for uri in pictures))
    second = validated("passed", first["version"])
    # Events repeat.
    executions = door.operator("stepfunctions").list_executions(stateMachineArn=door.resources["DraftMachine"], maxResults=100)[
        "executions"
    ]
    machine = door.operator("stepfunctions")
    mine = [told for told in (machine.describe_execution(executionArn=one["executionArn"])["input"] for one in executions) if key in told]
    for told in mine:
        machine.start_execution(stateMachineArn=door.resources["DraftMachine"], input=told)
    eventually(
        lambda: not machine.list_executions(stateMachineArn=door.resources["DraftMachine"], statusFilter="RUNNING")["executions"],
        "the repeated events to be taken care of",
    )

    assert (first["created_by"], first["source"]) == ("collaborator", {"kind": "upload", "detail": key})
    assert (first["task_type"], first["status"]) == ("ImageMultiClass", "Draft")
    assert [found["code"] for found in report["faults"]] == ["manifest.object-missing"]
    assert second["validation"]["objects"] == 2
    assert len(mine) == 2
    assert door.job(name) == second
    assert door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}-2").status == 404
    page = door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}/preview?object=1")
    assert page.status == 200
    assert door.as_("outsider").get(f"/projects/demo/labeling-jobs/{name}/preview").status == 404
