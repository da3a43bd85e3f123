"""Every task type from manifest to output, through the front door, with three workers who disagree."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from tests.integration.front_door import FrontDoor, eventually

WIDTH, HEIGHT = 8, 8  # of the front door's pictures
TEXT = "Ana 😀 flew to Oslo."
LANE, CURB = "#2ca02c", "#1f77b4"
CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def boxes(*drawn: tuple[str, int, int, int, int], **more: Any) -> dict[str, Any]:
    entries = [dict(zip(("label", "left", "top", "width", "height"), box, strict=True)) for box in drawn]
    return {"boundingBox": {"boundingBoxes": entries, "inputImageProperties": {"width": WIDTH, "height": HEIGHT}, **more}}


def mask(columns: int, **more: Any) -> dict[str, Any]:
    """So many columns of the picture painted as a lane."""
    image = Image.new("RGBA", (WIDTH, HEIGHT))
    image.paste((0x2C, 0xA0, 0x2C, 255), (0, 0, columns, HEIGHT))
    file = io.BytesIO()
    image.save(file, "PNG")
    painted = {
        "labelMappings": {"lane": {"color": LANE}, "curb": {"color": CURB}},
        "labeledImage": {"pngImageData": base64.b64encode(file.getvalue()).decode()},
        "inputImageProperties": {"width": WIDTH, "height": HEIGHT},
    }
    return {"crowd-semantic-segmentation": painted | more}


def entities(*marked: tuple[str, int, int]) -> dict[str, Any]:
    return {
        "crowd-entity-annotation": {"entities": [dict(zip(("label", "startOffset", "endOffset"), span, strict=True)) for span in marked]}
    }


def chosen(element: str, label: str, **more: Any) -> dict[str, Any]:
    return {element: {"label": label, **more}}


def several(element: str, *labels: str) -> dict[str, Any]:
    return {element: {"labels": list(labels)}}


BOXES_BEFORE = {
    "boxes": {
        "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}],
        "annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 4, "height": 4}],
    },
    "boxes-metadata": {
        "objects": [{"confidence": 0.9}],
        "class-map": {"0": "cat"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T10:00:00.000123",
        "job-name": "labeling-job/boxes-1",
    },
}


def mask_before(door: FrontDoor) -> dict[str, Any]:
    png = base64.b64decode(mask(3)["crowd-semantic-segmentation"]["labeledImage"]["pngImageData"])
    uri = door.as_("owner").upload("demo", "datasets/mask-before.png", png, "image/png")
    colors = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8},
        "1": {"class-name": "lane", "hex-color": LANE, "confidence": 0.8},
    }
    metadata = {
        "internal-color-map": colors,
        "type": "groundtruth/semantic-segmentation",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T10:00:00.000123",
        "job-name": "labeling-job/road-1",
    }
    return {"road-ref": uri, "road-ref-metadata": metadata}


@dataclass(frozen=True)
class Case:
    """A task type: its labels, what each of the three workers answers, and the label and metadata that come of it.

    The date, and whatever else differs between runs, is not in the metadata here.
    """

    labels: Sequence[Any]
    answers: Sequence[Mapping[str, Any]]
    value: Any
    metadata: Mapping[str, Any]
    existing: str | None = None


ANIMALS = ("cat", "dog")
CLASS = {"confidence": 0.95, "class-name": "dog", "human-annotated": "yes"}
TAGS = {"class-map": {"1": "dog", "0": "cat"}, "confidence-map": {"1": 0.95, "0": 0.05}, "human-annotated": "yes"}
DRAWN = [boxes(("cat", 1, 1, 4, 4)), boxes(("cat", 1, 1, 4, 4), ("dog", 6, 6, 2, 2)), boxes(("cat", 1, 1, 4, 3))]
BOX = {
    "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}],
    "annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 4, "height": 11 / 3}],
}
OF_BOX = {"objects": [{"confidence": 0.88}], "class-map": {"0": "cat"}, "type": "groundtruth/object-detection", "human-annotated": "yes"}
COLORS = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "lane", "hex-color": LANE},
    "2": {"class-name": "curb", "hex-color": CURB},
}
OF_MASK = {"internal-color-map": COLORS, "type": "groundtruth/semantic-segmentation", "human-annotated": "yes"}
CITIES = [{"label": "City", "short_display_name": "cty"}, {"label": "Person", "short_display_name": "psn"}]
VERDICTS = [chosen("crowd-image-classifier", verdict) for verdict in ("bad", "good", "bad")]

CASES: dict[str, Case] = {
    "ImageMultiClass": Case(
        ANIMALS,
        [chosen("crowd-image-classifier", animal) for animal in ("dog", "cat", "dog")],
        1,
        {**CLASS, "type": "groundtruth/image-classification"},
    ),
    "ImageMultiClassMultiLabel": Case(
        ANIMALS,
        [several("crowd-image-classifier-multi-select", *labels) for labels in (("dog", "cat"), ("dog",), ("dog",))],
        [1, 0],
        {**TAGS, "type": "groundtruth/image-classification-multilabel"},
    ),
    "BoundingBox": Case(ANIMALS, DRAWN, BOX, OF_BOX),
    "SemanticSegmentation": Case(("lane", "curb"), [mask(3), mask(3), mask(5)], None, OF_MASK),
    "VerificationBoundingBox": Case(
        ("good", "bad"),
        [VERDICTS[0], VERDICTS[1], chosen("crowd-image-classifier", "bad", workerComment="too wide")],
        1,
        {
            **CLASS,
            "class-name": "bad",
            "type": "groundtruth/label-verification",
            "worker-feedback": [{"comment": "too wide"}],
        },
        "boxes",
    ),
    "VerificationSemanticSegmentation": Case(
        ("good", "bad"), VERDICTS, 1, {**CLASS, "class-name": "bad", "type": "groundtruth/label-verification"}, "road-ref"
    ),
    "AdjustmentBoundingBox": Case(
        ANIMALS,
        [boxes(("cat", 1, 1, 4, 4), initialValueModified=False), *(answer for answer in (boxes(("cat", 1, 1, 4, 4)), DRAWN[2]))],
        BOX,
        {**OF_BOX, "adjustment-status": "unadjusted"},
        "boxes",
    ),
    "AdjustmentSemanticSegmentation": Case(
        ("lane", "curb"),
        [mask(3, initialValueModified=False), mask(3), mask(5, initialValueModified=True)],
        None,
        {**OF_MASK, "adjustment-status": "adjusted"},
        "road-ref",
    ),
    "TextMultiClass": Case(
        ANIMALS,
        [chosen("crowd-classifier", animal) for animal in ("dog", "cat", "dog")],
        1,
        {**CLASS, "type": "groundtruth/text-classification"},
    ),
    "TextMultiClassMultiLabel": Case(
        ANIMALS,
        [several("crowd-classifier-multi-select", *labels) for labels in (("dog", "cat"), ("dog",), ("dog",))],
        [1, 0],
        {**TAGS, "type": "groundtruth/text-classification-multilabel"},
    ),
    "NamedEntityRecognition": Case(
        CITIES,
        [entities(("City", 14, 18)), entities(("City", 14, 18), ("Person", 0, 3)), entities(("City", 14, 19))],
        {
            "annotations": {
                "entities": [{"label": "City", "startOffset": 14, "endOffset": 18}],
                "labels": [{"label": "City", "shortDisplayName": "cty"}, {"label": "Person", "shortDisplayName": "psn"}],
            }
        },
        {"entities": [{"confidence": 0.93}], "type": "groundtruth/text-span", "human-annotated": "yes"},
    ),
}


@dataclass(frozen=True)
class Launched:
    name: str
    line: dict[str, Any]


def launch(door: FrontDoor, task_type: str) -> Launched:
    """A labeling job of the type over one object."""
    case = CASES[task_type]
    is_text = task_type.startswith("Text") or task_type == "NamedEntityRecognition"
    line: dict[str, Any] = {"source": TEXT} if is_text else {"source-ref": door.upload_pictures(1)[0]}
    if case.existing:
        line |= BOXES_BEFORE if case.existing == "boxes" else mask_before(door)
    definition = door.definition(
        door.upload_manifest([line]),
        task_type=task_type,
        task_category="Text" if is_text else "Image",
        labels=list(case.labels),
        workers_per_object=3,
        existing_label_attribute=case.existing,
    )
    return Launched(door.create(definition), line)


def label_by_three(door: FrontDoor, name: str, case: Case) -> None:
    """Each of the three workers is granted the object, sees its page, and answers."""
    door.wait_for(name, "InProgress")
    for worker, answer in zip(("worker-1", "worker-2", "worker-3"), case.answers, strict=True):
        lease = eventually(lambda worker=worker: door.lease(worker, name), "a lease")  # type: ignore[misc]
        assert "<" in door.as_(worker).get(f"/work/leases/{lease['lease_id']}/page").text
        door.as_(worker).post(f"/work/leases/{lease['lease_id']}/answer", {"answer": dict(answer)}).expect(200)


@pytest.mark.parametrize("task_type", CASES)
def test_three_workers_who_disagree_make_one_label_as_ground_truth_writes_it(door: FrontDoor, task_type: str) -> None:
    case, job = CASES[task_type], launch(door, task_type)
    attribute = job.name + ("-ref" if task_type.endswith("SemanticSegmentation") and "Verification" not in task_type else "")

    label_by_three(door, job.name, case)
    ended = door.wait_for(job.name, "Completed")
    [line] = door.output(job.name)

    assert ended["counters"] == {"total": 1, "human_labeled": 1, "machine_labeled": 0, "failed": 0, "unlabeled": 0}
    assert list(line) == [*job.line, attribute, f"{attribute}-metadata"]
    value, metadata = line.pop(attribute), line.pop(f"{attribute}-metadata")
    assert line == job.line
    assert CREATED.fullmatch(metadata.pop("creation-date"))
    assert metadata.pop("job-name") == f"labeling-job/{job.name.lower()}"
    for entry in metadata.get("internal-color-map", {}).values():
        assert 0 < entry.pop("confidence") < 1
    assert metadata == case.metadata
    if case.value is not None:
        assert value == case.value
        return
    bucket, _, key = value.removeprefix("s3://").partition("/")
    folder = f"/{job.name}/annotations/consolidated-annotation/output/0_"
    assert folder in f"/{key}"
    png = door.operator("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (WIDTH, HEIGHT)
        colors = [image.convert("RGB").getpixel((column, 4)) for column in range(WIDTH)]
    assert colors == [(0x2C, 0xA0, 0x2C)] * 3 + [(255, 255, 255)] * 5


def test_the_quality_tells_how_far_they_agree(door: FrontDoor) -> None:
    name = launch(door, "NamedEntityRecognition").name
    label_by_three(door, name, CASES["NamedEntityRecognition"])
    door.wait_for(name, "Completed")

    quality = door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}/quality").expect(200)

    assert (quality["objects"], quality["answers"]) == (1, 3)
    assert 0 < quality["agreement"]["span_f1"] < 1
    assert {worker["username"] for worker in quality["workers"]} == {"worker-1", "worker-2", "worker-3"}
