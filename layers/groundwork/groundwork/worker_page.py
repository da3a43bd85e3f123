"""Worker pages: a worker task template rendered for one data object, and the policy a browser shows it under.

Apart from `worker_task_template`, because python-liquid takes a quarter of a second to import, and most functions render nothing.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from liquid import Environment, Markup, RenderContext
from liquid.exceptions import LiquidError, LiquidInterrupt
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.undefined import is_undefined

from groundwork.errors import TemplateError
from groundwork.worker_task_template import s3_uri_of

if TYPE_CHECKING:
    from groundwork.presigning import ProjectView

# Source: API RenderUiTemplate, UiTemplate.Content.
MAX_TEMPLATE_CHARACTERS = 128_000
# Half of what Lambda lets through, because JSON writes some characters as two.
_MAX_PAGE_BYTES = 2_900_000
_MAX_VALUE_CHARACTERS = 2_900_000
_MAX_ENTRIES = 200_000
_MAX_ENTRIES_COMPARED = 5_000
_MAX_NUMBER = 10**18
_MAX_SECONDS = 5.0


# --- the page and its policy -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerPage:
    """A worker's page, HTML, and the Content-Security-Policy it must be shown under."""

    html: str
    content_security_policy: str


def worker_page(
    template: str, task_input: Mapping[str, Any], view: "ProjectView", *, is_custom: bool = False, console_origin: str = ""
) -> WorkerPage:
    """The page for one data object, with addresses that `view` presigns now.

    `is_custom` says that a person wrote the template: it may bring its own scripts. Every page runs in a sandbox without an origin, so
    none reaches the portal around it, its tokens or its storage; only the portal at `console_origin` may frame it. Raises TemplateError.
    """
    html = render(template, task_input, view.grant_read_access)
    origins = sorted({f"{address.scheme}://{address.netloc}" for address in map(urlsplit, view.granted_urls())})
    return WorkerPage(html, _policy(origins, is_custom=is_custom, console_origin=console_origin))


def _policy(origins: Sequence[str], *, is_custom: bool, console_origin: str) -> str:
    """`origins` are those that pictures come from. Composed templates bring no script but that of the crowd elements."""
    sources = " ".join(origins)
    scripts = "https: 'unsafe-inline'" if is_custom else "https://assets.crowd.aws"
    styles = "https: 'unsafe-inline'" if is_custom else "'unsafe-inline'"
    directives = (
        "default-src 'none'",
        f"script-src {scripts} {console_origin}",
        f"style-src {styles} {console_origin}",
        f"img-src https: data: blob: {sources}",
        f"media-src {sources or "'none'"}",
        f"connect-src {sources or "'none'"}",
        f"font-src https: data: {console_origin}",
        "base-uri 'none'",
        "form-action 'none'",
        f"frame-ancestors {console_origin or "'none'"}",
        "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox",
    )
    return "; ".join(directive.rstrip() for directive in directives)


# --- rendering -------------------------------------------------------------------------------------------------------


class _PageBuffer(LimitedStringIO):
    """Output that a browser reads as what it is: neither half a surrogate pair nor a NUL, which would make it no HTML."""

    def write(self, text: str, /) -> int:
        try:
            text.encode()
        except UnicodeEncodeError:
            # One replacement character for one code unit, so that offsets in marked text stay.
            text = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
        return super().write(text.replace("\0", "\ufffd"))


class _PageContext(RenderContext):
    """Rendering that ends in time, and whose values stay small: what the library's own limits leave open.

    Only loops repeat, so the clock is read once for every turn of one and for every filter; and no filter is called that could take long.
    """

    __slots__ = ("deadline",)

    def __init__(self, template: BoundTemplate, **given: Any) -> None:
        super().__init__(template, **given)
        self.deadline = time.monotonic() + _MAX_SECONDS

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        function = super().filter(name, token)

        def bounded(value: object, *arguments: object, **named: object) -> object:
            self._require_time()
            _require_small_result(name, value, *arguments)
            result = function(value, *arguments, **named)
            _require_small(result)
            return result

        return bounded

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: Any) -> Iterator[RenderContext]:
        forloop.it = self._while_in_time(forloop.it)
        with super().loop(namespace, forloop) as context:
            yield context

    def _while_in_time(self, entries: Iterator[Any]) -> Iterator[Any]:
        for entry in entries:
            self._require_time()
            yield entry

    def _require_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise TemplateError(f"The worker task template takes longer than {_MAX_SECONDS:.0f} seconds to render")


def _require_small(value: object) -> None:
    if isinstance(value, str):
        too_large = len(value) > _MAX_VALUE_CHARACTERS
    elif isinstance(value, int):
        too_large = abs(value) > _MAX_NUMBER
    else:
        too_large = isinstance(value, Sized) and len(value) > _MAX_ENTRIES
    if too_large:
        raise TemplateError("The worker task template makes a value that is too large")


def _require_small_result(name: str, value: object, *arguments: object) -> None:
    """Refuse what a filter would make of these before it does: `replace` and `join` multiply, `uniq` compares all with all."""
    for given in (value, *arguments):
        _require_small(given)
    match name, value, arguments:
        case "replace", _, (old, new):
            text = str(value)
            too_large = len(text) + (text.count(str(old)) + 1) * len(str(new)) > _MAX_VALUE_CHARACTERS
        case "join", Sized(), (separator, *_):
            too_large = len(value) * len(str(separator)) > _MAX_VALUE_CHARACTERS
        case "split", str(), (separator, *_):
            too_large = value.count(str(separator)) > _MAX_ENTRIES
        case "uniq", Sized(), _:
            too_large = len(value) > _MAX_ENTRIES_COMPARED
        case _:
            too_large = False
    if too_large:
        raise TemplateError("The worker task template makes a value that is too large")


class _PageTemplate(BoundTemplate):
    context_class = _PageContext

    def _get_buffer(self) -> LimitedStringIO:
        # The library's own buffer would turn \r\n in values into \n and so shift the offsets of marked text.
        return _PageBuffer(limit=_MAX_PAGE_BYTES, newline="")


class _PageEnvironment(Environment):
    """Liquid with bounds: a page is at most a few megabytes, and no template runs for long."""

    template_class = _PageTemplate
    loop_iteration_limit = 50_000
    local_namespace_limit = 4_000_000
    output_stream_limit = _MAX_PAGE_BYTES


def check_template(template: str) -> None:
    """Raise TemplateError for a template that no page can be made of: it is too long, or no Liquid."""
    _compiled(_PageEnvironment(autoescape=True), template)


def render(template: str, task_input: Mapping[str, object], grant_read_access: Callable[[str], str]) -> str:
    """The worker page for one data object: Liquid as Ground Truth runs it, that is with HTML autoescape.

    `task_input` is what templates call `task.input`; `grant_read_access` turns an `s3://` URI into a URL a browser may read, and what it
    raises comes through. Raises TemplateError when the template is no Liquid, or fails, or exceeds the bounds with this input.
    """

    def granted(address: object) -> str:
        uri = s3_uri_of(str(address))
        if uri is None:
            raise TemplateError(f"grant_read_access needs the URI of an S3 object, and got {str(address)[:200]!r}")
        return grant_read_access(str(uri))

    environment = _PageEnvironment(autoescape=True)
    environment.add_filter("grant_read_access", granted)
    environment.add_filter("s3_presign", granted)
    compiled = _compiled(environment, template)
    try:
        page = compiled.render(task={"input": task_input})
    except _FAILURES as error:
        raise TemplateError(f"The worker task template cannot be rendered: {error}") from error
    # What carriage returns are left came in values. Browsers drop a raw one, which would shift the offsets of marked text.
    return page.replace("\r", "&#13;")


# Beside its own errors, the library lets through what Python makes of numbers and texts that fit no filter.
_FAILURES = (LiquidError, LiquidInterrupt, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


def _compiled(environment: Environment, template: str) -> BoundTemplate:
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        raise TemplateError(f"The worker task template is longer than {MAX_TEMPLATE_CHARACTERS:,} characters")
    environment.add_filter("to_json", _to_json)
    environment.add_filter("skip_autoescape", _skip_autoescape)
    try:
        return environment.from_string(template.replace("\r\n", "\n").replace("\r", "\n"))
    except _FAILURES as error:
        raise TemplateError(f"The worker task template is not Liquid: {error}") from error


_ESCAPED_IN_JSON = re.compile("[<\ud800-\udfff]")


def _to_json(value: object) -> str:
    try:
        text = json.dumps(None if is_undefined(value) else value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"to_json cannot encode a {type(value).__name__}") from error
    # The same JSON: no text can end the script element that a template may put it in, and half a surrogate pair survives.
    return _ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _skip_autoescape(value: object) -> str:
    return Markup("" if value is None or is_undefined(value) else value)
