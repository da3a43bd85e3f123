"""A labeling job bigger than one labeling job may be, end to end: parts of legal size, a few at a time, one output."""

from collections.abc import Iterator

import pytest

from tests.integration.front_door import FrontDoor, eventually

TEXTS = [f"text {number}" for number in range(5)]


@pytest.fixture(autouse=True)
def small_limit(door: FrontDoor) -> Iterator[None]:
    """A stack with ObjectsPerLabelingJob=2 and PartsAtOnce=1: five objects make three parts, one after the other."""
    limited = ("TakeManifestFunction", "CreateLabelingJobFunction", "DivideLabelingJobFunction")
    with door.configured(*limited, OBJECTS_PER_LABELING_JOB="2"), door.configured("DriveSplitJobsFunction", PARTS_AT_ONCE="1"):
        yield


def a_big_job(door: FrontDoor) -> str:
    manifest = door.upload_manifest([{"source": text, "batch": "A"} for text in TEXTS])
    name = door.create(door.definition(manifest, task_type="TextMultiClass", task_category="Text", split=True))
    door.wait_for(name, "InProgress")
    return name


def part_statuses(door: FrontDoor, name: str) -> list[str]:
    parts = door.as_("collaborator").get(f"/projects/demo/labeling-jobs/{name}/parts").expect(200)["items"]
    return [part["status"] for part in parts]


def answer_everything(door: FrontDoor, name: str, part: int) -> None:
    """Label a part's objects, once it is its turn."""
    part_name = f"{name}-part-{part:04d}"
    eventually(lambda: part_statuses(door, name)[part - 1] == "InProgress", f"{part_name} to be in work")
    while lease := door.lease("worker-1", part_name):
        label = {"answer": {"crowd-classifier": {"label": "dog"}}}
        door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", label).expect(200)


def test_parts_run_one_after_the_other_and_their_outputs_become_one(door: FrontDoor) -> None:
    name = a_big_job(door)
    assert part_statuses(door, name)[1:] == ["Waiting", "Waiting"]

    for part in (1, 2, 3):
        answer_everything(door, name, part)
    job = door.wait_for(name, "Completed")

    assert (job["parts"]["total"], job["parts"]["completed"]) == (3, 3)
    assert job["counters"] == {"total": 5, "human_labeled": 5, "machine_labeled": 0, "failed": 0, "unlabeled": 0}
    assert [(line["source"], line["batch"], line[name]) for line in door.output(name)] == [(text, "A", 1) for text in TEXTS]
    results = door.as_("collaborator").get(f"/projects/demo/labeling-jobs/{name}/results").expect(200)["items"]
    assert [(result["object"], result["source"]["text"], result["labels"]) for result in results] == [
        (number, text, ["dog"]) for number, text in enumerate(TEXTS)
    ]
    assert name in {job["name"] for job in door.as_("owner").get("/projects/demo/labeling-jobs").expect(200)["items"]}
    assert door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}-part-0001").status == 404


def test_its_annotations_are_consolidated_again_part_by_part(door: FrontDoor) -> None:
    name = a_big_job(door)
    for part in (1, 2, 3):
        answer_everything(door, name, part)
    bucket = door.addresses["data_bucket"]
    manifest = {"Bucket": bucket, "Key": door.wait_for(name, "Completed")["output_manifest_uri"].removeprefix(f"s3://{bucket}/")}
    s3 = door.operator("s3")
    lines = s3.get_object(**manifest)["Body"].read()
    of_a_part = {**manifest, "Key": manifest["Key"].replace(f"/{name}/manifests/", f"/{name}-part-0002/manifests/")}
    for lost in (manifest, of_a_part):
        s3.head_object(**lost)
        s3.delete_object(**lost)

    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/consolidate").expect(202)

    s3.get_waiter("object_exists").wait(**manifest, WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    assert s3.get_object(**manifest)["Body"].read() == lines
    assert door.wait_for(name, "Completed")["counters"]["human_labeled"] == len(TEXTS)


def test_a_stop_ends_every_part_and_the_output_still_has_every_line(door: FrontDoor) -> None:
    name = a_big_job(door)
    answer_everything(door, name, 1)
    eventually(lambda: part_statuses(door, name)[1] == "InProgress", "the second part to be in work")

    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/stop").expect(202)
    door.wait_for(name, "Stopped")

    assert part_statuses(door, name) == ["Completed", "Stopped", "Stopped"]
    assert [(line["source"], name in line) for line in door.output(name)] == [(text, n < 2) for n, text in enumerate(TEXTS)]
