"""Boxes of several workers: matched, averaged, and kept when enough workers drew them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from groundwork.engine.consolidation import Label
from groundwork.engine.consolidation.boxes import Box, overlap
from groundwork.engine.consolidation.matching import matches
from tests.unit.engine.consolidation.builders import EXAMPLES, boxes, label_of


def drawn(label: Label) -> list[tuple[float, ...]]:
    return [tuple(annotation.values()) for annotation in label.value["annotations"]]


def confidences(label: Label) -> list[float]:
    return [entry["confidence"] for entry in label.metadata["objects"]]


def test_a_stray_box_of_one_worker_among_many_does_not_survive() -> None:
    cat = ("cat", 10, 10, 50, 50)
    label = label_of("BoundingBox", ["cat"], boxes(cat), boxes(cat, ("cat", 300, 300, 40, 40)), boxes(cat))

    assert drawn(label) == [(0, 10, 10, 50, 50)]
    assert confidences(label) == [1.0]


def test_a_box_that_most_drew_survives_one_who_forgot_it() -> None:
    cat = ("cat", 10, 10, 50, 50)
    label = label_of("BoundingBox", ["cat"], boxes(cat), boxes(), boxes(cat))

    assert drawn(label) == [(0, 10, 10, 50, 50)]
    assert confidences(label) == [0.67]


def test_a_box_that_half_of_the_workers_drew_is_kept() -> None:
    assert confidences(label_of("BoundingBox", ["cat"], boxes(("cat", 1, 2, 3, 4)), boxes())) == [0.5]


def test_boxes_are_averaged_to_parts_of_pixels() -> None:
    label = label_of("BoundingBox", ["cat"], boxes(("cat", 10, 10, 50, 50)), boxes(("cat", 11, 12, 50, 50)))

    assert drawn(label) == [(0, 10.5, 11, 50, 50)]


def test_neighbours_are_not_mixed_up() -> None:
    """Each box would overlap its neighbour's too; as a whole there is one way that fits."""
    label = label_of(
        "BoundingBox",
        ["cat"],
        boxes(("cat", 0, 0, 100, 10), ("cat", 30, 0, 100, 10)),
        boxes(("cat", 25, 0, 100, 10), ("cat", 55, 0, 100, 10)),
    )

    assert drawn(label) == [(0, 12.5, 0, 100, 10), (0, 42.5, 0, 100, 10)]


def test_a_worker_far_off_does_not_draw_the_others_apart() -> None:
    off, left, middle = ("cat", 30, 0, 100, 100), ("cat", 0, 0, 100, 100), ("cat", 4, 0, 100, 100)
    label = label_of("BoundingBox", ["cat"], boxes(("cat", 60, 0, 100, 100)), boxes(left), boxes(middle), boxes(off))

    assert len(drawn(label)) == 1


def test_boxes_of_different_labels_are_never_the_same_thing() -> None:
    here = (10, 10, 50, 50)
    label = label_of("BoundingBox", ["dog", "cat"], boxes(("cat", *here)), boxes(("dog", *here)), boxes(("cat", *here)))

    assert drawn(label) == [(1, *here)]
    assert label.metadata["class-map"] == {"1": "cat"}


def test_the_picture_has_the_size_that_most_answers_say() -> None:
    odd = {**boxes(), "inputImageProperties": {"width": 1, "height": 1}}

    assert label_of("BoundingBox", ["cat"], odd, boxes(), boxes()).value["image_size"] == [{"width": 640, "height": 480, "depth": 3}]


# Each edge and each length takes up to half of the picture, so that no box leaves it.
across = st.one_of(st.integers(0, 320), st.floats(0, 320))
down = st.one_of(st.integers(0, 240), st.floats(0, 240))
a_box = st.tuples(st.sampled_from(["dog", "cat"]), across, down, across, down)


@EXAMPLES
@given(st.lists(st.lists(a_box, max_size=4), min_size=1, max_size=4))
def test_whatever_workers_draw_gives_a_label(workers: list[list[Any]]) -> None:
    label = label_of("BoundingBox", ["dog", "cat"], *(boxes(*entries) for entries in workers))

    assert len(label.value["annotations"]) == len(label.metadata["objects"])
    assert set(label.metadata["class-map"]) == {str(annotation["class_id"]) for annotation in label.value["annotations"]}
    assert all(0 <= confidence <= 1 for confidence in confidences(label))


@EXAMPLES
@given(st.lists(a_box, max_size=5, unique=True), st.integers(2, 5))
def test_boxes_that_all_drew_alike_are_the_label(entries: list[Any], workers: int) -> None:
    label = label_of("BoundingBox", ["dog", "cat"], *[boxes(*entries)] * workers)

    assert sorted(drawn(label)) == sorted((["dog", "cat"].index(name), *edges) for name, *edges in entries)
    assert set(confidences(label)) <= {1.0}


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),
        ((5, 5, 0, 0), (5, 5, 0, 0), 1.0),
        ((5, 5, 0, 0), (5, 5, 0, 3), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(one: Box, other: Box, index: float) -> None:
    assert overlap([one], [other])[0, 0] == pytest.approx(index)


likenesses = arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([0.0, 0.0, 0.5, 0.7, 0.8, 1.0]))


@EXAMPLES
@given(likenesses)
def test_matches_are_as_good_as_scipys(likeness: Any) -> None:
    pairs = matches(likeness)

    rows, columns = linear_sum_assignment(likeness, maximize=True)
    assert sum(likeness[pair] for pair in pairs) == pytest.approx(likeness[rows, columns].sum())
    assert all(likeness[pair] > 0 for pair in pairs)
    assert _no_twice([row for row, _ in pairs])
    assert _no_twice([column for _, column in pairs])


def test_nothing_matches_nothing() -> None:
    assert matches(np.zeros((2, 3))) == []


def _no_twice(numbers: Sequence[int]) -> bool:
    return len(numbers) == len(set(numbers))
