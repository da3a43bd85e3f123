"""How well workers agree with each other, and with the label that came of their answers. For quality.py, which adds it up."""

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from groundwork.engine.consolidation import boxes, entities
from groundwork.engine.consolidation.labels import Label, LabelContext, ObjectAnswers
from groundwork.engine.consolidation.masks import Classes, read_mask
from groundwork.engine.consolidation.matching import SAME_THING, matches

# A label of several is the consolidated one from this confidence on; below it, more spoke against it than for it.
_APPLIES = 0.5

# By class index: how much two have in common, of how much there is. Their quotient is the agreement on that class.
type Common = Mapping[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ObjectAgreement:
    """One object's agreement.

    `labeled` has the class indices of its label. `between_workers` adds up all pairs of workers, `with_label` is what each worker id has in
    common with the label. `ratings` are there for classes: for each question (0, or for several labels each class index) how many chose
    what. Nothing is compared where there is but one answer, or where answers have whatever form a template gave them.
    """

    labeled: frozenset[int]
    between_workers: Common
    with_label: Mapping[str, Common]
    ratings: Mapping[int, Mapping[int, int]]

    @property
    def disagreement(self) -> float | None:
        """How far the workers' answers are from the label, on average: of single classes the share of answers that differ."""
        shares = [share(common) for common in self.with_label.values()]
        return 1 - sum(shares) / len(shares) if shares else None


def agreement_of(context: LabelContext, entry: ObjectAnswers, label: Label) -> ObjectAgreement:
    """The agreement of an object's workers."""
    kind = _KINDS.get(context.task_type.metadata_type)
    if kind is None:
        return ObjectAgreement(frozenset(), {}, {}, {})
    answers = sorted(entry.answers, key=lambda answer: answer.worker_id)
    given = {
        answer.worker_id: read
        for answer in answers
        if (read := kind.read_answer(context, answer.content[context.task_type.element_name])) is not None
    }
    truth = kind.read_label(context, label)
    labeled = frozenset(kind.classes(truth))
    if len(given) < 2:
        return ObjectAgreement(labeled, {}, {}, {})
    pairs = _summed([kind.common(one, other) for one, other in combinations(given.values(), 2)])
    return ObjectAgreement(
        labeled, pairs, {worker: kind.common(read, truth) for worker, read in given.items()}, kind.ratings(context, list(given.values()))
    )


def share(common: Common) -> float:
    """The agreement over all classes: 1 when there is nothing to disagree on."""
    total = sum(all_there_is for _, all_there_is in common.values())
    return sum(shared for shared, _ in common.values()) / total if total else 1.0


def _summed(commons: Sequence[Common]) -> Common:
    sums: dict[int, tuple[float, float]] = {}
    for common in commons:
        for index, (shared, total) in common.items():
            before = sums.get(index, (0.0, 0.0))
            sums[index] = before[0] + shared, before[1] + total
    return sums


@dataclass(frozen=True, slots=True)
class _Kind:
    """How answers of one kind are read and compared. A read answer of None cannot be compared."""

    read_answer: Callable[[LabelContext, Mapping[str, Any]], Any]
    read_label: Callable[[LabelContext, Label], Any]
    common: Callable[[Any, Any], Common]
    classes: Callable[[Any], Sequence[int]]
    ratings: Callable[[LabelContext, Sequence[Any]], Mapping[int, Mapping[int, int]]] = lambda _, __: {}


# --- classes ---------------------------------------------------------------------------------------------------------


def _common_class(one: int, other: int) -> Common:
    return {one: (1, 1)} if one == other else {one: (0, 1), other: (0, 1)}


_CLASS = _Kind(
    read_answer=lambda context, given: context.label_names.index(given["label"]),
    read_label=lambda _, label: label.value,
    common=_common_class,
    classes=lambda read: [read],
    ratings=lambda _, read: {0: Counter(read)},
)


def _common_labels(one: frozenset[int], other: frozenset[int]) -> Common:
    return {index: (int(index in one and index in other), 1) for index in one | other}


def _votes_on_labels(context: LabelContext, read: Sequence[frozenset[int]]) -> Mapping[int, Mapping[int, int]]:
    return {index: Counter(int(index in labels) for labels in read) for index in range(len(context.label_names))}


_LABELS = _Kind(
    read_answer=lambda context, given: frozenset(map(context.label_names.index, given["labels"])),
    read_label=lambda _, label: frozenset(int(key) for key, sure in label.metadata["confidence-map"].items() if sure >= _APPLIES),
    common=_common_labels,
    classes=sorted,
    ratings=_votes_on_labels,
)

# --- boxes: intersection over union, with a box that the other did not draw as 0 -----------------------------------------


def _drawn(entries: Sequence[tuple[int, boxes.Box]]) -> Mapping[int, list[boxes.Box]]:
    drawn: dict[int, list[boxes.Box]] = {}
    for index, box in entries:
        drawn.setdefault(index, []).append(box)
    return drawn


def _common_boxes(one: Mapping[int, list[boxes.Box]], other: Mapping[int, list[boxes.Box]]) -> Common:
    common: dict[int, tuple[float, float]] = {}
    for index in one.keys() | other.keys():
        some, others = one.get(index, []), other.get(index, [])
        overlaps = boxes.overlap(some, others) if some and others else np.zeros((0, 0))
        overlaps = np.where(overlaps >= SAME_THING, overlaps, 0.0)
        matched = matches(overlaps)
        common[index] = sum(float(overlaps[pair]) for pair in matched), len(some) + len(others) - len(matched)
    return common


_BOXES = _Kind(
    read_answer=lambda context, given: _drawn(
        [(context.label_names.index(box["label"]), boxes.edges_of(box)) for box in given["boundingBoxes"]]
    ),
    read_label=lambda _, label: _drawn([(box["class_id"], boxes.edges_of(box)) for box in label.value["annotations"]]),
    common=_common_boxes,
    classes=sorted,
)

# --- masks: intersection over union of each class that either painted ----------------------------------------------------


def _read_mask(context: LabelContext, label: Label) -> Classes | None:
    """The mask of a label, read in the same way as an answer's."""
    colors = [entry for key, entry in label.metadata["internal-color-map"].items() if key != "0"]
    answer = {
        "labelMappings": {entry["class-name"]: {"color": entry["hex-color"]} for entry in colors},
        "labeledImage": {"pngImageData": base64.b64encode(label.mask or b"").decode()},
    }
    return read_mask(answer, context.label_names)


def _common_pixels(one: Classes, other: Classes) -> Common:
    if one.shape != other.shape:
        return dict.fromkeys({*_painted(one), *_painted(other)}, (0, 1))
    most = int(max(one.max(), other.max())) + 1
    shared = np.bincount(one[one == other], minlength=most)
    either = np.bincount(one.ravel(), minlength=most) + np.bincount(other.ravel(), minlength=most) - shared
    return {index - 1: (float(shared[index] / either[index]), 1) for index in range(1, most) if either[index]}


def _painted(classes: Classes) -> list[int]:
    return [int(index) - 1 for index in np.unique(classes) if index]


_MASK = _Kind(
    read_answer=lambda context, given: read_mask(given, context.label_names),
    read_label=_read_mask,
    common=_common_pixels,
    classes=_painted,
)

# --- named entities: F1 over spans that are equal in boundary and label ------------------------------------------------------


def _common_spans(one: frozenset[entities.Span], other: frozenset[entities.Span]) -> Common:
    of_one, of_other = Counter(index for _, _, index in one), Counter(index for _, _, index in other)
    shared = Counter(index for _, _, index in one & other)
    return {index: (2 * shared[index], of_one[index] + of_other[index]) for index in of_one.keys() | of_other.keys()}


def _spans(context: LabelContext, marked: Sequence[Mapping[str, Any]]) -> frozenset[entities.Span]:
    return frozenset((entity["startOffset"], entity["endOffset"], context.label_names.index(entity["label"])) for entity in marked)


_ENTITIES = _Kind(
    read_answer=lambda context, given: _spans(context, given["entities"]),
    read_label=lambda context, label: _spans(context, label.value["annotations"]["entities"]),
    common=_common_spans,
    classes=lambda read: sorted({index for _, _, index in read}),
)

_KINDS: Mapping[str, _Kind] = {
    "groundtruth/image-classification": _CLASS,
    "groundtruth/text-classification": _CLASS,
    "groundtruth/label-verification": _CLASS,
    "groundtruth/image-classification-multilabel": _LABELS,
    "groundtruth/text-classification-multilabel": _LABELS,
    "groundtruth/object-detection": _BOXES,
    "groundtruth/semantic-segmentation": _MASK,
    "groundtruth/text-span": _ENTITIES,
}
