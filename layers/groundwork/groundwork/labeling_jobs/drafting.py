"""What people do to a labeling job before and around its launch: create, clone, edit, submit, stop, delete.

Each is one conditional write. What follows from it (the launch, the stop at the labeling service) is started by the event
that the table's stream announces, so nothing is lost between the write and its consequence.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from groundwork.custom_templates import read_custom_template, template_advice
from groundwork.data_locations import DataLocations
from groundwork.errors import InvalidRequestError, NameTakenError, PreconditionFailedError, WrongStatusError
from groundwork.labeling_jobs.checks import CheckContext, definition_faults, readable_template
from groundwork.labeling_jobs.definition import LabelingJobDefinition, read_definition
from groundwork.labeling_jobs.history import status_changed
from groundwork.labeling_jobs.job import LabelingJob, Source, Validation
from groundwork.labeling_jobs.lifecycle import AT_REST, Status
from groundwork.rules import Fault, fault
from groundwork.shapes import escaped
from groundwork.store import JobEvent, JobStore

if TYPE_CHECKING:
    from groundwork.presigning import WorkerView

_BY_REQUEST = Source("api")
# What a draft's faults may take of its item in the jobs table, beside the definition (400 KB together).
_MAX_LISTED_BYTES = 100 * 1024


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What checks ask of the world around a definition, looked up only when there is something to check."""

    region: str
    account_id: str
    labeling_service: Literal["BuiltIn", "SageMaker"]
    data_locations: Callable[[str], DataLocations]
    team_member_count: Callable[[str], int | None]
    view: "WorkerView"

    def faults(self, project: str, definition: LabelingJobDefinition) -> list[Fault]:
        """Every fault of the definition in this project."""
        team, locations = definition.labeling_team, self.data_locations(project)
        context = CheckContext(
            project=project,
            data_locations=locations,
            region=self.region,
            account_id=self.account_id,
            labeling_service=self.labeling_service,
            team_member_count=self.team_member_count(team) if team else None,
            template_faults=self._template_faults(project, definition, locations),
        )
        return definition_faults(definition, context)

    def _template_faults(self, project: str, definition: LabelingJobDefinition, locations: DataLocations) -> tuple[Fault, ...]:
        uri = readable_template(definition, locations)
        if uri is None:
            return ()
        try:
            template = read_custom_template(self.view.of(project, locations), uri)
        except InvalidRequestError as error:
            return error.faults
        return tuple(template_advice(template, uri))


def create(
    store: JobStore,
    surroundings: Surroundings,
    *,
    project: str,
    definition: LabelingJobDefinition,
    is_draft: bool,
    by: str,
    now: datetime,
    creation_key: str | None = None,
    source: Source = _BY_REQUEST,
) -> LabelingJob:
    """Claim the name and keep the job, as a draft or submitted.

    A draft may have any fault but one in its name, and lists them all; a submission may have none. Repeated with the same
    `creation_key` after a crash, it finds its own job. Raises InvalidRequestError, NameTakenError, NotFoundError.
    """
    faults = surroundings.faults(project, definition)
    name_faults = [found for found in faults if found.is_error and found.pointer == "/name"]
    if name_faults or (not is_draft and any(found.is_error for found in faults)):
        raise InvalidRequestError(name_faults if is_draft else faults)
    job = LabelingJob(
        project=project,
        job_id=uuid.uuid4().hex,
        definition=definition,
        status=Status.DRAFT if is_draft else Status.VALIDATING,
        labeling_service=surroundings.labeling_service,
        created_by=by,
        created_at=now,
        updated_at=now,
        submission=0 if is_draft else 1,
        validation=_checked(faults) if is_draft else Validation(state="running"),
        source=source,
        creation_key=creation_key,
    )
    try:
        store.create_job(job, JobEvent(now, "Created", {"status": job.status.value, "by": by}))
    except NameTakenError:
        own = store.job(definition.name)
        if creation_key and own and (own.project, own.created_by, own.creation_key) == (project, by, creation_key):
            return own
        raise
    return job


def clone(
    store: JobStore,
    surroundings: Surroundings,
    job: LabelingJob,
    *,
    name: str,
    by: str,
    now: datetime,
    creation_key: str | None = None,
) -> LabelingJob:
    """A draft of another name with the job's definition: the same input, the same setup (Ground Truth's "clone").

    Raises as `create` does.
    """
    return create(
        store,
        surroundings,
        project=job.project,
        definition=job.definition.model_copy(update={"name": name}),
        is_draft=True,
        by=by,
        now=now,
        creation_key=creation_key,
        source=Source("clone", job.name),
    )


def edit(store: JobStore, surroundings: Surroundings, job: LabelingJob, patch: Any, *, by: str, now: datetime) -> LabelingJob:
    """Apply a JSON merge patch (RFC 7396) to a draft's definition.

    Raises WrongStatusError, InvalidRequestError, PreconditionFailedError.
    """
    if job.status is not Status.DRAFT:
        raise WrongStatusError(f"Only drafts can be edited; this labeling job is {job.status}.")
    if not isinstance(patch, dict):
        raise InvalidRequestError([fault("request.field-invalid", pointer="", field="the body", problem="it is not a JSON object")])
    if patch.get("name", job.name) != job.name:
        raise InvalidRequestError([fault("job.name-fixed", pointer="/name")])
    # A null for a field that there is not leaves no trace in the merged document.
    unknown = [name for name, value in patch.items() if value is None and name not in LabelingJobDefinition.model_fields]
    if unknown:
        raise InvalidRequestError([fault("request.field-unknown", pointer=f"/{escaped(name)}", field=name) for name in unknown])
    definition = read_definition(merge_patch(job.definition.model_dump(mode="json"), patch))
    edited = job.changed(definition=definition, updated_at=now, validation=_checked(surroundings.faults(job.project, definition)))
    store.save_job(job, edited, JobEvent(now, "Edited", {"by": by, "fields": sorted(patch)}))
    return edited


def submit(store: JobStore, surroundings: Surroundings, job: LabelingJob, *, by: str, now: datetime) -> LabelingJob:
    """Send a draft on its way to launch.

    Raises WrongStatusError, InvalidRequestError (the draft stays as it is), PreconditionFailedError.
    """
    if job.status is not Status.DRAFT:
        raise WrongStatusError(f"Only drafts can be submitted; this labeling job is {job.status}.")
    faults = surroundings.faults(job.project, job.definition)
    if any(found.is_error for found in faults):
        raise InvalidRequestError(faults)
    submitted = job.changed(
        status=Status.VALIDATING,
        submission=job.submission + 1,
        labeling_service=surroundings.labeling_service,  # the stack may have changed to the other one since the draft was made
        validation=Validation(state="running"),
        updated_at=now,
        failure_reason=None,
        launch_execution=None,
    )
    store.save_job(job, submitted, status_changed(job, submitted, by=by))
    return submitted


def stop(store: JobStore, job: LabelingJob, *, by: str, now: datetime, is_exact: bool = False) -> LabelingJob:
    """Ask for a running job to end with what is labeled so far. Repeating it changes nothing.

    `is_exact`: only when the job is still what was read. Raises WrongStatusError, PreconditionFailedError.
    """
    if job.status is Status.STOPPING:
        return job
    if job.status not in {Status.INITIALIZING, Status.IN_PROGRESS}:
        raise WrongStatusError(f"Only a labeling job that is running can be stopped; this one is {job.status}.")
    stopping = job.changed(status=Status.STOPPING, updated_at=now)
    try:
        store.save_job(job, stopping, status_changed(job, stopping, by=by))
    except PreconditionFailedError:
        # Another stop or news from the labeling service came first: no reason to go on labeling. The status only moves on, so this ends.
        present = store.job(job.name)
        if is_exact or present is None or present.job_id != job.job_id:
            raise
        return stop(store, present, by=by, now=now)
    return stopping


def delete(store: JobStore, job: LabelingJob, *, now: datetime) -> None:
    """Forget a draft (its name is free again) or a job at rest (its name stays taken). Raises WrongStatusError, PreconditionFailedError."""
    if job.status not in AT_REST:
        raise WrongStatusError(f"A labeling job that is {job.status} cannot be deleted; stop it first.")
    store.delete_job(job, now)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects merge, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _checked(faults: Sequence[Fault]) -> Validation:
    """A draft's validation: not run on the data yet, with the definition's faults: all counted, and listed as far as there is room."""
    errors = sum(found.is_error for found in faults)
    listed: list[dict[str, Any]] = []
    room = _MAX_LISTED_BYTES
    for found in faults:
        document = {
            "pointer": found.pointer,
            "code": found.code,
            "severity": found.severity.value,
            "message": found.message,
            "remedy": found.remedy,
        }
        room -= len(json.dumps(document))
        if room < 0:
            break
        listed.append(document)
    return Validation(errors=errors, warnings=len(faults) - errors, faults=tuple(listed))
