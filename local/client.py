"""A client of Groundwork's HTTP API, as the seed, the demo and the integration tests use it: sign in, send JSON, upload a file.

It goes through the front door only: a token from Cognito, the API's own address, the presigned forms that the API hands out.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import botocore
import botocore.config
import urllib3

# A busy or restarting stack answers with these; anything else is an answer to the question that was asked.
_PASSING = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE_SECONDS = 10.0


class UnexpectedAnswer(Exception):  # noqa: N818 - reads as what happened
    """The API answered something else than the caller can go on with."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of the API. `headers` are looked up without regard to case; `body` is the parsed JSON, or None when there is none."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    def expect(self, *statuses: int) -> Any:
        """The parsed body, if the status is one of `statuses`.

        Raises:
            UnexpectedAnswer: another status; the message carries what the API said.
        """
        if self.status not in statuses:
            raise UnexpectedAnswer(f"expected {' or '.join(map(str, statuses))}, got {self.status}: {self.text[:2000]}")
        return self.body


class ApiClient:
    """One caller of the API. Safe to share between threads.

    Args:
        api_url: the address of the stage, without a slash at its end.
        token: the JWT that says who calls; None for nobody.
        attempts: how often a request is sent at most when the stack is busy (429, 502, 503, 504) or drops the connection.
            The default of 1 shows every answer as it came.
    """

    def __init__(self, api_url: str, token: str | None = None, *, attempts: int = 1) -> None:
        self.api_url = api_url.rstrip("/")
        self.token = token
        self._attempts = attempts
        self._http = urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(connect=5, read=60))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET `path` (with its query string, if any)."""
        return self.send("GET", path, None, headers)

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """POST `body` as JSON to `path`; None sends no body."""
        return self.send("POST", path, body, headers)

    def put(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """PUT `body` as JSON to `path`; None sends no body."""
        return self.send("PUT", path, body, headers)

    def patch(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """PATCH `path` with `body` as a JSON merge patch."""
        return self.send("PATCH", path, body, headers)

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """DELETE `path`."""
        return self.send("DELETE", path, None, headers)

    def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """Sends one request. `body` goes out as JSON, except that `bytes` go out as they are (for malformed requests).

        Raises:
            urllib3.exceptions.HTTPError: the stack could not be reached.
        """
        sent_headers = {"Accept": "application/json, application/problem+json"}
        if self.token is not None:
            sent_headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent_headers["Content-Type"] = "application/json"
        sent_headers.update(headers or {})
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()

        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            try:
                answer = self._http.request(method, self.api_url + path, body=content, headers=sent_headers)
            except (urllib3.exceptions.ProtocolError, urllib3.exceptions.NewConnectionError):
                if last:
                    raise
                time.sleep(_pause_seconds(attempt, None))
                continue
            if last or answer.status not in _PASSING:
                break
            time.sleep(_pause_seconds(attempt, answer.headers.get("Retry-After")))
        return Response(status=answer.status, headers=answer.headers, text=_text(answer.data), body=_parsed(answer.data))

    def upload(self, project: str, key: str, content: bytes, content_type: str) -> str:
        """Puts a file into the project's prefix by a presigned form, and says its `s3://` address.

        Raises:
            UnexpectedAnswer: the API refused the upload, or S3 did.
        """
        form = self.post(f"/projects/{project}/uploads", {"key": key, "content_type": content_type, "size": len(content)}).expect(201)
        # S3 ignores every field that comes after the file.
        fields = {**form["fields"], "file": (key.rsplit("/", 1)[-1], content, content_type)}
        answer = self._http.request("POST", form["url"], fields=fields)
        if answer.status not in {200, 201, 204}:
            raise UnexpectedAnswer(f"S3 refused the upload of {key} with {answer.status}: {_text(answer.data)[:2000]}")
        return str(form["s3_uri"])

    def download(self, url: str) -> bytes:
        """What a presigned address holds.

        Raises:
            UnexpectedAnswer: S3 refused.
        """
        answer = self._http.request("GET", url)
        if answer.status != 200:
            raise UnexpectedAnswer(f"S3 refused the download with {answer.status}: {_text(answer.data)[:2000]}")
        return answer.data


def sign_in(endpoint_url: str, region: str, user_pool_client_id: str, username: str, password: str) -> str:
    """The ID token (a JWT, valid for about an hour) of a user who signs in with a password.

    Raises:
        botocore.exceptions.ClientError: `NotAuthorizedException` when user and password do not go together.
    """
    # Signing in is an unsigned request: it needs no AWS credentials, like in a browser.
    cognito = boto3.client(
        "cognito-idp", region_name=region, endpoint_url=endpoint_url, config=botocore.config.Config(signature_version=botocore.UNSIGNED)
    )
    answer = cognito.initiate_auth(
        ClientId=user_pool_client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": username, "PASSWORD": password}
    )
    return str(answer["AuthenticationResult"]["IdToken"])


def _pause_seconds(attempt: int, retry_after: str | None) -> float:
    asked = float(retry_after) if retry_after is not None and retry_after.isdigit() else 0.2 * 2**attempt
    return min(asked, _LONGEST_PAUSE_SECONDS)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
