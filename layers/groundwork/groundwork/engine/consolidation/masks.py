"""Labels that are masks: workers vote on every pixel, and where they disagree the pixels around have a say."""

import base64
import binascii
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from groundwork.engine.consolidation.labels import CONFIDENCE_OF_ONE, HUMAN_ANNOTATED, Label, LabelContext, ObjectAnswers

BACKGROUND = 0
_BACKGROUND_COLOR = "#ffffff"
# Colours to choose from when an answer's cannot be kept: the series that Ground Truth's widget hands out.
_COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
# A pixel's own votes count ten times as much as those on each of the eight pixels around it.
_OWN_WEIGHT = 10
_AROUND = [(down, right) for down in range(3) for right in range(3)]
_PIXELS_AT_ONCE = 1 << 18
_MOST_INDEXED = 256
_LONGEST_BLANK = 4096

type Classes = NDArray[np.uint16]  # height x width: 0 where nothing is painted, else class index + 1


def mask(context: LabelContext, entry: ObjectAnswers) -> Label:
    """The mask that the workers' votes give; of one worker, what they painted.

    The confidence, one for all classes of the picture as in Ground Truth's output, is the share of workers who agree with the mask, on
    average over the pixels that anybody painted.
    """
    given = context.given(entry)
    colors = _colors(context.label_names, given)
    painted = _of_one_size([classes for answer in given if (classes := read_mask(answer, context.label_names)) is not None])
    if not painted:
        painted = [_blank(given[0])]
    classes = _voted(painted) if len(painted) > 1 else painted[0]
    confidence = agreement(painted, classes) if len(given) > 1 else CONFIDENCE_OF_ONE
    metadata = {
        "internal-color-map": {
            str(BACKGROUND): {"class-name": "BACKGROUND", "hex-color": _BACKGROUND_COLOR, "confidence": confidence},
            **{
                str(index): {"class-name": context.label_names[index - 1], "hex-color": color, "confidence": confidence}
                for index, color in colors.items()
            },
        },
        "type": context.task_type.metadata_type,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": entry.creation_date,
        "job-name": context.job_name,
        **context.adjustment(entry),
    }
    return Label(entry.mask_uri, metadata, _png(classes, colors))


def read_mask(answer: Mapping[str, Any], label_names: Sequence[str]) -> Classes | None:
    """The classes that an answer painted; None when its picture cannot be read. A colour that is no label's is background."""
    try:
        pixels = _pixels(base64.b64decode(answer["labeledImage"]["pngImageData"], validate=True))
    except (UnreadableMaskError, binascii.Error, ValueError):
        return None
    # Should two labels share a colour, the first one has it.
    in_reverse = sorted(
        ((label_names.index(label) + 1, mapping["color"]) for label, mapping in answer["labelMappings"].items()), reverse=True
    )
    meaning = {_rgb(color): index for index, color in in_reverse}
    known = np.array(sorted(meaning), dtype=np.uint32)
    classes = np.zeros(pixels.shape[:2], dtype=np.uint16)
    if meaning:
        of_known = np.array([meaning[color] for color in sorted(meaning)], dtype=np.uint16)
        for rgb, is_painted, rows in _strips(pixels):
            place = np.minimum(np.searchsorted(known, rgb), len(known) - 1)
            classes[rows] = np.where((known[place] == rgb) & is_painted, of_known[place], BACKGROUND)
    return classes


class UnreadableMaskError(Exception):
    """The bytes are no PNG that can be decoded."""


def foreign_color(png: bytes, colors: Collection[str]) -> str | None:
    """A colour in a painted picture that is neither one of these nor the background's (white, or see-through); None when there is none."""
    pixels = _pixels(png)
    known = np.array(sorted({_rgb(color) for color in (*colors, _BACKGROUND_COLOR)}), dtype=np.uint32)
    for rgb, is_painted, _ in _strips(pixels):
        place = np.minimum(np.searchsorted(known, rgb), len(known) - 1)
        foreign = rgb[is_painted & (known[place] != rgb)]
        if foreign.size:
            return f"#{int(foreign[0]):06x}"
    return None


def _pixels(png: bytes) -> NDArray[np.uint8]:
    """Red, green, blue and alpha of every pixel. Raises UnreadableMaskError."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableMaskError from error


def _strips(pixels: NDArray[np.uint8]) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_], slice]]:
    """The colours of some rows at a time as numbers, which pixels are not see-through, and which rows these are."""
    rows = max(_PIXELS_AT_ONCE // pixels.shape[1], 1)
    for top in range(0, len(pixels), rows):
        strip = pixels[top : top + rows].astype(np.uint32)
        yield strip[..., 0] << 16 | strip[..., 1] << 8 | strip[..., 2], strip[..., 3] > 0, slice(top, top + rows)


def agreement(painted: Sequence[Classes], classes: Classes) -> float:
    """The share of workers whose mask agrees with `classes`, over the pixels that anybody painted; 1 when nobody painted any."""
    anywhere = np.zeros(classes.shape, dtype=bool)
    for worker in painted:
        anywhere |= worker != BACKGROUND
    pixels = int(anywhere.sum())
    agreeing = sum(int(((worker == classes) & anywhere).sum()) for worker in painted)
    return agreeing / (pixels * len(painted)) if pixels else 1.0


def _voted(painted: Sequence[Classes]) -> Classes:
    """The class with most votes, pixel by pixel; among equals the smallest, so background before any label.

    Pixels on which all agree stay as they are. For the others votes are counted over the 3 x 3 pixels around.
    """
    voted = painted[0].copy()
    disputed = np.zeros(voted.shape, dtype=bool)
    for worker in painted[1:]:
        disputed |= worker != painted[0]
    present: NDArray[np.uint16] = np.unique(np.concatenate([np.unique(worker) for worker in painted]))
    padded = [np.searchsorted(present, np.pad(worker, 1, mode="edge")) for worker in painted]
    rows, columns = np.nonzero(disputed)
    for start in range(0, len(rows), _PIXELS_AT_ONCE):
        down, right = rows[start : start + _PIXELS_AT_ONCE], columns[start : start + _PIXELS_AT_ONCE]
        votes = np.zeros((len(down), len(present)), dtype=np.uint16)
        each = np.arange(len(down))
        for around in padded:
            for more_down, more_right in _AROUND:
                weight = _OWN_WEIGHT if (more_down, more_right) == (1, 1) else 1
                votes[each, around[down + more_down, right + more_right]] += weight
        voted[down, right] = present[votes.argmax(axis=1)]
    return voted


def _of_one_size(painted: Sequence[Classes]) -> list[Classes]:
    """All masks in the size that most have, the smallest among equals; those of another size are stretched."""
    if not painted:
        return []
    sizes = Counter(classes.shape for classes in painted)
    height, width = min(sizes, key=lambda size: (-sizes[size], size))
    return [
        classes[np.ix_(np.arange(height) * classes.shape[0] // height, np.arange(width) * classes.shape[1] // width)] for classes in painted
    ]


def _blank(answer: Mapping[str, Any]) -> Classes:
    """A mask without paint, in the size that the answer says its picture has."""
    size = answer["inputImageProperties"]
    return np.zeros((min(size["height"], _LONGEST_BLANK), min(size["width"], _LONGEST_BLANK)), dtype=np.uint16)


def _colors(label_names: Sequence[str], given: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """A colour for each label that an answer names, by class index + 1: the one that most answers gave it, if it is still free."""
    said: dict[int, Counter[str]] = {}
    for answer in given:
        for label, mapping in answer["labelMappings"].items():
            said.setdefault(label_names.index(label) + 1, Counter())[mapping["color"].lower()] += 1
    colors: dict[int, str] = {}
    for index in sorted(said):
        wanted = sorted(said[index], key=lambda color: (-said[index][color], color))
        taken = {_BACKGROUND_COLOR, *colors.values()}
        colors[index] = next(color for color in _any_of(wanted) if color not in taken)
    return colors


def _any_of(wanted: Sequence[str]) -> Iterator[str]:
    yield from wanted
    yield from _COLORS
    yield from (f"#{number:06x}" for number in count())


def _png(classes: Classes, colors: Mapping[int, str]) -> bytes:
    """An indexed PNG: a pixel's value is its key in `internal-color-map`, and its colour the one given there.

    A palette has 256 places; with more labels the pixels carry the colours themselves.
    """
    palette = np.full((max(colors, default=0) + 1, 3), 255, dtype=np.uint8)
    for index, color in colors.items():
        palette[index] = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    if len(palette) <= _MOST_INDEXED:
        image = Image.fromarray(classes.astype(np.uint8))
        image.putpalette(palette.tobytes())
    else:
        image = Image.fromarray(palette[classes])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _rgb(color: str) -> int:
    return int(color.removeprefix("#"), 16)
