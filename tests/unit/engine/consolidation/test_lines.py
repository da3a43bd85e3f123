"""Lines of the output manifest, per task type, of three workers who disagree: values, metadata, and their key order, as Ground Truth
writes them (facts, section 4.3)."""

from typing import Any

import pytest

from tests.unit.engine.consolidation.builders import MASK_URI, boxes, kind, label_of, line, mask, spans

DATE = "2026-01-05T10:00:00.000123"


@pytest.mark.parametrize(
    ("task_type", "source", "metadata_type"),
    [
        ("ImageMultiClass", "s3://b/1.jpg", "groundtruth/image-classification"),
        ("TextMultiClass", "late again", "groundtruth/text-classification"),
    ],
)
def test_single_label(task_type: str, source: str, metadata_type: str) -> None:
    label = label_of(task_type, ["bus", "car", "truck"], kind("truck"), kind("car"), kind("truck"))

    key = "source-ref" if task_type.startswith("Image") else "source"
    assert line(source, "kind", label) == (
        f'{{"{key}":"{source}","kind":2,"kind-metadata":{{"confidence":0.95,"job-name":"labeling-job/kinds-1","class-name":"truck",'
        f'"human-annotated":"yes","creation-date":"{DATE}","type":"{metadata_type}"}}}}'
    )


@pytest.mark.parametrize(
    ("task_type", "source", "metadata_type"),
    [
        ("ImageMultiClassMultiLabel", "s3://b/1.jpg", "groundtruth/image-classification-multilabel"),
        ("TextMultiClassMultiLabel", "late again", "groundtruth/text-classification-multilabel"),
    ],
)
def test_several_labels(task_type: str, source: str, metadata_type: str) -> None:
    picks = [{"labels": picked} for picked in (["rain", "night"], ["night"], ["night", "night"])]
    label = label_of(task_type, ["rain", "snow", "fog", "night"], *picks, job_name="tags-1")

    key = "source-ref" if task_type.startswith("Image") else "source"
    assert line(source, "tags", label) == (
        f'{{"{key}":"{source}","tags":[3,0],"tags-metadata":{{"job-name":"labeling-job/tags-1","class-map":{{"3":"night","0":"rain"}},'
        f'"human-annotated":"yes","creation-date":"{DATE}","confidence-map":{{"3":0.95,"0":0.05}},"type":"{metadata_type}"}}}}'
    )


def test_bounding_boxes() -> None:
    label = label_of(
        "BoundingBox",
        ["dog", "cat"],
        boxes(("cat", 10, 20, 30, 40)),
        boxes(("cat", 11, 20, 30, 40), ("dog", 300, 300, 9, 9)),
        boxes(("cat", 12, 20, 30, 41)),
        job_name="boxes-1",
    )

    assert line("s3://b/1.jpg", "boxes", label) == (
        '{"source-ref":"s3://b/1.jpg","boxes":{"image_size":[{"width":640,"height":480,"depth":3}],'
        '"annotations":[{"class_id":1,"left":11,"top":20,"width":30,"height":40.333333333333336}]},'
        '"boxes-metadata":{"objects":[{"confidence":0.95}],"class-map":{"1":"cat"},"type":"groundtruth/object-detection",'
        f'"human-annotated":"yes","creation-date":"{DATE}","job-name":"labeling-job/boxes-1"}}}}'
    )


def test_semantic_segmentation() -> None:
    colors = {"lane": "#2ca02c", "curb": "#1f77b4"}
    label = label_of(
        "SemanticSegmentation",
        ["lane", "curb"],
        mask(["ll..", "ll.."], colors),
        mask(["lll.", "ll.."], colors),
        mask(["ll.c", "ll.."], colors),
        job_name="road-1",
    )

    assert label.mask is not None
    assert line("s3://b/1.jpg", "road-ref", label) == (
        f'{{"source-ref":"s3://b/1.jpg","road-ref":"{MASK_URI}","road-ref-metadata":{{"internal-color-map":{{'
        '"0":{"class-name":"BACKGROUND","hex-color":"#ffffff","confidence":0.8888888888888888},'
        '"1":{"class-name":"lane","hex-color":"#2ca02c","confidence":0.8888888888888888},'
        '"2":{"class-name":"curb","hex-color":"#1f77b4","confidence":0.8888888888888888}},"type":"groundtruth/semantic-segmentation",'
        f'"human-annotated":"yes","creation-date":"{DATE}","job-name":"labeling-job/road-1"}}}}'
    )


def test_named_entities() -> None:
    label = label_of(
        "NamedEntityRecognition",
        [{"label": "City", "shortDisplayName": "cty"}, {"label": "Person"}],
        spans(("City", 12, 16), ("Person", 0, 3)),
        spans(("City", 12, 17)),
        spans(("City", 12, 16), ("Person", 0, 3)),
        job_name="ner-1",
    )

    assert line("Ana flew to Oslo.", "ner", label) == (
        '{"source":"Ana flew to Oslo.","ner":{"annotations":{"entities":[{"label":"Person","startOffset":0,"endOffset":3},'
        '{"label":"City","startOffset":12,"endOffset":16}],"labels":[{"label":"City","shortDisplayName":"cty"},{"label":"Person"}]}},'
        '"ner-metadata":{"entities":[{"confidence":0.67},{"confidence":0.93}],'
        f'"job-name":"labeling-job/ner-1","type":"groundtruth/text-span","creation-date":"{DATE}","human-annotated":"yes"}}}}'
    )


@pytest.mark.parametrize("task_type", ["VerificationBoundingBox", "VerificationSemanticSegmentation"])
def test_verification(task_type: str) -> None:
    label = label_of(task_type, ["good", "bad"], kind("bad", workerComment="box too wide"), kind("good"), kind("bad"), job_name="check-1")

    assert line("s3://b/1.jpg", "check", label) == (
        '{"source-ref":"s3://b/1.jpg","check":1,"check-metadata":{"class-name":"bad","confidence":0.95,'
        f'"type":"groundtruth/label-verification","job-name":"labeling-job/check-1","human-annotated":"yes","creation-date":"{DATE}",'
        '"worker-feedback":[{"comment":"box too wide"}]}}'
    )


def test_verification_without_comments_has_no_feedback() -> None:
    assert "worker-feedback" not in label_of("VerificationBoundingBox", ["good", "bad"], kind("good", workerComment="")).metadata


@pytest.mark.parametrize(("modified", "status"), [(True, "adjusted"), (False, "unadjusted")])
def test_adjustment_has_the_form_of_what_it_adjusts_and_says_whether_somebody_changed_it(modified: bool, status: str) -> None:
    colors, more = {"lane": "#2ca02c"}, {"initialValueModified": modified}
    drawn = label_of("AdjustmentBoundingBox", ["cat"], boxes(("cat", 1, 2, 3, 4)), boxes(**more), boxes())
    painted = label_of(
        "AdjustmentSemanticSegmentation", ["lane"], mask(["l."], colors), mask([".l"], colors, initialValueModified=modified)
    )

    assert list(drawn.metadata) == ["objects", "class-map", "type", "human-annotated", "creation-date", "job-name", "adjustment-status"]
    assert list(painted.metadata)[1:] == ["type", "human-annotated", "creation-date", "job-name", "adjustment-status"]
    assert drawn.metadata["adjustment-status"] == painted.metadata["adjustment-status"] == status
    assert (drawn.metadata["type"], painted.metadata["type"]) == ("groundtruth/object-detection", "groundtruth/semantic-segmentation")


@pytest.mark.parametrize(
    ("task_type", "labels", "content"),
    [
        ("ImageMultiClass", ["bus", "car"], kind("car")),
        ("VerificationBoundingBox", ["good", "bad"], kind("bad")),
        ("ImageMultiClassMultiLabel", ["rain", "fog"], {"labels": ["fog", "rain"]}),
        ("BoundingBox", ["cat"], boxes(("cat", 5, 5, 5, 5), ("cat", 1, 2, 3, 4))),
        ("SemanticSegmentation", ["lane"], mask(["l."], {"lane": "#2ca02c"})),
        ("NamedEntityRecognition", ["City"], spans(("City", 0, 3))),
    ],
)
def test_the_label_of_one_worker_is_their_answer_and_its_confidence_zero(task_type: str, labels: list[str], content: Any) -> None:
    label = label_of(task_type, labels, content)

    assert _confidences(label.metadata)
    assert set(_confidences(label.metadata)) == {0.0}
    match task_type:
        case "BoundingBox":
            drawn = [{"label": labels[box.pop("class_id")], **box} for box in label.value["annotations"]]
            assert drawn == content["boundingBoxes"]
        case "NamedEntityRecognition":
            assert label.value["annotations"]["entities"] == content["entities"]
        case "ImageMultiClassMultiLabel":
            assert label.value == [0, 1]
        case "ImageMultiClass" | "VerificationBoundingBox":
            assert label.value == 1


def _confidences(metadata: Any) -> list[float]:
    """All numbers in metadata under a key that says confidence."""
    if isinstance(metadata, list):
        return [number for entry in metadata for number in _confidences(entry)]
    if not isinstance(metadata, dict):
        return []
    found: list[float] = []
    for key, value in metadata.items():
        if key == "confidence":
            found.append(value)
        elif key == "confidence-map":
            found.extend(value.values())
        else:
            found.extend(_confidences(value))
    return found


def test_no_box_no_label_no_entity_are_labels_too() -> None:
    empty = label_of("BoundingBox", ["cat"], boxes(), boxes())
    none = label_of("ImageMultiClassMultiLabel", ["rain", "fog"], {"labels": []}, {"labels": []})
    unmarked = label_of("NamedEntityRecognition", ["City"], spans(), spans())

    assert (empty.value["annotations"], empty.metadata["objects"], empty.metadata["class-map"]) == ([], [], {})
    assert (none.value, none.metadata["class-map"], none.metadata["confidence-map"]) == ([], {}, {})
    assert (unmarked.value["annotations"]["entities"], unmarked.metadata["entities"]) == ([], [])
