"""The catalogue of task types, and Ground Truth's own resources for each."""

import re
from typing import Any

import botocore.session
import pytest

from groundwork.task_types import (
    REGIONS,
    TASK_TYPES,
    TaskType,
    algorithm_arn,
    built_in_lambda_arns,
    catalogue,
    human_task_ui_arn,
    known_region,
    lambda_arns,
    task_type_of,
    task_type_of_functions,
)
from groundwork.worker_task_template import sanitize_instructions

GROUND_TRUTHS_TYPES = pytest.mark.parametrize(
    "task_type", [task_type for task_type in TASK_TYPES.values() if not task_type.is_custom], ids=lambda task_type: task_type.key
)
ALL_TYPES = pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=TASK_TYPES.keys())


def documented(member: str) -> str:
    """What Ground Truth's own service model says about a member of HumanTaskConfig."""
    # Any: botocore's types leave open which shapes have members.
    request: Any = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateLabelingJob").input_shape
    config = request.members["HumanTaskConfig"]
    if member == "AnnotationConsolidationLambdaArn":
        config = config.members["AnnotationConsolidationConfig"]
    return str(config.members[member].documentation)


def test_the_catalogue_holds_the_types_in_the_documented_shape() -> None:
    entries = catalogue()

    assert {entry["key"] for entry in entries} == {
        *("ImageMultiClass", "ImageMultiClassMultiLabel", "BoundingBox", "SemanticSegmentation"),
        *("VerificationBoundingBox", "VerificationSemanticSegmentation", "AdjustmentBoundingBox", "AdjustmentSemanticSegmentation"),
        *("TextMultiClass", "TextMultiClassMultiLabel", "NamedEntityRecognition", "Custom"),
    }
    fields = (
        "key category title description min_labels max_labels automated_labeling label_attribute_suffix needs_existing_labels "
        "default_short_instructions default_full_instructions keywords"
    )
    assert all(list(entry) == fields.split() for entry in entries)


def test_only_the_two_types_that_write_masks_put_ref_at_the_end_of_the_label_attribute() -> None:
    assert {key for key, entry in TASK_TYPES.items() if entry.label_attribute_suffix == "-ref"} == {
        "SemanticSegmentation",
        "AdjustmentSemanticSegmentation",
    }


def test_only_the_four_types_that_ground_truth_automates_offer_automated_labeling() -> None:
    algorithms = {key: algorithm_arn(entry, "eu-west-1", "aws") for key, entry in TASK_TYPES.items() if entry.automated_labeling}

    owner = "arn:aws:sagemaker:eu-west-1:027400017018:labeling-job-algorithm-specification"
    assert algorithms == {
        "ImageMultiClass": f"{owner}/image-classification",
        "BoundingBox": f"{owner}/object-detection",
        "SemanticSegmentation": f"{owner}/semantic-segmentation",
        "TextMultiClass": f"{owner}/text-classification",
    }
    assert algorithm_arn(TASK_TYPES["NamedEntityRecognition"], "eu-west-1", "aws") is None


@GROUND_TRUTHS_TYPES
def test_every_function_name_is_one_that_ground_truth_documents(task_type: TaskType) -> None:
    pre, consolidation = documented("PreHumanTaskLambdaArn"), documented("AnnotationConsolidationLambdaArn")

    for region in REGIONS:
        arns = lambda_arns(task_type, region, "aws")
        assert arns is not None
        assert re.search(rf"{arns.pre_annotation}\b", pre)
        assert re.search(rf"{arns.annotation_consolidation}\b", consolidation)


def test_exactly_the_twelve_documented_regions_are_known() -> None:
    regions = set(re.findall(r"arn:aws:lambda:([a-z0-9-]+):\d{12}:function:PRE-BoundingBox", documented("PreHumanTaskLambdaArn")))

    assert regions == REGIONS
    assert len(regions) == 12
    assert not known_region("eu-north-1")
    assert lambda_arns(TASK_TYPES["BoundingBox"], "eu-north-1", "aws") is None


def test_the_built_in_service_takes_any_region_and_uses_the_true_account_where_there_is_one() -> None:
    boxes = TASK_TYPES["BoundingBox"]

    assert built_in_lambda_arns(boxes, "eu-west-1", "aws") == lambda_arns(boxes, "eu-west-1", "aws")
    assert built_in_lambda_arns(boxes, "cn-north-1", "aws-cn").pre_annotation == (
        "arn:aws-cn:lambda:cn-north-1:432418664414:function:PRE-BoundingBox"
    )


@GROUND_TRUTHS_TYPES
@pytest.mark.parametrize("region", ["us-east-1", "eu-north-1"])
def test_a_type_is_recognised_by_its_functions_and_its_ui(task_type: TaskType, region: str) -> None:
    arns = built_in_lambda_arns(task_type, region, "aws")
    ui = human_task_ui_arn(task_type, region, "aws")

    assert task_type_of(arns.pre_annotation) is task_type
    assert task_type_of(arns.annotation_consolidation) is task_type
    assert ui is None or task_type_of(ui) is task_type
    assert (ui is not None) == (task_type.key == "NamedEntityRecognition")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "nonsense",
        "arn:aws:lambda:us-east-1:432418664414:function:PRE-LabelVerification",
        "arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox:1",
        "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/3DPointCloudObjectDetection",
    ],
)
def test_a_resource_that_is_not_ground_truths_is_no_task_type(arn: str) -> None:
    assert task_type_of(arn) is None


@pytest.mark.parametrize(
    ("functions", "key"),
    [
        ((), "Custom"),
        (("PassThrough", "PassThrough"), "Custom"),
        (("own", "own"), "Custom"),
        (("own", None), "Custom"),
        (("BoundingBox", "own"), "BoundingBox"),
        (("own", "BoundingBox"), "BoundingBox"),
        (("VideoMultiClass", "own"), None),
    ],
)
def test_a_customers_functions_stand_for_a_custom_job_unless_ground_truths_stand_beside(
    functions: tuple[str, ...], key: str | None
) -> None:
    own = "arn:aws:lambda:us-east-1:123456789012:function:PRE-BoundingBox"
    of_ground_truth = "arn:aws:lambda:us-east-1:432418664414:function:{}-{}"
    arns = [
        None if name is None else own if name == "own" else of_ground_truth.format(kind, name)
        for kind, name in zip(("PRE", "ACS"), functions, strict=False)
    ]

    task_type = task_type_of_functions(*arns)

    assert (task_type.key if task_type else None) == key


@ALL_TYPES
def test_the_default_instructions_pass_our_own_sanitizer_unchanged(task_type: TaskType) -> None:
    for instructions in (task_type.default_short_instructions, task_type.default_full_instructions):
        assert sanitize_instructions(instructions).html == instructions


@ALL_TYPES
def test_the_default_keywords_are_ones_ground_truth_takes(task_type: TaskType) -> None:
    assert 1 <= len(task_type.keywords) <= 5
    assert all(re.fullmatch(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*", keyword) and len(keyword) <= 30 for keyword in task_type.keywords)
