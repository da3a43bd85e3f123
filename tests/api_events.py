"""Requests as API Gateway (REST, proxy integration) hands them to a function, and the people who send them."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext
from moto.cognitoidp.models import cognitoidp_backends


class LambdaContext(PowertoolsContext):
    """What the functions read of Lambda's context."""

    def __init__(self) -> None:
        self._function_name = "function"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
        self._aws_request_id = "request-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def api_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    username: str | None = None,
    groups: Any = None,
    path_parameters: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    raw_body: str | None = None,
) -> dict[str, Any]:
    """One request. `username` and `groups` become the claims of a verified token; without a name there is no token."""
    claims = {
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test",
        "sub": f"sub-of-{username}",
        "cognito:username": username,
        **({} if groups is None else {"cognito:groups": groups}),
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters,
        "stageVariables": None,
        "requestContext": {
            "requestId": "request-1",
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            **({"authorizer": {"claims": claims}} if username else {}),
        },
        "body": raw_body if raw_body is not None else None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


@dataclass(frozen=True)
class HttpAnswer:
    """A function's answer, read as a client reads it."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def fault_codes(self) -> list[str]:
        return [fault["code"] for fault in self.body["errors"]]


def http_answer(response: dict[str, Any]) -> HttpAnswer:
    headers = {name: values[0] for name, values in response.get("multiValueHeaders", {}).items()} | response.get("headers", {})
    body = response.get("body") or None
    return HttpAnswer(response["statusCode"], headers, json.loads(body) if body and "json" in headers["Content-Type"] else body)


def make_user_pool(*usernames: str) -> str:
    """The user pool that the tests' environment names, with these users and the administrators' group."""
    client = boto3.client("cognito-idp")
    pool_id = client.create_user_pool(PoolName="people")["UserPool"]["Id"]
    pools = cognitoidp_backends["123456789012"]["us-east-1"].user_pools
    pool = pools.pop(pool_id)
    pool.id = "us-east-1_test"
    pools[pool.id] = pool
    for username in usernames:
        client.admin_create_user(UserPoolId=pool.id, Username=username)
    client.create_group(UserPoolId=pool.id, GroupName="admins")
    return str(pool.id)


def make_access_key_secrets_key() -> None:
    """The key that access keys' secrets are derived with, under the name that the tests' environment has for it."""
    kms = boto3.client("kms")
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/access-key-secrets", TargetKeyId=key)
