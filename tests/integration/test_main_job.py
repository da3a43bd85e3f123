"""The main job, end to end: an HTTP request becomes a finished labeling job."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.front_door import FrontDoor, eventually


def test_a_request_becomes_a_finished_labeling_job(door: FrontDoor) -> None:
    pictures = door.upload_pictures(4)
    manifest = door.upload_manifest([{"source-ref": uri, "batch": n} for n, uri in enumerate(pictures)])
    definition = door.definition(manifest, workers_per_object=3)
    name = door.create(definition)
    door.wait_for(name, "InProgress")
    truth = dict(zip(pictures, ["cat", "dog", "dog", "cat"], strict=True))

    door.label_everything("worker-1", name, lambda lease: truth[lease["input"]["taskObject"]])
    door.label_everything("worker-2", name, lambda lease: truth[lease["input"]["taskObject"]])
    door.label_everything("worker-3", name, "dog")
    job = door.wait_for(name, "Completed")

    assert job["counters"] == {"total": 4, "human_labeled": 4, "machine_labeled": 0, "failed": 0, "unlabeled": 0}
    assert job["labeling_job_arn"].endswith(f":labeling-job/{name.lower()}")
    assert job["finished_at"] >= job["started_at"] >= job["created_at"]
    assert door.statuses(name) == ["Validating", "Launching", "InProgress", "Completed"]
    lines = door.output(name)
    assert [line["source-ref"] for line in lines] == pictures
    assert [line["batch"] for line in lines] == [0, 1, 2, 3]
    assert [line[name] for line in lines] == [0, 1, 1, 0]
    metadata = lines[0][f"{name}-metadata"]
    assert metadata["class-name"] == "cat"
    assert metadata["job-name"] == f"labeling-job/{name.lower()}"
    assert metadata["type"] == "groundtruth/image-classification"
    assert metadata["human-annotated"] == "yes"


def test_administrators_are_told_what_happened(door: FrontDoor) -> None:
    queue = door.addresses["inbox_queue_url"]
    sqs = door.operator("sqs")
    name = door.running_job(objects=1)
    door.label_everything("worker-1", name, "cat")
    door.wait_for(name, "Completed")
    told: list[str] = []

    def heard() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            told.append(json.loads(message["Body"])["Message"])
        return any(f"Labeling job {name} in project demo is Completed" in text for text in told)

    eventually(heard, "the message to administrators")
    message = next(text for text in told if f"{name} in project demo is Completed" in text)
    assert "Objects: 1 in all, 1 labeled by people" in message


def test_every_answer_is_kept_in_s3_and_one_worker_response_file_is_written_per_object(door: FrontDoor) -> None:
    name = door.running_job(objects=2, workers_per_object=2)
    door.label_everything("worker-1", name, "cat")
    door.label_everything("worker-2", name, "cat")
    job = door.wait_for(name, "Completed")

    root = (
        job["output_manifest_uri"].removesuffix("manifests/output/output.manifest").removeprefix(f"s3://{door.addresses['data_bucket']}/")
    )
    keys = [found["Key"] for found in door.operator("s3").list_objects_v2(Bucket=door.addresses["data_bucket"], Prefix=root)["Contents"]]
    answers = [key for key in keys if key.startswith(f"{root}annotations/answers/")]
    responses = [key for key in keys if key.startswith(f"{root}annotations/worker-response/iteration-1/")]
    assert len(answers) == 4
    assert len(responses) == 2
    body = door.operator("s3").get_object(Bucket=door.addresses["data_bucket"], Key=responses[0])["Body"].read()
    assert [answer["answerContent"] for answer in json.loads(body)["answers"]] == [{"crowd-image-classifier": {"label": "cat"}}] * 2


def test_a_finished_job_has_a_quality_and_is_consolidated_again_on_demand(door: FrontDoor) -> None:
    name = door.running_job(objects=2, workers_per_object=2)
    path = f"/projects/demo/labeling-jobs/{name}"
    before = door.as_("owner").get(f"{path}/quality")
    door.label_everything("worker-1", name, "cat")
    door.label_everything("worker-2", name, "cat")
    output = door.wait_for(name, "Completed")["output_manifest_uri"].removeprefix(f"s3://{door.addresses['data_bucket']}/")

    quality = door.as_("owner").get(f"{path}/quality").expect(200)
    hidden = door.as_("collaborator").get(f"{path}/quality").expect(200)
    manifest = {"Bucket": door.addresses["data_bucket"], "Key": output}
    s3 = door.operator("s3")
    lines = s3.get_object(**manifest)["Body"].read()
    s3.delete_object(**manifest)
    door.as_("owner").post(f"{path}/consolidate").expect(202)

    s3.get_waiter("object_exists").wait(**manifest, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert s3.get_object(**manifest)["Body"].read() == lines
    assert before.status == 409
    assert quality["agreement"]["observed"] == 1.0
    assert sorted(worker["username"] for worker in quality["workers"]) == ["worker-1", "worker-2"]
    assert {worker["username"] for worker in hidden["workers"]} == {None}


def test_a_repeated_create_with_the_same_key_gets_the_first_answer(door: FrontDoor) -> None:
    manifest = door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(1)])
    definition = door.definition(manifest)
    key = {"Idempotency-Key": uuid.uuid4().hex}

    first = door.as_("owner").post("/projects/demo/labeling-jobs", definition, key)
    again = door.as_("owner").post("/projects/demo/labeling-jobs", definition, key)
    other = door.as_("owner").post("/projects/demo/labeling-jobs", {**definition, "labels": ["a", "b"]}, key)

    assert first.status == again.status == 202
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status == 409


def test_a_faulty_manifest_sends_the_job_back_and_a_mended_one_launches(door: FrontDoor) -> None:
    good, missing = door.upload_pictures(1)[0], f"s3://{door.addresses['data_bucket']}/projects/demo/datasets/nothing-here.png"
    manifest = door.upload_manifest([{"source-ref": good}, {"source": "text"}, "not json", {"source-ref": missing}])
    name = door.create(door.definition(manifest))

    job = door.wait_for(name, "Draft")
    report = door.as_("collaborator").get(f"/projects/demo/labeling-jobs/{name}/validation-report").expect(200)
    mended = door.upload_manifest([{"source-ref": good}])
    etag = door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}").headers["ETag"]
    patched = door.as_("owner").patch(f"/projects/demo/labeling-jobs/{name}", {"input_manifest_uri": mended}, {"If-Match": etag})
    stale = door.as_("owner").patch(f"/projects/demo/labeling-jobs/{name}", {"description": "x"}, {"If-Match": etag})
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/submit").expect(202)

    assert job["validation"]["state"] == "failed"
    assert job["validation"]["objects"] == 4
    assert report["state"] == "failed"
    lines_at_fault = {place["line"] for fault in report["faults"] if fault["severity"] == "error" for place in fault["places"]}
    assert lines_at_fault == {1, 2, 3}
    assert patched.status == 200
    assert stale.status == 412
    launched = door.wait_for(name, "InProgress")
    assert launched["validation"]["state"] == "passed"


def test_a_stopped_job_keeps_what_was_labeled(door: FrontDoor) -> None:
    name = door.running_job(objects=3)
    lease = door.lease("worker-1", name)
    assert lease is not None
    door.answer("worker-1", lease, "dog")

    stopping = door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/stop").expect(202)
    job = door.wait_for(name, "Stopped")

    assert stopping["status"] == "Stopping"
    assert job["counters"]["human_labeled"] == 1
    labeled = [line for line in door.output(name) if name in line]
    unlabeled = [line for line in door.output(name) if name not in line]
    assert [line[name] for line in labeled] == [1]
    assert all(list(line) == ["source-ref"] for line in unlabeled)
    assert door.lease("worker-2", name) is None


def test_two_workers_race_for_the_last_lease_and_one_gets_it(door: FrontDoor) -> None:
    name = door.running_job(objects=1)

    for _ in range(20):
        with ThreadPoolExecutor(2) as pool:
            leases = list(pool.map(lambda worker: door.lease(worker, name), ["worker-1", "worker-2"]))
        winners = [(worker, lease) for worker, lease in zip(["worker-1", "worker-2"], leases, strict=True) if lease]
        assert len(winners) == 1
        worker, lease = winners[0]
        door.as_(worker).post(f"/work/leases/{lease['lease_id']}/return").expect(200, 204)


def test_no_worker_answers_an_object_twice_and_no_object_gets_too_many_answers(door: FrontDoor) -> None:
    name = door.running_job(objects=6, workers_per_object=2)

    with ThreadPoolExecutor(3) as pool:
        answered = list(pool.map(lambda worker: door.label_everything(worker, name, "cat"), ["worker-1", "worker-2", "worker-3"]))
    job = door.wait_for(name, "Completed")

    assert sum(answered) == 12
    assert max(answered) <= 6
    assert job["counters"]["human_labeled"] == 6


def test_a_text_job_of_a_collaborator_runs_too(door: FrontDoor) -> None:
    manifest = door.upload_manifest([{"source": "It arrived late."}, {"source": "Lovely."}])
    changes: dict[str, Any] = {"task_category": "Text", "task_type": "TextMultiClass", "labels": ["good", "bad"]}
    name = door.create(door.definition(manifest, **changes), "collaborator")
    door.wait_for(name, "InProgress")

    while lease := door.lease("worker-1", name):
        body = {"answer": {"crowd-classifier": {"label": "bad" if "late" in lease["input"]["taskObject"] else "good"}}}
        door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", body).expect(200)
    door.wait_for(name, "Completed")

    assert [line[name] for line in door.output(name)] == [1, 0]


def test_every_line_of_a_manifest_of_several_ranges_is_one_task_and_one_line_of_the_output(door: FrontDoor) -> None:
    texts = [f"text {number}" for number in range(450)]  # the engine works on two hundred lines at a time
    changes: dict[str, Any] = {"task_category": "Text", "task_type": "TextMultiClass", "labels": ["good", "bad"]}
    name = door.create(door.definition(door.upload_manifest([{"source": text} for text in texts]), **changes))
    door.wait_for(name, "InProgress")
    eventually(lambda: len(door.engine_tasks(name)) == len(texts), "all tasks")

    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/stop").expect(202)
    door.wait_for(name, "Stopped")

    tasks = {int(task["sk"]["S"]): json.loads(task["line"]["B"]) for task in door.engine_tasks(name)}
    assert [tasks[number]["source"] for number in range(len(texts))] == texts
    assert [line["source"] for line in door.output(name)] == texts
