"""Manifests built of what lies under a prefix: what becomes a line, what is left out, and building in steps of any length."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundwork import manifest_building
from groundwork.data_locations import S3Uri
from groundwork.manifest_building import BuildFailedError, BuildOrder, BuildProgress
from groundwork.rules import Severity
from tests.builders import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "projects/pets/datasets/cats/"


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    return data_bucket


def order(**overrides: Any) -> BuildOrder:
    return BuildOrder(
        **{
            "prefix": S3Uri(BUCKET, FOLDER),
            "category": "Image",
            "target": S3Uri(BUCKET, "projects/pets/manifests/cats.manifest"),
            "build_id": "build-1",
            "scratch": S3Uri(BUCKET, "manifest-builds/"),
            "excluded": S3Uri(BUCKET, "projects/pets/labeling-jobs/"),
            "requested_by": "ann",
            **overrides,
        }
    )


TEXTS = order(category="Text")


def put(s3: "S3Client", key: str, body: bytes | str = b"x", **given: Any) -> str:
    s3.put_object(Bucket=BUCKET, Key=FOLDER + key, Body=body.encode() if isinstance(body, str) else body, **given)
    return f"s3://{BUCKET}/{FOLDER}{key}"


def always() -> bool:
    return True


def build(s3: "S3Client", wanted: BuildOrder, has_time: Callable[[], bool] = always) -> BuildProgress:
    """Step after step, each with what the one before told through JSON, as the state machine does it."""
    progress = manifest_building.begin(s3, wanted)
    for _ in range(1_000):
        if progress.is_done:
            return progress
        progress = manifest_building.go_on(s3, wanted, BuildProgress(**json.loads(json.dumps(asdict(progress)))), has_time=has_time)
    raise AssertionError("the build goes round in circles")


def written(s3: "S3Client", wanted: BuildOrder) -> list[dict[str, Any]]:
    body = s3.get_object(Bucket=wanted.target.bucket, Key=wanted.target.key)["Body"].read()
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body.decode().removesuffix("\n").split("\n")]


def faults(progress: BuildProgress, wanted: BuildOrder) -> dict[str, list[str]]:
    """Code -> what each place says."""
    return {found["code"]: [place["detail"] for place in found["places"]] for found in progress.faults(wanted)}


# --- images ----------------------------------------------------------------------------------------------------------


def test_every_image_is_a_line_in_the_order_of_the_keys(s3: "S3Client") -> None:
    uris = [put(s3, key) for key in ("b/2.JPG", "a.png", "b/10.jpeg", "é.jpg", "Z.png")]

    progress = build(s3, order())

    assert written(s3, order()) == [{"source-ref": uri} for uri in sorted(uris)]
    assert (progress.objects, progress.files, progress.findings) == (5, 5, {})


def test_what_is_no_image_is_left_out_and_told(s3: "S3Client") -> None:
    image, notes, empty = put(s3, "1.png"), put(s3, "notes.txt"), put(s3, "2.png", b"")
    archived = put(s3, "3.png", StorageClass="DEEP_ARCHIVE")
    put(s3, "folder/", b"")

    progress = build(s3, order())

    assert written(s3, order()) == [{"source-ref": image}]
    assert faults(progress, order()) == {
        "build.object-unreadable": [f"{archived}: DEEP_ARCHIVE"],
        "build.object-empty": [empty],
        "build.foreign-file": [notes],
    }
    assert progress.files == 4


def test_what_groundwork_wrote_itself_is_no_data(s3: "S3Client") -> None:
    image = put(s3, "1.png")
    s3.put_object(Bucket=BUCKET, Key="projects/pets/labeling-jobs/cats-1/output/mask.png", Body=b"x")
    whole_project = order(prefix=S3Uri(BUCKET, "projects/pets/"))

    progress = build(s3, whole_project)

    assert written(s3, whole_project) == [{"source-ref": image}]
    assert list(progress.findings) == ["build.foreign-file"]


def test_a_neighbour_with_a_longer_name_is_not_under_the_prefix(s3: "S3Client") -> None:
    image = put(s3, "1.png")
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/cats-2/1.png", Body=b"x")

    build(s3, order())

    assert written(s3, order()) == [{"source-ref": image}]


def test_a_key_that_no_manifest_can_name_is_told(s3: "S3Client") -> None:
    put(s3, "1.png")
    put(s3, "a/../2.png")

    assert list(build(s3, order()).findings) == ["build.key-unusable"]


def test_of_very_many_files_that_are_left_out_all_are_counted_and_the_first_are_named(s3: "S3Client") -> None:
    put(s3, "z.png")
    for number in range(15):
        put(s3, f"{number:02}.gif")

    (found,) = build(s3, order()).faults(order())

    assert (found["count"], len(found["places"])) == (15, manifest_building.MAX_PLACES)


@pytest.mark.parametrize("foreign", [(), ("notes.doc",)])
def test_a_prefix_without_data_is_a_fault(s3: "S3Client", foreign: tuple[str, ...]) -> None:
    for key in foreign:
        put(s3, key)

    with pytest.raises(BuildFailedError) as failed:
        build(s3, order())

    assert "build.prefix-empty" in failed.value.progress.findings
    manifest_building.abandon(s3, order(), failed.value.progress)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_bucket_that_does_not_exist_is_a_fault(s3: "S3Client") -> None:
    with pytest.raises(BuildFailedError) as failed:
        build(s3, order(prefix=S3Uri("no-such-bucket", "x/")))

    assert list(failed.value.progress.findings) == ["build.prefix-unreadable"]


def test_a_manifest_beyond_what_can_be_copied_is_refused(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_building, "MAX_MANIFEST_BYTES", 100)
    for number in range(3):
        put(s3, f"{number}.png")

    with pytest.raises(BuildFailedError) as failed:
        build(s3, order())

    assert list(failed.value.progress.findings) == ["build.manifest-too-large"]


# --- texts -----------------------------------------------------------------------------------------------------------


def sources(s3: "S3Client") -> list[str]:
    return [line["source"] for line in written(s3, TEXTS)]


def test_every_line_of_a_text_file_is_a_text(s3: "S3Client") -> None:
    put(s3, "1.txt", '\ufeffThe parcel arrived late.\r\n\r\n   \nIt was "open".\nÉté 猫 \U0001f600')
    put(s3, "2.TXT", "Last.\n")

    progress = build(s3, TEXTS)

    assert sources(s3) == ["The parcel arrived late.", 'It was "open".', "Été 猫 \U0001f600", "Last."]
    assert progress.findings == {}


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("id,text\n1,One\n2,Two\n", ["One", "Two"]),
        ("Source , id\r\nOne,1\r\nTwo,2", ["One", "Two"]),
        ('id,text\n1,"One, ""two""\nand three"\n', ['One, "two"\nand three']),
        ("text\nOne\nTwo\n", ["One", "Two"]),
        ("One\nTwo\n", ["One", "Two"]),
        ("id,text\n1\n2,\n3,Three\n", ["Three"]),
        ("text,source\nText,Source\n", ["Source"]),
    ],
)
def test_every_row_of_a_csv_file_is_the_text_in_its_text_column(s3: "S3Client", content: str, texts: list[str]) -> None:
    put(s3, "1.csv", content)

    build(s3, TEXTS)

    assert sources(s3) == texts


@pytest.mark.parametrize(
    ("key", "content", "code", "row"),
    [
        ("bad.csv", "id,words\n1,One\n", "build.csv-no-text-column", 0),
        ("bad.csv", 'id,text\n1,One\n2,"' + "x" * 200_000, "build.csv-malformed", 2),
        ("bad.txt", b"One\nTwo \xff\nThree\n", "build.text-not-utf8", 1),
        ("bad.txt", "One\n" + "x" * 20_001 + "\n", "build.text-too-long", 1),
        ("bad.txt", b"\n" + "é".encode() * 300_000, "build.text-too-long", 1),
    ],
)
def test_what_is_wrong_with_a_text_file_is_told_with_its_row(s3: "S3Client", key: str, content: Any, code: str, row: int) -> None:
    bad, _ = put(s3, key, content), put(s3, "good.txt", "Good.")

    progress = build(s3, TEXTS)

    (found,) = progress.faults(TEXTS)
    assert (found["code"], found["count"], found["places"][0]["line"]) == (code, 1, row)
    assert found["places"][0]["detail"].startswith(bad)
    assert sources(s3)[-1] == "Good."


def test_a_file_that_may_not_be_read_is_told(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = put(s3, "1.txt", "Secret."), put(s3, "2.txt", "Open.")
    get_object = s3.get_object

    def refuse(**given: Any) -> Any:
        if given["Key"].endswith("1.txt"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetObject")
        return get_object(**given)

    monkeypatch.setattr(s3, "get_object", refuse)
    progress = build(s3, TEXTS)

    assert faults(progress, TEXTS) == {"build.object-unreadable": [f"{secret}: AccessDenied"]}
    assert progress.count(Severity.ERROR) == 1


# --- in steps --------------------------------------------------------------------------------------------------------


def every(turns: int) -> Callable[[], bool]:
    """Time runs out at every so many questions."""
    asked = count(1)
    return lambda: next(asked) % turns != 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.integers(1, 12), part_bytes=st.integers(1, 400))
def test_however_a_build_is_cut_into_steps_and_parts_the_manifest_is_the_same(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, turns: int, part_bytes: int
) -> None:
    put(s3, "1.txt", "".join(f"Text {number}\n" for number in range(7)))
    put(s3, "2.csv", "id,text\n" + "".join(f"{number},Row {number}\n" for number in range(7)))
    put(s3, "3.png")
    put(s3, "4.txt", "a\n\nb")
    put(s3, "5.txt", "Large. " * 20_000)  # not fetched ahead, and too long
    wanted = replace(TEXTS, build_id=f"build-{turns}-{part_bytes}", may_replace=True)
    monkeypatch.setattr(manifest_building, "PART_BYTES", part_bytes)
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr("moto.settings.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
        smaller.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
        progress = build(s3, wanted, every(turns))

    assert sources(s3) == [*(f"Text {n}" for n in range(7)), *(f"Row {n}" for n in range(7)), "a", "b"]
    assert (progress.objects, progress.files) == (16, 5)
    assert {code: entry["count"] for code, entry in progress.findings.items()} == {"build.foreign-file": 1, "build.text-too-long": 1}


def test_a_step_that_is_repeated_writes_the_same_again(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        put(s3, f"{number}.png")
    begun = manifest_building.begin(s3, order())

    once, again = (manifest_building.go_on(s3, order(), begun, has_time=every(4)) for _ in range(2))
    done = manifest_building.go_on(s3, order(), once, has_time=always)
    # (moto breaks where S3 answers that the upload is over)
    over = ClientError({"Error": {"Code": "NoSuchUpload", "Message": ""}}, "UploadPart")
    monkeypatch.setattr(s3, "upload_part", Mock(side_effect=over))
    done_again = manifest_building.go_on(s3, order(), once, has_time=always)

    assert once == again
    assert done == done_again
    assert len(written(s3, order())) == 6


def test_an_object_that_is_there_already_is_not_overwritten(s3: "S3Client") -> None:
    put(s3, "1.png")
    late = manifest_building.begin(s3, order(build_id="late"))
    build(s3, order())

    with pytest.raises(BuildFailedError) as at_once:
        manifest_building.begin(s3, order(build_id="another"))
    with pytest.raises(BuildFailedError) as in_the_end:
        manifest_building.go_on(s3, order(build_id="late"), late, has_time=always)

    for failed in (at_once, in_the_end):
        assert list(failed.value.progress.findings) == ["build.manifest-exists"]


def test_the_manifest_says_whose_it_is(s3: "S3Client") -> None:
    put(s3, "1.png")

    build(s3, order(requested_by="zoë"))

    head = s3.head_object(Bucket=BUCKET, Key=order().target.key)
    assert head["Metadata"] == {"groundwork-build": "build-1", "groundwork-uploader": "zo%C3%AB"}


# --- one object of it ------------------------------------------------------------------------------------------------


def test_the_nth_object_is_found_without_building(s3: "S3Client") -> None:
    uris = [put(s3, f"{number}.png") for number in range(3)]

    assert [manifest_building.nth_object(s3, order(), number) for number in range(4)] == [*({"source-ref": uri} for uri in uris), None]
    assert boto3.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads") is None
