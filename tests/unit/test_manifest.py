"""Reading a manifest: the lines of the file, and every fault of a line at once."""

import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.manifest import (
    MAX_LINE_BYTES,
    BlockReading,
    ManifestExpectation,
    ManifestLine,
    ManifestRange,
    ManifestReader,
    lines,
    plan_ranges,
)

IMAGES = ManifestExpectation("ImageMultiClass", "source-ref", is_image=True, max_objects=100_000, label_attribute="kind")
TEXTS = ManifestExpectation("TextMultiClass", "source", is_image=False, max_objects=100_000, label_attribute="mood")
BOXES_TO_CHECK = replace(IMAGES, task_type_key="VerificationBoundingBox", existing_label_attribute="boxes", needs_existing_labels=True)
MASKS_TO_ADJUST = replace(
    IMAGES,
    task_type_key="AdjustmentSemanticSegmentation",
    label_attribute="better-ref",
    existing_label_attribute="road-ref",
    needs_existing_labels=True,
)
IMAGE = "s3://acme/images/1.jpg"


def read(line: bytes | str | dict[str, Any], expectation: ManifestExpectation = IMAGES, number: int = 3) -> ManifestLine:
    raw = json.dumps(line, ensure_ascii=False).encode() if isinstance(line, dict) else line.encode() if isinstance(line, str) else line
    return ManifestReader(expectation).read(raw, number)


def codes(line: ManifestLine) -> list[str]:
    return [found.code.removeprefix("manifest.") for found in line.faults]


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """`data` in chunks of the given sizes, over and over."""
    chunks = []
    while data:
        for size in sizes:
            chunks.append(data[:size])
            data = data[size:]
    return chunks


# --- the lines of the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"\n", [b""]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"a\rb\r", [b"a\rb\r"]),
        ("a\u2028b\u0085c\x0bd\x0ce\n".encode(), ["a\u2028b\u0085c\x0bd\x0ce".encode()]),
    ],
)
def test_only_line_feeds_with_or_without_carriage_return_separate_lines(file: bytes, expected: list[bytes]) -> None:
    assert list(lines([file])) == expected


@given(
    file=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"{}", b"\xff"])).map(b"".join),
    sizes=st.lists(st.integers(1, 5), min_size=1),
)
def test_how_the_file_is_cut_into_chunks_makes_no_difference(file: bytes, sizes: list[int]) -> None:
    assert list(lines(cut(file, sizes))) == list(lines([file]))


@given(file=st.binary().filter(lambda data: b"\r\n" not in data))
def test_the_lines_joined_give_the_file_back(file: bytes) -> None:
    joined = b"\n".join(lines([file]))

    assert joined + (b"\n" if file.endswith(b"\n") else b"") == file


@given(
    pieces=st.lists(st.sampled_from([b"12345678", b"123456789", b"\n", b"\r\n", b"\r", b"x"])).map(b"".join),
    sizes=st.lists(st.integers(1, 30), min_size=1),
)
def test_over_long_lines_look_the_same_however_the_file_is_cut(pieces: bytes, sizes: list[int]) -> None:
    with patch("groundwork.manifest.MAX_LINE_BYTES", 9):
        whole = list(lines([pieces]))
        in_chunks = list(lines(cut(pieces, sizes)))

    assert in_chunks == whole
    *ended, rest = pieces.split(b"\n")
    assert whole == [line.removesuffix(b"\r")[:10] for line in ended] + ([rest[:10]] if rest else [])


def test_a_line_without_end_takes_no_more_memory_than_the_longest_legal_line() -> None:
    endless = (b"x" * 65_536 for _ in range(1_000))

    (line,) = lines(endless)

    assert len(line) == MAX_LINE_BYTES + 1
    assert codes(read(line)) == ["line-too-long"]


def test_the_line_after_an_over_long_one_is_read_as_usual() -> None:
    chunks = [b"x" * MAX_LINE_BYTES, b"xyz\nnext\n"]

    assert [len(line) for line in lines(chunks)] == [MAX_LINE_BYTES + 1, 4]


# --- ranges ----------------------------------------------------------------------------------------------------------


@given(
    file=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"{}"])).map(b"".join),
    sizes=st.lists(st.integers(1, 5), min_size=1),
    lines_each=st.integers(1, 4),
    at_most=st.sampled_from([2, 4, 6]),
)
def test_the_ranges_of_a_manifest_give_its_lines_with_their_numbers(file: bytes, sizes: list[int], lines_each: int, at_most: int) -> None:
    ranges = plan_ranges(cut(file, sizes), lines_each=lines_each, at_most=at_most)

    in_ranges = [list(lines([file[found.start : found.end]])) for found in ranges]
    assert [line for found in in_ranges for line in found] == list(lines([file]))
    assert [found.lines for found in ranges] == [len(found) for found in in_ranges]
    assert [found.first_line for found in ranges] == [sum(found.lines for found in ranges[:position]) for position in range(len(ranges))]
    assert len(ranges) <= at_most
    assert all(found.lines % lines_each == 0 for found in ranges[:-1])


def test_ranges_have_the_lines_asked_for_until_there_would_be_too_many() -> None:
    def counts(lines_in_file: int) -> list[int]:
        return [found.lines for found in plan_ranges([b"{}\n" * lines_in_file], lines_each=2, at_most=4)]

    assert counts(0) == []
    assert counts(5) == [2, 2, 1]
    assert counts(9) == [4, 4, 1]
    assert ManifestRange(2, 2, 6, 12) in plan_ranges([b"{}\n" * 5], lines_each=2, at_most=4)
    assert ManifestRange(2, 2, 6, 12).http_range == "bytes=6-11"


# --- the faults of a line ---------------------------------------------------------------------------------------

FAULTY_LINES: list[tuple[bytes | str, list[str]]] = [
    (b"", ["line-empty"]),
    (b" \t", ["line-empty"]),
    (b"\xff\xfe{", ["not-utf8"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","note":"\xe9"}', ["not-utf8"]),
    (b'{"source-ref":"s3://acme/images/\xed\xa0\x80.jpg"}', ["not-utf8"]),
    (b"not json", ["not-json"]),
    (b'{"source-ref":', ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg"} {}', ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","n":NaN}', ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","n":1e999}', ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","n":' + b"9" * 5_000 + b"}", ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","n":"\\ud800"}', ["not-json"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","n":' + b"[" * 45_000 + b"]" * 45_000 + b"}", ["not-json"]),
    (b'["source-ref"]', ["not-an-object"]),
    (b"null", ["not-an-object"]),
    (b"{}", ["source-missing"]),
    (b'{"source":"a text"}', ["source-wrong"]),
    (b'{"source":"a text","source-ref":"s3://acme/images/1.jpg"}', ["source-ambiguous"]),
    (b'{"source-ref":7}', ["source-not-text"]),
    (b'{"source-ref":null}', ["source-not-text"]),
    (b'{"source-ref":" "}', ["source-empty"]),
    (b'{"source-ref":"https://acme/images/1.jpg"}', ["source-ref-invalid"]),
    (b'{"source-ref":"s3://acme/images/"}', ["source-ref-invalid"]),
    (b'{"source-ref":"s3://acme"}', ["source-ref-invalid"]),
    (b'{"source-ref":"s3://acme/../1.jpg"}', ["source-ref-invalid"]),
    (b'{"source-ref":"s3://acme/images/\\u0000.jpg"}', ["source-ref-invalid"]),
    ('{"source-ref":"s3://acme/' + "é" * 600 + '.jpg"}', ["source-ref-invalid"]),
    (b'{"source-ref":"s3://acme/images/1.gif"}', ["object-format"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","$id":1}', ["attribute-name-reserved"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","\\u0024id":1}', ["attribute-name-reserved"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","source-ref":"s3://acme/images/2.jpg"}', ["attribute-repeated"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","\\u0073ource-ref":"s3://acme/images/2.jpg"}', ["attribute-repeated"]),
    (b'{"source-ref":"s3://acme/images/1.jpg","kind":1}', ["line-labeled"]),
    (
        b'{"source":"a","source-ref":"ftp://x","$x":1,"kind":2}',
        ["attribute-name-reserved", "source-ambiguous", "source-ref-invalid", "line-labeled"],
    ),
]


def test_a_line_in_order_has_its_attributes_and_no_fault() -> None:
    line = read({"source-ref": IMAGE, "batch": "A7"})

    assert line.is_valid
    assert line.faults == ()
    assert line.attributes == {"source-ref": IMAGE, "batch": "A7"}
    assert line.source == IMAGE


@pytest.mark.parametrize(("line", "expected"), FAULTY_LINES)
def test_every_fault_of_a_line_is_named_at_once(line: bytes | str, expected: list[str]) -> None:
    found = read(line)

    assert codes(found) == expected
    assert {fault.place.line for fault in found.faults if fault.place} == {3}


@pytest.mark.parametrize(("line", "expected"), [(line, codes) for line, codes in FAULTY_LINES if codes != ["line-empty"]])
def test_a_fault_is_found_among_thousands_of_lines_in_order(line: bytes | str, expected: list[str]) -> None:
    faulty = line if isinstance(line, bytes) else line.encode()
    in_order = [f'{{"source-ref":"s3://acme/images/{number}.jpg"}}'.encode() for number in range(2_000)]

    found = ManifestReader(IMAGES).read_block(b"\n".join([*in_order, faulty, *in_order, b""]), 0)

    assert [fault.code.removeprefix("manifest.") for fault in found.faults] == expected
    assert {fault.place.line for fault in found.faults if fault.place} == {2_000}
    assert len(found.sources) == 4_001


@pytest.mark.parametrize("name", ["1.JPG", "1.jpeg", "1.Png", "with space.png", "ünï.jpg", "😀.png", "a+b%20c.jpg"])
def test_image_names_may_be_any_that_s3_takes(name: str) -> None:
    line = read({"source-ref": f"s3://acme/images/{name}"})

    assert line.faults == ()
    assert line.source == f"s3://acme/images/{name}"


def test_the_dollar_sign_is_reserved_in_names_only() -> None:
    assert codes(read({"source": "It costs $5", "price": {"$": "$"}}, TEXTS)) == []


def test_a_text_may_speak_of_source_and_use_escapes() -> None:
    assert codes(read({"source": 'the "source" of é "source-ref"\n'}, TEXTS)) == []


def test_a_blank_text_is_no_data_object() -> None:
    assert codes(read({"source": "  \n"}, TEXTS)) == ["source-empty"]


def test_a_byte_order_mark_is_a_fault_of_the_first_line_and_the_line_is_read_on() -> None:
    first = read(b'\xef\xbb\xbf{"source-ref":"s3://acme/images/1.gif"}', number=0)

    assert codes(first) == ["byte-order-mark", "object-format"]


def test_limits_of_length_count_characters_not_bytes() -> None:
    assert codes(read({"source": "x", "note": "ü" * 20_000}, TEXTS)) == []
    assert codes(read({"source": "x", "note": "ü" * 20_001}, TEXTS)) == ["attribute-too-long"]
    assert codes(read({"source": "x", "note": ["y" * 19_000, "z" * 1_000]}, TEXTS)) == ["attribute-too-long"]

    many = json.dumps({"source": "x", **{f"note-{n}": "é" * 19_000 for n in range(5)}}, ensure_ascii=False)
    assert codes(read(many, TEXTS)) == []
    assert codes(read(many + " " * 100_001, TEXTS)) == ["line-too-long"]


def test_a_report_quotes_a_long_address_only_in_part() -> None:
    (fault,) = read({"source-ref": "ftp://" + "x" * 5_000}).faults

    assert fault.place is not None
    assert fault.place.detail is not None
    assert len(fault.place.detail) == 200


def test_a_labeled_line_is_valid_and_will_not_be_sent_out() -> None:
    line = read({"source-ref": IMAGE, "kind": None})

    assert line.is_valid
    assert line.labeled


def test_a_line_that_failed_in_an_earlier_job_counts_as_unlabeled() -> None:
    metadata = {"failure-reason": "expired"}
    line = read({"source-ref": IMAGE, "kind-metadata": metadata})

    assert not line.labeled
    assert line.faults == ()
    assert not read({"source-ref": IMAGE, "kind": 1, "kind-metadata": metadata}).labeled


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"boxes": {"annotations": []}, "boxes-metadata": {"objects": []}}, []),
        ({"boxes": {"annotations": []}}, ["existing-metadata-missing"]),
        ({"boxes-metadata": {"failure-reason": "expired"}}, ["existing-label-missing"]),
        ({"boxes": None, "boxes-metadata": "x"}, ["existing-label-missing", "existing-metadata-missing"]),
    ],
)
def test_labels_to_check_must_be_on_the_line(attributes: dict[str, Any], expected: list[str]) -> None:
    assert codes(read({"source-ref": IMAGE, **attributes}, BOXES_TO_CHECK)) == expected


@pytest.mark.parametrize(
    ("colors", "expected"),
    [
        ({"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}}, []),
        ({"0": {"class-name": "BACKGROUND"}}, ["existing-colors-missing"]),
        ({}, ["existing-colors-missing"]),
        (None, ["existing-colors-missing"]),
    ],
)
def test_segmentation_labels_to_check_must_name_their_colors(colors: object, expected: list[str]) -> None:
    line = {"source-ref": IMAGE, "road-ref": "s3://acme/out/0.png", "road-ref-metadata": {"internal-color-map": colors}}

    assert codes(read(line, MASKS_TO_ADJUST)) == expected


# --- whatever the bytes -----------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["source", "source-ref", "kind", "kind-metadata", "boxes", "boxes-metadata", "$x", "batch", ""])
sources = st.sampled_from(
    [IMAGE, "s3://acme/a/2.png", "s3://acme/é/ü.PNG", "s3://acme/", "s3://x/1.jpg", "a $text", " ", 'say "source"', "s3://acme/./1.jpg"]
)
near_manifest_lines = st.one_of(
    st.binary(),
    st.dictionaries(names, sources | json_values).map(json.dumps).map(str.encode),
    st.lists(st.tuples(names.map(json.dumps), (sources | json_values).map(lambda value: json.dumps(value, ensure_ascii=False)))).map(
        lambda pairs: ("{" + ",".join(f"{name}: {value}" for name, value in pairs) + "}").encode("utf-8", "surrogatepass")
    ),
    st.tuples(st.dictionaries(names, sources).map(json.dumps).map(str.encode), st.integers(0, 60), st.binary(max_size=3)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    ),
)
expectations = st.sampled_from([IMAGES, TEXTS, BOXES_TO_CHECK, MASKS_TO_ADJUST])


@given(raw=near_manifest_lines, expectation=expectations, number=st.integers(0, 5))
def test_any_bytes_are_either_a_valid_line_or_a_fault_that_names_its_line(
    raw: bytes, expectation: ManifestExpectation, number: int
) -> None:
    line = ManifestReader(expectation).read(raw, number)

    if line.is_valid:
        assert line.attributes is not None
        assert line.source == line.attributes[expectation.source_attribute]
    else:
        assert all(fault.place is not None and fault.place.line == number for fault in line.faults)


@given(raw=near_manifest_lines, expectation=expectations)
def test_the_quick_look_vouches_only_for_lines_in_which_the_careful_reading_finds_nothing(
    raw: bytes, expectation: ManifestExpectation
) -> None:
    quick = ManifestReader(expectation).read(raw, 1)
    with patch.object(ManifestReader, "_vouched_for", return_value=None):
        careful = ManifestReader(expectation).read(raw, 1)

    assert quick == careful or repr(quick) == repr(careful)


@given(
    raws=st.lists(near_manifest_lines.filter(lambda raw: b"\n" not in raw and not raw.endswith(b"\r")), min_size=1),
    sizes=st.lists(st.integers(1, 50), min_size=1),
)
def test_how_a_manifest_is_cut_into_chunks_changes_no_line(raws: list[bytes], sizes: list[int]) -> None:
    file = b"\r\n".join(raws) + b"\r\n"

    assert list(lines(cut(file, sizes))) == raws


lines_in_order = st.builds(
    lambda source, more, escaped: json.dumps({source[0]: source[1], **more}, ensure_ascii=escaped).encode(),
    st.sampled_from(
        [("source-ref", IMAGE), ("source-ref", "s3://acme/é/ü.PNG"), ("source", "a $text"), ("source", 'say "source"\u2028 ü')]
    ),
    st.dictionaries(
        st.sampled_from(["batch", "source-file", "cost in $", "ü", ""]), st.text(max_size=3) | st.just('{"$x": 1}'), max_size=2
    ),
    st.booleans(),
)


@given(
    raws=st.lists(lines_in_order, max_size=4),
    among=st.lists(near_manifest_lines, max_size=1),
    end=st.sampled_from([b"\n", b"\r\n"]),
    expectation=expectations,
)
def test_a_block_is_read_as_its_lines_are_one_by_one(
    raws: list[bytes], among: list[bytes], end: bytes, expectation: ManifestExpectation
) -> None:
    block = b"".join(raw + end for raw in (*raws, *among))

    quick = ManifestReader(expectation).read_block(block, 7)
    with (
        patch.object(ManifestReader, "_vouched_for_block", return_value=None),
        patch.object(ManifestReader, "_vouched_for", return_value=None),
    ):
        careful = ManifestReader(expectation).read_block(block, 7)

    assert in_lists(quick) == in_lists(careful)


def in_lists(reading: BlockReading) -> BlockReading:
    return replace(reading, sources=list(reading.sources), masks=list(reading.masks), faults=list(reading.faults))


def test_the_lines_of_a_manifest_in_order_are_read_as_a_whole() -> None:
    reader = ManifestReader(TEXTS)
    block = b"".join(json.dumps({"source": f'${number} for "it" — fine', "source-file": "a.txt"}).encode() + b"\n" for number in range(100))

    with patch.object(ManifestReader, "read", side_effect=AssertionError("read one by one")):
        reading = reader.read_block(block, 0)

    assert len(reading.sources) == 100


@pytest.mark.parametrize("label_attribute", ["source-ref", "source", "", 'a"b', "a\\b", "ü"])
def test_whatever_the_label_attribute_manifests_are_read(label_attribute: str) -> None:
    reading = ManifestReader(replace(IMAGES, label_attribute=label_attribute)).read_block(b'{"source-ref":"s3://acme/images/1.jpg"}\n', 0)

    assert len(reading.sources) == 1
