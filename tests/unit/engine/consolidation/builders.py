"""Answers of several workers, and the labels they come to."""

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, permutations
from typing import Any

import numpy as np
from hypothesis import settings
from numpy.typing import NDArray
from PIL import Image

from groundwork.engine.answers import Answer, answer_faults
from groundwork.engine.consolidation import Label, LabelContext, ObjectAnswers, consolidate
from groundwork.engine.output_tree import compact
from groundwork.engine.store import Identity
from groundwork.task_types import TASK_TYPES

EXAMPLES = settings(max_examples=40, deadline=None)
SUBMITTED = datetime(2026, 1, 5, 10, 0, 0, 123, tzinfo=UTC)
IDENTITY = Identity("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test", "sub")
MASK_URI = "s3://o/j/annotations/consolidated-annotation/output/0_2026-01-05T10:00:00.000123.png"


def a_context(task_type: str, labels: Sequence[str | Mapping[str, Any]], job_name: str = "kinds-1") -> LabelContext:
    categories = [{"label": label} if isinstance(label, str) else label for label in labels]
    return LabelContext(TASK_TYPES[task_type], categories, f"labeling-job/{job_name}")


def an_object(context: LabelContext, contents: Mapping[str, Any], *, is_legal: bool = True) -> ObjectAnswers:
    """One object's answers: what each worker (by name) gave for the task type's widget. The last one is submitted at SUBMITTED.

    Answers that would be refused today (not `is_legal`) may have been accepted earlier.
    """
    first = SUBMITTED - timedelta(minutes=len(contents) - 1)
    answers = []
    for number, (worker, content) in enumerate(contents.items()):
        given = {context.task_type.element_name: content}
        assert not is_legal or answer_faults(context.task_type, context.label_names, given) == []
        at = first + timedelta(minutes=number)
        answers.append(Answer(number, f"private.us-east-1.{worker}", IDENTITY, f"lease-{number}", at - timedelta(seconds=9), at, given))
    return ObjectAnswers(answers, MASK_URI)


def label_of(
    task_type: str, labels: Sequence[str | Mapping[str, Any]], *contents: Any, job_name: str = "kinds-1", is_legal: bool = True
) -> Label:
    """The label of an object that is consolidated by itself, from what one worker each gave. In whatever order their answers are."""
    context = a_context(task_type, labels, job_name)
    entry = an_object(context, {str(number): content for number, content in enumerate(contents)}, is_legal=is_legal)
    [label] = consolidate(context, [entry])
    in_other_orders = (list(order) for order in islice(permutations(entry.answers), 1, 6))
    assert all(consolidate(context, [ObjectAnswers(order, MASK_URI)]) == [label] for order in in_other_orders)
    return label


def labels_of(task_type: str, labels: Sequence[str], objects: Sequence[Mapping[str, Any]]) -> list[Label]:
    """The labels of a call's objects: what each worker (by name) gave for the task type's widget."""
    context = a_context(task_type, labels)
    return consolidate(context, [an_object(context, contents) for contents in objects])


def line(source: str, attribute: str, label: Label) -> str:
    key = "source-ref" if source.startswith("s3:") else "source"
    return compact({key: source, attribute: label.value, f"{attribute}-metadata": label.metadata}).decode()


def kind(label: str, **more: Any) -> dict[str, Any]:
    return {"label": label, **more}


def boxes(*entries: tuple[str, float, float, float, float], **more: Any) -> dict[str, Any]:
    """Drawn boxes: label, left, top, width, height."""
    drawn = [dict(zip(("label", "left", "top", "width", "height"), entry, strict=True)) for entry in entries]
    return {"boundingBoxes": drawn, "inputImageProperties": {"width": 640, "height": 480}, **more}


def spans(*entries: tuple[str, int, int]) -> dict[str, Any]:
    """Marked spans: label, start, end."""
    return {"entities": [dict(zip(("label", "startOffset", "endOffset"), entry, strict=True)) for entry in entries]}


def mask(rows: Sequence[str], colors: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A painted picture: one character a pixel, the first letter of a label or a dot for nothing."""
    pixels = np.zeros((len(rows), len(rows[0]), 4), dtype=np.uint8)
    for label, color in colors.items():
        here = np.array([[character == label[0] for character in row] for row in rows])
        pixels[here] = [*bytes.fromhex(color[1:]), 255]
    return painted(pixels, colors, **more)


def painted(pixels: NDArray[np.uint8], colors: Mapping[str, str], **more: Any) -> dict[str, Any]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {
        "labelMappings": {label: {"color": color} for label, color in colors.items()},
        "labeledImage": {"pngImageData": base64.b64encode(file.getvalue()).decode()},
        "inputImageProperties": {"width": pixels.shape[1], "height": pixels.shape[0]},
        **more,
    }


def mask_rows(label: Label, names: Mapping[int, str]) -> list[str]:
    """A consolidated mask as `mask` takes it, from its colours as its color map has them."""
    assert label.mask is not None
    pixels = np.asarray(Image.open(io.BytesIO(label.mask)).convert("RGB"))
    meaning = {bytes.fromhex(entry["hex-color"][1:]): names[int(index)] for index, entry in label.metadata["internal-color-map"].items()}
    return ["".join(meaning[pixel.tobytes()] for pixel in row) for row in pixels]
