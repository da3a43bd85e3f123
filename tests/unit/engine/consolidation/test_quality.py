"""The quality of a labeling job: agreement of workers with each other and with the labels, and their time."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from sklearn.metrics import jaccard_score

from groundwork.engine.consolidation import LabelContext, ObjectAnswers, consolidate
from groundwork.engine.quality import Tally, summary
from tests.unit.engine.consolidation.builders import EXAMPLES, a_context, an_object, boxes, kind, mask, spans

KINDS = ["bus", "car", "truck"]


def tallied(context: LabelContext, objects: Sequence[ObjectAnswers]) -> Tally:
    tally = Tally()
    for entry, label in zip(objects, consolidate(context, objects), strict=True):
        tally.add(context, entry, label)
    return tally


def quality(task_type: str, labels: Sequence[str], objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of objects, each with what its workers (by name) gave."""
    context = a_context(task_type, labels)
    return summary(context, tallied(context, [an_object(context, contents) for contents in objects]))


def of_workers(found: Mapping[str, Any], what: str) -> dict[str, Any]:
    return {worker["worker_id"].rpartition(".")[2]: worker[what] for worker in found["workers"]}


def test_a_summary_tells_agreement_labels_and_workers() -> None:
    votes = [("car", "car", "car"), ("bus", "bus", "car"), ("bus", "bus", "bus"), ("car", "car", "bus")]
    objects = [{name: kind(vote) for name, vote in zip(("ann", "ben", "cid"), by, strict=True)} for by in votes]

    found = quality("ImageMultiClass", KINDS, [*objects, {"ann": kind("truck")}])

    assert (found["objects"], found["compared_objects"], found["answers"]) == (5, 4, 13)
    assert found["agreement"] == {"observed": 0.6667, "fleiss_kappa": 0.3333, "krippendorff_alpha": 0.3889}
    assert [(label["label"], label["objects"], label["agreement"]) for label in found["labels"]] == [
        ("bus", 2, 0.5),
        ("car", 2, 0.5),
        ("truck", 1, None),
    ]
    assert of_workers(found, "agreement_with_label") == {"ann": 1.0, "ben": 1.0, "cid": 0.5}
    assert of_workers(found, "answers") == {"ann": 5, "ben": 4, "cid": 4}
    assert of_workers(found, "median_seconds") == dict.fromkeys(("ann", "ben", "cid"), pytest.approx(9, rel=0.01))


@pytest.mark.parametrize(
    ("task_type", "labels", "answers", "expected"),
    [
        ("ImageMultiClass", KINDS, [kind("car"), kind("car"), kind("bus")], 1 / 3),
        ("ImageMultiClass", KINDS, [kind("car"), kind("car")], 0.0),
        ("ImageMultiClass", KINDS, [kind("car")], None),
        # The label is their average, 15 high: two thirds of it are in the one, three quarters of the other in it.
        ("BoundingBox", ["cat"], [boxes(("cat", 0, 0, 10, 10)), boxes(("cat", 0, 0, 10, 20))], 7 / 24),
        ("BoundingBox", ["cat"], [boxes(), boxes()], 0.0),
        # The label is the first span alone: found by ann, found beside another by ben, missed by cid.
        ("NamedEntityRecognition", ["animal"], [spans(("animal", 0, 3)), spans(("animal", 0, 3), ("animal", 5, 8)), spans()], 4 / 9),
    ],
)
def test_an_objects_disagreement_is_how_far_answers_are_from_its_label_on_average(
    task_type: str, labels: Sequence[str], answers: Sequence[Mapping[str, Any]], expected: float | None
) -> None:
    context = a_context(task_type, labels)
    entry = an_object(context, dict(zip(("ann", "ben", "cid"), answers, strict=False)))

    found = Tally().add(context, entry, consolidate(context, [entry])[0])

    assert found == (None if expected is None else pytest.approx(expected))


ratings = st.lists(
    st.dictionaries(st.sampled_from(["ann", "ben", "cid", "dan"]), st.sampled_from(KINDS), min_size=1), min_size=1, max_size=12
)


@EXAMPLES
@given(ratings)
def test_krippendorffs_alpha_is_that_of_the_library(objects: list[dict[str, str]]) -> None:
    found = quality("ImageMultiClass", KINDS, [{name: kind(label) for name, label in by.items()} for by in objects])

    table = [[KINDS.index(by[name]) if name in by else np.nan for by in objects] for name in ("ann", "ben", "cid", "dan")]
    compared = {label for by in objects if len(by) > 1 for label in by.values()}
    if len(compared) < 2:
        assert found["agreement"]["krippendorff_alpha"] is None
    else:
        expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
        assert found["agreement"]["krippendorff_alpha"] == pytest.approx(expected, abs=1e-4)


complete_ratings = st.lists(st.tuples(*[st.sampled_from(KINDS)] * 3), min_size=2, max_size=12)


@EXAMPLES
@given(complete_ratings)
def test_fleiss_kappa_is_that_of_the_library(objects: list[tuple[str, ...]]) -> None:
    found = quality("ImageMultiClass", KINDS, [{str(rater): kind(label) for rater, label in enumerate(by)} for by in objects])

    task = AnnotationTask([(str(rater), str(item), label) for item, by in enumerate(objects) for rater, label in enumerate(by)])
    if len({label for by in objects for label in by}) < 2:
        assert found["agreement"]["fleiss_kappa"] is None
    else:
        # NLTK calls it multi-pi; for complete ratings it is Fleiss' kappa.
        assert found["agreement"]["fleiss_kappa"] == pytest.approx(task.pi(), abs=1e-4)


def test_several_labels_have_an_alpha_each() -> None:
    picks = [(["bus"], ["bus"]), (["car"], ["bus", "car"]), ([], []), (["bus", "car"], ["car"])]
    objects = [{"ann": {"labels": one}, "ben": {"labels": other}} for one, other in picks]

    found = quality("ImageMultiClassMultiLabel", KINDS, objects)

    alphas = {label["label"]: label["krippendorff_alpha"] for label in found["labels"]}
    assert alphas["car"] == 1.0
    assert alphas["truck"] is None
    bus = [[int("bus" in pick[rater]) for pick in picks] for rater in range(2)]
    assert alphas["bus"] == pytest.approx(krippendorff.alpha(reliability_data=bus, level_of_measurement="nominal"), abs=1e-4)
    assert found["agreement"]["krippendorff_alpha"] == pytest.approx((alphas["bus"] + 1.0) / 2, abs=1e-4)


def test_boxes_agree_by_their_overlap_and_a_box_the_other_did_not_draw_counts_as_none() -> None:
    here, shifted, stray = ("cat", 0, 0, 10, 10), ("cat", 0, 2, 10, 8), ("dog", 100, 100, 10, 10)

    found = quality("BoundingBox", ["dog", "cat"], [{"ann": boxes(here), "ben": boxes(shifted, stray)}])

    assert found["agreement"] == {"mean_iou": 0.4}
    assert [(label["label"], label["agreement"]) for label in found["labels"]] == [("dog", 0.0), ("cat", 0.8)]


def test_masks_agree_as_scikit_learn_counts_it() -> None:
    colors = {"lane": "#2ca02c", "curb": "#1f77b4"}
    one, other = ["llc.", "llc."], ["lll.", "l.cc"]

    found = quality("SemanticSegmentation", ["lane", "curb"], [{"ann": mask(one, colors), "ben": mask(other, colors)}])

    expected = jaccard_score(list("".join(one)), list("".join(other)), labels=["l", "c"], average=None)
    assert [label["agreement"] for label in found["labels"]] == pytest.approx(list(expected), abs=1e-4)
    assert found["agreement"]["mean_iou"] == pytest.approx(sum(expected) / 2, abs=1e-4)


def test_entities_agree_by_span_f1() -> None:
    one, other = spans(("City", 0, 4), ("Person", 5, 8)), spans(("City", 0, 4), ("Person", 5, 9), ("City", 20, 24))

    found = quality("NamedEntityRecognition", ["City", "Person"], [{"ann": one, "ben": other}])

    assert found["agreement"] == {"span_f1": 0.4}
    assert [(label["label"], label["agreement"]) for label in found["labels"]] == [("City", 0.6667), ("Person", 0.0)]


EXAMPLE_OBJECTS: Mapping[str, Any] = {
    "TextMultiClass": kind("a"),
    "TextMultiClassMultiLabel": {"labels": ["a"]},
    "VerificationBoundingBox": kind("a"),
    "AdjustmentBoundingBox": boxes(("a", 1, 2, 3, 4)),
    "AdjustmentSemanticSegmentation": mask(["a."], {"a": "#2ca02c"}),
    "NamedEntityRecognition": spans(("a", 0, 1)),
}


@pytest.mark.parametrize("task_type", EXAMPLE_OBJECTS)
def test_workers_who_all_agree_agree_with_the_label_whatever_the_type(task_type: str) -> None:
    found = quality(task_type, ["a", "b"], [dict.fromkeys(("ann", "ben", "cid"), EXAMPLE_OBJECTS[task_type])] * 2)

    assert of_workers(found, "agreement_with_label") == {"ann": 1.0, "ben": 1.0, "cid": 1.0}
    assert {value for value in found["agreement"].values() if value is not None} <= {1.0}
    assert [(label["objects"], label["agreement"]) for label in found["labels"]] == [(2, 1.0), (0, None)]


@pytest.mark.parametrize("task_type", EXAMPLE_OBJECTS)
def test_with_one_worker_there_is_nothing_to_compare_but_their_time(task_type: str) -> None:
    found = quality(task_type, ["a", "b"], [{"ann": EXAMPLE_OBJECTS[task_type]}])

    assert (found["objects"], found["compared_objects"]) == (1, 0)
    assert set(found["agreement"].values()) == {None}
    assert of_workers(found, "agreement_with_label") == {"ann": None}
    assert of_workers(found, "median_seconds") == {"ann": pytest.approx(9, rel=0.01)}


@EXAMPLES
@given(ratings, st.integers(0, 12))
def test_the_tallies_of_a_jobs_parts_add_up_to_that_of_the_whole(objects: list[dict[str, str]], cut: int) -> None:
    context = a_context("ImageMultiClass", KINDS)
    entries = [an_object(context, {name: kind(label) for name, label in by.items()}) for by in objects]
    labels = consolidate(context, entries)
    parts = [Tally(), Tally()]
    whole = Tally()
    for number, (entry, label) in enumerate(zip(entries, labels, strict=True)):
        parts[number >= cut].add(context, entry, label)
        whole.add(context, entry, label)

    kept = [Tally.of(json.loads(json.dumps(part.document()))) for part in parts]

    assert summary(context, Tally.total(kept)) == summary(context, whole)


@EXAMPLES
@given(st.lists(st.floats(0.01, 30_000), min_size=1, max_size=30))
def test_the_median_time_is_right_to_within_one_per_cent(times: list[float]) -> None:
    context = a_context("ImageMultiClass", KINDS)
    tally = Tally()
    for seconds in times:
        [answer] = an_object(context, {"ann": kind("car")}).answers
        entry = ObjectAnswers([replace(answer, accepted_at=answer.submitted_at - timedelta(seconds=seconds))], "")
        tally.add(context, entry, consolidate(context, [entry])[0])

    [worker] = summary(context, tally)["workers"]

    median = statistics.median_low(times)
    assert abs(worker["median_seconds"] - median) <= 0.0101 * median + 0.0006  # and half a millisecond of rounding
