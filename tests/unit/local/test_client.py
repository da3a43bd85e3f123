import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from local.client import ApiClient, UnexpectedAnswer


class Stub(BaseHTTPRequestHandler):
    """Answers with the prepared answers, one after the other, and remembers what it was asked."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]]
    requests: ClassVar[list[tuple[str, str, str | None, bytes]]]

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.requests.append((self.command, self.path, self.headers.get("Authorization"), body))
        status, headers, content = self.answers.pop(0)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api_url() -> Iterator[str]:
    Stub.answers, Stub.requests = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_request_carries_the_token_and_json_and_its_answer_is_parsed(api_url: str) -> None:
    Stub.answers = [(201, {"ETag": '"7"'}, b'{"name": "pets"}')]

    answer = ApiClient(api_url, "a-token").post("/projects", {"name": "pets"})

    assert (answer.status, answer.headers["etag"], answer.body) == (201, '"7"', {"name": "pets"})
    assert Stub.requests == [("POST", "/v1/projects", "Bearer a-token", b'{"name": "pets"}')]


def test_an_answer_without_json_has_no_body_but_its_text(api_url: str) -> None:
    Stub.answers = [(200, {}, b"<p>page</p>"), (204, {}, b"")]
    api = ApiClient(api_url)

    assert (api.get("/page").body, api.delete("/lease").body) == (None, None)
    assert Stub.requests[0][2] is None


def test_what_a_busy_stack_says_is_shown_as_it_came_unless_asked_to_try_again(api_url: str) -> None:
    Stub.answers = [(503, {}, b""), (429, {"Retry-After": "0"}, b""), (503, {"Retry-After": "0"}, b""), (200, {}, b"{}")]

    assert ApiClient(api_url).get("/me").status == 503
    assert ApiClient(api_url, attempts=3).get("/me").status == 200


def test_trying_again_ends_with_the_last_answer(api_url: str) -> None:
    Stub.answers = [(429, {"Retry-After": "0"}, b"")] * 2

    assert ApiClient(api_url, attempts=2).get("/me").status == 429


def test_a_refusal_is_no_reason_to_try_again(api_url: str) -> None:
    Stub.answers = [(500, {}, b"")]

    assert ApiClient(api_url, attempts=3).get("/me").status == 500


def test_an_unexpected_answer_tells_what_the_api_said(api_url: str) -> None:
    Stub.answers = [(422, {}, b'{"title": "too few labels"}')]

    with pytest.raises(UnexpectedAnswer, match=r"expected 201 or 202, got 422: .*too few labels"):
        ApiClient(api_url).post("/x").expect(201, 202)


def test_an_upload_sends_the_form_fields_before_the_file(api_url: str) -> None:
    form = {"s3_uri": "s3://b/p/a.png", "url": api_url + "/bucket", "fields": {"key": "p/a.png", "policy": "signed"}}
    Stub.answers = [(201, {}, json.dumps(form).encode()), (204, {}, b"")]

    uri = ApiClient(api_url, "t").upload("pets", "datasets/a.png", b"PNG!", "image/png")

    asked, sent = Stub.requests
    assert uri == "s3://b/p/a.png"
    assert (asked[1], json.loads(asked[3])) == (
        "/v1/projects/pets/uploads",
        {"key": "datasets/a.png", "content_type": "image/png", "size": 4},
    )
    assert sent[3].index(b"p/a.png") < sent[3].index(b"signed") < sent[3].index(b"PNG!")
    assert sent[2] is None  # the API's token is not S3's business
