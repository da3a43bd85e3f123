"""The results of a labeling job, object by object, as the console shows them."""

import base64
import io
from typing import Any
from urllib.parse import urlencode

from PIL import Image

from tests.integration.front_door import FrontDoor, eventually, picture


def results(door: FrontDoor, name: str, **query: Any) -> list[dict[str, Any]]:
    """All results, page by page."""
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        asked = urlencode({**query, **({"next_token": token} if token else {})})
        page = door.as_("collaborator").get(f"/projects/demo/labeling-jobs/{name}/results?{asked}").expect(200)
        found += page["items"]
        token = page["next_token"]
        if token is None:
            return found


def test_a_finished_jobs_results_show_labels_pictures_and_who_disagreed_how_much(door: FrontDoor) -> None:
    name = door.running_job(objects=3, workers_per_object=3)
    path = f"/projects/demo/labeling-jobs/{name}/results"
    before = door.as_("owner").get(path)
    last = door.lease("worker-3", name)
    assert last is not None
    disputed = last["input"]["taskObject"]
    door.answer("worker-3", last, "dog")
    for worker in ("worker-1", "worker-2", "worker-3"):
        door.label_everything(worker, name, "cat")
    door.wait_for(name, "Completed")

    found = results(door, name, limit=2)

    assert before.status == 409
    assert [(result["object"], result["state"], result["labels"]) for result in found] == [(n, "labeled", ["cat"]) for n in range(3)]
    assert {result["source"]["s3_uri"]: result["disagreement"] for result in found if result["disagreement"]} == {disputed: 0.3333}
    assert door.nobody.download(found[1]["source"]["url"]) == picture(1)
    assert [result["source"]["s3_uri"] for result in results(door, name, disagreement="true")] == [disputed]
    assert results(door, name, label="dog") == results(door, name, state="failed") == []
    assert door.as_("outsider").get(path).status == 404
    assert door.as_("owner").get(f"{path}?next_token=x&state=done").status == 422


def test_a_mask_of_a_finished_job_is_shown_to_whoever_has_the_address(door: FrontDoor) -> None:
    name = door.running_job(objects=1, task_type="SemanticSegmentation", labels=["cat"])
    lease = door.lease("worker-1", name)
    assert lease is not None
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), color="#2ca02c").save(buffer, "PNG")
    painted = {
        "labelMappings": {"cat": {"color": "#2ca02c"}},
        "labeledImage": {"pngImageData": base64.b64encode(buffer.getvalue()).decode()},
        "inputImageProperties": {"width": 8, "height": 8},
    }
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {"crowd-semantic-segmentation": painted}}).expect(200)
    door.wait_for(name, "Completed")

    (result,) = results(door, name)

    assert (result["labels"], result["confidence"], result["disagreement"]) == (["cat"], 0.0, None)
    assert door.nobody.download(result["mask_url"]).startswith(b"\x89PNG")


def test_a_verified_job_shows_what_was_verified(door: FrontDoor) -> None:
    boxes = {
        "annotations": [{"class_id": 0, "left": 0, "top": 0, "width": 4, "height": 4}],
        "image_size": [{"width": 8, "height": 8, "depth": 3}],
    }
    metadata = {
        "class-map": {"0": "cat"},
        "objects": [{"confidence": 0.9}],
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
    }
    (uri,) = door.upload_pictures(1)
    manifest = door.upload_manifest([{"source-ref": uri, "first": boxes, "first-metadata": metadata}])
    name = door.create(
        door.definition(manifest, task_type="VerificationBoundingBox", labels=["good", "bad"], existing_label_attribute="first")
    )
    door.wait_for(name, "InProgress")
    lease = eventually(lambda: door.lease("worker-1", name), "work")
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {"crowd-image-classifier": {"label": "bad"}}}).expect(
        200
    )
    door.wait_for(name, "Completed")

    (result,) = results(door, name, label="bad")

    assert result["existing"] == {"attribute": "first", "annotation": boxes, "metadata": metadata, "mask_url": None}
