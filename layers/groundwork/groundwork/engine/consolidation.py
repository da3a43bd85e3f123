"""Annotation consolidation: the answers to data objects become their labels. Pure, per task type, and re-runnable.

What it does today: a majority for single-label classes and verification, the union for several labels and for named entities, the
first answer for boxes and masks. Confidence is 0.0 with one worker (as in Ground Truth), and otherwise the share of workers who gave
the label; it is provisional until expectation maximisation estimates workers' reliability, as Ground Truth does. Boxes and masks of
several workers are not compared yet, so their confidence is always 0.0.

The order of keys in the metadata is that of Ground Truth's output (sms-data-output).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from groundwork.engine.answers import Answer, mask_png
from groundwork.task_types import TaskType

HUMAN_ANNOTATED = "yes"
_BACKGROUND = {"class-name": "BACKGROUND", "hex-color": "#ffffff"}


@dataclass(frozen=True, slots=True)
class LabelContext:
    """What all labels of a labeling job depend on beside the answers."""

    task_type: TaskType
    label_categories: Sequence[Mapping[str, Any]]
    job_name: str  # labeling-job/<lower-cased name>

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(str(entry["label"]) for entry in self.label_categories)


@dataclass(frozen=True, slots=True)
class ObjectAnswers:
    """One data object's answers (one or more, of different workers), and where its mask goes if its type has one."""

    answers: Sequence[Answer]
    mask_uri: str


@dataclass(frozen=True, slots=True)
class Label:
    """A consolidated label: the attribute's value, its metadata, and the mask to store where the type has one."""

    value: Any
    metadata: Mapping[str, Any]
    mask: bytes | None = None


def creation_date(answers: Sequence[Answer]) -> str:
    """`creation-date` of a label: the last submission, so that consolidating the same answers again gives the same line."""
    return zoneless(max(answer.submitted_at for answer in answers))


def zoneless(moment: datetime) -> str:
    """UTC with microseconds and without a zone, as Ground Truth writes dates."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def consolidate(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[Label]:
    """The labels of a call's objects, in their order. The order of an object's answers does not matter.

    Some types' labels depend on the other objects of the call, so who calls fixes which objects go together.
    """
    one = _CONSOLIDATIONS[context.task_type.metadata_type]
    return [one(context, _in_order(entry)) for entry in objects]


def _in_order(entry: ObjectAnswers) -> ObjectAnswers:
    return replace(entry, answers=sorted(entry.answers, key=lambda answer: (answer.submitted_at, answer.worker_id)))


def _given(context: LabelContext, answers: Sequence[Answer]) -> list[Mapping[str, Any]]:
    return [answer.content[context.task_type.element_name] for answer in answers]


def _share(votes: int, workers: int) -> float:
    return 0.0 if workers == 1 else round(votes / workers, 2)


def _majority(context: LabelContext, answers: Sequence[Answer]) -> tuple[int, float]:
    """The class index most workers chose, the smallest one among equals, and the share of workers who did."""
    names = context.label_names
    votes = Counter(names.index(given["label"]) for given in _given(context, answers))
    winner = min(votes, key=lambda index: (-votes[index], index))
    return winner, _share(votes[winner], len(answers))


def _single_label(context: LabelContext, entry: ObjectAnswers) -> Label:
    answers = entry.answers
    index, confidence = _majority(context, answers)
    metadata = {
        "confidence": confidence,
        "job-name": context.job_name,
        "class-name": context.label_names[index],
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": creation_date(answers),
        "type": context.task_type.metadata_type,
    }
    return Label(index, metadata)


def _verification(context: LabelContext, entry: ObjectAnswers) -> Label:
    answers = entry.answers
    index, confidence = _majority(context, answers)
    metadata: dict[str, Any] = {
        "class-name": context.label_names[index],
        "confidence": confidence,
        "type": context.task_type.metadata_type,
        "job-name": context.job_name,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": creation_date(answers),
    }
    comments = [given["workerComment"] for given in _given(context, answers) if given.get("workerComment")]
    if comments:
        metadata["worker-feedback"] = [{"comment": comment} for comment in comments]
    return Label(index, metadata)


def _several_labels(context: LabelContext, entry: ObjectAnswers) -> Label:
    """Every label that at least one worker chose, the most chosen first."""
    answers = entry.answers
    names = context.label_names
    votes = Counter(names.index(label) for given in _given(context, answers) for label in set(given["labels"]))
    chosen = sorted(votes, key=lambda index: (-votes[index], index))
    metadata = {
        "job-name": context.job_name,
        "class-map": {str(index): names[index] for index in chosen},
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": creation_date(answers),
        "confidence-map": {str(index): _share(votes[index], len(answers)) for index in chosen},
        "type": context.task_type.metadata_type,
    }
    return Label(chosen, metadata)


def _boxes(context: LabelContext, entry: ObjectAnswers) -> Label:
    answers = entry.answers
    names = context.label_names
    first = _given(context, answers)[0]
    size = first["inputImageProperties"]
    annotations = [
        {"class_id": names.index(box["label"]), **{edge: box[edge] for edge in ("left", "top", "width", "height")}}
        for box in first["boundingBoxes"]
    ]
    value = {"image_size": [{"width": size["width"], "height": size["height"], "depth": 3}], "annotations": annotations}
    metadata = {
        "objects": [{"confidence": 0.0} for _ in annotations],
        "class-map": {str(index): names[index] for index in sorted({annotation["class_id"] for annotation in annotations})},
        "type": context.task_type.metadata_type,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": creation_date(answers),
        "job-name": context.job_name,
        **_adjustment(context, answers),
    }
    return Label(value, metadata)


def _segmentation(context: LabelContext, entry: ObjectAnswers) -> Label:
    answers = entry.answers
    names = context.label_names
    first = _given(context, answers)[0]
    colors = {names.index(label) + 1: mapping["color"] for label, mapping in first["labelMappings"].items()}
    metadata = {
        "internal-color-map": {
            "0": {**_BACKGROUND, "confidence": 0.0},
            **{str(i): {"class-name": names[i - 1], "hex-color": colors[i], "confidence": 0.0} for i in sorted(colors)},
        },
        "type": context.task_type.metadata_type,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": creation_date(answers),
        "job-name": context.job_name,
        **_adjustment(context, answers),
    }
    return Label(entry.mask_uri, metadata, mask_png(first["labeledImage"]))


def _adjustment(context: LabelContext, answers: Sequence[Answer]) -> dict[str, str]:
    """One worker who changed the existing label is enough for `adjusted` (sms-data-output)."""
    if not context.task_type.needs_existing_labels:
        return {}
    adjusted = any(given.get("initialValueModified") is True for given in _given(context, answers))
    return {"adjustment-status": "adjusted" if adjusted else "unadjusted"}


def _named_entities(context: LabelContext, entry: ObjectAnswers) -> Label:
    """Every span that at least one worker marked, in the order of the text."""
    answers = entry.answers
    names = context.label_names
    votes = Counter(
        span
        for given in _given(context, answers)
        for span in {(entity["startOffset"], entity["endOffset"], names.index(entity["label"])) for entity in given["entities"]}
    )
    spans = sorted(votes)
    value = {
        "annotations": {
            "entities": [{"label": names[index], "startOffset": start, "endOffset": end} for start, end, index in spans],
            "labels": [dict(entry) for entry in context.label_categories],
        }
    }
    metadata = {
        "entities": [{"confidence": _share(votes[span], len(answers))} for span in spans],
        "job-name": context.job_name,
        "type": context.task_type.metadata_type,
        "creation-date": creation_date(answers),
        "human-annotated": HUMAN_ANNOTATED,
    }
    return Label(value, metadata)


_CONSOLIDATIONS: Mapping[str, Callable[[LabelContext, ObjectAnswers], Label]] = {
    "groundtruth/image-classification": _single_label,
    "groundtruth/text-classification": _single_label,
    "groundtruth/label-verification": _verification,
    "groundtruth/image-classification-multilabel": _several_labels,
    "groundtruth/text-classification-multilabel": _several_labels,
    "groundtruth/object-detection": _boxes,
    "groundtruth/semantic-segmentation": _segmentation,
    "groundtruth/text-span": _named_entities,
}
