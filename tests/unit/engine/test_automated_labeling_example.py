"""examples/automated_labeling: people label less, and the labels are no worse for it; and it fits the engine."""

import importlib.util
import io
import json
import random
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pytest
from PIL import Image
from sklearn.datasets import load_digits

from groundwork.engine.automated_labeling import take_proposals, write_question
from groundwork.engine.jobs import WaitOutcome
from tests.builders import ROOT
from tests.unit.engine.builders import BUCKET, NOON, Engine, a_job
from tests.unit.engine.test_automated_labeling import LATER, an_automated_request

DIGITS = tuple("0123456789")
OBJECTS = 400


@pytest.fixture
def example(data_bucket: object) -> Any:
    """The example's function, as a cold start makes it."""
    spec = importlib.util.spec_from_file_location("proposals", ROOT / "examples/automated_labeling/proposals/app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture_of(values: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray((255 - values * 255 / 16).astype("uint8")).save(file, "PNG")
    return file.getvalue()


def test_people_label_fewer_digits_and_the_labels_are_as_right_as_if_they_had_labeled_all(
    example: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """People who are wrong about one in a hundred, the engine's own rules for batches and for what is taken, and three seeded runs. As
    right: within the one per cent that so many objects can tell apart."""
    runs = [simulated(example, random.Random(seed)) for seed in range(3)]  # noqa: S311 - not a secret

    with capsys.disabled():
        for seed, (asked, right, right_by_people) in enumerate(runs):
            print(  # noqa: T201 - the figures are what the test is about
                f"\n  seed {seed}: people labeled {asked} of {OBJECTS} digits and {right:.1%} of all labels are right; "
                f"if people label all, {right_by_people:.1%} are"
            )
    assert all(asked <= 0.75 * OBJECTS for asked, _, _ in runs)
    assert fmean(right for _, right, _ in runs) >= fmean(right for _, _, right in runs) - 0.01


def simulated(example: Any, rng: random.Random) -> tuple[int, float, float]:
    """How many of the digits people labeled, the share of right labels in the end, and the share if people had labeled all."""
    digits, threshold = load_digits(), 0.95
    chosen = rng.sample(range(len(digits.target)), OBJECTS)
    seen = [example.grey_values(picture_of(digits.images[index])) for index in chosen]
    truth = [str(digits.target[index]) for index in chosen]
    answers = [digit if rng.random() >= 0.01 else rng.choice([other for other in DIGITS if other != digit]) for digit in truth]
    batch = a_job(an_automated_request(batch=1000)).batch_size(OBJECTS)

    by_machine: dict[int, str] = {}
    by_people = set(rng.sample(range(OBJECTS), batch))
    while left := [number for number in range(OBJECTS) if number not in by_people | by_machine.keys()]:
        known = sorted(by_people)
        proposed = example.propose(
            [seen[number] for number in known], [answers[number] for number in known], [seen[number] for number in left], is_text=False
        )
        proposals = dict(zip(left, proposed, strict=True))
        by_machine |= {number: label for number, (label, confidence) in proposals.items() if confidence >= threshold}
        unsure = [number for number in left if number not in by_machine]
        by_people |= set(sorted(unsure, key=lambda number: proposals[number][1])[:batch])
    right = sum(by_machine.get(number, answers[number]) == digit for number, digit in enumerate(truth)) / OBJECTS
    return len(by_people), right, sum(answer == digit for answer, digit in zip(answers, truth, strict=True)) / OBJECTS


def label_all(engine: Engine, example: Any, name: str, element: str, answers: Mapping[int, str]) -> int:
    """Run the job to its end, with one worker who gives these answers; how many the worker gave."""
    worker, given = engine.worker("anna"), 0
    while not engine.store.automation(name).is_over:
        question = write_question(name, engine.store, engine.s3)
        assert question is not None
        if not question.is_first:
            example.lambda_handler(json.loads(json.dumps(question.event)), None)
        ended = take_proposals(name, question.iteration, engine.store, engine.s3, LATER, is_asked=not question.is_first)
        assert ended is not None
        assert ended.failure is None
        while (lease := engine.work.take_lease(worker, name, NOON)) is not None:
            engine.work.answer(worker, lease.hold.lease_id, {element: {"label": answers[lease.task.number]}}, NOON)
            given += 1
    engine.write_output(name, WaitOutcome.DONE, LATER)
    return given


def test_the_engine_takes_what_the_example_proposes_for_pictures(engine: Engine, example: Any) -> None:
    digits = load_digits(n_class=2)
    lines = []
    for number in range(36):
        key = f"projects/pets/digits/{number:03d}.png"
        engine.s3.put_object(Bucket=BUCKET, Key=key, Body=picture_of(digits.images[number]))
        lines.append({"source-ref": f"s3://{BUCKET}/{key}"})
    truth = {number: str(digits.target[number]) for number in range(36)}
    name = engine.open_job(lines, an_automated_request(batch=20, confidence="0.9"), labels=("0", "1"))

    given = label_all(engine, example, name, "crowd-image-classifier", truth)

    output = engine.output_lines(name)
    assert given < len(output)
    assert {number: line["kind-metadata"]["class-name"] for number, line in enumerate(output)} == truth
    assert sum(line["kind-metadata"]["human-annotated"] == "yes" for line in output) == given


def test_the_engine_takes_what_the_example_proposes_for_texts(engine: Engine, example: Any) -> None:
    moods = {"glad": "what a fine day, all is well", "cross": "the parcel is late and it is broken"}
    truth = {number: ("glad", "cross")[number % 2] for number in range(36)}
    lines = [{"source": f"{moods[mood]} {number}"} for number, mood in truth.items()]
    request = an_automated_request(batch=20, confidence="0.9", task_type="TextMultiClass")
    name = engine.open_job(lines, request, labels=("glad", "cross"))

    given = label_all(engine, example, name, "crowd-classifier", truth)

    output = engine.output_lines(name)
    assert given < len(output)
    assert {number: line["kind-metadata"]["class-name"] for number, line in enumerate(output)} == truth


def test_of_too_little_nothing_is_learned(engine: Engine, example: Any) -> None:
    lines = [{"source": f"text {number}"} for number in range(12)]
    name = engine.open_job(lines, an_automated_request(batch=5, task_type="TextMultiClass"))

    assert label_all(engine, example, name, "crowd-classifier", dict.fromkeys(range(12), "bus")) == 12
