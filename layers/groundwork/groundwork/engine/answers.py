"""Workers' answers: are they what the task type's form submits, and the durable form they are kept in.

An answer is the content of Ground Truth's `answerContent` (facts of the format: sms-ui-template-reference, the "Output" of each Crowd
HTML element): a JSON object keyed by the element's name. Other form inputs of a template may stand beside it and are kept.
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from groundwork.engine.store import Identity, StoredAnswer
from groundwork.rules import Fault, fault
from groundwork.task_types import TaskType

_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
# Where a box is drawn to the very edge on a scaled picture.
_ROUNDING = 1e-6
# What consolidation can hold of several workers at once.
_MAX_MASK_PIXELS = 40_000_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted answer with its content, as consolidation and output read it."""

    task: int
    worker_id: str
    identity: Identity
    lease_id: str
    accepted_at: datetime
    submitted_at: datetime
    content: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """One entry of `answers` in a worker-response file (facts of the format: sms-data-output, worker response)."""
        return {
            "acceptanceTime": _milliseconds(self.accepted_at),
            "submissionTime": _milliseconds(self.submitted_at),
            # The two moments may come from clocks that differ.
            "timeSpentInSeconds": max(0.0, round((self.submitted_at - self.accepted_at).total_seconds(), 3)),
            "workerId": self.worker_id,
            "answerContent": self.content,
            "workerMetadata": {
                "identityData": {"identityProviderType": "Cognito", "issuer": self.identity.issuer, "sub": self.identity.sub}
            },
        }


def answer_of(stored: StoredAnswer, content: str) -> Answer:
    """The stored answer with its content, JSON text."""
    return Answer(
        task=stored.task,
        worker_id=stored.worker_id,
        identity=stored.identity,
        lease_id=stored.lease_id,
        accepted_at=stored.accepted_at,
        submitted_at=stored.submitted_at,
        content=json.loads(content),
    )


def answer_record(stored: StoredAnswer, content: str) -> dict[str, Any]:
    """The durable copy of an answer: an entry of a worker-response file, and what else the engine's table knows of it."""
    return {
        "datasetObjectId": str(stored.task),
        "leaseId": stored.lease_id,
        **answer_of(stored, content).document(),
        # To the microsecond, which a worker-response file is not: the output takes its dates from here.
        "acceptedAt": stored.accepted_at.isoformat(),
        "submittedAt": stored.submitted_at.isoformat(),
        "contentKey": stored.content_key,
        "instructionsVersion": stored.instructions,
    }


def stored_answer(record: Mapping[str, Any]) -> StoredAnswer:
    """The answer of which this is the durable copy."""
    text, digest = canonical(record["answerContent"])
    identity = record["workerMetadata"]["identityData"]
    return StoredAnswer(
        task=int(record["datasetObjectId"]),
        worker_id=record["workerId"],
        identity=Identity(identity["issuer"], identity["sub"]),
        lease_id=record["leaseId"],
        digest=digest,
        accepted_at=datetime.fromisoformat(record["acceptedAt"]),
        submitted_at=datetime.fromisoformat(record["submittedAt"]),
        content=text if record["contentKey"] is None else None,
        content_key=record["contentKey"],
        instructions=int(record["instructionsVersion"]),
    )


def canonical(content: Mapping[str, Any]) -> tuple[str, str]:
    """An answer as ASCII JSON text, and the digest by which two answers are the same: key order does not matter."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return text, hashlib.sha256(text.encode()).hexdigest()


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- is it what the form submits? ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the worker had to choose and to mark: the labels; of a text object the text, of a picture its size, where that is known."""

    labels: frozenset[str]
    text: str | None
    picture: tuple[int, int] | None


def answer_faults(
    task_type: TaskType,
    label_names: Sequence[str],
    content: Mapping[str, Any],
    *,
    text: str | None = None,
    picture: tuple[int, int] | None = None,
) -> list[Fault]:
    """All that is wrong with an answer for this task type and these labels; pointers are into the request (`/answer/...`).

    `text` is the data object where it is a text: marks must lie inside it. Offsets count Unicode code points, as docs/consolidation.md
    says. Boxes and masks must fit the `picture`, which the page must have shown in its own size, perhaps turned, as browsers do where a
    camera says so; where its size is not known, the one counts that the page says it had.
    """
    try:
        json.dumps(content, allow_nan=False)
    except ValueError:
        return [fault("answer.field-invalid", pointer="/answer", field="answer", problem="it has a number that JSON does not know")]
    if task_type.is_custom:
        return []  # whatever the form of the job's own template submits
    pointer = f"/answer/{_escaped(task_type.element_name)}"
    given = content.get(task_type.element_name)
    if not isinstance(given, dict):
        return [fault("answer.widget-missing", pointer=pointer, element=task_type.element_name)]
    check = _CHECKS[task_type.crowd_element]
    return list(check(given, _Shown(frozenset(label_names), text, picture), pointer))


def _one_label(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    yield from _label(given.get("label"), shown.labels, f"{pointer}/label")
    comment = given.get("workerComment")
    if comment is not None and not isinstance(comment, str):
        yield _invalid(f"{pointer}/workerComment", "it is not text")


def _labels(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    for place, label in _entries(given.get("labels"), f"{pointer}/labels"):
        if isinstance(label, Fault):
            yield label
        else:
            yield from _label(label, shown.labels, place)


def _boxes(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    size = _size(given.get("inputImageProperties"))
    for place, box in _objects(given.get("boundingBoxes"), f"{pointer}/boundingBoxes"):
        if isinstance(box, Fault):
            yield box
            continue
        yield from _label(box.get("label"), shown.labels, f"{place}/label")
        faults = [
            _invalid(f"{place}/{edge}", "it is not a number from 0 up")
            for edge in ("left", "top", "width", "height")
            if not _is_number(box.get(edge)) or box[edge] < 0
        ]
        yield from faults
        if size is not None and not faults:
            for edge, length, whole in (("left", "width", size[0]), ("top", "height", size[1])):
                if box[edge] + box[length] > whole + _ROUNDING:
                    yield _invalid(f"{place}/{length}", f"the box ends outside the picture, whose {length} is {whole}")
    yield from _image_size(given, shown, pointer)


def _mask(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    mappings = given.get("labelMappings")
    colors: set[str] = set()
    if isinstance(mappings, dict):
        for label, mapping in mappings.items():
            place = f"{pointer}/labelMappings/{_escaped(label)}"
            yield from _label(label, shown.labels, place)
            color = mapping.get("color") if isinstance(mapping, dict) else None
            if not isinstance(color, str) or not _HEX_COLOR.fullmatch(color):
                yield _invalid(f"{place}/color", "it is not a colour like #2ca02c")
            elif color.lower() in colors:
                yield _invalid(f"{place}/color", "another label has this colour")
            else:
                colors.add(color.lower())
    else:
        yield _invalid(f"{pointer}/labelMappings", "it is not an object")
    yield from _mask_faults(given, colors, f"{pointer}/labeledImage/pngImageData")
    yield from _image_size(given, shown, pointer)


def _mask_faults(given: dict[str, Any], colors: Collection[str], pointer: str) -> Iterator[Fault]:
    png = mask_png(given.get("labeledImage"))
    painted = None if png is None else _png_size(png)
    size = _size(given.get("inputImageProperties"))
    if painted is None:
        yield _invalid(pointer, "it is not a PNG picture in base64")
    elif painted[0] * painted[1] > _MAX_MASK_PIXELS:
        yield _invalid(pointer, f"it has more than {_MAX_MASK_PIXELS:,} pixels")
    elif size is not None and painted != size:
        yield _invalid(pointer, f"it has {painted[0]} x {painted[1]} pixels, and the picture {size[0]} x {size[1]}")
    else:
        yield from _color_faults(png or b"", colors, pointer)


def _color_faults(png: bytes, colors: Collection[str], pointer: str) -> Iterator[Fault]:
    # What reads pictures is slow to import, and most answers are none.
    from groundwork.engine.consolidation.masks import UnreadableMaskError, foreign_color

    try:
        color = foreign_color(png, colors)
    except UnreadableMaskError:
        yield _invalid(pointer, "it is not a PNG picture that can be read")
    else:
        if color is not None:
            yield _invalid(pointer, f"it has the colour {color}, which is no label's and not the background's")


def _entities(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    for place, entity in _objects(given.get("entities"), f"{pointer}/entities"):
        if isinstance(entity, Fault):
            yield entity
            continue
        yield from _label(entity.get("label"), shown.labels, f"{place}/label")
        start, end = entity.get("startOffset"), entity.get("endOffset")
        if not _is_whole(start) or start < 0:
            yield _invalid(f"{place}/startOffset", "it is not a whole number from 0 up")
        elif not _is_whole(end) or end <= start:
            yield _invalid(f"{place}/endOffset", "it is not a whole number behind startOffset")
        elif shown.text is not None and end > len(shown.text):
            yield _invalid(f"{place}/endOffset", f"the text ends at {len(shown.text)}")


type _Check = Callable[[dict[str, Any], _Shown, str], Iterator[Fault]]
_CHECKS: Mapping[str, _Check] = {
    "crowd-image-classifier": _one_label,
    "crowd-classifier": _one_label,
    "crowd-image-classifier-multi-select": _labels,
    "crowd-classifier-multi-select": _labels,
    "crowd-bounding-box": _boxes,
    "crowd-semantic-segmentation": _mask,
    "crowd-entity-annotation": _entities,
}


def mask_png(labeled_image: object) -> bytes | None:
    """The PNG in a `labeledImage`, or None when there is none."""
    data = labeled_image.get("pngImageData") if isinstance(labeled_image, dict) else None
    if not isinstance(data, str):
        return None
    try:
        png = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return png if png.startswith(PNG_SIGNATURE) else None


def _label(label: object, labels: frozenset[str], pointer: str) -> Iterator[Fault]:
    if not isinstance(label, str):
        yield _invalid(pointer, "it is not text")
    elif label not in labels:
        yield fault("answer.label-unknown", pointer=pointer, label=label)


def _png_size(png: bytes) -> tuple[int, int] | None:
    """Width and height, which a PNG has in its first chunk."""
    if len(png) < 24 or png[12:16] != b"IHDR":
        return None
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    return (width, height) if width and height else None


def _size(properties: object) -> tuple[int, int] | None:
    """The picture's width and height as the page saw them; None when it does not say."""
    width, height = (properties.get("width"), properties.get("height")) if isinstance(properties, dict) else (None, None)
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0 else None


def _image_size(given: dict[str, Any], shown: _Shown, pointer: str) -> Iterator[Fault]:
    size = given.get("inputImageProperties")
    wrong = [side for side in ("width", "height") if not isinstance(size, dict) or not _is_whole(size.get(side)) or size[side] < 1]
    for side in wrong:
        yield _invalid(f"{pointer}/inputImageProperties/{side}", "it is not a whole number from 1 up")
    if shown.picture is not None and isinstance(size, dict) and not wrong:
        width, height = shown.picture
        if (size["width"], size["height"]) not in {(width, height), (height, width)}:
            problem = f"it says {size['width']} x {size['height']} pixels, and the picture has {width} x {height}"
            yield _invalid(f"{pointer}/inputImageProperties", problem)


def _entries(value: object, pointer: str) -> Iterator[tuple[str, Any]]:
    """The entries of a list with their pointers, or the fault that it is no list."""
    if isinstance(value, list):
        yield from ((f"{pointer}/{position}", entry) for position, entry in enumerate(value))
    else:
        yield pointer, _invalid(pointer, "it is not a list")


def _objects(value: object, pointer: str) -> Iterator[tuple[str, Any]]:
    """The same for a list of objects; an entry that is none becomes a fault."""
    for place, entry in _entries(value, pointer):
        yield place, entry if isinstance(entry, dict | Fault) else _invalid(place, "it is not an object")


def _invalid(pointer: str, problem: str) -> Fault:
    return fault("answer.field-invalid", pointer=pointer, field=pointer.rsplit("/", 1)[-1], problem=problem)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
