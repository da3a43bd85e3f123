"""An output manifest's lines as labeled objects, whatever the task type: classes, boxes, a mask or spans of text.

Source of the shapes: sms-data-output. What a line says is taken as it is; what cannot be exported is counted and named, never dropped in
silence.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import Any

from groundwork.data_locations import S3Uri

MAX_PLACES = 100


class Kind(StrEnum):
    """What a label is made of."""

    CLASSES = "classes"
    BOXES = "boxes"
    MASK = "mask"
    SPANS = "spans"


KINDS: Mapping[str, Kind] = {
    "groundtruth/image-classification": Kind.CLASSES,
    "groundtruth/text-classification": Kind.CLASSES,
    "groundtruth/image-classification-multilabel": Kind.CLASSES,
    "groundtruth/text-classification-multilabel": Kind.CLASSES,
    "groundtruth/label-verification": Kind.CLASSES,
    "groundtruth/object-detection": Kind.BOXES,
    "groundtruth/semantic-segmentation": Kind.MASK,
    "groundtruth/text-span": Kind.SPANS,
}


@dataclass(frozen=True, slots=True)
class GivenClass:
    """One class of an object. `index` is the label category's position."""

    name: str
    index: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Box:
    """A box in pixels from the upper left corner. `index` is the label category's position."""

    name: str
    index: int
    left: float
    top: float
    width: float
    height: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Span:
    """A marked part of a text: characters from `start` up to but not including `end`."""

    name: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Mask:
    """A segmentation mask: a PNG of the picture's size in S3, and which colour (#rrggbb) means which label category."""

    uri: S3Uri
    colors: Mapping[str, str]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class LabeledObject:
    """One line of an output manifest. A text object has `text`, every other one `uri`. `size` is width and height, known for boxes."""

    line: int
    kind: Kind
    uri: S3Uri | None
    text: str | None
    is_human: bool
    classes: tuple[GivenClass, ...] = ()
    is_multi_label: bool = False
    boxes: tuple[Box, ...] = ()
    size: tuple[int, int] | None = None
    mask: Mask | None = None
    spans: tuple[Span, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label categories on it, each once, in the order of the label."""
        of_mask = self.mask.colors.values() if self.mask else ()
        return tuple(dict.fromkeys([*(part.name for part in self._parts), *of_mask]))

    @property
    def confidence(self) -> float | None:
        """The lowest confidence in anything on it; None when there is nothing on it."""
        if self.mask:
            return self.mask.confidence
        return min((part.confidence for part in self._parts), default=None)

    @property
    def _parts(self) -> tuple[GivenClass | Box | Span, ...]:
        return (*self.classes, *self.boxes, *self.spans)


class Outcome(StrEnum):
    """What became of a data object, as its line of the output tells it."""

    LABELED = "labeled"
    FAILED = "failed"
    UNLABELED = "unlabeled"


def outcome(line: Mapping[str, Any], label_attribute: str) -> Outcome:
    """A label has metadata, a failure nothing else, and an object that nobody looked at neither."""
    if line.get(f"{label_attribute}-metadata") is None:
        return Outcome.UNLABELED
    return Outcome.LABELED if label_attribute in line else Outcome.FAILED


@dataclass(slots=True)
class Report:
    """What became of the lines: objects and shapes exported; and what was left out, why and where (the first 100 places each)."""

    objects: int = 0
    shapes: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[int]] = field(default_factory=dict)

    def skip(self, line: int, reason: str) -> None:
        """Count something left out of the zero-based line."""
        self.skipped[reason] += 1
        places = self.places.setdefault(reason, [])
        if len(places) < MAX_PLACES:
            places.append(line)

    def document(self) -> dict[str, Any]:
        """The report as clients get it."""
        return {
            "objects": self.objects,
            "shapes": self.shapes,
            "skipped": [{"reason": reason, "count": count, "lines": self.places[reason]} for reason, count in sorted(self.skipped.items())],
        }


def labeled_objects(lines: Iterable[bytes], label_attribute: str, categories: Sequence[str], report: Report) -> Iterator[LabeledObject]:
    """The lines that have a label, in order. The others are counted in the report, with the reason."""
    for number, line in enumerate(lines):
        try:
            attributes = json.loads(line)
        except (ValueError, RecursionError):
            attributes = None
        found = labeled_object(number, attributes, label_attribute, categories, report)
        if found is not None:
            yield found


def labeled_object(number: int, line: Any, label_attribute: str, categories: Sequence[str], report: Report) -> LabeledObject | None:
    """What the line says, read as JSON. None when it has no label, or none that can be read; the report has the reason."""
    try:
        return _labeled_object(number, line, label_attribute, categories, report)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        report.skip(number, "the label is not of the form that its type has")
        return None


def _labeled_object(number: int, line: Any, attribute: str, categories: Sequence[str], report: Report) -> LabeledObject | None:
    match outcome(line, attribute):
        case Outcome.UNLABELED:
            report.skip(number, "not labeled")
            return None
        case Outcome.FAILED:
            report.skip(number, "could not be labeled")
            return None
    metadata = line[f"{attribute}-metadata"]
    kind = KINDS.get(metadata["type"])
    if kind is None:
        report.skip(number, f"labels of the type {str(metadata['type'])[:100]} have no export")
        return None
    uri = S3Uri.parse(line["source-ref"]) if "source-ref" in line else None
    text = line.get("source")
    if uri is None and not isinstance(text, str):
        report.skip(number, "the line has no data object")
        return None
    value = line[attribute]
    common: dict[str, Any] = {
        "line": number,
        "kind": kind,
        "uri": uri,
        "text": text if uri is None else None,
        "is_human": metadata.get("human-annotated") == "yes",
    }
    match kind:
        case Kind.CLASSES:
            is_multi_label = isinstance(value, list)
            return LabeledObject(**common, classes=tuple(_classes(value, metadata, categories)), is_multi_label=is_multi_label)
        case Kind.BOXES:
            size = value["image_size"][0]
            width, height = int(size["width"]), int(size["height"])
            return LabeledObject(**common, boxes=tuple(_boxes(number, value, metadata, categories, report)), size=(width, height))
        case Kind.MASK:
            mask = S3Uri.parse(value)
            if mask is None:
                raise ValueError(value)
            entries = [entry for key, entry in metadata["internal-color-map"].items() if key != "0"]
            colors = {entry["hex-color"].lower(): entry["class-name"] for entry in entries}
            confidence = min((float(entry["confidence"]) for entry in entries if "confidence" in entry), default=None)
            return LabeledObject(**common, mask=Mask(mask, colors, confidence))
        case Kind.SPANS:
            return LabeledObject(**common, spans=tuple(_spans(number, value, metadata, str(text), report)))


def _index(name: str, categories: Sequence[str], otherwise: int) -> int:
    """The category's position in the job's definition: the same in every export of the job."""
    return categories.index(name) if name in categories else otherwise


def _classes(value: Any, metadata: Mapping[str, Any], categories: Sequence[str]) -> Iterator[GivenClass]:
    if isinstance(value, list):
        for index in value:
            name = metadata["class-map"][str(index)]
            yield GivenClass(name, _index(name, categories, int(index)), float(metadata["confidence-map"][str(index)]))
    else:
        name = metadata["class-name"]
        yield GivenClass(name, _index(name, categories, int(value)), float(metadata.get("confidence", 0.0)))


def _boxes(number: int, value: Any, metadata: Mapping[str, Any], categories: Sequence[str], report: Report) -> Iterator[Box]:
    size = value["image_size"][0]
    confidences = [float(entry["confidence"]) for entry in metadata["objects"]]
    for annotation, confidence in zip(value["annotations"], confidences, strict=True):
        name = metadata["class-map"][str(annotation["class_id"])]
        left, top = max(0.0, float(annotation["left"])), max(0.0, float(annotation["top"]))
        right = min(float(size["width"]), float(annotation["left"]) + float(annotation["width"]))
        bottom = min(float(size["height"]), float(annotation["top"]) + float(annotation["height"]))
        if right <= left or bottom <= top:
            report.skip(number, "a box has no area inside the picture")
            continue
        yield Box(name, _index(name, categories, int(annotation["class_id"])), left, top, right - left, bottom - top, confidence)


def _spans(number: int, value: Any, metadata: Mapping[str, Any], text: str, report: Report) -> Iterator[Span]:
    entities = value["annotations"]["entities"]
    confidences = [float(entry["confidence"]) for entry in metadata["entities"]]
    for entity, confidence in zip(entities, confidences, strict=True):
        start, end = int(entity["startOffset"]), int(entity["endOffset"])
        if not 0 <= start < end <= len(text):
            report.skip(number, "a span lies outside the text")
            continue
        yield Span(entity["label"], start, end, confidence)


def class_masks(labeled: LabeledObject, read: Callable[[S3Uri], bytes], report: Report) -> Iterator[tuple[str, Any]]:
    """The mask's label categories in order of their colours' entries, each with a two-dimensional array that is true where the class is.

    A category without a pixel is left out; colours that no category has are counted in the report. Raises OSError or ValueError for a
    PNG that cannot be read.
    """
    import numpy as np
    from PIL import Image

    if labeled.mask is None:
        return
    with Image.open(BytesIO(read(labeled.mask.uri))) as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.uint32)
    codes = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    known = {int(color.lstrip("#"), 16): name for color, name in labeled.mask.colors.items()}
    strange = set(np.unique(codes).tolist()) - set(known) - {0xFFFFFF, 0x000000}
    if strange:
        report.skip(labeled.line, "a colour of the mask stands for no label category")
    for code, name in known.items():
        of_class = codes == code
        if of_class.any():
            yield name, of_class
