"""Requests signed with AWS Signature Version 4, verified as AWS's own services do.

What is signed is rebuilt with botocore's signer from what arrived, so both sides agree on every detail of the canonical form.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# How far a client's clock may be off, and so how long a request can be sent again by whoever caught it (IAM User Guide, signing).
MAX_CLOCK_SKEW = timedelta(minutes=5)
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date", "x-amz-target"})
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +"
    r"Credential=(?P<key>[^/, ]{1,128})/(?P<date>\d{8})/(?P<region>[^/, ]+)/(?P<service>[^/, ]+)/aws4_request, *"
    r"SignedHeaders=(?P<headers>[a-z0-9;_-]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


class SignatureError(Exception):
    """The request is not what a holder of the access key signed. `code` is the code that AWS services answer with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An HTTP request without a query, as it arrived. `path` is the one the client sent; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def verify(request: SignedRequest, *, service: str, region: str, secret_of: Callable[[str], str | None], now: datetime) -> str:
    """The id of the access key that signed the request.

    `secret_of` gives an access key's secret, None for a key that is unknown or revoked. Raises SignatureError.
    """
    authorization = request.headers.get("authorization")
    if not authorization:
        raise SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token")
    claim = _AUTHORIZATION.fullmatch(authorization.strip())
    if claim is None:
        raise SignatureError("IncompleteSignatureException", "The Authorization header is not a complete AWS4-HMAC-SHA256 signature.")
    signed = claim["headers"].split(";")
    unsigned = [name for name in sorted(_MUST_BE_SIGNED) if name not in signed or name not in request.headers]
    if unsigned:
        raise SignatureError("IncompleteSignatureException", f"These headers must be sent and signed: {', '.join(unsigned)}.")
    timestamp = request.headers["x-amz-date"]
    _check_scope(claim, timestamp, service=service, region=region, now=now)
    secret = None if "x-amz-security-token" in request.headers else secret_of(claim["key"])
    if secret is None:
        raise SignatureError("UnrecognizedClientException", "The security token included in the request is invalid.")
    # A hash that the client declares is signed instead of the body, so it has to be the body's.
    declared = request.headers.get("x-amz-content-sha256", hashlib.sha256(request.body).hexdigest())
    expected = _signature(request, signed, timestamp, Credentials(claim["key"], secret), service, region)
    if declared != hashlib.sha256(request.body).hexdigest() or not hmac.compare_digest(expected, claim["signature"]):
        raise SignatureError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    return claim["key"]


def _check_scope(claim: re.Match[str], timestamp: str, *, service: str, region: str, now: datetime) -> None:
    if claim["service"] != service or claim["region"] != region:
        raise SignatureError("InvalidSignatureException", f"Credential should be scoped to the service {service!r} in {region!r}.")
    try:
        at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureError("IncompleteSignatureException", "X-Amz-Date must be of the form 20260131T235959Z.") from None
    if not timestamp.startswith(claim["date"]):
        raise SignatureError("InvalidSignatureException", "The date in Credential is not the date of X-Amz-Date.")
    if abs(now - at) > MAX_CLOCK_SKEW:
        word = "expired" if at < now else "not yet current"
        raise SignatureError(
            "InvalidSignatureException", f"Signature {word}: {timestamp} is more than 5 minutes from {now:%Y%m%dT%H%M%SZ}."
        )


def _signature(request: SignedRequest, signed: list[str], timestamp: str, credentials: Credentials, service: str, region: str) -> str:
    signer = SigV4Auth(credentials, service, region)
    # Only what the client says it signed; the scheme is no part of the signature.
    headers = {name: request.headers[name] for name in signed if name in request.headers}
    rebuilt = AWSRequest(method=request.method, url=f"https://{request.headers['host']}{request.path}", headers=headers, data=request.body)
    rebuilt.context["timestamp"] = timestamp
    return str(signer.signature(signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt)), rebuilt))
