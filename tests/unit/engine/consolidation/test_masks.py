"""Masks of several workers: a vote on every pixel."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from groundwork.engine.consolidation import Label
from tests.unit.engine.consolidation.builders import EXAMPLES, label_of, mask, mask_rows, painted

NAMES = {0: ".", 1: "l", 2: "c"}
COLORS = {"lane": "#2ca02c", "curb": "#1f77b4"}


def mask_of(*masks: list[str]) -> Label:
    return label_of("SemanticSegmentation", ["lane", "curb"], *(mask(rows, COLORS) for rows in masks))


def confidence(label: Label) -> float:
    [value] = {entry["confidence"] for entry in label.metadata["internal-color-map"].values()}
    return float(value)


def picture(label: Label) -> Image.Image:
    assert label.mask is not None
    return Image.open(io.BytesIO(label.mask))


def test_every_pixel_is_what_most_painted() -> None:
    label = mask_of(["ll..", "ll..", "cc.."], ["lll.", "lll.", "cc.."], ["lll.", "lll.", "ccc."])

    assert mask_rows(label, NAMES) == ["lll.", "lll.", "cc.."]
    assert confidence(label) == pytest.approx(24 / 27)


def test_a_speck_that_two_of_three_painted_alone_is_smoothed_away_and_a_hole_is_filled() -> None:
    blank, speck = ["....", "....", "....", "...."], ["....", ".l..", "....", "...."]
    full, hole = ["llll", "llll", "llll", "llll"], ["llll", "l.ll", "llll", "llll"]

    assert mask_rows(mask_of(speck, blank, blank), NAMES) == blank
    assert mask_rows(mask_of(full, hole, full), NAMES) == full
    assert mask_rows(mask_of(speck, speck, speck), NAMES) == speck


def test_where_votes_are_equal_the_pixels_around_decide_and_then_the_background() -> None:
    assert mask_rows(mask_of(["ll.", "ll.", "ll."], ["ll.", "lc.", "ll."]), NAMES) == ["ll.", "ll.", "ll."]
    assert mask_rows(mask_of(["l"], ["."]), NAMES) == ["."]


def test_the_mask_is_an_indexed_png_of_the_pictures_size_whose_indices_are_the_keys_of_the_color_map() -> None:
    label = mask_of(["lc.", "l.."])

    assert label.value == "s3://o/j/annotations/consolidated-annotation/output/0_2026-01-05T10:00:00.000123.png"
    assert (picture(label).format, picture(label).mode, picture(label).size) == ("PNG", "P", (3, 2))
    assert np.asarray(picture(label)).tolist() == [[1, 2, 0], [1, 0, 0]]
    assert mask_rows(label, NAMES) == ["lc.", "l.."]


def test_more_labels_than_a_palette_has_places_make_a_mask_in_full_colour() -> None:
    names = [f"kind {number}" for number in range(300)]
    colors = {name: f"#{number:06x}" for number, name in enumerate(names)}
    pixels = np.array([[[*bytes.fromhex(colors[name][1:]), 255] for name in names]], dtype=np.uint8)

    label = label_of("SemanticSegmentation", names, *[painted(pixels, colors)] * 2)

    assert picture(label).mode == "RGB"
    assert (np.asarray(picture(label)) == pixels[..., :3]).all()


def test_workers_may_use_different_colours_for_a_label() -> None:
    one = mask(["l."], {"lane": "#2CA02C"})
    other = mask(["l."], {"lane": "#000000"})
    label = label_of("SemanticSegmentation", ["lane"], one, one, other)

    assert label.metadata["internal-color-map"]["1"] == {"class-name": "lane", "hex-color": "#2ca02c", "confidence": 1.0}
    assert mask_rows(label, NAMES) == ["l."]


def test_labels_never_share_a_colour_with_each_other_or_the_background() -> None:
    first = mask(["l"], {"lane": "#000000"})
    second = mask(["c"], {"curb": "#000000"})
    white = mask(["l"], {"lane": "#ffffff"})

    shared = label_of("SemanticSegmentation", ["lane", "curb"], first, second).metadata["internal-color-map"]
    recolored = label_of("SemanticSegmentation", ["lane", "curb"], white)

    assert [entry["hex-color"] for entry in shared.values()] == ["#ffffff", "#000000", "#1f77b4"]
    assert mask_rows(recolored, NAMES) == ["l"]
    assert recolored.metadata["internal-color-map"]["1"]["hex-color"] == "#1f77b4"


def test_colours_that_are_no_labels_and_see_through_pixels_are_background() -> None:
    pixels = np.array([[[44, 160, 44, 255], [44, 160, 44, 0], [1, 2, 3, 255]]], dtype=np.uint8)

    assert mask_rows(label_of("SemanticSegmentation", ["lane"], painted(pixels, {"lane": "#2ca02c"}), is_legal=False), NAMES) == ["l.."]


def test_a_mask_of_another_size_is_stretched_and_one_that_cannot_be_read_has_no_vote() -> None:
    small, whole = mask(["l."], COLORS), mask(["ll..", "ll.."], COLORS)
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x02"
    broken = whole | {"labeledImage": {"pngImageData": base64.b64encode(header + b" and so on").decode()}}

    assert mask_rows(label_of("SemanticSegmentation", ["lane", "curb"], small, whole, whole), NAMES) == ["ll..", "ll.."]
    assert mask_rows(label_of("SemanticSegmentation", ["lane", "curb"], broken, whole, is_legal=False), NAMES) == ["ll..", "ll.."]
    assert mask_rows(label_of("SemanticSegmentation", ["lane", "curb"], broken, is_legal=False), NAMES) == ["....", "...."]


def test_pictures_in_grey_or_with_a_palette_are_read_too() -> None:
    file = io.BytesIO()
    Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).save(file, "PNG")
    grey = mask([".."], {"lane": "#000000"}) | {"labeledImage": {"pngImageData": base64.b64encode(file.getvalue()).decode()}}

    assert mask_rows(label_of("SemanticSegmentation", ["lane"], grey), NAMES) == ["l."]


@st.composite
def pictures(draw: st.DrawFn) -> list[list[str]]:
    height, width, workers = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    row = st.text(alphabet=".lc", min_size=width, max_size=width)
    return draw(st.lists(st.lists(row, min_size=height, max_size=height), min_size=workers, max_size=workers))


@EXAMPLES
@given(pictures())
def test_a_pixel_on_which_all_agree_is_never_changed(masks: Any) -> None:
    voted = mask_rows(mask_of(*masks), NAMES)

    for row, pixels in enumerate(zip(*masks, strict=True)):
        for column, votes in enumerate(zip(*pixels, strict=True)):
            assert voted[row][column] in votes
            if len(set(votes)) == 1:
                assert voted[row][column] == votes[0]
