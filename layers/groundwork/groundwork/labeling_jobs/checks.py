"""The rules a labeling job's definition must keep before it is launched, as far as the definition alone can tell.

Pure: what must be known of the world comes in as a `CheckContext`. What only the data can tell is `manifest_validation`'s.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from groundwork.data_locations import DataLocation, DataLocations, S3Uri, folder
from groundwork.labeling_functions import is_function_arn, may_run, partition_of
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.definition import LabelingJobDefinition, NamedEntityLabel
from groundwork.labeling_jobs.parts import NAME_SUFFIX
from groundwork.labeling_jobs.tags import DEFAULT_PRIORITY, MAX_PRIORITY
from groundwork.rules import Fault, fault
from groundwork.shapes import escaped
from groundwork.task_types import REGIONS, TASK_TYPES, TaskType, known_region
from groundwork.worker_task_template import sanitize_instructions

# Sources of the limits: the service model's shapes of CreateLabelingJob, and page input-data-limits.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_KEYWORD = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_KMS_KEY = re.compile(r"[a-zA-Z0-9:/_-]*")
_KMS_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):kms:(?P<region>[a-z0-9-]+):[0-9]{12}:(?:key|alias)/.+")
_MAX_NAME_LENGTH = 63
_MAX_ATTRIBUTE_LENGTH = 127
_MIN_TIMEOUT = 30
_MAX_TIMEOUT = max(task_type.max_task_timeout_seconds for task_type in TASK_TYPES.values())
_MIN_EXPIRATION, MAX_EXPIRATION = 60, 2_592_000
_MIN_WORKERS, _MAX_WORKERS = 1, 9
_MAX_DESCRIPTION_LENGTH = 255
_MAX_LABEL_LENGTH = 256
_MAX_KEYWORDS, _MAX_KEYWORD_LENGTH = 5, 30
_MAX_CONCURRENT, _USUAL_CONCURRENT = 5_000, 1_000
_MAX_KMS_KEY_LENGTH = 2_048
_MAX_TAGS = 50 - 2  # the service's limit, less the two tags Groundwork always sets
_MAX_TAG_KEY_LENGTH, _MAX_TAG_VALUE_LENGTH = 128, 256
# Twice this and our own markup stay below the 128,000 characters that a template may have in a preview (API UiTemplate).
_MAX_INSTRUCTIONS_LENGTH = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What the checks must know beside the definition.

    `team_member_count` is None when the labeling team does not exist. `template_faults` are what was found wrong with the worker task
    template itself, for a definition whose `readable_template` is one.
    """

    project: str
    data_locations: DataLocations
    region: str
    account_id: str
    labeling_service: Literal["BuiltIn", "SageMaker"]
    team_member_count: int | None
    template_faults: tuple[Fault, ...] = ()


def definition_faults(definition: LabelingJobDefinition, context: CheckContext) -> list[Fault]:
    """Every fault of the definition at once, in the order of its fields. Never raises; empty means: ready to launch."""
    task_type = defaults.task_type(definition)
    return [
        *_text_faults(definition),
        *_name_faults(definition),
        *_label_attribute_faults(definition, task_type),
        *_task_type_faults(definition, task_type, context),
        *_input_faults(definition, context),
        *_output_faults(definition, context),
        *_labeling_team_faults(definition, context),
        *_time_faults(definition),
        *_workers_faults(definition),
        *_description_faults(definition),
        *_label_faults(definition, task_type),
        *instruction_faults("/short_instructions", definition.short_instructions, context.project, context.data_locations),
        *instruction_faults("/full_instructions", definition.full_instructions, context.project, context.data_locations),
        *_title_faults(definition),
        *_keyword_faults(definition),
        *_concurrency_faults(definition),
        *_priority_faults(definition),
        *_automation_faults(definition, task_type, context),
        *_stopping_faults(definition),
        *_split_faults(definition),
        *_existing_label_faults(definition, task_type),
        *_template_faults(definition, task_type, context),
        *_function_faults(definition, task_type, context),
        *_kms_key_faults(definition, context),
        *_tag_faults(definition),
    ]


def _excerpt(text: str) -> str:
    """What a message quotes of a text of any length."""
    return text if len(text) <= 200 else f"{text[:200]}…"


def _is_name(text: str, max_length: int) -> bool:
    return len(text) <= max_length and _NAME.fullmatch(text) is not None


def _text_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    """JSON can carry half a surrogate pair (`"\\ud800"`), which can be stored nowhere."""
    for field, value in definition.model_dump().items():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            yield fault("request.field-invalid", pointer=f"/{field}", field=field, problem="it holds half a surrogate pair")


def _name_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    if not _is_name(definition.name, _MAX_NAME_LENGTH):
        yield fault("job.name-invalid", pointer="/name", name=_excerpt(definition.name))


def _label_attribute_faults(definition: LabelingJobDefinition, task_type: TaskType | None) -> Iterator[Fault]:
    if definition.label_attribute_name is None and not _is_name(definition.name, _MAX_NAME_LENGTH):
        return  # the default comes from the name, whose fault is reported
    # A default can be at fault too: a legal job name such as `source` makes no legal label attribute.
    attribute = defaults.label_attribute_name(definition)
    attribute_fault = partial(fault, pointer="/label_attribute_name", attribute=_excerpt(attribute))
    if not _is_name(attribute, _MAX_ATTRIBUTE_LENGTH):
        yield attribute_fault("job.label-attribute-invalid")
    elif attribute in {"source", "source-ref"} or attribute.endswith("-metadata"):
        yield attribute_fault("job.label-attribute-reserved")
    elif task_type and task_type.label_attribute_suffix == "-ref" and not attribute.endswith("-ref"):
        yield attribute_fault("job.label-attribute-needs-ref", title=task_type.title)
    elif task_type and task_type.label_attribute_suffix == "" and attribute.endswith("-ref"):
        yield attribute_fault("job.label-attribute-ends-in-ref", title=task_type.title)


def _task_type_faults(definition: LabelingJobDefinition, task_type: TaskType | None, context: CheckContext) -> Iterator[Fault]:
    # A custom job's lines have a category of their own: pictures, texts, or whatever a template can show.
    if task_type and not task_type.is_custom and definition.task_category not in {None, task_type.category}:
        yield fault(
            "job.task-category-mismatch",
            pointer="/task_category",
            title=task_type.title,
            of_type=task_type.category,
            category=definition.task_category,
        )
    if not definition.task_type:
        yield fault("job.task-type-missing", pointer="/task_type")
    elif task_type is None:
        yield fault("job.task-type-unknown", pointer="/task_type", key=_excerpt(definition.task_type), keys=", ".join(TASK_TYPES))
    elif context.labeling_service == "SageMaker" and not task_type.is_custom and not known_region(context.region):
        yield fault(
            "job.region-unsupported",
            pointer="/task_type",
            title=task_type.title,
            region=context.region,
            regions=", ".join(sorted(REGIONS)),
        )


def _input_faults(definition: LabelingJobDefinition, context: CheckContext) -> Iterator[Fault]:
    if definition.input_manifest_uri is not None:
        pointer = "/input_manifest_uri"
        uri = S3Uri.parse(definition.input_manifest_uri)
        if uri is None or not uri.key or uri.key.endswith("/"):
            yield fault("job.s3-uri-invalid", pointer=pointer, uri=_excerpt(definition.input_manifest_uri), what="a manifest")
        elif not context.data_locations.may_read(uri):
            yield fault("job.input-outside-locations", pointer=pointer, uri=uri, project=context.project)
        if definition.input_prefix_uri is not None:
            yield fault("job.input-ambiguous", pointer="/input_prefix_uri")
    elif definition.input_prefix_uri is not None:
        yield from prefix_faults(definition.input_prefix_uri, context.project, context.data_locations)
    else:
        yield fault("job.input-missing", pointer="/input_manifest_uri")


def prefix_faults(input_prefix_uri: str, project: str, data_locations: DataLocations) -> Iterator[Fault]:
    """What keeps the project from using all data objects under this prefix."""
    prefix = folder(input_prefix_uri)
    if prefix is None:
        yield fault("job.s3-uri-invalid", pointer="/input_prefix_uri", uri=_excerpt(input_prefix_uri), what="a prefix")
    elif not data_locations.may_read(prefix):
        yield fault("job.input-outside-locations", pointer="/input_prefix_uri", uri=prefix, project=project)


def _output_faults(definition: LabelingJobDefinition, context: CheckContext) -> Iterator[Fault]:
    if definition.output_uri is None:
        return
    given, prefix = S3Uri.parse(definition.output_uri), folder(definition.output_uri)
    if given is None or prefix is None:
        yield fault("job.s3-uri-invalid", pointer="/output_uri", uri=_excerpt(definition.output_uri), what="an output prefix")
        return
    output_fault = partial(fault, pointer="/output_uri", uri=given)
    if not context.data_locations.may_write(prefix):
        yield output_fault("job.output-outside-locations", project=context.project)
    manifest = S3Uri.parse(definition.input_manifest_uri or "")
    if manifest and manifest.bucket == prefix.bucket and manifest.key and prefix.key.startswith(f"{manifest.key.rstrip('/')}/"):
        yield output_fault("job.output-in-manifest")
    if any(_drafts_jobs(location, prefix) for location in context.data_locations.locations):
        yield output_fault("job.output-drafts-jobs")


def _drafts_jobs(location: DataLocation, prefix: S3Uri) -> bool:
    """Whether manifests that appear below `prefix` draft labeling jobs (api.md, S3: only in the project's own prefix, `default`)."""
    manifests = location.prefix.child("manifests/")
    return location.id == "default" and prefix.bucket == manifests.bucket and prefix.key.startswith(manifests.key)


def _labeling_team_faults(definition: LabelingJobDefinition, context: CheckContext) -> Iterator[Fault]:
    if not definition.labeling_team:
        yield fault("job.labeling-team-missing", pointer="/labeling_team")
    elif context.team_member_count is None:
        yield fault("job.labeling-team-unknown", pointer="/labeling_team", team=_excerpt(definition.labeling_team))
    elif context.team_member_count < definition.workers_per_object:
        yield fault(
            "job.labeling-team-too-small",
            pointer="/labeling_team",
            team=_excerpt(definition.labeling_team),
            members=context.team_member_count,
            workers=definition.workers_per_object,
        )


def _time_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    timeout, expiration = definition.task_timeout_seconds, definition.task_expiration_seconds
    task_type = defaults.task_type(definition)
    max_timeout = task_type.max_task_timeout_seconds if task_type else _MAX_TIMEOUT
    if not _MIN_TIMEOUT <= timeout <= max_timeout:
        yield fault("job.task-timeout-out-of-range", pointer="/task_timeout_seconds", low=_MIN_TIMEOUT, high=max_timeout, value=timeout)
    if not _MIN_EXPIRATION <= expiration <= MAX_EXPIRATION:
        yield fault(
            "job.task-expiration-out-of-range",
            pointer="/task_expiration_seconds",
            low=_MIN_EXPIRATION,
            high=MAX_EXPIRATION,
            value=expiration,
        )
    elif expiration < timeout <= max_timeout:
        yield fault("job.task-expires-before-timeout", pointer="/task_expiration_seconds", expiration=expiration, timeout=timeout)


def _workers_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    if not _MIN_WORKERS <= definition.workers_per_object <= _MAX_WORKERS:
        yield fault(
            "job.workers-out-of-range",
            pointer="/workers_per_object",
            low=_MIN_WORKERS,
            high=_MAX_WORKERS,
            value=definition.workers_per_object,
        )


def _description_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    description = definition.description
    if description is None or not description.strip():
        yield fault("job.description-missing", pointer="/description")
        return
    if len(description) > _MAX_DESCRIPTION_LENGTH:
        yield fault("job.description-too-long", pointer="/description", length=len(description), high=_MAX_DESCRIPTION_LENGTH)
    # Cc: control characters, the usual line breaks among them; Zl, Zp: Unicode's own line and paragraph separators.
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in description):
        yield fault("job.description-has-line-break", pointer="/description")


def _label_faults(definition: LabelingJobDefinition, task_type: TaskType | None) -> Iterator[Fault]:
    if task_type:
        yield from _label_count_faults(definition, task_type)
    seen: set[str] = set()
    folded: dict[str, str] = {}
    for index, (entry, label) in enumerate(zip(definition.labels, definition.label_names, strict=True)):
        pointer = f"/labels/{index}" if isinstance(entry, str) else f"/labels/{index}/label"
        if not label.strip():
            yield fault("job.label-empty", pointer=pointer)
        elif label in seen:
            yield fault("job.label-duplicate", pointer=pointer, label=_excerpt(label))
        elif (other := folded.get(label.casefold())) is not None:
            yield fault("job.label-differs-in-case", pointer=pointer, label=_excerpt(label), other=_excerpt(other))
        if len(label) > _MAX_LABEL_LENGTH:
            yield fault("job.label-too-long", pointer=pointer, length=len(label), high=_MAX_LABEL_LENGTH)
        seen.add(label)
        folded.setdefault(label.casefold(), label)
        has_short_name = isinstance(entry, NamedEntityLabel) and entry.short_display_name is not None
        if has_short_name and task_type and not task_type.shows_short_names:
            yield fault("job.short-display-name-unused", pointer=f"/labels/{index}/short_display_name", title=task_type.title)


def _label_count_faults(definition: LabelingJobDefinition, task_type: TaskType) -> Iterator[Fault]:
    count_fault = partial(fault, pointer="/labels", title=task_type.title, count=len(definition.labels))
    automated_maximum = task_type.max_labels_automated if definition.automated_labeling else None
    if len(definition.labels) < task_type.min_labels:
        yield count_fault("job.labels-too-few", low=task_type.min_labels)
    if task_type.max_labels is not None and len(definition.labels) > task_type.max_labels:
        yield count_fault("job.labels-too-many", high=task_type.max_labels)
    if automated_maximum is not None and len(definition.labels) > automated_maximum:
        yield count_fault("job.labels-too-many-for-automation", high=automated_maximum)


def instruction_faults(pointer: str, text: str | None, project: str, data_locations: DataLocations) -> Iterator[Fault]:
    """What is wrong with an instruction text that stands at `pointer`."""
    if not text:
        return
    too_long = partial(fault, "instructions.too-long", pointer=pointer, high=_MAX_INSTRUCTIONS_LENGTH)
    if len(text) > _MAX_INSTRUCTIONS_LENGTH:
        yield too_long(length=len(text))  # and is not sanitized: deep nesting makes that slow
        return
    instructions = sanitize_instructions(text)
    if len(instructions.html) > _MAX_INSTRUCTIONS_LENGTH:
        yield too_long(length=len(instructions.html))
    for source in instructions.refused_images:
        yield fault("instructions.image-refused", pointer=pointer, source=_excerpt(source))
    for uri in instructions.images:
        if not data_locations.may_read(uri):
            yield fault("instructions.image-outside-locations", pointer=pointer, uri=uri, project=project)
    if instructions.shows_liquid_as_text:
        yield fault("instructions.liquid-shown-as-text", pointer=pointer)


def _title_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    title = definition.task_title
    if title is None:
        return
    if not title.strip() or not all(map(defaults.is_title_character, title)):
        yield fault("job.title-invalid", pointer="/task_title")
    if len(title) > defaults.MAX_TITLE_LENGTH:
        yield fault("job.title-too-long", pointer="/task_title", length=len(title), high=defaults.MAX_TITLE_LENGTH)


def _keyword_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    if len(definition.task_keywords) > _MAX_KEYWORDS:
        yield fault("job.keywords-too-many", pointer="/task_keywords", count=len(definition.task_keywords), high=_MAX_KEYWORDS)
    for index, keyword in enumerate(definition.task_keywords):
        if len(keyword) > _MAX_KEYWORD_LENGTH or not _KEYWORD.fullmatch(keyword):
            yield fault("job.keyword-invalid", pointer=f"/task_keywords/{index}", keyword=_excerpt(keyword))


def _concurrency_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    value = definition.max_concurrent_objects
    if value is None:
        return
    if not 1 <= value <= _MAX_CONCURRENT:
        yield fault("job.concurrency-out-of-range", pointer="/max_concurrent_objects", low=1, high=_MAX_CONCURRENT, value=value)
    elif value > _USUAL_CONCURRENT:
        yield fault("job.concurrency-needs-quota", pointer="/max_concurrent_objects", usual=_USUAL_CONCURRENT, value=value)


def _priority_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    if not 0 <= definition.priority <= MAX_PRIORITY:
        yield fault("job.priority-out-of-range", pointer="/priority", high=MAX_PRIORITY, value=definition.priority)


def _automation_faults(definition: LabelingJobDefinition, task_type: TaskType | None, context: CheckContext) -> Iterator[Fault]:
    for field in ("automated_labeling_function_arn", "automated_labeling_confidence"):
        if getattr(definition, field) is not None and not definition.automated_labeling:
            yield fault("job.automated-labeling-off", pointer=f"/{field}", field=field)
    if (confidence := definition.automated_labeling_confidence) is not None and not 0 <= confidence <= 1:
        yield fault("job.confidence-out-of-range", pointer="/automated_labeling_confidence", value=confidence)
    if not definition.automated_labeling:
        return
    is_built_in = context.labeling_service == "BuiltIn"
    if task_type and not (task_type.takes_proposals if is_built_in else task_type.automated_labeling):
        yield fault("job.automated-labeling-unavailable", pointer="/automated_labeling", title=task_type.title)
    elif is_built_in and definition.automated_labeling_function_arn is None:
        yield fault("job.automated-labeling-needs-function", pointer="/automated_labeling_function_arn")
    elif not is_built_in and definition.automated_labeling_function_arn is not None:
        yield fault("job.automated-labeling-by-ground-truth", pointer="/automated_labeling_function_arn")


def _stopping_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    conditions = definition.stopping_conditions
    out_of_range: Callable[..., Fault] = partial(fault, "job.stopping-condition-out-of-range")
    if (count := conditions.max_human_labeled_objects) is not None and count < 1:
        field = "max_human_labeled_objects"
        yield out_of_range(pointer=f"/stopping_conditions/{field}", field=field, range="at least 1", value=count)
    if (percentage := conditions.max_percentage_labeled) is not None and not 1 <= percentage <= 100:
        field = "max_percentage_labeled"
        yield out_of_range(pointer=f"/stopping_conditions/{field}", field=field, range="1 to 100", value=percentage)


def _split_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    if not definition.split:
        return
    longest = _MAX_NAME_LENGTH - len(NAME_SUFFIX)
    if longest < len(definition.name) <= _MAX_NAME_LENGTH:
        yield fault("job.name-too-long-to-split", pointer="/name", length=len(definition.name), high=longest)
    if definition.stopping_conditions.max_human_labeled_objects is not None:
        yield fault("job.split-stops-by-percentage", pointer="/stopping_conditions/max_human_labeled_objects")


def _existing_label_faults(definition: LabelingJobDefinition, task_type: TaskType | None) -> Iterator[Fault]:
    if task_type is None:
        return
    existing = definition.existing_label_attribute
    existing_fault = partial(fault, pointer="/existing_label_attribute")
    if not task_type.needs_existing_labels:
        if existing is not None:
            yield existing_fault("job.existing-labels-unused", title=task_type.title)
    elif not existing:
        yield existing_fault("job.existing-labels-missing", title=task_type.title)
    elif not _is_name(existing, _MAX_ATTRIBUTE_LENGTH):
        yield existing_fault("job.label-attribute-invalid", attribute=_excerpt(existing))
    elif existing == defaults.label_attribute_name(definition):
        yield existing_fault("job.existing-labels-overwritten", attribute=existing)


def readable_template(definition: LabelingJobDefinition, data_locations: DataLocations) -> S3Uri | None:
    """Where the worker task template of a custom job is; None where there is none, or none that the project may read."""
    task_type = defaults.task_type(definition)
    uri = S3Uri.parse(definition.template_uri or "")
    if task_type is None or not task_type.is_custom or uri is None or not uri.key or not data_locations.may_read(uri):
        return None
    return uri


def _template_faults(definition: LabelingJobDefinition, task_type: TaskType | None, context: CheckContext) -> Iterator[Fault]:
    if task_type is None:
        return
    pointer = "/template_uri"
    if not task_type.is_custom:
        if definition.template_uri is not None:
            yield fault("job.custom-only", pointer=pointer, title=task_type.title, field="template_uri")
        return
    for field in ("short_instructions", "full_instructions"):
        if getattr(definition, field):
            yield fault("job.instructions-in-template", pointer=f"/{field}")
    if definition.template_uri is None:
        yield fault("job.template-missing", pointer=pointer, title=task_type.title)
        return
    uri = S3Uri.parse(definition.template_uri)
    if uri is None or not uri.key:
        yield fault("job.s3-uri-invalid", pointer=pointer, uri=_excerpt(definition.template_uri), what="a template")
    elif not context.data_locations.may_read(uri):
        yield fault("job.template-outside-locations", pointer=pointer, uri=uri, project=context.project)
    yield from context.template_faults


def _function_faults(definition: LabelingJobDefinition, task_type: TaskType | None, context: CheckContext) -> Iterator[Fault]:
    for field in ("pre_annotation_function_arn", "consolidation_function_arn", "automated_labeling_function_arn"):
        arn: str | None = getattr(definition, field)
        if arn is None:
            continue
        function_fault = partial(fault, pointer=f"/{field}", project=context.project)
        if task_type is not None and not task_type.is_custom and field != "automated_labeling_function_arn":
            yield function_fault("job.custom-only", title=task_type.title, field=field)
        elif not is_function_arn(arn):
            yield function_fault("job.function-invalid", arn=_excerpt(arn))
        elif not may_run(arn, project=context.project, region=context.region, account=context.account_id):
            yield function_fault("job.function-refused", arn=arn)


def _kms_key_faults(definition: LabelingJobDefinition, context: CheckContext) -> Iterator[Fault]:
    key = definition.output_kms_key_id
    if key is None:
        return
    key_fault = partial(fault, pointer="/output_kms_key_id", key=_excerpt(key))
    if len(key) > _MAX_KMS_KEY_LENGTH or not _KMS_KEY.fullmatch(key):
        yield key_fault("job.kms-key-invalid")
    elif key.startswith("arn:"):
        named = _KMS_ARN.fullmatch(key)
        if named is None or (named["partition"], named["region"]) != (partition_of(context.region), context.region):
            yield key_fault("job.kms-key-elsewhere", region=context.region)


def _tag_faults(definition: LabelingJobDefinition) -> Iterator[Fault]:
    most = _MAX_TAGS - (definition.priority != DEFAULT_PRIORITY) - (definition.automated_labeling_confidence is not None)
    if len(definition.tags) > most:
        yield fault("job.tags-too-many", pointer="/tags", count=len(definition.tags), high=most)
    for key, value in definition.tags.items():
        pointer = f"/tags/{escaped(key)}"
        if key.lower().startswith(("aws:", "groundwork:")):
            yield fault("job.tag-reserved", pointer=pointer, key=_excerpt(key))
        elif not 1 <= len(key) <= _MAX_TAG_KEY_LENGTH or len(value) > _MAX_TAG_VALUE_LENGTH or not all(map(_is_tag_character, key + value)):
            yield fault("job.tag-invalid", pointer=pointer, key=_excerpt(key))


def _is_tag_character(character: str) -> bool:
    # Source: API TagKey, [\p{L}\p{Z}\p{N}_.:/=+\-@]
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN"
