"""A labeling job with the function of examples/automated_labeling, from manifest to output through the front door."""

import json
import sysconfig
from pathlib import Path

from tests.integration.front_door import FrontDoor, eventually

EXAMPLE = Path(__file__).parents[2] / "examples/automated_labeling/proposals/app.py"
WORDS = {"glad": "what a fine day, all is well", "cross": "the parcel is late and it is broken"}


def deployed(door: FrontDoor) -> str:
    """The function's ARN. Its libraries are those of the tests' own environment, in place of those that `sam build` puts beside it."""
    rights = (("s3:GetObject", "projects/*"), ("s3:PutObject", "projects/*/automated-labeling/*"))
    return door.deploy_labeling_function(
        EXAMPLE, "LabelingFunction_demo_proposals", *rights, PYTHONPATH=sysconfig.get_paths()["purelib"], OPENBLAS_NUM_THREADS="1"
    )


def test_a_function_labels_what_it_is_sure_of_and_people_the_rest(door: FrontDoor) -> None:
    moods = [("glad", "cross")[number % 2] for number in range(44)]
    manifest = door.upload_manifest([{"source": f"{WORDS[mood]} ({number})"} for number, mood in enumerate(moods)])
    definition = door.definition(
        manifest,
        task_type="TextMultiClass",
        task_category="Text",
        labels=["glad", "cross"],
        automated_labeling=True,
        automated_labeling_function_arn=deployed(door),
        automated_labeling_confidence=0.8,
    )
    name = door.create(definition)
    door.wait_for(name, "InProgress")

    asked = 0
    while door.job(name)["status"] == "InProgress":
        lease = eventually(lambda: door.lease("worker-1", name) or door.job(name)["status"] == "Completed", "work, or the end of the job")
        if not isinstance(lease, dict):
            break
        mood = "glad" if "fine" in lease["input"]["taskObject"] else "cross"
        # A remark of many words, which is kept beside the table.
        remark = {} if asked else {"remark": "so it seems to me " * 5_000}
        answer = {"answer": {"crowd-classifier": {"label": mood}, **remark}}
        door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", answer).expect(200)
        asked += 1
    job = door.wait_for(name, "Completed")
    lines = door.output(name)

    assert 20 <= asked < len(moods)
    assert job["counters"] == {
        "total": len(moods),
        "human_labeled": asked,
        "machine_labeled": len(moods) - asked,
        "failed": 0,
        "unlabeled": 0,
    }
    assert [line[f"{name}-metadata"]["class-name"] for line in lines] == moods
    by_machine = [line[f"{name}-metadata"] for line in lines if line[f"{name}-metadata"]["human-annotated"] == "no"]
    assert len(by_machine) == len(moods) - asked
    assert all(metadata["confidence"] >= 0.8 for metadata in by_machine)


def test_a_function_that_fails_leaves_the_work_to_people(door: FrontDoor) -> None:
    # It may not read what it is told to read.
    function = door.deploy_labeling_function(EXAMPLE, "LabelingFunction_demo_powerless", PYTHONPATH=sysconfig.get_paths()["purelib"])
    manifest = door.upload_manifest([{"source": f"text {number}"} for number in range(22)])
    definition = door.definition(
        manifest,
        task_type="TextMultiClass",
        task_category="Text",
        automated_labeling=True,
        automated_labeling_function_arn=function,
    )
    name = door.create(definition)
    door.wait_for(name, "InProgress")

    for _ in range(22):
        lease = eventually(lambda: door.lease("worker-1", name), "work")
        answer = {"answer": {"crowd-classifier": {"label": "cat"}}}
        door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", answer).expect(200)
    job = door.wait_for(name, "Completed")

    assert (job["counters"]["human_labeled"], job["counters"]["machine_labeled"]) == (22, 0)
    output = job["output_manifest_uri"].removeprefix("s3://").partition("/")[2]
    key = output.replace("manifests/output/output.manifest", "automated-labeling/iteration-2/result.json")
    result = door.operator("s3").get_object(Bucket=door.addresses["data_bucket"], Key=key)["Body"].read()
    assert "LabelingFunction_demo_powerless failed" in json.loads(result)["failure"]
