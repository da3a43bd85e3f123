"""Classes by expectation maximisation: as facts 5.6 describe it, and better than a majority when workers differ."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import DawidSkene
from hypothesis import given
from hypothesis import strategies as st

from groundwork.engine.consolidation.expectation_maximization import class_probabilities
from tests.unit.engine.consolidation.builders import EXAMPLES, kind, label_of, labels_of

type Answers = list[tuple[int, int, int]]  # item, worker, class


def probabilities(answers: Answers, classes: int) -> list[list[float]]:
    items, workers, choices = np.array(answers).T
    workers = np.unique(workers, return_inverse=True)[1]
    estimated: list[list[float]] = class_probabilities(items, workers, choices, classes).tolist()
    return estimated


def by_the_book(answers: Answers, classes: int) -> list[list[float]]:
    """The method word by word as facts 5.6 tell it: whole matrices, no shortcuts."""
    items, workers = sorted({item for item, _, _ in answers}), sorted({worker for _, worker, _ in answers})
    every = range(classes)

    def matrix(diagonal: float) -> list[list[float]]:
        return [[diagonal if j == k else (1 - diagonal) / (classes - 1) for k in every] for j in every]

    confusion = {worker: matrix(0.7) for worker in workers}
    posterior = {item: [1 / classes] * classes for item in items}
    mean_accuracy, before = 0.7, None
    for _ in range(20):
        prior = [sum(posterior[item][j] for item in items) / len(items) for j in every]
        log_likelihood = 0.0
        for item in items:
            weights = list(prior)
            for _, worker, choice in (answer for answer in answers if answer[0] == item):
                weights = [weight * confusion[worker][j][choice] for j, weight in enumerate(weights)]
            posterior[item] = [weight / sum(weights) for weight in weights]
            log_likelihood += log(sum(weights))
        if before is not None and abs(log_likelihood - before) <= 1e-8 * abs(before):
            break
        before = log_likelihood
        accuracies = []
        for worker in workers:
            own = [(item, choice) for item, by, choice in answers if by == worker]
            n = len(own)
            counts = [[sum(posterior[item][j] for item, choice in own if choice == k) for k in every] for j in every]
            accuracy = sum(counts[j][j] for j in every) / n
            smoothed = [
                [c + n * a + n / 2 * m for c, a, m in zip(*rows, strict=True)]
                for rows in zip(counts, matrix(accuracy), matrix(mean_accuracy), strict=True)
            ]
            confusion[worker] = [[value / sum(row) for value in row] for row in smoothed]
            accuracies.append(accuracy)
        mean_accuracy = sum(accuracies) / len(accuracies)
    return [posterior[item] for item in items]


@st.composite
def calls(draw: st.DrawFn) -> tuple[Answers, int]:
    """Answers of a call: each item has one to five workers out of six."""
    classes = draw(st.integers(2, 5))
    choices = st.dictionaries(st.integers(0, 5), st.integers(0, classes - 1), min_size=1, max_size=5)
    items = draw(st.lists(choices, min_size=1, max_size=8))
    return [(item, worker, choice) for item, by in enumerate(items) for worker, choice in by.items()], classes


@EXAMPLES
@given(calls())
def test_the_estimate_is_that_of_the_book(call: tuple[Answers, int]) -> None:
    answers, classes = call

    for ours, theirs in zip(probabilities(answers, classes), by_the_book(answers, classes), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


@EXAMPLES
@given(calls(), st.randoms(use_true_random=False))
def test_neither_the_order_of_answers_nor_the_names_of_workers_change_a_bit(call: tuple[Answers, int], chance: random.Random) -> None:
    answers, classes = call
    names = list(range(100, 106))
    chance.shuffle(names)
    shuffled = [(item, names[worker], choice) for item, worker, choice in answers]
    chance.shuffle(shuffled)

    assert probabilities(shuffled, classes) == probabilities(answers, classes)


# 200 classes is more than a matrix a worker could bear were it kept whole.
@pytest.mark.parametrize("classes", [1, 2, 10, 200])
def test_what_all_agree_on_is_the_label_at_the_greatest_confidence(classes: int) -> None:
    names = [f"kind {number}" for number in range(classes)]
    truth = [names[number % classes] for number in range(50)]

    labels = labels_of("ImageMultiClass", names, [{worker: kind(label) for worker in ("ann", "ben", "cid")} for label in truth])

    assert [label.metadata["class-name"] for label in labels] == truth
    assert {label.metadata["confidence"] for label in labels} == {0.95}


def test_a_tie_goes_to_the_first_class() -> None:
    label = label_of("ImageMultiClass", ["bus", "car", "truck"], kind("truck"), kind("car"))

    assert (label.value, label.metadata["confidence"]) == (1, 0.5)


def test_one_reliable_worker_outweighs_two_who_guess() -> None:
    chance = random.Random(7)  # noqa: S311
    names = ["bus", "car", "truck"]
    truth = [chance.choice(names) for _ in range(50)]
    objects = [
        {"ann": kind(right), "ben": kind(right), "cid": kind(chance.choice(names)), "dan": kind(chance.choice(names))} for right in truth
    ]
    objects[0] = {"ann": kind("bus"), "cid": kind("car"), "dan": kind("car")}

    label = labels_of("ImageMultiClass", names, objects)[0]

    assert label.metadata["class-name"] == "bus"


def test_an_object_with_one_answer_takes_it_and_does_not_disturb_the_others() -> None:
    compared: list[Mapping[str, object]] = [
        {"ann": kind("car"), "ben": kind("bus"), "cid": kind("car")},
        {"ann": kind("bus"), "ben": kind("bus")},
    ]
    alone = {"ben": kind("truck")}
    names = ["bus", "car", "truck"]

    first, lone, second = labels_of("ImageMultiClass", names, [compared[0], alone, compared[1]])

    assert (lone.metadata["class-name"], lone.metadata["confidence"]) == ("truck", 0.0)
    assert [first, second] == labels_of("ImageMultiClass", names, compared)


def test_each_of_several_labels_is_judged_by_itself() -> None:
    votes = [{"ann": ["rain", "night"], "ben": ["rain"], "cid": ["rain"]}, {"ann": ["fog"], "ben": [], "cid": ["fog"]}]
    objects = [{worker: {"labels": labels} for worker, labels in by.items()} for by in votes]

    together = labels_of("ImageMultiClassMultiLabel", ["rain", "fog", "night"], objects)
    without_rain = [
        {worker: {"labels": [label for label in content["labels"] if label != "rain"]} for worker, content in by.items()} for by in objects
    ]

    assert [label.value for label in together] == [[0, 2], [1]]
    apart = labels_of("ImageMultiClassMultiLabel", ["rain", "fog", "night"], without_rain)
    assert apart[1].metadata == together[1].metadata
    assert apart[0].metadata["confidence-map"]["2"] == together[0].metadata["confidence-map"]["2"]


label_names = st.lists(st.text(min_size=1, max_size=9), min_size=2, max_size=6, unique=True)


@EXAMPLES
@given(st.data(), label_names)
def test_labels_may_be_any_text(data: st.DataObject, names: list[str]) -> None:
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5))
    picked = data.draw(st.lists(st.lists(st.sampled_from(names)), min_size=1, max_size=4))

    one = label_of("TextMultiClass", names, *(kind(label) for label in chosen))
    many = label_of("TextMultiClassMultiLabel", names, *({"labels": labels} for labels in picked))

    assert one.metadata["class-name"] in chosen
    assert names[one.value] == one.metadata["class-name"]
    assert {names[index] for index in many.value} == {label for labels in picked for label in labels}
    assert list(many.metadata["class-map"]) == list(many.metadata["confidence-map"]) == [str(index) for index in many.value]


# --- against majority vote and crowd-kit ------------------------------------------------------------------------------

DIGITS = [str(digit) for digit in range(10)]
# How often each of nine workers errs: some good, some careless, two who might as well guess.
ERROR_RATES = (0.05, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.7, 0.8)


def simulated(seed: int, objects: int, workers_per_object: int) -> tuple[list[int], Answers]:
    """Digits and what workers of the known error rates say they are; whose turn it is, is drawn."""
    chance = random.Random(seed)  # noqa: S311
    truth = [chance.randrange(10) for _ in range(objects)]
    answers = []
    for item, digit in enumerate(truth):
        for worker in chance.sample(range(len(ERROR_RATES)), workers_per_object):
            wrong = chance.random() < ERROR_RATES[worker]
            answers.append((item, worker, chance.choice([other for other in range(10) if other != digit]) if wrong else digit))
    return truth, answers


def majority(answers: Answers) -> list[int]:
    votes: dict[int, Counter[int]] = {}
    for item, _, choice in answers:
        votes.setdefault(item, Counter())[choice] += 1
    return [min(votes[item], key=lambda choice: (-votes[item][choice], choice)) for item in sorted(votes)]


def accuracy(given: Sequence[int], truth: Sequence[int]) -> float:
    return sum(one == other for one, other in zip(given, truth, strict=True)) / len(truth)


@pytest.mark.parametrize("workers_per_object", [3, 5])
def test_simulated_digits_are_labeled_at_least_as_well_as_by_majority_in_every_run(workers_per_object: int) -> None:
    print(f"\nseed  majority  consolidated   (600 objects, {workers_per_object} workers each, calls of 50)")  # noqa: T201
    for seed in range(10):
        truth, answers = simulated(seed, 600, workers_per_object)
        of_item: dict[int, dict[str, object]] = {}
        for item, worker, choice in answers:
            of_item.setdefault(item, {})[str(worker)] = kind(DIGITS[choice])
        objects = [of_item[item] for item in range(len(truth))]
        calls = [objects[start : start + 50] for start in range(0, len(objects), 50)]

        consolidated = [label.value for call in calls for label in labels_of("ImageMultiClass", DIGITS, call)]

        ours, theirs = accuracy(consolidated, truth), accuracy(majority(answers), truth)
        print(f"{seed:4}  {theirs:8.4f}  {ours:12.4f}")  # noqa: T201
        assert ours >= theirs


# Of pandas, about the way crowd-kit calls it.
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_crowd_kits_dawid_skene_gives_the_same_labels_where_answers_are_plenty() -> None:
    _, answers = simulated(1, 300, 7)

    ours = [max(enumerate(row), key=itemgetter(1))[0] for row in probabilities(answers, 10)]
    theirs = DawidSkene(n_iter=100).fit_predict(pd.DataFrame(answers, columns=["task", "worker", "label"])).sort_index().tolist()

    assert accuracy(ours, theirs) > 0.99
