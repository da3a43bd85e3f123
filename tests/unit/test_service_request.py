"""The CreateLabelingJob request and the label category file, against Ground Truth's own service model."""

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from groundwork.engine.jobs import EngineJob, JobStatus
from groundwork.labeling_jobs.definition import LabelingJobDefinition, NamedEntityLabel, StoppingConditions
from groundwork.labeling_jobs.service_request import LaunchTarget, create_labeling_job_request, label_category_file
from groundwork.task_types import TASK_TYPES, task_type_of
from tests.builders import NOW

# Any: botocore's types leave open which shapes have members.
SHAPE: Any = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateLabelingJob").input_shape


def a_target(**overrides: Any) -> LaunchTarget:
    return LaunchTarget(
        **{
            "project": "pets",
            "job_id": "01JD0000000000000000000000",
            "region": "us-east-1",
            "partition": "aws",
            "account_id": "123456789012",
            "data_bucket": "groundwork-data",
            "labeling_service": "SageMaker",
            "role_arn": "arn:aws:iam::123456789012:role/labeling",
            "manifest_uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/input-1.manifest",
            "template_uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/template.liquid",
            "label_categories_uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/label-categories.json",
            **overrides,
        }
    )


def a_definition(**overrides: Any) -> LabelingJobDefinition:
    return LabelingJobDefinition(
        **{
            "name": "Cats-2026-11",
            "task_type": "ImageMultiClass",
            "input_manifest_uri": "s3://groundwork-data/projects/pets/manifests/cats.manifest",
            "labeling_team": "vets",
            "description": "Choose the animal in the picture",
            "labels": ("cat", "dog"),
            **overrides,
        }
    )


def model_faults(value: Any, shape: Any, path: str = "") -> list[str]:
    """Breaches of the model's patterns, lengths, ranges and enumerations, which botocore's own validator leaves to the service."""
    faults: list[str] = []
    metadata = shape.metadata
    size = value if shape.type_name in {"integer", "long"} else len(value) if shape.type_name in {"string", "list", "map"} else None
    if size is not None and not metadata.get("min", size) <= size <= metadata.get("max", size):
        faults.append(f"{path}: {size} is outside {metadata}")
    if shape.type_name == "string":
        pattern = metadata.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", r"\w ")
        if pattern and not re.fullmatch(pattern, value):
            faults.append(f"{path}: {value!r} does not match {pattern}")
        if metadata.get("enum") and value not in metadata["enum"]:
            faults.append(f"{path}: {value!r} is none of {metadata['enum']}")
    if shape.type_name == "structure":
        for name, member in value.items():
            faults += model_faults(member, shape.members[name], f"{path}/{name}")
    if shape.type_name == "list":
        for index, member in enumerate(value):
            faults += model_faults(member, shape.member, f"{path}/{index}")
    return faults


def assert_legal(request: dict[str, Any]) -> None:
    assert not ParamValidator().validate(request, SHAPE).has_errors(), ParamValidator().validate(request, SHAPE).generate_report()
    assert model_faults(request, SHAPE) == []


EVERYTHING: dict[str, Any] = {
    "output_uri": "s3://groundwork-data/projects/pets/output/",
    "task_timeout_seconds": 28_800,
    "task_expiration_seconds": 2_592_000,
    "workers_per_object": 9,
    "task_title": "Cats & dogs",
    "task_keywords": ("cats", "two words"),
    "max_concurrent_objects": 1_000,
    "stopping_conditions": StoppingConditions(max_human_labeled_objects=10, max_percentage_labeled=50),
    "output_kms_key_id": "arn:aws:kms:us-east-1:123456789012:key/1a-2b",
    "tags": {"cost centre": "R+D"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "nothing but what is required": {},
    "everything": EVERYTHING,
    "long description": {"description": "x 🐈" * 85},
    "every label named": {"labels": (NamedEntityLabel(label="cat", short_display_name="c"), NamedEntityLabel(label="dog"))},
}


@pytest.mark.parametrize("service", ["BuiltIn", "SageMaker"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("key", [key for key, task_type in TASK_TYPES.items() if not task_type.is_custom])
def test_the_request_of_every_type_keeps_ground_truths_own_model(key: str, options: dict[str, Any], service: str) -> None:
    task_type = TASK_TYPES[key]
    automated = service == "SageMaker" and task_type.automated_labeling

    request = create_labeling_job_request(
        a_definition(task_type=key, automated_labeling=automated, **options), a_target(labeling_service=service)
    )

    assert_legal(request)
    human = request["HumanTaskConfig"]
    assert task_type_of(human["PreHumanTaskLambdaArn"]) is task_type
    assert task_type_of(human["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"]) is task_type
    assert request["LabelAttributeName"] == "Cats-2026-11" + task_type.label_attribute_suffix
    assert ("LabelingJobAlgorithmsConfig" in request) == automated


def test_a_request_says_all_that_the_definition_says() -> None:
    request = create_labeling_job_request(a_definition(**EVERYTHING), a_target())

    assert request == {
        "LabelingJobName": "Cats-2026-11",
        "LabelAttributeName": "Cats-2026-11",
        "InputConfig": {
            "DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/input-1.manifest"}}
        },
        "OutputConfig": {
            "S3OutputPath": "s3://groundwork-data/projects/pets/output",
            "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1a-2b",
        },
        "RoleArn": "arn:aws:iam::123456789012:role/labeling",
        "LabelCategoryConfigS3Uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/label-categories.json",
        "StoppingConditions": {"MaxHumanLabeledObjectCount": 10, "MaxPercentageOfInputDatasetLabeled": 50},
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/vets",
            "UiConfig": {"UiTemplateS3Uri": "s3://groundwork-data/projects/pets/labeling-jobs/cats/template.liquid"},
            "PreHumanTaskLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:PRE-ImageMultiClass",
            "TaskKeywords": ["cats", "two words"],
            "TaskTitle": "Cats & dogs",
            "TaskDescription": "Choose the animal in the picture",
            "NumberOfHumanWorkersPerDataObject": 9,
            "TaskTimeLimitInSeconds": 28_800,
            "TaskAvailabilityLifetimeInSeconds": 2_592_000,
            "MaxConcurrentTaskCount": 1_000,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:ACS-ImageMultiClass"
            },
        },
        "Tags": [
            {"Key": "cost centre", "Value": "R+D"},
            {"Key": "groundwork:project", "Value": "pets"},
            {"Key": "groundwork:job-id", "Value": "01JD0000000000000000000000"},
        ],
    }


def test_what_the_definition_leaves_open_is_left_to_the_service_or_filled_from_the_type() -> None:
    request = create_labeling_job_request(a_definition(), a_target())

    assert "StoppingConditions" not in request
    assert "LabelingJobAlgorithmsConfig" not in request
    assert "MaxConcurrentTaskCount" not in request["HumanTaskConfig"]
    assert request["OutputConfig"] == {"S3OutputPath": "s3://groundwork-data/projects/pets/labeling-jobs/Cats-2026-11/output"}
    assert request["HumanTaskConfig"]["TaskTitle"] == "Image classification: Choose the animal in the picture"
    assert request["HumanTaskConfig"]["TaskKeywords"] == list(TASK_TYPES["ImageMultiClass"].keywords)


def test_named_entities_are_shown_by_ground_truths_own_page_and_every_other_type_by_ours() -> None:
    for key in TASK_TYPES:
        ui = create_labeling_job_request(a_definition(task_type=key), a_target(region="eu-west-1"))["HumanTaskConfig"]["UiConfig"]
        if key == "NamedEntityRecognition":
            assert ui == {"HumanTaskUiArn": "arn:aws:sagemaker:eu-west-1:394669845002:human-task-ui/NamedEntityRecognition"}
        else:
            assert ui == {"UiTemplateS3Uri": a_target().template_uri}


def test_automated_labeling_names_the_types_algorithm() -> None:
    request = create_labeling_job_request(a_definition(task_type="BoundingBox", automated_labeling=True), a_target())

    assert request["LabelingJobAlgorithmsConfig"] == {
        "LabelingJobAlgorithmSpecificationArn": (
            "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/object-detection"
        )
    }


def test_the_built_in_service_is_told_the_function_the_confidence_and_the_priority() -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_proposals"
    definition = a_definition(
        automated_labeling=True, automated_labeling_function_arn=function, automated_labeling_confidence=0.9, priority=70
    )

    request = create_labeling_job_request(definition, a_target(labeling_service="BuiltIn"))

    assert_legal(request)
    assert request["LabelingJobAlgorithmsConfig"] == {"LabelingJobAlgorithmSpecificationArn": function}
    job = EngineJob("cats", "arn", request, JobStatus.INITIALIZING, NOW, NOW)
    assert (job.proposal_function, job.confidence, job.priority) == (function, 0.9, 70)


def test_a_region_without_ground_truth_serves_the_built_in_service_only() -> None:
    assert_legal(create_labeling_job_request(a_definition(), a_target(region="eu-north-1", labeling_service="BuiltIn")))

    with pytest.raises(ValueError, match="eu-north-1"):
        create_labeling_job_request(a_definition(), a_target(region="eu-north-1"))


def test_an_unchecked_definition_makes_no_request() -> None:
    with pytest.raises(ValueError, match="task_type"):
        create_labeling_job_request(LabelingJobDefinition(name="cats"), a_target())


def test_the_label_category_file_lists_the_labels_in_their_order() -> None:
    assert json.loads(label_category_file(a_definition(labels=("café", "dog")))) == {
        "document-version": "2018-11-28",
        "labels": [{"label": "café"}, {"label": "dog"}],
    }


def test_the_file_for_named_entities_brings_short_names_and_sanitized_instructions() -> None:
    definition = a_definition(
        task_type="NamedEntityRecognition",
        labels=(NamedEntityLabel(label="City", short_display_name="cty"), "Person"),
        short_instructions="<p onclick=x>Mark {{ cities }}</p><script>alert(1)</script>",
    )

    assert json.loads(label_category_file(definition)) == {
        "document-version": "2018-11-28",
        "labels": [{"label": "City", "shortDisplayName": "cty"}, {"label": "Person"}],
        "instructions": {
            "shortInstruction": "<p>Mark &#123;&#123; cities &#125;&#125;</p>",
            "fullInstruction": TASK_TYPES["NamedEntityRecognition"].default_full_instructions,
        },
    }


def test_a_custom_job_is_sent_with_its_own_functions_or_none() -> None:
    own = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_{}"
    functions = {"pre_annotation_function_arn": own.format("tidy"), "consolidation_function_arn": own.format("vote")}
    with_functions = a_definition(task_type="Custom", labels=(), **functions)
    without = a_definition(task_type="Custom", labels=("good", "bad"))

    sent, plain = (create_labeling_job_request(definition, a_target()) for definition in (with_functions, without))

    for request in (sent, plain):
        assert_legal(request)
        assert request["HumanTaskConfig"]["UiConfig"] == {"UiTemplateS3Uri": a_target().template_uri}
    assert sent["HumanTaskConfig"]["PreHumanTaskLambdaArn"] == own.format("tidy")
    assert sent["HumanTaskConfig"]["AnnotationConsolidationConfig"] == {"AnnotationConsolidationLambdaArn": own.format("vote")}
    assert "LabelCategoryConfigS3Uri" not in sent
    assert plain["LabelCategoryConfigS3Uri"] == a_target().label_categories_uri
    assert not {"PreHumanTaskLambdaArn", "AnnotationConsolidationConfig"} & set(plain["HumanTaskConfig"])
