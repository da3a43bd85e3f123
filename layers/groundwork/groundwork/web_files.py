"""The web's built files: what a browser is sent for each, and under which policy it shows a page.

Whatever `npm run build` leaves is public; nothing else is: a path that leads anywhere else is no file. Files under `assets/` carry a
hash of their content in their names, so they are kept for good; everything else is asked for again each time and answered by its ETag.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
# In the order of preference: what a file may lie compressed as, beside itself.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"

#: The pages that show a worker task template. Each runs in a sandbox without an origin: it reaches neither tokens nor the API.
_FRAME = "frame.html"
_CUSTOM_FRAME = "custom-frame.html"


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a browser gets for one file."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class WebFiles:
    """The built files in `folder`. `data_origins` are those that browsers read and upload data at, `sign_in_origin` hosts the sign-in."""

    folder: Path
    data_origins: tuple[str, ...]
    sign_in_origin: str

    def answer(self, path: str, *, accept_encoding: str = "", if_none_match: str = "") -> WebAnswer | None:
        """The file at `path`, compressed as the browser takes it; 304 when it has it already; None when there is no such file."""
        name = self.folder / path
        content_type = _TYPES.get(name.suffix)
        if not _PATH.fullmatch(path) or content_type is None or not name.is_file():
            return None
        encoding, content = _content(name, accept_encoding)
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {
            "Content-Type": content_type,
            "Cache-Control": _FOR_GOOD if path.startswith("assets/") else _ASK_AGAIN,
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            # The frames have no origin, and still have to load the elements.
            "Access-Control-Allow-Origin": "*",
            **({"Content-Encoding": encoding} if encoding else {}),
            **({"Content-Security-Policy": self._policy(path), "Referrer-Policy": "no-referrer"} if name.suffix == ".html" else {}),
        }
        if etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}:
            return WebAnswer(HTTPStatus.NOT_MODIFIED, headers)
        return WebAnswer(HTTPStatus.OK, headers, content)

    def _policy(self, page: str) -> str:
        """The Content-Security-Policy of a page. No script comes from elsewhere, but in the frame of templates that people wrote."""
        data = " ".join(self.data_origins)
        if page in {_FRAME, _CUSTOM_FRAME}:
            foreign = " https: 'unsafe-inline'" if page == _CUSTOM_FRAME else ""
            return _joined(
                "default-src 'none'",
                f"script-src 'self'{foreign}",
                "style-src 'self' 'unsafe-inline'" + (" https:" if foreign else ""),
                f"img-src 'self' https: data: blob: {data}",
                f"media-src 'self' blob: {data}",
                f"connect-src 'self' data: blob: {data}",
                "font-src 'self' https: data:",
                "worker-src blob:",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'self'",
                "sandbox allow-scripts allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox",
            )
        return _joined(
            "default-src 'none'",
            "script-src 'self'",
            # The design system sets positions and sizes as inline styles.
            "style-src 'self' 'unsafe-inline'",
            # Instructions show pictures by their address.
            f"img-src 'self' https: data: blob: {data}",
            f"connect-src 'self' {self.sign_in_origin} {data}",
            "font-src 'self' data:",
            "frame-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )


def _joined(*directives: str) -> str:
    return "; ".join(" ".join(directive.split()) for directive in directives)


def _content(name: Path, accept_encoding: str) -> tuple[str, bytes]:
    """The best encoding that the browser takes and the file lies in, and the file in it; '' for the file as it is."""
    accepted = {
        part.split(";")[0].strip().lower() for part in accept_encoding.split(",") if "q=0" not in part.replace(" ", "").split(";")[1:]
    }
    for encoding, ending in _ENCODINGS.items():
        compressed = name.with_name(name.name + ending)
        if encoding in accepted and compressed.is_file():
            return encoding, compressed.read_bytes()
    return "", name.read_bytes()
