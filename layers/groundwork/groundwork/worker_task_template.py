"""Worker task templates, composed per task type, and what they are given of a data object. `worker_page` renders them.

A template is Liquid, as Ground Truth reads it (pages sms-custom-templates-step2 and sms-ui-template-crowd-*). People write the description
and the instructions, and neither is ever Liquid: the one thing they can ask for is an S3 picture in the instructions, written
`<img src="{{ 's3://bucket/key' | grant_read_access }}">`. We read that form, and write the Liquid for it ourselves.

How that holds: instructions pass an allow-list sanitizer, and then every brace that is left becomes an HTML entity. A browser shows a
brace; no Liquid engine sees one. So no text, however split or escaped, can open `{{` or `{%`, and our own Liquid is put in afterwards.
"""

import html
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import nh3

from groundwork.data_locations import S3Uri
from groundwork.errors import TemplateError
from groundwork.task_types import TaskType

_SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
_LABELS = "{{ task.input.labels | to_json | escape }}"
_IMAGE = "{{ task.input.taskObject | grant_read_access }}"
_TEXT = "{{ task.input.taskObject }}"

# Source: API LabelAttributeName. Checked again here, because the name is written into Liquid.
_LABEL_ATTRIBUTE = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}")


# --- composing ---------------------------------------------------------------------------------------------------


def compose(
    task_type: TaskType, *, description: str, short_instructions: str, full_instructions: str, existing_label_attribute: str | None = None
) -> str:
    """The worker task template of a labeling job.

    `description` is plain text and becomes the header; the instructions are rich text and are sanitized here. `existing_label_attribute`
    names the labels to verify or adjust. Ground Truth shows a UI of its own for named entities; the template of that type serves the
    built-in engine. Raises TemplateError when the type needs existing labels and their attribute is missing or no legal name.
    """
    widget = {
        "name": task_type.element_name,
        "header": inert(description),
        **_data_attributes(task_type),
    }
    preamble = ""
    if task_type.needs_existing_labels:
        if existing_label_attribute is None or not _LABEL_ATTRIBUTE.fullmatch(existing_label_attribute):
            raise TemplateError(f"{task_type.title} needs the label attribute to work on, and {existing_label_attribute!r} is none")
        # Brackets, because a name may start with a digit.
        preamble = (
            f'{{% assign existing = task.input.manifestLine["{existing_label_attribute}"] %}}\n'
            f'{{% assign metadata = task.input.manifestLine["{existing_label_attribute}-metadata"] %}}\n'
        )
        widget |= _existing_labels_attribute(task_type)

    children = [
        f'<full-instructions header="Instructions">{sanitize_instructions(full_instructions).html}</full-instructions>',
        f"<short-instructions>{sanitize_instructions(short_instructions).html}</short-instructions>",
    ]
    if task_type.crowd_element.startswith("crowd-classifier"):
        children.insert(0, f'<classification-target style="white-space: pre-wrap">{_TEXT}</classification-target>')
    if task_type.metadata_type == "groundtruth/label-verification":
        children.append('<worker-comment header="What is wrong?" link-text="Add a comment" placeholder="In a few words"></worker-comment>')

    attributes = "".join(f'\n  {name}="{value}"' for name, value in widget.items())
    element = "\n".join([f"<{task_type.crowd_element}{attributes}\n>", *children, f"</{task_type.crowd_element}>"])
    # crowd-entity-annotation brings its own submit and must not sit in a form (page sms-ui-template-crowd-entity-annotation).
    page = element if task_type.crowd_element == "crowd-entity-annotation" else f"<crowd-form>\n{element}\n</crowd-form>"
    return f"{_SCRIPT}\n{preamble}{page}\n"


def inert(text: str) -> str:
    """`text` as HTML (also inside a quoted attribute) that neither a browser nor Liquid takes for anything but text."""
    return _without_braces(html.escape(text))


def _without_braces(markup: str) -> str:
    return markup.replace("{", "&#123;").replace("}", "&#125;")


def _data_attributes(task_type: TaskType) -> dict[str, str]:
    """The attributes through which the widget gets the data object and the label categories."""
    match task_type.crowd_element:
        case "crowd-entity-annotation":
            return {"text": _TEXT, "labels": _LABELS}
        case "crowd-classifier" | "crowd-classifier-multi-select":
            return {"categories": _LABELS}
        case "crowd-image-classifier" | "crowd-image-classifier-multi-select":
            return {"src": _IMAGE, "categories": _LABELS}
        case _:
            return {"src": _IMAGE, "labels": _LABELS}


def _as_json(expression: str) -> str:
    return f"{{{{ {expression} | to_json | escape }}}}"


# The JSON below sits in double-quoted attributes, hence &quot;. It is strict JSON, unlike Ground Truth's samples, so any parser reads it.
# A box's category: the class id of the box, looked up in the metadata's class map, whose keys are strings (page sms-data-output).
_BOXES = (
    "[{% for box in existing.annotations %}{% unless forloop.first %}, {% endunless %}"
    "{% capture class_id %}{{ box.class_id }}{% endcapture %}"
    f"{{ &quot;label&quot;: {_as_json('metadata.class-map[class_id]')}"
    + "".join(f", &quot;{side}&quot;: {_as_json(f'box.{side}')}" for side in ("left", "top", "width", "height"))
    + " }{% endfor %}]"
)
_BOX_LABELS = "[{% for entry in metadata.class-map %}{% unless forloop.first %}, {% endunless %}" + _as_json("entry[1]") + "{% endfor %}]"


def _each_segment_class(json_of_class: str) -> str:
    """A loop over the mask's classes, without the background that Ground Truth adds to every color map."""
    return (
        "{% assign separator = '' %}{% for entry in metadata.internal-color-map %}"
        "{% unless entry[1]['class-name'] == 'BACKGROUND' %}{{ separator }}"
        + json_of_class
        + "{% assign separator = ', ' %}{% endunless %}{% endfor %}"
    )


_MASK = f"&quot;src&quot;: {_as_json('existing | grant_read_access')}"
_MASK_LABELS = f"[{_each_segment_class(_as_json("entry[1]['class-name']"))}]"
_MASK_COLORS = "{ %s }" % _each_segment_class(  # noqa: UP031  # three kinds of braces in one f-string help nobody
    _as_json("entry[1]['class-name']") + ": { &quot;color&quot;: " + _as_json("entry[1]['hex-color']") + " }"
)


def _existing_labels_attribute(task_type: TaskType) -> dict[str, str]:
    """Verification shows the existing labels as an overlay, adjustment starts from them."""
    match task_type.crowd_element, task_type.shows_segmentation:
        case "crowd-image-classifier", True:
            mask = f"&quot;labels&quot;: {_MASK_LABELS}, &quot;labelMappings&quot;: {_MASK_COLORS}, {_MASK}"
            return {"overlay": f"{{ &quot;semanticSegmentation&quot;: {{ {mask} }} }}"}
        case "crowd-image-classifier", False:
            boxes = f"&quot;labels&quot;: {_BOX_LABELS}, &quot;value&quot;: {_BOXES}"
            return {"overlay": f"{{ &quot;boundingBox&quot;: {{ {boxes} }} }}"}
        case _, True:
            return {"initial-value": f"{{ {_MASK}, &quot;labelMappings&quot;: {_MASK_COLORS} }}"}
        case _:
            return {"initial-value": _BOXES}


# --- instructions ------------------------------------------------------------------------------------------------

_TAGS = {
    *("p", "br", "hr", "div", "span", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("strong", "b", "em", "i", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "code", "pre", "kbd", "blockquote", "q"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("a", "img", "figure", "figcaption"),
}
_ATTRIBUTES = {
    "*": {"title", "lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_GRANTED_IMAGE = re.compile(r"\s*\{\{-?\s*(?P<quote>['\"])(?P<uri>[^'\"]*)(?P=quote)\s*\|\s*(?:grant_read_access|s3_presign)\s*-?\}\}\s*")
# What a URI we write into a Liquid string within an HTML attribute may consist of.
_SAFE_URI = re.compile(r"[^'\"{}\\<>&\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Instructions:
    """Sanitized instructions: HTML whose only Liquid is ours, the S3 pictures in it, and the sources of pictures that were left out."""

    html: str
    images: tuple[S3Uri, ...]
    refused_images: tuple[str, ...]
    shows_liquid_as_text: bool


def sanitize_instructions(rich_text: str) -> Instructions:
    """Reduce rich text to an allow-list of tags and attributes without scripts, styles or handlers; see the module's words on Liquid.

    Pictures come from https addresses or from S3 (through `grant_read_access`), links go to https and mailto addresses.
    """
    images: list[S3Uri] = []
    refused: list[str] = []
    # Stands in the sanitized text where our Liquid goes. Nobody can guess it, so nobody can type it.
    mark = secrets.token_hex(16)

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) == ("a", "href"):
            return value if value.lower().startswith(("https://", "mailto:")) else None
        if (tag, attribute) != ("img", "src") or value.lower().startswith("https://"):
            return value
        granted = _GRANTED_IMAGE.fullmatch(value)
        uri = s3_uri_of(granted["uri"]) if granted else None
        if uri is None or not uri.key or not _SAFE_URI.fullmatch(str(uri)):
            refused.append(value)
            return None
        images.append(uri)
        return f"{mark}-{len(images) - 1}-"

    clean = _without_braces(
        nh3.clean(
            # JSON can carry half a surrogate pair, which no HTML can.
            rich_text.encode(errors="replace").decode(),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=keep,
            # `keep` is stricter; these only let it see, and name, the pictures it refuses.
            url_schemes={"https", "mailto", "http", "data", "s3"},
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )
    shows_liquid = "&#123;&#123;" in clean or "&#123;%" in clean
    with_images = re.sub(rf"{mark}-(\d+)-", lambda found: f"{{{{ '{images[int(found[1])]}' | grant_read_access }}}}", clean)
    return Instructions(with_images, tuple(images), tuple(refused), shows_liquid)


def instruction_images(rich_text: str) -> tuple[S3Uri, ...]:
    """The S3 pictures that instructions show, in order. The caller checks that the project may read them."""
    return sanitize_instructions(rich_text).images


_S3_HTTPS = re.compile(r"https://s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/(?P<path>[^?#]+)")


def s3_uri_of(address: str) -> S3Uri | None:
    """The object that `s3://bucket/key` or `https://s3[.region].amazonaws.com/bucket/key` (percent-encoded) names, else None."""
    if match := _S3_HTTPS.fullmatch(address):
        return S3Uri.parse(f"s3://{unquote(match['path'])}")
    return S3Uri.parse(address)


# --- what a template is given ------------------------------------------------------------------------------------


def task_input(task_type: TaskType, label_categories: Sequence[Mapping[str, str]], line: Mapping[str, Any]) -> dict[str, Any]:
    """What the type's pre-annotation function gives to the template for one manifest line (page sms-custom-templates-step3).

    `label_categories` are the `labels` of the label category file. Templates get their names; named entities get the whole
    entries, because the widget shows the short names. Raises TemplateError when the line lacks the type's data object.
    """
    key = task_type.source_attribute_of(line)
    if key is None:
        raise TemplateError(f"The manifest line has no text under {' or '.join(map(repr, task_type.source_attributes))}")
    labels = [dict(entry) if task_type.shows_short_names else entry["label"] for entry in label_categories]
    given: dict[str, Any] = {"taskObject": line[key], "labels": labels}
    if task_type.is_custom:
        # Without a function of its own, a custom job's template is given the manifest line.
        return given | dict(line)
    if task_type.needs_existing_labels:
        given["manifestLine"] = dict(line)
    return given
