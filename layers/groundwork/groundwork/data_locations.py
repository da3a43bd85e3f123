"""S3 URIs, and the data locations a project was granted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

# Source: botocore SageMaker model, shape S3Uri. It also allows https; Groundwork takes the s3 form only, so that one object has one name.
_S3_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.*)", re.DOTALL)
_MAX_URI_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class S3Uri:
    """`s3://bucket/key`. A key that is empty or ends in `/` names a prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The URI, or None when `text` is not a legal one: bucket rules, 1,024 characters, no control characters, no `.`/`..` segments."""
        match = _S3_URI.fullmatch(text)
        if match is None or len(text) > _MAX_URI_LENGTH or any(ord(character) < 32 or ord(character) == 127 for character in text):
            return None
        if any(segment in {".", ".."} for segment in match["key"].split("/")):
            return None
        return cls(match["bucket"], match["key"])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def child(self, relative: str) -> "S3Uri":
        """The object or prefix `relative` below this prefix."""
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/{relative}" if self.key else relative)


def folder(text: str) -> S3Uri | None:
    """The prefix `text` names, a folder even when written without its slash (`pets` must not cover `pets-2/`); None when it is illegal."""
    uri = S3Uri.parse(text)
    return uri if uri is None or not uri.key or uri.key.endswith("/") else S3Uri(uri.bucket, f"{uri.key}/")


class LocationAccess(StrEnum):
    """What a project may do at a data location."""

    READ = "read"
    READ_WRITE = "read_write"


@dataclass(frozen=True, slots=True)
class DataLocation:
    """A prefix the project was granted. Its key always ends in `/`, so that `projects/pets/` never covers `projects/pets-2/`."""

    id: str
    prefix: S3Uri
    access: LocationAccess

    def covers(self, uri: S3Uri) -> bool:
        return uri.bucket == self.prefix.bucket and uri.key.startswith(self.prefix.key)


@dataclass(frozen=True, slots=True)
class DataLocations:
    """All data locations of one project: the one answer to "may this project read or write there?"."""

    locations: tuple[DataLocation, ...]

    @classmethod
    def of(cls, locations: Iterable[DataLocation]) -> Self:
        return cls(tuple(locations))

    def covering(self, uri: S3Uri) -> DataLocation | None:
        """A data location that covers it, if there is one."""
        return next((location for location in self.locations if location.covers(uri)), None)

    def may_read(self, uri: S3Uri) -> bool:
        return self.covering(uri) is not None

    def may_write(self, uri: S3Uri) -> bool:
        return any(location.covers(uri) and location.access is LocationAccess.READ_WRITE for location in self.locations)


def project_prefix(data_bucket: str, project: str) -> S3Uri:
    """The prefix in the data bucket that every project has from the start (data location `default`)."""
    return S3Uri(data_bucket, f"projects/{project}/")
