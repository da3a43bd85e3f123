"""Validation of a manifest of any size, and of the data objects it names, to one report.

Four phases, of which a state machine runs the middle two many times side by side:

plan      cut the manifest into shards, and the order of the data objects into partitions of about equal size
survey    read the lines of one shard: their own faults, and the data objects they name, sorted
compare   bring together what all shards name in one partition: objects named twice, and whether the objects exist
conclude  add everything up

It is a sample sort: equal objects meet in one partition, whose keys come in the order in which S3 lists them. No phase holds more than
one shard's keys, or a small window of each shard's, so memory does not grow with the manifest. What the phases leave for each other
lies below `work`, and expires. A phase that is repeated writes the same again.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from heapq import merge
from itertools import accumulate, chain, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from groundwork.bucket_settings import cors_problem, is_elsewhere
from groundwork.data_locations import DataLocations, S3Uri
from groundwork.image_headers import HEADER_BYTES, image_header
from groundwork.manifest import SOURCE_REF, BlockReading, ManifestExpectation, ManifestReader, blocks, excerpt
from groundwork.manifest_shards import Shard, plan_shards, read_shard
from groundwork.object_listing import ACCESS_REFUSED, Found, Named, look_up
from groundwork.rules import Fault, Place, fault
from groundwork.validation_report import Tally, ValidationReport

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# SageMaker guide, "Input data quotas": 40 MB for an image. Which megabyte is not said, so nothing is refused that the larger one allows.
MAX_IMAGE_BYTES = 40 * 1024 * 1024
# S3 copies no more than this in one request (decision 8), and a hundred thousand lines of legal length rarely take as much.
MAX_MANIFEST_BYTES = 5 * 1024**3
# What S3 says when the content that was planned is no longer there.
_CHANGED = frozenset({"PreconditionFailed", "NoSuchKey"})
# Looking up as many objects in dense folders takes about 100 requests.
_PARTITION_LINES = 100_000
_MAX_PARTITIONS = 64
_MAX_SAMPLES = 16
_SAMPLE_BYTES = 64 * 1024
_MAX_SPLITTER_LENGTH = 64
# All windows of a comparison together.
_WINDOWS_BYTES = 48 * 1024 * 1024
_OFFSET_DIGITS = 12
_LINE_DIGITS = 10
# What a record is of. An object that is both comes as a mask first, and is looked up as that.
_MASK, _SOURCE = b"0", b"1"
# Sampled of each partition, by a digest of the key, so that a repeated comparison takes the same.
_SAMPLED_IMAGES = 8
# SageMaker guide, "Input data quotas": pixels of an image; with automated labeling, width and height (masks: the smaller).
_MAX_PIXELS = 100_000_000
_MAX_AUTOMATED_SIZE, _MAX_AUTOMATED_MASK_SIZE = (3840, 2160), (1920, 1080)
# sms-automated-labeling
_MIN_AUTOMATED_OBJECTS = 1_250


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """Which manifest is to be validated for which project, against what, and where the report goes.

    With an `etag`, only that content of the manifest is validated.
    """

    project: str
    manifest: S3Uri
    expectation: ManifestExpectation
    report: S3Uri
    etag: str | None = None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "ValidationRequest":
        """Read what `document` wrote. Raises ValueError."""
        return cls(
            project=document["project"],
            manifest=_s3_uri(document["manifest_uri"]),
            expectation=msgspec.convert(document["expectation"], ManifestExpectation),
            report=_s3_uri(document["report_uri"]),
            etag=document.get("etag"),
        )

    def document(self) -> dict[str, Any]:
        """The input of the validation machine."""
        return {
            "project": self.project,
            "manifest_uri": str(self.manifest),
            "etag": self.etag,
            "expectation": asdict(self.expectation),
            "report_uri": str(self.report),
        }


def _s3_uri(text: str) -> S3Uri:
    uri = S3Uri.parse(text)
    if uri is None:
        raise ValueError(f"{text!r} is no S3 URI")
    return uri


@dataclass(frozen=True, slots=True)
class Plan:
    """How a manifest is read: `etag` pins its content, `splitters` are the first sort keys of all partitions but the first.

    A manifest that cannot be read has no shards, and `faults` says why (the codes of rules).
    """

    etag: str
    shards: tuple[Shard, ...]
    splitters: tuple[str, ...]
    faults: tuple[str, ...] = ()

    @property
    def partitions(self) -> range:
        return range(len(self.splitters) + 1 if self.shards else 0)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a shard held, in numbers. The sorted records of its data objects and the tally of its faults are work objects, if there are any.

    `buckets` are those of the data objects, each with the first line that needs it. `changed` says that the manifest is no longer what
    was planned.
    """

    lines: int = 0
    labeled: int = 0
    records: int = 0
    has_faults: bool = False
    buckets: dict[str, int] = field(default_factory=dict)
    changed: bool = False


class ManifestValidation:
    """One validation of one manifest. `work` is the prefix of its work objects.

    Touches nothing outside the project's data locations but these and the report. Whatever is wrong with the manifest, or with
    reading it or the objects under the present rights, is in the report. All phases raise botocore's errors for what trying again
    may mend: throttling, outages, a connection lost while reading.
    """

    def __init__(self, s3: "S3Client", request: ValidationRequest, *, locations: DataLocations, work: S3Uri) -> None:
        self._s3 = s3
        self._request = request
        self._expectation = request.expectation
        self._reads_objects = request.expectation.source_attribute == SOURCE_REF
        self._locations = locations
        self._work = work

    # --- plan ------------------------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Cut the manifest up, or say why it cannot be read."""
        manifest = self._request.manifest
        if not self._locations.may_read(manifest):
            return Plan("", (), (), ("manifest.outside-locations",))
        try:
            found = self._s3.head_object(Bucket=manifest.bucket, Key=manifest.key)
        except ClientError as error:
            return Plan("", (), (), (unreadable_manifest(error),))
        size, etag = found["ContentLength"], found["ETag"]
        if size > MAX_MANIFEST_BYTES:
            return Plan(etag, (), (), ("manifest.too-large",))
        if self._request.etag not in {None, etag}:
            return Plan(etag, (), (), ("manifest.changed",))
        shards = plan_shards(size)
        try:
            return Plan(etag, tuple(shards), self._splitters(size, etag, min(2 * len(shards), _MAX_SAMPLES)) if len(shards) > 1 else ())
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                return Plan(etag, (), (), ("manifest.changed",))
            raise

    def _splitters(self, size: int, etag: str, samples: int) -> tuple[str, ...]:
        """Sort keys that part the manifest's data objects into partitions of about equal size, judged by so many samples of its lines."""
        keys: list[bytes] = []
        sampled_lines = sampled_bytes = 0
        for start in range(0, size, -(-size // samples)):
            sample = Shard(0, start, min(start + _SAMPLE_BYTES, size))
            for reading in self._readings(sample, etag):
                keys += (self._sort_key(source) for source in reading.sources if source is not None)
                sampled_lines += len(reading.sources)
            sampled_bytes += sample.end - sample.start
        estimated_lines = size * sampled_lines // sampled_bytes
        partitions = min(-(-estimated_lines // _PARTITION_LINES), _MAX_PARTITIONS, len(keys))
        keys.sort()
        return tuple(sorted({keys[number * len(keys) // partitions].decode()[:_MAX_SPLITTER_LENGTH] for number in range(1, partitions)}))

    # --- survey ----------------------------------------------------------------------------------------------------------------------

    def survey(self, plan: Plan, shard: Shard) -> Survey:
        """Read the lines of one shard."""
        try:
            return self._survey(plan, shard)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                return Survey(changed=True)
            raise

    def _survey(self, plan: Plan, shard: Shard) -> Survey:
        tally = Tally()
        records: list[bytes] = []
        lines = labeled = 0
        readable: dict[str, bool] = {}
        buckets: dict[str, int] = {}
        for reading in self._readings(shard, plan.etag):
            for found in reading.faults:
                tally.add(found)
            labeled += reading.labeled
            for folder in reading.folders - readable.keys():
                readable[folder] = self._locations.may_read(_s3_uri(folder))
            for folder in reading.folders:
                if readable[folder] and (bucket := _s3_uri(folder).bucket) not in buckets:
                    buckets[bucket] = lines + _first_in(bucket, reading)
            outside = {folder for folder in reading.folders if not readable[folder]}
            for number, source in enumerate(reading.sources, lines):
                if source is None:
                    continue
                if outside and source[: source.rindex("/") + 1] in outside:
                    tally.add(fault("manifest.object-outside-locations", place=Place(number, number, SOURCE_REF, excerpt(source))))
                else:
                    records.append(b"%b\t%b%0*d" % (self._sort_key(source), _SOURCE, _LINE_DIGITS, number))
            for number, mask in reading.masks:
                if mask[: mask.rindex("/") + 1] in outside:
                    place = Place(number, number, self._expectation.existing_label_attribute, excerpt(mask))
                    tally.add(fault("manifest.object-outside-locations", place=place))
                else:
                    records.append(b"%b\t%b%0*d" % (self._sort_key(mask), _MASK, _LINE_DIGITS, number))
            lines += len(reading.sources)
        if records:
            self._put(self._records_of(shard), _sorted_run(records, plan.splitters))
        if tally:
            self._put(self._tally_of(shard), tally.to_json())
        return Survey(lines, labeled, len(records), bool(tally), buckets)

    def _readings(self, shard: Shard, etag: str) -> Iterator[BlockReading]:
        """The blocks of a shard as read; their lines are numbered from the shard's first."""
        reader = ManifestReader(self._expectation, begins_file=shard.start == 0)
        first = 0
        for block in blocks(read_shard(self._s3, self._request.manifest, shard, IfMatch=etag)):
            reading = reader.read_block(block, first)
            first += len(reading.sources)
            yield reading

    def _sort_key(self, source: str) -> bytes:
        """What equal data objects have in common, without tabs and line feeds: bucket and key of an object, the digest of a text.

        Ninety-six bits of it: among twenty million different texts, two with the same digest have a chance of 1 to 10 ** 14.
        """
        if self._reads_objects:
            return source.removeprefix("s3://").encode()
        return blake2b(source.encode(), digest_size=12).hexdigest().encode()

    # --- compare ---------------------------------------------------------------------------------------------------------------------

    def compare(self, plan: Plan, surveys: Sequence[Survey], partition: int) -> bool:
        """Find out about the data objects of one partition. True when there is a fault."""
        tally = Tally()
        firsts = self._without_repetitions(self._merged(plan, surveys, partition), tally)
        if self._reads_objects:
            sample: list[tuple[bytes, str, Named]] = []
            named = (self._named(record) for record in firsts if record.line < self._expectation.max_objects)
            for found in look_up(self._s3, named, self._locations):
                if self._is_in_order(found, tally) and found.named.attribute == SOURCE_REF and self._expectation.is_image:
                    key = str(found.named.uri)
                    sample.append((blake2b(key.encode(), digest_size=8).digest(), key, found.named))
                    if len(sample) > 2 * _SAMPLED_IMAGES:
                        sample = sorted(sample)[:_SAMPLED_IMAGES]
            for _, _, image in sorted(sample)[:_SAMPLED_IMAGES]:
                for problem in self._image_faults(image):
                    tally.add(problem)
        else:
            deque(firsts, maxlen=0)
        if tally:
            self._put(self._tally_of(partition), tally.to_json())
        return bool(tally)

    def _merged(self, plan: Plan, surveys: Sequence[Survey], partition: int) -> Iterator["_Record"]:
        """All shards' records in the partition, in order."""
        shards = [shard for shard in plan.shards if surveys[shard.number].records]
        first_lines = [0, *accumulate(survey.lines for survey in surveys)]
        window = _WINDOWS_BYTES // max(len(shards), 1)
        return merge(
            *(
                _numbered(self._run(self._records_of(shard), len(plan.partitions), partition, window), first_lines[shard.number])
                for shard in shards
            )
        )

    def _without_repetitions(self, records: Iterable["_Record"], tally: Tally) -> Iterator["_Record"]:
        """The first record of each object. What the others repeat is noted, except that many lines may share a mask."""
        looked_up = b""
        first: _Record | None = None
        for record in records:
            if record.key != looked_up:
                looked_up = record.key
                yield record
            if record.kind == _MASK:
                continue
            if first is None or first.key != record.key:
                first = record
            else:
                place = Place(record.line, record.line, self._expectation.source_attribute, f"first in line {first.line}")
                tally.add(fault("manifest.duplicate", place=place))

    def _named(self, record: "_Record") -> Named:
        attribute = SOURCE_REF if record.kind == _SOURCE else str(self._expectation.existing_label_attribute)
        return Named(_s3_uri(f"s3://{record.key.decode()}"), record.line, attribute)

    def _is_in_order(self, found: Found, tally: Tally) -> bool:
        """Whether the listing shows an object that may be labeled. Notes what is wrong otherwise."""
        named = found.named
        if found.size is None:
            code, detail = str(found.problem), found.hint
        elif found.size == 0:
            code, detail = "manifest.object-empty", None
        elif self._expectation.is_image and found.size > MAX_IMAGE_BYTES:
            code, detail = "manifest.object-too-large", f"{found.size} bytes"
        else:
            return True
        tally.add(fault(code, place=Place(named.line, named.line, named.attribute, detail)))
        return False

    def _image_faults(self, named: Named) -> Iterator[Fault]:
        """What the first bytes of an image tell, read by one ranged request."""
        place = Place(named.line, named.line, named.attribute)
        try:
            header = image_header(self._get(named.uri, 0, HEADER_BYTES))
        except ClientError as error:
            if error.response["Error"]["Code"] in ACCESS_REFUSED:
                yield fault("manifest.object-unreadable", place=place)
                return
            raise
        if header is None:
            yield fault("manifest.image-format", place=place)
        elif header.width and header.height:
            detail = f"{header.width} x {header.height} pixels"
            if self._expectation.is_automated:
                width, height = _MAX_AUTOMATED_MASK_SIZE if "Segmentation" in self._expectation.task_type_key else _MAX_AUTOMATED_SIZE
                if header.width > width or header.height > height:
                    yield fault("manifest.image-too-many-pixels", place=replace(place, detail=detail), limit=f"{width} x {height}")
            elif header.width * header.height > _MAX_PIXELS:
                yield fault("manifest.image-too-many-pixels", place=replace(place, detail=detail), limit="100 million")

    # --- conclude --------------------------------------------------------------------------------------------------------------------

    def conclude(self, plan: Plan, surveys: Sequence[Survey], partitions_with_faults: Iterable[int]) -> ValidationReport:
        """Write the report and return it."""
        problems = {*plan.faults, *("manifest.changed" for survey in surveys if survey.changed)}
        tally = Tally(map(fault, problems))
        first_line = 0
        for shard, survey in zip(plan.shards, surveys, strict=True):
            if survey.has_faults:
                tally.add_all(self._tally(self._tally_of(shard)), lines_before=first_line)
            first_line += survey.lines
        for partition in partitions_with_faults:
            tally.add_all(self._tally(self._tally_of(partition)))
        lines, labeled = first_line, sum(survey.labeled for survey in surveys)
        if not problems:
            for found in (*self._count_faults(lines, labeled), *self._bucket_faults(plan, surveys)):
                tally.add(found)
        report = ValidationReport(lines, labeled, tally.reported(), str(self._request.report))
        write_report(self._s3, report)
        return report

    def _count_faults(self, lines: int, labeled: int) -> Iterator[Fault]:
        limit = self._expectation.max_objects
        if lines == 0:
            yield fault("manifest.empty")
        elif lines > limit:
            yield fault("manifest.too-many-objects", place=Place(limit, limit, None, f"{lines} lines"), limit=limit)
        if self._expectation.is_automated and 0 < lines - labeled < _MIN_AUTOMATED_OBJECTS:
            yield fault("manifest.too-few-for-automation", limit=_MIN_AUTOMATED_OBJECTS, count=lines - labeled)
        if 0 < lines == labeled:
            yield fault("manifest.none-left", label_attribute=self._expectation.label_attribute)

    def _bucket_faults(self, plan: Plan, surveys: Sequence[Survey]) -> Iterator[Fault]:
        """What is wrong with the buckets that hold the data objects. Each is asked once, and blamed at the first line that needs it."""
        first_lines = [0, *accumulate(survey.lines for survey in surveys)]
        needed: dict[str, int] = {}
        for shard, survey in zip(plan.shards, surveys, strict=True):
            for bucket, line in survey.buckets.items():
                needed.setdefault(bucket, first_lines[shard.number] + line)
        region = self._s3.meta.region_name
        for bucket, line in needed.items():
            place = Place(line, line, SOURCE_REF, bucket)
            if is_elsewhere(self._s3, bucket, region):
                yield fault("bucket.elsewhere", place=place, region=region)
            if self._expectation.is_image and (problem := cors_problem(self._s3, bucket)):
                yield fault(problem, place=place)

    # --- work objects ----------------------------------------------------------------------------------------------------------------

    def _records_of(self, shard: Shard) -> S3Uri:
        return self._work.child(f"shard-{shard.number}.records")

    def _tally_of(self, part: Shard | int) -> S3Uri:
        return self._work.child(f"shard-{part.number}.json" if isinstance(part, Shard) else f"partition-{part}.json")

    def _put(self, uri: S3Uri, body: bytes) -> None:
        self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body)

    def _get(self, uri: S3Uri, start: int, end: int) -> bytes:
        return self._s3.get_object(Bucket=uri.bucket, Key=uri.key, Range=f"bytes={start}-{end - 1}")["Body"].read()

    def _tally(self, uri: S3Uri) -> Tally:
        return Tally.from_json(self._s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read())

    def _run(self, uri: S3Uri, partitions: int, partition: int, window: int) -> Iterator[bytes]:
        """The records of one partition in a sorted run, read window by window, so that no connection waits while others are read."""
        # The first partition follows the offsets, so one request gets both.
        head = (partitions + 1) * _OFFSET_DIGITS
        beginning = self._get(uri, 0, head + window if partition == 0 else head)
        offsets = [int(beginning[at : at + _OFFSET_DIGITS]) for at in range(0, head, _OFFSET_DIGITS)]
        position, end = offsets[partition : partition + 2]
        begun = beginning[position:end]
        position += len(begun)
        while True:
            *whole, begun = begun.split(b"\n")
            yield from whole
            if position >= end:
                return
            begun += self._get(uri, position, min(position + window, end))
            position += window


def write_report(s3: "S3Client", report: ValidationReport) -> None:
    destination, body = _s3_uri(report.uri), msgspec.json.encode(report.document())
    s3.put_object(Bucket=destination.bucket, Key=destination.key, Body=body, ContentType="application/json")


def unreadable_manifest(error: ClientError) -> str:
    """The rule that a refused look at a manifest (HeadObject) breaks. Raises the error again when it is none of the caller's making."""
    code = error.response["Error"]["Code"]
    if code in {"404", "NoSuchKey", "NoSuchBucket"}:
        return "manifest.not-found"
    if code == "403" or code in ACCESS_REFUSED:
        return "manifest.unreadable"
    raise error


def _sorted_run(records: list[bytes], splitters: Sequence[str]) -> bytes:
    """The records in order, each ended by a line feed; before them, the offsets at which the partitions begin and the last one ends."""
    records.sort()
    bounds = [0, *(bisect_left(records, splitter.encode()) for splitter in splitters), len(records)]
    offset = (len(bounds)) * _OFFSET_DIGITS
    offsets = [offset]
    for first, end in pairwise(bounds):
        offset += sum(map(len, islice(records, first, end))) + end - first
        offsets.append(offset)
    return b"\n".join(chain([b"".join(b"%0*d" % (_OFFSET_DIGITS, at) for at in offsets) + records[0]], islice(records, 1, None), [b""]))


def _first_in(bucket: str, reading: BlockReading) -> int:
    """The first line of the block whose object or mask is in the bucket, counted from the block's first."""
    named = chain(((number, source) for number, source in enumerate(reading.sources) if source), reading.masks)
    return min((number for number, uri in named if uri.startswith(f"s3://{bucket}/")), default=0)


class _Record(NamedTuple):
    """An object or text that a line names. Equal ones are neighbours, masks before sources and earlier lines before later ones."""

    key: bytes
    kind: bytes
    line: int


def _numbered(run: Iterator[bytes], first_line: int) -> Iterator[_Record]:
    for record in run:
        key, _, rest = record.rpartition(b"\t")
        yield _Record(key, rest[:1], first_line + int(rest[1:]))
