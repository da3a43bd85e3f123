"""As much of S3 as validation asks for, in memory and countable: for properties over many manifests, where moto is too slow."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

_PAGE = 1_000


class S3InMemory:
    """One bucket. `requests` counts what was asked for, by operation. Objects listed but never read may be given as their size only."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes | int] = {}
        self.requests: Counter[str] = Counter()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.requests["PutObject"] += 1
        self.objects[Key] = Body
        return {}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self.requests["HeadObject"] += 1
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        body = self._body(Key)
        return {"ContentLength": len(body), "ETag": _etag(body)}

    def get_object(self, *, Bucket: str, Key: str, Range: str = "bytes=0-", IfMatch: str | None = None) -> dict[str, Any]:  # noqa: N803
        self.requests["GetObject"] += 1
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
            self.requests["ListObjectsV2"] += 1
            yield {
                "IsTruncated": start + _PAGE < len(keys),
                "Contents": [{"Key": key, "Size": self._size(key)} for key in keys[start : start + _PAGE]],
            }

    def _size(self, key: str) -> int:
        found = self.objects[key]
        return found if isinstance(found, int) else len(found)

    def _body(self, key: str) -> bytes:
        found = self.objects[key]
        assert isinstance(found, bytes), f"{key} is known by its size only"
        return found


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
