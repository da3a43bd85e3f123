"""A labeling job on a prefix: its manifest, built by the launch where clients cannot write, before anything is validated."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from groundwork import manifest_building
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.launching import SUPERSEDED, LaunchStep, launched_manifest_uri
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest_building import BuildFailedError, BuildOrder, BuildProgress
from groundwork.manifest_builds import build_order, further
from groundwork.rules import Severity
from groundwork.store import JobEvent, JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def build_input(
    store: JobStore,
    s3: "S3Client",
    step: LaunchStep,
    progress: dict[str, Any] | None,
    *,
    data_bucket: str,
    has_time: Callable[[], bool],
    now: datetime,
) -> dict[str, Any]:
    """Take the manifest of this launch one step further.

    What is no data object is told in the job's history and left out; what is one and cannot be used is a fault. Returns
    `{"outcome": "continue", "progress"}`, `{"outcome": "built"}`, `{"outcome": "faults", "validation"}` or superseded. Raises botocore's
    errors for what trying again may mend.
    """
    job = step.job(store)
    if job is None or job.status is not Status.VALIDATING:
        return SUPERSEDED
    order = input_order(job, data_bucket)
    if not store.data_locations(job.project).may_read(order.prefix):
        return _faults(order, BuildProgress("", findings={"build.prefix-unreadable": {"count": 1, "places": []}}))
    try:
        reached = further(s3, order, progress, has_time=has_time)
    except BuildFailedError as error:
        manifest_building.abandon(s3, order, error.progress)
        return _faults(order, error.progress)
    if not reached.is_done:
        return {"outcome": "continue", "progress": asdict(reached)}
    if reached.count(Severity.ERROR):
        return _faults(order, reached)
    told = {"files": reached.files, "objects": reached.objects, "left_out": reached.faults(order)}
    store.save_job(job, job.changed(updated_at=now), JobEvent(now, "ManifestBuilt", told))
    return {"outcome": "built"}


def input_order(job: LabelingJob, data_bucket: str) -> BuildOrder:
    """The order for the manifest of a job on a prefix."""
    task_type = defaults.task_type(job.definition)
    category = task_type.category if task_type else job.definition.task_category
    if category is None or job.definition.input_prefix_uri is None:  # the checks let no such job through
        raise ValueError(f"{job.name!r} is no labeling job on a prefix")
    return build_order(
        project=job.project,
        prefix=job.definition.input_prefix_uri,
        category=category,
        target=launched_manifest_uri(job, data_bucket),
        build_id=f"{job.job_id}-{job.submission}",
        data_bucket=data_bucket,
        requested_by=job.created_by,
        may_replace=True,  # a deleted draft of the same name may have left its own
    )


def _faults(order: BuildOrder, progress: BuildProgress) -> dict[str, Any]:
    validation = {
        "state": "failed",
        "objects": None,
        "errors": progress.count(Severity.ERROR),
        "warnings": progress.count(Severity.WARNING),
        "faults": progress.faults(order),
    }
    return {"outcome": "faults", "validation": validation}
