"""Validating a manifest and the objects it names: what the report says, and how S3 is asked."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.s3.models import s3_backends

from groundwork import manifest_shards, manifest_validation
from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.manifest import ManifestExpectation
from groundwork.manifest_validation import MAX_IMAGE_BYTES, ManifestValidation, ValidationRequest
from groundwork.object_listing import Found, Named, look_up
from groundwork.validation_report import ValidationReport
from tests.builders import a_png, let_browsers_show_images, run_validation
from tests.s3_in_memory import S3InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMAGES = ManifestExpectation("ImageMultiClass", "source-ref", is_image=True, max_objects=100_000, label_attribute="kind")
TEXTS = ManifestExpectation("TextMultiClass", "source", is_image=False, max_objects=100_000, label_attribute="mood")

BUCKET = "pets-data"
MANIFEST = S3Uri(BUCKET, "projects/pets/manifests/pets.manifest")
REPORT = S3Uri(BUCKET, "projects/pets/labeling-jobs/pets/validation-report-1.json")
WORK = S3Uri(BUCKET, "work/validation/one/")
PROJECT = DataLocation("default", S3Uri(BUCKET, "projects/pets/"), LocationAccess.READ_WRITE)
LOCATIONS = DataLocations.of([PROJECT])


class Requests:
    """The requests a client sends, as (operation, parameters)."""

    def __init__(self, client: "S3Client") -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        client.meta.events.register("provide-client-params.s3.*", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.sent.append((model.name, params))

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.sent if name == operation]

    @property
    def buckets(self) -> set[str]:
        return {params["Bucket"] for _, params in self.sent}


@pytest.fixture
def s3() -> "S3Client":
    client: S3Client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    let_browsers_show_images(client, BUCKET)
    return client


@pytest.fixture
def requests(s3: "S3Client") -> Requests:
    return Requests(s3)


def put_manifest(s3: "S3Client", lines: Iterable[dict[str, Any] | bytes], *, end: bytes = b"\n") -> None:
    body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + end for line in lines)
    s3.put_object(Bucket=MANIFEST.bucket, Key=MANIFEST.key, Body=body)


def put_images(s3: "S3Client", *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=a_png())


def put_many_images(*keys: str) -> None:
    """Past the client, which takes milliseconds for each."""
    for key in keys:
        s3_backends["123456789012"]["aws"].put_object(BUCKET, key, a_png())


def validate(s3: "S3Client", manifest: S3Uri, *, locations: DataLocations, expectation: ManifestExpectation) -> ValidationReport:
    return run_validation(s3, ValidationRequest("pets", manifest, expectation, REPORT), locations, WORK)


def image(name: str) -> dict[str, Any]:
    return {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/{name}"}


def counts(report: ValidationReport) -> dict[str, int]:
    return {found.code.removeprefix("manifest."): found.count for found in report.faults}


def places(report: ValidationReport, code: str) -> list[tuple[int, str | None]]:
    return [(place.line, place.detail) for found in report.faults if found.code == f"manifest.{code}" for place in found.places]


def test_a_manifest_in_order_passes_and_its_report_is_kept(s3: "S3Client") -> None:
    put_images(s3, "projects/pets/datasets/1.png", "projects/pets/datasets/2.png")
    put_manifest(s3, [image("1.png") | {"batch": "A"}, image("2.png")], end=b"\r\n")

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.document() == {"state": "passed", "objects": 2, "errors": 0, "warnings": 0, "faults": []}


def test_a_report_counts_faults_by_rule_and_says_where_and_what_to_do(s3: "S3Client") -> None:
    put_images(s3, "projects/pets/datasets/1.png")
    put_manifest(s3, [image("1.png"), b"?", image("1.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.summary() == {"state": "failed", "objects": 3, "errors": 1, "warnings": 1}
    document = json.loads(json.dumps(report.document()))
    assert document["faults"] == [
        {
            "code": "manifest.not-json",
            "severity": "error",
            "message": "The line is not JSON",
            "remedy": "Write every data object as one JSON object on one line.",
            "count": 1,
            "places": [{"line": 1, "object": 1, "attribute": None, "detail": "invalid character (byte 0)"}],
        },
        {
            "code": "manifest.duplicate",
            "severity": "warning",
            "message": "The line repeats the data object of an earlier line and will be labeled a second time",
            "remedy": "Remove it, unless this is meant.",
            "count": 1,
            "places": [{"line": 2, "object": 2, "attribute": "source-ref", "detail": "first in line 0"}],
        },
    ]


def test_a_hostile_manifest_gives_a_report_of_bounded_size(s3: "S3Client") -> None:
    hostile = [
        b"\xef\xbb\xbf{}",
        b"\x00\xff" * 100,
        b"[" * 90_000,
        b'{"a":' * 10_000,
        b"x" * 500_000,
        b'{"source-ref":"s3://a/../b"}',
        b"\r",
        b'"\\ud800"',
    ]
    put_manifest(s3, [*hostile, *[b"{}"] * 5_000])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.objects == 5_008
    assert counts(report) == {
        "byte-order-mark": 1,
        "source-missing": 5_001,
        "not-utf8": 1,
        "not-json": 3,
        "line-too-long": 1,
        "source-ref-invalid": 1,
        "line-empty": 1,
    }
    assert len(places(report, "source-missing")) == 100
    assert len(json.dumps(report.document())) < 50_000


def test_a_binary_file_without_any_line_break_is_one_faulty_line(s3: "S3Client") -> None:
    put_manifest(s3, [b"\x00" * 3_000_000], end=b"")

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"line-too-long": 1}


def test_an_empty_manifest_is_a_fault(s3: "S3Client") -> None:
    put_manifest(s3, [])

    assert counts(validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)) == {"empty": 1}


def test_a_manifest_that_does_not_exist_is_a_fault(s3: "S3Client") -> None:
    elsewhere = DataLocations.of([PROJECT, DataLocation("gone", S3Uri("no-such-bucket", ""), LocationAccess.READ)])

    assert counts(validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)) == {"not-found": 1}
    assert counts(validate(s3, S3Uri("no-such-bucket", "a.manifest"), locations=elsewhere, expectation=IMAGES)) == {"not-found": 1}


def test_a_manifest_that_may_not_be_read_is_a_fault(s3: "S3Client") -> None:
    with Stubber(s3) as stub:
        stub.add_client_error("head_object", "403")
        stub.add_response("put_object", {})
        report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"unreadable": 1}


def test_an_outage_is_no_fault_of_the_manifest(s3: "S3Client") -> None:
    with Stubber(s3) as stub:
        stub.add_client_error("head_object", "SlowDown")
        with pytest.raises(ClientError):
            validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)


def test_a_manifest_outside_the_data_locations_is_never_read(s3: "S3Client", requests: Requests) -> None:
    report = validate(s3, S3Uri("others", "a.manifest"), locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"outside-locations": 1}
    assert [name for name, _ in requests.sent] == ["PutObject"]


def test_a_manifest_over_the_limit_of_the_task_type_is_a_fault_that_names_the_limit(s3: "S3Client") -> None:
    put_manifest(s3, [{"source": f"text {number}"} for number in range(4)])

    at_limit = validate(s3, MANIFEST, locations=LOCATIONS, expectation=replace(TEXTS, max_objects=4))
    over_limit = validate(s3, MANIFEST, locations=LOCATIONS, expectation=replace(TEXTS, max_objects=3))

    assert at_limit.state == "passed"
    assert counts(over_limit) == {"too-many-objects": 1}
    assert "3 objects" in over_limit.faults[0].message
    assert places(over_limit, "too-many-objects") == [(3, "4 lines")]


def test_objects_beyond_the_limit_are_not_looked_up(s3: "S3Client") -> None:
    put_images(s3, "projects/pets/datasets/1.png")
    put_manifest(s3, [image("1.png"), image("2.png"), image("1.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=replace(IMAGES, max_objects=1))

    assert counts(report) == {"too-many-objects": 1, "duplicate": 1}


def test_repeated_texts_are_warned_of(s3: "S3Client") -> None:
    put_manifest(s3, [{"source": "late"}, {"source": "early"}, {"source": "late", "batch": 2}])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=TEXTS)

    assert report.state == "passed"
    assert places(report, "duplicate") == [(2, "first in line 0")]


def test_objects_that_are_missing_empty_or_too_large_are_faults(s3: "S3Client") -> None:
    put_images(s3, "projects/pets/datasets/right.png", "projects/pets/datasets/with space.png", "projects/pets/datasets/Upper.png")
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/empty.png")
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/large.png", Body=b"x" * (MAX_IMAGE_BYTES + 1))
    put_manifest(s3, [image(name) for name in ("right.png", "empty.png", "large.png", "with%20space.png", "missing.png", "with space.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"object-empty": 1, "object-too-large": 1, "object-missing": 2}
    assert places(report, "object-empty") == [(1, None)]
    assert places(report, "object-too-large") == [(2, f"{MAX_IMAGE_BYTES + 1} bytes")]
    assert (4, None) in places(report, "object-missing")


def test_the_key_that_was_probably_meant_is_named(s3: "S3Client") -> None:
    put_images(s3, "projects/pets/datasets/cat 1.png", "projects/pets/datasets/dog.png")
    put_manifest(s3, [image("DOG.png"), image("A%2B.png"), image("cat+1.png"), image("cat 1.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    hints = dict(places(report, "object-missing"))
    assert hints[0] == "there is projects/pets/datasets/dog.png: upper and lower case differ"
    assert hints[1] is None
    assert hints[2] == "there is projects/pets/datasets/cat 1.png: write keys as they are, not URL-encoded"


def test_a_bucket_that_is_gone_or_closed_is_a_fault_of_each_line_that_needs_it(s3: "S3Client") -> None:
    granted = DataLocations.of([PROJECT, DataLocation("gone", S3Uri("gone-bucket", ""), LocationAccess.READ)])
    put_manifest(s3, [{"source-ref": "s3://gone-bucket/1.png"}, {"source-ref": "s3://gone-bucket/a/2.png"}])

    report = validate(s3, MANIFEST, locations=granted, expectation=IMAGES)

    assert counts(report) == {"bucket-missing": 2}


def test_objects_that_may_not_be_listed_are_faults(s3: "S3Client") -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2")

    put_manifest(s3, [image("1.png"), image("2.png")])
    s3.meta.events.register("provide-client-params.s3.ListObjectsV2", refuse)

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"objects-unreadable": 2}
    assert places(report, "objects-unreadable")[0] == (0, "s3://pets-data/projects/pets/")


def test_an_object_outside_the_data_locations_is_a_fault_and_never_touched(s3: "S3Client", requests: Requests) -> None:
    put_images(s3, "projects/pets/datasets/1.png", "projects/pets-2/1.png")
    outside = ["s3://secret-bucket/1.png", f"s3://{BUCKET}/projects/pets-2/1.png", f"s3://{BUCKET}/1.png"]
    put_manifest(s3, [{"source-ref": uri} for uri in outside] + [image("1.png")])
    requests.sent.clear()

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert counts(report) == {"object-outside-locations": 3}
    assert places(report, "object-outside-locations") == list(enumerate(outside))
    assert requests.buckets == {BUCKET}
    assert all(listing["Prefix"] == "projects/pets/" for listing in requests.of("ListObjectsV2"))


def test_three_thousand_objects_in_four_folders_take_a_handful_of_listings_and_no_request_per_object(
    s3: "S3Client", requests: Requests
) -> None:
    names = [f"camera-{camera}/{number:04}.png" for camera in range(4) for number in range(750)]
    put_many_images(*(f"projects/pets/datasets/{name}" for name in names))
    put_manifest(s3, map(image, reversed(names)))
    requests.sent.clear()

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.document() == {"state": "passed", "objects": 3_000, "errors": 0, "warnings": 0, "faults": []}
    assert Counter(name for name, _ in requests.sent) == {
        "ListObjectsV2": 3,
        "HeadObject": 1,
        "GetObject": 2 + 8,
        "PutObject": 2,
        "GetBucketLocation": 1,
        "GetBucketCors": 1,
    }


def test_listings_jump_over_what_the_manifest_does_not_name(s3: "S3Client", requests: Requests) -> None:
    folders = [f"projects/pets/{folder}/{number:04}.png" for folder in ("a", "b", "c") for number in range(2_500)]
    put_many_images(*folders, "projects/pets/datasets/1.png")
    wanted = ["a/0000.png", "a/2400.png", "b/1200.png", "c/0000.png", "c/0999.png", "datasets/1.png"]
    put_manifest(s3, [{"source-ref": f"s3://{BUCKET}/projects/pets/{name}"} for name in wanted])
    requests.sent.clear()

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.state == "passed"
    assert len(requests.of("ListObjectsV2")) <= 5


@pytest.mark.parametrize(
    "keys",
    [
        ["a", "b", "a/b", "a0", "a/"],
        ["~", "\x7f", "\u0080", "é/1", "\ue000", "\uffff", "😀/😀", "zz"],
        [" ", "!", "0" * 900, "0" * 901],
    ],
)
def test_every_key_that_exists_is_found_whatever_its_characters(s3: "S3Client", keys: list[str]) -> None:
    granted = DataLocations.of([PROJECT, DataLocation("all", S3Uri(BUCKET, ""), LocationAccess.READ)])
    named = [f"{key}.png" for key in keys if "\x7f" not in key] + [f"x/{key}/1.png" for key in keys if "\x7f" not in key]
    put_images(s3, *named)
    put_manifest(s3, [{"source-ref": f"s3://{BUCKET}/{key}"} for key in named])

    report = validate(s3, MANIFEST, locations=granted, expectation=IMAGES)

    assert counts(report) == {}


def test_a_listing_with_an_empty_page_is_read_on(s3: "S3Client") -> None:
    key = "projects/pets/datasets/1.png"
    named = Named(S3Uri(BUCKET, key), 0, "source-ref")
    empty: dict[str, Any] = {"IsTruncated": True, "NextContinuationToken": "on"}
    rest: dict[str, Any] = {"IsTruncated": False, "Contents": [{"Key": key, "Size": 4}]}

    with Stubber(s3) as stub:
        stub.add_response("list_objects_v2", empty)
        stub.add_response("list_objects_v2", rest)
        found = list(look_up(s3, [named], LOCATIONS))

    assert found == [Found(named, 4)]


def test_labeled_lines_are_counted_and_their_objects_left_alone(s3: "S3Client", requests: Requests) -> None:
    put_images(s3, "projects/pets/datasets/new.png")
    put_manifest(s3, [image("gone.png") | {"kind": 1}, image("new.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.labeled == 1
    assert report.state == "passed"
    assert counts(report) == {"line-labeled": 1}


def test_a_manifest_with_nothing_left_to_label_is_warned_of(s3: "S3Client") -> None:
    put_manifest(s3, [{"source": "late", "mood": 1}, {"source": "early", "mood": 0}])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=TEXTS)

    assert report.state == "passed"
    assert counts(report) == {"line-labeled": 2, "none-left": 1}


def test_lines_without_the_labels_to_check_are_counted(s3: "S3Client") -> None:
    checking = replace(IMAGES, task_type_key="VerificationBoundingBox", existing_label_attribute="boxes", needs_existing_labels=True)
    put_images(s3, "projects/pets/datasets/1.png", "projects/pets/datasets/2.png", "projects/pets/datasets/3.png")
    labeled: dict[str, Any] = {"boxes": {"annotations": []}, "boxes-metadata": {"objects": []}}
    put_manifest(s3, [image("1.png") | labeled, image("2.png"), image("3.png")])

    report = validate(s3, MANIFEST, locations=LOCATIONS, expectation=checking)

    assert counts(report) == {"existing-label-missing": 2, "existing-metadata-missing": 2}


# --- any size --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuts so close that a manifest of some lines has many shards, partitions and windows."""
    monkeypatch.setattr(manifest_shards, "SHARD_BYTES", 150)
    monkeypatch.setattr(manifest_validation, "_PARTITION_LINES", 4)
    monkeypatch.setattr(manifest_validation, "_WINDOWS_BYTES", 400)


def validated(lines: Iterable[bytes], expectation: ManifestExpectation, *images: str) -> ValidationReport:
    """The report on a manifest, in a bucket with the images."""
    s3 = S3InMemory()
    s3.objects |= dict.fromkeys((f"projects/pets/datasets/{name}" for name in images), 8)
    s3.objects[MANIFEST.key] = b"".join(lines)
    return validate(cast("S3Client", s3), MANIFEST, locations=LOCATIONS, expectation=expectation)


IMAGE_LINES = st.one_of(
    st.sampled_from(["1.png", "2.jpg", "x/1.png", "x/é.jpeg", "gone.png", "a.gif", "../1.png"]).map(
        lambda name: json.dumps({"source-ref": f"s3://{BUCKET}/projects/pets/datasets/{name}"}).encode()
    ),
    st.sampled_from([b"", b"{}", b"?", b"[" * 200, b'{"source-ref":"s3://others/1.png"}', b'{"source-ref":"s3://b/1.png","kind":1}']),
)


@pytest.mark.usefixtures("small_shards")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(IMAGE_LINES, max_size=60), st.sampled_from([b"\n", b"\r\n"]))
def test_many_shards_and_partitions_find_what_one_does(lines: list[bytes], end: bytes) -> None:
    manifest = [line + end for line in lines]
    images = ("1.png", "2.jpg", "x/1.png", "x/é.jpeg")

    in_parts = validated(manifest, replace(IMAGES, max_objects=50), *images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_shards, "SHARD_BYTES", 1_000_000)
        as_one = validated(manifest, replace(IMAGES, max_objects=50), *images)

    assert in_parts.summary() == as_one.summary()
    assert sorted(map(repr, in_parts.faults)) == sorted(map(repr, as_one.faults))


@pytest.mark.usefixtures("small_shards")
def test_repetitions_are_found_across_shards_and_faults_keep_their_line_numbers() -> None:
    lines = [json.dumps({"source": f"text {number % 300}"}).encode() + b"\n" for number in range(400)]
    lines[350] = b"?\n"

    report = validated(lines, TEXTS)

    assert counts(report) == {"not-json": 1, "duplicate": 99}
    assert places(report, "not-json") == [(350, "invalid character (byte 0)")]
    assert places(report, "duplicate")[0] == (300, "first in line 0")
    assert places(report, "duplicate")[-1] == (399, "first in line 99")


@pytest.mark.usefixtures("small_shards")
def test_of_many_places_the_first_hundred_are_kept() -> None:
    report = validated([b"{}\n"] * 1_000, TEXTS)

    assert counts(report) == {"source-missing": 1_000}
    assert [line for line, _ in places(report, "source-missing")] == list(range(100))


@pytest.mark.usefixtures("small_shards")
def test_a_manifest_replaced_while_it_is_read_is_a_fault() -> None:
    s3 = S3InMemory()
    s3.objects[MANIFEST.key] = b'{"source":"a"}\n' * 100
    request = ValidationRequest("pets", MANIFEST, TEXTS, REPORT)
    validation = ManifestValidation(cast("S3Client", s3), request, locations=LOCATIONS, work=WORK)
    plan = validation.plan()
    surveys = [validation.survey(plan, plan.shards[0])]

    s3.objects[MANIFEST.key] = b'{"source":"b"}\n' * 100
    surveys += [validation.survey(plan, shard) for shard in plan.shards[1:]]
    report = validation.conclude(plan, surveys, [])

    assert counts(report)["changed"] == 1
    assert report.state == "failed"


def test_only_the_content_that_was_asked_for_is_validated() -> None:
    s3 = S3InMemory()
    s3.objects[MANIFEST.key] = b'{"source":"a"}\n'

    for etag, expected in (('"of another upload"', {"changed": 1}), (s3.head_object(Bucket=BUCKET, Key=MANIFEST.key)["ETag"], {})):
        request = ValidationRequest("pets", MANIFEST, TEXTS, REPORT, etag)
        assert counts(run_validation(cast("S3Client", s3), request, LOCATIONS, WORK)) == expected


def test_a_manifest_too_large_to_copy_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_validation, "MAX_MANIFEST_BYTES", 20)

    assert counts(validated([b'{"source":"a"}\n'] * 2, TEXTS)) == {"too-large": 1}


def test_a_hundred_thousand_objects_in_ten_folders_take_at_most_120_requests() -> None:
    s3 = S3InMemory()
    keys = [f"projects/pets/datasets/camera-{number % 10}/{number // 10:05}.jpg" for number in range(100_000)]
    s3.objects |= dict.fromkeys(keys, 8)
    s3.objects[MANIFEST.key] = b"".join(f'{{"source-ref":"s3://{BUCKET}/{key}","batch":"A7"}}\n'.encode() for key in keys)

    report = validate(cast("S3Client", s3), MANIFEST, locations=LOCATIONS, expectation=IMAGES)

    assert report.summary() == {"state": "passed", "objects": 100_000, "errors": 0, "warnings": 0}
    assert s3.requests.total() <= 120
