"""The web's files as browsers get them."""

import base64
import gzip
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from groundwork.web_files import WebFiles
from tests.api_events import LambdaContext, api_event

if TYPE_CHECKING:
    from types import ModuleType

SIGN_IN = "https://groundwork-abc.auth.us-east-1.amazoncognito.com"
DATA = "https://*.s3.us-east-1.amazonaws.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web" / "assets").mkdir(parents=True)
    web = tmp_path / "web"
    for page in ("index.html", "work.html", "frame.html", "custom-frame.html"):
        (web / page).write_text("<!doctype html>")
    (web / "assets" / "app-1a2b.js").write_text("let a")
    (web / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (web / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(b"let a"))
    (web / ".made-from").write_text("hash")
    (tmp_path / "secret.js").write_text("secret")
    return web


@pytest.fixture
def files(folder: Path) -> WebFiles:
    return WebFiles(folder, (DATA,), SIGN_IN)


def headers_of(files: WebFiles, path: str) -> dict[str, str]:
    answer = files.answer(path)
    assert answer is not None
    return dict(answer.headers)


def policy_of(files: WebFiles, page: str) -> dict[str, str]:
    policy = headers_of(files, page)["Content-Security-Policy"]
    return {name: sources for name, _, sources in (directive.partition(" ") for directive in policy.split("; "))}


def test_files_with_a_hash_in_their_name_are_kept_for_good_and_pages_are_asked_for_again(files: WebFiles) -> None:
    assert headers_of(files, "assets/app-1a2b.js")["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers_of(files, "index.html")["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("identity", None), ("", None)],
)
def test_a_file_comes_as_small_as_the_browser_takes_it(files: WebFiles, accepted: str, encoding: str | None) -> None:
    answer = files.answer("assets/app-1a2b.js", accept_encoding=accepted)

    assert answer is not None
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.body == (b"brotli" if encoding == "br" else gzip.compress(b"let a") if encoding else b"let a")


def test_what_a_browser_has_already_is_not_sent_again(files: WebFiles) -> None:
    first = files.answer("index.html")
    assert first is not None

    again = files.answer("index.html", if_none_match=f'"other", W/{first.headers["ETag"]}')

    assert again is not None
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "assets",
        "",
        "../secret.js",
        "assets/../../secret.js",
        "/etc/passwd",
        "assets//app-1a2b.js",
        ".made-from",
        "assets/app-1a2b.js.br",
        "assets/app-1a2b.js\n",
    ],
)
def test_nothing_but_the_built_files_is_there(files: WebFiles, path: str) -> None:
    assert files.answer(path) is None


@pytest.mark.parametrize("page", ["index.html", "work.html"])
def test_a_page_runs_its_own_scripts_only_and_talks_to_the_api_the_sign_in_and_the_data(files: WebFiles, page: str) -> None:
    policy = policy_of(files, page)

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {SIGN_IN} {DATA}"
    assert policy["frame-ancestors"] == "'none'"


def test_a_frame_has_no_origin_and_sends_nothing_to_the_api_s_pages_around_it(files: WebFiles) -> None:
    policy = policy_of(files, "frame.html")

    assert "allow-same-origin" not in policy["sandbox"]
    assert (policy["script-src"], policy["frame-ancestors"], policy["form-action"]) == ("'self'", "'self'", "'none'")
    assert "'unsafe-inline'" in policy_of(files, "custom-frame.html")["script-src"]


# --- the function ----------------------------------------------------------------------------------------------------


@pytest.fixture
def app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> "ModuleType":
    app = importlib.import_module("functions.show_console.app")
    monkeypatch.setattr(app, "FOLDER", folder)
    app._settings.cache_clear()
    return app


def ask(app: "ModuleType", file: str | None, **headers: str) -> dict[str, Any]:
    path = "/console" if file is None else f"/console/{file}"
    event = api_event("GET", path, path_parameters=None if file is None else {"file": file}, headers=headers)
    event["requestContext"]["apiId"] = "abc"
    answer: dict[str, Any] = app.lambda_handler(event, LambdaContext())
    return answer


def test_the_console_s_address_leads_to_its_page(app: "ModuleType") -> None:
    answer = ask(app, None)

    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, "console/index.html")


def test_a_file_goes_out_as_bytes_under_the_sign_in_s_own_policy(app: "ModuleType") -> None:
    answer = ask(app, "index.html", **{"Accept-Encoding": "br"})

    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == b"<!doctype html>"
    assert SIGN_IN in answer["headers"]["Content-Security-Policy"]


@pytest.mark.usefixtures("aws")
def test_the_settings_say_how_to_sign_in(app: "ModuleType") -> None:
    boto3.client("ssm").put_parameter(Name="/groundwork/web", Type="String", Value='{"client_id":"web"}')

    answer = ask(app, "config.json")

    assert json.loads(base64.b64decode(answer["body"])) == {"client_id": "web"}
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_what_is_not_there_is_a_problem(app: "ModuleType", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = ask(app, "nothing.js")
    problem = json.loads(base64.b64decode(answer["body"]))
    assert (answer["statusCode"], problem["type"], problem["detail"]) == (404, "/problems/not-found", "There is no such file.")

    monkeypatch.setattr(app, "FOLDER", tmp_path / "never-built")

    assert "not built" in json.loads(base64.b64decode(ask(app, "index.html")["body"]))["detail"]
