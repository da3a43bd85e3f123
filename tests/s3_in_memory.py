"""As much of S3 as validation asks for, in memory and countable: for properties over many manifests, where moto is too slow."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.builders import OPEN_TO_BROWSERS, a_png

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

_PAGE = 1_000


class S3InMemory:
    """One bucket. `requests` counts what was asked for, by operation. An object given as a size only is a picture of that many bytes."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(region_name="us-east-1")
        self.objects: dict[str, bytes | int] = {}
        # Error codes, by operation (and key) that is to be refused: "GetObject" or "GetObject a/b.png".
        self.refusals: dict[str, str] = {}
        self.location: str | None = None
        self.cors_rule: CORSRuleTypeDef = OPEN_TO_BROWSERS
        self.requests: Counter[str] = Counter()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._note("PutObject", Key)
        self.objects[Key] = Body
        return {}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._note("HeadObject", Key)
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ContentLength": self._size(Key), "ETag": _etag(self.objects[Key])}

    def get_object(self, *, Bucket: str, Key: str, Range: str = "bytes=0-", IfMatch: str | None = None) -> dict[str, Any]:  # noqa: N803
        self._note("GetObject", Key)
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "Not there"}}, "GetObject")
        body = self._body(Key)
        if IfMatch not in {None, _etag(body)}:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "Changed"}}, "GetObject")
        first, _, last = Range.removeprefix("bytes=").partition("-")
        part = body[int(first) : int(last) + 1 if last else None]
        return {"Body": StreamingBody(io.BytesIO(part), len(part)), "ContentLength": len(part)}

    def get_paginator(self, operation: str) -> "S3InMemory":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        for start in range(0, max(len(keys), 1), _PAGE):
            self._note("ListObjectsV2")
            yield {
                "IsTruncated": start + _PAGE < len(keys),
                "Contents": [{"Key": key, "Size": self._size(key)} for key in keys[start : start + _PAGE]],
            }

    def _size(self, key: str) -> int:
        found = self.objects[key]
        return found if isinstance(found, int) else len(found)

    def _body(self, key: str) -> bytes:
        found = self.objects[key]
        return found if isinstance(found, bytes) else a_png().ljust(found, b"\0")

    def get_bucket_location(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        self._note("GetBucketLocation")
        return {"LocationConstraint": self.location}

    def get_bucket_cors(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        self._note("GetBucketCors")
        return {"CORSRules": [self.cors_rule]}

    def _note(self, operation: str, key: str = "") -> None:
        self.requests[operation] += 1
        refusal = self.refusals.get(operation) or self.refusals.get(f"{operation} {key}")
        if refusal:
            raise ClientError({"Error": {"Code": refusal, "Message": "Refused"}}, operation)


def _etag(body: bytes | int) -> str:
    return f'"{hashlib.md5(str(body).encode() if isinstance(body, int) else body, usedforsecurity=False).hexdigest()}"'
