"""Worker task templates that people wrote themselves: read from the project's data, and checked before a worker sees them."""

from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from groundwork.data_locations import S3Uri
from groundwork.errors import InvalidRequestError, TemplateError
from groundwork.rules import Fault, fault

if TYPE_CHECKING:
    from groundwork.presigning import ProjectView

_POINTER = "/template_uri"
# Four for each of the characters that a template may have (API RenderUiTemplate, UiTemplate.Content).
_MAX_BYTES = 4 * 128_000
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied"})
# What submits an answer. crowd-entity-annotation brings its own submit (page sms-ui-template-crowd-entity-annotation).
_FORMS = frozenset({"crowd-form", "crowd-entity-annotation"})
# What makes elements of the crowd-* names (page sms-custom-templates-step2).
_ELEMENTS_SCRIPT = "crowd-html-elements"
# Whose answer is submitted under their `name`, each a page of its own in the guide (sms-ui-template-reference).
_ANSWERED = frozenset(
    {
        "crowd-bounding-box",
        "crowd-classifier",
        "crowd-classifier-multi-select",
        "crowd-entity-annotation",
        "crowd-image-classifier",
        "crowd-image-classifier-multi-select",
        "crowd-input",
        "crowd-instance-segmentation",
        "crowd-keypoint",
        "crowd-line",
        "crowd-polygon",
        "crowd-polyline",
        "crowd-semantic-segmentation",
        "crowd-slider",
        "crowd-text-area",
    }
)


def read_custom_template(view: "ProjectView", uri: S3Uri) -> str:
    """The template at `uri`, which lies in the project's data locations. Raises InvalidRequestError with what is wrong with it."""
    # Imported here, because python-liquid is slow to import, and most jobs have no template of their own.
    from groundwork.worker_page import check_template

    try:
        body = _at_most(view, uri)
        text = body.decode("utf-8-sig")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        raise InvalidRequestError([fault("template.missing", pointer=_POINTER, uri=uri)]) from error
    except UnicodeDecodeError as error:
        raise InvalidRequestError([fault("template.not-text", pointer=_POINTER, uri=uri)]) from error
    try:
        check_template(text)
    except TemplateError as error:
        raise InvalidRequestError([fault("template.not-liquid", pointer=_POINTER, uri=uri, problem=error)]) from error
    if not _FORMS & _Elements(text).names:
        raise InvalidRequestError([fault("template.form-missing", pointer=_POINTER, uri=uri)])
    return text


def template_advice(template: str, uri: S3Uri) -> Iterator[Fault]:
    """What may keep workers from answering on the page that this template makes; all of it are warnings, since scripts may do anything."""
    advice, elements = partial(fault, pointer=_POINTER, uri=uri), _Elements(template)
    if elements.scripts != 1:
        yield advice("template.script-not-once", count=elements.scripts)
    if elements.open_forms:
        yield advice("template.form-unclosed")
    if elements.has_form_in_form:
        yield advice("template.form-in-form")
    if elements.unnamed:
        yield advice("template.element-unnamed", elements=", ".join(dict.fromkeys(elements.unnamed)))


def _at_most(view: "ProjectView", uri: S3Uri) -> bytes:
    body = b""
    for chunk in view.read(uri):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise InvalidRequestError([fault("template.too-large", pointer=_POINTER, uri=uri, high=_MAX_BYTES)])
    return body


class _Elements(HTMLParser):
    """What of a template's elements the rules ask for. What stands in comments is none."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.scripts = 0
        self.unnamed: list[str] = []
        self.open_forms = 0
        self.has_form_in_form = False
        self.feed(template)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        attributes = dict(attrs)
        self.scripts += tag == "script" and _ELEMENTS_SCRIPT in (attributes.get("src") or "")
        if tag in _ANSWERED and not attributes.get("name"):
            self.unnamed.append(tag)
        if tag in _FORMS and self.open_forms:
            self.has_form_in_form = True
        if tag == "crowd-form":
            self.open_forms += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "crowd-form" and self.open_forms:
            self.open_forms -= 1

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002
        # `<![…` begins nothing in HTML: browsers take it for a comment, and the parser's base class would fail at it.
        return self.parse_bogus_comment(i)
