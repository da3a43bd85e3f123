"""Presigned addresses of what people see, made with a read-only right that covers one project's data locations and nothing else.

The right is the worker view role, narrowed by a session policy to the data locations of the project. A broader right never
signs anything a person sees. The same role lists one data location at a time.
"""

import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import boto3
from botocore.config import Config

from groundwork.data_locations import DataLocation, DataLocations, S3Uri
from groundwork.errors import TemplateError
from groundwork.lazy_client import client_on_first_use

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef
    from mypy_boto3_sts import STSClient

URL_LIFETIME = timedelta(minutes=10)
_SESSION_SECONDS = 15 * 60  # the shortest that STS gives
_CHUNK_BYTES = 1024 * 1024
_FETCH_SECONDS = 10
_USUAL_PORTS = {"http": ":80", "https": ":443"}  # what a browser leaves out of the Host header


class WorkerView:
    """Lends the worker view role's right for one project at a time."""

    def __init__(self, sts: "STSClient", role_arn: str, partition: str) -> None:
        self._sts = sts
        self._role_arn = role_arn
        self._partition = partition

    @classmethod
    def from_env(cls) -> Self:
        return cls(client_on_first_use("sts"), os.environ["WORKER_VIEW_ROLE_ARN"], os.environ["PARTITION"])

    def of(self, project: str, locations: DataLocations) -> "ProjectView":
        """What workers of this project's labeling jobs may see."""
        objects = [f"arn:{self._partition}:s3:::{place.prefix.bucket}/{place.prefix.key}*" for place in locations.locations]
        client, secret_key = self._lend(
            project,
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects},
            # Whatever key's own policy lets the role in: the masks of a job may be encrypted with a key of its owner's.
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"},
        )
        return ProjectView(client, Presigner(client, secret_key, int(URL_LIFETIME.total_seconds())), locations)

    def lister(self, project: str, location: DataLocation) -> "S3Client":
        """A client that lists what lies at this one data location, and can do nothing else."""
        bucket, key = location.prefix.bucket, location.prefix.key
        below = {"StringLike": {"s3:prefix": f"{key}*"}}
        statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:{self._partition}:s3:::{bucket}", "Condition": below}
        return self._lend(project, statement)[0]

    def _lend(self, project: str, *statements: Mapping[str, Any]) -> tuple["S3Client", str]:
        """A client with what the role and these statements both allow, and the secret that it signs with."""
        lent = self._sts.assume_role(
            RoleArn=self._role_arn,
            RoleSessionName=f"worker-view-{project}"[:64],
            DurationSeconds=_SESSION_SECONDS,
            Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")),
        )["Credentials"]
        client = boto3.client(
            "s3",
            aws_access_key_id=lent["AccessKeyId"],
            aws_secret_access_key=lent["SecretAccessKey"],
            aws_session_token=lent["SessionToken"],
            config=Config(signature_version="s3v4"),
        )
        return client, lent["SecretAccessKey"]


class ProjectView:
    """Reads and presigns objects of one project's data locations, and remembers what it presigned."""

    def __init__(self, s3: "S3Client", presigner: "Presigner", locations: DataLocations) -> None:
        self._s3 = s3
        self._presigner = presigner
        self._locations = locations
        self._granted: dict[str, str] = {}

    def read(self, uri: S3Uri) -> Iterator[bytes]:
        """The object's bytes in chunks."""
        yield from self.get(uri)["Body"].iter_chunks(_CHUNK_BYTES)

    def get(self, uri: S3Uri, **more: Any) -> "GetObjectOutputTypeDef":
        """The object as GetObject gives it; `more` goes into the request (Range, IfMatch). Raises botocore's errors."""
        return self._s3.get_object(Bucket=uri.bucket, Key=uri.key, **more)

    def grant_read_access(self, address: str) -> str:
        """A short-lived URL of the object at `s3://…`. Raises TemplateError when it lies outside the project's data locations."""
        uri = S3Uri.parse(address)
        if uri is None or not self._locations.may_read(uri):
            raise TemplateError(f"{address} is outside the project's data locations")
        if address not in self._granted:
            self._granted[address] = self._presigner.url(uri, datetime.now(UTC))
        return self._granted[address]

    def granted_urls(self) -> tuple[str, ...]:
        """All URLs that were made."""
        return tuple(self._granted.values())

    def unseen(self) -> tuple[str, ...]:
        """The presigned objects that a browser could not fetch: each is asked for its first byte."""
        return tuple(address for address, url in self._granted.items() if not _answers(url))


class Presigner:
    """URLs to get objects by, byte for byte what boto3's `generate_presigned_url` makes, and many times faster.

    boto3 is asked once per bucket and second, for how it addresses objects there and what it signs. All that differs within that second is
    the path and the signature (SigV4; Amazon S3 API reference, "Authenticating requests: using query parameters").
    """

    def __init__(self, s3: "S3Client", secret_key: str, expires_in: int) -> None:
        """`secret_key` is that of the client's own credentials, which the client itself does not show; `expires_in` is in seconds."""
        self._s3 = s3
        self._secret_key = secret_key
        self._expires_in = expires_in
        self._forms: dict[str, _Form] = {}

    def url(self, uri: S3Uri, now: datetime) -> str:
        """The URL of the object, signed at `now`."""
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        form = self._forms.get(uri.bucket)
        if form is None or form.stamp != stamp:
            form = self._forms[uri.bucket] = self._form(uri.bucket, stamp)
        path = form.path + quote(uri.key, safe="/~")
        request = hashlib.sha256(f"GET\n{path}\n{form.signed_query}\nhost:{form.host}\n\nhost\nUNSIGNED-PAYLOAD".encode()).hexdigest()
        signature = hmac.digest(form.key, f"AWS4-HMAC-SHA256\n{stamp}\n{form.scope}\n{request}".encode(), "sha256").hex()
        return f"{form.origin}{path}?{form.query}&X-Amz-Signature={signature}"

    def _form(self, bucket: str, stamp: str) -> "_Form":
        sample = urlsplit(self._s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"}, ExpiresIn=self._expires_in))
        query = dict(parse_qsl(sample.query))
        del query["X-Amz-Signature"]
        access_key, _, *scope = query["X-Amz-Credential"].rsplit("/", 4)
        day = stamp[:8]
        query |= {"X-Amz-Credential": "/".join([access_key, day, *scope]), "X-Amz-Date": stamp}
        key = f"AWS4{self._secret_key}".encode()
        for part in (day, *scope):
            key = hmac.digest(key, part.encode(), "sha256")
        return _Form(
            stamp=stamp,
            origin=f"{sample.scheme}://{sample.netloc}",
            host=sample.netloc.removesuffix(_USUAL_PORTS[sample.scheme]),
            path=sample.path.removesuffix("x"),
            query=urlencode(query, quote_via=quote, safe="~"),
            signed_query=urlencode(sorted(query.items()), quote_via=quote, safe="~"),
            scope="/".join([day, *scope]),
            key=key,
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """What all URLs of one bucket and one second have in common; `key` is the derived signing key, good for a day."""

    stamp: str
    origin: str
    host: str
    path: str
    query: str
    signed_query: str
    scope: str
    key: bytes


def _answers(url: str) -> bool:
    request = urllib.request.Request(url, headers={"Range": "bytes=0-0"})  # noqa: S310 - a URL of S3 that we made
    try:
        with urllib.request.urlopen(request, timeout=_FETCH_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise  # trying again may mend it
        return False
