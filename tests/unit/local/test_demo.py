import json
from pathlib import Path
from typing import Any

import pytest

from local.demo.demo import FOLDER, LABELS, WORKERS, Outcome, consolidated_labels, faults_of
from local.demo.scores import score
from local.demo.workers import SimulatedWorker, picture_of

TRUTH: dict[str, str] = {"a.png": "1", "b.png": "2", "c.png": "3"}


def an_outcome(**overrides: Any) -> Outcome:
    facts: dict[str, Any] = {
        "job": {"counters": {"total": 3, "human_labeled": 3, "machine_labeled": 0, "failed": 0, "unlabeled": 0}},
        "truth": TRUTH,
        "consolidated": TRUTH,
        "answers": {"worker-1": {"a.png": "1", "b.png": "2", "c.png": "9"}, "worker-2": {"a.png": "1", "b.png": "9", "c.png": "9"}},
    }
    return Outcome(**(facts | overrides))


def test_accuracy_is_the_share_of_pictures_with_the_true_label() -> None:
    result = score({"a.png": "1", "b.png": "7"}, TRUTH)

    assert (result.right, result.pictures) == (1, 3)
    assert result.accuracy == pytest.approx(1 / 3)


def test_labels_of_unknown_pictures_count_for_nothing() -> None:
    assert score({"z.png": "1"}, TRUTH).accuracy == 0.0
    assert score({}, {}).accuracy == 0.0


def test_consolidated_labels_are_read_from_the_output_manifest_by_class_name() -> None:
    lines = [
        json.dumps({"source-ref": "s3://bucket/digits/a.png", "digits": 4, "digits-metadata": {"class-name": "7"}}),
        json.dumps({"source-ref": "s3://bucket/digits/b.png", "digits-metadata": {"failure-reason": "nobody answered"}}),
    ]

    assert consolidated_labels(lines, "digits") == {"a.png": "7"}


def test_a_demo_in_which_all_is_well_has_no_faults() -> None:
    assert faults_of(an_outcome(), ["{}"] * 3, [{}]) == []


@pytest.mark.parametrize(
    ("outcome", "lines", "fault"),
    [
        (an_outcome(), 2, "the output manifest has 2 lines for 3 pictures"),
        (an_outcome(consolidated={"a.png": "1", "b.png": "2"}), 3, "3 pictures are counted as labeled, 2 have a label"),
        (an_outcome(answers={"worker-1": TRUTH}), 3, "do not beat worker-1 alone"),
        (an_outcome(answers={"worker-1": {"a.png": "1"}}), 3, "worker-1 answered 1 of 3 pictures"),
        (
            an_outcome(job={"counters": {"total": 3, "human_labeled": 3, "machine_labeled": 0, "failed": 1, "unlabeled": 0}}),
            3,
            "do not add up to 3",
        ),
    ],
)
def test_a_demo_whose_numbers_are_off_says_which(outcome: Outcome, lines: int, fault: str) -> None:
    assert fault in "; ".join(faults_of(outcome, ["{}"] * lines, [{}]))


def test_a_worker_reads_the_same_picture_the_same_way_whatever_else_they_read() -> None:
    worker = SimulatedWorker("worker-1", 0.5)

    forwards = {picture: worker.read(picture, TRUTH, LABELS) for picture in TRUTH}
    backwards = {picture: worker.read(picture, TRUTH, LABELS) for picture in reversed(TRUTH)}

    assert forwards == backwards


def test_workers_err_as_often_as_stated_and_never_answer_outside_the_labels() -> None:
    truth = {f"{number}.png": str(number % 10) for number in range(5000)}

    for worker in WORKERS:
        answers = {picture: worker.read(picture, truth, LABELS) for picture in truth}

        assert set(answers.values()) <= set(LABELS)
        assert 1 - score(answers, truth).accuracy == pytest.approx(worker.error_rate, abs=0.02)


def test_workers_err_independently_of_each_other() -> None:
    truth = {f"{number}.png": str(number % 10) for number in range(5000)}
    wrong = [{picture for picture in truth if worker.read(picture, truth, LABELS) != truth[picture]} for worker in WORKERS[:2]]

    both = len(wrong[0] & wrong[1]) / len(truth)

    assert both == pytest.approx(WORKERS[0].error_rate * WORKERS[1].error_rate, abs=0.01)


@pytest.mark.parametrize(
    "address", ["s3://bucket/datasets/digits/picture-007.png", "http://host/bucket/digits/picture-007.png?X-Amz-Signature=a/b"]
)
def test_a_worker_finds_the_picture_in_a_lease(address: str) -> None:
    assert picture_of({"input": {"taskObject": address}}) == "picture-007.png"


def test_every_picture_of_the_demo_has_a_truth_and_every_digit_has_ten_pictures() -> None:
    truth: dict[str, str] = json.loads((FOLDER / "truth.json").read_text())

    assert sorted(truth) == sorted(path.name for path in Path(FOLDER / "pictures").iterdir())
    assert sorted(truth.values()) == sorted(list(LABELS) * 10)
