"""An export from the request to the file, over moto."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.exports.export import Export, ExportState
from groundwork.exports.exporting import FORMAT_NAMES, request_export, write_export
from groundwork.exports.writers import FORMATS
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobStore
from tests.builders import BUCKET, a_project, a_stored_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OUTPUT = "projects/pets/output/cats-1/manifests/output/output.manifest"


@pytest.fixture
def store(jobs_table: object, data_bucket: "S3Client") -> JobStore:
    store = JobStore.from_env()
    a_project(store, "pets")
    return store


def finished_job(store: JobStore, s3: "S3Client", lines: list[dict[str, Any]], **definition: Any) -> LabelingJob:
    """A finished labeling job with that output."""
    s3.put_object(Bucket=BUCKET, Key=OUTPUT, Body="".join(json.dumps(line) + "\n" for line in lines).encode())
    job = a_stored_job(store, name="cats-1", status=Status.COMPLETED, output_manifest_uri=f"s3://{BUCKET}/{OUTPUT}")
    changed = job.changed(definition=job.definition.model_copy(update={"label_attribute_name": "kind", **definition}))
    store.save_job(job, changed)
    return changed


def a_line(number: int, **more: Any) -> dict[str, Any]:
    metadata = {"class-name": "cat", "confidence": 0.9, "type": "groundtruth/image-classification", "human-annotated": "yes"}
    return {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/{number}.png", "kind": 0, "kind-metadata": metadata, **more}


def write(store: JobStore, s3: "S3Client", export: Export) -> Export:
    return write_export(store, s3, job_id=export.job_id, export_id=export.id, data_bucket=BUCKET, now=NOW)


def test_an_export_is_written_into_the_projects_folder_with_its_report(store: JobStore, data_bucket: "S3Client") -> None:
    job = finished_job(store, data_bucket, [a_line(0), a_line(1), {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/2.png"}])
    export = request_export(store, job, "csv", by="ann", now=NOW)

    finished = write(store, data_bucket, export)

    assert finished == store.export(job.job_id, export.id)
    assert (finished.state, finished.done, finished.total) == (ExportState.FINISHED, 3, 3)
    assert finished.report == {"objects": 2, "shapes": 2, "skipped": [{"reason": "not labeled", "count": 1, "lines": [2]}]}
    key = f"projects/pets/labeling-jobs/cats-1/exports/{export.id}/labels.csv"
    assert finished.uri == f"s3://{BUCKET}/{key}"
    text = data_bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert [row["label"] for row in csv.DictReader(io.StringIO(text))] == ["cat", "cat"]


def test_writing_a_finished_export_again_changes_nothing(store: JobStore, data_bucket: "S3Client") -> None:
    job = finished_job(store, data_bucket, [a_line(0)])
    finished = write(store, data_bucket, request_export(store, job, "csv", by="ann", now=NOW))

    assert write(store, data_bucket, finished) == finished


def test_a_request_repeated_after_a_crash_is_the_same_export(store: JobStore, data_bucket: "S3Client") -> None:
    job = finished_job(store, data_bucket, [a_line(0)])

    first = request_export(store, job, "csv", by="ann", now=NOW, creation_key="once")
    again = request_export(store, job, "csv", by="ann", now=NOW + timedelta(minutes=1), creation_key="once")

    assert again == first
    assert request_export(store, job, "csv", by="bob", now=NOW, creation_key="once").id != first.id


def test_a_job_without_output_has_nothing_to_export(store: JobStore) -> None:
    with pytest.raises(ConflictError, match="no output yet"):
        request_export(store, a_stored_job(store, name="draft-1"), "csv", by="ann", now=NOW)


@pytest.mark.parametrize(("export_format", "code"), [("docx", "request.field-invalid"), ("yolo", "export.format-unfit")])
def test_a_format_that_does_not_fit_is_refused(store: JobStore, data_bucket: "S3Client", export_format: str, code: str) -> None:
    job = finished_job(store, data_bucket, [a_line(0)])

    with pytest.raises(InvalidRequestError) as refused:
        request_export(store, job, export_format, by="ann", now=NOW)

    assert [(found.code, found.pointer) for found in refused.value.faults] == [(code, "/format")]


def test_a_text_job_has_no_lookout_for_vision(store: JobStore, data_bucket: "S3Client") -> None:
    job = finished_job(store, data_bucket, [], task_type="TextMultiClass", task_category="Text")

    with pytest.raises(InvalidRequestError):
        request_export(store, job, "lookout-for-vision", by="ann", now=NOW)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        (f"s3://{BUCKET}/projects/zoo/secret.png", "the mask is outside the project's data locations"),
        (f"s3://{BUCKET}/projects/pets/masks/gone.png", "the mask is gone"),
        (f"s3://{BUCKET}/{OUTPUT}", "the mask is no PNG"),
        (f"s3://{BUCKET}/projects/pets/masks/broken.png", "the mask cannot be read as a picture"),
    ],
)
def test_a_mask_that_cannot_be_read_is_reported_and_the_rest_goes_on(
    store: JobStore, data_bucket: "S3Client", uri: str, reason: str
) -> None:
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/masks/broken.png", Body=b"\x89PNG\r\n\x1a\nbroken")
    colors = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.0}}
    metadata = {"type": "groundtruth/semantic-segmentation", "human-annotated": "yes", "internal-color-map": colors}
    line = {"source-ref": f"s3://{BUCKET}/projects/pets/datasets/1.png", "kind-ref": uri, "kind-ref-metadata": metadata}
    job = finished_job(store, data_bucket, [line], task_type="SemanticSegmentation", label_attribute_name="kind-ref")

    finished = write(store, data_bucket, request_export(store, job, "coco", by="ann", now=NOW))

    assert finished.report is not None
    assert finished.report["skipped"] == [{"reason": reason, "count": 1, "lines": [0]}]


def test_an_export_of_a_deleted_job_is_gone_too(store: JobStore, data_bucket: "S3Client") -> None:
    job = finished_job(store, data_bucket, [a_line(0)])
    export = request_export(store, job, "csv", by="ann", now=NOW)
    store.delete_job(job, NOW)

    with pytest.raises(NotFoundError):
        write(store, data_bucket, export)


def test_an_export_that_never_ends_counts_as_failed_after_an_hour(store: JobStore, data_bucket: "S3Client") -> None:
    export = replace(request_export(store, finished_job(store, data_bucket, []), "csv", by="ann", now=NOW), state=ExportState.RUNNING)

    assert export.resource(NOW + timedelta(minutes=59))["state"] == "running"
    assert export.resource(NOW + timedelta(minutes=61))["state"] == "failed"


def test_the_api_offers_exactly_the_formats_that_there_are() -> None:
    assert set(FORMAT_NAMES) == set(FORMATS)
