"""Are answers what their task type's form submits?"""

import base64
import io
from typing import Any

import pytest
from PIL import Image, ImageColor

from groundwork.engine.answers import answer_faults
from groundwork.task_types import TASK_TYPES


def a_png(width: int, height: int, *colors: str, mode: str = "RGBA") -> str:
    """A picture of this size in base64: see-through, its first pixels in these colours (`#rrggbb` or `#rrggbbaa`)."""
    image, file = Image.new("RGBA", (width, height)), io.BytesIO()
    for place, color in enumerate(colors):
        image.putpixel((place, 0), ImageColor.getcolor(color, "RGBA"))
    image.convert(mode).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def a_beginning(width: int, height: int) -> str:
    """The beginning of a PNG of this size, in base64."""
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)
    return base64.b64encode(header + b" and so on").decode()


PICTURE = {"width": 640, "height": 480}
BOXES = {"boundingBoxes": [], "inputImageProperties": PICTURE}
MASK = {
    "labelMappings": {"lane": {"color": "#2ca02c"}},
    "labeledImage": {"pngImageData": a_png(640, 480)},
    "inputImageProperties": PICTURE,
}
A_BOX = {"label": "cat", "left": 600, "top": 440, "width": 40, "height": 40}
BAD_BOX = {"label": "dog", "left": -1, "top": True, "width": "3", "height": 1}
BAD_MASK = {"labelMappings": {"a/b": {"color": "green"}}, "labeledImage": {"pngImageData": "bm90IGEgcG5n"}}


@pytest.mark.parametrize(
    ("task_type", "content", "pointers"),
    [
        ("TextMultiClassMultiLabel", {"labels": "cat"}, ["labels"]),
        ("TextMultiClassMultiLabel", {"labels": ["cat", "dog", 3]}, ["labels/1", "labels/2"]),
        ("BoundingBox", BOXES | {"boundingBoxes": None}, ["boundingBoxes"]),
        ("BoundingBox", BOXES | {"boundingBoxes": [3]}, ["boundingBoxes/0"]),
        (
            "BoundingBox",
            {"boundingBoxes": [BAD_BOX]},
            [f"boundingBoxes/0/{part}" for part in ("label", "left", "top", "width")]
            + ["inputImageProperties/width", "inputImageProperties/height"],
        ),
        (
            "SemanticSegmentation",
            BAD_MASK | {"inputImageProperties": {"width": 1, "height": 0}},
            ["labelMappings/a~1b", "labelMappings/a~1b/color", "labeledImage/pngImageData", "inputImageProperties/height"],
        ),
        ("SemanticSegmentation", MASK | {"labelMappings": []}, ["labelMappings"]),
        (
            "SemanticSegmentation",
            MASK | {"labelMappings": {}, "labeledImage": {"pngImageData": "ü"}},
            ["labeledImage/pngImageData"],
        ),
        ("NamedEntityRecognition", {"entities": [{"label": "cat", "startOffset": 4, "endOffset": 4}]}, ["entities/0/endOffset"]),
        (
            "NamedEntityRecognition",
            {"entities": [{"label": "cat", "startOffset": -1, "endOffset": 4}, []]},
            ["entities/0/startOffset", "entities/1"],
        ),
    ],
)
def test_answers_that_are_not_the_forms_are_faulted_where_they_are_wrong(task_type: str, content: Any, pointers: list[str]) -> None:
    kind_of_task = TASK_TYPES[task_type]

    faults = answer_faults(kind_of_task, ["cat"], {kind_of_task.element_name: content})

    assert [fault.pointer for fault in faults] == [f"/answer/{kind_of_task.element_name}/{pointer}" for pointer in pointers]


TEXT = "😀 Ana flew to Oslo"


@pytest.mark.parametrize(
    ("task_type", "content", "faults"),
    [
        ("BoundingBox", BOXES | {"boundingBoxes": [A_BOX]}, {}),
        ("BoundingBox", BOXES | {"boundingBoxes": [A_BOX | {"width": 41}]}, {"boundingBoxes/0/width": "outside the picture"}),
        ("BoundingBox", BOXES | {"boundingBoxes": [A_BOX | {"top": 441.5}]}, {"boundingBoxes/0/height": "outside the picture"}),
        ("SemanticSegmentation", MASK | {"labelMappings": {"cat": {"color": "#2ca02c"}}}, {}),
        (
            "SemanticSegmentation",
            MASK | {"labelMappings": {"cat": {"color": "#2ca02c"}, "dog": {"color": "#2CA02C"}}},
            {"labelMappings/dog/color": "another label"},
        ),
        (
            "SemanticSegmentation",
            MASK | {"labelMappings": {}, "labeledImage": {"pngImageData": a_png(640, 479)}},
            {"labeledImage/pngImageData": "640 x 479"},
        ),
        (
            "SemanticSegmentation",
            MASK | {"labelMappings": {}, "labeledImage": {"pngImageData": a_beginning(100_000, 100_000)}},
            {"labeledImage/pngImageData": "40,000,000 pixels"},
        ),
        (
            "SemanticSegmentation",
            MASK | {"labelMappings": {}, "labeledImage": {"pngImageData": a_beginning(640, 480)}},
            {"labeledImage/pngImageData": "that can be read"},
        ),
        ("NamedEntityRecognition", {"entities": [{"label": "cat", "startOffset": 14, "endOffset": 18}]}, {}),
        (
            "NamedEntityRecognition",
            {"entities": [{"label": "cat", "startOffset": 14, "endOffset": 19}]},
            {"entities/0/endOffset": "ends at 18"},
        ),
    ],
)
def test_answers_that_do_not_fit_the_object_are_faulted_where_they_do_not(task_type: str, content: Any, faults: dict[str, str]) -> None:
    kind_of_task = TASK_TYPES[task_type]

    found = answer_faults(kind_of_task, ["cat", "dog"], {kind_of_task.element_name: content}, text=TEXT)

    place = f"/answer/{kind_of_task.element_name}/"
    assert [(fault.pointer or "").removeprefix(place) for fault in found] == list(faults)
    for fault, words in zip(found, faults.values(), strict=True):
        assert words in fault.message


@pytest.mark.parametrize(
    ("picture", "foreign"),
    [
        (a_png(4, 2, "#2ca02c"), None),
        (a_png(4, 2, "#2CA02C", "#ffffff", "#12345600"), None),  # a label's, the background's, one that nobody sees
        (a_png(4, 2, "#2ca02c", mode="RGB"), "#000000"),  # where nothing is see-through, black is painted
        (a_png(4, 2, "#2ca02c", "#2ca02d"), "#2ca02d"),
        (a_png(4, 2, "#2ca02c", "#00000080"), "#000000"),
    ],
)
def test_a_mask_has_its_labels_colours_and_no_others(picture: str, foreign: str | None) -> None:
    content = {
        "labelMappings": {"cat": {"color": "#2ca02c"}},
        "labeledImage": {"pngImageData": picture},
        "inputImageProperties": {"width": 4, "height": 2},
    }

    faults = answer_faults(TASK_TYPES["SemanticSegmentation"], ["cat"], {"crowd-semantic-segmentation": content})

    assert [fault.message for fault in faults if foreign and foreign in fault.message] == [fault.message for fault in faults]
    assert [fault.pointer for fault in faults] == ["/answer/crowd-semantic-segmentation/labeledImage/pngImageData"] * bool(foreign)


@pytest.mark.parametrize(
    ("said", "is_right"),
    [((640, 480), True), ((480, 640), True), ((641, 480), False), ((1280, 960), False), ((1, 1), False)],
)
@pytest.mark.parametrize("task_type", ["BoundingBox", "AdjustmentBoundingBox"])
def test_what_an_answer_says_of_its_picture_is_true_but_it_may_be_turned(task_type: str, said: tuple[int, int], is_right: bool) -> None:
    kind_of_task = TASK_TYPES[task_type]
    content = {"boundingBoxes": [], "inputImageProperties": dict(zip(("width", "height"), said, strict=True))}

    faults = answer_faults(kind_of_task, ["cat"], {kind_of_task.element_name: content}, picture=(640, 480))

    expected = [] if is_right else [f"/answer/{kind_of_task.element_name}/inputImageProperties"]
    assert [fault.pointer for fault in faults] == expected
    assert all("640 x 480" in fault.message for fault in faults)
