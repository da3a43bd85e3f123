"""A look around a project's data locations: what lies where, one folder at a time, and a short-lived URL of one object.

Both are done with the worker view's right, narrowed to the one data location that is asked about; nothing else is ever listed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from groundwork.data_locations import DataLocation, DataLocations, S3Uri
from groundwork.errors import InvalidRequestError
from groundwork.object_listing import ACCESS_REFUSED
from groundwork.page_tokens import not_of_this_list, page_token, place_as
from groundwork.presigning import URL_LIFETIME
from groundwork.rules import fault
from groundwork.store import Page

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

    from groundwork.presigning import WorkerView


class Kind(StrEnum):
    """What an entry is: an object, or a prefix that others begin with (a folder)."""

    PREFIX = "prefix"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a look around; size in bytes and time of the last change are an object's."""

    kind: Kind
    uri: S3Uri
    name: str
    size: int | None = None
    last_modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectUrl:
    """Whoever has the URL may read the object until then."""

    uri: S3Uri
    url: str
    expires_at: datetime


class _Place(BaseModel):
    """Where in a listing the next page begins, in S3's own words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    prefix: str
    continuation: str


def browse(
    view: "WorkerView", project: str, locations: DataLocations, prefix: str | None, *, limit: int, next_token: str | None
) -> Page[Entry]:
    """A page of what lies directly below the prefix, in the order of keys; without one, the project's data locations.

    The prefix need not be a folder: `.../ca` finds what begins so. Raises InvalidRequestError when it is outside the data locations, when
    it cannot be listed, and for a token of another list.
    """
    if prefix is None:
        return Page(tuple(Entry(Kind.PREFIX, location.prefix, location.id) for location in locations.locations), None)
    uri, location = _inside(project, locations, prefix, pointer="/prefix")
    request: Any = {"Bucket": uri.bucket, "Prefix": uri.key, "Delimiter": "/", "MaxKeys": limit}
    if next_token is not None:
        place = place_as(_Place, next_token)
        if place.prefix != str(uri):
            raise not_of_this_list()
        request["ContinuationToken"] = place.continuation
    lister = view.lister(project, location)
    try:
        listed = lister.list_objects_v2(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "InvalidArgument" and next_token is not None:
            raise not_of_this_list() from None
        if code == "NoSuchBucket" or code in ACCESS_REFUSED:
            raise InvalidRequestError([fault("objects.unlistable", pointer="/prefix", uri=uri)]) from error
        raise
    following = listed.get("NextContinuationToken") if listed["IsTruncated"] else None
    return Page(_entries(uri, listed), None if following is None else page_token({"prefix": str(uri), "continuation": following}))


def object_url(view: "WorkerView", project: str, locations: DataLocations, address: str) -> ObjectUrl:
    """A URL of the object. Whether there is one is not looked up. Raises InvalidRequestError when it is outside the data locations."""
    uri, location = _inside(project, locations, address, pointer="/s3_uri")
    if uri.key.endswith("/"):
        problem = "it names a folder and not an object"
        raise InvalidRequestError([fault("request.field-invalid", pointer="/s3_uri", field="s3_uri", problem=problem)])
    # A URL is signed as of a whole second.
    expires_at = datetime.now(UTC).replace(microsecond=0) + URL_LIFETIME
    return ObjectUrl(uri, view.of(project, DataLocations.of([location])).grant_read_access(str(uri)), expires_at)


def _inside(project: str, locations: DataLocations, address: str, *, pointer: str) -> tuple[S3Uri, DataLocation]:
    uri = S3Uri.parse(address)
    if uri is None:
        problem = "it is not of the form s3://bucket/key"
        raise InvalidRequestError([fault("request.field-invalid", pointer=pointer, field=pointer.removeprefix("/"), problem=problem)])
    location = locations.covering(uri)
    if location is None:
        raise InvalidRequestError([fault("objects.outside-locations", pointer=pointer, uri=uri, project=project)])
    return uri, location


def _entries(prefix: S3Uri, listed: "ListObjectsV2OutputTypeDef") -> tuple[Entry, ...]:
    folder = prefix.key[: prefix.key.rfind("/") + 1]
    entries = [
        Entry(Kind.PREFIX, S3Uri(prefix.bucket, found["Prefix"]), found["Prefix"].removeprefix(folder))
        for found in listed.get("CommonPrefixes", [])
    ]
    entries += [
        Entry(Kind.OBJECT, S3Uri(prefix.bucket, found["Key"]), found["Key"].removeprefix(folder), found["Size"], found["LastModified"])
        for found in listed.get("Contents", [])
        if found["Key"] != folder  # the object that some tools make to have an empty folder
    ]
    return tuple(sorted(entries, key=lambda entry: entry.uri.key))
