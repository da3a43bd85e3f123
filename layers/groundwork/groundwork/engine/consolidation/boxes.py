"""Labels that are bounding boxes: boxes of one label that are the same thing are averaged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np

from groundwork.engine.consolidation.labels import CONFIDENCE_OF_ONE, HUMAN_ANNOTATED, Label, LabelContext, ObjectAnswers
from groundwork.engine.consolidation.matching import SAME_THING, Likeness, groups_of_the_same, is_kept

_EDGES = ("left", "top", "width", "height")

type Box = tuple[float, float, float, float]  # left, top, width, height; pixels


def boxes(context: LabelContext, entry: ObjectAnswers) -> Label:
    """The boxes that at least half of the workers drew, averaged; of one worker, what they drew.

    A box's confidence is the share of workers who drew it, times how well their boxes overlap the average one.
    """
    given = context.given(entry)
    position = {name: index for index, name in enumerate(context.label_names)}
    drawn = [[(position[box["label"]], edges_of(box)) for box in answer["boundingBoxes"]] for answer in given]
    found: list[tuple[int, Box, float]]
    if len(drawn) == 1:
        found = [(index, box, CONFIDENCE_OF_ONE) for index, box in drawn[0]]
    else:
        labels = sorted({index for worker in drawn for index, _ in worker})
        found = [
            (index, box, confidence)
            for index in labels
            for box, confidence in _agreed([[box for label, box in worker if label == index] for worker in drawn])
        ]
    sizes = Counter((answer["inputImageProperties"]["width"], answer["inputImageProperties"]["height"]) for answer in given)
    width, height = min(sizes, key=lambda size: (-sizes[size], size))
    value = {
        "image_size": [{"width": width, "height": height, "depth": 3}],
        "annotations": [{"class_id": index, **dict(zip(_EDGES, box, strict=True))} for index, box, _ in found],
    }
    metadata: dict[str, Any] = {
        "objects": [{"confidence": confidence} for _, _, confidence in found],
        "class-map": {str(index): context.label_names[index] for index in sorted({index for index, _, _ in found})},
        "type": context.task_type.metadata_type,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": entry.creation_date,
        "job-name": context.job_name,
        **context.adjustment(entry),
    }
    return Label(value, metadata)


def overlap(some: Sequence[Box], others: Sequence[Box]) -> Likeness:
    """The Jaccard index (intersection over union) of each of the first boxes with each of the second."""
    a, b = np.array(some, dtype=float)[:, None, :], np.array(others, dtype=float)[None, :, :]
    near, far = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    shared = np.clip(far - near, 0, None).prod(axis=-1)
    together = a[..., 2:].prod(axis=-1) + b[..., 2:].prod(axis=-1) - shared
    # Boxes without any area, a line or a point, are the same when they are equal.
    equal = (a == b).all(axis=-1)
    return np.where(equal, 1.0, shared / np.where(together > 0, together, 1.0))


def _agreed(drawn: Sequence[Sequence[Box]]) -> list[tuple[Box, float]]:
    """Averages and confidences, from what each worker drew of one label; ordered from left to right."""
    agreed = []
    for group in groups_of_the_same(drawn, _likeness, _average):
        if is_kept(len(group), len(drawn)):
            average = _average(group)
            confidence = len(group) / len(drawn) * float(overlap([average], sorted(group)).mean())
            agreed.append((average, round(confidence, 2)))
    return sorted(agreed)


def _likeness(some: Sequence[Box], others: Sequence[Box]) -> Likeness:
    overlaps = overlap(some, others)
    return np.where(overlaps >= SAME_THING, overlaps, 0.0)


def _average(group: Sequence[Box]) -> Box:
    # Exact: boxes that are equal have just that average, and whole pixels stay whole numbers.
    left, top, width, height = (mean(edges) for edges in zip(*group, strict=True))
    return left, top, width, height


def edges_of(box: Mapping[str, Any]) -> Box:
    """A box of an answer or a label."""
    return box["left"], box["top"], box["width"], box["height"]
