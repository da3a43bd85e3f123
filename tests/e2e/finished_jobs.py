"""Finished labeling jobs of every kind of annotation, made through the API: what the console's pages about a job show."""

import base64
import io
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw

from tests.integration.front_door import FrontDoor

WORKERS = ("worker-1", "worker-2", "worker-3")
SIZE = (320, 240)
RED, GREEN = "#d62728", "#2ca02c"
#: Characters beyond the BMP before and within the spans: offsets count code points.
TEXT = "🐈 Ana flew from 𝒪slo to Rome 🎉 with Bob."


def finished(door: FrontDoor, task_type: str, answers: Sequence[Sequence[Mapping[str, Any]]], **definition: Any) -> str:
    """A completed job of as many workers as the first object has answers; `answers[n]` are those to object n. Its name."""
    workers = WORKERS[: len(answers[0])]
    category = "Text" if task_type.startswith(("Text", "Named")) else "Image"
    if "input_manifest_uri" not in definition:
        lines = [{"source": TEXT} for _ in answers] if category == "Text" else [{"source-ref": uri} for uri in pictures(door, len(answers))]
        definition["input_manifest_uri"] = door.upload_manifest(lines)
    changes = {"task_category": category, "task_type": task_type, "workers_per_object": len(workers), **definition}
    name = door.create(door.definition(changes.pop("input_manifest_uri"), **changes))
    door.wait_for(name, "InProgress")
    for number, worker in enumerate(workers):
        while lease := door.lease(worker, name):
            answer = {"answer": answers[int(lease["task_id"])][number]}
            door.as_(worker).post(f"/work/leases/{lease['lease_id']}/answer", answer).expect(200)
    door.wait_for(name, "Completed")
    return name


def pictures(door: FrontDoor, count: int) -> list[str]:
    """Pictures that can be told apart, in the demo project; their S3 URIs."""
    folder = f"datasets/{uuid.uuid4().hex[:8]}"
    return [door.as_("owner").upload("demo", f"{folder}/{number}.png", _picture(number), "image/png") for number in range(count)]


def _picture(number: int) -> bytes:
    picture = Image.new("RGB", SIZE, (235, 235, 225))
    draw = ImageDraw.Draw(picture)
    for place in range(number + 1):
        left = 20 + 70 * (place % 4)
        draw.ellipse((left, 60, left + 60, 120), fill=(90, 120 + 20 * place, 160))
    draw.rectangle((0, 180, 320, 240), fill=(120, 150, 100))
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


# --- answers, as the elements submit them ----------------------------------------------------------------------------


def one_class(label: str) -> dict[str, Any]:
    return {"crowd-image-classifier": {"label": label}}


def boxes(*drawn: tuple[str, int, int, int, int]) -> dict[str, Any]:
    """Each box: label, left, top, width, height."""
    found = [dict(zip(("label", "left", "top", "width", "height"), box, strict=True)) for box in drawn]
    return {"boundingBox": {"boundingBoxes": found, "inputImageProperties": {"width": SIZE[0], "height": SIZE[1]}}}


def changed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a worker who changed what was there before."""
    return {element: {**given, "initialValueModified": True} for element, given in answer.items()}


def mask(**painted: tuple[int, int, int, int]) -> dict[str, Any]:
    """Each label's rectangle, from corner to corner."""
    colors = dict(zip(painted, (RED, GREEN), strict=False))
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for label, rectangle in painted.items():
        draw.rectangle(rectangle, fill=colors[label])
    return {
        "crowd-semantic-segmentation": {
            "labelMappings": {label: {"color": color} for label, color in colors.items()},
            "labeledImage": {"pngImageData": base64.b64encode(_png(picture)).decode()},
            "inputImageProperties": {"width": SIZE[0], "height": SIZE[1]},
        }
    }


def entities(*marked: tuple[str, str]) -> dict[str, Any]:
    """Each span of the text: label, and the words it is on."""
    found = [{"label": label, "startOffset": TEXT.index(words), "endOffset": TEXT.index(words) + len(words)} for label, words in marked]
    return {"crowd-entity-annotation": {"entities": found}}
