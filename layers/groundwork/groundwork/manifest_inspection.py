"""What the first lines of an uploaded manifest tell of the labeling job that it is meant for. A guess to start from, never a verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from groundwork.manifest import SOURCE, SOURCE_REF, lines
from groundwork.task_types import TASK_TYPES, TaskCategory

# Enough lines to see what a manifest is about, read from its beginning.
INSPECTED_BYTES = 1024**2
_INSPECTED_LINES = 1_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIRST_CHOICE: dict[TaskCategory, str] = {"Image": "ImageMultiClass", "Text": "TextMultiClass"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a draft begins with. `offers` are all task types that suit the labels which the lines carry, the suggested one first."""

    task_category: TaskCategory | None = None
    task_type: str | None = None
    existing_label_attribute: str | None = None
    label_attribute_name: str | None = None
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Labels:
    """A label attribute that some of the lines carry: `kind` is the metadata's type, `created` its date."""

    attribute: str
    kind: str
    created: str
    is_everywhere: bool


def suggest(head: bytes, *, is_whole: bool) -> Suggestion:
    """What to begin with, by the manifest's beginning (`is_whole`: it is all there is of it).

    Unlabeled objects get the plainest task type of their category. Where every line has labels that can be verified or adjusted, that is
    offered, verification first; otherwise the labeling goes on: the same task type, and the same label attribute when some lines lack it.
    """
    found = list(_objects(head, is_whole=is_whole))
    category = _category(found)
    if category is None:
        return Suggestion()
    labels = _latest_labels(found)
    of_category = [task_type for task_type in TASK_TYPES.values() if task_type.category == category]
    fitting = [task_type for task_type in of_category if labels is not None and task_type.metadata_type == labels.kind]
    if labels is None or not fitting:
        return Suggestion(category, _FIRST_CHOICE[category])
    plain = next((task_type.key for task_type in fitting if not task_type.needs_existing_labels), None)
    if plain is None:  # verdicts of a verification, which nothing goes on from
        return Suggestion(category, _FIRST_CHOICE[category])
    if not labels.is_everywhere:
        return Suggestion(category, plain, label_attribute_name=labels.attribute, offers=(plain,))
    checks = [key for key in (f"Verification{plain}", f"Adjustment{plain}") if key in TASK_TYPES]
    if checks:
        return Suggestion(category, checks[0], existing_label_attribute=labels.attribute, offers=(*checks, plain))
    return Suggestion(category, plain, offers=(plain,))


def _objects(head: bytes, *, is_whole: bool) -> Iterable[dict[str, Any]]:
    whole = head if is_whole else head[: head.rfind(b"\n") + 1]
    for number, line in enumerate(lines([whole.removeprefix(_BYTE_ORDER_MARK)])):
        if number == _INSPECTED_LINES:
            return
        try:
            found = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _category(found: list[dict[str, Any]]) -> TaskCategory | None:
    references, texts = (sum(isinstance(line.get(name), str) for line in found) for name in (SOURCE_REF, SOURCE))
    if not references and not texts:
        return None
    return "Image" if references >= texts else "Text"


def _latest_labels(found: list[dict[str, Any]]) -> _Labels | None:
    """The labels that were made last, of those whose metadata say of what type they are."""
    candidates: dict[str, _Labels] = {}
    for line in found:
        for name, metadata in line.items():
            attribute = name.removesuffix("-metadata")
            if attribute == name or attribute not in line or not isinstance(metadata, dict) or "failure-reason" in metadata:
                continue
            kind, created = metadata.get("type"), metadata.get("creation-date")
            if isinstance(kind, str) and attribute not in candidates:
                is_everywhere = all(attribute in other for other in found)
                candidates[attribute] = _Labels(attribute, kind, created if isinstance(created, str) else "", is_everywhere)
    return max(candidates.values(), key=lambda labels: labels.created, default=None)
