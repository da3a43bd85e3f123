"""What a labeling job leaves in S3 when it ends, and how it ends."""

import base64
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from PIL import Image

from groundwork.engine import output
from groundwork.engine import store as engine_store
from groundwork.engine.jobs import Counters, JobStatus, WaitOutcome
from groundwork.engine.loading import InputRefusedError
from groundwork.engine.output import RUN
from groundwork.engine.output_tree import OutputTree
from groundwork.engine.quality import report_key
from tests.unit.engine.builders import BUCKET, ISSUER, NOON, Engine, a_job, a_request, chose, pictures

AT = NOON + timedelta(seconds=20)
END = NOON + timedelta(hours=2)


def ended(engine: Engine, name: str, outcome: WaitOutcome) -> tuple[JobStatus, Counters]:
    finished = engine.write_output(name, outcome, END)
    assert finished is not None
    job = engine.store.job(name)
    assert job is not None
    assert job.status is finished.status
    assert job.counters is not None
    return job.status, job.counters


def test_a_finished_job_writes_the_whole_output_tree(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    ann = engine.worker("ann")
    engine.label(ann, name, chose("car"), AT)
    engine.label(ann, name, chose("truck"), AT + timedelta(seconds=5))

    status, counters = ended(engine, name, WaitOutcome.DONE)

    assert (status, counters) == (JobStatus.COMPLETED, Counters(human_labeled=2))
    assert [key for key in engine.keys("") if "/answers/" not in key] == [
        "Kinds-1/annotations/consolidated-annotation/consolidation-request/iteration-1/2026-01-05_12:00:00.json",
        "Kinds-1/annotations/consolidated-annotation/consolidation-response/iteration-1/2026-01-05_12:00:00.json",
        "Kinds-1/annotations/worker-response/iteration-1/0/2026-01-05_12:00:20.json",
        "Kinds-1/annotations/worker-response/iteration-1/1/2026-01-05_12:00:25.json",
        "Kinds-1/manifests/output/output.manifest",
    ]
    first = pictures(1)[0]["source-ref"]
    assert (
        engine.file("Kinds-1/manifests/output/output.manifest").splitlines(keepends=True)[0]
        == (
            f'{{"source-ref":"{first}","kind":1,"kind-metadata":{{"confidence":0.0,"job-name":"labeling-job/kinds-1","class-name":"car",'
            '"human-annotated":"yes","creation-date":"2026-01-05T12:00:20.000000","type":"groundtruth/image-classification"}}\n'
        ).encode()
    )


def test_the_files_of_consolidation_have_ground_truths_form(engine: Engine) -> None:
    name = engine.open_job(pictures(1), a_request(workers=2))
    ann, ben = engine.worker("ann"), engine.worker("ben")
    engine.label(ann, name, chose("car"), AT)
    engine.label(ben, name, chose("car"), AT + timedelta(seconds=1))
    ended(engine, name, WaitOutcome.DONE)

    folder = "Kinds-1/annotations/consolidated-annotation"
    [asked] = json.loads(engine.file(f"{folder}/consolidation-request/iteration-1/2026-01-05_12:00:00.json"))
    [made] = json.loads(engine.file(f"{folder}/consolidation-response/iteration-1/2026-01-05_12:00:00.json"))
    response = json.loads(engine.file("Kinds-1/annotations/worker-response/iteration-1/0/2026-01-05_12:00:21.json"))

    assert asked["datasetObjectId"] == "0"
    assert asked["dataObject"] == {"s3Uri": pictures(1)[0]["source-ref"]}
    assert {entry["workerId"] for entry in asked["annotations"]} == {ann.id, ben.id}
    assert json.loads(asked["annotations"][0]["annotationData"]["content"]) == chose("car")
    assert made["datasetObjectId"] == "0"
    assert made["consolidatedAnnotation"]["content"] == {
        key: value for key, value in engine.output_lines("Kinds-1")[0].items() if key.startswith("kind")
    }
    assert [answer["workerId"] for answer in response["answers"]] == [ann.id, ben.id]
    assert response["answers"][0]["answerContent"] == chose("car")
    assert response["answers"][0]["timeSpentInSeconds"] == 10.0
    assert response["answers"][0]["workerMetadata"] == {
        "identityData": {"identityProviderType": "Cognito", "issuer": ISSUER, "sub": "sub-of-ann"}
    }


def test_consolidating_again_gives_the_same_bytes_and_leaves_the_job_at_rest(engine: Engine) -> None:
    name = engine.open_job(pictures(3), a_request(workers=2))
    for username in ("ann", "ben"):
        for _ in range(3):
            engine.label(engine.worker(username), name, chose("car"))
    before = ended(engine, name, WaitOutcome.DONE)
    once = {key: engine.file(key) for key in engine.keys("")}

    again = engine.write_output(name, WaitOutcome.STOPPED, END, round_="again-1")

    job = engine.store.job(name)
    assert job is not None
    assert again is not None
    assert (again.status, job.status, job.counters) == (JobStatus.COMPLETED, *before)
    assert {key: engine.file(key) for key in engine.keys("")} == once
    assert engine.parts() == []


def test_two_consolidations_at_once_do_not_disturb_each_other(engine: Engine) -> None:
    name = engine.open_job(pictures(3))
    for _ in range(3):
        engine.label(engine.worker("ann"), name, chose("car"))
    engine.write_output(name, WaitOutcome.DONE, END)
    once = {key: engine.file(key) for key in engine.keys("")}
    one, other = "again-1", "again-2"

    for round_ in (one, other):
        assert engine.output.plan(name, round_, WaitOutcome.STOPPED) == [0]
        engine.output.consolidate(name, 0, round_)
    ended = [engine.output.assemble(name, round_, END) for round_ in (other, one)]

    assert ended[0] == ended[1]
    assert {key: engine.file(key) for key in engine.keys("")} == once
    parts = engine.s3.list_objects_v2(Bucket=BUCKET, Prefix="engine/parts/")
    assert parts["KeyCount"] == 0


def test_a_job_whose_run_failed_can_still_be_consolidated(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    engine.label(engine.worker("ann"), name, chose("car"))
    engine.store.come_to_rest(name, JobStatus.FAILED, END, failure_reason="because")

    engine.write_output(name, WaitOutcome.STOPPED, END, round_="again-1")

    job = engine.store.job(name)
    assert job is not None
    assert (job.status, job.counters) == (JobStatus.FAILED, Counters(human_labeled=1, unlabeled=1))
    assert engine.output_lines("Kinds-1")[1] == pictures(2)[1]


def test_a_job_that_runs_is_not_consolidated_by_anybody_else(engine: Engine) -> None:
    name = engine.open_job(pictures(1))

    assert engine.output.plan(name, "again-1", WaitOutcome.STOPPED) is None


def test_while_a_job_runs_its_output_holds_what_is_finished(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 2)
    name = engine.open_job(pictures(5))
    ann = engine.worker("ann")
    for _ in range(3):
        engine.label(ann, name, chose("car"))
    engine.store.close_shard(name, 0, only_if_finished=True)

    interim = engine.write_output(name, WaitOutcome.INTERIM, END)
    half_way, files = engine.output_lines("Kinds-1"), {key: engine.file(key) for key in engine.keys("Kinds-1/annotations")}
    for _ in range(2):
        engine.label(ann, name, chose("bus"))
    nothing_new = engine.output.plan(name, RUN, WaitOutcome.INTERIM)
    left = engine.output.plan(name, RUN, WaitOutcome.DONE)
    finished = ended(engine, name, WaitOutcome.DONE)

    assert (interim, nothing_new, left) == (None, [], [1, 2])
    assert [line.get("kind") for line in half_way] == [1, 1, None, None, None]
    assert half_way[2:] == pictures(5)[2:]
    assert finished == (JobStatus.COMPLETED, Counters(human_labeled=5))
    assert [line["kind"] for line in engine.output_lines("Kinds-1")] == [1, 1, 1, 0, 0]
    assert {key: engine.file(key) for key in files} == files
    assert engine.parts() == []


def test_an_output_is_due_when_a_twentieth_of_the_shards_is_finished_since_the_last(engine: Engine) -> None:
    job = a_job(a_request())

    assert not job.is_output_due
    assert not replace(job, shards=100, closed_shards=4).is_output_due
    assert replace(job, shards=100, closed_shards=5).is_output_due
    assert not replace(job, shards=100, closed_shards=5, published_shards=5).is_output_due
    assert replace(job, shards=3, closed_shards=1).is_output_due


def test_once_the_outcome_is_settled_nobody_gets_work_and_it_stands(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    engine.output.plan(name, RUN, WaitOutcome.LIMIT_REACHED)

    lease = engine.work.take_lease(engine.worker("ann"), name, AT)
    engine.output.plan(name, RUN, WaitOutcome.EXPIRED)

    job = engine.store.job(name)
    assert lease is None
    assert job is not None
    assert job.wait_outcome(END) is WaitOutcome.LIMIT_REACHED


def test_an_end_that_was_cut_off_is_completed_by_the_next_try(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    name = engine.open_job(pictures(2))
    engine.label(engine.worker("ann"), name, chose("car"))
    engine.label(engine.worker("ann"), name, chose("bus"))

    def cut_off(*_: object) -> None:
        raise ConnectionError("the function was killed")

    with monkeypatch.context() as broken:
        broken.setattr(OutputTree, "put_manifest", cut_off)
        with pytest.raises(ConnectionError):
            engine.write_output(name, WaitOutcome.DONE, END)

    assert ended(engine, name, WaitOutcome.DONE) == (JobStatus.COMPLETED, Counters(human_labeled=2))
    assert [line["kind"] for line in engine.output_lines("Kinds-1")] == [1, 0]


def test_a_stopped_job_keeps_what_is_complete_and_leaves_other_lines_as_they_came(engine: Engine) -> None:
    lines = [{"source-ref": f"s3://{BUCKET}/ä {number}.jpg", "weight": 1.50} for number in range(3)]
    name = engine.open_job(lines, a_request(workers=2))
    before = engine.s3.get_object(Bucket=BUCKET, Key="projects/pets/manifests/in.manifest")["Body"].read().splitlines(keepends=True)
    engine.label(engine.worker("ann"), name, chose("car"))
    engine.label(engine.worker("ann"), name, chose("car"))
    engine.label(engine.worker("ben"), name, chose("car"))
    engine.store.request_stop(name, AT)

    status, counters = ended(engine, name, WaitOutcome.STOPPED)

    assert (status, counters) == (JobStatus.STOPPED, Counters(human_labeled=1, unlabeled=2))
    after = engine.file("Kinds-1/manifests/output/output.manifest").splitlines(keepends=True)
    assert after[1:] == before[1:]
    assert json.loads(after[0])["kind"] == 1
    assert "ä".encode() in after[0]


def test_a_job_that_reached_its_limit_is_completed_and_leaves_the_rest(engine: Engine) -> None:
    name = engine.open_job(pictures(2))
    engine.label(engine.worker("ann"), name, chose("car"))

    assert ended(engine, name, WaitOutcome.LIMIT_REACHED) == (JobStatus.COMPLETED, Counters(human_labeled=1, unlabeled=1))
    assert engine.output_lines("Kinds-1")[1] == pictures(2)[1]


def test_when_time_is_over_some_answers_are_enough_and_no_answer_is_a_failure(engine: Engine) -> None:
    name = engine.open_job(pictures(2), a_request(workers=2))
    engine.label(engine.worker("ann"), name, chose("car"))

    status, counters = ended(engine, name, WaitOutcome.EXPIRED)

    assert (status, counters) == (JobStatus.COMPLETED, Counters(human_labeled=1, failed=1))
    labeled, failed = engine.output_lines("Kinds-1")
    assert labeled["kind"] == 1
    assert list(failed) == ["source-ref", "kind-metadata"]
    assert failed["kind-metadata"]["retry-count"] == 1
    assert failed["kind-metadata"]["failure-reason"].startswith("ClientError: Annotation tasks expired. ")
    assert failed["kind-metadata"]["human-annotated"] == "true"


def test_a_chained_job_labels_what_failed_before_and_keeps_what_was_labeled(engine: Engine) -> None:
    lines = pictures(2)
    lines[0] |= {"kind": 2, "kind-metadata": {"class-name": "truck"}}
    lines[1] |= {"kind-metadata": {"failure-reason": "expired"}, "note": "x"}
    name = engine.open_job(lines)
    engine.label(engine.worker("ann"), name, chose("bus"))

    _, counters = ended(engine, name, WaitOutcome.DONE)

    kept, labeled = engine.output_lines("Kinds-1")
    assert kept == lines[0]
    assert list(labeled) == ["source-ref", "note", "kind", "kind-metadata"]
    assert labeled["kind-metadata"]["class-name"] == "bus"
    assert counters == Counters(human_labeled=1)


def test_masks_are_pictures_beside_the_manifest(engine: Engine) -> None:
    # See-through, but for one pixel, and too large for an item of the table.
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 4), dtype=np.uint8)
    noise[..., 3] = 0
    noise[0, 0] = 0x2C, 0xA0, 0x2C, 255
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    request = a_request(task_type="SemanticSegmentation", attribute="road-ref")
    name = engine.open_job(pictures(1), request, labels=["lane"])
    content = {
        "crowd-semantic-segmentation": {
            "labelMappings": {"lane": {"color": "#2ca02c"}},
            "labeledImage": {"pngImageData": base64.b64encode(picture.getvalue()).decode()},
            "inputImageProperties": {"width": 200, "height": 200},
        }
    }
    engine.label(engine.worker("ann"), name, content)

    ended(engine, name, WaitOutcome.DONE)

    [line] = engine.output_lines("Kinds-1")
    key = "Kinds-1/annotations/consolidated-annotation/output/0_2026-01-05T12:00:20.000000.png"
    assert line["road-ref"] == f"s3://{BUCKET}/projects/pets/output/{key}"
    assert np.argwhere(np.asarray(Image.open(io.BytesIO(engine.file(key))))).tolist() == [[0, 0]]
    [request_file] = engine.keys("Kinds-1/annotations/consolidated-annotation/consolidation-request/")
    [annotation] = json.loads(engine.file(request_file))[0]["annotations"]
    assert list(annotation["annotationData"]) == ["s3Uri"]


def test_consolidation_takes_at_most_fifty_objects_at_a_time_under_names_of_their_own(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_OBJECTS_PER_CONSOLIDATION", 2)
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 3)
    name = engine.open_job(pictures(5))
    for _ in range(5):
        engine.label(engine.worker("ann"), name, chose("car"), AT)

    ended(engine, name, WaitOutcome.DONE)

    sizes = [len(json.loads(engine.file(key))) for key in engine.keys("Kinds-1/annotations/consolidated-annotation/consolidation-request/")]
    assert sizes == [2, 1, 2]
    assert [line["kind"] for line in engine.output_lines("Kinds-1")] == [1] * 5


def test_text_that_utf8_cannot_carry_does_not_break_the_manifest(engine: Engine) -> None:
    request = a_request(task_type="VerificationBoundingBox", attribute="check")
    name = engine.open_job(pictures(1), request, labels=["good", "bad"])
    content = {"crowd-image-classifier": {"label": "bad", "workerComment": "half a pair: \ud83d"}}
    engine.label(engine.worker("ann"), name, content)

    ended(engine, name, WaitOutcome.DONE)

    [line] = engine.output_lines("Kinds-1")
    assert line["check-metadata"]["worker-feedback"] == [{"comment": "half a pair: \ud83d"}]


def test_a_job_at_rest_stays_as_it_is(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    engine.store.come_to_rest(name, JobStatus.FAILED, END, failure_reason="because")

    finished = engine.write_output(name, WaitOutcome.DONE, END)

    assert finished is not None
    assert finished.status is JobStatus.FAILED
    assert engine.keys("Kinds-1/manifests") == []


def test_a_manifest_that_is_gone_at_the_end_is_a_reason_and_not_a_crash(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    engine.s3.delete_object(Bucket=BUCKET, Key="projects/pets/manifests/in.manifest")

    with pytest.raises(InputRefusedError, match="does not exist"):
        engine.write_output(name, WaitOutcome.DONE, END)


@pytest.mark.parametrize("mishap", ["replaced", "deleted"])
def test_where_the_bucket_keeps_versions_a_manifest_lost_while_people_labeled_costs_nothing(engine: Engine, mishap: str) -> None:
    engine.keep_versions()
    name = engine.open_job(pictures(1))
    engine.label(engine.worker("ann"), name, chose("car"))
    if mishap == "replaced":
        engine.put_input(pictures(3))
    else:
        engine.s3.delete_object(Bucket=BUCKET, Key="projects/pets/manifests/in.manifest")

    assert ended(engine, name, WaitOutcome.DONE) == (JobStatus.COMPLETED, Counters(human_labeled=1))

    [line] = engine.output_lines("Kinds-1")
    assert (line["source-ref"], line["kind"]) == (pictures(1)[0]["source-ref"], 1)


@pytest.mark.parametrize("key_id", ["", None, "alias/labels"])
def test_output_is_encrypted_with_the_jobs_key(engine: Engine, key_id: Any) -> None:
    request = a_request()
    if key_id is not None:
        request["OutputConfig"]["KmsKeyId"] = key_id
    name = engine.open_job(pictures(1), request)
    engine.label(engine.worker("ann"), name, chose("car"))

    ended(engine, name, WaitOutcome.DONE)

    for key in engine.keys(""):
        head = engine.s3.head_object(Bucket=BUCKET, Key=f"projects/pets/output/{key}")
        assert head.get("SSEKMSKeyId") == (key_id or None)


@pytest.mark.parametrize("outcome", [WaitOutcome.DONE, WaitOutcome.STOPPED])
def test_an_object_that_was_put_aside_has_failed_with_its_reasons(engine: Engine, outcome: WaitOutcome) -> None:
    name = engine.open_job(pictures(2))
    ann = engine.worker("ann")
    lease = engine.work.take_lease(ann, name, NOON)
    assert lease is not None
    engine.work.decline(ann, lease.hold.lease_id, "The picture is blank", NOON)
    engine.label(ann, name, chose("car"))

    _, counters = ended(engine, name, outcome)

    declined, labeled = engine.output_lines(name)
    assert declined["kind-metadata"]["failure-reason"] == "ClientError: Workers declined the object: The picture is blank"
    assert "kind" not in declined
    assert labeled["kind"] == 1
    assert counters == Counters(human_labeled=1, failed=1)


def test_the_quality_of_what_was_consolidated_is_kept_and_all_of_it_when_the_job_ends(engine: Engine) -> None:
    name = engine.open_job(pictures(2), a_request(workers=2))
    for username, labels in (("ann", ("car", "bus")), ("ben", ("car", "car"))):
        for label in labels:
            engine.label(engine.worker(username), name, chose(label))

    ended(engine, name, WaitOutcome.DONE)

    report = json.loads(engine.s3.get_object(Bucket=BUCKET, Key=report_key(name))["Body"].read())
    assert (report["objects"], report["compared_objects"], report["answers"]) == (2, 2, 4)
    assert report["agreement"]["observed"] == 0.5
    assert {worker["sub"] for worker in report["workers"]} == {"sub-of-ann", "sub-of-ben"}
    parts = engine.s3.list_objects_v2(Bucket=BUCKET, Prefix="engine/parts/")
    assert parts["KeyCount"] == 0


def test_the_disagreement_of_each_object_is_kept_with_its_shard_and_renewed_when_it_is_consolidated_again(engine: Engine) -> None:
    name = engine.open_job(pictures(3), a_request(workers=3))
    for username, labels in (("ann", ("car", "bus")), ("ben", ("car", "car")), ("cid", ("car", "bus"))):
        for label in labels:
            engine.label(engine.worker(username), name, chose(label))

    ended(engine, name, WaitOutcome.EXPIRED)

    assert engine.store.disagreements(name, 0) == {0: 0.0, 1: 0.3333}
    assert engine.store.disagreements(name, 1) == {}
    engine.write_output(name, WaitOutcome.DONE, END, round_="again")
    assert engine.store.disagreements(name, 0) == {0: 0.0, 1: 0.3333}


def test_of_one_answer_there_is_no_disagreement(engine: Engine) -> None:
    name = engine.open_job(pictures(1))
    engine.label(engine.worker("ann"), name, chose("car"))

    ended(engine, name, WaitOutcome.DONE)

    assert engine.store.disagreements(name, 0) == {}


HOSTILE = (
    'a "quoted" name',
    "two\nlines\r\n",
    "line\u2028separator\u0085",
    "nul\0and\x1bescape",
    "</script><img src=x onerror=alert(1)>",
    "{{ task | grant_read_access }}{% raw %}",
    "../../other/projects/manifests/output/output.manifest",
    "__proto__",
    "ünï\u202eçødé 😀 👩\u200d👩\u200d👧",
    '=HYPERLINK("https://example.com")',
    "-metadata",
    "x" * 256,
)


@pytest.mark.parametrize("task_type", ["TextMultiClass", "TextMultiClassMultiLabel", "NamedEntityRecognition"])
def test_no_label_and_no_text_breaks_a_line_or_a_key(engine: Engine, task_type: str) -> None:
    lines = [{"source": f"{text}.", text: {text: [text, "half a pair \ud83d"]}} for text in HOSTILE]
    name = engine.open_job(lines, a_request(task_type=task_type), labels=HOSTILE)
    for number, label in enumerate(HOSTILE):
        entity = {"label": label, "startOffset": 0, "endOffset": len(label)}
        contents: dict[str, dict[str, Any]] = {
            "TextMultiClass": {"crowd-classifier": {"label": label}},
            "TextMultiClassMultiLabel": {"crowd-classifier-multi-select": {"labels": [label, HOSTILE[0]]}},
            "NamedEntityRecognition": {"crowd-entity-annotation": {"entities": [entity]}},
        }
        assert engine.label(engine.worker("ann"), name, {**contents[task_type], label: label}, AT + timedelta(seconds=number)) == number

    ended(engine, name, WaitOutcome.DONE)

    manifest = engine.file("Kinds-1/manifests/output/output.manifest")
    assert manifest.count(b"\n") == len(HOSTILE)
    for number, (line, label) in enumerate(zip(engine.output_lines(name), HOSTILE, strict=True)):
        value, metadata = line.pop("kind"), line.pop("kind-metadata")
        assert line == lines[number]
        match task_type:
            case "TextMultiClass":
                assert (value, metadata["class-name"]) == (number, label)
            case "TextMultiClassMultiLabel":
                assert metadata["class-map"] == {str(number): label, "0": HOSTILE[0]}
            case _:
                [entity] = value["annotations"]["entities"]
                assert line["source"][entity["startOffset"] : entity["endOffset"]] == entity["label"] == label
    assert all(re.fullmatch(r"[A-Za-z0-9_/.:-]+", key) for key in engine.keys(""))
