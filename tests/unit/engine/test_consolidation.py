"""Labels from answers, per task type: values, metadata and their key order as Ground Truth writes them."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from groundwork.engine.answers import Answer, answer_faults
from groundwork.engine.consolidation import Label, LabelContext, ObjectAnswers, consolidate
from groundwork.engine.output_tree import compact
from groundwork.engine.store import Identity
from groundwork.task_types import TASK_TYPES

SUBMITTED = datetime(2026, 1, 5, 10, 0, 0, 123, tzinfo=UTC)
IDENTITY = Identity("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test", "sub")
PNG = b"\x89PNG\r\n\x1a\n and so on"
MASK_URI = "s3://o/j/annotations/consolidated-annotation/output/0_2026-01-05T10:00:00.000123.png"


def label_of(task_type: str, labels: Sequence[str | Mapping[str, Any]], *contents: Any, job_name: str = "kinds-1") -> Label:
    """The label from these answers' contents for the task type's widget; the last one is submitted at SUBMITTED."""
    kind = TASK_TYPES[task_type]
    categories = [{"label": label} if isinstance(label, str) else label for label in labels]
    context = LabelContext(kind, categories, f"labeling-job/{job_name}")
    first = SUBMITTED - timedelta(minutes=len(contents) - 1)
    answers = []
    for number, content in enumerate(contents):
        given = {kind.element_name: content}
        assert answer_faults(kind, context.label_names, given) == []
        at = first + timedelta(minutes=number)
        answers.append(Answer(0, f"private.us-east-1.{number}", IDENTITY, f"lease-{number}", at - timedelta(seconds=9), at, given))
    [label] = consolidate(context, [ObjectAnswers(answers, MASK_URI)])
    assert all(consolidate(context, [ObjectAnswers(order, MASK_URI)]) == [label] for order in permutations(answers))
    return label


def line(source: str, attribute: str, label: Label) -> str:
    key = "source-ref" if source.startswith("s3:") else "source"
    return compact({key: source, attribute: label.value, f"{attribute}-metadata": label.metadata}).decode()


def kind(label: str, **more: Any) -> dict[str, Any]:
    return {"label": label, **more}


@pytest.mark.parametrize(
    ("task_type", "source", "metadata_type"),
    [
        ("ImageMultiClass", "s3://b/1.jpg", "groundtruth/image-classification"),
        ("TextMultiClass", "late again", "groundtruth/text-classification"),
    ],
)
def test_single_label_line(task_type: str, source: str, metadata_type: str) -> None:
    label = label_of(task_type, ["bus", "car", "truck"], kind("truck"), kind("truck"), kind("car"), kind("truck"))

    key = "source-ref" if task_type.startswith("Image") else "source"
    assert line(source, "kind", label) == (
        f'{{"{key}":"{source}","kind":2,"kind-metadata":{{"confidence":0.75,"job-name":"labeling-job/kinds-1","class-name":"truck",'
        f'"human-annotated":"yes","creation-date":"2026-01-05T10:00:00.000123","type":"{metadata_type}"}}}}'
    )


@pytest.mark.parametrize(
    ("task_type", "source", "metadata_type"),
    [
        ("ImageMultiClassMultiLabel", "s3://b/1.jpg", "groundtruth/image-classification-multilabel"),
        ("TextMultiClassMultiLabel", "late again", "groundtruth/text-classification-multilabel"),
    ],
)
def test_multi_label_line(task_type: str, source: str, metadata_type: str) -> None:
    picks = [{"labels": picked} for picked in (["night", "rain"], ["night"], ["night", "night"])]
    label = label_of(task_type, ["rain", "snow", "fog", "night"], *picks, job_name="tags-1")

    key = "source-ref" if task_type.startswith("Image") else "source"
    assert line(source, "tags", label) == (
        f'{{"{key}":"{source}","tags":[3,0],"tags-metadata":{{"job-name":"labeling-job/tags-1","class-map":{{"3":"night","0":"rain"}},'
        '"human-annotated":"yes","creation-date":"2026-01-05T10:00:00.000123","confidence-map":{"3":1.0,"0":0.33},'
        f'"type":"{metadata_type}"}}}}'
    )


def boxes(*entries: tuple[str, int, int, int, int], **more: Any) -> dict[str, Any]:
    drawn = [dict(zip(("label", "left", "top", "width", "height"), entry, strict=True)) for entry in entries]
    return {"boundingBoxes": drawn, "inputImageProperties": {"width": 640, "height": 480}, **more}


def test_bounding_box_line() -> None:
    label = label_of("BoundingBox", ["dog", "cat"], boxes(("cat", 10, 20, 30, 40)), boxes(), job_name="boxes-1")

    assert line("s3://b/1.jpg", "boxes", label) == (
        '{"source-ref":"s3://b/1.jpg","boxes":{"image_size":[{"width":640,"height":480,"depth":3}],'
        '"annotations":[{"class_id":1,"left":10,"top":20,"width":30,"height":40}]},'
        '"boxes-metadata":{"objects":[{"confidence":0.0}],"class-map":{"1":"cat"},"type":"groundtruth/object-detection",'
        '"human-annotated":"yes","creation-date":"2026-01-05T10:00:00.000123","job-name":"labeling-job/boxes-1"}}'
    )


def mask(color: str, **more: Any) -> dict[str, Any]:
    return {
        "labelMappings": {"lane": {"color": color}},
        "labeledImage": {"pngImageData": base64.b64encode(PNG).decode()},
        "inputImageProperties": {"width": 640, "height": 480},
        **more,
    }


def test_semantic_segmentation_line_and_mask() -> None:
    label = label_of("SemanticSegmentation", ["lane", "curb"], mask("#2ca02c"), job_name="road-1")

    assert label.mask == PNG
    assert line("s3://b/1.jpg", "road-ref", label) == (
        f'{{"source-ref":"s3://b/1.jpg","road-ref":"{MASK_URI}","road-ref-metadata":{{"internal-color-map":{{'
        '"0":{"class-name":"BACKGROUND","hex-color":"#ffffff","confidence":0.0},'
        '"1":{"class-name":"lane","hex-color":"#2ca02c","confidence":0.0}},"type":"groundtruth/semantic-segmentation",'
        '"human-annotated":"yes","creation-date":"2026-01-05T10:00:00.000123","job-name":"labeling-job/road-1"}}'
    )


def test_named_entity_line() -> None:
    entities = {"entities": [{"label": "City", "startOffset": 12, "endOffset": 16}]}
    label = label_of("NamedEntityRecognition", [{"label": "City", "shortDisplayName": "cty"}], entities, job_name="ner-1")

    assert line("Ana flew to Oslo.", "ner", label) == (
        '{"source":"Ana flew to Oslo.","ner":{"annotations":{"entities":[{"label":"City","startOffset":12,"endOffset":16}],'
        '"labels":[{"label":"City","shortDisplayName":"cty"}]}},"ner-metadata":{"entities":[{"confidence":0.0}],'
        '"job-name":"labeling-job/ner-1","type":"groundtruth/text-span","creation-date":"2026-01-05T10:00:00.000123","human-annotated":"yes"}}'
    )


def test_named_entities_of_several_workers_are_united_in_the_order_of_the_text() -> None:
    city, person = {"label": "City", "startOffset": 12, "endOffset": 16}, {"label": "Person", "startOffset": 0, "endOffset": 3}
    label = label_of("NamedEntityRecognition", ["City", "Person"], {"entities": [city]}, {"entities": [city, person]})

    assert label.value["annotations"]["entities"] == [person, city]
    assert label.metadata["entities"] == [{"confidence": 0.5}, {"confidence": 1.0}]


@pytest.mark.parametrize("task_type", ["VerificationBoundingBox", "VerificationSemanticSegmentation"])
def test_verification_line(task_type: str) -> None:
    label = label_of(task_type, ["good", "bad"], kind("bad", workerComment="box too wide"), kind("bad"), kind("good"), job_name="check-1")

    assert json.dumps({"check": label.value, "check-metadata": label.metadata}, separators=(",", ":")) == (
        '{"check":1,"check-metadata":{"class-name":"bad","confidence":0.67,"type":"groundtruth/label-verification",'
        '"job-name":"labeling-job/check-1","human-annotated":"yes","creation-date":"2026-01-05T10:00:00.000123",'
        '"worker-feedback":[{"comment":"box too wide"}]}}'
    )


def test_verification_without_comments_has_no_feedback() -> None:
    assert "worker-feedback" not in label_of("VerificationBoundingBox", ["good", "bad"], kind("good", workerComment="")).metadata


@pytest.mark.parametrize(("modified", "status"), [(True, "adjusted"), (False, "unadjusted")])
def test_adjustment_says_whether_somebody_changed_the_label(modified: bool, status: str) -> None:
    drawn = label_of("AdjustmentBoundingBox", ["cat"], boxes(("cat", 1, 2, 3, 4)), boxes(initialValueModified=modified))
    painted = label_of("AdjustmentSemanticSegmentation", ["lane"], mask("#2ca02c", initialValueModified=modified))

    assert drawn.metadata["adjustment-status"] == status
    assert painted.metadata["adjustment-status"] == status
    assert drawn.metadata["type"] == "groundtruth/object-detection"


def test_a_tie_goes_to_the_smallest_class_index() -> None:
    label = label_of("ImageMultiClass", ["bus", "car", "truck"], kind("truck"), kind("car"))

    assert (label.value, label.metadata["confidence"]) == (1, 0.5)


def test_the_confidence_of_one_worker_is_zero() -> None:
    assert label_of("ImageMultiClass", ["bus", "car"], kind("car")).metadata["confidence"] == 0.0


def test_no_box_and_no_label_are_labels_too() -> None:
    empty = label_of("BoundingBox", ["cat"], boxes())
    none = label_of("ImageMultiClassMultiLabel", ["rain", "fog"], {"labels": []})

    assert (empty.value["annotations"], empty.metadata["objects"], empty.metadata["class-map"]) == ([], [], {})
    assert (none.value, none.metadata["class-map"], none.metadata["confidence-map"]) == ([], {}, {})


BAD_BOX = {"label": "dog", "left": -1, "top": True, "width": "3", "height": 1}
BAD_MASK = {"labelMappings": {"a/b": {"color": "green"}}, "labeledImage": {"pngImageData": "bm90IGEgcG5n"}}


@pytest.mark.parametrize(
    ("task_type", "content", "pointers"),
    [
        ("TextMultiClassMultiLabel", {"labels": "cat"}, ["labels"]),
        ("TextMultiClassMultiLabel", {"labels": ["cat", "dog", 3]}, ["labels/1", "labels/2"]),
        ("BoundingBox", boxes() | {"boundingBoxes": None}, ["boundingBoxes"]),
        ("BoundingBox", boxes() | {"boundingBoxes": [3]}, ["boundingBoxes/0"]),
        (
            "BoundingBox",
            {"boundingBoxes": [BAD_BOX]},
            [f"boundingBoxes/0/{part}" for part in ("label", "left", "top", "width")]
            + ["inputImageProperties/width", "inputImageProperties/height"],
        ),
        (
            "SemanticSegmentation",
            BAD_MASK | {"inputImageProperties": {"width": 1, "height": 0}},
            ["labelMappings/a~1b", "labelMappings/a~1b/color", "labeledImage/pngImageData", "inputImageProperties/height"],
        ),
        ("SemanticSegmentation", mask("#2ca02c") | {"labelMappings": []}, ["labelMappings"]),
        (
            "SemanticSegmentation",
            mask("#2ca02c") | {"labelMappings": {}, "labeledImage": {"pngImageData": "ü"}},
            ["labeledImage/pngImageData"],
        ),
        ("NamedEntityRecognition", {"entities": [{"label": "cat", "startOffset": 4, "endOffset": 4}]}, ["entities/0/endOffset"]),
        (
            "NamedEntityRecognition",
            {"entities": [{"label": "cat", "startOffset": -1, "endOffset": 4}, []]},
            ["entities/0/startOffset", "entities/1"],
        ),
    ],
)
def test_answers_that_are_not_the_forms_are_faulted_where_they_are_wrong(task_type: str, content: Any, pointers: list[str]) -> None:
    kind_of_task = TASK_TYPES[task_type]

    faults = answer_faults(kind_of_task, ["cat"], {kind_of_task.element_name: content})

    assert [fault.pointer for fault in faults] == [f"/answer/{kind_of_task.element_name}/{pointer}" for pointer in pointers]
