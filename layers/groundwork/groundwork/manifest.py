"""Input manifests: the lines of the file, and what each line says.

A manifest is JSON Lines: UTF-8, one JSON object per line, lines separated by `\\n` or `\\r\\n` (SageMaker guide, "Create a manifest
file"). The zero-based number of a line is the number of its data object. Everything here is pure and streams: memory is bounded by
the largest chunk handed in and the longest legal line, whatever the size of the file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from io import BytesIO
from itertools import batched, chain
from typing import Annotated, Any

import msgspec

from groundwork import existing_labels
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
# Escapes that can hide a letter, digit, hyphen or dollar sign, and with it an attribute that Groundwork reads.
_HIDDEN_CHARACTER = re.compile(rb"\\u00[2-7]")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_MAX_EXCERPT = 200
_MAX_KNOWN_FOLDERS = 10_000
_MAX_KNOWN_NAMES = 100
# What a name may be that no rule is about, and that a type can have.
_PLAIN_NAME = re.compile(r'[^$"\\\x00-\x1f][^"\\\x00-\x1f]*')


def excerpt(text: str) -> str:
    """At most 200 characters of what a line says: a report points at the data, it does not repeat it."""
    return text if len(text) <= _MAX_EXCERPT else f"{text[: _MAX_EXCERPT - 1]}…"


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of whole lines: each ends with a line feed, except perhaps the last one of the file.

    Of a line that does not end within MAX_LINE_BYTES + 2 bytes what lies beyond may be missing, which leaves it over-long. Memory is
    bounded by the largest chunk and the longest legal line.
    """
    # Two bytes more than a legal line: one to see that it is over-long, one for the `\r` of a line that is not.
    kept_bytes = MAX_LINE_BYTES + 2
    begun = b""
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield begun + chunk[:cut]
            begun = chunk[cut:][:kept_bytes]
        else:
            begun += chunk[: kept_bytes - len(begun)]
    if begun:
        yield begun


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The raw lines of a manifest, without their separators, from byte chunks of any size.

    Only `\\n` and `\\r\\n` separate lines; an empty piece after the last separator is no line, every other empty line is. Of a line
    longer than MAX_LINE_BYTES exactly the first MAX_LINE_BYTES + 1 bytes are yielded and the rest is skipped, so that
    `len(line) > MAX_LINE_BYTES` tells that it is over-long. How the file is cut into chunks makes no difference.
    """
    for block in blocks(chunks):
        yield from _lines_of(block)


def _lines_of(block: bytes) -> Iterator[bytes]:
    pieces = block.split(b"\n")
    last = pieces.pop()
    yield from map(_without_return, pieces)
    if last:
        # Only the end of a file leaves a line without a line feed; a `\r` there separates nothing.
        yield last[: MAX_LINE_BYTES + 1]


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

    `source_attribute` is `source` or `source-ref`; `max_objects` is the task type's limit; `label_attribute` is the one the job will
    write, None while nobody has said so.
    """

    task_type_key: str
    source_attribute: str
    is_image: bool
    max_objects: int
    label_attribute: str | None
    existing_label_attribute: str | None = None
    needs_existing_labels: bool = False
    label_type: str | None = None
    """`type` in the metadata that the job will write."""
    labels: tuple[str, ...] = ()
    is_automated: bool = False

    @property
    def existing_label_type(self) -> str:
        """`type` in the metadata of the labels to verify or adjust."""
        return existing_labels.MASKS if "SemanticSegmentation" in self.task_type_key else existing_labels.BOXES

    @property
    def keeps_existing_classes(self) -> bool:
        """An adjustment offers the job's labels, so the earlier ones must be among them; a verification's labels are verdicts."""
        return self.task_type_key.startswith("Adjustment")


class ManifestLine(msgspec.Struct, frozen=True):
    """One line as read: its attributes (None when it is no JSON object), what is wrong with it, and what the checks to come need.

    `source` is the text, or the S3 URI, that the job reads from the line; None unless that is usable. `labeled` says that the line holds
    the job's own label attribute already, so it will not be sent to workers. `mask` is the address of a mask to verify or adjust.
    """

    attributes: dict[str, Any] | None
    source: str | None
    labeled: bool = False
    mask: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.faults or not any(found.is_error for found in self.faults)


@dataclass(frozen=True, slots=True)
class BlockReading:
    """A block as read. `sources` has an entry for each line: what the job reads from it, None when that is unusable or the line labeled.

    `folders` are the addresses of all folders that sources and masks lie in, each with its final `/`; empty for texts. `masks` are lines
    and addresses of the masks to verify or adjust.
    """

    sources: Sequence[str | None]
    folders: frozenset[str] = frozenset()
    labeled: int = 0
    masks: Sequence[tuple[int, str]] = ()
    faults: Sequence[Fault] = ()


class ManifestReader:
    """Reads the lines of one job's manifest; never raises for what a line holds.

    Nearly every line of nearly every manifest is in order. So a block is first decoded as a whole, and a few tests that look at all its
    bytes at once vouch for all its lines. In a block they cannot vouch for, each line is decoded by itself and tested cheaply. A line
    for which these cannot vouch either is read with care, to name all its faults.
    """

    def __init__(self, expectation: ManifestExpectation, *, begins_file: bool = True) -> None:
        """`begins_file` says that line 0 is the first of the file, and not of a later part."""
        self._expectation = expectation
        self._begins_file = begins_file
        self._reads_objects = expectation.source_attribute == SOURCE_REF
        self._quoted_source = f'"{expectation.source_attribute}"'.encode()
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
        # A line that has one of these is read with care: the other source, and the label attribute, which says that it is labeled.
        self._refused = {
            name for name in (SOURCE, SOURCE_REF, expectation.label_attribute) if name not in {None, expectation.source_attribute}
        }
        self._may_vouch = not expectation.needs_existing_labels and expectation.label_attribute != expectation.source_attribute
        self._block_decoder = _BlockDecoder(expectation.source_attribute, refused=self._refused)
        self._legal_folders: set[str] = set()

    def read(self, raw: bytes, number: int) -> ManifestLine:
        """Read the line with the zero-based `number`."""
        attributes = self._vouched_for(raw)
        if attributes is None:
            return _CarefulReading(self._expectation, raw, number, begins_file=self._begins_file and number == 0).line()
        return ManifestLine(attributes, attributes[self._expectation.source_attribute])

    def read_block(self, block: bytes, first: int) -> BlockReading:
        """Read one of `blocks`, whose first line has the zero-based number `first`."""
        return self._vouched_for_block(block) or self._read_lines(block, first)

    def _read_lines(self, block: bytes, first: int) -> BlockReading:
        sources: list[str | None] = []
        masks: list[tuple[int, str]] = []
        faults: list[Fault] = []
        labeled = 0
        for number, raw in enumerate(_lines_of(block), first):
            line = self.read(raw, number)
            sources.append(None if line.labeled else line.source)
            labeled += line.labeled
            faults += line.faults
            if line.mask is not None and not line.labeled:
                masks.append((number, line.mask))
        references = (*filter(None, sources), *(mask for _, mask in masks)) if self._reads_objects else ()
        return BlockReading(sources, _folders(references), labeled, masks, faults)

    def _vouched_for_block(self, block: bytes) -> BlockReading | None:
        """The sources of all lines when the whole block is certainly without fault and unlabeled, else None."""
        count = len(BytesIO(block).readlines())  # several times faster than counting line feeds
        if not self._may_vouch or not _holds_an_object_a_line(block, count) or _has_long_line(block):
            return None
        # The decoder sees to it that each line has the source. So where it stands as often as there are lines, none has it twice.
        if block.count(self._quoted_source) != count:
            return None
        has_escapes = _BACKSLASH in block
        if has_escapes and _HIDDEN_CHARACTER.search(block):
            return None
        try:
            sources = self._block_decoder.sources(block)
        except (ValueError, RecursionError):
            return None
        if len(sources) != count:
            return None
        if not self._reads_objects:
            return None if any(map(str.isspace, sources)) else BlockReading(sources)
        folders = self._folders_of_plain_references(
            sources, are_ascii=block.isascii() and not has_escapes, may_hold_controls=has_escapes or 0x7F in block
        )
        return None if folders is None else BlockReading(sources, folders)

    def _folders_of_plain_references(self, references: list[str], *, are_ascii: bool, may_hold_controls: bool) -> frozenset[str] | None:
        """The folders, when these are certainly legal URIs of images, else None."""
        if not self._expectation.is_image:
            return None
        if may_hold_controls and _CONTROL_CHARACTER.search("".join(references)):
            return None
        if not are_ascii and any(len(reference.encode()) > MAX_KEY_BYTES for reference in references):
            return None
        unusual = [reference for reference in references if not reference.endswith(IMAGE_SUFFIXES)]
        if not all(reference.lower().endswith(IMAGE_SUFFIXES) for reference in unusual):
            return None
        folders = _folders(references)
        return folders if all(map(self._is_legal_folder, folders)) else None

    def _vouched_for(self, raw: bytes) -> dict[str, Any] | None:
        """The attributes when the line is certainly without fault and unlabeled, else None."""
        expectation = self._expectation
        # A line this short holds no attribute that is too long. Counting finds the source repeated, unless its name is written with
        # escapes (\u0073ource).
        if (
            not self._may_vouch
            or len(raw) > MAX_ATTRIBUTE_CHARACTERS
            or raw.count(self._quoted_source) != 1
            or (_BACKSLASH in raw and _HIDDEN_CHARACTER.search(raw))
        ):
            return None
        try:
            attributes = self._decode(raw)
        except (ValueError, RecursionError):
            return None
        if type(attributes) is not dict or not attributes.keys().isdisjoint(self._refused):
            return None
        if _DOLLAR in raw and any(name.startswith("$") for name in attributes):
            return None
        source = attributes.get(expectation.source_attribute)
        if type(source) is not str or not (self._is_plain_reference(source) if self._reads_objects else source.strip()):
            return None
        return attributes

    def _is_plain_reference(self, reference: str) -> bool:
        """Whether this is certainly a legal URI of an object (for image tasks, of an image)."""
        folder, _, name = reference.rpartition("/")
        if not reference.isascii() or not name.isprintable() or name in {"", ".", ".."} or len(reference) > MAX_KEY_BYTES:
            return False
        if self._expectation.is_image and not name.endswith(IMAGE_SUFFIXES):
            return False
        return self._is_legal_folder(f"{folder}/")

    def _is_legal_folder(self, folder: str) -> bool:
        """Whether an object may lie there, as far as its address tells. Each folder is looked at once."""
        if folder not in self._legal_folders:
            if S3Uri.parse(folder) is None:
                return False
            if len(self._legal_folders) >= _MAX_KNOWN_FOLDERS:
                self._legal_folders.clear()
            self._legal_folders.add(folder)
        return True


class _BlockDecoder:
    """Decodes the lines of blocks, as long as they have no attributes but those that lines in order have.

    A type that names every attribute of a line is decoded in about half the time that lines of any kind take, and lets no other
    attribute pass. So the names that are met in a block are remembered, and the type is made anew.
    """

    def __init__(self, source_attribute: str, *, refused: Set[str]) -> None:
        self._source_attribute = source_attribute
        self._refused = refused
        self._decode_any = msgspec.json.Decoder(dict[str, Any]).decode_lines
        self._know({source_attribute: None})

    def sources(self, block: bytes) -> list[str]:
        """The source of each line. Raises ValueError where a line has none, has an attribute of the refused, or is no JSON object."""
        try:
            lines = self._decode(block)
        except msgspec.ValidationError:
            met = dict.fromkeys(chain.from_iterable(self._decode_any(block)))
            if not self._names.keys() < {*self._names, *met}:
                raise
            self._know(self._names | met)
            lines = self._decode(block)
        return [line.source for line in lines]

    def _know(self, names: dict[str, None]) -> None:
        if len(names) > _MAX_KNOWN_NAMES or not names.keys().isdisjoint(self._refused) or not all(map(_PLAIN_NAME.fullmatch, names)):
            raise ValueError("lines with such attributes have to be read one by one")
        source = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_KEY_BYTES if self._source_attribute == SOURCE_REF else None)]
        fields: list[tuple[str, Any, Any]] = [("source", source, msgspec.field(name=self._source_attribute))]
        others = (name for name in names if name != self._source_attribute)
        fields += [(f"other_{at}", Any, msgspec.field(name=name, default=None)) for at, name in enumerate(others)]
        line = msgspec.defstruct("Line", fields, forbid_unknown_fields=True, gc=False)
        self._decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(line).decode_lines
        self._names = names


def _holds_an_object_a_line(block: bytes, count: int) -> bool:
    """Whether all of its `count` lines begin and end as objects do. The decoder alone takes two objects from one line, or one from two."""
    if not block.startswith(b"{") or not block.endswith((b"}\n", b"}\r\n")):
        return False
    # Lines mostly begin alike, up to the end of the first name, and more is found faster than less.
    beginning = block[: block.find(b'"', 2) + 1] or b"{"
    if block.count(b"}\n" + beginning) == count - 1:
        return True
    return block.count(b"}\n{") + block.count(b"}\r\n{") == count - 1


def _has_long_line(block: bytes) -> bool:
    """Whether a line may be long enough for an attribute over the limit: then a window of half that length is without line feed."""
    window = MAX_ATTRIBUTE_CHARACTERS // 2
    return any(block.find(b"\n", start, start + window) < 0 for start in range(0, len(block) - window, window))


def _folders(references: Iterable[str]) -> frozenset[str]:
    return frozenset([f"{folder}/" for folder in {reference.rpartition("/")[0] for reference in references}])


class _CarefulReading:
    """One line, read for all its faults."""

    def __init__(self, expectation: ManifestExpectation, raw: bytes, number: int, *, begins_file: bool) -> None:
        self._expectation = expectation
        self._raw = raw
        self._number = number
        self._begins_file = begins_file
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
        labeled = expectation.label_attribute is not None and has_label(attributes, expectation.label_attribute)
        if labeled:
            self._add("manifest.line-labeled", expectation.label_attribute, label_attribute=expectation.label_attribute)
            self._check_own_labels(attributes, str(expectation.label_attribute))
        return ManifestLine(attributes, source, labeled, self._mask(attributes), tuple(self._faults))

    def _add(self, code: str, attribute: str | None = None, detail: str | None = None, **values: object) -> None:
        place = Place(self._number, self._number, attribute and excerpt(attribute), detail and excerpt(detail))
        self._faults.append(fault(code, pointer=None, place=place, **values))

    def _attributes(self) -> dict[str, Any] | None:
        """The line as a JSON object, or None when it is none."""
        if len(self._raw) > MAX_LINE_BYTES:
            self._add("manifest.line-too-long", limit=MAX_LINE_CHARACTERS)
            return None
        if self._begins_file and self._raw.startswith(_BYTE_ORDER_MARK):
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
        read = {SOURCE, SOURCE_REF, expectation.label_attribute or SOURCE}
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
        if self._expectation.is_image and not uri.key.lower().endswith(IMAGE_SUFFIXES):
            self._add("manifest.object-format", SOURCE_REF, source)
        return True

    def _check_existing_labels(self, attributes: dict[str, Any], existing: str) -> None:
        expectation = self._expectation
        labels = frozenset(expectation.labels) if expectation.keeps_existing_classes else None
        for code, attribute, detail in existing_labels.findings(attributes, existing, expectation.existing_label_type, labels):
            self._add(code, attribute, detail, expected=attribute)

    def _mask(self, attributes: dict[str, Any]) -> str | None:
        expectation = self._expectation
        if not expectation.needs_existing_labels or expectation.existing_label_type != existing_labels.MASKS:
            return None
        uri = existing_labels.mask_uri(attributes.get(expectation.existing_label_attribute or ""))
        return str(uri) if uri else None

    def _check_own_labels(self, attributes: dict[str, Any], label_attribute: str) -> None:
        """A line labeled by another type would come out beside the job's own, under one attribute."""
        metadata = attributes.get(f"{label_attribute}-metadata")
        label_type = metadata.get("type") if isinstance(metadata, dict) else None
        if isinstance(label_type, str) and self._expectation.label_type not in {None, label_type}:
            self._add("manifest.labeled-by-other-type", f"{label_attribute}-metadata", label_type, expected=self._expectation.label_type)
