"""The labels a line brings along, to be verified or adjusted: whether they are what Ground Truth wrote for their type.

Shapes: SageMaker guide, "Output data", bounding box and semantic segmentation; the worker page reads exactly these.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from groundwork.data_locations import S3Uri

BOXES: Final = "groundtruth/object-detection"
MASKS: Final = "groundtruth/semantic-segmentation"
_SIDES = ("left", "top", "width", "height")
# The class of what nobody marked; it is in every color map and never a label of the job.
_BACKGROUND = "BACKGROUND"

# A broken rule: its code, the attribute to blame, and what is particular to it.
type Finding = tuple[str, str, str | None]


def findings(attributes: Mapping[str, Any], existing: str, label_type: str, labels: frozenset[str] | None) -> Iterator[Finding]:
    """What is wrong with the labels of type `label_type` under the attribute `existing` of a line.

    `labels` are those of the job where the earlier ones must be among them (adjustment), otherwise None.
    """
    metadata_name = f"{existing}-metadata"
    value, metadata = attributes.get(existing), attributes.get(metadata_name)
    if value is None:
        yield "manifest.existing-label-missing", existing, None
    if not isinstance(metadata, dict):
        yield "manifest.existing-metadata-missing", metadata_name, None
        return
    if metadata.get("type", label_type) != label_type:
        yield "manifest.existing-type-wrong", metadata_name, str(metadata["type"])
        return
    if label_type == MASKS:
        if value is not None and mask_uri(value) is None:
            yield "manifest.existing-label-invalid", existing, "it is not the S3 URI of an image"
        colors = metadata.get("internal-color-map")
        if not (isinstance(colors, dict) and colors and all(isinstance(entry, dict) and "hex-color" in entry for entry in colors.values())):
            yield "manifest.existing-colors-missing", metadata_name, None
            return
        names = {str(entry.get("class-name")) for entry in colors.values()} - {_BACKGROUND}
    else:
        classes = metadata.get("class-map", {})
        if not isinstance(classes, dict):
            yield "manifest.existing-label-invalid", metadata_name, "class-map is not an object"
            return
        if value is not None:
            yield from _box_findings(value, existing, classes)
        names = set(map(str, classes.values()))
    if labels is not None and (unknown := sorted(names - labels)):
        yield "manifest.existing-class-unknown", metadata_name, ", ".join(unknown)


def _box_findings(value: Any, existing: str, classes: Mapping[str, Any]) -> Iterator[Finding]:
    boxes = value.get("annotations") if isinstance(value, dict) else None
    if not isinstance(boxes, list):
        yield "manifest.existing-label-invalid", existing, "it has no list of annotations"
        return
    for number, box in enumerate(boxes):
        if not isinstance(box, dict) or not all(_is_number(box.get(side)) for side in _SIDES):
            yield "manifest.existing-label-invalid", existing, f"annotation {number} has no numbers for left, top, width and height"
            return
        if str(box.get("class_id")) not in classes:
            yield "manifest.existing-label-invalid", existing, f"annotation {number} has a class_id that is not in class-map"
            return


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mask_uri(value: object) -> S3Uri | None:
    """Where a mask lies, None when the value is no address of an object."""
    uri = S3Uri.parse(value) if isinstance(value, str) else None
    return uri if uri and uri.key and not uri.key.endswith("/") else None
