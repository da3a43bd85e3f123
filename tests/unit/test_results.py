"""What became of a labeling job's objects: pages over output manifests of every kind, through the function's front door."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.serve_results import app
from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.engine.disagreements import Disagreements
from groundwork.engine.jobs import Counters
from groundwork.engine.store import EngineStore, ShardResult
from groundwork.labeling_jobs import results
from groundwork.labeling_jobs.job import Counters as JobCounters
from groundwork.labeling_jobs.job import Parts
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import Part
from groundwork.labeling_jobs.results import Wanted, read_results
from groundwork.page_tokens import page_token
from groundwork.store import JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer
from tests.builders import BUCKET, a_definition, a_job, a_project, a_stored_job
from tests.unit.engine.builders import a_job as an_engine_job
from tests.unit.engine.builders import a_request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.presigning import WorkerView

OUTPUT = "projects/pets/output/cats-1/manifests/output/output.manifest"
PICTURE = f"s3://{BUCKET}/projects/pets/datasets/1.png"
BY_PEOPLE = {"human-annotated": "yes", "creation-date": "2026-11-23T17:30:00.000000", "job-name": "labeling-job/cats-1"}

UNLABELED = {"source-ref": PICTURE}
FAILED = {**UNLABELED, "cats-1-metadata": {"retry-count": 1, "failure-reason": "ClientError: nobody", "human-annotated": "true"}}


def a_class(name: str, index: int, confidence: float) -> dict[str, Any]:
    metadata = {"class-name": name, "confidence": confidence, "type": "groundtruth/image-classification", **BY_PEOPLE}
    return {**UNLABELED, "cats-1": index, "cats-1-metadata": metadata}


@pytest.fixture(autouse=True)
def world(jobs_table: object, engine_table: object, data_bucket: "S3Client") -> None:
    a_project(JobStore.from_env(), "pets")


def a_finished_job(s3: "S3Client", *lines: Any, **definition: Any) -> None:
    """The completed job `cats-1` of `pets` with these lines of output."""
    given = a_definition(**{"name": "cats-1", **definition})
    a_stored_job(JobStore.from_env(), status=Status.COMPLETED, definition=given, output_manifest_uri=f"s3://{BUCKET}/{OUTPUT}")
    put_output(s3, *lines)


def put_output(s3: "S3Client", *lines: Any) -> None:
    body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    s3.put_object(Bucket=BUCKET, Key=OUTPUT, Body=body)


def get(**query: str) -> HttpAnswer:
    path = {"project": "pets", "name": "cats-1"}
    request = api_event("GET", "/projects/pets/labeling-jobs/cats-1/results", username="ann", query=query, path_parameters=path)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def numbers(answer: HttpAnswer) -> list[int]:
    assert answer.status == 200, answer.body
    return [result["object"] for result in answer.body["items"]]


# --- what a result says ----------------------------------------------------------------------------------------------


def test_a_labeled_object_is_told_with_its_picture(data_bucket: "S3Client") -> None:
    line = a_class("cat", 0, 0.77)
    a_finished_job(data_bucket, line)

    (result,) = get().body["items"]

    url = result["source"].pop("url")
    assert url.startswith("https://")
    assert "/projects/pets/datasets/1.png?" in url
    assert result == {
        "object": 0,
        "state": "labeled",
        "source": {"s3_uri": PICTURE, "text": None},
        "annotation": 0,
        "metadata": line["cats-1-metadata"],
        "labels": ["cat"],
        "confidence": 0.77,
        "human_annotated": True,
        "mask_url": None,
        "failure_reason": None,
        "disagreement": None,
        "existing": None,
    }


def test_what_failed_what_nobody_looked_at_and_what_cannot_be_read_are_told_apart(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, FAILED, UNLABELED, b"[1]", b"{", b'{"a": NaN}', b"[" * 3000, b"")

    failed, unlabeled, *unreadable = get().body["items"]

    assert (failed["state"], failed["failure_reason"], failed["annotation"]) == ("failed", "ClientError: nobody", None)
    assert failed["human_annotated"] is True
    assert (unlabeled["state"], unlabeled["metadata"], unlabeled["labels"]) == ("unlabeled", None, [])
    assert [(result["object"], result["state"], result["source"]) for result in unreadable] == [
        (number, "unreadable", None) for number in range(2, 7)
    ]
    assert {result["failure_reason"] for result in unreadable} == {"The line is no JSON object."}


def of_type(kind: str, value: Any, **metadata: Any) -> dict[str, Any]:
    return {"cats-1": value, "cats-1-metadata": {"type": f"groundtruth/{kind}", **BY_PEOPLE, **metadata}}


BOXES = of_type(
    "object-detection",
    {
        "image_size": [{"width": 8, "height": 8, "depth": 3}],
        "annotations": [
            {"class_id": 1, "left": 0, "top": 0, "width": 4, "height": 4},
            {"class_id": 0, "left": 1, "top": 1, "width": 4, "height": 4},
            {"class_id": 1, "left": 4, "top": 4, "width": 4, "height": 4},
        ],
    },
    **{"class-map": {"0": "cat", "1": "dog"}, "objects": [{"confidence": 0.9}, {"confidence": 0.4}, {"confidence": 0.8}]},
)
SPANS = of_type(
    "text-span",
    {"annotations": {"entities": [{"label": "animal", "startOffset": 2, "endOffset": 5}], "labels": []}},
    entities=[{"confidence": 0.3}],
)


@pytest.mark.parametrize(
    ("label", "names", "confidence"),
    [
        (BOXES, ["dog", "cat"], 0.4),
        (of_type("object-detection", {**BOXES["cats-1"], "annotations": []}, **{"class-map": {}, "objects": []}), [], None),
        (SPANS, ["animal"], 0.3),
        (
            of_type(
                "image-classification-multilabel",
                [1, 0],
                **{"class-map": {"0": "cat", "1": "dog"}, "confidence-map": {"0": 0.2, "1": 0.9}},
            ),
            ["dog", "cat"],
            0.2,
        ),
        (of_type("label-verification", 1, **{"class-name": "bad", "confidence": 0.93}), ["bad"], 0.93),
        (of_type("custom", {"any": "thing"}, confidence=0.5), [], 0.5),
        (of_type("custom", {"any": "thing"}), [], None),
        (of_type("object-detection", "not boxes at all"), [], None),
        (of_type("image-classification", 0), [], None),
    ],
)
def test_label_names_and_the_lowest_confidence_are_told_of_every_type(
    data_bucket: "S3Client", label: dict[str, Any], names: list[str], confidence: float | None
) -> None:
    a_finished_job(data_bucket, {"source": "a cat sat", **label})

    (result,) = get().body["items"]

    assert (result["state"], result["labels"], result["confidence"]) == ("labeled", names, confidence)
    assert result["annotation"] == label["cats-1"]
    assert result["source"] == {"s3_uri": None, "text": "a cat sat", "url": None}


def test_masks_have_addresses_and_so_has_the_label_that_was_there_before(data_bucket: "S3Client") -> None:
    colors = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.6},
        "1": {"class-name": "cat", "hex-color": "#2ca02c", "confidence": 0.6},
    }
    mask, before = (f"s3://{BUCKET}/projects/pets/output/{name}.png" for name in ("new", "old"))
    new = {
        "cats-1-ref": mask,
        "cats-1-ref-metadata": {"internal-color-map": colors, "type": "groundtruth/semantic-segmentation", **BY_PEOPLE},
    }
    old = {"first-ref": before, "first-ref-metadata": {"type": "groundtruth/semantic-segmentation"}}
    a_finished_job(
        data_bucket,
        {**UNLABELED, **old, **new},
        UNLABELED,
        task_type="AdjustmentSemanticSegmentation",
        existing_label_attribute="first-ref",
    )

    adjusted, bare = get().body["items"]

    assert (adjusted["labels"], adjusted["confidence"], adjusted["annotation"]) == (["cat"], 0.6, mask)
    assert "/projects/pets/output/new.png?" in adjusted["mask_url"]
    assert "/projects/pets/output/old.png?" in adjusted["existing"].pop("mask_url")
    assert adjusted["existing"] == {"attribute": "first-ref", "annotation": before, "metadata": old["first-ref-metadata"]}
    assert bare["existing"] is None


def test_nothing_outside_the_data_locations_gets_an_address(data_bucket: "S3Client") -> None:
    theirs = f"s3://{BUCKET}/projects/zoo/secret.png"
    metadata = {"type": "groundtruth/semantic-segmentation", **BY_PEOPLE}
    line = {"source-ref": theirs, "cats-1-ref": theirs, "cats-1-ref-metadata": metadata}
    a_finished_job(data_bucket, line, {"source-ref": "no address"}, task_type="SemanticSegmentation")

    hidden, broken = get().body["items"]

    assert (hidden["source"], hidden["mask_url"]) == ({"s3_uri": theirs, "text": None, "url": None}, None)
    assert broken["source"] == {"s3_uri": "no address", "text": None, "url": None}


# --- disagreement ----------------------------------------------------------------------------------------------------


def keep(name: str, shard: int, disagreements: dict[int, float]) -> None:
    """As the engine keeps it with a shard's result."""
    store = EngineStore.from_env()
    assert store.create_job(an_engine_job(a_request(name=name)))
    store.add_shard(name, shard, tasks=1, unfinished=1)
    store.close_shard(name, shard, only_if_finished=False)
    store.keep_result(name, shard, ShardResult("run", Counters()), disagreements)


def test_disagreement_is_told_of_labeled_objects_where_it_is_known(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, a_class("cat", 0, 0.9), a_class("cat", 0, 0.6), a_class("dog", 1, 0.7), FAILED)
    keep("cats-1", 0, {0: 0.0, 1: 1 / 3, 3: 0.5})

    assert [result["disagreement"] for result in get().body["items"]] == [0.0, 0.3333, None, None]
    assert numbers(get(disagreement="true")) == [1]
    assert numbers(get(disagreement="false")) == [0, 1, 2, 3]
    assert numbers(get(min_disagreement="0")) == [0, 1]
    assert numbers(get(min_disagreement="0.34")) == []


def test_the_disagreement_of_a_split_jobs_objects_is_their_parts(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, *[a_class("cat", 0, 0.9)] * 5)
    store = JobStore.from_env()
    job = store.job("cats-1")
    assert job is not None
    store.save_job(job, job.changed(parts=Parts(total=2, waiting=0, completed=2)), None)
    parts = [Part("cats-1", "pets", job.job_id, number, lines, JobCounters()) for number, lines in ((1, 3), (2, 2))]
    page = read_results(
        app.view,
        job,
        parts,
        Disagreements(EngineStore.from_env()).of,
        locations=store.data_locations("pets"),
        wanted=Wanted(),
        limit=10,
        next_token=None,
    )
    keep(parts[0].name, 0, {2: 0.25})
    keep(parts[1].name, 0, {0: 0.75})

    again = read_results(
        app.view,
        job,
        parts,
        Disagreements(EngineStore.from_env()).of,
        locations=store.data_locations("pets"),
        wanted=Wanted(),
        limit=10,
        next_token=None,
    )

    assert [result["disagreement"] for result in page.items] == [None] * 5
    assert [result["disagreement"] for result in again.items] == [None, None, 0.25, 0.75, None]


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "labeled"}, [0, 1, 2]),
        ({"state": "failed"}, [3]),
        ({"state": "unlabeled"}, [4]),
        ({"state": "unreadable"}, [5]),
        ({"label": "cat"}, [0, 1]),
        ({"label": "Cat"}, []),
        ({"min_confidence": "0.7"}, [0, 2]),
        ({"max_confidence": "0.7"}, [1, 2]),
        ({"min_confidence": "0.7", "max_confidence": "0.7"}, [2]),
        ({"label": "cat", "max_confidence": "0.7"}, [1]),
        ({"label": "dog", "state": "failed"}, []),
        ({"disagreement": "true"}, []),
    ],
)
def test_only_objects_are_shown_to_which_all_filters_apply(data_bucket: "S3Client", query: dict[str, str], expected: list[int]) -> None:
    a_finished_job(data_bucket, a_class("cat", 0, 0.9), a_class("cat", 0, 0.6), a_class("dog", 1, 0.7), FAILED, UNLABELED, b"?")

    assert numbers(get(**query)) == expected


def test_all_that_is_wrong_with_a_query_is_told_at_once(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket)

    answer = get(state="done", disagreement="yes", min_confidence="high", max_confidence="1.1", min_disagreement="nan")

    assert answer.status == 422
    assert {error["pointer"] for error in answer.body["errors"]} == {
        "/state",
        "/disagreement",
        "/min_confidence",
        "/max_confidence",
        "/min_disagreement",
    }


# --- pages -----------------------------------------------------------------------------------------------------------


def test_there_are_no_results_before_there_is_output() -> None:
    a_stored_job(JobStore.from_env(), status=Status.IN_PROGRESS)

    assert (answer := get()).status == 409
    assert answer.body["detail"] == "There is no output yet; the labeling job is InProgress."


def test_an_output_that_is_gone_is_a_conflict(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, UNLABELED)
    data_bucket.delete_object(Bucket=BUCKET, Key=OUTPUT)

    assert (get().status, "cannot be read" in get().body["detail"]) == (409, True)


def test_an_empty_output_is_an_empty_page(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket)

    assert (numbers(get()), get().body["next_token"]) == ([], None)


def test_a_token_is_good_for_its_own_job_only(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, UNLABELED, UNLABELED)
    foreign = page_token({"job": "another", "etag": None, "offset": 0, "number": 0, "wanted": 0})
    negative = page_token({"job": "id-of-cats-1", "etag": None, "offset": -1, "number": 0, "wanted": 0})

    answers = [
        get(next_token=token) for token in ("junk", foreign, negative, page_token([]), page_token({"job": "id-of-cats-1", "more": 1}))
    ]

    assert [(answer.status, answer.body["errors"][0]["pointer"]) for answer in answers] == [(422, "/next_token")] * 5


def test_an_output_that_is_written_anew_between_two_pages_leaves_nothing_out(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, *[UNLABELED] * 3)
    first = get(limit="1")

    put_output(data_bucket, a_class("cat", 0, 0.9), a_class("cat", 0, 0.9), a_class("dog", 1, 0.9))
    second = get(limit="5", next_token=first.body["next_token"])

    assert numbers(first) + numbers(second) == [0, 1, 2]
    assert [result["state"] for result in second.body["items"]] == ["labeled", "labeled"]
    assert second.body["next_token"] is None


@dataclass
class Lent:
    """A manifest in memory that counts what is read of it, where S3 and the lent right would be."""

    manifest: bytes
    read: int = 0

    def of(self, *_: object) -> "Lent":
        return self

    def get(self, _: S3Uri, *, Range: str, IfMatch: str = "same") -> Mapping[str, Any]:  # noqa: N803 - the API's names
        first, last = (int(text) for text in Range.removeprefix("bytes=").split("-"))
        assert IfMatch == "same"
        if first >= len(self.manifest):
            raise ClientError({"Error": {"Code": "InvalidRange", "Message": ""}}, "GetObject")
        body = self.manifest[first : last + 1]
        self.read += len(body)
        return {"ETag": "same", "ContentRange": f"bytes {first}-{last}/{len(self.manifest)}", "Body": _Body(body)}

    def grant_read_access(self, address: str) -> str:
        return address


class _Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Any:
        return iter(lambda: self.read(size), b"")


LINE = st.one_of(
    st.integers(0, 60).map(lambda length: json.dumps({"source": "x" * length})),
    st.integers(0, 400).map(lambda length: json.dumps({"source": "x" * length, "cats-1": 1, "cats-1-metadata": {"type": "?"}})),
    st.sampled_from(["", "?", "{}", "\r"]),
)


@given(lines=st.lists(LINE, max_size=20), ends=st.booleans(), limit=st.integers(1, 5), state=st.sampled_from([None, *results.State]))
def test_whatever_is_in_the_manifest_pages_show_each_object_once_in_order_and_read_a_bounded_part(
    lines: list[str], ends: bool, limit: int, state: results.State | None
) -> None:
    longest, at_once, on_a_page = 120, 256, 150
    manifest = "\n".join(lines) + ("\n" if ends and lines else "")
    lent = Lent(manifest.encode())
    given_lines = [line.encode() for line in manifest.split("\n")]
    if given_lines[-1] == b"":
        given_lines.pop()
    expected = [
        results.State.UNREADABLE
        if len(line) > longest or line.strip() in {b"", b"?"}
        else results.State.LABELED
        if b"metadata" in line
        else results.State.UNLABELED
        for line in given_lines
    ]
    job = replace(a_job(), output_manifest_uri=f"s3://{BUCKET}/{OUTPUT}")
    shown: list[tuple[int, str]] = []
    token: str | None = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "MAX_LINE_BYTES", longest)
        patch.setattr(results, "BYTES_PER_REQUEST", at_once)
        patch.setattr(results, "BYTES_PER_PAGE", on_a_page)
        patch.setattr(results, "_CHUNK_BYTES", 17)
        while True:
            before = lent.read
            page = read_results(
                cast("WorkerView", lent),
                job,
                [],
                lambda *_: None,
                locations=DataLocations.of([DataLocation("all", S3Uri(BUCKET, "projects/"), LocationAccess.READ)]),
                wanted=Wanted(state=state),
                limit=limit,
                next_token=token,
            )
            shown += [(result["object"], result["state"]) for result in page.items]
            assert len(page.items) <= limit
            assert lent.read - before <= at_once
            if page.next_token is None:
                break
            assert page.next_token != token
            token = page.next_token

    assert shown == [(number, found.value) for number, found in enumerate(expected) if state in {None, found}]


def test_a_job_that_runs_shows_what_is_consolidated_so_far(data_bucket: "S3Client") -> None:
    a_finished_job(data_bucket, a_class("cat", 0, 0.9), UNLABELED)
    store = JobStore.from_env()
    job = store.job("cats-1")
    assert job is not None
    store.save_job(job, job.changed(status=Status.IN_PROGRESS), None)

    assert [result["state"] for result in get().body["items"]] == ["labeled", "unlabeled"]
