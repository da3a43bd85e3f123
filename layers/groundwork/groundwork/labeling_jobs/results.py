"""What became of a labeling job's data objects, page by page, out of its output manifest.

A request reads a bounded part of the manifest from where the page before ended, so it costs the same in a job of any size; a page may
therefore hold less than was asked for, and the next one goes on. Where the output was written anew between two pages, which happens
while a job runs, the place is found again by counting lines, so that no object is left out or shown twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.errors import ConflictError
from groundwork.exports.labeled_objects import LabeledObject, Report, labeled_object, outcome
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.parts import Part
from groundwork.manifest import SOURCE, SOURCE_REF
from groundwork.page_tokens import not_of_this_list, page_token, place_as
from groundwork.presigning import URL_LIFETIME

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

    from groundwork.presigning import ProjectView, WorkerView

# What a request reads of the manifest, and what of it goes into a page. An answer of a function holds 6 MB, as JSON within JSON.
BYTES_PER_REQUEST = 8 * 1024**2
BYTES_PER_PAGE = 2 * 1024**2
MAX_LINE_BYTES = 2 * 1024**2
_CHUNK_BYTES = 128 * 1024
_MASKS = "-ref"
_UNREADABLE = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied", "InvalidObjectState"})
_BY_PEOPLE = {"yes": True, "true": True, "no": False, "false": False}

# How much the workers of a labeling job's object disagree; None where that is not known.
type DisagreementOf = Callable[[str, int], float | None]


class State(StrEnum):
    """What became of an object. UNREADABLE: its line is no JSON that can be shown, or too long."""

    LABELED = "labeled"
    FAILED = "failed"
    UNLABELED = "unlabeled"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects to show: those to which all applies that is said. Bounds are inclusive; what has no figure has none within them."""

    state: State | None = None
    label: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    min_disagreement: float | None = None
    only_disagreement: bool = False


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Results as clients get them, the token of the next page, and until when the addresses in them are good."""

    items: list[dict[str, Any]]
    next_token: str | None
    urls_expire_at: datetime


class _Place(BaseModel):
    """Where a page begins: at byte `offset` of the output with that ETag begins, or goes on, the line `number`; `wanted` is the first
    that was not shown yet."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    job: str
    etag: str | None = None
    offset: Annotated[int, Field(ge=0, le=2**53)] = 0
    number: Annotated[int, Field(ge=0, le=2**53)] = 0
    wanted: Annotated[int, Field(ge=0, le=2**53)] = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the manifest from byte `start` up to `end`; `content` is None when it is too long. One that `is_cut` goes on at `end`."""

    number: int
    start: int
    end: int
    content: bytes | None
    is_cut: bool = False

    def after(self, place: _Place) -> _Place:
        """Where to go on once this line is dealt with."""
        number = self.number if self.is_cut else self.number + 1
        return place.model_copy(update={"offset": self.end, "number": number, "wanted": max(place.wanted, self.number + 1)})


def read_results(
    view: "WorkerView",
    job: LabelingJob,
    parts: Sequence[Part],
    disagreement_of: DisagreementOf,
    *,
    locations: DataLocations,
    wanted: Wanted,
    limit: int,
    next_token: str | None,
) -> ResultPage:
    """A page of the job's objects in the order of its input. `parts` are those of a job that was split.

    Everything is read and presigned with the workers' right to the project's data locations. Raises ConflictError while there is no
    output, or when it cannot be read, and InvalidRequestError for a token of another list.
    """
    manifest = job.output_manifest()
    place = _Place(job=job.job_id) if next_token is None else place_as(_Place, next_token)
    if place.job != job.job_id:
        raise not_of_this_list()
    # URLs are signed as of a whole second.
    expire_at = datetime.now(UTC).replace(microsecond=0) + URL_LIFETIME
    lent = view.of(job.project, locations)
    reader = _Reader(job, parts, disagreement_of, lent, locations)
    opened = _open(lent, manifest, place)
    if opened is None:
        return ResultPage([], None, expire_at)
    place, total, chunks = opened
    items: list[dict[str, Any]] = []
    shown = 0
    for line in _lines(chunks, place, total):
        if line.number >= place.wanted and (found := reader.read(line)) is not None and reader.fits(found, wanted):
            size = line.end - line.start if line.content else 0
            if len(items) == limit or (items and shown + size > BYTES_PER_PAGE):
                return ResultPage(items, page_token(place.model_dump()), expire_at)
            items.append(reader.document(found))
            shown += size
        place = line.after(place)
    return ResultPage(items, page_token(place.model_dump()) if place.offset < total else None, expire_at)


def _open(lent: "ProjectView", manifest: S3Uri, place: _Place) -> tuple[_Place, int, Iterator[bytes]] | None:
    """The place in the output as it is now, how many bytes that has, and a bounded part of it from there on. None at its end."""
    try:
        answer = _get(lent, manifest, place)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "412"}:
            raise
        # Written anew since: count lines from the beginning.
        place = place.model_copy(update={"etag": None, "offset": 0, "number": 0})
        answer = _get(lent, manifest, place)
    if answer is None:
        return None
    total = int(answer["ContentRange"].rpartition("/")[2])
    return place.model_copy(update={"etag": answer["ETag"]}), total, answer["Body"].iter_chunks(_CHUNK_BYTES)


def _get(lent: "ProjectView", manifest: S3Uri, place: _Place) -> "GetObjectOutputTypeDef | None":
    condition = {} if place.etag is None else {"IfMatch": place.etag}
    try:
        return lent.get(manifest, Range=f"bytes={place.offset}-{place.offset + BYTES_PER_REQUEST - 1}", **condition)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"InvalidRange", "416"}:
            return None
        if code in _UNREADABLE:
            raise ConflictError(f"The output manifest {manifest} cannot be read.") from error
        raise


def _lines(chunks: Iterable[bytes], place: _Place, total: int) -> Iterator[_Line]:
    """The lines from the place on that end within the chunks or with the manifest; and one that is too long even if it does not."""
    number, start, position = place.number, place.offset, place.offset
    begun = bytearray()
    is_long = False
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            position += len(piece) + 1
            begun += piece
            yield _Line(number, start, position, None if is_long or len(begun) > MAX_LINE_BYTES else bytes(begun))
            number, start, is_long = number + 1, position, False
            begun.clear()
        position += len(rest)
        begun += rest
        if len(begun) > MAX_LINE_BYTES:
            is_long = True
            begun.clear()
    if position > start and (position >= total or is_long):
        yield _Line(number, start, position, None if is_long else bytes(begun), is_cut=position < total)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a line says of its object."""

    number: int
    state: State
    attributes: Mapping[str, Any]
    label: LabeledObject | None = None
    problem: str | None = None


class _Reader:
    """Reads lines of one job's output as results."""

    def __init__(
        self, job: LabelingJob, parts: Sequence[Part], disagreement_of: DisagreementOf, lent: "ProjectView", locations: DataLocations
    ) -> None:
        self._job = job
        self._parts = parts
        self._disagreement_of = disagreement_of
        self._lent = lent
        self._locations = locations
        self._attribute = defaults.label_attribute_name(job.definition)

    def read(self, line: _Line) -> _Found:
        """The object of the line, whatever the line is like."""
        if line.content is None:
            return _Found(line.number, State.UNREADABLE, {}, problem=f"The line is longer than {MAX_LINE_BYTES:,} bytes.")
        try:
            attributes = msgspec.json.decode(line.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            attributes = None
        if not isinstance(attributes, dict):
            return _Found(line.number, State.UNREADABLE, {}, problem="The line is no JSON object.")
        state = State(outcome(attributes, self._attribute))
        label = None
        if state is State.LABELED:
            label = labeled_object(line.number, attributes, self._attribute, self._job.definition.label_names, Report())
        return _Found(line.number, state, attributes, label)

    def fits(self, found: _Found, wanted: Wanted) -> bool:
        """Whether the object is one of those to show."""
        if wanted.state is not None and found.state is not wanted.state:
            return False
        if wanted.label is not None and wanted.label not in (found.label.label_names if found.label else ()):
            return False
        if not _is_within(self._confidence(found), wanted.min_confidence, wanted.max_confidence):
            return False
        if wanted.min_disagreement is None and not wanted.only_disagreement:
            return True
        disagreement = self._disagreement(found)
        return _is_within(disagreement, wanted.min_disagreement, None) and (not wanted.only_disagreement or bool(disagreement))

    def document(self, found: _Found) -> dict[str, Any]:
        """The result as clients get it."""
        metadata = _object(found.attributes.get(f"{self._attribute}-metadata"))
        annotation = found.attributes.get(self._attribute) if found.state is State.LABELED else None
        existing = self._job.definition.existing_label_attribute
        return {
            "object": found.number,
            "state": found.state.value,
            "source": self._source(found.attributes),
            "annotation": annotation,
            "metadata": metadata,
            "labels": list(found.label.label_names) if found.label else [],
            "confidence": self._confidence(found),
            "human_annotated": _BY_PEOPLE.get(str((metadata or {}).get("human-annotated"))),
            "mask_url": self._mask_url(self._attribute, annotation),
            "failure_reason": found.problem or _text((metadata or {}).get("failure-reason")),
            "disagreement": self._disagreement(found),
            "existing": self._existing(existing, found.attributes) if existing else None,
        }

    def _source(self, attributes: Mapping[str, Any]) -> dict[str, str | None] | None:
        address, text = attributes.get(SOURCE_REF), attributes.get(SOURCE)
        if isinstance(address, str):
            return {"s3_uri": address, "text": None, "url": self._url(address)}
        return {"s3_uri": None, "text": text, "url": None} if isinstance(text, str) else None

    def _existing(self, attribute: str, attributes: Mapping[str, Any]) -> dict[str, Any] | None:
        annotation, metadata = attributes.get(attribute), attributes.get(f"{attribute}-metadata")
        if annotation is None and metadata is None:
            return None
        mask_url = self._mask_url(attribute, annotation)
        return {"attribute": attribute, "annotation": annotation, "metadata": _object(metadata), "mask_url": mask_url}

    def _confidence(self, found: _Found) -> float | None:
        """Of a label whose type has no form of its own (custom jobs), what its metadata says."""
        if found.label is not None:
            return found.label.confidence
        said = (_object(found.attributes.get(f"{self._attribute}-metadata")) or {}).get("confidence")
        return float(said) if found.state is State.LABELED and isinstance(said, int | float) and not isinstance(said, bool) else None

    def _disagreement(self, found: _Found) -> float | None:
        """Workers answered for objects of the parts, where the job has parts."""
        if found.state is not State.LABELED:
            return None
        number = found.number
        for part in self._parts:
            if number < part.lines:
                return self._disagreement_of(part.name, number)
            number -= part.lines
        return None if self._parts else self._disagreement_of(self._job.name, number)

    def _mask_url(self, attribute: str, annotation: Any) -> str | None:
        return self._url(annotation) if attribute.endswith(_MASKS) and isinstance(annotation, str) else None

    def _url(self, address: str) -> str | None:
        """None for what the project may not read."""
        uri = S3Uri.parse(address)
        return self._lent.grant_read_access(address) if uri is not None and self._locations.may_read(uri) else None


def _is_within(figure: float | None, lowest: float | None, highest: float | None) -> bool:
    if lowest is None and highest is None:
        return True
    return figure is not None and (lowest is None or figure >= lowest) and (highest is None or figure <= highest)


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
