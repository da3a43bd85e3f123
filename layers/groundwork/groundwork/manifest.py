"""Input manifests: the lines of the file, and what each line says.

A manifest is JSON Lines: UTF-8, one JSON object per line, lines separated by `\\n` or `\\r\\n` (SageMaker guide, "Create a manifest
file"). The zero-based number of a line is the number of its data object. Everything here is pure and streams: memory is bounded by
the largest chunk handed in and the longest legal line, whatever the size of the file.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

import msgspec

from groundwork.data_locations import S3Uri
from groundwork.rules import Fault, Place, fault

SOURCE = "source"
SOURCE_REF = "source-ref"

# SageMaker guide, "Input manifest file": characters of a line, and of any one attribute.
MAX_LINE_CHARACTERS = 100_000
MAX_ATTRIBUTE_CHARACTERS = 20_000
# No line of legal length has more bytes: UTF-8 needs at most four for a character.
MAX_LINE_BYTES = 4 * MAX_LINE_CHARACTERS
# S3 user guide, "Naming Amazon S3 objects": bytes of a key in UTF-8.
MAX_KEY_BYTES = 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# As numbers: Python finds a single byte several times faster so than as a string of one.
_BACKSLASH, _DOLLAR = b"\\$"
_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_MAX_EXCERPT = 200
_MAX_KNOWN_FOLDERS = 10_000


def excerpt(text: str) -> str:
    """At most 200 characters of what a line says: a report points at the data, it does not repeat it."""
    return text if len(text) <= _MAX_EXCERPT else f"{text[: _MAX_EXCERPT - 1]}…"


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The raw lines of a manifest, without their separators, from byte chunks of any size.

    Only `\\n` and `\\r\\n` separate lines; an empty piece after the last separator is no line, every other empty line is. Of a line
    longer than MAX_LINE_BYTES exactly the first MAX_LINE_BYTES + 1 bytes are yielded and the rest is skipped, so that
    `len(line) > MAX_LINE_BYTES` tells that it is over-long. How the file is cut into chunks makes no difference.
    """
    # Two bytes more than a legal line: one to see that it is over-long, one for the `\r` of a line that is not.
    kept_bytes = MAX_LINE_BYTES + 2
    begun = bytearray()
    for chunk in chunks:
        head, separator, rest = chunk.partition(b"\n")
        begun += head[: kept_bytes - len(begun)]
        if not separator:
            continue
        yield _without_return(bytes(begun))
        whole = rest.split(b"\n")
        begun = bytearray(whole.pop()[:kept_bytes])
        yield from map(_without_return, whole)
    if begun:
        yield bytes(begun[: MAX_LINE_BYTES + 1])


def _without_return(line: bytes) -> bytes:
    if line.endswith(b"\r"):
        line = line[:-1]
    return line[: MAX_LINE_BYTES + 1]


@dataclass(frozen=True, slots=True)
class ManifestRange:
    """Neighbouring lines: `lines` of them from number `first_line` on, in the bytes from `start` up to `end` (exclusive).

    It begins and ends on line breaks, so `lines` over its bytes gives exactly these lines.
    """

    first_line: int
    lines: int
    start: int
    end: int

    @property
    def http_range(self) -> str:
        """The bytes as GetObject's `Range` takes them."""
        return f"bytes={self.start}-{self.end - 1}"

    def joined(self, following: "ManifestRange") -> "ManifestRange":
        return ManifestRange(self.first_line, self.lines + following.lines, self.start, following.end)


def plan_ranges(chunks: Iterable[bytes], *, lines_each: int, at_most: int) -> list[ManifestRange]:
    """Cut a manifest into ranges that can be worked on apart from each other, in one pass that only looks for line breaks.

    Each has `lines_each` lines, and the last one what is left. Where that makes more than `at_most` (an even number), they have twice
    as many lines, or four times, and so on. An empty manifest has no ranges.
    """
    ranges: list[ManifestRange] = []
    number = position = 0
    first_line = start = 0
    last = b""
    for chunk in chunks:
        breaks = chunk.count(b"\n")
        if number + breaks < first_line + lines_each:
            number += breaks
        else:
            for end in _behind_line_breaks(chunk, position):
                number += 1
                if number - first_line < lines_each:
                    continue
                ranges.append(ManifestRange(first_line, lines_each, start, end))
                first_line, start = number, end
                if len(ranges) == at_most:
                    ranges = [one.joined(two) for one, two in batched(ranges, 2, strict=True)]
                    lines_each *= 2
        position += len(chunk)
        last = chunk[-1:] or last
    if position > start:
        number += last != b"\n"
        ranges.append(ManifestRange(first_line, number - first_line, start, position))
    return ranges


def _behind_line_breaks(chunk: bytes, position: int) -> Iterator[int]:
    """Where the lines after each line break of the chunk begin; the chunk itself is at `position`."""
    found = chunk.find(b"\n")
    while found >= 0:
        yield position + found + 1
        found = chunk.find(b"\n", found + 1)


def has_label(attributes: dict[str, Any], label_attribute: str) -> bool:
    """Whether a line is labeled already, so that it is not sent out again. A label beside the metadata of a failure is none."""
    metadata = attributes.get(f"{label_attribute}-metadata")
    return label_attribute in attributes and not (isinstance(metadata, dict) and "failure-reason" in metadata)


@dataclass(frozen=True, slots=True)
class ManifestExpectation:
    """What a labeling job expects of its manifest: facts of the task type and of the definition.

    `source_attribute` is `source` or `source-ref`; `max_objects` is the task type's limit; `label_attribute` is the one the job will write.
    """

    task_type_key: str
    source_attribute: str
    is_image: bool
    max_objects: int
    label_attribute: str
    existing_label_attribute: str | None = None
    needs_existing_labels: bool = False

    @property
    def needs_colors(self) -> bool:
        """Earlier segmentation labels can be shown only when their metadata names the colors (SageMaker guide, "Label verification")."""
        return self.needs_existing_labels and "SemanticSegmentation" in self.task_type_key


class ManifestLine(msgspec.Struct, frozen=True):
    """One line as read: its attributes (None when it is no JSON object), what is wrong with it, and what the checks to come need.

    `source` is the text, or the S3 URI, that the job reads from the line; None unless that is usable. `labeled` says that the line holds
    the job's own label attribute already, so it will not be sent to workers.
    """

    attributes: dict[str, Any] | None
    source: str | None
    labeled: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.faults or not any(found.is_error for found in self.faults)


class ManifestReader:
    """Reads the lines of one job's manifest, each to a `ManifestLine`; never raises for what a line holds.

    Nearly every line of nearly every manifest is in order, and is read by one JSON decoding and a few cheap tests. Any line these
    cannot vouch for is read again with care, to name all its faults.
    """

    def __init__(self, expectation: ManifestExpectation) -> None:
        self._expectation = expectation
        self._reads_objects = expectation.source_attribute == SOURCE_REF
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
        self._legal_folders: set[str] = set()

    def read(self, raw: bytes, number: int) -> ManifestLine:
        """Read the line with the zero-based `number` (line 0 is the start of the file)."""
        attributes = self._vouched_for(raw)
        if attributes is None:
            return _CarefulReading(self._expectation, raw, number).line()
        return ManifestLine(attributes, attributes[self._expectation.source_attribute])

    def _vouched_for(self, raw: bytes) -> dict[str, Any] | None:
        """The attributes when the line is certainly without fault and unlabeled, else None."""
        expectation = self._expectation
        # A line this short holds no attribute that is too long. `source` and `source-ref` begin alike: counting the beginning finds both
        # of them together, and either one repeated, unless a name is written with escapes (\u0073ource).
        if (
            len(raw) > MAX_ATTRIBUTE_CHARACTERS
            or raw.count(b'"source') != 1
            or (_BACKSLASH in raw and b"\\u00" in raw)
            or expectation.needs_existing_labels
        ):
            return None
        try:
            attributes = self._decode(raw)
        except (ValueError, RecursionError):
            return None
        if type(attributes) is not dict or expectation.label_attribute in attributes:
            return None
        if _DOLLAR in raw and any(name.startswith("$") for name in attributes):
            return None
        source = attributes.get(expectation.source_attribute)
        if type(source) is not str or not (self._is_plain_reference(source) if self._reads_objects else source.strip()):
            return None
        return attributes

    def _is_plain_reference(self, reference: str) -> bool:
        """Whether this is certainly a legal URI of an object (for image tasks, of an image). Folders are checked once."""
        folder, _, name = reference.rpartition("/")
        if not reference.isascii() or not name.isprintable() or name in {"", ".", ".."} or len(reference) > MAX_KEY_BYTES:
            return False
        if self._expectation.is_image and not name.endswith(_IMAGE_SUFFIXES):
            return False
        if folder not in self._legal_folders:
            if S3Uri.parse(f"{folder}/") is None:
                return False
            if len(self._legal_folders) >= _MAX_KNOWN_FOLDERS:
                self._legal_folders.clear()
            self._legal_folders.add(folder)
        return True


class _CarefulReading:
    """One line, read for all its faults."""

    def __init__(self, expectation: ManifestExpectation, raw: bytes, number: int) -> None:
        self._expectation = expectation
        self._raw = raw
        self._number = number
        self._faults: list[Fault] = []

    def line(self) -> ManifestLine:
        expectation = self._expectation
        attributes = self._attributes()
        if attributes is None:
            return ManifestLine(None, None, faults=tuple(self._faults))
        self._check_names_and_lengths(attributes)
        source = self._source(attributes)
        if expectation.needs_existing_labels and expectation.existing_label_attribute is not None:
            self._check_existing_labels(attributes, expectation.existing_label_attribute)
        labeled = has_label(attributes, expectation.label_attribute)
        if labeled:
            self._add("manifest.line-labeled", expectation.label_attribute, label_attribute=expectation.label_attribute)
        return ManifestLine(attributes, source, labeled, tuple(self._faults))

    def _add(self, code: str, attribute: str | None = None, detail: str | None = None, **values: object) -> None:
        place = Place(self._number, self._number, attribute and excerpt(attribute), detail and excerpt(detail))
        self._faults.append(fault(code, pointer=None, place=place, **values))

    def _attributes(self) -> dict[str, Any] | None:
        """The line as a JSON object, or None when it is none."""
        if len(self._raw) > MAX_LINE_BYTES:
            self._add("manifest.line-too-long", limit=MAX_LINE_CHARACTERS)
            return None
        if self._number == 0 and self._raw.startswith(_BYTE_ORDER_MARK):
            self._add("manifest.byte-order-mark")
            self._raw = self._raw.removeprefix(_BYTE_ORDER_MARK)
        try:
            text = self._raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._add("manifest.not-utf8", detail=f"at byte {error.start}")
            return None
        if not text.strip(" \t\r"):
            self._add("manifest.line-empty")
            return None
        if len(text) > MAX_LINE_CHARACTERS:
            self._add("manifest.line-too-long", limit=MAX_LINE_CHARACTERS)
        try:
            attributes = msgspec.json.decode(self._raw)
        except RecursionError:
            self._add("manifest.not-json", detail="nested too deeply")
            return None
        except ValueError as error:
            self._add("manifest.not-json", detail=str(error).removeprefix("JSON is malformed: "))
            return None
        if not isinstance(attributes, dict):
            self._add("manifest.not-an-object")
            return None
        for name in self._repeated_names(text):
            self._add("manifest.attribute-repeated", name)
        return attributes

    def _repeated_names(self, text: str) -> list[str]:
        """The attributes Groundwork reads that stand in the line more than once; which of the values counts is nobody's guess."""
        expectation = self._expectation
        read = {SOURCE, SOURCE_REF, expectation.label_attribute}
        if expectation.needs_existing_labels and expectation.existing_label_attribute is not None:
            read |= {expectation.existing_label_attribute, f"{expectation.existing_label_attribute}-metadata"}
        # The hook sees nested objects first and the line's own object last, so the last call leaves the line's own names.
        outermost: list[str] = []

        def note(pairs: list[tuple[str, object]]) -> None:
            outermost[:] = [name for name, _ in pairs]

        # Numbers stay text, because their values do not matter here and may be costly or impossible to compute.
        json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str)
        return sorted(name for name in read if outermost.count(name) > 1)

    def _check_names_and_lengths(self, attributes: dict[str, Any]) -> None:
        for name in attributes:
            if name.startswith("$"):
                self._add("manifest.attribute-name-reserved", name)
        if len(self._raw) > MAX_ATTRIBUTE_CHARACTERS:
            for name, value in attributes.items():
                # Of a nested value the JSON text counts, as compact as it can be written, so that spaces are held against nobody.
                length = len(value) if isinstance(value, str) else len(msgspec.json.encode(value).decode())
                if length > MAX_ATTRIBUTE_CHARACTERS:
                    self._add("manifest.attribute-too-long", name, f"{length} characters", limit=MAX_ATTRIBUTE_CHARACTERS)

    def _source(self, attributes: dict[str, Any]) -> str | None:
        """What the job reads from the line, when it is usable."""
        expected = self._expectation.source_attribute
        other = SOURCE if expected == SOURCE_REF else SOURCE_REF
        if expected in attributes and other in attributes:
            self._add("manifest.source-ambiguous", other, expected=expected)
        elif other in attributes:
            self._add("manifest.source-wrong", other, expected=expected, other=other)
            return None
        elif expected not in attributes:
            self._add("manifest.source-missing", expected, expected=expected)
            return None
        source = attributes[expected]
        if not isinstance(source, str):
            self._add("manifest.source-not-text", expected, expected=expected)
            return None
        if not source.strip():
            self._add("manifest.source-empty", expected, expected=expected)
            return None
        return source if expected == SOURCE or self._is_reference(source) else None

    def _is_reference(self, source: str) -> bool:
        uri = S3Uri.parse(source)
        # A key that ends in a slash names a prefix, not an object.
        if uri is None or not uri.key or uri.key.endswith("/") or len(uri.key.encode()) > MAX_KEY_BYTES:
            self._add("manifest.source-ref-invalid", SOURCE_REF, source)
            return False
        if self._expectation.is_image and not uri.key.lower().endswith(_IMAGE_SUFFIXES):
            self._add("manifest.object-format", SOURCE_REF, source)
        return True

    def _check_existing_labels(self, attributes: dict[str, Any], existing: str) -> None:
        if attributes.get(existing) is None:
            self._add("manifest.existing-label-missing", existing, expected=existing)
        metadata_name = f"{existing}-metadata"
        metadata = attributes.get(metadata_name)
        if not isinstance(metadata, dict):
            self._add("manifest.existing-metadata-missing", metadata_name, expected=metadata_name)
        elif self._expectation.needs_colors and not _names_colors(metadata):
            self._add("manifest.existing-colors-missing", metadata_name, expected=metadata_name)


def _names_colors(metadata: dict[str, Any]) -> bool:
    colors = metadata.get("internal-color-map")
    return isinstance(colors, dict) and bool(colors) and all(isinstance(entry, dict) and "hex-color" in entry for entry in colors.values())
