"""Worker pages: a worker task template rendered for one data object.

Apart from `worker_task_template`, because python-liquid takes a quarter of a second to import, and most functions render nothing.
"""

import json
from collections.abc import Callable, Mapping

from liquid import Environment, Markup
from liquid.exceptions import LiquidError, LiquidInterrupt
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.undefined import is_undefined

from groundwork.errors import TemplateError
from groundwork.worker_task_template import s3_uri_of

_MAX_PAGE_BYTES = 4_000_000


class _PageTemplate(BoundTemplate):
    def _get_buffer(self) -> LimitedStringIO:
        # The library's own buffer would turn \r\n in values into \n and so shift the offsets of marked text.
        return LimitedStringIO(limit=_MAX_PAGE_BYTES, newline="")


class _PageEnvironment(Environment):
    """Liquid with bounds: a page is at most a few megabytes, and no template runs for long."""

    template_class = _PageTemplate
    loop_iteration_limit = 50_000
    local_namespace_limit = 4_000_000
    output_stream_limit = _MAX_PAGE_BYTES


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
    environment.add_filter("to_json", _to_json)
    environment.add_filter("skip_autoescape", _skip_autoescape)
    try:
        page = environment.from_string(template.replace("\r\n", "\n").replace("\r", "\n")).render(task={"input": task_input})
    except (LiquidError, LiquidInterrupt, RecursionError) as error:
        raise TemplateError(f"The worker task template cannot be rendered: {error}") from error
    # What carriage returns are left came in values. Browsers drop a raw one, which would shift the offsets of marked text.
    return page.replace("\r", "&#13;")


def _to_json(value: object) -> str:
    try:
        return json.dumps(None if is_undefined(value) else value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"to_json cannot encode a {type(value).__name__}") from error


def _skip_autoescape(value: object) -> str:
    return Markup("" if value is None or is_undefined(value) else value)
