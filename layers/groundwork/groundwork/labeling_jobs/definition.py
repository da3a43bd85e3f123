"""What a client says about a labeling job: the definition (api.md, "what a client sends").

The model holds only shapes. A draft may lack anything but its name, so every rule about content is a fault, found by
`definition_faults` in `labeling_jobs.checks` and never raised here.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from groundwork.errors import InvalidRequestError
from groundwork.labeling_jobs.tags import DEFAULT_PRIORITY
from groundwork.rules import fault
from groundwork.shapes import parse

# A job is one item of the jobs table (400 KB at most), and so is the answer kept for its Idempotency-Key, as JSON in ASCII.
MAX_DEFINITION_BYTES = 200 * 1024
# No task type shows anywhere near as many. What is longer is refused before its entries are looked at.
_MAX_ENTRIES = 5_000


class NamedEntityLabel(BaseModel):
    """A label category with a short name to show inside the text (named entity recognition only)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    label: str
    short_display_name: str | None = None


def _label_kind(entry: Any) -> str:
    return "NamedEntityLabel" if isinstance(entry, dict | NamedEntityLabel) else "str"


# Told apart by what is there, so that a faulty entry has the faults of its own kind only.
type LabelEntry = Annotated[Annotated[str, Tag("str")] | Annotated[NamedEntityLabel, Tag("NamedEntityLabel")], Discriminator(_label_kind)]


class StoppingConditions(BaseModel):
    """When to stop before everything is labeled (API LabelingJobStoppingConditions)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_human_labeled_objects: int | None = None
    max_percentage_labeled: int | None = None


class LabelingJobDefinition(BaseModel):
    """A labeling job as its owner defines it. Times are whole seconds. None means: not said, use the default or report its lack."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    name: str
    label_attribute_name: str | None = None
    task_category: Literal["Image", "Text"] | None = None
    task_type: str | None = None
    input_manifest_uri: str | None = None
    input_prefix_uri: str | None = None
    output_uri: str | None = None
    labeling_team: str | None = None
    task_timeout_seconds: int = 300
    task_expiration_seconds: int = 864_000
    workers_per_object: int = 1
    description: str | None = None
    labels: Annotated[tuple[LabelEntry, ...], Field(strict=False, max_length=_MAX_ENTRIES)] = ()
    short_instructions: str | None = None
    full_instructions: str | None = None
    task_title: str | None = None
    task_keywords: Annotated[tuple[str, ...], Field(strict=False, max_length=_MAX_ENTRIES)] = ()
    # Workers are shown jobs with a higher one first (built-in labeling service only).
    priority: int = DEFAULT_PRIORITY
    max_concurrent_objects: int | None = None
    automated_labeling: bool = False
    # On the built-in labeling service: the function that proposes labels, and from which confidence on they are taken.
    automated_labeling_function_arn: str | None = None
    automated_labeling_confidence: Annotated[float, Field(allow_inf_nan=False)] | None = None
    stopping_conditions: StoppingConditions = StoppingConditions()
    existing_label_attribute: str | None = None
    # A custom job's own worker task template, and its Lambda functions, if any, before workers see an object and after they answered.
    template_uri: str | None = None
    pre_annotation_function_arn: str | None = None
    consolidation_function_arn: str | None = None
    output_kms_key_id: str | None = None
    # Whether a manifest of more objects than one labeling job takes is divided over several.
    split: bool = False
    tags: dict[str, str] = Field(default_factory=dict, max_length=_MAX_ENTRIES)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label categories' names, in order: a label's position is its class index in the output."""
        return tuple(entry if isinstance(entry, str) else entry.label for entry in self.labels)


def read_definition(document: Any) -> LabelingJobDefinition:
    """The definition in a parsed JSON document. Raises InvalidRequestError with every fault of its shape, or that it is too large."""
    size = len(json.dumps(document, separators=(",", ":")))
    if size > MAX_DEFINITION_BYTES:
        raise InvalidRequestError([fault("job.definition-too-large", pointer="", size=size, high=MAX_DEFINITION_BYTES)])
    return parse(LabelingJobDefinition, document)
