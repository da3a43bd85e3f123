"""Presigned addresses of what workers see, made with a read-only right that covers one project's data locations and nothing else.

The right is the worker view role, narrowed by a session policy to the data locations of the project. A broader right never
signs anything a worker sees.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.errors import TemplateError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_SESSION_SECONDS = 15 * 60  # the shortest that STS gives
_URL_SECONDS = 10 * 60
_CHUNK_BYTES = 1024 * 1024
_FETCH_SECONDS = 10


class WorkerView:
    """Lends the worker view role's right for one project at a time."""

    def __init__(self, sts: "STSClient", role_arn: str, partition: str) -> None:
        self._sts = sts
        self._role_arn = role_arn
        self._partition = partition

    @classmethod
    def from_env(cls) -> Self:
        return cls(boto3.client("sts"), os.environ["WORKER_VIEW_ROLE_ARN"], os.environ["PARTITION"])

    def of(self, project: str, locations: DataLocations) -> "ProjectView":
        """What workers of this project's labeling jobs may see."""
        lent = self._sts.assume_role(
            RoleArn=self._role_arn,
            RoleSessionName=f"worker-view-{project}"[:64],
            DurationSeconds=_SESSION_SECONDS,
            Policy=json.dumps(self._session_policy(locations)),
        )["Credentials"]
        client = boto3.client(
            "s3",
            aws_access_key_id=lent["AccessKeyId"],
            aws_secret_access_key=lent["SecretAccessKey"],
            aws_session_token=lent["SessionToken"],
            config=Config(signature_version="s3v4"),
        )
        return ProjectView(client, locations)

    def _session_policy(self, locations: DataLocations) -> dict[str, Any]:
        objects = [f"arn:{self._partition}:s3:::{place.prefix.bucket}/{place.prefix.key}*" for place in locations.locations]
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects}]}


class ProjectView:
    """Reads and presigns objects of one project's data locations, and remembers what it presigned."""

    def __init__(self, s3: "S3Client", locations: DataLocations) -> None:
        self._s3 = s3
        self._locations = locations
        self._granted: dict[str, str] = {}

    def read(self, uri: S3Uri) -> Iterator[bytes]:
        """The object's bytes in chunks."""
        yield from self._s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].iter_chunks(_CHUNK_BYTES)

    def grant_read_access(self, address: str) -> str:
        """A short-lived URL of the object at `s3://…`. Raises TemplateError when it lies outside the project's data locations."""
        uri = S3Uri.parse(address)
        if uri is None or not self._locations.may_read(uri):
            raise TemplateError(f"{address} is outside the project's data locations")
        if address not in self._granted:
            self._granted[address] = self._s3.generate_presigned_url(
                "get_object", Params={"Bucket": uri.bucket, "Key": uri.key}, ExpiresIn=_URL_SECONDS
            )
        return self._granted[address]

    def granted_urls(self) -> tuple[str, ...]:
        """All URLs that were made."""
        return tuple(self._granted.values())

    def unseen(self) -> tuple[str, ...]:
        """The presigned objects that a browser could not fetch: each is asked for its first byte."""
        return tuple(address for address, url in self._granted.items() if not _answers(url))


def _answers(url: str) -> bool:
    request = urllib.request.Request(url, headers={"Range": "bytes=0-0"})  # noqa: S310 - a URL of S3 that we made
    try:
        with urllib.request.urlopen(request, timeout=_FETCH_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise  # trying again may mend it
        return False
