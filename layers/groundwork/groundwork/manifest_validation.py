"""Validation of a manifest and of the data objects it names, to one report.

The manifest is read once, as a stream. Faults are counted per rule, with the first 100 places of each. Memory does not grow with the file:
besides one chunk, it holds for at most `max_objects` lines the key of the object (1,024 characters at most; about 20 MB for 100,000 keys
of ordinary length) or a 16-byte digest of the text (about 15 MB). Lines beyond that are still read and counted, but not compared
with the others and their objects not looked up: the manifest is over its limit and fails anyway.
"""

from collections import deque
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.manifest import MAX_KEY_BYTES, SOURCE_REF, ManifestExpectation, ManifestLine, ManifestReader, excerpt, lines
from groundwork.rules import Fault, Place, Severity, fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# SageMaker guide, "Input data quotas": 40 MB for an image. Which megabyte is not said, so nothing is refused that the larger one allows.
MAX_IMAGE_BYTES = 40 * 1024 * 1024
MAX_PLACES = 100

_CHUNK_BYTES = 1024 * 1024
_MAX_KNOWN_FOLDERS = 10_000
_ACCESS_REFUSED = frozenset({"AccessDenied", "AllAccessDisabled", "InvalidObjectState"})


@dataclass(frozen=True, slots=True)
class ReportedFault:
    """One broken rule, how often it is broken, and the first places where."""

    code: str
    severity: Severity
    message: str
    remedy: str
    count: int
    places: tuple[Place, ...]

    def document(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "remedy": self.remedy,
            "count": self.count,
            "places": [_place_document(place) for place in self.places],
        }


def _place_document(place: Place) -> dict[str, Any]:
    document: dict[str, Any] = {"line": place.line, "object": place.object, "attribute": place.attribute}
    if place.detail is not None:
        document["detail"] = place.detail
    return document


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What validation found. `objects` counts the manifest's lines, `labeled` those that hold the job's label attribute already.

    `first_line` holds the attributes of the first line without an error of its own, for a preview of the worker page.
    """

    objects: int
    labeled: int
    faults: tuple[ReportedFault, ...]
    first_line: dict[str, Any] | None

    @property
    def state(self) -> Literal["passed", "failed"]:
        return "failed" if self.errors else "passed"

    @property
    def errors(self) -> int:
        return self._occurrences(Severity.ERROR)

    @property
    def warnings(self) -> int:
        return self._occurrences(Severity.WARNING)

    def _occurrences(self, severity: Severity) -> int:
        return sum(found.count for found in self.faults if found.severity is severity)

    def summary(self) -> dict[str, Any]:
        """The job's `validation`: state, objects, errors and warnings (occurrences, not rules)."""
        return {"state": self.state, "objects": self.objects, "errors": self.errors, "warnings": self.warnings}

    def document(self) -> dict[str, Any]:
        """The report as clients get it (api.md, validation-report): the summary and the faults, errors first."""
        return {**self.summary(), "faults": [found.document() for found in self.faults]}


def validate(s3: "S3Client", manifest: S3Uri, *, locations: DataLocations, expectation: ManifestExpectation) -> ValidationReport:
    """Read the manifest at `manifest` and look up the objects it names, touching nothing outside the project's data locations.

    Whatever is wrong with the manifest, or with reading it or the objects under the present rights, is in the report. Raises botocore's
    errors for what trying again may mend: throttling, outages, a connection lost while reading.
    """
    tally = _Tally()
    survey = _Survey(expectation, locations, tally)
    if locations.may_read(manifest):
        try:
            body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"]
        except ClientError as error:
            tally.add(_unreadable_manifest(error))
        else:
            with closing(body):
                survey.read(body.iter_chunks(_CHUNK_BYTES))
            for bucket, line_of_key in survey.objects.items():
                _look_up(s3, bucket, line_of_key, locations=locations, is_image=expectation.is_image, tally=tally)
    else:
        tally.add(fault("manifest.outside-locations"))
    return ValidationReport(survey.line_count, survey.labeled_count, tally.reported(), survey.first_line)


def _unreadable_manifest(error: ClientError) -> Fault:
    code = error.response["Error"]["Code"]
    if code in {"NoSuchKey", "NoSuchBucket"}:
        return fault("manifest.not-found")
    if code in _ACCESS_REFUSED:
        return fault("manifest.unreadable")
    raise error


@dataclass(slots=True)
class _Tally:
    """Faults by code, in the order the codes first came up."""

    _first: dict[str, Fault] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _places: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, found: Fault) -> None:
        code = found.code
        self._first.setdefault(code, found)
        self._counts[code] = self._counts.get(code, 0) + 1
        places = self._places.setdefault(code, [])
        if found.place is not None and len(places) < MAX_PLACES:
            places.append(found.place)

    def reported(self) -> tuple[ReportedFault, ...]:
        reported = (
            ReportedFault(code, first.severity, first.message, first.remedy, self._counts[code], tuple(self._places[code]))
            for code, first in self._first.items()
        )
        return tuple(sorted(reported, key=lambda found: found.severity is not Severity.ERROR))


class _Survey:
    """One pass over the lines: their own faults, repetitions, and the objects to look up."""

    def __init__(self, expectation: ManifestExpectation, locations: DataLocations, tally: _Tally) -> None:
        self.line_count = 0
        self.labeled_count = 0
        self.first_line: dict[str, Any] | None = None
        # By bucket, the keys to look up, each with the first line that names it.
        self.objects: dict[str, dict[str, int]] = {}
        self._expectation = expectation
        self._locations = locations
        self._tally = tally
        self._line_of_text: dict[bytes, int] = {}
        self._readable_folders: dict[str, bool] = {}

    def read(self, chunks: Iterable[bytes]) -> None:
        reader = ManifestReader(self._expectation)
        for number, raw in enumerate(lines(chunks)):
            self._take(number, reader.read(raw, number))
            self.line_count = number + 1
        self._conclude()

    def _take(self, number: int, line: ManifestLine) -> None:
        for found in line.faults:
            self._tally.add(found)
        if line.labeled:
            self.labeled_count += 1
        is_valid = line.is_valid
        if line.source is not None:
            is_valid &= self._take_source(number, line.source, labeled=line.labeled)
        if is_valid and self.first_line is None:
            self.first_line = line.attributes

    def _take_source(self, number: int, source: str, *, labeled: bool) -> bool:
        """Whether the line's source may be used. A labeled line is not sent out, so its object is not looked up, nor is it a repetition."""
        reads_objects = self._expectation.source_attribute == SOURCE_REF
        if reads_objects and not self._may_read(source):
            place = Place(number, number, SOURCE_REF, excerpt(source))
            self._tally.add(fault("manifest.object-outside-locations", place=place))
            return False
        if labeled or number >= self._expectation.max_objects:
            return True
        if reads_objects:
            bucket, _, key = source.removeprefix("s3://").partition("/")
            first = self.objects.setdefault(bucket, {}).setdefault(key, number)
        else:
            first = self._line_of_text.setdefault(blake2b(source.encode(), digest_size=16).digest(), number)
        if first != number:
            place = Place(number, number, self._expectation.source_attribute, f"first in line {first}")
            self._tally.add(fault("manifest.duplicate", place=place))
        return True

    def _may_read(self, reference: str) -> bool:
        # A data location ends in a slash, so it covers all objects of a folder or none of them.
        folder = reference[: reference.rindex("/") + 1]
        readable = self._readable_folders.get(folder)
        if readable is None:
            if len(self._readable_folders) >= _MAX_KNOWN_FOLDERS:
                self._readable_folders.clear()
            bucket, _, key = folder.removeprefix("s3://").partition("/")
            readable = self._readable_folders[folder] = self._locations.may_read(S3Uri(bucket, key))
        return readable

    def _conclude(self) -> None:
        limit = self._expectation.max_objects
        if self.line_count == 0:
            self._tally.add(fault("manifest.empty"))
        elif self.line_count > limit:
            place = Place(limit, limit, None, f"{self.line_count} lines")
            self._tally.add(fault("manifest.too-many-objects", place=place, limit=limit))
        if 0 < self.line_count == self.labeled_count:
            self._tally.add(fault("manifest.none-left", label_attribute=self._expectation.label_attribute))


def _look_up(s3: "S3Client", bucket: str, line_of_key: dict[str, int], *, locations: DataLocations, is_image: bool, tally: _Tally) -> None:
    """Find out from listings whether the objects exist and how large they are: 1,000 keys a request, in the order of the keys.

    A listing comes in the order of the keys' UTF-8 bytes, which is the order of Python's strings. So the sorted keys and the listing are
    merged, and the listing jumps over whatever lies before the next key. A densely named folder costs a request per 1,000 objects; keys
    strewn over a much larger one cost about a request each.
    """
    paginator = s3.get_paginator("list_objects_v2")
    keys = deque(sorted(line_of_key))

    def add(code: str, key: str, detail: str | None = None) -> None:
        line = line_of_key[key]
        tally.add(fault(code, place=Place(line, line, SOURCE_REF, detail)))

    while keys:
        prefix = _granted_prefix(locations, S3Uri(bucket, keys[0]))
        try:
            for page in paginator.paginate(Bucket=bucket, Prefix=prefix, StartAfter=_just_before(keys[0])):
                listed = _Listed({found["Key"]: found["Size"] for found in page.get("Contents", [])}, is_complete=not page["IsTruncated"])
                while keys and keys[0].startswith(prefix) and listed.reaches(keys[0]):
                    key = keys.popleft()
                    size = listed.sizes.get(key)
                    if size is None:
                        add("manifest.object-missing", key, listed.near_miss(key))
                    elif size == 0:
                        add("manifest.object-empty", key)
                    elif is_image and size > MAX_IMAGE_BYTES:
                        add("manifest.object-too-large", key, f"{size} bytes")
                if not keys or not keys[0].startswith(prefix) or listed.ends_before(_just_before(keys[0])):
                    break
        except ClientError as error:
            code = _unlisted(error)
            while keys and keys[0].startswith(prefix):
                add(code, keys.popleft(), f"s3://{bucket}/{prefix}")


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
    if code in _ACCESS_REFUSED:
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
