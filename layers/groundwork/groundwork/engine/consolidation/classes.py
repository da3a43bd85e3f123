"""Labels that are classes: the one that fits, a verdict on an existing label, or all that apply."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from groundwork.engine.consolidation.expectation_maximization import class_probabilities
from groundwork.engine.consolidation.labels import CONFIDENCE_OF_ONE, HUMAN_ANNOTATED, Label, LabelContext, ObjectAnswers

# Probabilities that differ by less are equal: they only do so because sums were rounded.
_EQUAL = 1e-9


def single_labels(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[Label]:
    """Image and text classification: the most probable class, the first one among equals."""
    return [
        Label(
            index,
            {
                "confidence": confidence,
                "job-name": context.job_name,
                "class-name": context.label_names[index],
                "human-annotated": HUMAN_ANNOTATED,
                "creation-date": entry.creation_date,
                "type": context.task_type.metadata_type,
            },
        )
        for entry, (index, confidence) in zip(objects, _classes(context, objects), strict=True)
    ]


def verdicts(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[Label]:
    """Verification: the same, with what workers said about the label they judged."""
    labels: list[Label] = []
    for entry, (index, confidence) in zip(objects, _classes(context, objects), strict=True):
        metadata: dict[str, Any] = {
            "class-name": context.label_names[index],
            "confidence": confidence,
            "type": context.task_type.metadata_type,
            "job-name": context.job_name,
            "human-annotated": HUMAN_ANNOTATED,
            "creation-date": entry.creation_date,
        }
        comments = [given["workerComment"] for given in context.given(entry) if given.get("workerComment")]
        if comments:
            metadata["worker-feedback"] = [{"comment": comment} for comment in comments]
        labels.append(Label(index, metadata))
    return labels


def several_labels(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[Label]:
    """Every label that at least one worker chose, the most probable first; each label is a question of yes or no of its own."""
    position = {name: index for index, name in enumerate(context.label_names)}
    chosen: list[dict[str, frozenset[int]]] = [
        {
            answer.worker_id: frozenset(position[label] for label in answer.content[context.task_type.element_name]["labels"])
            for answer in entry.answers
        }
        for entry in objects
    ]
    compared = [number for number, by_worker in enumerate(chosen) if len(by_worker) > 1]
    in_question = frozenset[int]().union(*(labels for number in compared for labels in chosen[number].values()))
    confidences: list[dict[int, float]] = [dict.fromkeys(frozenset().union(*by_worker.values()), CONFIDENCE_OF_ONE) for by_worker in chosen]
    for label in sorted(in_question):
        votes = [{worker: int(label in labels) for worker, labels in chosen[number].items()} for number in compared]
        for number, (_, applies) in zip(compared, _probabilities(votes, 2), strict=True):
            if label in confidences[number]:
                confidences[number][label] = _confidence(applies)
    return [_label_set(context, entry, of_label) for entry, of_label in zip(objects, confidences, strict=True)]


def _label_set(context: LabelContext, entry: ObjectAnswers, confidences: Mapping[int, float]) -> Label:
    chosen = sorted(confidences, key=lambda index: (-confidences[index], index))
    metadata = {
        "job-name": context.job_name,
        "class-map": {str(index): context.label_names[index] for index in chosen},
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": entry.creation_date,
        "confidence-map": {str(index): confidences[index] for index in chosen},
        "type": context.task_type.metadata_type,
    }
    return Label(chosen, metadata)


def _classes(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[tuple[int, float]]:
    """Class index and confidence of each object.

    An object with one answer has that answer, and takes no part in the estimate: it says nothing about who is reliable.
    """
    position = {name: index for index, name in enumerate(context.label_names)}
    element = context.task_type.element_name
    votes = [{answer.worker_id: position[answer.content[element]["label"]] for answer in entry.answers} for entry in objects]
    probable = iter(_probabilities([by_worker for by_worker in votes if len(by_worker) > 1], len(position)))
    return [
        _most_probable(next(probable)) if len(by_worker) > 1 else (next(iter(by_worker.values())), CONFIDENCE_OF_ONE) for by_worker in votes
    ]


def _most_probable(probabilities: Sequence[float]) -> tuple[int, float]:
    highest = max(probabilities)
    return next(index for index, probability in enumerate(probabilities) if probability >= highest - _EQUAL), _confidence(highest)


def _confidence(probability: float) -> float:
    """From 0.05 to 0.95, as Ground Truth publishes it for several workers (facts, section 5.6)."""
    return round(0.9 * probability + 0.05, 2)


def _probabilities(votes: Sequence[Mapping[str, int]], classes: int) -> list[list[float]]:
    """The classes' probabilities for each object, from what each worker chose for it."""
    if not votes:
        return []
    numbers: dict[str, int] = {}
    answers = [
        (item, numbers.setdefault(worker, len(numbers)), choice)
        for item, by_worker in enumerate(votes)
        for worker, choice in by_worker.items()
    ]
    items, workers, choices = np.array(answers).T
    probabilities: list[list[float]] = class_probabilities(items, workers, choices, classes).tolist()
    return probabilities
