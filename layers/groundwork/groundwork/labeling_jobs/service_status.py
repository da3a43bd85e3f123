"""What the labeling service says of a labeling job, taken into the job; and the stop, told to the service.

Events are hints: they may repeat, come late, out of order, or not at all. Whatever the hint, the service is asked
(DescribeLabelingJob) and the answer goes through the one transition table, so events and the reconciler do the same.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from groundwork.errors import PreconditionFailedError
from groundwork.labeling_jobs.history import status_changed
from groundwork.labeling_jobs.job import Counters, LabelingJob
from groundwork.labeling_jobs.launching import describe_in_service, is_same_job, settle_interrupted
from groundwork.labeling_jobs.lifecycle import FINISHED, IN_SERVICE, Status, may_move
from groundwork.labeling_jobs.parts import Part
from groundwork.labeling_jobs.progress import progress_of
from groundwork.store import JobStore

if TYPE_CHECKING:
    from groundwork.labeling_service import LabelingService

_SAVE_ATTEMPTS = 5
# A launch is claimed within seconds of its submission; one that nobody claimed for this long has lost its event.
_UNCLAIMED = timedelta(minutes=10)
# A service may take a moment to know a job that it has just created; one that it still does not know after this long has vanished.
_UNKNOWN = timedelta(minutes=15)
_VANISHED = "The labeling service has no record of this labeling job any more."


def record_service_status(
    store: JobStore, service: "LabelingService", name: str, *, now: datetime, stalled_after: timedelta | None = None
) -> LabelingJob | None:
    """Ask the service about the job and take its status, counters and output into ours.

    `name` may be in any case (event ARNs are lower-cased). `stalled_after` is how long a job may go without progress; None when that is
    not to be judged now. Returns the job as it is now; None when it is not one of ours.
    """
    for _ in range(_SAVE_ATTEMPTS):
        job = store.job(name)
        if job is None or job.status not in {Status.LAUNCHING, *IN_SERVICE}:
            return job
        # The save below holds only for the job as it was read before the service was asked: an answer that came late changes nothing.
        description = describe_in_service(service, job.name)
        if description is None:
            changes = _end_of_vanished(job, now)
        elif is_same_job(job.job_id, description):
            changes = _changes(job, description, now, stalled_after)
        else:
            changes = {}
        if not changes:
            return job
        moved = job.changed(**changes, updated_at=now)
        try:
            store.save_job(job, moved, status_changed(job, moved) if moved.status is not job.status else None)
        except PreconditionFailedError:
            continue
        return moved
    raise PreconditionFailedError(f"The labeling job {name!r} keeps changing; its status could not be recorded.")


def record_part_status(store: JobStore, service: "LabelingService", name: str, *, now: datetime) -> Part | None:
    """The same for a part of a split job. Returns the part as it is now; None when it is not one of ours."""
    for _ in range(_SAVE_ATTEMPTS):
        part = store.part(name)
        if part is None or part.begun_at is None or part.is_at_rest:
            return part
        description = describe_in_service(service, part.name)
        changes: dict[str, Any] = {}
        if description is None:
            # Begun is not created: the service need not know the part before its ARN is kept.
            if part.labeling_job_arn is not None and now - part.begun_at >= _UNKNOWN:
                changes = {"status": Status.FAILED, "finished_at": now, "failure_reason": _VANISHED}
        elif is_same_job(part.job_id, description):
            seen = _said(part, description, now)
            if description["LabelingJobStatus"] == Status.INITIALIZING:
                seen["counters"] = part.counters  # the service counts only what it has loaded so far
            changes = _differences(part, seen)
        if not changes:
            return part
        moved = part.changed(**changes)
        try:
            store.save_part(part, moved)
        except PreconditionFailedError:
            continue
        return moved
    raise PreconditionFailedError(f"The part {name!r} keeps changing; its status could not be recorded.")


def stop_in_service(service: "LabelingService", name: str, job_id: str) -> None:
    """Tell the service to stop this very job. Nothing to do when it is stopping or at rest; safe to repeat.

    Nor when the service has no such job, or has a namesake: of a split job it has the parts.
    """
    description = describe_in_service(service, name)
    if (
        description is not None
        and is_same_job(job_id, description)
        and description["LabelingJobStatus"] in {Status.INITIALIZING, Status.IN_PROGRESS}
    ):
        service.stop_labeling_job(LabelingJobName=name)


def reconcile(
    store: JobStore, service: "LabelingService", launch_lives: Callable[[str], bool], *, now: datetime, stalled_after: timedelta
) -> int:
    """Bring every job that is not at rest up to date: lost events, counters, stalls. Returns how many changed.

    `launch_lives` says whether an execution (by ARN) still runs, `stalled_after` how long a job may go without progress. One job's
    trouble does not hide the others: all are tried, then the errors are raised together.
    """
    changed = 0
    errors: list[Exception] = []
    for job in store.unsettled_jobs():
        try:
            changed += _reconcile_one(store, service, job, launch_lives, now, stalled_after)
        except Exception as error:  # noqa: BLE001 - raised below, with the others
            errors.append(error)
    if errors:
        raise ExceptionGroup("some labeling jobs could not be reconciled", errors)
    return changed


def _reconcile_one(
    store: JobStore,
    service: "LabelingService",
    job: LabelingJob,
    launch_lives: Callable[[str], bool],
    now: datetime,
    stalled_after: timedelta,
) -> bool:
    if job.parts is not None:
        return False  # its parts are on the service, and `SplitJobs.drive_all` looks after them
    if job.status in {Status.VALIDATING, Status.LAUNCHING}:
        execution = job.launch_execution
        if launch_lives(execution) if execution else now - job.updated_at <= _UNCLAIMED:
            return False
        cause = "its execution ended without a word" if execution else "it never began"
        outcome = settle_interrupted(store, service, name=job.name, execution=execution, cause=cause, now=now)
        return outcome == "settled"
    if job.status is Status.STOPPING:
        stop_in_service(service, job.name, job.job_id)
    after = record_service_status(store, service, job.name, now=now, stalled_after=stalled_after)
    return after is not None and after.version != job.version


def _end_of_vanished(job: LabelingJob, now: datetime) -> dict[str, Any]:
    """How a job ends that the service does not know. Nothing yet while the job is launched or was changed only just now."""
    if job.status not in IN_SERVICE or now - job.updated_at < _UNKNOWN:
        return {}
    return {"status": Status.FAILED, "finished_at": now, "failure_reason": _VANISHED, "stalled_since": None}


def _changes(job: LabelingJob, description: Mapping[str, Any], now: datetime, stalled_after: timedelta | None) -> dict[str, Any]:
    """What differs between the job and the service's description of it."""
    said = _said(job, description, now)
    progress = progress_of(job, status=said.get("status", job.status), counters=said["counters"], now=now, stalled_after=stalled_after)
    return _differences(job, said | progress)


def _said(job: LabelingJob | Part, description: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The service's description of a job, or of a part of one, in our words; its status only if it may move there."""
    said = Status(description["LabelingJobStatus"])
    counters = _counters(description["LabelCounters"]) if "LabelCounters" in description else job.counters
    seen: dict[str, Any] = {"counters": counters, "labeling_job_arn": description["LabelingJobArn"]}
    if may_move(job.status, said):
        seen["status"] = said
        if said is not Status.INITIALIZING and job.started_at is None:
            seen["started_at"] = now
        if said in FINISHED:
            seen["finished_at"] = now
            seen["failure_reason"] = description.get("FailureReason")
    output = description.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    if output:
        seen["output_manifest_uri"] = output
    return seen


def _differences(job: LabelingJob | Part, seen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if getattr(job, name) != value}


def _counters(counts: dict[str, int]) -> Counters:
    """API LabelCounters, all of which are optional, as ours."""
    labeled, failed, unlabeled = (counts.get(name, 0) for name in ("TotalLabeled", "FailedNonRetryableError", "Unlabeled"))
    return Counters(
        total=labeled + failed + unlabeled,
        human_labeled=counts.get("HumanLabeled", 0),
        machine_labeled=counts.get("MachineLabeled", 0),
        failed=failed,
        unlabeled=unlabeled,
    )
