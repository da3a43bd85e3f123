"""Webhooks on the wire. The specification's own library is the oracle for signatures; receivers are real servers on this machine."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from groundwork import webhooks
from groundwork.webhooks import Endpoint, Failure, UnreachedError, endpoint_of, post

OLD, NEW = webhooks.new_secret(), webhooks.new_secret()


# --- signatures ------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=24, max_size=64), st.text("abc-0123", min_size=1), st.text())
def test_a_signature_is_the_one_that_the_specifications_library_makes(key: bytes, message_id: str, body: str) -> None:
    secret, now = "whsec_" + base64.b64encode(key).decode(), datetime(2026, 11, 23, 12, tzinfo=UTC)

    headers = webhooks.signed_headers(body.encode(), message_id=message_id, signing_secrets=[secret], now=now)

    assert headers["webhook-signature"] == Webhook(secret).sign(message_id, now, body)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (message_id, "1795435200")


def test_while_a_secret_is_replaced_receivers_with_either_accept_and_with_another_refuse() -> None:
    body = webhooks.payload("Labeling Job Stalled", {"at": "2026-11-23T12:00:00.000Z", "name": "Käse"})

    headers = webhooks.signed_headers(body, message_id="a-1", signing_secrets=[NEW, OLD], now=datetime.now(UTC))

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(body, headers) == {
            "type": "Labeling Job Stalled",
            "timestamp": "2026-11-23T12:00:00.000Z",
            "data": {"at": "2026-11-23T12:00:00.000Z", "name": "Käse"},
        }
    for tampered, by in ((body, webhooks.new_secret()), (body.replace(b"Stalled", b"Drafted"), NEW)):
        with pytest.raises(WebhookVerificationError):
            Webhook(by).verify(tampered, headers)


def test_an_old_attempt_is_refused_by_receivers() -> None:
    headers = webhooks.signed_headers(b"{}", message_id="a-1", signing_secrets=[NEW], now=datetime.now(UTC) - timedelta(minutes=6))

    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(b"{}", headers)


def test_secrets_have_the_specifications_form_and_never_repeat() -> None:
    assert NEW != OLD
    assert NEW.startswith("whsec_")
    assert len(base64.b64decode(NEW.removeprefix("whsec_"))) == 32


# --- URLs ------------------------------------------------------------------------------------------------------------


def test_a_url_is_taken_apart() -> None:
    assert endpoint_of("https://hooks.example.com:8443/a/b?c=d&e") == Endpoint(True, "hooks.example.com", 8443, "/a/b?c=d&e")
    assert endpoint_of("https://[2606:4700::1]") == Endpoint(True, "2606:4700::1", 443, "/")
    assert endpoint_of("http://example.com?x") == Endpoint(False, "example.com", 80, "/?x")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "https://",
            "https:///x",
        ),
        *("https://user:word@example.com/", "https://@example.com/", "https://example.com/#part", "https://example.com:0/"),
        *("https://example.com:99999/", "https://example.com:x/", "https://exa mple.com/", "https://example.com/\r\nHost: other"),
        *(
            "https://example.com/\x00",
            "https://exämple.com/",
            "https://example.com\\@10.0.0.1/",
            "https://[::1/",
            "https://e/" + "x" * 2048,
        ),
    ],
)
def test_what_is_no_plain_url_is_none(url: str) -> None:
    assert endpoint_of(url) is None


@given(st.text())
def test_any_text_at_all_is_a_url_or_none(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        endpoint = endpoint_of(url)
        assert endpoint is None or endpoint.host


# --- requests --------------------------------------------------------------------------------------------------------


class Receiver(ThreadingHTTPServer):
    """Answers what it is told to, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.location = 204, ""
        self.heard: list[tuple[str, dict[str, str], bytes]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.heard.append((self.path, dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def url_of(receiver: Receiver, path: str = "/hook") -> str:
    return f"http://127.0.0.1:{receiver.server_port}{path}"


def failure_of(url: str, **options: Any) -> Failure:
    with pytest.raises(UnreachedError) as raised:
        post(url, b"{}", {}, **options)
    return raised.value.failure


@pytest.mark.parametrize("status", [200, 204, 301, 307, 400, 410, 500])
def test_the_receivers_status_is_returned_whatever_it_is_and_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.location = status, url_of(receiver, "/elsewhere")

    answered = post(url_of(receiver, "/hook?a=b"), b'{"a":1}', {"webhook-id": "1"}, allow_loopback=True)

    ((path, headers, body),) = receiver.heard
    assert answered == status
    assert webhooks.is_success(answered) is (status in {200, 204})
    assert (path, body, headers["webhook-id"], headers["Content-Type"]) == ("/hook?a=b", b'{"a":1}', "1", "application/json")
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"


def test_without_leave_nothing_is_sent_to_this_machine(receiver: Receiver) -> None:
    assert failure_of(url_of(receiver)) is Failure.ADDRESS_REFUSED
    assert receiver.heard == []


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "https://10.0.0.1/", "https://169.254.169.254/", "ftp://example.com/"])
def test_leave_for_this_machine_is_leave_for_nothing_else(url: str) -> None:
    assert failure_of(url, allow_loopback=True) is Failure.ADDRESS_REFUSED


def test_a_name_that_resolves_to_nothing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)

    assert failure_of("https://gone.example.com/") is Failure.NAME_NOT_RESOLVED


def test_nobody_listening_is_a_failure(receiver: Receiver) -> None:
    receiver.shutdown()
    receiver.server_close()

    assert failure_of(url_of(receiver), allow_loopback=True) is Failure.NO_ANSWER


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"])
def test_what_does_not_speak_http_is_a_failure(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()

        assert failure_of(f"http://127.0.0.1:{listener.getsockname()[1]}/", allow_loopback=True) is Failure.NO_ANSWER


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_sends_a_byte_now_and_then_is_given_up(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hung_up = threading.Event()

        def drip() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    while True:
                        client.sendall(b"HTTP/1.1 200 OK\r\nx: " if scheme == "http" else b"\x16\x03\x03\x40\x00")
                        while True:
                            client.sendall(b"x")
                            threading.Event().wait(0.02)
                except OSError:
                    hung_up.set()

        threading.Thread(target=drip, daemon=True).start()
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/"

        assert failure_of(url, allow_loopback=True, seconds=0.3) is Failure.TIMEOUT
        assert hung_up.wait(5)


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate, with its key, of hooks.example.com."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def asked_for(receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The receiver speaks TLS and every name leads to it; the names that it was asked for (SNI)."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: names.append(name)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.server_port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [here])
    return names


def test_the_connection_is_to_the_checked_address_and_the_name_is_what_tls_proves(
    receiver: Receiver, certificate: Path, asked_for: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(webhooks, "_tls", lambda: trusting)
    port = receiver.server_port

    status = post(f"https://hooks.example.com:{port}/hook", b"{}", {}, allow_loopback=True)

    ((_, headers, _),) = receiver.heard
    assert (status, asked_for, headers["Host"]) == (204, ["hooks.example.com"], f"hooks.example.com:{port}")
    assert failure_of(f"https://other.example.com:{port}/", allow_loopback=True) is Failure.NOT_TRUSTED
    assert len(receiver.heard) == 1


@pytest.mark.usefixtures("asked_for")
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(receiver: Receiver) -> None:
    assert failure_of(f"https://hooks.example.com:{receiver.server_port}/", allow_loopback=True) is Failure.NOT_TRUSTED
    assert receiver.heard == []


def test_a_name_that_changes_its_mind_after_the_check_gains_nothing(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked for once; what it says the second time, a connection that asks again would have followed."""
    said: list[str] = []

    def rebinding(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        said.append(host)
        return [
            (
                socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (host if host[0].isdigit() else "127.0.0.1" if len(said) == 1 else "10.0.0.1", port),
            )
        ]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    assert post(f"http://rebinding.example.com:{receiver.server_port}/", b"{}", {}, allow_loopback=True) == 204
    assert said.count("rebinding.example.com") == 1
