"""Labels that are named entities: spans of a text.

Offsets are characters (Unicode code points, as Python counts them) from the start of the text, the end exclusive. Consolidation takes
and gives them as they are.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import median_low

import numpy as np

from groundwork.engine.consolidation.labels import CONFIDENCE_OF_ONE, HUMAN_ANNOTATED, Label, LabelContext, ObjectAnswers
from groundwork.engine.consolidation.matching import SAME_THING, Likeness, groups_of_the_same, is_kept

# Of two spans that overlap a shape equally, the one of the same label is the same thing.
_SAME_LABEL = 0.001

type Span = tuple[int, int, int]  # start, end, class index


def entities(context: LabelContext, entry: ObjectAnswers) -> Label:
    """The spans that at least half of the workers marked, in the order of the text; of one worker, what they marked.

    An entity's confidence is the share of workers who gave its label, times how well the spans overlap the one that stands for them.
    """
    position = {name: index for index, name in enumerate(context.label_names)}
    marked = [
        sorted({(entity["startOffset"], entity["endOffset"], position[entity["label"]]) for entity in given["entities"]})
        for given in context.given(entry)
    ]
    found = dict.fromkeys(marked[0], CONFIDENCE_OF_ONE) if len(marked) == 1 else _agreed(marked)
    value = {
        "annotations": {
            "entities": [
                {"label": context.label_names[index], "startOffset": start, "endOffset": end} for start, end, index in sorted(found)
            ],
            "labels": [dict(category) for category in context.label_categories],
        }
    }
    metadata = {
        "entities": [{"confidence": found[span]} for span in sorted(found)],
        "job-name": context.job_name,
        "type": context.task_type.metadata_type,
        "creation-date": entry.creation_date,
        "human-annotated": HUMAN_ANNOTATED,
    }
    return Label(value, metadata)


def overlap(some: Sequence[Span], others: Sequence[Span]) -> Likeness:
    """The Jaccard index of each of the first spans with each of the second, as sets of characters."""
    a, b = np.array(some)[:, None, :], np.array(others)[None, :, :]
    shared = np.clip(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0, None)
    together = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    return np.asarray(shared / together, dtype=float)


def _agreed(marked: Sequence[Sequence[Span]]) -> dict[Span, float]:
    """The spans and their confidences. Groups that come to the same span are one entity, of the greater confidence."""
    agreed: dict[Span, float] = {}
    for group in groups_of_the_same(marked, _likeness, _middle):
        if is_kept(len(group), len(marked)):
            span = _middle(group)
            agreeing = sum(index == span[2] for _, _, index in group) / len(marked)
            confidence = round(agreeing * float(overlap([span], sorted(group)).mean()), 2)
            agreed[span] = max(confidence, agreed.get(span, 0.0))
    return agreed


def _likeness(some: Sequence[Span], others: Sequence[Span]) -> Likeness:
    overlaps = overlap(some, others)
    same_label = np.array([span[2] for span in some])[:, None] == np.array([span[2] for span in others])[None, :]
    return np.where(overlaps >= SAME_THING, overlaps + _SAME_LABEL * same_label, 0.0)


def _middle(group: Sequence[Span]) -> Span:
    """The span that most marked; where none leads, the median of the starts and that of the ends. The label that most gave, the first
    one among equals (Ground Truth draws lots, and then the same answers would not give the same label)."""
    spans = Counter((start, end) for start, end, _ in group).most_common(2)
    (start, end), votes = spans[0]
    if len(spans) > 1 and spans[1][1] == votes:
        # Both medians are the low ones, so they have the same rank, and the end is behind the start.
        start, end = (median_low(offsets) for offsets in list(zip(*group, strict=True))[:2])
    labels = Counter(index for _, _, index in group)
    return start, end, min(labels, key=lambda index: (-labels[index], index))
