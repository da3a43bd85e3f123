"""Automated labeling: a function proposes, people label what it is not sure of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from groundwork.engine.automated_labeling import Iteration, take_proposals, write_question
from groundwork.engine.jobs import Counters, JobStatus, WaitOutcome
from groundwork.engine.leases import Hold, Task
from groundwork.engine.store import TaskChangedError
from groundwork.labeling_jobs.tags import CONFIDENCE_TAG, PROJECT_TAG
from tests.unit.engine.builders import BUCKET, NOON, Engine, a_request, chose, own_function, pictures

type Proposals = Callable[[list[dict[str, Any]], list[dict[str, Any]]], list[dict[str, Any]]]

LATER = NOON + timedelta(minutes=10)


def an_automated_request(*, confidence: str | None = None, batch: int = 3, workers: int = 1, **more: Any) -> dict[str, Any]:
    tags = [{"Key": PROJECT_TAG, "Value": "pets"}]
    if confidence is not None:
        tags.append({"Key": CONFIDENCE_TAG, "Value": confidence})
    algorithm = {"LabelingJobAlgorithmSpecificationArn": own_function("learner")}
    request = a_request(workers=workers, MaxConcurrentTaskCount=batch, **more)
    return {**request, "LabelingJobAlgorithmsConfig": algorithm, "Tags": tags}


def json_lines(engine: Engine, uri: str) -> list[dict[str, Any]]:
    body = engine.s3.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    return [json.loads(line) for line in body.splitlines()]


def ask(engine: Engine, name: str, propose: Proposals | None = None, *, failure: str | None = None) -> Iteration:
    """What the run machine does when people have finished a batch. Without `propose` the function writes nothing."""
    question = write_question(name, engine.store, engine.s3)
    assert question is not None
    if propose is not None and not question.is_first:
        event = question.event
        proposals = propose(json_lines(engine, event["labeled"]["s3Uri"]), json_lines(engine, event["unlabeled"]["s3Uri"]))
        body = b"".join(json.dumps(entry).encode() + b"\n" for entry in proposals)
        engine.s3.put_object(Bucket=BUCKET, Key=event["proposals"]["s3Uri"].removeprefix(f"s3://{BUCKET}/"), Body=body)
    ended = take_proposals(name, question.iteration, engine.store, engine.s3, LATER, is_asked=not question.is_first, failure=failure)
    assert ended is not None
    return ended


def label_what_is_offered(engine: Engine, name: str, *usernames: str, label: str = "car") -> list[int]:
    """Each of these workers answers all there is; the objects' numbers, in the order in which they came."""
    numbers: list[int] = []
    for username in usernames or ("anna",):
        worker = engine.worker(username)
        while (lease := engine.work.take_lease(worker, name, NOON)) is not None:
            engine.work.answer(worker, lease.hold.lease_id, chose(label), NOON)
            numbers.append(lease.task.number)
    return numbers


def all_as(label: str, confidence: Callable[[int], float]) -> Proposals:
    def propose(_: object, unlabeled: list[dict[str, Any]]) -> list[dict[str, Any]]:
        numbers = [int(entry["datasetObjectId"]) for entry in unlabeled]
        return [{"datasetObjectId": str(number), "label": label, "confidence": confidence(number)} for number in numbers]

    return propose


def test_nobody_gets_work_before_the_first_batch_which_is_a_sample_of_all_objects(engine: Engine) -> None:
    name = engine.open_job(pictures(250), an_automated_request(batch=20))
    before = engine.work.take_lease(engine.worker("anna"), name, NOON)

    ended = ask(engine, name)
    (listed,) = engine.work.labeling_jobs(engine.worker("anna"), NOON)
    labeled = label_what_is_offered(engine, name)

    assert before is None
    assert (ended.machine_labeled, ended.released, ended.left) == (0, 20, 230)
    assert listed.available == 20
    assert len(set(labeled)) == 20
    assert {number // 125 for number in labeled} == {0, 1}
    assert labeled != sorted(labeled)


def test_the_function_reads_what_people_labeled_and_what_nobody_did(engine: Engine) -> None:
    name = engine.open_job(pictures(8), an_automated_request(batch=3))
    ask(engine, name)
    labeled = label_what_is_offered(engine, name)

    question = write_question(name, engine.store, engine.s3)

    assert question is not None
    event = question.event
    assert question.function == own_function("learner")
    assert (event["taskType"], event["labelCategories"], event["iteration"]) == ("ImageMultiClass", ["bus", "car", "truck"], 2)
    learned = json_lines(engine, event["labeled"]["s3Uri"])
    assert {line["source-ref"] for line in learned} == {pictures(8)[number]["source-ref"] for number in labeled}
    assert {(line["kind"], line["kind-metadata"]["class-name"], line["kind-metadata"]["human-annotated"]) for line in learned} == {
        (1, "car", "yes")
    }
    assert json_lines(engine, event["unlabeled"]["s3Uri"]) == [
        {"datasetObjectId": str(number), "dataObject": pictures(8)[number]} for number in range(8) if number not in labeled
    ]


def test_sure_labels_are_taken_and_people_get_the_most_uncertain_objects_first(engine: Engine) -> None:
    name = engine.open_job(pictures(20), an_automated_request(batch=4, confidence="0.9"))
    ask(engine, name)
    sample = set(label_what_is_offered(engine, name))

    ended = ask(engine, name, all_as("bus", lambda number: 0.9 if number % 2 else 0.5 + number / 100))
    asked = label_what_is_offered(engine, name)

    even = [number for number in range(0, 20, 2) if number not in sample]
    odd = [number for number in range(1, 20, 2) if number not in sample]
    assert ended.machine_labeled == len(odd)
    assert asked == even[:4]


def test_machine_labels_stand_in_the_output_as_ground_truth_writes_them_and_are_counted_apart(engine: Engine) -> None:
    name = engine.open_job(pictures(8), an_automated_request(batch=3))
    ask(engine, name)
    people = label_what_is_offered(engine, name)
    ask(engine, name, all_as("truck", lambda _: 0.97))

    ended = engine.write_output(name, WaitOutcome.DONE, LATER)

    job = engine.store.job(name)
    assert ended is not None
    assert job is not None
    assert (ended.status, job.counters) == (JobStatus.COMPLETED, Counters(human_labeled=3, machine_labeled=5))
    assert job.counters is not None
    assert job.counters.label_counters() == {
        "TotalLabeled": 8,
        "HumanLabeled": 3,
        "MachineLabeled": 5,
        "FailedNonRetryableError": 0,
        "Unlabeled": 0,
    }
    by_machine = [line for number, line in enumerate(engine.output_lines(name)) if number not in people]
    assert list(by_machine[0]) == ["source-ref", "kind", "kind-metadata"]
    assert by_machine[0]["kind"] == 2
    assert by_machine[0]["kind-metadata"] == {
        "confidence": 0.97,
        "job-name": "labeling-job/kinds-1",
        "class-name": "truck",
        "human-annotated": "no",
        "creation-date": "2026-01-05T12:10:00.000000",
        "type": "groundtruth/image-classification",
    }
    assert {line["kind-metadata"]["human-annotated"] for number, line in enumerate(engine.output_lines(name)) if number in people} == {
        "yes"
    }


def test_an_object_has_its_label_from_the_machine_or_from_people_and_the_shard_is_finished_once_all_have_one(engine: Engine) -> None:
    name = engine.open_job(pictures(9), an_automated_request(batch=3, workers=2))
    while not engine.store.automation(name).is_over:
        ask(engine, name, all_as("bus", lambda number: 1.0 if number < 4 else 0.2))
        label_what_is_offered(engine, name, "anna", "berta")

    tasks = list(engine.store.tasks(name, 0))
    assert all((task.machine_label is None) is (task.answers == 2) for task in tasks)
    assert all(task.answers == 2 for task in tasks if task.number >= 4)
    (shard,) = engine.store.shards(name)
    assert shard.unfinished == 0
    assert engine.store.automation(name).unfinished == 0


@pytest.mark.parametrize(
    ("proposals", "problem"),
    [
        (None, "It did not write"),
        ([{"datasetObjectId": "1", "label": "car"}], "Line 1 of its proposals is not of the form"),
        ([{"datasetObjectId": "one", "label": "car", "confidence": 1}], "Line 1 of its proposals is not of the form"),
        ([["1", "car", 1]], "Line 1 of its proposals is not of the form"),
        ([{"datasetObjectId": "1", "label": "tram", "confidence": 1}], "a label that the job does not have: 'tram'"),
        ([{"datasetObjectId": "1", "label": ["car"], "confidence": 1}], "a label that the job does not have"),
        ([{"datasetObjectId": "1", "label": "car", "confidence": 1.01}], "not from 0 to 1"),
        ([{"datasetObjectId": "1", "label": "car", "confidence": float("nan")}], "not from 0 to 1"),
        ([{"datasetObjectId": "1", "label": "car", "confidence": "0.99"}], "not from 0 to 1"),
    ],
)
def test_of_proposals_that_cannot_be_used_nothing_is_taken_and_people_go_on(engine: Engine, proposals: Any, problem: str) -> None:
    name = engine.open_job(pictures(12), an_automated_request(batch=3))
    ask(engine, name)
    label_what_is_offered(engine, name)
    good = {"datasetObjectId": "2", "label": "car", "confidence": 1}

    ended = ask(engine, name, None if proposals is None else lambda *_: [*proposals, good])

    assert ended.failure is not None
    assert problem in ended.failure
    assert (ended.machine_labeled, ended.released) == (0, 3)
    assert len(label_what_is_offered(engine, name)) == 3
    assert json.loads(engine.file(f"{name}/automated-labeling/iteration-2/result.json"))["failure"] == ended.failure


def test_a_function_that_failed_is_asked_again_after_the_next_batch(engine: Engine) -> None:
    name = engine.open_job(pictures(12), an_automated_request(batch=3))
    ask(engine, name)
    label_what_is_offered(engine, name)

    failed = ask(engine, name, failure="Lambda.AWSLambdaException")
    label_what_is_offered(engine, name)
    mended = ask(engine, name, all_as("bus", lambda _: 1.0))

    assert (failed.released, failed.failure) == (3, "Lambda.AWSLambdaException")
    assert (mended.machine_labeled, mended.left) == (6, 0)


def test_what_the_function_says_of_objects_that_are_with_people_changes_nothing(engine: Engine) -> None:
    name = engine.open_job(pictures(8), an_automated_request(batch=3))
    ask(engine, name)
    people = label_what_is_offered(engine, name)

    ended = ask(engine, name, lambda *_: [{"datasetObjectId": str(number), "label": "bus", "confidence": 1.0} for number in (*people, 999)])

    assert (ended.machine_labeled, ended.failure) == (0, None)


def test_an_iteration_is_taken_once(engine: Engine) -> None:
    name = engine.open_job(pictures(8), an_automated_request(batch=3))
    ask(engine, name)

    assert take_proposals(name, 1, engine.store, engine.s3, LATER) is None
    assert len(label_what_is_offered(engine, name)) == 3


def test_an_iteration_that_was_cut_off_goes_on_and_neither_labels_nor_releases_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = engine.open_job(pictures(20), an_automated_request(batch=4))
    ask(engine, name)
    sample = label_what_is_offered(engine, name)
    propose = all_as("bus", lambda number: 1.0 if number < 10 else 0.3)

    class CutOffError(Exception):
        pass

    def cut_off(*_: object, **__: object) -> bool:
        raise CutOffError

    with monkeypatch.context() as patched:
        patched.setattr(engine.store, "end_iteration", cut_off)
        with pytest.raises(CutOffError):
            ask(engine, name, propose)
    again = ask(engine, name, propose)

    released = label_what_is_offered(engine, name)
    machine = [task.number for task in engine.store.tasks(name, 0) if task.machine_label is not None]
    assert (again.machine_labeled, again.released) == (0, 0)
    assert machine == [number for number in range(10) if number not in sample]
    assert len(released) == len(set(released)) == 4
    assert engine.store.automation(name).machine_labeled == len(machine)


def test_a_label_does_not_come_from_a_task_that_was_released_in_the_meantime(engine: Engine) -> None:
    name = engine.open_job(pictures(3), an_automated_request(batch=1))
    stale = next(engine.store.tasks(name, 0))
    engine.store.release(name, [stale], 0)

    with pytest.raises(TaskChangedError):
        engine.store.release(name, [stale], 0)
    assert engine.store.automation(name).released == 1


def test_an_object_that_workers_decline_ends_its_batch_and_can_be_offered_again(engine: Engine) -> None:
    name = engine.open_job(pictures(5), an_automated_request(batch=1))
    ask(engine, name)
    anna = engine.worker("anna")
    lease = engine.work.take_lease(anna, name, NOON)
    assert lease is not None

    engine.work.decline(anna, lease.hold.lease_id, "blurred", NOON)
    aside = engine.store.automation(name)
    task = engine.store.task(name, lease.task.number)
    assert task is not None
    assert engine.store.save_reissued(name, replace(task, holds={}, is_aside=False), NOON)

    assert aside.is_batch_done
    assert engine.store.automation(name).unfinished == 1
    assert label_what_is_offered(engine, name) == [lease.task.number]
    assert engine.store.automation(name).unfinished == 0


def test_a_stopped_job_is_not_asked_about(engine: Engine) -> None:
    name = engine.open_job(pictures(5), an_automated_request(batch=1))
    engine.write_output(name, WaitOutcome.STOPPED, LATER)

    assert write_question(name, engine.store, engine.s3) is None
    assert take_proposals(name, 1, engine.store, engine.s3, LATER) is None


def test_a_limit_of_human_labels_does_not_count_those_of_the_machine(engine: Engine) -> None:
    request = {**an_automated_request(), "StoppingConditions": {"MaxHumanLabeledObjectCount": 4}}
    name = engine.open_job(pictures(8), request)
    job = engine.store.job(name)
    assert job is not None

    assert not job.reaches_limit(8, 10, by_machine=5)
    assert job.reaches_limit(9, 10, by_machine=5)


def test_a_job_on_ground_truths_own_algorithm_is_labeled_by_people(engine: Engine) -> None:
    algorithm = "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/image-classification"
    request: Mapping[str, Any] = {**a_request(), "LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": algorithm}}
    name = engine.open_job(pictures(2), request)

    assert label_what_is_offered(engine, name) == [0, 1]


def test_what_people_had_begun_before_the_table_was_made_anew_goes_to_people_first(engine: Engine) -> None:
    # A restored task has its answers, and nothing of its release (see rebuilding.py).
    lines = pictures(12)
    answered = Hold("kinds-1.7.0", NOON, NOON, answer_digest="1")
    begun = Task(7, 2, json.dumps(lines[7], separators=(",", ":")).encode(), {"private.us-east-1.0": answered})
    engine.store.add_tasks("Kinds-1", [begun])
    name = engine.open_job(lines, an_automated_request(batch=3, workers=2))

    ask(engine, name)

    assert label_what_is_offered(engine, name)[0] == 7
