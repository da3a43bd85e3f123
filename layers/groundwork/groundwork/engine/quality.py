"""The quality of a labeling job's annotation: how well workers agree, label by label and worker by worker.

Consolidation adds every object to a `Tally`. Tallies are small whatever the number of objects, add up, and are kept as JSON, so each part
of a job counts for itself and the whole is their sum. Pure; what two answers have in common is told by consolidation/agreement.py.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from groundwork.task_types import TASK_TYPES

if TYPE_CHECKING:
    from groundwork.engine.consolidation import Label, LabelContext, ObjectAnswers

# Times are counted in steps of two per cent, so a median is right to within one.
_STEP = math.log(1.02)
_SHORTEST = 0.001


@dataclass(slots=True)
class _Class:
    """A class: objects that have it as (part of) their label, and what pairs of workers have in common in it, of how much."""

    objects: int = 0
    common: float = 0.0
    total: float = 0.0


@dataclass(slots=True)
class _Question:
    """Ratings of one question: objects compared, the sum of their observed agreement, pairs that agree (weighted), and all choices."""

    objects: int = 0
    agreement: float = 0.0
    agreeing: float = 0.0
    choices: dict[str, int] = field(default_factory=dict)

    def add(self, ratings: Mapping[int, int]) -> None:
        raters = sum(ratings.values())
        agreeing = sum(count * (count - 1) for count in ratings.values())
        self.objects += 1
        self.agreement += agreeing / (raters * (raters - 1))
        self.agreeing += agreeing / (raters - 1)
        for choice, count in ratings.items():
            self.choices[str(choice)] = self.choices.get(str(choice), 0) + count

    def observed(self) -> float | None:
        """The share of pairs of workers that agree, on average over objects."""
        return self.agreement / self.objects if self.objects else None

    def fleiss_kappa(self) -> float | None:
        """Fleiss' kappa; objects may have different numbers of workers. None where chance alone explains all: one choice, or no object."""
        ratings = sum(self.choices.values())
        observed = self.observed()
        expected = sum((count / ratings) ** 2 for count in self.choices.values()) if ratings else 1.0
        return None if observed is None or len(self.choices) < 2 else (observed - expected) / (1 - expected)

    def krippendorff_alpha(self) -> float | None:
        """Krippendorff's alpha for nominal data. None where it is not defined: one choice, or no object."""
        ratings = sum(self.choices.values())
        different = ratings**2 - sum(count**2 for count in self.choices.values())
        return None if not different else 1 - (ratings - 1) * (ratings - self.agreeing) / different


@dataclass(slots=True)
class _Worker:
    """A worker: answers, those that were compared with a label, the sum of that agreement, and how many answers took how long."""

    sub: str
    answers: int = 0
    compared: int = 0
    agreement: float = 0.0
    times: dict[str, int] = field(default_factory=dict)

    def add_time(self, seconds: float) -> None:
        step = str(math.floor(math.log(max(seconds, _SHORTEST)) / _STEP))
        self.times[step] = self.times.get(step, 0) + 1

    def median_seconds(self) -> float:
        middle = (self.answers + 1) // 2
        for step in sorted(self.times, key=int):
            middle -= self.times[step]
            if middle <= 0:
                return round(math.exp((int(step) + 0.5) * _STEP), 3)
        return 0.0


@dataclass(slots=True)
class Tally:
    """What is known of the quality of some of a job's objects."""

    objects: int = 0
    compared: int = 0
    classes: dict[str, _Class] = field(default_factory=dict)
    questions: dict[str, _Question] = field(default_factory=dict)
    workers: dict[str, _Worker] = field(default_factory=dict)

    def add(self, context: "LabelContext", entry: "ObjectAnswers", label: "Label") -> float | None:
        """Count one object with its answers and its label. Gives its disagreement (0 to 1), or None where nothing was compared."""
        from groundwork.engine.consolidation.agreement import agreement_of, share

        found = agreement_of(context, entry, label)
        self.objects += 1
        self.compared += bool(found.with_label)
        for index in found.labeled:
            self._class(index).objects += 1
        for index, (common, total) in found.between_workers.items():
            of_class = self._class(index)
            of_class.common += common
            of_class.total += total
        for question, ratings in found.ratings.items():
            self.questions.setdefault(str(question), _Question()).add(ratings)
        for answer in sorted(entry.answers, key=lambda answer: answer.worker_id):
            worker = self.workers.setdefault(answer.worker_id, _Worker(answer.identity.sub))
            worker.answers += 1
            worker.add_time((answer.submitted_at - answer.accepted_at).total_seconds())
            if answer.worker_id in found.with_label:
                worker.compared += 1
                worker.agreement += share(found.with_label[answer.worker_id])
        return found.disagreement

    def _class(self, index: int) -> _Class:
        return self.classes.setdefault(str(index), _Class())

    def document(self) -> dict[str, Any]:
        """The tally as JSON knows it."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The tally of a document that `document` gave."""
        return cls(
            document["objects"],
            document["compared"],
            {index: _Class(**entry) for index, entry in document["classes"].items()},
            {question: _Question(**entry) for question, entry in document["questions"].items()},
            {worker: _Worker(**entry) for worker, entry in document["workers"].items()},
        )

    @classmethod
    def total(cls, tallies: "Iterable[Tally]") -> "Tally":
        """The tally of all objects together."""
        total = cls()
        for tally in tallies:
            total.objects += tally.objects
            total.compared += tally.compared
            for index, of_class in tally.classes.items():
                _sum_up(total._class(int(index)), of_class)
            for question, ratings in tally.questions.items():
                _sum_up(total.questions.setdefault(question, _Question()), ratings)
            for worker, work in tally.workers.items():
                _sum_up(total.workers.setdefault(worker, _Worker(work.sub)), work)
        return total


def _sum_up[Counted: _Class | _Question | _Worker](total: Counted, more: Counted) -> None:
    for name in type(total).__slots__:
        value = getattr(more, name)
        if isinstance(value, dict):
            counts: dict[str, int] = getattr(total, name)
            for key, count in value.items():
                counts[key] = counts.get(key, 0) + count
        elif not isinstance(value, str):
            setattr(total, name, getattr(total, name) + value)


def report_key(labeling_job_name: str) -> str:
    """Where in the data bucket a job's summary is: where no project reaches, because it is served as it is."""
    return f"engine/quality/{labeling_job_name.lower()}.json"


def tally_key(labeling_job_name: str) -> str:
    """Where a job's tally is, of which the summary was made: it can be added to those of other parts of a split job."""
    return f"engine/quality/{labeling_job_name.lower()}.tally.json"


def tally_document(context: "LabelContext", tally: Tally) -> dict[str, Any]:
    """A tally with what a summary needs to know beside it."""
    return {"task_type": context.task_type.key, "labels": list(context.label_names), "tally": tally.document()}


def summary_of_all(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of all objects of several labeling jobs of one definition (the parts of a split job; at least one)."""
    from groundwork.engine.consolidation.labels import LabelContext

    first = documents[0]
    context = LabelContext(TASK_TYPES[first["task_type"]], [{"label": label} for label in first["labels"]], "")
    return summary(context, Tally.total(Tally.of(document["tally"]) for document in documents))


def as_seen(report: Mapping[str, Any], names: Mapping[str, str] | None, salt: str) -> dict[str, Any]:
    """A summary for a reader.

    `names` has user names by `sub`, for those who may know who the workers are (a worker it does not have has left); None hides the
    workers behind numbers, in an order of `salt` that says nothing about them.
    """
    by_chance = sorted(report["workers"], key=lambda worker: hashlib.sha256(f"{salt}/{worker['worker_id']}".encode()).digest())
    workers = []
    for number, entry in enumerate(by_chance, 1):
        worker = {key: value for key, value in entry.items() if key not in {"worker_id", "sub"}}
        hidden = names is None
        workers.append(
            {"worker": f"worker-{number}" if hidden else entry["worker_id"], "username": (names or {}).get(entry["sub"]), **worker}
        )
    return {**report, "workers": workers}


def summary(context: "LabelContext", tally: Tally) -> dict[str, Any]:
    """What there is to know, as clients get it but for workers' names: agreement by the measures that fit the task type, each to four
    decimals or None where it is not defined.

    - classes: `observed` (share of pairs of workers that agree), `fleiss_kappa`, `krippendorff_alpha`; for several labels their means over
      the labels;
    - boxes and masks: `mean_iou`, over pairs of workers and what either of them marked, 0 where the other did not;
    - named entities: `span_f1`, over pairs of workers; spans agree when boundary and label are equal.

    A label's `agreement` is the same for that label alone: of what either of two workers gave it, the part that both did.
    """
    several = "multilabel" in context.task_type.metadata_type
    common, total = sum(entry.common for entry in tally.classes.values()), sum(entry.total for entry in tally.classes.values())
    overall = common / total if total else None
    match context.task_type.metadata_type:
        case "groundtruth/object-detection" | "groundtruth/semantic-segmentation":
            agreement = {"mean_iou": _rounded(overall)}
        case "groundtruth/text-span":
            agreement = {"span_f1": _rounded(overall)}
        case _:
            questions = list(tally.questions.values())
            agreement = {
                "observed": _mean([question.observed() for question in questions]),
                "fleiss_kappa": _mean([question.fleiss_kappa() for question in questions]),
                "krippendorff_alpha": _mean([question.krippendorff_alpha() for question in questions]),
            }
    labels = []
    for index, name in enumerate(context.label_names):
        of_class = tally.classes.get(str(index), _Class())
        label: dict[str, Any] = {
            "label": name,
            "objects": of_class.objects,
            "agreement": _rounded(of_class.common / of_class.total if of_class.total else None),
        }
        if several:
            label["krippendorff_alpha"] = _rounded(tally.questions.get(str(index), _Question()).krippendorff_alpha())
        labels.append(label)
    workers = [
        {
            "worker_id": worker_id,
            "sub": worker.sub,
            "answers": worker.answers,
            "agreement_with_label": _rounded(worker.agreement / worker.compared if worker.compared else None),
            "median_seconds": worker.median_seconds(),
        }
        for worker_id, worker in sorted(tally.workers.items())
    ]
    return {
        "objects": tally.objects,
        "compared_objects": tally.compared,
        "answers": sum(worker.answers for worker in tally.workers.values()),
        "agreement": agreement,
        "labels": labels,
        "workers": workers,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return _rounded(sum(defined) / len(defined) if defined else None)


def _rounded(value: float | None) -> float | None:
    # In two steps, so that a sum's last digit, which depends on the order of its terms, does not decide the fourth one.
    return None if value is None else round(round(value, 9), 4)
