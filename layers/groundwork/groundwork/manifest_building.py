"""Manifests written from what lies under a prefix, for people who have only objects (Ground Truth's "automated data setup").

Every image becomes a line with its `source-ref`; every line of a `.txt` file and every row of a `.csv` file becomes a line with its
`source`. Lines come in the order of the keys. What is left out is counted by rule, with the first places.

Nothing is ever held whole. The manifest is a multipart upload: its parts are sent as they fill up, and what a step has begun and not
sent waits in S3 for the next one. So a build of any length goes on over as many steps as it needs; a step that is repeated writes the
same parts again.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from botocore.exceptions import ClientError

from groundwork.data_locations import S3Uri
from groundwork.manifest import IMAGE_SUFFIXES, MAX_ATTRIBUTE_CHARACTERS, MAX_LINE_BYTES, SOURCE, SOURCE_REF, excerpt, lines
from groundwork.object_listing import ACCESS_REFUSED
from groundwork.rules import RULES, Severity, fault
from groundwork.task_types import TaskCategory
from groundwork.uploads import UPLOADER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 wants 5 MiB of every part but the last.
PART_BYTES = 8 * 1024**2
# The largest object that one copy request takes, and a launch copies its manifest.
MAX_MANIFEST_BYTES = 5 * 1024**3
MAX_PLACES = 10
TEXT_COLUMNS = ("source", "text")

_CHUNK_BYTES = 1024**2
# Files this small are fetched ahead, several at a time; a page of the listing has at most 1,000 of them.
_SMALL_BYTES = 64 * 1024
_FETCHERS = 16
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What to build: a manifest of the data objects of `category` under `prefix`, written to `target`.

    `build_id` tells this build from any other of the same target. `scratch` is the prefix for what waits between two steps.
    What lies under `excluded` is no data: what Groundwork itself writes. `may_replace`: whether an older object may be at the target.
    """

    prefix: S3Uri
    category: TaskCategory
    target: S3Uri
    build_id: str
    scratch: S3Uri
    excluded: S3Uri
    requested_by: str
    may_replace: bool = False


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build has come: all that its next step must know, small enough to travel through a state machine.

    `after_key`: the last key that is done; `open_key`, `rows`: the file that is not, and how many of its rows are. `parts`: parts that are
    sent; `waiting`: bytes that wait in S3. `findings`: by rule, how often it was broken, and the first places.
    """

    upload_id: str
    step: int = 0
    parts: int = 0
    waiting: int = 0
    written_bytes: int = 0
    after_key: str = ""
    open_key: str = ""
    rows: int = 0
    files: int = 0
    objects: int = 0
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_done: bool = False

    def faults(self, order: BuildOrder) -> list[dict[str, Any]]:
        """What was found, errors first, as a validation report has it; a place's `line` is the row of the file that `detail` names."""
        found = [_document(code, order, entry) for code, entry in self.findings.items()]
        return sorted(found, key=lambda document: document["severity"] != Severity.ERROR.value)

    def count(self, severity: Severity) -> int:
        return sum(entry["count"] for code, entry in self.findings.items() if RULES[code].severity is severity)


class BuildFailedError(Exception):
    """There will be no manifest. `progress` says why."""

    def __init__(self, progress: BuildProgress) -> None:
        super().__init__(", ".join(progress.findings))
        self.progress = progress


def begin(s3: "S3Client", order: BuildOrder) -> BuildProgress:
    """Start the upload. Raises BuildFailedError when there is an object at the target already."""
    if not order.may_replace and _found(s3, order) is not None:
        raise BuildFailedError(_Findings().noted("build.manifest-exists").of(BuildProgress("")))
    upload = s3.create_multipart_upload(
        Bucket=order.target.bucket,
        Key=order.target.key,
        ContentType="application/jsonl",
        Metadata={"groundwork-build": order.build_id, UPLOADER: quote(order.requested_by)},
    )
    return BuildProgress(upload["UploadId"])


def go_on(s3: "S3Client", order: BuildOrder, progress: BuildProgress, *, has_time: Callable[[], bool]) -> BuildProgress:
    """Write on from where `progress` stands, until everything is written (`is_done`) or `has_time` says no.

    Raises BuildFailedError when there can be no manifest, and botocore's errors for what trying again may mend.
    """
    writing = _Writing(s3, order, progress)
    try:
        for item in _items(s3, order, progress):
            writing.take(item)
            if writing.size > MAX_MANIFEST_BYTES:
                raise BuildFailedError(writing.failed("build.manifest-too-large"))
            if not has_time():
                return writing.pause()
    except ClientError as error:
        if error.operation_name == "ListObjectsV2" and error.response["Error"]["Code"] in {*ACCESS_REFUSED, "NoSuchBucket"}:
            raise BuildFailedError(writing.failed("build.prefix-unreadable")) from error
        raise
    if writing.objects == 0:
        raise BuildFailedError(writing.failed("build.prefix-empty"))
    return writing.finish()


def abandon(s3: "S3Client", order: BuildOrder, progress: BuildProgress) -> None:
    """Give the sent parts back. Harmless when there is nothing to give back."""
    if not progress.upload_id:
        return
    try:
        s3.abort_multipart_upload(Bucket=order.target.bucket, Key=order.target.key, UploadId=progress.upload_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise


def nth_object(s3: "S3Client", order: BuildOrder, number: int) -> dict[str, Any] | None:
    """The attributes of the line with that zero-based number in the manifest that would be built now; None when it has fewer."""
    sources = (item.source for item in _items(s3, order, BuildProgress("")) if item.source is not None)
    source = next(islice(sources, number, None), None)
    return None if source is None else {_source_attribute(order): source}


# --- what lies under the prefix --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing found under the prefix: a data object's source, or something left out, or only the end of a file."""

    key: str
    row: int | None = None
    source: str | None = None
    code: str | None = None
    detail: str | None = None
    ends_file: bool = False


def _source_attribute(order: BuildOrder) -> str:
    return SOURCE_REF if order.category == "Image" else SOURCE


def _items(s3: "S3Client", order: BuildOrder, progress: BuildProgress) -> Iterator[_Item]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=order.prefix.bucket, Prefix=order.prefix.key, StartAfter=progress.after_key)
    with ThreadPoolExecutor(_FETCHERS) as fetchers:
        for page in pages:
            listed = [entry for entry in page.get("Contents", []) if not (entry["Key"].endswith("/") and entry["Size"] == 0)]
            codes = {entry["Key"]: _left_out(order, entry) for entry in listed}
            small = [e["Key"] for e in listed if order.category == "Text" and codes[e["Key"]] is None and e["Size"] <= _SMALL_BYTES]
            fetched = dict(zip(small, fetchers.map(lambda key: _whole(s3, order.prefix.bucket, key), small), strict=True))
            for entry in listed:
                key, code = entry["Key"], codes[entry["Key"]]
                if code is not None:
                    detail = entry.get("StorageClass") if code == "build.object-unreadable" else None
                    yield _Item(key, code=code, detail=detail, ends_file=True)
                elif order.category == "Image":
                    yield _Item(key, source=str(S3Uri(order.prefix.bucket, key)), ends_file=True)
                else:
                    done = progress.rows if key == progress.open_key else 0
                    yield from islice(_texts(s3, order.prefix.bucket, key, fetched.pop(key, None)), done, None)
                    yield _Item(key, ends_file=True)


def _left_out(order: BuildOrder, entry: Any) -> str | None:
    """The rule by which the listed object is no data object; None when it is one."""
    key = entry["Key"]
    suffixes = IMAGE_SUFFIXES if order.category == "Image" else (".txt", ".csv")
    is_ours = order.prefix.bucket == order.excluded.bucket and key.startswith(order.excluded.key)
    if is_ours or not key.lower().endswith(suffixes):
        return "build.foreign-file"
    if S3Uri.parse(str(S3Uri(order.prefix.bucket, key))) is None:
        return "build.key-unusable"
    if entry["Size"] == 0:
        return "build.object-empty"
    return "build.object-unreadable" if entry.get("StorageClass") in _ARCHIVED else None


@dataclass(frozen=True, slots=True)
class _Unreadable:
    reason: str


def _whole(s3: "S3Client", bucket: str, key: str) -> bytes | _Unreadable:
    body = _open(s3, bucket, key)
    if isinstance(body, _Unreadable):
        return body
    with closing(body):
        return bytes(body.read())


def _open(s3: "S3Client", bucket: str, key: str) -> Any:
    """The object's body, or why it cannot be read. An object that was deleted since it was listed is one that cannot."""
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ACCESS_REFUSED or code == "NoSuchKey" or code.startswith("KMS."):
            return _Unreadable(code)
        raise


def _texts(s3: "S3Client", bucket: str, key: str, fetched: bytes | _Unreadable | None) -> Iterator[_Item]:
    """One item for each row of the file, blank or not, so that rows can be counted."""
    content = _open(s3, bucket, key) if fetched is None else fetched
    if isinstance(content, _Unreadable):
        yield _Item(key, 0, code="build.object-unreadable", detail=content.reason)
        return
    chunks = [content] if isinstance(content, bytes) else content.iter_chunks(_CHUNK_BYTES)
    rows = _csv_rows if key.lower().endswith(".csv") else _decoded
    row = -1
    try:
        for row, text in enumerate(rows(lines(chunks))):
            if text is None or not text.strip():
                yield _Item(key, row)
            elif len(text) > MAX_ATTRIBUTE_CHARACTERS:
                yield _Item(key, row, code="build.text-too-long", detail=f"{len(text)} characters")
            else:
                yield _Item(key, row, text)
    except UnicodeDecodeError:
        yield _Item(key, row + 1, code="build.text-not-utf8")
    except csv.Error as error:
        yield _Item(key, row + 1, code="build.csv-malformed", detail=str(error))
    except _NoTextColumnError as error:
        yield _Item(key, row + 1, code="build.csv-no-text-column", detail=str(error))


def _decoded(raw_lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text. An over-long one stays over-long: whatever of it was cut off changes nothing."""
    for number, raw in enumerate(raw_lines):
        # A line that was cut may have been cut inside a character.
        text = raw.decode(errors="ignore" if len(raw) > MAX_LINE_BYTES else "strict")
        yield text.removeprefix(_BYTE_ORDER_MARK) if number == 0 else text


class _NoTextColumnError(Exception):
    """The header names no column of texts; `str(error)` is the header."""


def _csv_rows(raw_lines: Iterable[bytes]) -> Iterator[str | None]:
    """The text of every row; None for the header. The header is the first row, unless the file has one column of any name."""
    column = 0
    for number, row in enumerate(csv.reader(f"{line}\n" for line in _decoded(raw_lines))):
        if number == 0:
            names = [name.strip().lower() for name in row]
            named = [names.index(name) for name in TEXT_COLUMNS if name in names]
            if not named and len(row) > 1:
                raise _NoTextColumnError(", ".join(row))
            column = named[0] if named else 0
            yield None if named else "".join(row)
        else:
            yield row[column] if column < len(row) else None


# --- writing ---------------------------------------------------------------------------------------------------------


class _Findings:
    """Broken rules: how often, and the first places."""

    def __init__(self, found: dict[str, dict[str, Any]] | None = None) -> None:
        self._found = {code: {"count": entry["count"], "places": list(entry["places"])} for code, entry in (found or {}).items()}

    def noted(self, code: str, place: dict[str, Any] | None = None) -> "_Findings":
        entry = self._found.setdefault(code, {"count": 0, "places": []})
        entry["count"] += 1
        if place is not None and len(entry["places"]) < MAX_PLACES:
            entry["places"].append(place)
        return self

    def of(self, progress: BuildProgress) -> BuildProgress:
        return replace(progress, findings=self._found)


class _Writing:
    """One step of a build."""

    def __init__(self, s3: "S3Client", order: BuildOrder, progress: BuildProgress) -> None:
        self._s3 = s3
        self._order = order
        self._progress = progress
        self._findings = _Findings(progress.findings)
        self._attribute = _source_attribute(order)
        self._pending = bytearray(self._waiting() if progress.waiting else b"")

    @property
    def objects(self) -> int:
        return self._progress.objects

    @property
    def size(self) -> int:
        return self._progress.written_bytes + len(self._pending)

    def take(self, item: _Item) -> None:
        progress = self._progress
        if item.code is not None:
            uri = str(S3Uri(self._order.prefix.bucket, item.key))
            detail = uri if item.detail is None else f"{uri}: {excerpt(item.detail)}"
            self._findings.noted(item.code, {"line": item.row or 0, "object": None, "attribute": None, "detail": detail})
        if item.source is not None:
            self._pending += msgspec.json.encode({self._attribute: item.source}) + b"\n"
            progress = replace(progress, objects=progress.objects + 1)
        if item.row is not None:
            progress = replace(progress, open_key=item.key, rows=item.row + 1)
        if item.ends_file:
            progress = replace(progress, after_key=item.key, open_key="", rows=0, files=progress.files + 1)
        self._progress = progress
        if len(self._pending) >= PART_BYTES:
            self._send()

    def _send(self) -> None:
        order, progress = self._order, self._progress
        number = progress.parts + 1
        try:
            self._s3.upload_part(
                Bucket=order.target.bucket, Key=order.target.key, UploadId=progress.upload_id, PartNumber=number, Body=bytes(self._pending)
            )
        except ClientError as error:
            # A repetition of the last step finds the manifest made.
            if error.response["Error"]["Code"] != "NoSuchUpload" or not _is_own(self._s3, order):
                raise
        self._progress = replace(progress, parts=number, written_bytes=progress.written_bytes + len(self._pending))
        self._pending.clear()

    def pause(self) -> BuildProgress:
        """Leave what is not sent in S3, under the number of the step, so that a repeated step still finds what it began with."""
        step = self._progress.step + 1
        if self._pending:
            waiting = self._scratch(step)
            self._s3.put_object(Bucket=waiting.bucket, Key=waiting.key, Body=bytes(self._pending))
        return self._findings.of(replace(self._progress, step=step, waiting=len(self._pending)))

    def finish(self) -> BuildProgress:
        if self._pending:
            self._send()
        done = self._findings.of(replace(self._progress, step=self._progress.step + 1, waiting=0, is_done=True))
        if not _complete(self._s3, self._order, done):
            raise BuildFailedError(self.failed("build.manifest-exists"))
        return done

    def failed(self, code: str) -> BuildProgress:
        return self._findings.noted(code).of(self._progress)

    def _scratch(self, step: int) -> S3Uri:
        return self._order.scratch.child(f"{self._order.build_id}/{step}")

    def _waiting(self) -> bytes:
        waiting = self._scratch(self._progress.step)
        return self._s3.get_object(Bucket=waiting.bucket, Key=waiting.key)["Body"].read()


def _complete(s3: "S3Client", order: BuildOrder, progress: BuildProgress) -> bool:
    """Make the object of its parts, unless there is another one by now. Whether the object is this build's; repeating it is harmless."""
    target, upload_id = order.target, progress.upload_id
    try:
        pages = s3.get_paginator("list_parts").paginate(Bucket=target.bucket, Key=target.key, UploadId=upload_id)
        # A step that was cut off and repeated may have sent more parts than the repetition needed.
        sent = [part for page in pages for part in page.get("Parts", []) if part["PartNumber"] <= progress.parts]
        parts: Sequence[Any] = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in sent]
        only_if: Any = {} if order.may_replace else {"IfNoneMatch": "*"}
        s3.complete_multipart_upload(Bucket=target.bucket, Key=target.key, UploadId=upload_id, MultipartUpload={"Parts": parts}, **only_if)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchUpload", "PreconditionFailed"}:
            raise
        return _is_own(s3, order)
    return True


def _found(s3: "S3Client", order: BuildOrder) -> dict[str, str] | None:
    """The metadata of the object at the target; None when there is none."""
    try:
        return s3.head_object(Bucket=order.target.bucket, Key=order.target.key)["Metadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            return None
        raise


def _is_own(s3: "S3Client", order: BuildOrder) -> bool:
    return (_found(s3, order) or {}).get("groundwork-build") == order.build_id


def _document(code: str, order: BuildOrder, entry: dict[str, Any]) -> dict[str, Any]:
    kinds = "images (.jpg, .jpeg, .png)" if order.category == "Image" else "texts (.txt, .csv)"
    found = fault(code, prefix=order.prefix, kinds=kinds, target=order.target)
    return {
        "code": code,
        "severity": found.severity.value,
        "message": found.message,
        "remedy": found.remedy,
        "count": entry["count"],
        "places": entry["places"],
    }
