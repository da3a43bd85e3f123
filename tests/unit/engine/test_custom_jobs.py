"""Custom jobs on the engine: the customer's own page, and own functions before and after the work of people."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from groundwork.engine.jobs import Counters, JobStatus, WaitOutcome
from groundwork.engine.loading import InputRefusedError
from groundwork.engine.worker_pages import shown_of
from tests.unit.engine.builders import NOON, Engine, FunctionsInMemory, a_custom_request, a_request, chose, own_function, pictures
from tests.unit.engine.test_rebuilding import keep_records, lose_everything, rebuild

AT = NOON + timedelta(seconds=20)
END = NOON + timedelta(hours=2)
JOB_ARN = "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/moods-1"
TEXTS = [{"source": "late again"}, {"source": "thank you", "batch": 7}]


def open_job(engine: Engine, request: dict[str, Any], lines: Any = TEXTS, **files: Any) -> str:
    return engine.open_job(lines, request, **{"labels": [], **files})


def with_functions(engine: Engine, **functions: Any) -> Engine:
    return replace(engine, functions=FunctionsInMemory(**functions))


def failure_of(line: dict[str, Any]) -> str:
    assert "mood" not in line
    return str(line["mood-metadata"]["failure-reason"])


# --- without functions -----------------------------------------------------------------------------------------------


def test_without_functions_workers_see_the_line_and_the_output_points_to_their_answers(engine: Engine) -> None:
    name = open_job(engine, a_custom_request())
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    assert lease.document()["input"] == {"taskObject": "late again", "labels": [], "source": "late again"}
    engine.work.answer(ann, lease.hold.lease_id, {"how": {"annoyed": True}, "note": "again!"}, AT)
    engine.label(ann, name, {}, AT)

    engine.write_output(name, WaitOutcome.DONE, END)

    first, _ = engine.output_lines(name)
    assert first["mood"] == {}
    assert first["mood-metadata"] == {
        "worker-response-ref": "s3://groundwork-data/projects/pets/output/Moods-1/annotations/worker-response/iteration-1/0/2026-01-05_12:00:20.json",
        "type": "groundtruth/custom",
        "job-name": "labeling-job/moods-1",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T12:00:20+0000",
    }
    response = json.loads(engine.file(first["mood-metadata"]["worker-response-ref"].partition("/output/")[2]))
    assert response["answers"][0]["answerContent"] == {"how": {"annoyed": True}, "note": "again!"}


def test_lines_of_a_custom_job_may_show_texts_and_objects(engine: Engine) -> None:
    name = open_job(engine, a_custom_request(), [{"source": "a"}, {"source-ref": "s3://groundwork-data/projects/pets/call.wav"}])

    job = engine.store.job(name)
    assert job is not None
    shown = [shown_of(job, task)["taskObject"] for task in engine.store.tasks(name, 0)]
    assert shown == ["a", "s3://groundwork-data/projects/pets/call.wav"]


# --- before workers see an object ------------------------------------------------------------------------------------


def test_a_pre_annotation_function_says_what_workers_see_and_what_they_need_not(engine: Engine) -> None:
    def tidy(event: Any) -> Any:
        text = event["dataObject"]["source"]
        return {"taskInput": {"text": text.upper()}, "humanAnnotationRequired": "false" if "thank" in text else "true"}

    engine = with_functions(engine, tidy=tidy)
    name = open_job(engine, a_custom_request(before=own_function("tidy")))

    lease = engine.work.take_lease(engine.worker("ann"), name, NOON)
    assert lease is not None
    assert lease.document()["input"] == {"text": "LATE AGAIN"}
    engine.work.answer(engine.worker("ann"), lease.hold.lease_id, {"how": "angry"}, AT)
    assert engine.work.take_lease(engine.worker("ben"), name, AT) is None
    finished = engine.write_output(name, WaitOutcome.DONE, END)

    assert finished is not None
    job = engine.store.job(name)
    assert job is not None
    assert (job.status, job.counters) == (JobStatus.COMPLETED, Counters(human_labeled=1))
    assert engine.output_lines(name)[1] == TEXTS[1]
    assert engine.functions.events[0] == {"version": "2018-10-16", "labelingJobArn": JOB_ARN, "dataObject": TEXTS[0]}  # type: ignore[attr-defined]


def test_an_object_that_the_function_fails_for_has_failed_and_the_others_go_out(engine: Engine) -> None:
    def picky(event: Any) -> Any:
        return {"taskInput": {"ratio": 1 / (7 - event["dataObject"].get("batch", 0))}}

    engine = with_functions(engine, picky=picky)
    name = open_job(engine, a_custom_request(before=own_function("picky")))
    engine.label(engine.worker("ann"), name, {"how": "angry"}, AT)
    assert engine.work.take_lease(engine.worker("ann"), name, AT) is None
    engine.store.close_shard(name, 0, only_if_finished=True)
    job = engine.store.job(name)
    assert job is not None
    assert job.wait_outcome(AT) is WaitOutcome.DONE

    engine.write_output(name, WaitOutcome.DONE, END)

    job = engine.store.job(name)
    assert job is not None
    assert job.counters == Counters(human_labeled=1, failed=1)
    assert "LambdaErrorCode: Unhandled. ZeroDivisionError" in failure_of(engine.output_lines(name)[1])


def test_a_job_whose_function_fails_for_everything_fails_and_so_does_one_whose_function_is_not_there(engine: Engine) -> None:
    engine = with_functions(engine, broken=lambda _: 1 / 0)

    with pytest.raises(InputRefusedError, match=r"failed for all of the first 2 objects: .* ZeroDivisionError"):
        open_job(engine, a_custom_request(before=own_function("broken")))
    with pytest.raises(InputRefusedError, match="ResourceNotFoundException"):
        open_job(engine, {**a_custom_request(before=own_function("gone")), "LabelingJobName": "Moods-2"})


def test_loading_that_was_cut_off_begins_again_without_doubles(engine: Engine) -> None:
    engine = with_functions(engine, tidy=lambda event: {"taskInput": {"text": event["dataObject"]["source"]}})
    name = open_job(engine, a_custom_request(before=own_function("tidy")))
    ann = engine.worker("ann")
    engine.label(ann, name, {"how": "angry"}, AT)

    engine.load(name)

    assert [task.answers for task in engine.store.tasks(name, 0)] == [1, 0]


# --- after they answered ---------------------------------------------------------------------------------------------


def voted(event: Any, engine: Engine) -> Any:
    """A consolidation function as Ground Truth's examples are: it reads the payload from S3."""
    key = event["payload"]["s3Uri"].partition("/output/")[2]
    answers = []
    for entry in json.loads(engine.file(key)):
        votes = [json.loads(annotation["annotationData"]["content"])["how"] for annotation in entry["annotations"]]
        content = {event["labelAttributeName"]: {"votes": sorted(votes), "of": entry["dataObject"]["content"]}}
        answers.append({"datasetObjectId": entry["datasetObjectId"], "consolidatedAnnotation": {"content": content}})
    return answers


def test_a_consolidation_function_makes_the_labels_of_the_answers(engine: Engine) -> None:
    engine = with_functions(engine, vote=lambda event: voted(event, engine))
    name = open_job(engine, a_custom_request(after=own_function("vote"), workers=2, has_labels=True), labels=["good", "bad"])
    for worker, how in (("ann", "good"), ("ben", "bad")):
        for _ in TEXTS:
            engine.label(engine.worker(worker), name, {"how": how}, AT)

    engine.write_output(name, WaitOutcome.DONE, END)

    first, second = engine.output_lines(name)
    assert first["mood"] == {"votes": ["bad", "good"], "of": "late again"}
    assert first["mood-metadata"]["type"] == "groundtruth/custom"
    assert second["batch"] == 7
    [event] = engine.functions.events  # type: ignore[attr-defined]
    assert list(event["labelCategories"]) == ["good", "bad"]
    assert event["maxHumanWorkersPerDataObject"] == 2
    assert event["outputConfig"] == "s3://groundwork-data/projects/pets/output/Moods-1/annotations"
    made = json.loads(engine.file(event["payload"]["s3Uri"].partition("/output/")[2].replace("request", "response")))
    assert made[0]["consolidatedAnnotation"]["content"]["mood"] == first["mood"]


def test_objects_whose_annotation_the_function_leaves_out_have_failed(engine: Engine) -> None:
    engine = with_functions(engine, vote=lambda event: voted(event, engine)[:1])
    name = open_job(engine, a_custom_request(after=own_function("vote")))
    for _ in TEXTS:
        engine.label(engine.worker("ann"), name, {"how": "good"}, AT)

    engine.write_output(name, WaitOutcome.DONE, END)

    assert "gave no annotation of this object under 'mood'" in failure_of(engine.output_lines(name)[1])
    job = engine.store.job(name)
    assert job is not None
    assert job.counters == Counters(human_labeled=1, failed=1)


def test_answers_that_a_broken_function_could_not_consolidate_are_consolidated_again_once_it_is_mended(engine: Engine) -> None:
    broken = with_functions(engine, vote=lambda _: 1 / 0)
    name = open_job(broken, a_custom_request(after=own_function("vote")))
    for _ in TEXTS:
        broken.label(broken.worker("ann"), name, {"how": "good"}, AT)
    broken.write_output(name, WaitOutcome.DONE, END)
    assert all("ZeroDivisionError" in failure_of(line) for line in broken.output_lines(name))

    mended = with_functions(engine, vote=lambda event: voted(event, engine))
    mended.write_output(name, WaitOutcome.DONE, END, "again-1")

    assert [line["mood"]["votes"] for line in mended.output_lines(name)] == [["good"], ["good"]]
    job = engine.store.job(name)
    assert job is not None
    assert job.counters == Counters(human_labeled=2)


def test_while_the_job_runs_a_failing_function_leaves_the_lines_as_they_are(engine: Engine) -> None:
    broken = with_functions(engine, vote=lambda _: 1 / 0)
    name = open_job(broken, a_custom_request(after=own_function("vote")))
    for _ in TEXTS:
        broken.label(broken.worker("ann"), name, {"how": "good"}, AT)
    engine.store.close_shard(name, 0, only_if_finished=True)

    broken.write_output(name, WaitOutcome.INTERIM, AT)
    assert broken.output_lines(name) == TEXTS
    mended = with_functions(engine, vote=lambda event: voted(event, engine))
    mended.write_output(name, WaitOutcome.DONE, END)

    assert [line["mood"]["votes"] for line in mended.output_lines(name)] == [["good"], ["good"]]


def test_what_a_function_says_of_other_attributes_stays_out_of_the_manifest(engine: Engine) -> None:
    def greedy(event: Any) -> Any:
        content = {"mood": 1, "mood-metadata": {"votes": 2, "type": "mine"}, "source": "changed"}
        return [{"datasetObjectId": str(number), "consolidatedAnnotation": {"content": content}} for number in range(2)]

    engine = with_functions(engine, greedy=greedy)
    name = open_job(engine, a_custom_request(after=own_function("greedy")))
    for _ in TEXTS:
        engine.label(engine.worker("ann"), name, {"how": "good"}, AT)
    engine.write_output(name, WaitOutcome.DONE, END)

    first = engine.output_lines(name)[0]
    assert (first["source"], first["mood"], first["mood-metadata"]["votes"]) == ("late again", 1, 2)
    assert first["mood-metadata"]["type"] == "groundtruth/custom"


def test_a_type_of_ground_truths_may_have_a_consolidation_function_of_ones_own(engine: Engine) -> None:
    def first(event: Any) -> Any:
        key = event["payload"]["s3Uri"].partition("/output/")[2]
        return [
            {"datasetObjectId": entry["datasetObjectId"], "consolidatedAnnotation": {"content": {"kind": entry["dataObject"]}}}
            for entry in json.loads(engine.file(key))
        ]

    engine = with_functions(engine, first=first)
    request = a_request(AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn": own_function("first")})
    name = engine.open_job(pictures(1), request)
    engine.label(engine.worker("ann"), name, chose("car"), AT)
    engine.write_output(name, WaitOutcome.DONE, END)

    [line] = engine.output_lines(name)
    assert line["kind"] == {"s3Uri": line["source-ref"]}
    assert line["kind-metadata"]["type"] == "groundtruth/custom"


# --- made anew -----------------------------------------------------------------------------------------------------


def test_a_table_made_anew_keeps_what_was_answered_whatever_the_function_says_now(engine: Engine) -> None:
    before = with_functions(engine, tidy=lambda _: {"taskInput": {"text": "x"}})
    name = open_job(before, a_custom_request(before=own_function("tidy")))
    before.label(before.worker("ann"), name, {"how": "good"}, AT)
    keep_records(before)
    lose_everything()

    after = with_functions(engine, tidy=lambda _: {"taskInput": {}, "isHumanAnnotationRequired": False})
    rebuild(after, name)
    after.write_output(name, WaitOutcome.DONE, END)

    first, second = after.output_lines(name)
    assert "worker-response-ref" in first["mood-metadata"]
    assert second == TEXTS[1]
