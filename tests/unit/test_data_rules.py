"""Every rule of the data, with a manifest that breaks it and the mended one that does not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.manifest import ManifestExpectation
from groundwork.manifest_validation import MAX_IMAGE_BYTES, MAX_MANIFEST_BYTES, ValidationRequest
from groundwork.rules import RULES
from tests.builders import OPEN_TO_BROWSERS, a_png, run_validation
from tests.hostile_manifests import COUNT, hostile_manifests
from tests.s3_in_memory import S3InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

BUCKET = "pets-data"
MANIFEST = S3Uri(BUCKET, "projects/pets/manifests/pets.manifest")
LOCATIONS = DataLocations.of([DataLocation("default", S3Uri(BUCKET, "projects/pets/"), LocationAccess.READ_WRITE)])
FOLDER = "projects/pets/datasets/"
MASK = f"s3://{BUCKET}/{FOLDER}mask.png"

IMAGES = ManifestExpectation("ImageMultiClass", "source-ref", is_image=True, max_objects=3, label_attribute="kind")
TEXTS = ManifestExpectation("TextMultiClass", "source", is_image=False, max_objects=3, label_attribute="mood")
TYPED = replace(IMAGES, label_type="groundtruth/image-classification")
BOXES = replace(
    IMAGES, task_type_key="AdjustmentBoundingBox", existing_label_attribute="boxes", needs_existing_labels=True, labels=("cat",)
)
MASKS = replace(BOXES, task_type_key="VerificationSemanticSegmentation", existing_label_attribute="road-ref")
AUTOMATED = replace(TEXTS, is_automated=True, max_objects=10_000)
AUTOMATED_IMAGES = replace(IMAGES, is_automated=True, max_objects=10_000)

Line = bytes | dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """A manifest, what its job expects, and the bucket it lies in."""

    lines: Sequence[Line]
    expectation: ManifestExpectation = IMAGES
    objects: dict[str, bytes | int] = field(default_factory=lambda: {"1.png": a_png(), "2.png": a_png(), "mask.png": a_png()})
    manifest: S3Uri = MANIFEST
    manifest_size: int | None = None
    is_there: bool = True
    etag: str | None = None
    refusals: dict[str, str] = field(default_factory=dict)
    location: str | None = None
    cors: dict[str, list[str]] = field(default_factory=dict)

    def codes(self) -> set[str]:
        """The rules that are broken."""
        s3 = S3InMemory()
        s3.objects |= {FOLDER + name: content for name, content in self.objects.items()}
        s3.refusals, s3.location, s3.cors_rule = self.refusals, self.location, cast("CORSRuleTypeDef", {**OPEN_TO_BROWSERS, **self.cors})
        body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in self.lines)
        if self.is_there:
            s3.objects[MANIFEST.key] = self.manifest_size or body
        request = ValidationRequest("pets", self.manifest, self.expectation, S3Uri(BUCKET, "report.json"), self.etag)
        report = run_validation(cast("S3Client", s3), request, LOCATIONS, S3Uri(BUCKET, "work/validation/one/"))
        return {found.code for found in report.faults}


def image(name: str = "1.png", /, **attributes: Any) -> dict[str, Any]:
    return {"source-ref": f"s3://{BUCKET}/{FOLDER}{name}", **attributes}


def boxes(*, kind: str = "groundtruth/object-detection", name: str = "cat", class_id: int = 0, **box: Any) -> dict[str, Any]:
    annotation = {"class_id": class_id, "left": 1, "top": 2, "width": 3, "height": 4.5, **box}
    return image(boxes={"annotations": [annotation]}, **{"boxes-metadata": {"type": kind, "class-map": {"0": name}}})


def mask(uri: Any = MASK, **entry: Any) -> dict[str, Any]:
    colors = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}, "1": {"class-name": "lane", "hex-color": "#2ca02c", **entry}}
    return image(**{"road-ref": uri, "road-ref-metadata": {"internal-color-map": colors}})


GOOD = Scene([image()])
TEXT = Scene([{"source": "late"}], TEXTS)

# By rule: what breaks it, and what is close to that and keeps it.
EXAMPLES: dict[str, tuple[Scene, Scene]] = {
    "manifest.outside-locations": (replace(GOOD, manifest=S3Uri("others", "a.manifest")), GOOD),
    "manifest.not-found": (replace(GOOD, is_there=False), GOOD),
    "manifest.unreadable": (replace(GOOD, refusals={"HeadObject": "403"}), GOOD),
    "manifest.too-large": (replace(GOOD, manifest_size=MAX_MANIFEST_BYTES + 1), GOOD),
    "manifest.changed": (replace(GOOD, etag='"other"'), GOOD),
    "manifest.empty": (Scene([]), GOOD),
    "manifest.too-many-objects": (
        Scene([{"source": str(n)} for n in range(4)], TEXTS),
        Scene([{"source": str(n)} for n in range(3)], TEXTS),
    ),
    "manifest.line-empty": (Scene([image(), b"", image("2.png")]), Scene([image(), image("2.png")])),
    "manifest.line-too-long": (
        Scene([{"source": "a", **{f"x{n}": "x" * 19_000 for n in range(6)}}], TEXTS),
        Scene([{"source": "a", **{f"x{n}": "x" * 19_000 for n in range(5)}}], TEXTS),
    ),
    "manifest.byte-order-mark": (Scene([b'\xef\xbb\xbf{"source":"a"}'], TEXTS), Scene([b'{"source":"\xef\xbb\xbfa"}'], TEXTS)),
    "manifest.not-utf8": (Scene([b'{"source":"\xff"}'], TEXTS), Scene(['{"source":"ÿ"}'.encode()], TEXTS)),
    "manifest.not-json": (Scene([b"{'source':'a'}"], TEXTS), TEXT),
    "manifest.not-an-object": (Scene([b'["source"]'], TEXTS), TEXT),
    "manifest.attribute-repeated": (Scene([b'{"source":"a","source":"b"}'], TEXTS), Scene([b'{"source":"a","note":1,"note":2}'], TEXTS)),
    "manifest.attribute-name-reserved": (Scene([{"source": "a", "$x": 1}], TEXTS), Scene([{"source": "$a", "x": "$x"}], TEXTS)),
    "manifest.attribute-too-long": (Scene([{"source": "a" * 20_001}], TEXTS), Scene([{"source": "a" * 20_000}], TEXTS)),
    "manifest.source-missing": (Scene([{"text": "a"}], TEXTS), TEXT),
    "manifest.source-ambiguous": (Scene([image(source="a")]), GOOD),
    "manifest.source-wrong": (Scene([{"source": "a"}]), GOOD),
    "manifest.source-not-text": (Scene([{"source": 1}], TEXTS), Scene([{"source": "1"}], TEXTS)),
    "manifest.source-empty": (Scene([{"source": " "}], TEXTS), TEXT),
    "manifest.source-ref-invalid": (Scene([{"source-ref": "1.png"}]), GOOD),
    "manifest.existing-label-missing": (Scene([{**boxes(), "boxes": None}], BOXES), Scene([boxes()], BOXES)),
    "manifest.existing-metadata-missing": (Scene([{**boxes(), "boxes-metadata": None}], BOXES), Scene([boxes()], BOXES)),
    "manifest.existing-colors-missing": (
        Scene([image(**{"road-ref": MASK, "road-ref-metadata": {}})], MASKS),
        Scene([mask()], MASKS),
    ),
    "manifest.existing-type-wrong": (Scene([boxes(kind="groundtruth/image-classification")], BOXES), Scene([boxes()], BOXES)),
    "manifest.existing-label-invalid": (Scene([boxes(class_id=1)], BOXES), Scene([boxes()], BOXES)),
    "manifest.existing-class-unknown": (Scene([boxes(name="dog")], BOXES), Scene([boxes(name="cat")], BOXES)),
    "manifest.labeled-by-other-type": (
        Scene([image(kind=1, **{"kind-metadata": {"type": "groundtruth/object-detection"}})], TYPED),
        Scene([image(kind=1, **{"kind-metadata": {"type": "groundtruth/image-classification"}})], TYPED),
    ),
    "manifest.line-labeled": (Scene([image(kind=1)]), Scene([image(sort=1)])),
    "manifest.none-left": (Scene([image(kind=1)]), Scene([image(kind=1), image("2.png")])),
    "manifest.duplicate": (Scene([image(), image()]), Scene([image(), image("2.png")])),
    "manifest.object-outside-locations": (Scene([{"source-ref": f"s3://{BUCKET}/projects/zoo/1.png"}]), GOOD),
    "manifest.object-format": (Scene([image("1.gif")], objects={"1.gif": a_png()}), GOOD),
    "manifest.object-missing": (Scene([image("gone.png")]), GOOD),
    "manifest.object-empty": (Scene([image()], objects={"1.png": b""}), GOOD),
    "manifest.object-too-large": (
        Scene([image()], objects={"1.png": MAX_IMAGE_BYTES + 1}),
        Scene([image()], objects={"1.png": MAX_IMAGE_BYTES}),
    ),
    "manifest.objects-unreadable": (replace(GOOD, refusals={"ListObjectsV2": "AccessDenied"}), GOOD),
    "manifest.object-unreadable": (replace(GOOD, refusals={f"GetObject {FOLDER}1.png": "AccessDenied"}), GOOD),
    "manifest.image-format": (Scene([image()], objects={"1.png": b"GIF89a"}), Scene([image()], objects={"1.png": b"\xff\xd8\xff\xe0"})),
    "manifest.image-too-many-pixels": (
        Scene([image()], objects={"1.png": a_png(10_001, 10_000)}),
        Scene([image()], objects={"1.png": a_png(10_000, 10_000)}),
    ),
    "manifest.too-few-for-automation": (
        Scene([{"source": str(n)} for n in range(1_249)], AUTOMATED),
        Scene([{"source": str(n)} for n in range(1_250)], AUTOMATED),
    ),
    "bucket.elsewhere": (replace(GOOD, location="eu-west-1"), GOOD),
    "bucket.cors-missing": (replace(GOOD, cors={"AllowedOrigins": ["https://example.com"]}), GOOD),
    "bucket.cors-exposes-too-little": (
        replace(GOOD, cors={"ExposeHeaders": ["ETag"]}),
        replace(GOOD, cors={"ExposeHeaders": ["ETag", "access-control-allow-origin"]}),
    ),
    "manifest.bucket-missing": (replace(GOOD, refusals={"ListObjectsV2": "NoSuchBucket"}), GOOD),
}


def test_no_rule_of_the_data_is_without_examples() -> None:
    assert set(EXAMPLES) == {code for code in RULES if code.startswith(("manifest.", "bucket."))}


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_rule_is_broken_by_the_one_and_kept_by_the_other(code: str) -> None:
    broken, kept = EXAMPLES[code]

    assert code in broken.codes()
    assert code not in kept.codes()


@pytest.mark.parametrize("kept", [GOOD, TEXT, Scene([boxes()], BOXES), Scene([mask()], MASKS)], ids=["image", "text", "boxes", "mask"])
def test_what_is_in_order_breaks_no_rule(kept: Scene) -> None:
    assert kept.codes() == set()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (boxes(left="1"), {"manifest.existing-label-invalid"}),
        (boxes(width=True), {"manifest.existing-label-invalid"}),
        ({**boxes(), "boxes": {"annotations": {}}}, {"manifest.existing-label-invalid"}),
        ({**boxes(), "boxes": 1}, {"manifest.existing-label-invalid"}),
        ({**boxes(), "boxes-metadata": {"class-map": []}}, {"manifest.existing-label-invalid"}),
        ({**boxes(), "boxes": {"annotations": []}, "boxes-metadata": {"class-map": {}, "objects": []}}, set()),
    ],
)
def test_boxes_to_adjust_have_the_form_that_was_written(line: dict[str, Any], expected: set[str]) -> None:
    assert Scene([line], BOXES).codes() == expected


def test_the_classes_of_verified_labels_need_not_be_the_jobs_verdicts() -> None:
    verdicts = replace(BOXES, task_type_key="VerificationBoundingBox", labels=("good", "bad"))

    assert Scene([boxes()], verdicts).codes() == set()


def test_masks_are_looked_up_like_images_and_may_be_shared() -> None:
    def codes(*uris: Any) -> set[str]:
        return Scene([{**mask(uri), **image(f"{number}.png")} for number, uri in enumerate(uris, 1)], MASKS).codes()

    assert codes(MASK, MASK) == set()
    assert codes(f"s3://{BUCKET}/{FOLDER}gone.png") == {"manifest.object-missing"}
    assert codes(f"s3://{BUCKET}/projects/zoo/mask.png") == {"manifest.object-outside-locations"}
    assert codes(1) == codes("mask.png") == {"manifest.existing-label-invalid"}


def test_automated_labeling_takes_smaller_images() -> None:
    lines = [image(), *({"source-ref": f"s3://{BUCKET}/{FOLDER}{n}.png"} for n in range(2, 1_251))]
    objects: dict[str, bytes | int] = {f"{n}.png": a_png(3840, 2161) for n in range(1, 1_251)}

    assert Scene(lines, AUTOMATED_IMAGES, objects).codes() == {"manifest.image-too-many-pixels"}
    assert Scene(lines, replace(AUTOMATED_IMAGES, is_automated=False), objects).codes() == set()


def test_two_hundred_hostile_manifests_get_a_report_each() -> None:
    everything = list(hostile_manifests())

    assert len({name for name, _ in everything}) == len(everything) == COUNT
    for name, body in everything:
        s3 = S3InMemory()
        s3.objects[MANIFEST.key] = body
        request = ValidationRequest("pets", MANIFEST, IMAGES, S3Uri(BUCKET, "report.json"))
        report = run_validation(cast("S3Client", s3), request, LOCATIONS, S3Uri(BUCKET, "work/validation/one/"))
        kept = s3.objects["report.json"]

        assert isinstance(kept, bytes), name
        assert json.loads(kept) == report.document(), name
        assert report.state == "failed", name  # nothing that these name is in this bucket
        assert len(kept) < 500_000, name
        assert all(found.count >= len(found.places) and len(found.places) <= 100 for found in report.faults), name
