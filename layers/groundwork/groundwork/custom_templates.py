"""Worker task templates that people wrote themselves: read from the project's data, and checked before a worker sees them."""

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from groundwork.data_locations import S3Uri
from groundwork.errors import InvalidRequestError, TemplateError
from groundwork.rules import fault

if TYPE_CHECKING:
    from groundwork.presigning import ProjectView

_POINTER = "/template_uri"
# Four for each of the characters that a template may have (API RenderUiTemplate, UiTemplate.Content).
_MAX_BYTES = 4 * 128_000
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied"})
# What submits an answer. crowd-entity-annotation brings its own submit (page sms-ui-template-crowd-entity-annotation).
_FORMS = frozenset({"crowd-form", "crowd-entity-annotation"})


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


def _at_most(view: "ProjectView", uri: S3Uri) -> bytes:
    body = b""
    for chunk in view.read(uri):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise InvalidRequestError([fault("template.too-large", pointer=_POINTER, uri=uri, high=_MAX_BYTES)])
    return body


class _Elements(HTMLParser):
    """The names of all elements, without what stands in comments."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(template)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.names.add(tag)
