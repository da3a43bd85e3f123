"""Are answers what their task type's form submits?"""

import base64
from typing import Any

import pytest

from groundwork.engine.answers import answer_faults
from groundwork.task_types import TASK_TYPES

PICTURE = {"width": 640, "height": 480}
BOXES = {"boundingBoxes": [], "inputImageProperties": PICTURE}
MASK = {
    "labelMappings": {"lane": {"color": "#2ca02c"}},
    "labeledImage": {"pngImageData": base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()},
    "inputImageProperties": PICTURE,
}
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
