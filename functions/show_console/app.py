"""The web: the console's and the portal's files, and the settings that they sign people in with.

Trigger: API Gateway, without its authorizer: what is here is public. Effect: none, it only reads. Repeats: harmless.

The files are in `web/` beside this module, where the build of `console/` leaves them (local/web.py). This is no part of the JSON API and
imports next to nothing, since a browser asks for a dozen files at once, and each may meet a cold start.
"""

import base64
import json
import os
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from groundwork.web_files import WebAnswer, WebFiles

SETTINGS = "config.json"
FOLDER = Path(__file__).parent / "web"


def lambda_handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    path = (event.get("pathParameters") or {}).get("file")
    if path is None:
        # Relative, because only the browser knows the address it came by; the files' own addresses are relative to the folder.
        return _response(WebAnswer(HTTPStatus.FOUND, {"Location": "console/index.html", "Cache-Control": "no-cache"}))
    if path == SETTINGS:
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return _response(WebAnswer(HTTPStatus.OK, headers, _settings().encode()))
    given = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    files = WebFiles(FOLDER, tuple(os.environ["DATA_ORIGINS"].split()), os.environ["SIGN_IN_ORIGIN"])
    answer = files.answer(path, accept_encoding=given.get("accept-encoding", ""), if_none_match=given.get("if-none-match", ""))
    return _response(answer or _no_file(event))


@cache
def _settings() -> str:
    """How to sign in, JSON. Read at run time, since the app client is made after the API, and this function is part of the API."""
    # Only this pays for loading the AWS SDK, once per execution environment.
    import boto3

    return str(boto3.client("ssm").get_parameter(Name=os.environ["WEB_SETTINGS"])["Parameter"]["Value"])


def _no_file(event: dict[str, Any]) -> WebAnswer:
    problem = {
        "type": "/problems/not-found",
        "title": HTTPStatus.NOT_FOUND.phrase,
        "status": HTTPStatus.NOT_FOUND.value,
        "detail": "There is no such file." if FOLDER.is_dir() else "The web was not built into this deployment.",
        "instance": event["path"],
        "request_id": event["requestContext"]["requestId"],
        "errors": [],
    }
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return WebAnswer(HTTPStatus.NOT_FOUND, headers, json.dumps(problem).encode())


def _response(answer: WebAnswer) -> dict[str, Any]:
    return {
        "statusCode": answer.status.value,
        "headers": dict(answer.headers),
        "body": base64.b64encode(answer.body).decode(),
        "isBase64Encoded": True,
    }
