"""Named entities of several workers: which spans are the same, where they begin and end, and what they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.engine.consolidation import Label
from tests.unit.engine.consolidation.builders import EXAMPLES, label_of, spans

LABELS = ["City", "Person", "University"]


def marked(label: Label) -> list[tuple[str, int, int]]:
    return [(entity["label"], entity["startOffset"], entity["endOffset"]) for entity in label.value["annotations"]["entities"]]


def confidences(label: Label) -> list[float]:
    return [entry["confidence"] for entry in label.metadata["entities"]]


def test_the_span_that_most_marked_has_its_boundary() -> None:
    label = label_of("NamedEntityRecognition", LABELS, spans(("City", 12, 16)), spans(("City", 12, 17)), spans(("City", 12, 16)))

    assert marked(label) == [("City", 12, 16)]


def test_where_no_span_leads_the_median_is_the_boundary() -> None:
    label = label_of("NamedEntityRecognition", LABELS, spans(("City", 10, 16)), spans(("City", 12, 17)), spans(("City", 11, 20)))

    assert marked(label) == [("City", 11, 17)]


def test_the_label_is_what_most_say_and_the_first_one_among_equals() -> None:
    most = label_of("NamedEntityRecognition", LABELS, spans(("Person", 0, 3)), spans(("City", 0, 3)), spans(("Person", 0, 3)))
    equal = label_of("NamedEntityRecognition", LABELS, spans(("Person", 0, 3)), spans(("City", 0, 3)))

    assert (marked(most), confidences(most)) == ([("Person", 0, 3)], [0.67])
    assert (marked(equal), confidences(equal)) == ([("City", 0, 3)], [0.5])


def test_a_stray_span_does_not_survive_and_one_that_most_marked_does() -> None:
    ana, oslo = ("Person", 0, 3), ("City", 12, 16)
    label = label_of("NamedEntityRecognition", LABELS, spans(ana), spans(oslo, ana), spans(oslo, ("City", 4, 8)))

    assert marked(label) == [ana, oslo]


def test_a_name_inside_another_stays_a_name_of_its_own() -> None:
    both = spans(("University", 0, 18), ("City", 14, 18))

    assert marked(label_of("NamedEntityRecognition", LABELS, both, both)) == [("University", 0, 18), ("City", 14, 18)]


def test_one_span_with_two_labels_is_two_entities() -> None:
    both = spans(("City", 0, 4), ("Person", 0, 4))
    label = label_of("NamedEntityRecognition", LABELS, both, both, spans(("Person", 0, 4)))

    assert marked(label) == [("City", 0, 4), ("Person", 0, 4)]
    assert confidences(label) == [0.67, 1.0]


@pytest.mark.parametrize("text", ["Ana flew to Oslo.", "👋 Ana flew 🛫 to 𝔒𝔰𝔩𝔬 🇳🇴.", "अना flew to Zürich e\u0301."])
def test_offsets_count_characters_also_beyond_the_basic_plane(text: str) -> None:
    """As Python counts them, so a reader of the output cuts the text with them as they are; UTF-16 would count two for 👋."""
    name = next(word for word in text.split() if len(word) >= 3)
    start = text.index(name)
    label = label_of("NamedEntityRecognition", LABELS, *[spans(("Person", start, start + len(name)))] * 3)

    [(_, begin, end)] = marked(label)
    assert text[begin:end] == name


def _span(start: int, length: int, label: str) -> tuple[str, int, int]:
    return label, start, start + length


a_span = st.builds(_span, st.integers(0, 30), st.integers(1, 12), st.sampled_from(LABELS))


@EXAMPLES
@given(st.lists(st.lists(a_span, max_size=4), min_size=1, max_size=4))
def test_whatever_workers_mark_gives_spans_with_a_length(workers: list[list[Any]]) -> None:
    label = label_of("NamedEntityRecognition", LABELS, *(spans(*entries) for entries in workers))

    assert all(start < end for _, start, end in marked(label))
    assert len(set(marked(label))) == len(marked(label)) == len(confidences(label))
    assert all(0 <= confidence <= 1 for confidence in confidences(label))


@EXAMPLES
@given(st.lists(a_span, max_size=4), st.integers(1, 5))
def test_spans_that_all_marked_alike_are_the_label(entries: list[Any], workers: int) -> None:
    label = label_of("NamedEntityRecognition", LABELS, *[spans(*entries)] * workers)

    assert set(marked(label)) == set(entries)
    assert set(confidences(label)) <= ({1.0} if workers > 1 else {0.0})
