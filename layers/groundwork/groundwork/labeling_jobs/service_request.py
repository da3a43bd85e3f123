"""From a checked definition to what the labeling service is sent: the label category file and the CreateLabelingJob request."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.definition import LabelingJobDefinition, NamedEntityLabel
from groundwork.labeling_jobs.tags import CONFIDENCE_TAG, DEFAULT_PRIORITY, JOB_ID_TAG, PRIORITY_TAG, PROJECT_TAG
from groundwork.task_types import TaskType, algorithm_arn, built_in_lambda_arns, human_task_ui_arn, lambda_arns
from groundwork.worker_task_template import sanitize_instructions


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTarget:
    """Where a job is launched, and what was prepared for it. The URIs are `s3://bucket/key` of objects that exist already."""

    project: str
    job_id: str
    region: str
    partition: str
    account_id: str
    data_bucket: str
    labeling_service: Literal["BuiltIn", "SageMaker"]
    role_arn: str
    manifest_uri: str
    template_uri: str
    label_categories_uri: str


def label_categories(definition: LabelingJobDefinition) -> list[dict[str, str]]:
    """The `labels` of the label category file: `{"label"}`, for named entities also `"shortDisplayName"` where one is given."""
    return [_label_category(entry) for entry in definition.labels]


def _label_category(entry: str | NamedEntityLabel) -> dict[str, str]:
    if isinstance(entry, str):
        return {"label": entry}
    short = {"shortDisplayName": entry.short_display_name} if entry.short_display_name else {}
    return {"label": entry.label, **short}


def label_category_file(definition: LabelingJobDefinition) -> bytes:
    """The label category file, JSON in UTF-8 (API CreateLabelingJob.LabelCategoryConfigS3Uri).

    Named entities have their instructions here, because Ground Truth shows them in a UI of its own; they are sanitized as in a template.
    Raises ValueError when the definition has no known task type.
    """
    document: dict[str, Any] = {"document-version": "2018-11-28", "labels": label_categories(definition)}
    if _task_type(definition).human_task_ui:
        document["instructions"] = {
            "shortInstruction": sanitize_instructions(defaults.short_instructions(definition)).html,
            "fullInstruction": sanitize_instructions(defaults.full_instructions(definition)).html,
        }
    return json.dumps(document, ensure_ascii=False).encode()


def create_labeling_job_request(definition: LabelingJobDefinition, target: LaunchTarget) -> dict[str, Any]:
    """The keyword arguments of `create_labeling_job` (boto3's SageMaker client, or the built-in service).

    The definition has passed `definition_faults`; one that has not raises ValueError where the request could not be written at all.
    """
    task_type = _task_type(definition)
    request: dict[str, Any] = {
        "LabelingJobName": definition.name,
        "LabelAttributeName": defaults.label_attribute_name(definition),
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": target.manifest_uri}}},
        "OutputConfig": _output_config(definition, target),
        "RoleArn": target.role_arn,
        # A custom job may do without labels.
        **({"LabelCategoryConfigS3Uri": target.label_categories_uri} if definition.labels else {}),
        "HumanTaskConfig": _human_task_config(definition, task_type, target),
        "Tags": [{"Key": key, "Value": value} for key, value in _tags(definition, target).items()],
    }
    if stopping_conditions := _stopping_conditions(definition):
        request["StoppingConditions"] = stopping_conditions
    if definition.automated_labeling:
        algorithm = definition.automated_labeling_function_arn or _given(
            "algorithm", algorithm_arn(task_type, target.region, target.partition)
        )
        request["LabelingJobAlgorithmsConfig"] = {"LabelingJobAlgorithmSpecificationArn": algorithm}
    return request


def _given[T](field: str, value: T | None) -> T:
    if value is None:
        raise ValueError(f"the definition was not checked: it has no {field}")
    return value


def _task_type(definition: LabelingJobDefinition) -> TaskType:
    return _given("task_type", defaults.task_type(definition))


def _output_config(definition: LabelingJobDefinition, target: LaunchTarget) -> dict[str, str]:
    # Without its slash: the service writes below <S3OutputPath>/<LabelingJobName>/, and a second slash would make another key.
    path = str(defaults.output_uri(definition, target.project, target.data_bucket)).rstrip("/")
    key = {"KmsKeyId": definition.output_kms_key_id} if definition.output_kms_key_id else {}
    return {"S3OutputPath": path, **key}


def _human_task_config(definition: LabelingJobDefinition, task_type: TaskType, target: LaunchTarget) -> dict[str, Any]:
    pre_annotation, consolidation = _functions(definition, task_type, target)
    ui_arn = human_task_ui_arn(task_type, target.region, target.partition)
    team = _given("labeling_team", definition.labeling_team)
    config: dict[str, Any] = {
        "WorkteamArn": f"arn:{target.partition}:sagemaker:{target.region}:{target.account_id}:workteam/private-crowd/{team}",
        "UiConfig": {"HumanTaskUiArn": ui_arn} if ui_arn else {"UiTemplateS3Uri": target.template_uri},
        **({"PreHumanTaskLambdaArn": pre_annotation} if pre_annotation else {}),
        "TaskKeywords": list(defaults.task_keywords(definition)),
        "TaskTitle": defaults.task_title(definition),
        "TaskDescription": _given("description", definition.description),
        "NumberOfHumanWorkersPerDataObject": definition.workers_per_object,
        "TaskTimeLimitInSeconds": definition.task_timeout_seconds,
        "TaskAvailabilityLifetimeInSeconds": definition.task_expiration_seconds,
        **({"AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": consolidation}} if consolidation else {}),
    }
    if definition.max_concurrent_objects is not None:
        config["MaxConcurrentTaskCount"] = definition.max_concurrent_objects
    return config


def _functions(definition: LabelingJobDefinition, task_type: TaskType, target: LaunchTarget) -> tuple[str | None, str | None]:
    """Before workers see an object, and after they answered: Ground Truth's own, or for a custom job the customer's, if there are any."""
    if task_type.is_custom:
        return definition.pre_annotation_function_arn, definition.consolidation_function_arn
    if target.labeling_service == "BuiltIn":
        arns = built_in_lambda_arns(task_type, target.region, target.partition)
    else:
        arns = _given(f"Ground Truth in {target.region}", lambda_arns(task_type, target.region, target.partition))
    return arns.pre_annotation, arns.annotation_consolidation


def _stopping_conditions(definition: LabelingJobDefinition) -> dict[str, int]:
    conditions = definition.stopping_conditions
    named = {
        "MaxHumanLabeledObjectCount": conditions.max_human_labeled_objects,
        "MaxPercentageOfInputDatasetLabeled": conditions.max_percentage_labeled,
    }
    return {name: value for name, value in named.items() if value is not None}


def _tags(definition: LabelingJobDefinition, target: LaunchTarget) -> dict[str, str]:
    tags = {**definition.tags, PROJECT_TAG: target.project, JOB_ID_TAG: target.job_id}
    if definition.priority != DEFAULT_PRIORITY:
        tags[PRIORITY_TAG] = str(definition.priority)
    if definition.automated_labeling_confidence is not None:
        tags[CONFIDENCE_TAG] = f"{definition.automated_labeling_confidence:.6f}"
    return tags
