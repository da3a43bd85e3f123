"""Webhooks as the Standard Webhooks specification (1.0.0) has them: signed, sent to public addresses only, and never followed elsewhere.

The signature covers `<webhook-id>.<webhook-timestamp>.<body>`. While a secret is replaced, both the new and the old one sign.
"""

import base64
import contextlib
import hmac
import http.client
import json
import secrets
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from groundwork.public_addresses import AddressRefusedError, NameNotResolvedError, public_address

SECONDS_TO_ANSWER = 15.0
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of every secret, not one
_SECRET_BYTES = 32
_MAX_URL = 2048


class Failure(StrEnum):
    """Why a request got no answer."""

    NAME_NOT_RESOLVED = "name-not-resolved"
    ADDRESS_REFUSED = "address-refused"
    NOT_TRUSTED = "not-trusted"  # the TLS handshake failed
    TIMEOUT = "timeout"
    NO_ANSWER = "no-answer"


class UnreachedError(Exception):
    """The receiver was not reached, or gave no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook's URL, taken apart. `target` is the path with the query."""

    is_encrypted: bool
    host: str
    port: int
    target: str


def endpoint_of(url: str) -> Endpoint | None:
    """The URL taken apart; None when it is not a plain absolute http or https URL of printable ASCII, without user and fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if len(url) > _MAX_URL or not all("!" <= character <= "~" for character in url) or "\\" in url or "#" in url:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or port == 0:
        return None
    is_encrypted = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(is_encrypted, parts.hostname, port or (443 if is_encrypted else 80), target)


def new_secret() -> str:
    """A fresh signing secret, in the specification's form."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def payload(event_name: str, detail: Mapping[str, Any]) -> bytes:
    """The body that tells of a fact; the same fact has always the same body."""
    return json.dumps({"type": event_name, "timestamp": detail["at"], "data": detail}, separators=(",", ":")).encode()


def signed_headers(body: bytes, *, message_id: str, signing_secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The specification's three headers for an attempt made now. `message_id` must hold no full stop."""
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    macs = (hmac.digest(base64.b64decode(secret.removeprefix(_SECRET_PREFIX)), content, "sha256") for secret in signing_secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs),
    }


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_loopback: bool = False, seconds: float = SECONDS_TO_ANSWER) -> int:
    """Send one request and return the status of its answer, whatever it is. Redirects are not followed, the answer's body is not read.

    `allow_loopback` also allows this machine, and plain HTTP to it. `seconds` is for the whole exchange, not for each step of it.
    Raises UnreachedError.
    """
    endpoint = endpoint_of(url)
    if endpoint is None:
        raise UnreachedError(Failure.ADDRESS_REFUSED)
    try:
        address = public_address(endpoint.host, endpoint.port, allow_loopback=allow_loopback)
    except NameNotResolvedError as error:
        raise UnreachedError(Failure.NAME_NOT_RESOLVED) from error
    except AddressRefusedError as error:
        raise UnreachedError(Failure.ADDRESS_REFUSED) from error
    if not endpoint.is_encrypted and not address.is_loopback:
        raise UnreachedError(Failure.ADDRESS_REFUSED)
    connection = _PinnedConnection(endpoint, str(address), seconds)
    # A socket's timeout is for each step; a receiver that sends a byte now and then could hold the connection for ever.
    watchdog = threading.Timer(seconds, connection.give_up)
    watchdog.start()
    try:
        connection.request("POST", endpoint.target, body, {"Content-Type": "application/json", "User-Agent": "Groundwork", **headers})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise UnreachedError(connection.failure(error)) from error
    finally:
        watchdog.cancel()
        connection.close()
    if connection.gave_up:  # half an answer reads like a whole one
        raise UnreachedError(Failure.TIMEOUT)
    return status


def is_success(status: int) -> bool:
    """Whether the receiver took the message: any 2xx, and nothing else."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one given address. The host's name is still what TLS asks for and proves, and what the request is addressed to."""

    def __init__(self, endpoint: Endpoint, address: str, seconds: float) -> None:
        if endpoint.is_encrypted:
            self.default_port = http.client.HTTPS_PORT  # a Host header names any other
        super().__init__(endpoint.host, endpoint.port, timeout=seconds)
        self._endpoint, self._address = endpoint, address
        self.gave_up = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._endpoint.is_encrypted:
            # The handshake comes second, so that `give_up` can reach the socket while it lasts.
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self._endpoint.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def give_up(self) -> None:
        """End whatever the connection waits for."""
        self.gave_up = True
        if self.sock is not None:
            with contextlib.suppress(OSError):  # closed at the same moment
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # TLS's own shutdown would wait for the other side

    def failure(self, error: Exception) -> Failure:
        if self.gave_up or isinstance(error, TimeoutError):
            return Failure.TIMEOUT
        return Failure.NOT_TRUSTED if isinstance(error, ssl.SSLError) else Failure.NO_ANSWER


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
