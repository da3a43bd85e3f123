"""What a labeling job is given where its definition says nothing. Every default that is more than a constant, once."""

from typing import Any

from groundwork.data_locations import S3Uri, folder, project_prefix
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.task_types import TASK_TYPES, TaskType

MAX_TITLE_LENGTH = 128


def task_type(definition: LabelingJobDefinition) -> TaskType | None:
    """The catalogue's entry for the job; None while the type is missing or unknown."""
    return TASK_TYPES.get(definition.task_type or "")


def label_attribute_name(definition: LabelingJobDefinition) -> str:
    """The key of the labels in the output: the job's name, ending in `-ref` where the task type demands it."""
    if definition.label_attribute_name is not None:
        return definition.label_attribute_name
    of_type = task_type(definition)
    suffix = of_type.label_attribute_suffix if of_type else ""
    return definition.name if definition.name.endswith(suffix) else definition.name + suffix


def task_title(definition: LabelingJobDefinition) -> str:
    """What workers see in the list of jobs: task type and description, cut to 128 characters that Ground Truth takes (API TaskTitle)."""
    if definition.task_title is not None:
        return definition.task_title
    of_type = task_type(definition)
    parts = [of_type.title if of_type else "", (definition.description or "").strip()]
    title = "".join(character for character in ": ".join(filter(None, parts)) if is_title_character(character))
    return title if len(title) <= MAX_TITLE_LENGTH else title[: MAX_TITLE_LENGTH - 1].rstrip() + "…"


def is_title_character(character: str) -> bool:
    """Ground Truth's titles hold no control characters and nothing beyond the basic plane, emoji among it."""
    return " " <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd"


def task_keywords(definition: LabelingJobDefinition) -> tuple[str, ...]:
    """The words workers may find the job by: the task type's."""
    of_type = task_type(definition)
    return definition.task_keywords or (of_type.keywords if of_type else ())


def short_instructions(definition: LabelingJobDefinition) -> str:
    """The rich text beside the task, as its author wrote it (unsanitized): the task type's when blank."""
    of_type = task_type(definition)
    return _unless_blank(definition.short_instructions, of_type.default_short_instructions if of_type else "")


def full_instructions(definition: LabelingJobDefinition) -> str:
    """The rich text of the instructions dialog, as its author wrote it (unsanitized): the task type's when blank."""
    of_type = task_type(definition)
    return _unless_blank(definition.full_instructions, of_type.default_full_instructions if of_type else "")


def _unless_blank(text: str | None, default: str) -> str:
    return text if text and text.strip() else default


def output_encryption(definition: LabelingJobDefinition) -> dict[str, Any]:
    """What to say to S3 with every object of the job's output that Groundwork writes itself."""
    key_id = definition.output_kms_key_id
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}


def output_uri(definition: LabelingJobDefinition, project: str, data_bucket: str) -> S3Uri:
    """The prefix under which the service makes a folder named after the job; it ends in `/`.

    The default is the job's own folder in the project's prefix. Raises ValueError when the definition gives an illegal URI.
    """
    if definition.output_uri is None:
        return project_prefix(data_bucket, project).child(f"labeling-jobs/{definition.name}/output/")
    uri = folder(definition.output_uri)
    if uri is None:
        raise ValueError(f"not a legal S3 URI: {definition.output_uri!r}")
    return uri
