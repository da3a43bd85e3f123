"""What people may change of a labeling job while it runs on the built-in labeling service.

The labeling service is told first, then the job's record and history follow; a repetition finishes what was cut off in between. Of a job
that is split the record comes first, and its parts follow it: those that run, and those whose turn comes later (see splitting.py).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from groundwork.data_locations import DataLocations
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError, PreconditionFailedError, WrongStatusError
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.checks import MAX_EXPIRATION, instruction_faults
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.launching import template_uri, worker_task_template
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import part_of_object
from groundwork.rules import fault
from groundwork.store import JobEvent, JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.engine.job_control import JobControl
    from groundwork.engine.store import PutAside

MAX_INSTRUCTIONS_VERSIONS = 50
_SAVE_ATTEMPTS = 5


class Steering:
    """Changes of running jobs. All raise ConflictError for a job whose labeling service cannot do it, or that does not run."""

    def __init__(self, store: JobStore, control: "JobControl | None", s3: "S3Client", data_bucket: str) -> None:
        self._store = store
        self._control = control
        self._s3 = s3
        self._data_bucket = data_bucket

    def pause(self, job: LabelingJob, *, by: str, now: datetime) -> LabelingJob:
        """Give out no more work until it is resumed. Leases that workers hold may be finished, and the job's time goes on."""
        control = self._running(job)
        if job.parts is None:
            control.pause(job.name, now)
        return self._record(job, "Paused", {"by": by}, now, is_paused=True)

    def resume(self, job: LabelingJob, *, by: str, now: datetime) -> LabelingJob:
        control = self._running(job)
        if job.parts is None:
            control.resume(job.name, now)
        return self._record(job, "Resumed", {"by": by}, now, is_paused=False)

    def extend(self, job: LabelingJob, seconds: int, *, by: str, now: datetime) -> LabelingJob:
        """Offer tasks until `seconds` after the job was created on the service. Raises InvalidRequestError unless that is longer."""
        control = self._running(job)
        present = job.definition.task_expiration_seconds
        if not present <= seconds <= MAX_EXPIRATION:
            pointer = "/task_expiration_seconds"
            wrong = fault("job.task-expiration-out-of-range", pointer=pointer, low=present, high=MAX_EXPIRATION, value=seconds)
            raise InvalidRequestError([wrong])
        if job.parts is None:
            control.extend(job.name, timedelta(seconds=seconds), now)
        definition = job.definition.model_copy(update={"task_expiration_seconds": seconds})
        return self._record(job, "Extended", {"by": by, "task_expiration_seconds": seconds}, now, definition=definition)

    def change_instructions(self, job: LabelingJob, short: str | None, full: str | None, *, by: str, now: datetime) -> LabelingJob:
        """Show these instructions with every lease from now on; the template of each version is kept. Raises InvalidRequestError."""
        control = self._running(job)
        task_type = defaults.task_type(job.definition)
        if job.own_template_uri is not None or (task_type is not None and task_type.is_custom):
            raise ConflictError("Workers see the job's own template, which says what to do; it cannot be changed while the job runs.")
        _require_faultless(job, short, full, self._store.data_locations(job.project))
        definition = job.definition.model_copy(update={"short_instructions": short, "full_instructions": full})
        if _instructions(definition) == _instructions(job.definition):
            return job
        # What the service has counts: a record that lags behind is brought up by the next change.
        version = (job.instructions_version if job.parts else control.instructions_version(job.name)) + 1
        if version > MAX_INSTRUCTIONS_VERSIONS:
            raise ConflictError(f"Instructions can be changed {MAX_INSTRUCTIONS_VERSIONS - 1} times.")
        uri = template_uri(job, self._data_bucket, version)
        template = worker_task_template(job.changed(definition=definition))
        self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=template.encode(), ContentType="text/html; charset=utf-8")
        if job.parts is None:
            control.change_template(job.name, version, str(uri), now)
        detail = {"by": by, "instructions_version": version}
        return self._record(job, "InstructionsChanged", detail, now, definition=definition, instructions_version=version)

    def put_aside(self, job: LabelingJob, *, after: int, limit: int) -> "list[PutAside]":
        """Objects that too many workers declined, with their reasons, behind number `after`; also of a job that has ended."""
        control = self._of_service(job)
        if job.parts is None:
            return control.put_aside(job.name, after=after, limit=limit) if job.labeling_job_arn else []
        found: list[PutAside] = []
        first = 0
        for part in self._store.parts(job):
            if part.labeling_job_arn is not None and after < first + part.lines - 1 and len(found) < limit:
                of_part = control.put_aside(part.name, after=max(after - first, -1), limit=limit - len(found))
                found += [replace(entry, number=first + entry.number) for entry in of_part]
            first += part.lines
        return found

    def reissue(self, job: LabelingJob, number: int, *, by: str, now: datetime) -> None:
        """Offer an object that was put aside again. Raises NotFoundError when the job has no such object to label."""
        control = self._running(job)
        if job.parts is None:
            control.reissue(job.name, number, now)
        else:
            place = part_of_object(self._store.parts(job), number)
            if place is None or place[0].labeling_job_arn is None:
                raise NotFoundError(f"The labeling job has no object {number} to label.")
            part, number_there = place
            control.reissue(part.name, number_there, now)
        self._record(job, "ObjectReissued", {"by": by, "object": number}, now)

    def _of_service(self, job: LabelingJob) -> "JobControl":
        if self._control is None or job.labeling_service != "BuiltIn":
            raise ConflictError("Only the built-in labeling service can do this; Ground Truth has no operation for it.")
        return self._control

    def _running(self, job: LabelingJob) -> "JobControl":
        control = self._of_service(job)
        if job.status not in {Status.INITIALIZING, Status.IN_PROGRESS}:
            raise WrongStatusError(f"This can be done while the labeling job is InProgress; it is {job.status}.")
        return control

    def _record(self, job: LabelingJob, kind: str, detail: dict[str, Any], now: datetime, **changes: Any) -> LabelingJob:
        for _ in range(_SAVE_ATTEMPTS):
            changed = job.changed(updated_at=now, **changes)
            try:
                self._store.save_job(job, changed, JobEvent(now, kind, detail))
            except PreconditionFailedError:
                # News from the labeling service came in between.
                present = self._store.job(job.name)
                if present is None or present.job_id != job.job_id:
                    raise
                job = present
            else:
                return changed
        raise PreconditionFailedError("The labeling job keeps changing; try again.")


def _instructions(definition: LabelingJobDefinition) -> tuple[str | None, str | None]:
    return definition.short_instructions, definition.full_instructions


def _require_faultless(job: LabelingJob, short: str | None, full: str | None, locations: DataLocations) -> None:
    faults = [
        *instruction_faults("/short_instructions", short, job.project, locations),
        *instruction_faults("/full_instructions", full, job.project, locations),
    ]
    if any(found.is_error for found in faults):
        raise InvalidRequestError(faults)
