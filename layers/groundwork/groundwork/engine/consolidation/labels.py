"""What consolidation is given and what it gives, whatever the kind of label. The order of keys in metadata is that of Ground Truth's
output (sms-data-output)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from groundwork.engine.answers import Answer
from groundwork.engine.leases import MachineLabel
from groundwork.task_types import TaskType

HUMAN_ANNOTATED = "yes"
MACHINE_ANNOTATED = "no"
# With one worker there is nothing to compare, and Ground Truth says so with this (sms-data-output).
CONFIDENCE_OF_ONE = 0.0


@dataclass(frozen=True, slots=True)
class LabelContext:
    """What all labels of a labeling job depend on beside the answers."""

    task_type: TaskType
    label_categories: Sequence[Mapping[str, Any]]
    job_name: str  # labeling-job/<lower-cased name>

    @property
    def label_names(self) -> tuple[str, ...]:
        """Label categories in order: a label's position is its class index."""
        return tuple(str(entry["label"]) for entry in self.label_categories)

    def given(self, entry: "ObjectAnswers") -> list[Mapping[str, Any]]:
        """What the task type's form submitted, of each answer in the order of submission."""
        in_order = sorted(entry.answers, key=lambda answer: (answer.submitted_at, answer.worker_id))
        return [answer.content[self.task_type.element_name] for answer in in_order]

    def adjustment(self, entry: "ObjectAnswers") -> dict[str, str]:
        """One worker who changed the existing label is enough for `adjusted` (sms-data-output)."""
        if not self.task_type.needs_existing_labels:
            return {}
        adjusted = any(given.get("initialValueModified") is True for given in self.given(entry))
        return {"adjustment-status": "adjusted" if adjusted else "unadjusted"}


@dataclass(frozen=True, slots=True)
class ObjectAnswers:
    """One data object's answers (one or more, of different workers), and where its mask goes if its type has one."""

    answers: Sequence[Answer]
    mask_uri: str

    @property
    def creation_date(self) -> str:
        return creation_date(self.answers)


@dataclass(frozen=True, slots=True)
class Label:
    """A consolidated label: the attribute's value, its metadata, and the mask to store where the type has one."""

    value: Any
    metadata: Mapping[str, Any]
    mask: bytes | None = None


def label_by_machine(context: LabelContext, machine_label: MachineLabel) -> Label:
    """The class that automated labeling gave an object."""
    metadata = {
        "confidence": machine_label.confidence,
        "job-name": context.job_name,
        "class-name": machine_label.label,
        "human-annotated": MACHINE_ANNOTATED,
        "creation-date": zoneless(machine_label.at),
        "type": context.task_type.metadata_type,
    }
    return Label(context.label_names.index(machine_label.label), metadata)


def custom_label(context: LabelContext, entry: ObjectAnswers, value: Any, more: Mapping[str, Any]) -> Label:
    """A label of whatever form, with `more` metadata. Real output writes its dates so (facts on Ground Truth, section 4.3)."""
    moment = max(answer.submitted_at for answer in entry.answers).astimezone(UTC)
    common = {
        "type": context.task_type.metadata_type,
        "job-name": context.job_name,
        "human-annotated": HUMAN_ANNOTATED,
        "creation-date": f"{moment:%Y-%m-%dT%H:%M:%S+0000}",
    }
    return Label(value, {**more, **common})


def creation_date(answers: Sequence[Answer]) -> str:
    """`creation-date` of a label: the last submission, so that consolidating the same answers again gives the same line."""
    return zoneless(max(answer.submitted_at for answer in answers))


def zoneless(moment: datetime) -> str:
    """UTC with microseconds and without a zone, as Ground Truth writes dates."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
