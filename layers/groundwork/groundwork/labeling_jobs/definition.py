"""What a client says about a labeling job: the definition (api.md, "what a client sends").

The model holds only shapes. A draft may lack anything but its name, so every rule about content is a fault, found by
`definition_faults` in `labeling_jobs.checks` and never raised here.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class NamedEntityLabel(BaseModel):
    """A label category with a short name to show inside the text (named entity recognition only)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    label: str
    short_display_name: str | None = None


class StoppingConditions(BaseModel):
    """When to stop before everything is labeled (API LabelingJobStoppingConditions)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_human_labeled_objects: int | None = None
    max_percentage_labeled: int | None = None


class LabelingJobDefinition(BaseModel):
    """A labeling job as its owner defines it. Times are whole seconds. None means: not said, use the default or report its lack."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

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
    labels: Annotated[tuple[str | NamedEntityLabel, ...], Field(strict=False)] = ()
    short_instructions: str | None = None
    full_instructions: str | None = None
    task_title: str | None = None
    task_keywords: Annotated[tuple[str, ...], Field(strict=False)] = ()
    max_concurrent_objects: int | None = None
    automated_labeling: bool = False
    stopping_conditions: StoppingConditions = StoppingConditions()
    existing_label_attribute: str | None = None
    output_kms_key_id: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label categories' names, in order: a label's position is its class index in the output."""
        return tuple(entry if isinstance(entry, str) else entry.label for entry in self.labels)
