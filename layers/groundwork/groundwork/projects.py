"""Projects, their members and their data locations: what can be done with them, and the rules it must obey."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from groundwork.access import Caller, Role
from groundwork.data_locations import DataLocation, LocationAccess, S3Uri, project_prefix
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError, PreconditionFailedError
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import AT_REST, Status
from groundwork.rules import Fault, fault
from groundwork.store import JobStore, Member, Page, Project
from groundwork.user_pool import UserPool

DEFAULT_LOCATION = "default"
MAX_DESCRIPTION = 1000
# Names of projects and ids of data locations: 1..40 of a-z 0-9, and '-' between them (api.md).
_NAME = re.compile(r"(?=.{1,40}\Z)[a-z0-9]+(?:-+[a-z0-9]+)*")


# --- projects --------------------------------------------------------------------------------------------------------


def create_project(
    store: JobStore, user_pool: UserPool, *, name: str, description: str, owner: str, data_bucket: str, now: datetime
) -> Project:
    """A new project with its first owner and its own prefix in the data bucket. Raises InvalidRequestError or NameTakenError."""
    faults: list[Fault] = []
    if not _NAME.fullmatch(name):
        faults.append(fault("project.name-invalid", pointer="/name"))
    faults += _description_faults(description)
    if not user_pool.has_user(owner):
        faults.append(fault("project.owner-unknown", pointer="/owner", username=owner))
    if faults:
        raise InvalidRequestError(faults)
    project = Project(name, description, created_at=now)
    own_prefix = DataLocation(DEFAULT_LOCATION, project_prefix(data_bucket, name), LocationAccess.READ_WRITE)
    store.create_project(project, owner, own_prefix)
    return project


def read_project(store: JobStore, name: str) -> Project:
    """The project. Raises NotFoundError (an administrator may ask for any name)."""
    project = store.project(name)
    if project is None:
        raise NotFoundError(f"There is no project {name!r}.")
    return project


def list_projects(store: JobStore, caller: Caller, *, limit: int, next_token: str | None) -> Page[Project]:
    """A page of the caller's own projects, of all projects for an administrator; by name."""
    if caller.is_admin:
        return store.projects(limit=limit, next_token=next_token)
    page = store.memberships(caller.username, limit=limit, next_token=next_token)
    found = (store.project(membership.project) for membership in page.items)
    return Page(tuple(project for project in found if project), page.next_token)


def memberships(store: JobStore, username: str) -> Iterator[Member]:
    """All of a person's memberships, by project name."""
    token: str | None = None
    while True:
        page = store.memberships(username, next_token=token)
        yield from page.items
        token = page.next_token
        if token is None:
            return


def roles(store: JobStore, username: str) -> dict[str, Role]:
    """A person's role in every project of theirs."""
    return {member.project: member.role for member in memberships(store, username)}


def describe_project(store: JobStore, project: Project, description: str) -> Project:
    """The project with a new description. Raises InvalidRequestError, PreconditionFailedError or ConflictError."""
    faults = _description_faults(description)
    if faults:
        raise InvalidRequestError(faults)
    _refuse_while_deleted(project)
    if description == project.description:
        return project
    changed = replace(project, description=description, version=project.version + 1)
    store.save_project(project, changed)
    return changed


def delete_project(store: JobStore, project: Project, now: datetime) -> None:
    """Remove the project with its labeling jobs, members and data locations; objects in S3 stay.

    Drafts are forgotten, other jobs hidden (their names stay taken). Repeating it finishes what a crash left undone.
    Raises ConflictError while a labeling job is not at rest, PreconditionFailedError when the project changed meanwhile.
    """
    _refuse_while_jobs_run(store, project)
    marked = project
    if not project.is_being_deleted:
        # From here on no job can be created, so the sweep below sees all there will ever be.
        marked = replace(project, is_being_deleted=True, version=project.version + 1)
        store.save_project(project, marked)
    try:
        _refuse_while_jobs_run(store, project)
        for job in _jobs(store, project):
            _delete_job(store, job, now)
    except ConflictError:
        # A draft was submitted between the check and the mark: the project lives on.
        store.save_project(marked, replace(marked, is_being_deleted=False, version=marked.version + 1))
        raise
    store.delete_project(project.name)


def _description_faults(description: str) -> list[Fault]:
    if len(description) <= MAX_DESCRIPTION:
        return []
    return [fault("project.description-too-long", pointer="/description", maximum=MAX_DESCRIPTION)]


def _refuse_while_deleted(project: Project) -> None:
    if project.is_being_deleted:
        raise ConflictError(f"Project {project.name!r} is being deleted.")


def _refuse_while_jobs_run(store: JobStore, project: Project) -> None:
    for status in Status:
        if status in AT_REST:
            continue
        for job in store.jobs(project.name, status=status, limit=1, next_token=None).items:
            raise _still_running(job)


def _still_running(job: LabelingJob) -> ConflictError:
    return ConflictError(f"Labeling job {job.name!r} is {job.status}; stop it or wait for its end, then delete the project.")


def _jobs(store: JobStore, project: Project) -> Iterator[LabelingJob]:
    token: str | None = None
    while True:
        page = store.jobs(project.name, status=None, limit=200, next_token=token)
        yield from page.items
        token = page.next_token
        if token is None:
            return


def _delete_job(store: JobStore, listed: LabelingJob, now: datetime) -> None:
    # Lists come from an index that lags a little; the decision needs the job as it is.
    job = store.job(listed.name)
    if job is None or job.job_id != listed.job_id:
        return
    if job.status not in AT_REST:
        raise _still_running(job)
    try:
        store.delete_job(job, now)
    except PreconditionFailedError as error:
        raise ConflictError(f"Labeling job {job.name!r} changed meanwhile; delete the project again.") from error


# --- members ---------------------------------------------------------------------------------------------------------


def list_members(store: JobStore, project_name: str) -> tuple[Member, ...]:
    """The project's members by user name. Raises NotFoundError."""
    return store.members(read_project(store, project_name).name)


def put_member(store: JobStore, user_pool: UserPool, *, project_name: str, username: str, role: Role) -> bool:
    """Give a person a role; whether the person is new to the project. Raises NotFoundError, InvalidRequestError or ConflictError."""
    _refuse_while_deleted(read_project(store, project_name))
    if not user_pool.has_user(username):
        raise InvalidRequestError([fault("member.user-unknown", pointer="/username", username=username)])
    return store.put_member(project_name, username, role)


def remove_member(store: JobStore, *, project_name: str, username: str) -> None:
    """Raises NotFoundError when the person is no member, ConflictError for the last owner."""
    store.remove_member(read_project(store, project_name).name, username)


def member_etag(role: Role | None) -> str:
    """The ETag of a membership, or of its absence."""
    return f'"{role or "none"}"'


# --- data locations --------------------------------------------------------------------------------------------------


def list_data_locations(store: JobStore, project_name: str) -> tuple[DataLocation, ...]:
    """The project's data locations by id. Raises NotFoundError."""
    return store.data_locations(read_project(store, project_name).name).locations


def data_location(store: JobStore, project_name: str, location_id: str) -> DataLocation | None:
    """The data location of that id. Raises NotFoundError when there is no such project."""
    return next((location for location in list_data_locations(store, project_name) if location.id == location_id), None)


# What workers see is presigned under a session policy that names every data location. STS takes 2,048 characters, and reads
# these characters in a resource as patterns or variables.
_MAX_LOCATIONS, _MAX_PREFIX_LENGTH = 10, 100
_WILDCARDS = re.compile(r"[*?$]")


def put_data_location(
    store: JobStore, *, project_name: str, location_id: str, s3_prefix: str, location_access: LocationAccess, data_bucket: str
) -> DataLocation:
    """Grant the project a prefix, or change the grant of that id. Raises NotFoundError, InvalidRequestError or ConflictError.

    A prefix in another bucket can only be read, as far as its policy lets the stack's roles in; validation says where it does not.
    """
    _refuse_while_deleted(read_project(store, project_name))
    _refuse_default(location_id)
    faults: list[Fault] = []
    if not _NAME.fullmatch(location_id):
        faults.append(fault("data-location.id-invalid", pointer="/id"))
    prefix = S3Uri.parse(s3_prefix)
    if prefix is None or not prefix.key.endswith("/") or prefix.key.startswith("/"):
        faults.append(fault("data-location.prefix-invalid", pointer="/s3_prefix"))
    elif prefix.bucket == data_bucket and not prefix.key.startswith("projects/"):
        faults.append(fault("data-location.unreachable", pointer="/s3_prefix", data_bucket=data_bucket))
    elif prefix.bucket != data_bucket and location_access is not LocationAccess.READ:
        faults.append(fault("data-location.read-only", pointer="/access", data_bucket=data_bucket))
    elif len(prefix.key) > _MAX_PREFIX_LENGTH or _WILDCARDS.search(prefix.key):
        faults.append(fault("data-location.prefix-unfit", pointer="/s3_prefix", max_length=_MAX_PREFIX_LENGTH))
    granted = [location.id for location in store.data_locations(project_name).locations]
    if location_id not in granted and len(granted) >= _MAX_LOCATIONS:
        faults.append(fault("data-location.too-many", pointer="/id", maximum=_MAX_LOCATIONS))
    if prefix is None or faults:
        raise InvalidRequestError(faults)
    location = DataLocation(location_id, prefix, location_access)
    store.put_data_location(project_name, location)
    return location


def delete_data_location(store: JobStore, *, project_name: str, location_id: str) -> None:
    """Raises NotFoundError, or ConflictError for the project's own prefix."""
    read_project(store, project_name)
    _refuse_default(location_id)
    if not store.delete_data_location(project_name, location_id):
        raise NotFoundError(f"Project {project_name!r} has no data location {location_id!r}.")


def location_etag(location: DataLocation | None) -> str:
    """The ETag of a data location, or of its absence."""
    if location is None:
        return '"none"'
    return f'"{hashlib.sha256(f"{location.access} {location.prefix}".encode()).hexdigest()[:16]}"'


def _refuse_default(location_id: str) -> None:
    if location_id == DEFAULT_LOCATION:
        raise ConflictError("The data location 'default' is the project's own prefix; it can be neither changed nor removed.")
