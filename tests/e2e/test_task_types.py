"""A labeling job of each task type, labeled to the end by three workers in the portal, with mouse and keys."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.people import People, accessibility_faults, in_each_language, look_at
from tests.e2e.pictures import HEIGHT, WIDTH, drawn, png
from tests.e2e.portal import Task
from tests.integration.front_door import FrontDoor

WORKERS = ("worker-1", "worker-2", "worker-3")
type Work = Callable[[Task, int], None]
type Label = Callable[..., tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def label(door: FrontDoor, people: People) -> Label:
    """Creates a job over these manifest lines, has each worker do `work` until nothing is left; the job's name and its output."""

    def label(task_type: str, lines: Sequence[dict[str, Any]], work: Work, **changes: Any) -> tuple[str, list[dict[str, Any]]]:
        category = "Text" if "source" in lines[0] else "Image"
        definition = door.definition(
            door.upload_manifest(lines), task_type=task_type, task_category=category, workers_per_object=len(WORKERS), **changes
        )
        name = door.create(definition)
        door.wait_for(name, "InProgress")
        for number, worker in enumerate(WORKERS):
            task = Task.of(people, worker, name)
            done = 0
            while not task.nothing_left:
                work(task, number)
                if number == done == 0:
                    inspect(task, task_type)
                task.submit()
                done += 1
            assert done == len(lines)
        counters = door.wait_for(name, "Completed")["counters"]
        assert (counters["human_labeled"], counters["failed"]) == (len(lines), 0)
        return name, door.output(name)

    return label


def inspect(task: Task, task_type: str) -> None:
    """What a worker page has to be for everybody, whatever its task type."""
    for _language in in_each_language(task.page):
        assert accessibility_faults(task.page) == []
    look_at(task.page, f"task-{task_type}")


@pytest.fixture
def pictures(door: FrontDoor) -> list[dict[str, Any]]:
    """Manifest lines of two pictures that are large enough to draw on."""
    return [{"source-ref": uploaded(door, f"picture-{n}.png", png(drawn(n)))} for n in range(2)]


def uploaded(door: FrontDoor, name: str, content: bytes) -> str:
    return door.as_("owner").upload("demo", f"datasets/for-browsers/{name}", content, "image/png")


def kind(line: dict[str, Any], name: str) -> str:
    found: str = line[f"{name}-metadata"]["type"]
    return found


def test_image_classification(label: Label, pictures: list[dict[str, Any]]) -> None:
    name, lines = label("ImageMultiClass", pictures, lambda task, worker: task.choose("cat" if worker == 2 else "dog"))

    assert [(line["source-ref"], line[name]) for line in lines] == [(given["source-ref"], 1) for given in pictures]
    metadata = lines[0][f"{name}-metadata"]
    assert metadata["class-name"] == "dog"
    assert metadata["type"] == "groundtruth/image-classification"
    assert 0 < metadata["confidence"] <= 0.95


def test_multi_label_image_classification(label: Label, pictures: list[dict[str, Any]]) -> None:
    def work(task: Task, worker: int) -> None:
        task.choose("night", "rain", *(["snow"] if worker == 0 else []))

    name, lines = label("ImageMultiClassMultiLabel", pictures[:1], work, labels=["rain", "snow", "fog", "night"])

    assert sorted(lines[0][name]) == [0, 1, 3]
    metadata = lines[0][f"{name}-metadata"]
    assert metadata["class-map"] == {"0": "rain", "1": "snow", "3": "night"}
    assert set(metadata["confidence-map"]) == {"0", "1", "3"}
    assert metadata["confidence-map"]["1"] < metadata["confidence-map"]["0"]
    assert metadata["type"] == "groundtruth/image-classification-multilabel"


def test_bounding_boxes(label: Label, pictures: list[dict[str, Any]]) -> None:
    def work(task: Task, worker: int) -> None:
        task.choose("cat")
        task.drag((80 + worker, 60), (200 + worker, 160))
        task.choose("dog")
        task.drag((240, 200), (300, 230))

    name, lines = label("BoundingBox", pictures, work)

    value, metadata = lines[0][name], lines[0][f"{name}-metadata"]
    assert [{**size} for size in value["image_size"]] == [{"width": WIDTH, "height": HEIGHT, "depth": 3}]
    found = sorted(value["annotations"], key=lambda box: box["class_id"])
    assert found == [
        {"class_id": 0, "left": 81, "top": 60, "width": 120, "height": 100},
        {"class_id": 1, "left": 240, "top": 200, "width": 60, "height": 30},
    ]
    assert metadata["class-map"] == {"0": "cat", "1": "dog"}
    assert len(metadata["objects"]) == 2
    assert metadata["type"] == "groundtruth/object-detection"


def mask_of(door: FrontDoor, uri: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return np.asarray(Image.open(io.BytesIO(door.operator("s3").get_object(Bucket=bucket, Key=key)["Body"].read())).convert("RGB"))


def test_semantic_segmentation(label: Label, pictures: list[dict[str, Any]], door: FrontDoor) -> None:
    def work(task: Task, worker: int) -> None:
        task.picture_is_loaded()
        task.tool("Fill a polygon")
        for corner in ((80, 60), (200, 60), (200, 160), (80, 160)):
            task.click(*corner)
        task.page.keyboard.press("Enter")
        task.choose("dog")
        task.tool("Brush")
        task.drag((250, 200), (300, 200))

    name, lines = label("SemanticSegmentation", pictures[:1], work)

    attribute = f"{name}-ref"
    metadata = lines[0][f"{attribute}-metadata"]
    colors = {entry["class-name"]: entry["hex-color"] for entry in metadata["internal-color-map"].values()}
    assert metadata["internal-color-map"]["0"]["class-name"] == "BACKGROUND"
    assert set(colors) == {"BACKGROUND", "cat", "dog"}
    assert metadata["type"] == "groundtruth/semantic-segmentation"
    mask = mask_of(door, lines[0][attribute])
    assert mask.shape == (HEIGHT, WIDTH, 3)
    cat = (mask == rgb(colors["cat"])).all(axis=2)
    # Smoothing may round a corner off; edges are where they were drawn.
    assert cat[110, 80:200].all()
    assert cat[60:160, 140].all()
    assert cat.sum() == pytest.approx(120 * 100, abs=8)
    assert not cat[:, 201:].any()
    assert (mask[200, 275] == rgb(colors["dog"])).all()


def rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


BOX = {"class_id": 1, "left": 80, "top": 60, "width": 120, "height": 100}


@pytest.fixture
def boxed(pictures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line with boxes of an earlier job."""
    metadata = {
        "objects": [{"confidence": 0.9}],
        "class-map": {"1": "dog"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T10:00:00.000123",
        "job-name": "labeling-job/earlier",
    }
    value = {"image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}], "annotations": [BOX]}
    return [{**pictures[0], "earlier": value, "earlier-metadata": metadata}]


@pytest.fixture
def painted(pictures: list[dict[str, Any]], door: FrontDoor) -> list[dict[str, Any]]:
    """A line with a mask of an earlier job: a rectangle of `lane`, which begins ten pixels too far left."""
    mask = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    mask[60:160, 70:200] = rgb("#2ca02c")
    metadata = {
        "internal-color-map": {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8},
            "1": {"class-name": "lane", "hex-color": "#2ca02c", "confidence": 0.8},
        },
        "type": "groundtruth/semantic-segmentation",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T10:00:00.000123",
        "job-name": "labeling-job/earlier",
    }
    return [{**pictures[0], "earlier-ref": uploaded(door, "mask.png", png(Image.fromarray(mask))), "earlier-ref-metadata": metadata}]


@pytest.mark.parametrize("segmentation", [False, True], ids=["boxes", "masks"])
def test_verification(label: Label, boxed: list[dict[str, Any]], painted: list[dict[str, Any]], segmentation: bool) -> None:
    def work(task: Task, worker: int) -> None:
        task.choose("bad")
        if worker == 0:
            task.frame.get_by_role("button", name="Add a comment").click()
            task.frame.get_by_role("textbox").fill("box too wide")
            task.frame.get_by_role("button", name="Keep").click()

    task_type = "VerificationSemanticSegmentation" if segmentation else "VerificationBoundingBox"
    existing = "earlier-ref" if segmentation else "earlier"
    given = painted if segmentation else boxed
    name, lines = label(task_type, given, work, labels=["good", "bad"], existing_label_attribute=existing)

    assert lines[0][existing] == given[0][existing]
    assert lines[0][name] == 1
    metadata = lines[0][f"{name}-metadata"]
    assert metadata["class-name"] == "bad"
    assert metadata["type"] == "groundtruth/label-verification"
    assert metadata["worker-feedback"] == [{"comment": "box too wide"}]


def test_adjustment_of_boxes(label: Label, boxed: list[dict[str, Any]]) -> None:
    def work(task: Task, worker: int) -> None:
        task.picture_is_loaded()
        task.tool("Select")
        task.click(80, 100)
        task.drag((200, 160), (210, 170))

    name, lines = label("AdjustmentBoundingBox", boxed, work, existing_label_attribute="earlier", labels=["cat", "dog"])

    assert lines[0]["earlier"] == boxed[0]["earlier"]
    assert lines[0][name]["annotations"] == [{**BOX, "width": 130, "height": 110}]
    metadata = lines[0][f"{name}-metadata"]
    assert metadata["adjustment-status"] == "adjusted"
    assert metadata["type"] == "groundtruth/object-detection"


def test_adjustment_of_masks(label: Label, painted: list[dict[str, Any]], door: FrontDoor) -> None:
    def work(task: Task, worker: int) -> None:
        task.picture_is_loaded()
        if worker == 2:
            return
        # Half of the workers would be no majority: two of three rub the first ten columns out.
        task.tool("Eraser")
        task.frame.get_by_role("slider", name="Brush size").fill("20")
        task.drag((70, 50), (70, 170))

    name, lines = label("AdjustmentSemanticSegmentation", painted, work, existing_label_attribute="earlier-ref", labels=["lane"])

    attribute = f"{name}-ref"
    metadata = lines[0][f"{attribute}-metadata"]
    assert metadata["adjustment-status"] == "adjusted"
    assert metadata["internal-color-map"]["1"]["class-name"] == "lane"
    lane = (mask_of(door, lines[0][attribute]) == rgb(metadata["internal-color-map"]["1"]["hex-color"])).all(axis=2)
    assert not lane[60:160, :79].any()
    assert lane[62:158, 81:199].all()


TEXTS = [{"source": "The parcel arrived late."}, {"source": "Thanks 👍🏽, all well."}]


def test_text_classification(label: Label) -> None:
    def work(task: Task, worker: int) -> None:
        is_late = task.frame.get_by_text("late").is_visible()
        task.choose("complaint" if is_late else "praise")

    name, lines = label("TextMultiClass", TEXTS, work, labels=["praise", "complaint"])

    assert [(line["source"], line[name]) for line in lines] == [(TEXTS[0]["source"], 1), (TEXTS[1]["source"], 0)]
    assert kind(lines[0], name) == "groundtruth/text-classification"


def test_multi_label_text_classification(label: Label) -> None:
    name, lines = label(
        "TextMultiClassMultiLabel",
        TEXTS[:1],
        lambda task, _: task.choose("shipping", "complaint"),
        labels=["praise", "complaint", "shipping"],
    )

    assert sorted(lines[0][name]) == [1, 2]
    assert lines[0][f"{name}-metadata"]["class-map"] == {"1": "complaint", "2": "shipping"}
    assert kind(lines[0], name) == "groundtruth/text-classification-multilabel"


def test_named_entities(label: Label) -> None:
    text = "🙂 Ana flew to Oslo 🛫 and wrote to Zoë."

    def work(task: Task, worker: int) -> None:
        task.choose("Person")
        task.mark("Ana")
        task.mark("Zoë")
        task.choose("City")
        task.mark("Oslo")

    labels = [{"label": "Person", "short_display_name": "per"}, {"label": "City", "short_display_name": "cty"}]
    name, lines = label("NamedEntityRecognition", [{"source": text}], work, labels=labels)

    entities = lines[0][name]["annotations"]["entities"]
    # Offsets count characters, also those beyond the basic plane.
    assert sorted((entity["label"], text[entity["startOffset"] : entity["endOffset"]]) for entity in entities) == [
        ("City", "Oslo"),
        ("Person", "Ana"),
        ("Person", "Zoë"),
    ]
    assert [entry["label"] for entry in lines[0][name]["annotations"]["labels"]] == ["Person", "City"]
    assert len(lines[0][f"{name}-metadata"]["entities"]) == 3
    assert kind(lines[0], name) == "groundtruth/text-span"
