"""One writer per format: it takes labeled objects one by one and leaves a file, in memory that does not grow with the number of objects."""

import csv
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from groundwork.data_locations import S3Uri
from groundwork.exports.file_names import FileNames
from groundwork.exports.labeled_objects import Kind, LabeledObject, Report, class_masks

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a writer works with: an empty folder, the job's label categories in order, names for pictures, where masks come from."""

    folder: Path
    categories: Sequence[str]
    names: FileNames
    read: Callable[[S3Uri], bytes]
    report: Report
    is_multi_label: bool = False


class Writer(Protocol):
    """Writes one export."""

    def __init__(self, place: Workplace) -> None: ...

    def add(self, labeled: LabeledObject) -> None:
        """Take one object. What the format has no place for is counted in the report."""

    def finish(self) -> Path:
        """The finished file."""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _counted(report: Report, shapes: int) -> None:
    report.objects += 1
    report.shapes += shapes


# --- COCO ------------------------------------------------------------------------------------------------------------


class CocoWriter:
    """COCO's object detection form. Category ids count from 1 in the order of the job's label categories; pictures without a shape stay in.

    A mask gives one annotation per category, run-length encoded.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._files = ExitStack()
        self._pictures = self._files.enter_context((place.folder / "pictures").open("w+", encoding="utf-8"))
        self._annotations = self._files.enter_context((place.folder / "annotations").open("w+", encoding="utf-8"))
        self._ids = {name: position for position, name in enumerate(place.categories, start=1)}
        self._next_annotation = 1

    def add(self, labeled: LabeledObject) -> None:
        if labeled.uri is None:
            return
        annotations, size = self._of_mask(labeled) if labeled.kind is Kind.MASK else self._of_boxes(labeled)
        if size is None:
            return
        picture = {
            "id": labeled.line + 1,
            "file_name": self._place.names.of(labeled.uri, labeled.line),
            "width": size[0],
            "height": size[1],
        }
        self._write(self._pictures, {**picture, "source": str(labeled.uri)})
        for annotation in annotations:
            identity = {"id": self._next_annotation, "image_id": labeled.line + 1}
            self._write(self._annotations, {**identity, **annotation})
            self._next_annotation += 1
        _counted(self._place.report, len(annotations))

    def _of_boxes(self, labeled: LabeledObject) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
        annotations = [
            {
                "category_id": self._category(box.name),
                "bbox": [box.left, box.top, box.width, box.height],
                "area": box.width * box.height,
                "iscrowd": 0,
                "segmentation": [],
                "confidence": box.confidence,
            }
            for box in labeled.boxes
        ]
        return annotations, labeled.size

    def _of_mask(self, labeled: LabeledObject) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
        import numpy as np
        from PIL import Image
        from pycocotools import mask as run_lengths

        if labeled.mask is None:
            return [], None
        content = self._place.read(labeled.mask.uri)
        with Image.open(BytesIO(content)) as picture:
            size = picture.size
        annotations = []
        for name, of_class in class_masks(labeled, lambda _: content, self._place.report):
            encoded = run_lengths.encode(np.asfortranarray(of_class, dtype=np.uint8))
            annotations.append(
                {
                    "category_id": self._category(name),
                    "bbox": [float(edge) for edge in run_lengths.toBbox(encoded)],
                    "area": int(run_lengths.area(encoded)),
                    "iscrowd": 0,
                    "segmentation": {"size": [int(edge) for edge in encoded["size"]], "counts": encoded["counts"].decode("ascii")},
                }
            )
        return annotations, size

    def _category(self, name: str) -> int:
        return self._ids.setdefault(name, len(self._ids) + 1)

    @staticmethod
    def _write(file: IO[str], entry: dict[str, Any]) -> None:
        file.write(",\n" if file.tell() else "")
        file.write(_json(entry))

    def finish(self) -> Path:
        path = self._place.folder / "coco.json"
        with self._files, path.open("w", encoding="utf-8") as whole:
            whole.write('{"info":{"description":"Exported by Groundwork"},"licenses":[],\n"categories":')
            whole.write(_json([{"id": number, "name": name} for name, number in self._ids.items()]))
            for title, part in (("images", self._pictures), ("annotations", self._annotations)):
                whole.write(f',\n"{title}":[\n')
                part.seek(0)
                while block := part.read(1024 * 1024):
                    whole.write(block)
                whole.write("\n]")
            whole.write("}\n")
        return path


# --- archives: YOLO, Pascal VOC --------------------------------------------------------------------------------------


class _Archive:
    """A zip of small files, with a table that says which file belongs to which data object."""

    def __init__(self, place: Workplace) -> None:
        self.path = place.folder / "export.zip"
        self._zip = zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED)
        self._table = (place.folder / "images.csv").open("w+", encoding="utf-8", newline="")
        self._rows = csv.writer(self._table)
        self._rows.writerow(["source", "image", "annotation"])

    def put(self, name: str, content: str | bytes) -> None:
        # The same time on every file, so that the same labels give the same archive.
        entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, content)

    def put_annotation(self, labeled: LabeledObject, image: str, name: str, content: str | bytes) -> None:
        self.put(name, content)
        self._rows.writerow([str(labeled.uri), image, name])

    def finish(self) -> Path:
        self._table.flush()
        self._table.seek(0)
        self.put("images.csv", self._table.read())
        self._table.close()
        self._zip.close()
        return self.path


class YoloWriter:
    """YOLO's detection form: `labels/…txt` beside `images/…`, one line a box, edges as parts of the picture; classes count from 0."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._archive = _Archive(place)
        self._classes = {name: position for position, name in enumerate(place.categories)}

    def add(self, labeled: LabeledObject) -> None:
        if labeled.uri is None or labeled.size is None:
            return
        width, height = labeled.size
        lines = []
        for box in labeled.boxes:
            number = self._classes.setdefault(box.name, len(self._classes))
            middle = ((box.left + box.width / 2) / width, (box.top + box.height / 2) / height)
            parts = (*middle, box.width / width, box.height / height)
            lines.append(f"{number} {' '.join(f'{part:.8f}' for part in parts)}\n")
        image = self._place.names.of(labeled.uri, labeled.line)
        # A picture without a box has an empty file: that makes it a negative and not an unlabeled one.
        self._archive.put_annotation(labeled, f"images/{image}", f"labels/{_stem(image)}.txt", "".join(lines))
        _counted(self._place.report, len(lines))

    def finish(self) -> Path:
        # JSON is YAML too, and needs no escaping of ours.
        names = {str(number): name for name, number in self._classes.items()}
        self._archive.put("data.yaml", json.dumps({"path": ".", "train": "images", "val": "images", "names": names}, indent=1) + "\n")
        return self._archive.finish()


class VocWriter:
    """Pascal VOC: `Annotations/…xml` beside `JPEGImages/…`. Edges are pixels from 1, both ends included, as VOC counts them."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._archive = _Archive(place)

    def add(self, labeled: LabeledObject) -> None:
        if labeled.uri is None or labeled.size is None:
            return
        image = self._place.names.of(labeled.uri, labeled.line)
        root = Element("annotation")
        folder, _, name = f"JPEGImages/{image}".rpartition("/")
        SubElement(root, "folder").text = _xml_text(folder)
        SubElement(root, "filename").text = _xml_text(name)
        SubElement(SubElement(root, "source"), "database").text = _xml_text(str(labeled.uri))
        size = SubElement(root, "size")
        for edge, pixels in zip(("width", "height", "depth"), (*labeled.size, 3), strict=True):
            SubElement(size, edge).text = str(pixels)
        SubElement(root, "segmented").text = "0"
        for box in labeled.boxes:
            shape = SubElement(root, "object")
            SubElement(shape, "name").text = _xml_text(box.name)
            for flag in ("truncated", "difficult"):
                SubElement(shape, flag).text = "0"
            bounds = SubElement(shape, "bndbox")
            edges = {"xmin": box.left + 1, "ymin": box.top + 1, "xmax": box.left + box.width, "ymax": box.top + box.height}
            for edge, pixel in edges.items():
                SubElement(bounds, edge).text = f"{pixel:g}"
        indent(root)
        self._archive.put_annotation(labeled, f"JPEGImages/{image}", f"Annotations/{_stem(image)}.xml", tostring(root, encoding="utf-8"))
        _counted(self._place.report, len(labeled.boxes))

    def finish(self) -> Path:
        self._archive.put("labels.txt", "".join(f"{' '.join(name.split())}\n" for name in self._place.categories))
        return self._archive.finish()


def _stem(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"


def _xml_text(text: str) -> str:
    """With a replacement character for each that XML 1.0 has no form for."""
    return _NOT_IN_XML.sub("\ufffd", text)


# --- tables: CSV, Parquet --------------------------------------------------------------------------------------------

# What spreadsheet programs take for the beginning of a formula (OWASP, "CSV Injection"), and the apostrophe that says it is none.
_LIKE_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")
_LABEL_COLUMNS = {
    "label": "VARCHAR",
    "class_id": "INTEGER",
    "confidence": "DOUBLE",
    "left": "DOUBLE",
    "top": "DOUBLE",
    "width": "DOUBLE",
    "height": "DOUBLE",
    "start": "INTEGER",
    "end": "INTEGER",
    "mask": "VARCHAR",
}
_OBJECT_COLUMNS = {"line": "BIGINT", "source": "VARCHAR", "text": "VARCHAR", "human_annotated": "BOOLEAN"}


class CsvWriter:
    """One row a class, box or span; an object without any has one row without a label. Columns that a type lacks are empty.

    A spreadsheet program runs a text that looks like a formula, so such a one has an apostrophe before it, and so has one that begins with
    an apostrophe: whoever takes one from the beginning has every text as it was.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._path = place.folder / "labels.csv"
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._rows = csv.DictWriter(self._file, [*_OBJECT_COLUMNS, *_LABEL_COLUMNS], lineterminator="\n")
        self._rows.writeheader()

    def add(self, labeled: LabeledObject) -> None:
        rows = _rows(labeled)
        common = _common(labeled)
        for row in rows or [{}]:
            self._rows.writerow({name: _cell(value) for name, value in {**common, **row}.items()})
        _counted(self._place.report, len(rows))

    def finish(self) -> Path:
        self._file.close()
        return self._path


class ParquetWriter:
    """The same table as in CSV, one row an object, with its classes, boxes or spans as a list."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._lines = (place.folder / "labels.jsonl").open("w", encoding="utf-8")

    def add(self, labeled: LabeledObject) -> None:
        rows = _rows(labeled)
        self._lines.write(_json({**_common(labeled), "labels": rows}) + "\n")
        _counted(self._place.report, len(rows))

    def finish(self) -> Path:
        import duckdb

        self._lines.close()
        path = self._place.folder / "labels.parquet"
        label = ", ".join(f'"{name}" {kind}' for name, kind in _LABEL_COLUMNS.items())
        columns = {**_OBJECT_COLUMNS, "labels": f"STRUCT({label})[]"}
        with duckdb.connect(config={"temp_directory": str(self._place.folder), "memory_limit": "512MB", "threads": 1}) as database:
            # Paths and types are ours; nothing a person typed is part of the statement.
            lines = self._place.folder / "labels.jsonl"
            typed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
            database.execute(
                f"COPY (SELECT * FROM read_json('{lines}', format='newline_delimited', columns={{{typed}}}, maximum_object_size=33554432)) "  # noqa: S608
                f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
            )
        return path


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_LIKE_FORMULAS) else value


def _common(labeled: LabeledObject) -> dict[str, Any]:
    return {
        "line": labeled.line,
        "source": str(labeled.uri) if labeled.uri else None,
        "text": labeled.text,
        "human_annotated": labeled.is_human,
    }


def _rows(labeled: LabeledObject) -> list[dict[str, Any]]:
    match labeled.kind:
        case Kind.CLASSES:
            return [{"label": given.name, "class_id": given.index, "confidence": given.confidence} for given in labeled.classes]
        case Kind.BOXES:
            return [
                {
                    "label": box.name,
                    "class_id": box.index,
                    "confidence": box.confidence,
                    "left": box.left,
                    "top": box.top,
                    "width": box.width,
                    "height": box.height,
                }
                for box in labeled.boxes
            ]
        case Kind.SPANS:
            return [{"label": span.name, "confidence": span.confidence, "start": span.start, "end": span.end} for span in labeled.spans]
        case Kind.MASK:
            return [{"mask": str(labeled.mask.uri)}] if labeled.mask else []


# --- JSON Lines: Hugging Face, Lookout for Vision --------------------------------------------------------------------


class _Lines:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8")

    def write(self, entry: Mapping[str, Any]) -> None:
        self._file.write(_json(entry) + "\n")

    def finish(self) -> Path:
        self._file.close()
        return self.path


class HuggingFaceWriter:
    """`metadata.jsonl` as the image folder loader of `datasets` reads it; for texts, lines that its JSON loader reads."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._lines = _Lines(place.folder / "metadata.jsonl")

    def add(self, labeled: LabeledObject) -> None:
        if labeled.uri is not None:
            entry: dict[str, Any] = {"file_name": self._place.names.of(labeled.uri, labeled.line), "source": str(labeled.uri)}
        else:
            entry = {"text": labeled.text}
        shapes = len(_rows(labeled))
        match labeled.kind:
            case Kind.CLASSES if self._place.is_multi_label:
                entry |= {"labels": [given.name for given in labeled.classes]}
            case Kind.CLASSES:
                entry |= {"label": labeled.classes[0].name if labeled.classes else None}
            case Kind.BOXES:
                entry |= {
                    "objects": {
                        "bbox": [[box.left, box.top, box.width, box.height] for box in labeled.boxes],
                        "categories": [box.name for box in labeled.boxes],
                    }
                }
            case Kind.MASK:
                entry |= {"mask": str(labeled.mask.uri) if labeled.mask else None}
            case Kind.SPANS:
                entry |= {"entities": [{"start": span.start, "end": span.end, "label": span.name} for span in labeled.spans]}
        self._lines.write(entry)
        _counted(self._place.report, shapes)

    def finish(self) -> Path:
        return self._lines.finish()


class LookoutForVisionWriter:
    """The manifest of Lookout for Vision (its Developer Guide, manifest files): each picture is `normal` or an `anomaly`.

    From classes: those named `normal` and `anomaly`. From a mask: an anomaly where anything is marked, and the mask beside it.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._lines = _Lines(place.folder / "lookout.manifest")

    def add(self, labeled: LabeledObject) -> None:
        if labeled.uri is None:
            return
        mask: dict[str, Any] = {}
        if labeled.kind is Kind.MASK and labeled.mask is not None:
            found = [name for name, _ in class_masks(labeled, self._place.read, self._place.report)]
            name = "anomaly" if found else "normal"
            if found:
                mask = self._mask(labeled)
        elif labeled.classes and labeled.classes[0].name in {"normal", "anomaly"}:
            name = labeled.classes[0].name
        else:
            self._place.report.skip(labeled.line, "the label is neither normal nor anomaly")
            return
        metadata = {
            "class-name": name,
            "confidence": 1,
            "human-annotated": "yes" if labeled.is_human else "no",
            "type": "groundtruth/image-classification",
        }
        label = {"anomaly-label": int(name == "anomaly"), "anomaly-label-metadata": metadata}
        self._lines.write({"source-ref": str(labeled.uri), **label, **mask})
        _counted(self._place.report, 1)

    @staticmethod
    def _mask(labeled: LabeledObject) -> dict[str, Any]:
        if labeled.mask is None:
            return {}
        colors = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.0}}
        for number, (color, name) in enumerate(labeled.mask.colors.items(), start=1):
            colors[str(number)] = {"class-name": name, "hex-color": color, "confidence": 0.0}
        metadata = {
            "internal-color-map": colors,
            "human-annotated": "yes" if labeled.is_human else "no",
            "type": "groundtruth/semantic-segmentation",
        }
        return {"anomaly-mask-ref": str(labeled.mask.uri), "anomaly-mask-ref-metadata": metadata}

    def finish(self) -> Path:
        return self._lines.finish()


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name in the API, what it can hold, the finished file's media type, and its writer."""

    name: str
    kinds: frozenset[Kind]
    media_type: str
    writer: type[Writer]
    for_texts: bool = False


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("coco", frozenset({Kind.BOXES, Kind.MASK}), "application/json", CocoWriter),
        Format("yolo", frozenset({Kind.BOXES}), "application/zip", YoloWriter),
        Format("voc", frozenset({Kind.BOXES}), "application/zip", VocWriter),
        Format("csv", frozenset(Kind), "text/csv", CsvWriter, for_texts=True),
        Format("parquet", frozenset(Kind), "application/vnd.apache.parquet", ParquetWriter, for_texts=True),
        Format("huggingface", frozenset(Kind), "application/jsonl", HuggingFaceWriter, for_texts=True),
        Format("lookout-for-vision", frozenset({Kind.CLASSES, Kind.MASK}), "application/jsonl", LookoutForVisionWriter),
    )
}
