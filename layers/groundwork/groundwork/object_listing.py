"""Whether the objects that a manifest names exist, and how large they are: from listings, 1,000 keys a request, never one by one.

A listing comes in the order of the keys' UTF-8 bytes, which is the order of Python's strings. So the sorted keys and the listing are
merged, and the listing jumps over whatever lies before the next key. A densely named folder costs a request per 1,000 objects; keys
strewn over a much larger one cost about a request each. Memory holds one page of the listing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.manifest import MAX_KEY_BYTES, excerpt

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_REFUSED = frozenset({"AccessDenied", "AllAccessDisabled", "InvalidObjectState"})


@dataclass(frozen=True, slots=True)
class Named:
    """An object that a manifest names: the first line that does, and the attribute."""

    uri: S3Uri
    line: int
    attribute: str


@dataclass(frozen=True, slots=True)
class Found:
    """A named object's size in bytes; or None, and then `problem` is the code of the rule it breaks and `hint` what may help."""

    named: Named
    size: int | None
    problem: str | None = None
    hint: str | None = None


def look_up(s3: "S3Client", objects: Iterable[Named], locations: DataLocations) -> Iterator[Found]:
    """Look up objects that come in the order of bucket and key, and lie in the project's data locations.

    Lists nothing outside these. Raises botocore's errors for what trying again may mend.
    """
    for (bucket, prefix), group in groupby(objects, key=lambda named: (named.uri.bucket, _granted_prefix(locations, named.uri))):
        yield from _look_up_below(s3, bucket, prefix, group)


def _look_up_below(s3: "S3Client", bucket: str, prefix: str, objects: Iterator[Named]) -> Iterator[Found]:
    """Merge the objects, all below one prefix, with listings of it."""
    paginator = s3.get_paginator("list_objects_v2")
    named = next(objects, None)
    while named is not None:
        try:
            for page in paginator.paginate(Bucket=bucket, Prefix=prefix, StartAfter=_just_before(named.uri.key)):
                listed = _Listed({found["Key"]: found["Size"] for found in page.get("Contents", [])}, is_complete=not page["IsTruncated"])
                while named is not None and listed.reaches(key := named.uri.key):
                    size = listed.sizes.get(key)
                    yield Found(named, size) if size is not None else Found(named, None, "manifest.object-missing", listed.near_miss(key))
                    named = next(objects, None)
                if named is None or listed.ends_before(_just_before(named.uri.key)):
                    break
        except ClientError as error:
            problem = _unlisted(error)
            while named is not None:
                yield Found(named, None, problem, f"s3://{bucket}/{prefix}")
                named = next(objects, None)


@dataclass(frozen=True)
class _Listed:
    """One page of a listing: sizes in bytes by key, and whether it came to the end of the prefix."""

    sizes: dict[str, int]
    is_complete: bool

    @cached_property
    def _last_key(self) -> str:
        return max(self.sizes, default="")

    @cached_property
    def _by_folded_key(self) -> dict[str, str]:
        return {key.casefold(): key for key in self.sizes}

    def reaches(self, key: str) -> bool:
        """Whether the object, if it existed, would be in this page or in one before it."""
        return self.is_complete or key <= self._last_key

    def ends_before(self, key: str) -> bool:
        """Whether a new listing that starts at `key` would skip something. An empty page (a store may send one) tells nothing."""
        return bool(self.sizes) and self._last_key < key

    def near_miss(self, key: str) -> str | None:
        """What was probably meant by a key that does not exist, if this page shows it."""
        decoded = unquote_plus(key)
        if decoded in self.sizes:
            return excerpt(f"there is {decoded}: write keys as they are, not URL-encoded")
        similar = self._by_folded_key.get(key.casefold())
        return similar and excerpt(f"there is {similar}: upper and lower case differ")


def _unlisted(error: ClientError) -> str:
    """The rule that a refused listing breaks. Raises the error again when it is none of the caller's making."""
    code = error.response["Error"]["Code"]
    if code == "NoSuchBucket":
        return "manifest.bucket-missing"
    if code in ACCESS_REFUSED:
        return "manifest.objects-unreadable"
    raise error


def _granted_prefix(locations: DataLocations, uri: S3Uri) -> str:
    """The widest data location that covers the object: the fewest listings, and never one of anything not granted."""
    return min((location.prefix.key for location in locations.locations if location.covers(uri)), key=len)


def _just_before(key: str) -> str:
    """A string that sorts before `key`, with next to no real key between the two."""
    before_last = ord(key[-1]) - 1
    if before_last < 0x20 or 0xD800 <= before_last <= 0xDFFF:
        return key[:-1]
    # `~` sorts after the other printable ASCII characters: this also skips what lies below a folder of that name.
    return f"{key[:-1]}{chr(before_last)}~" if len(key.encode()) < MAX_KEY_BYTES else f"{key[:-1]}{chr(before_last)}"
