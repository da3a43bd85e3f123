"""Are answers what their task type's form submits?"""

import base64
from typing import Any

import pytest

from groundwork.engine.answers import answer_faults
from groundwork.task_types import TASK_TYPES


def a_png(width: int, height: int) -> str:
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
            MASK | {"labelMappings": {}, "labeledImage": {"pngImageData": a_png(100_000, 100_000)}},
            {"labeledImage/pngImageData": "40,000,000 pixels"},
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
