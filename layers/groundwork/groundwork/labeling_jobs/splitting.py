"""A labeling job with more data objects than the labeling service takes in one: divided, driven, and put together again.

`divide` is the last step of its launch: it cuts the launched manifest into parts and claims their names. From then on `SplitJobs.drive`
does whatever the job needs next. It is called when the table's stream says that the job or one of its parts changed, and by a
schedule, so a lost call costs minutes and a repeated or late one changes nothing. `merge` writes the one output manifest and ends the job;
`consolidate_again` has it written anew.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

from groundwork.concatenation import Piece, concatenate
from groundwork.data_locations import S3Uri
from groundwork.errors import NameTakenError, PreconditionFailedError
from groundwork.labeling_jobs import defaults, launching
from groundwork.labeling_jobs import parts as of_parts
from groundwork.labeling_jobs.history import status_changed
from groundwork.labeling_jobs.job import Counters, LabelingJob
from groundwork.labeling_jobs.launching import Deployment, LaunchStep, job_folder, launched_manifest_uri
from groundwork.labeling_jobs.lifecycle import FINISHED, IN_SERVICE, Status, may_move
from groundwork.labeling_jobs.parts import Part
from groundwork.labeling_jobs.progress import progress_of
from groundwork.labeling_jobs.service_status import record_part_status, stop_in_service
from groundwork.store import JobEvent, JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from groundwork.engine.job_control import JobControl
    from groundwork.labeling_service import LabelingService

_CHUNK = 1024 * 1024
_ATTEMPTS = 10


class OutputIncompleteError(Exception):
    """A part's output does not have one line for each of its objects, so no whole output can be made of it."""


# --- dividing ----------------------------------------------------------------------------------------------------------


def divide(store: JobStore, s3: "S3Client", step: LaunchStep, data_bucket: str, *, now: datetime) -> dict[str, Any]:
    """Cut the launched manifest into parts of legal size, each an object of its own, and give the job its parts.

    Returns `{"outcome": "divided" | "superseded"}`, or `{"outcome": "postponed", "reason"}` when another job has a part's name. May be
    repeated: the slices are written again, and a job that has its parts keeps them.
    """
    job = step.job(store)
    if job is None or job.status is not Status.LAUNCHING:
        return launching.SUPERSEDED
    if job.parts is not None:
        return {"outcome": "divided"}
    manifest, lines = launched_manifest_uri(job, data_bucket), launching.lines_of_parts(job)
    body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"]
    ranges = list(byte_ranges(body.iter_chunks(_CHUNK), lines))
    parts = [
        Part(job.name, job.project, job.job_id, number, count, Counters(total=count, unlabeled=count))
        for number, count in enumerate(lines, start=1)
    ]
    for part, (start, end) in zip(parts, ranges, strict=True):
        slice_uri = slice_of(job, part, data_bucket)
        concatenate(s3, [Piece(manifest, start, end)], slice_uri, ContentType="application/jsonl")
    split = job.changed(parts=of_parts.summary(parts), counters=of_parts.counted_together(parts), updated_at=now)
    try:
        store.split_job(job, split, parts, JobEvent(now, "Split", {"parts": len(parts), "objects": sum(lines)}))
    except NameTakenError as error:
        return {"outcome": "postponed", "reason": f"{error} Clone the labeling job under another name."}
    return {"outcome": "divided"}


def byte_ranges(chunks: Iterable[bytes], lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where each run of that many lines starts and ends in the file, in bytes. Raises ValueError when the file has not exactly so many.

    Lines end with `\\n`; the last one may go without. The file is read once, and no line of it is kept.
    """
    ends = [*accumulate(lines)]
    seen = position = start = 0
    last = b""
    for chunk in chunks:
        offset, count = 0, chunk.count(b"\n")
        while ends and seen + count >= ends[0]:
            for _ in range(ends[0] - seen):
                offset = chunk.index(b"\n", offset) + 1
            count -= ends[0] - seen
            seen = ends.pop(0)
            yield start, position + offset
            start = position + offset
        seen += count
        position += len(chunk)
        last = chunk or last
    unended = position > start and not last.endswith(b"\n")
    if unended and ends == [seen + 1]:
        yield start, position
    elif ends or position > start:
        raise ValueError(f"the manifest has not the {sum(lines)} lines that were validated")


def slice_of(job: LabelingJob, part: Part, data_bucket: str) -> S3Uri:
    """The part's own input manifest, where clients never write."""
    return job_folder(job, data_bucket).child(f"input-{job.submission}-part-{part.number:04d}.manifest")


def merged_output_uri(job: LabelingJob, data_bucket: str) -> S3Uri:
    """Where the one output manifest is written: where the service would write that of a job which was not split."""
    return defaults.output_uri(job.definition, job.project, data_bucket).child(f"{job.name}/manifests/output/output.manifest")


# --- driving -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitJobs:
    """Starts the parts of split jobs, at most `at_once` of a job at a time, stops them, counts them together, has their output merged."""

    store: JobStore
    service: "LabelingService"
    step_functions: "SFNClient"
    merge_machine_arn: str
    deployment: Deployment
    at_once: int
    control: "JobControl | None" = None
    """What runs on the built-in labeling service can be steered with."""

    def drive(self, name: str, *, now: datetime, stalled_after: timedelta | None = None) -> LabelingJob | None:
        """Do what the job needs now. Returns it as it is then; None when it is not a split job.

        `stalled_after` is how long it may go without progress; None when that is not to be judged now.
        """
        for _ in range(_ATTEMPTS):
            job = self.store.job(name)
            if job is None or job.parts is None or job.status not in {Status.LAUNCHING, *IN_SERVICE}:
                return job if job and job.parts else None
            # Somebody else moved the job or a part of it meanwhile: look again.
            with contextlib.suppress(PreconditionFailedError):
                return self._drive(job, now, stalled_after)
        raise PreconditionFailedError(f"The labeling job {name!r} keeps changing; it could not be driven.")

    def drive_all(self, *, now: datetime, stalled_after: timedelta) -> int:
        """Ask the service about every running part of every split job, and drive the jobs. Returns how many changed.

        One job's trouble does not hide the others: all are tried, then the errors are raised together.
        """
        changed = 0
        errors: list[Exception] = []
        for job in self.store.unsettled_jobs():
            if job.parts is None:
                continue
            try:
                for part in self.store.parts(job):
                    if part.begun_at is not None:
                        record_part_status(self.store, self.service, part.name, now=now)
                driven = self.drive(job.name, now=now, stalled_after=stalled_after)
                changed += driven is not None and driven.version != job.version
            except Exception as error:  # noqa: BLE001 - raised below, with the others
                errors.append(error)
        if errors:
            raise ExceptionGroup("some split labeling jobs could not be driven", errors)
        return changed

    def _drive(self, job: LabelingJob, now: datetime, stalled_after: timedelta | None) -> LabelingJob:
        move = self._stop if job.status is Status.STOPPING else self._start
        parts = self.store.parts(job)
        candidates = parts if job.status is Status.STOPPING else of_parts.due(parts, self.at_once)
        moved = {part.number: move(job, part, now) for part in candidates}
        parts = [moved.get(part.number, part) for part in parts]
        self._steer(job, parts, now)
        job = self._count(job, parts, now, stalled_after)
        if all(part.is_at_rest for part in parts):
            self._start_merge(job, now)
        return job

    def _start(self, job: LabelingJob, part: Part, now: datetime) -> Part:
        """Have the part on the service. Where the service has no room, it stays begun, and the next call tries again."""
        if part.status is not Status.LAUNCHING:
            return part
        if part.begun_at is None:
            # Written before the service is asked, so that a stop which comes in between knows that the service may have the part.
            part = self._save(part, begun_at=now)
        outcome = launching.create_in_service(self.service, *self._as_job(job, part))
        match outcome["outcome"]:
            case "created":
                return self._save(part, status=Status.INITIALIZING, labeling_job_arn=outcome["labeling_job_arn"])
            case "refused":
                return self._save(part, status=Status.FAILED, failure_reason=outcome["reason"], finished_at=now)
        return part

    def _stop(self, job: LabelingJob, part: Part, now: datetime) -> Part:
        if part.is_at_rest or part.status is Status.STOPPING:
            return part
        if part.is_waiting:
            return self._save(part, status=Status.STOPPED, finished_at=now)
        # Somebody may be creating it this very moment. Creating it (once more) settles whether the service has it.
        part = self._start(job, part, now)
        if part.status is Status.LAUNCHING:  # there was no room for it
            return self._save(part, status=Status.STOPPED, finished_at=now)
        stop_in_service(self.service, part.name, part.job_id)
        return part

    def _steer(self, job: LabelingJob, parts: Sequence[Part], now: datetime) -> None:
        """Bring the parts that run up to what was changed of the whole job meanwhile, or before their turn came."""
        if self.control is None:
            return
        later = range(2, job.instructions_version + 1)
        templates = [str(launching.template_uri(job, self.deployment.data_bucket, version)) for version in later]
        lifetime = timedelta(seconds=job.definition.task_expiration_seconds)
        for part in parts:
            if part.status in {Status.INITIALIZING, Status.IN_PROGRESS}:
                self.control.bring_up(part.name, is_paused=job.is_paused, lifetime=lifetime, templates=templates, now=now)

    def _save(self, part: Part, **changes: Any) -> Part:
        changed = part.changed(**changes)
        self.store.save_part(part, changed)
        return changed

    def _as_job(self, job: LabelingJob, part: Part) -> tuple[LabelingJob, Any]:
        """The part as a labeling job to launch: the parent's definition under the part's name, over its slice of the manifest."""
        bucket = self.deployment.data_bucket
        given = {
            "name": part.name,
            # What follows from the name is the parent's, so that the parts' outputs are lines of one manifest.
            "label_attribute_name": defaults.label_attribute_name(job.definition),
            "output_uri": str(defaults.output_uri(job.definition, job.project, bucket)),
        }
        target = replace(launching.launch_target(job, self.deployment), manifest_uri=str(slice_of(job, part, bucket)))
        return replace(job, definition=job.definition.model_copy(update=given)), target

    def _count(self, job: LabelingJob, parts: Sequence[Part], now: datetime, stalled_after: timedelta | None) -> LabelingJob:
        """Take what the parts amount to into the job."""
        status, counters = of_parts.status_while_running(parts), of_parts.counted_together(parts)
        moves = may_move(job.status, status)
        changes: dict[str, Any] = {"parts": of_parts.summary(parts), "counters": counters}
        changes |= progress_of(job, status=status if moves else job.status, counters=counters, now=now, stalled_after=stalled_after)
        if moves:
            changes["status"] = status
        if status is Status.IN_PROGRESS and job.started_at is None:
            changes["started_at"] = now
        if all(getattr(job, name) == value for name, value in changes.items()):
            return job
        counted = job.changed(**changes, updated_at=now)
        self.store.save_job(job, counted, status_changed(job, counted) if moves else None)
        return counted

    def _start_merge(self, job: LabelingJob, now: datetime) -> None:
        # Named by the hour: however many callers start it, one runs; one that died is started anew within the hour. Should two ever
        # run, they write the same bytes, and one of them ends the job.
        with contextlib.suppress(self.step_functions.exceptions.ExecutionAlreadyExists):
            self.step_functions.start_execution(
                stateMachineArn=self.merge_machine_arn, name=f"{job.job_id}-{now:%Y%m%dT%H}", input=json.dumps({"name": job.name})
            )


# --- merging -----------------------------------------------------------------------------------------------------------


def merge(store: JobStore, s3: "S3Client", name: str, data_bucket: str, *, now: datetime) -> Literal["ended", "nothing-to-merge"]:
    """Write the parts' outputs one after the other into one output manifest, a line for each object in input order, and end the job.

    May be repeated. Raises OutputIncompleteError when a part's output lacks lines or has too many.
    """
    job = store.job(name)
    if job is None or job.parts is None or job.status not in IN_SERVICE:
        return "nothing-to-merge"
    parts = store.parts(job)
    if not all(part.is_at_rest for part in parts):
        return "nothing-to-merge"
    destination = _write_output(s3, job, parts, data_bucket)
    status, reason = of_parts.end(parts)
    _end(store, name, {"status": status, "failure_reason": reason, "output_manifest_uri": str(destination)}, now)
    return "ended"


def consolidate_again(store: JobStore, step_functions: "SFNClient", machine_arn: str, job: LabelingJob, *, now: datetime) -> bool:
    """Have the annotations of a split job at rest consolidated again, part by part, and its output merged anew.

    False when the job is not at rest, or its labeling service, which then has no such machine, does not do that.
    """
    if job.status not in FINISHED or not machine_arn:
        return False
    round_ = f"again-{int(now.timestamp())}"
    parts = [part.name.lower() for part in store.parts(job) if part.labeling_job_arn is not None]
    # Named by the second: however many callers start it, one runs. Should two ever overlap, they write the same bytes.
    with contextlib.suppress(step_functions.exceptions.ExecutionAlreadyExists):
        step_functions.start_execution(
            stateMachineArn=machine_arn,
            name=f"{job.job_id}-{round_}",
            input=json.dumps({"name": job.name, "round": round_, "parts": parts}),
        )
    return True


def merge_again(
    store: JobStore, s3: "S3Client", name: str, data_bucket: str, *, now: datetime
) -> Literal["merged-again", "nothing-to-merge"]:
    """Write the output manifest of a split job at rest anew, from its parts' outputs as they are now. The job's status stays.

    May be repeated. Raises OutputIncompleteError as `merge` does.
    """
    job = store.job(name)
    if job is None or job.parts is None or job.status not in FINISHED:
        return "nothing-to-merge"
    destination = str(_write_output(s3, job, store.parts(job), data_bucket))
    if job.output_manifest_uri != destination:  # the first merge had failed
        store.save_job(job, job.changed(output_manifest_uri=destination, updated_at=now), None)
    return "merged-again"


def give_up(store: JobStore, name: str, cause: str, *, now: datetime) -> Literal["ended", "nothing-to-merge"]:
    """End a job whose parts' outputs could not be merged: it has failed, and each part still has its output."""
    job = store.job(name)
    if job is None or job.parts is None or job.status not in IN_SERVICE:
        return "nothing-to-merge"
    reason = f"The outputs of the parts could not be merged: {cause}. Each part has its own output."
    _end(store, name, {"status": Status.FAILED, "failure_reason": reason[:1024]}, now)
    return "ended"


def _end(store: JobStore, name: str, changes: dict[str, Any], now: datetime) -> None:
    for _ in range(_ATTEMPTS):
        job = store.job(name)
        if job is None or job.status not in IN_SERVICE:
            return
        ended = job.changed(**changes, finished_at=now, updated_at=now, stalled_since=None)
        with contextlib.suppress(PreconditionFailedError):
            store.save_job(job, ended, status_changed(job, ended))
            return
    raise PreconditionFailedError(f"The labeling job {name!r} keeps changing; its end could not be recorded.")


def _write_output(s3: "S3Client", job: LabelingJob, parts: Sequence[Part], data_bucket: str) -> S3Uri:
    """Put the parts' outputs into one, a line for each object in input order."""
    destination = merged_output_uri(job, data_bucket)
    pieces = [piece for part in parts for piece in _output_of(s3, job, part, data_bucket)]
    concatenate(s3, pieces, destination, ContentType="application/jsonl", **defaults.output_encryption(job.definition))
    return destination


def _output_of(s3: "S3Client", job: LabelingJob, part: Part, data_bucket: str) -> list[Piece | bytes]:
    """The part's share of the output: what the service wrote, or its input as it was when the service wrote nothing (whole).

    A part that was stopped before its turn has no output; one that failed may have none, or the beginning of one.
    """
    written = S3Uri.parse(part.output_manifest_uri or "")
    if written is not None:
        lines, size, last = _survey(s3, written)
        if lines == part.lines:
            return _ended(written, size, last)
        if part.status is not Status.FAILED:
            raise OutputIncompleteError(f"the output of {part.name} has {lines} lines for {part.lines} objects")
    elif part.status is Status.COMPLETED:
        raise OutputIncompleteError(f"the labeling service names no output of {part.name}")
    given = slice_of(job, part, data_bucket)
    _, size, last = _survey(s3, given)
    return _ended(given, size, last)


def _ended(uri: S3Uri, size: int, last: bytes) -> list[Piece | bytes]:
    """All of the object, its last line ended."""
    return [Piece(uri, 0, size)] if last == b"\n" else [Piece(uri, 0, size), b"\n"]


def _survey(s3: "S3Client", uri: S3Uri) -> tuple[int, int, bytes]:
    """How many lines and bytes the object has, and its last byte. Read as a stream; the last line may lack its end."""
    lines = size = 0
    last = b""
    for chunk in s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].iter_chunks(_CHUNK):
        lines += chunk.count(b"\n")
        size += len(chunk)
        last = chunk[-1:] or last
    return lines + (last not in {b"", b"\n"}), size, last
