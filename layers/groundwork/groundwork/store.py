"""The control plane's table: keys, reads and conditional writes. Nobody else knows pk and sk.

    pk                  sk                item               gsi1 (pk / sk)                     gsi2 (pk / sk)
    PROJECT#pets        PROJECT           project            PROJECTS / pets
    PROJECT#pets        MEMBER#ann        member             USER#ann / pets
    PROJECT#pets        LOCATION#default  data location
    PROJECT#pets        UPLOAD#<hash>     known upload
    PROJECT#pets        MANIFEST#cats     built manifest     MANIFESTS#pets / <created>#cats
    PROJECT#pets        NOTIFICATION#ops  subscription
    DELIVERIES#<uid>    <time>-<random>   attempt            (of the subscription with that uid; expires by `ttl`)
    JOB#cats-1          JOB               labeling job       JOBS#pets / <created>#cats-1       JOBS#pets#Draft / <created>#cats-1
    JOB#big-part-0001   JOB               part of a job
    EVENTS#<job id>     000007            event of a job
    EXPORTS#<job id>    EXPORT#<id>       export of a job
    ACCESSKEY#AKGW...   ACCESSKEY         access key         ACCESSKEYS#ann / <created>         (its secret is nowhere, see access_keys.py)
    IDEMPOTENCY         <hash>            replayed answer    (written by Powertools, expires by `ttl`)

A labeling job is found by its lower-cased name, because names are unique without regard to case (Ground Truth's own rule).
The sparse index gsi3 (`UNSETTLED`) holds the jobs that are not at rest, for the reconciler. The index gsi4 holds the jobs of all
projects by status (`JOBS#Draft` / <created>#cats-1), for administrators.
A part of a split job claims its name like any labeling job, and is in no index: it is found by its name, which follows from its
parent's. Both carry `split_job`, which the stream's filter asks for.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import TypeAdapter

from groundwork.access import Role
from groundwork.built_manifests import BuildState, BuiltManifest
from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.errors import ConflictError, NameTakenError, NotFoundError, PreconditionFailedError
from groundwork.exports.export import Export
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.job import LabelingJob, Validation, rfc3339
from groundwork.labeling_jobs.lifecycle import AT_REST, Status
from groundwork.labeling_jobs.parts import Part, part_name
from groundwork.page_tokens import not_of_this_list, page_token, place_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from groundwork.deliveries import Attempt
    from groundwork.subscriptions import Subscription

type Item = dict[str, Any]
type Shape[T] = Callable[[Item], T]

_JOB = TypeAdapter(LabelingJob)
_VALIDATION = TypeAdapter(Validation)
_PART = TypeAdapter(Part)
_MANIFEST = TypeAdapter(BuiltManifest)
_EXPORT = TypeAdapter(Export)
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `owners` counts its owners, so that the last one cannot be removed; `version` is for If-Match."""

    name: str
    description: str
    created_at: datetime
    owners: int = 1
    version: int = 1
    is_being_deleted: bool = False

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class Member:
    """A person's role in a project."""

    project: str
    username: str
    role: Role


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key to the SageMaker-compatible endpoint. It acts as its owner; jobs created with it belong to `project`, or the owner's first."""

    id: str
    owner: str
    project: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One entry of a labeling job's history."""

    at: datetime
    type: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KnownUpload:
    """The latest upload of a manifest's key that is known, the execution that took care of it, the job it drafted and with what."""

    project: str
    key: str
    sequencer: str
    execution: str
    job_name: str
    job_id: str
    suggested: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page of a list; `next_token` is opaque and None on the last page."""

    items: tuple[T, ...]
    next_token: str | None


class JobStore:
    """Projects, members, data locations and labeling jobs. Writes are conditional; reading one thing is one GetItem."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.client = client
        self.table = table

    @classmethod
    def from_env(cls) -> Self:
        """The store over the table that the environment names (JOBS_TABLE). A missing setting fails the cold start."""
        return cls(boto3.client("dynamodb"), os.environ["JOBS_TABLE"])

    # --- projects ------------------------------------------------------------------------------------------------

    def create_project(self, project: Project, owner: str, default_location: DataLocation) -> None:
        """Claim the name and give the project its first owner and data location, all or nothing. Raises NameTakenError."""
        try:
            self._transact(
                self._put(_project_item(project), "attribute_not_exists(pk)"),
                self._put(_member_item(Member(project.name, owner, Role.OWNER))),
                self._put(_location_item(project.name, default_location)),
            )
        except _TransactionCancelledError as error:
            raise NameTakenError(f"A project named {project.name!r} exists already.") from error

    def project(self, name: str) -> Project | None:
        item = self._get(f"PROJECT#{name}", "PROJECT")
        return None if item is None else _project(item)

    def projects(self, *, limit: int, next_token: str | None) -> Page[Project]:
        """All projects by name (for administrators)."""
        return self._page("gsi1", "gsi1pk", "PROJECTS", limit=limit, next_token=next_token, shape=_project)

    def memberships(self, username: str, *, limit: int = 200, next_token: str | None = None) -> Page[Member]:
        """The projects a person belongs to, by project name."""
        return self._page("gsi1", "gsi1pk", f"USER#{username}", limit=limit, next_token=next_token, shape=_member)

    def save_project(self, previous: Project, project: Project) -> None:
        """Write the project's description and state if nobody changed it since `previous` was read. Raises PreconditionFailedError."""
        try:
            # Not the whole item: the count of owners belongs to the writes of members, which leave the version alone.
            self.client.update_item(
                TableName=self.table,
                Key=_marshal({"pk": f"PROJECT#{project.name}", "sk": "PROJECT"}),
                UpdateExpression="SET description = :description, is_being_deleted = :is_being_deleted, version = :new",
                ConditionExpression="version = :version",
                ExpressionAttributeValues=_marshal(
                    {
                        ":description": project.description,
                        ":is_being_deleted": project.is_being_deleted,
                        ":new": project.version,
                        ":version": previous.version,
                    }
                ),
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise PreconditionFailedError("The project changed meanwhile; read it again.") from error

    def delete_project(self, name: str) -> None:
        """Remove the project with its members and data locations. Repeating it is harmless."""
        for item in self._query(f"PROJECT#{name}"):
            if item["sk"] != "PROJECT":
                self.client.delete_item(TableName=self.table, Key=_marshal({"pk": item["pk"], "sk": item["sk"]}))
        self.client.delete_item(TableName=self.table, Key=_marshal({"pk": f"PROJECT#{name}", "sk": "PROJECT"}))

    # --- members -------------------------------------------------------------------------------------------------

    def role(self, project: str, username: str) -> Role | None:
        """The person's role in the project; None when not a member (or there is no such project). One GetItem."""
        item = self._get(f"PROJECT#{project}", f"MEMBER#{username}")
        return None if item is None else Role(item["role"])

    def members(self, project: str) -> tuple[Member, ...]:
        return tuple(_member(item) for item in self._query(f"PROJECT#{project}", "MEMBER#"))

    def put_member(self, project: str, username: str, role: Role) -> bool:
        """Give the person the role. Returns whether the person is new to the project. Raises ConflictError for the last owner."""
        before = self.role(project, username)
        if before is role:
            return False
        gained = (role is Role.OWNER) - (before is Role.OWNER)
        self._change_members(project, self._put(_member_item(Member(project, username, role)), *_role_is(before)), owners_gained=gained)
        return before is None

    def remove_member(self, project: str, username: str) -> None:
        """Remove the person. Raises NotFoundError when not a member, ConflictError for the last owner."""
        before = self.role(project, username)
        if before is None:
            raise NotFoundError(f"{username} is not a member of {project}.")
        condition, values = _role_is(before)
        delete = {
            "Delete": {
                "TableName": self.table,
                "Key": _marshal({"pk": f"PROJECT#{project}", "sk": f"MEMBER#{username}"}),
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#role": "role"},
                "ExpressionAttributeValues": _marshal(values),
            }
        }
        self._change_members(project, delete, owners_gained=-(before is Role.OWNER))

    def _change_members(self, project: str, write: dict[str, Any], *, owners_gained: int) -> None:
        """One member's change together with the count of owners, which never reaches zero."""
        needed = 2 if owners_gained < 0 else 0
        count = {
            "Update": {
                "TableName": self.table,
                "Key": _marshal({"pk": f"PROJECT#{project}", "sk": "PROJECT"}),
                "UpdateExpression": "SET owners = owners + :gained",
                "ConditionExpression": "owners >= :needed AND is_being_deleted = :no",
                "ExpressionAttributeValues": _marshal({":gained": owners_gained, ":needed": needed, ":no": False}),
            }
        }
        try:
            self._transact(write, count)
        except _TransactionCancelledError as error:
            if error.reasons[1] == "ConditionalCheckFailed" and owners_gained < 0:
                raise ConflictError("A project needs at least one owner; make somebody else an owner first.") from error
            raise ConflictError("The project's members changed meanwhile; read them again.") from error

    # --- data locations ------------------------------------------------------------------------------------------

    def data_locations(self, project: str) -> DataLocations:
        return DataLocations.of(_location(item) for item in self._query(f"PROJECT#{project}", "LOCATION#"))

    def put_data_location(self, project: str, location: DataLocation) -> None:
        self.client.put_item(TableName=self.table, Item=_marshal(_location_item(project, location)))

    def delete_data_location(self, project: str, location_id: str) -> bool:
        """Whether there was such a location."""
        answer = self.client.delete_item(
            TableName=self.table, Key=_marshal({"pk": f"PROJECT#{project}", "sk": f"LOCATION#{location_id}"}), ReturnValues="ALL_OLD"
        )
        return "Attributes" in answer

    # --- uploads of manifests ------------------------------------------------------------------------------------

    def known_upload(self, project: str, key: str) -> KnownUpload | None:
        """What is known of the manifest's key. One consistent GetItem."""
        item = self._get(f"PROJECT#{project}", _upload_sk(key))
        return None if item is None else _KNOWN_UPLOAD.validate_python({**item, "suggested": json.loads(item["suggested"])})

    def is_name_taken(self, name: str) -> bool:
        """Whether a labeling job has, or had, this name."""
        return self._get(f"JOB#{name.lower()}", "JOB") is not None

    def save_upload(
        self, previous: KnownUpload | None, upload: KnownUpload, job_before: LabelingJob | None, job: LabelingJob, event: JobEvent
    ) -> None:
        """Keep an upload together with the draft it made, or (`job_before`) changed; all or nothing.

        Raises NotFoundError without the project, NameTakenError for a new draft, PreconditionFailedError when one changed meanwhile.
        """
        put_upload = self._put(
            {
                "pk": f"PROJECT#{upload.project}",
                "sk": _upload_sk(upload.key),
                **_KNOWN_UPLOAD.dump_python(upload, exclude={"suggested"}),
                "suggested": json.dumps(upload.suggested),
            },
            "sequencer = :sequencer" if previous else "attribute_not_exists(pk)",
            {":sequencer": previous.sequencer} if previous else None,
        )
        condition, values = "attribute_not_exists(pk)", None
        if job_before is not None:
            condition, values = "job_id = :job_id AND version = :version", {":job_id": job.job_id, ":version": job_before.version}
        put_job = self._put(_job_item(job), condition, values)
        try:
            self._transact(self._project_lives(job.project), put_job, self._put(_event_item(job, event)), put_upload)
        except _TransactionCancelledError as error:
            if error.reasons[0] == "ConditionalCheckFailed":
                raise NotFoundError(f"There is no project {job.project!r}.") from error
            if error.reasons[1] == "ConditionalCheckFailed" and job_before is None:
                raise NameTakenError(f"A labeling job named {job.name!r} exists already.") from error
            raise PreconditionFailedError("The draft or its manifest changed meanwhile; read them again.") from error

    # --- access keys ---------------------------------------------------------------------------------------------

    def create_access_key(self, key: AccessKey) -> None:
        """Keep the key. Raises ConflictError when there is one of that id."""
        item = {
            "pk": f"ACCESSKEY#{key.id}",
            "sk": "ACCESSKEY",
            "gsi1pk": f"ACCESSKEYS#{key.owner}",
            "gsi1sk": rfc3339(key.created_at),
            "id": key.id,
            "owner": key.owner,
            "created_at": rfc3339(key.created_at),
            **({"project": key.project} if key.project else {}),
        }
        try:
            self.client.put_item(TableName=self.table, Item=_marshal(item), ConditionExpression="attribute_not_exists(pk)")
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError("This access key exists already, or did once.") from error

    def access_key(self, key_id: str) -> AccessKey | None:
        """The key unless it is revoked. One consistent GetItem."""
        item = self._get(f"ACCESSKEY#{key_id}", "ACCESSKEY")
        return None if item is None or "revoked_at" in item else _access_key(item)

    def access_keys(self, owner: str) -> tuple[AccessKey, ...]:
        """The person's keys, oldest first. Eventually consistent."""
        page = self._page("gsi1", "gsi1pk", f"ACCESSKEYS#{owner}", limit=200, next_token=None, shape=_access_key)
        return page.items

    def revoke_access_key(self, key_id: str, now: datetime) -> None:
        """Leave a tombstone: the id, and with it the secret that is derived from it, never comes back."""
        tombstone = {"pk": f"ACCESSKEY#{key_id}", "sk": "ACCESSKEY", "revoked_at": rfc3339(now)}
        self.client.put_item(TableName=self.table, Item=_marshal(tombstone))

    # --- built manifests -----------------------------------------------------------------------------------------

    def create_manifest(self, manifest: BuiltManifest) -> None:
        """Keep the request of a build. Raises NameTakenError (unless the build of that name failed), NotFoundError without the project."""
        free = "attribute_not_exists(pk) OR build_state = :failed"
        put = self._put(_manifest_item(manifest), free, {":failed": BuildState.FAILED.value})
        try:
            self._transact(self._project_lives(manifest.project), put)
        except _TransactionCancelledError as error:
            if error.reasons[0] == "ConditionalCheckFailed":
                raise NotFoundError(f"There is no project {manifest.project!r}.") from error
            raise NameTakenError(f"A manifest named {manifest.name!r} was built already, or is being built.") from error

    def manifest(self, project: str, name: str) -> BuiltManifest | None:
        """The manifest of that name, whatever its case. One consistent GetItem."""
        item = self._get(f"PROJECT#{project}", f"MANIFEST#{name.lower()}")
        return None if item is None else _manifest(item)

    def manifests(self, project: str, *, limit: int, next_token: str | None) -> Page[BuiltManifest]:
        """The manifests that were built for a project, newest first."""
        key = f"MANIFESTS#{project}"
        return self._page("gsi1", "gsi1pk", key, limit=limit, next_token=next_token, shape=_manifest, newest_first=True)

    def save_manifest(self, previous: BuiltManifest, manifest: BuiltManifest) -> None:
        """Write the manifest if it is still what `previous` was. Raises PreconditionFailedError."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item=_marshal(_manifest_item(manifest)),
                ConditionExpression="build_id = :build_id AND version = :version",
                ExpressionAttributeValues=_marshal({":build_id": previous.build_id, ":version": previous.version}),
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise PreconditionFailedError("The manifest changed meanwhile; read it again.") from error

    # --- labeling jobs -------------------------------------------------------------------------------------------

    def creation(self, job: LabelingJob, event: JobEvent) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The writes of a transaction that creates the job: the project lives, the name is free, the first event."""
        new = self._put(_job_item(job), "attribute_not_exists(pk)")
        return self._project_lives(job.project), new, self._put(_event_item(job, event))

    def create_job(self, job: LabelingJob, event: JobEvent) -> None:
        """Claim the job's name and write it with its first event. Raises NameTakenError, or NotFoundError when the project is gone."""
        try:
            self._transact(*self.creation(job, event))
        except _TransactionCancelledError as error:
            if error.reasons[0] == "ConditionalCheckFailed":
                raise NotFoundError(f"There is no project {job.project!r}.") from error
            raise NameTakenError(f"A labeling job named {job.name!r} exists already; names are unique without regard to case.") from error

    def job(self, name: str) -> LabelingJob | None:
        """The job of that name, whatever its case. One consistent GetItem."""
        item = self._get(f"JOB#{name.lower()}", "JOB")
        return _job(item) if item is not None and _is_job(item) else None

    def save_job(self, previous: LabelingJob, job: LabelingJob, event: JobEvent | None = None) -> None:
        """Write the job if it is still what `previous` was, with its event. Raises PreconditionFailedError."""
        writes = [
            self._put(_job_item(job), "job_id = :job_id AND version = :version", {":job_id": job.job_id, ":version": previous.version})
        ]
        if event:
            writes.append(self._put(_event_item(job, event)))
        try:
            self._transact(*writes)
        except _TransactionCancelledError as error:
            raise PreconditionFailedError("The labeling job changed meanwhile; read it again.") from error

    def delete_job(self, job: LabelingJob, now: datetime) -> None:
        """Forget a draft (its name is free again) or hide a job at rest (its name stays taken). Raises PreconditionFailedError."""
        condition, values = "job_id = :job_id AND version = :version", {":job_id": job.job_id, ":version": job.version}
        try:
            if job.status is Status.DRAFT and job.labeling_job_arn is None:
                self.client.delete_item(
                    TableName=self.table,
                    Key=_marshal(_job_key(job.name)),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=_marshal(values),
                )
            else:
                tombstone = {**_job_key(job.name), "job_id": job.job_id, "version": job.version + 1, "deleted_at": rfc3339(now)}
                self.client.put_item(
                    TableName=self.table,
                    Item=_marshal(tombstone),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=_marshal(values),
                )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise PreconditionFailedError("The labeling job changed meanwhile; read it again.") from error

    def split_job(self, previous: LabelingJob, job: LabelingJob, parts: Sequence[Part], event: JobEvent) -> None:
        """Give the job its parts and claim their names, all or nothing. Raises PreconditionFailedError, NameTakenError."""
        condition, values = "job_id = :job_id AND version = :version", {":job_id": job.job_id, ":version": previous.version}
        try:
            self._transact(
                self._put(_job_item(job), condition, values),
                self._put(_event_item(job, event)),
                *(self._put(_part_item(part), "attribute_not_exists(pk)") for part in parts),
            )
        except _TransactionCancelledError as error:
            if error.reasons[0] == "ConditionalCheckFailed":
                raise PreconditionFailedError("The labeling job changed meanwhile; read it again.") from error
            taken = [part.name for part, reason in zip(parts, error.reasons[2:], strict=True) if reason == "ConditionalCheckFailed"]
            raise NameTakenError(f"A labeling job named {taken[0]!r} exists already; a part needs that name.") from error

    def parts(self, job: LabelingJob) -> list[Part]:
        """The job's parts, in order; none for a job that was not split. One consistent read per hundred."""
        names = [part_name(job.name, number + 1) for number in range(job.parts.total if job.parts else 0)]
        wanted = [_marshal(_job_key(name)) for name in names]
        found: list[Part] = []
        while wanted:
            request: Any = {self.table: {"Keys": wanted, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            found += [_part(_unmarshal(item)) for item in answer["Responses"].get(self.table, [])]
            wanted = list(answer["UnprocessedKeys"][self.table]["Keys"]) if answer.get("UnprocessedKeys") else []
        return sorted(found, key=lambda part: part.number)

    def part(self, name: str) -> Part | None:
        """The part of that name, whatever its case. One consistent GetItem."""
        item = self._get(f"JOB#{name.lower()}", "JOB")
        return _part(item) if item is not None and "part_of" in item else None

    def save_part(self, previous: Part, part: Part) -> None:
        """Write the part if it is still what `previous` was. Raises PreconditionFailedError."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item=_marshal(_part_item(part)),
                ConditionExpression="job_id = :job_id AND version = :version",
                ExpressionAttributeValues=_marshal({":job_id": part.job_id, ":version": previous.version}),
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise PreconditionFailedError("The part of the labeling job changed meanwhile; read it again.") from error

    def jobs(self, project: str, *, status: Status | None, limit: int, next_token: str | None) -> Page[LabelingJob]:
        """A project's jobs, newest first: one query of one page."""
        index, key = ("gsi1", f"JOBS#{project}") if status is None else ("gsi2", f"JOBS#{project}#{status}")
        return self._page(index, f"{index}pk", key, limit=limit, next_token=next_token, shape=_job, newest_first=True)

    def all_jobs(self, *, status: Status | None, limit: int, next_token: str | None) -> Page[LabelingJob]:
        """The jobs of all projects, newest first: one query of one page for the status, or one for each of the nine."""
        before = None if next_token is None else _position(next_token, "gsi4sk")
        answers = [self._newest_jobs(of_status, limit, before) for of_status in ([status] if status else Status)]
        # Nothing older than the last item of a list that goes on can be placed yet.
        horizon = max((answer["Items"][-1]["gsi4sk"]["S"] for answer in answers if "LastEvaluatedKey" in answer), default="")
        found = sorted((item for answer in answers for item in answer["Items"]), key=lambda item: item["gsi4sk"]["S"], reverse=True)
        taken = [item for item in found if item["gsi4sk"]["S"] >= horizon][:limit]
        more = bool(horizon) or len(taken) < len(found)
        return Page(tuple(_job(_unmarshal(item)) for item in taken), page_token({"gsi4sk": taken[-1]["gsi4sk"]}) if more else None)

    def _newest_jobs(self, status: Status, limit: int, before: str | None) -> Any:
        condition, values = "gsi4pk = :status", {":status": f"JOBS#{status}"}
        if before is not None:
            condition, values = f"{condition} AND gsi4sk < :before", {**values, ":before": before}
        return self.client.query(
            TableName=self.table,
            IndexName="gsi4",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_marshal(values),
            Limit=limit,
            ScanIndexForward=False,
        )

    def unsettled_jobs(self) -> Iterator[LabelingJob]:
        """Every job that is not at rest, over a sparse index."""
        token: str | None = None
        while True:
            page = self._page("gsi3", "gsi3pk", "UNSETTLED", limit=200, next_token=token, shape=_job)
            yield from page.items
            token = page.next_token
            if token is None:
                return

    def job_events(self, job: LabelingJob, *, limit: int, next_token: str | None) -> Page[JobEvent]:
        """The job's history, oldest first."""
        return self._page(None, "pk", f"EVENTS#{job.job_id}", limit=limit, next_token=next_token, shape=_event)

    # --- notifications -------------------------------------------------------------------------------------------

    def subscriptions(self, project: str) -> "tuple[Subscription, ...]":
        """The project's subscriptions, by id."""
        return tuple(_subscription(item) for item in self._query(f"PROJECT#{project}", "NOTIFICATION#"))

    def subscription(self, project: str, subscription_id: str) -> "Subscription | None":
        item = self._get(f"PROJECT#{project}", f"NOTIFICATION#{subscription_id}")
        return None if item is None else _subscription(item)

    def save_subscription(self, previous: "Subscription | None", subscription: "Subscription") -> None:
        """Write the subscription if it is still what `previous` was (None: it was not there).

        Raises PreconditionFailedError, or NotFoundError when the project is gone.
        """
        condition, values = _subscription_is(previous)
        try:
            self._transact(self._project_lives(subscription.project), self._put(_subscription_item(subscription), condition, values))
        except _TransactionCancelledError as error:
            if error.reasons[0] == "ConditionalCheckFailed":
                raise NotFoundError(f"There is no project {subscription.project!r}.") from error
            raise PreconditionFailedError("The notification changed meanwhile; read it again.") from error

    def delete_subscription(self, subscription: "Subscription") -> None:
        """Remove the subscription as it was read. Raises PreconditionFailedError."""
        condition, values = _subscription_is(subscription)
        try:
            self.client.delete_item(
                TableName=self.table,
                Key=_marshal({"pk": f"PROJECT#{subscription.project}", "sk": f"NOTIFICATION#{subscription.id}"}),
                ConditionExpression=condition,
                ExpressionAttributeValues=_marshal(values),
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise PreconditionFailedError("The notification changed meanwhile; read it again.") from error

    def add_attempt(self, subscription: "Subscription", attempt: "Attempt", *, expires_at: datetime) -> None:
        """Keep an attempt to deliver in the subscription's log, until it expires."""
        item = {
            "pk": f"DELIVERIES#{subscription.uid}",
            "sk": attempt.id,
            "ttl": int(expires_at.timestamp()),
            "attempt": _attempt_adapter().dump_json(attempt).decode(),
        }
        self.client.put_item(TableName=self.table, Item=_marshal(item))

    def attempts(self, subscription: "Subscription", *, limit: int, next_token: str | None) -> "Page[Attempt]":
        """The subscription's log, newest first."""
        key = f"DELIVERIES#{subscription.uid}"
        return self._page(None, "pk", key, limit=limit, next_token=next_token, shape=_attempt, newest_first=True)

    def attempt(self, subscription: "Subscription", attempt_id: str) -> "Attempt":
        """Raises NotFoundError."""
        item = self._get(f"DELIVERIES#{subscription.uid}", attempt_id)
        if item is None:
            raise NotFoundError(f"The log of {subscription.id!r} has no delivery {attempt_id!r}.")
        return _attempt(item)

    # --- exports -------------------------------------------------------------------------------------------------

    def create_export(self, export: Export) -> Export:
        """Keep the request of an export. The one that there is, when it was asked for before."""
        try:
            self.client.put_item(TableName=self.table, Item=_marshal(_export_item(export)), ConditionExpression="attribute_not_exists(pk)")
        except self.client.exceptions.ConditionalCheckFailedException:
            return self.export(export.job_id, export.id) or export
        return export

    def export(self, job_id: str, export_id: str) -> Export | None:
        """One consistent GetItem."""
        item = self._get(f"EXPORTS#{job_id}", f"EXPORT#{export_id}")
        return None if item is None else _export(item)

    def exports(self, job_id: str, *, limit: int, next_token: str | None) -> Page[Export]:
        """A labeling job's exports, in no particular order."""
        return self._page(None, "pk", f"EXPORTS#{job_id}", limit=limit, next_token=next_token, shape=_export)

    def save_export(self, export: Export) -> None:
        """Write how far the export is. Only its own machine does."""
        self.client.put_item(TableName=self.table, Item=_marshal(_export_item(export)))

    # --- DynamoDB ------------------------------------------------------------------------------------------------

    def _get(self, pk: str, sk: str) -> Item | None:
        item = self.client.get_item(TableName=self.table, Key=_marshal({"pk": pk, "sk": sk}), ConsistentRead=True).get("Item")
        return None if item is None else _unmarshal(item)

    def _query(self, pk: str, sk_prefix: str = "") -> Iterator[Item]:
        condition, values = "pk = :pk", {":pk": pk}
        if sk_prefix:
            condition, values = "pk = :pk AND begins_with(sk, :sk)", {":pk": pk, ":sk": sk_prefix}
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_marshal(values),
        )
        for page in pages:
            yield from (_unmarshal(item) for item in page["Items"])

    def _page[T](
        self,
        index: str | None,
        key: str,
        value: str,
        *,
        limit: int,
        next_token: str | None,
        shape: Shape[T],
        newest_first: bool = False,
    ) -> Page[T]:
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": f"{key} = :value",
            "ExpressionAttributeValues": _marshal({":value": value}),
            "Limit": limit,
            "ScanIndexForward": not newest_first,
        }
        if index:
            request["IndexName"] = index
        if next_token:
            request["ExclusiveStartKey"] = _start_key(next_token, key, value)
        answer = self.client.query(**request)
        return Page(
            items=tuple(shape(_unmarshal(item)) for item in answer["Items"]),
            next_token=page_token(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None,
        )

    def _put(self, item: Item, condition: str | None = None, values: Item | None = None) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self.table, "Item": _marshal(item)}
        if condition:
            put["ConditionExpression"] = condition
            if "#role" in condition:
                put["ExpressionAttributeNames"] = {"#role": "role"}
        if values:
            put["ExpressionAttributeValues"] = _marshal(values)
        return {"Put": put}

    def _project_lives(self, project: str) -> dict[str, Any]:
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": _marshal({"pk": f"PROJECT#{project}", "sk": "PROJECT"}),
                "ConditionExpression": "is_being_deleted = :no",
                "ExpressionAttributeValues": _marshal({":no": False}),
            }
        }

    def _transact(self, *writes: dict[str, Any]) -> None:
        try:
            self.client.transact_write_items(TransactItems=cast("Any", writes))
        except self.client.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code", "None") for reason in cast("dict[str, Any]", error.response).get("CancellationReasons", [])]
            # Contention (TransactionConflict) and throttling are no answer to the condition: let the caller's retry decide.
            if "ConditionalCheckFailed" not in reasons:
                raise
            raise _TransactionCancelledError(reasons) from error


_KNOWN_UPLOAD = TypeAdapter(KnownUpload)


class _TransactionCancelledError(Exception):
    """A condition of a transaction did not hold; `reasons` has one code per write, in order."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


def job_of_image(image: dict[str, Any]) -> LabelingJob | None:
    """The labeling job in a stream record's image; None when the item is something else, a part or a deleted job."""
    item = _unmarshal(image)
    return _job(item) if item["sk"] == "JOB" and _is_job(item) else None


def split_job_of_image(image: dict[str, Any]) -> str:
    """The name of the split job that a stream record's image, of the job or of one of its parts, belongs to."""
    name: str = _unmarshal(image)["split_job"]
    return name


def export_of_image(image: dict[str, Any]) -> Export | None:
    """The export in a stream record's image; None when the item is something else."""
    item = _unmarshal(image)
    return _export(item) if item["sk"].startswith("EXPORT#") else None


def manifest_of_image(image: dict[str, Any]) -> BuiltManifest | None:
    """The built manifest in a stream record's image; None when the item is something else."""
    item = _unmarshal(image)
    return _manifest(item) if item["sk"].startswith("MANIFEST#") else None


def _role_is(role: Role | None) -> tuple[str, Item]:
    return ("attribute_not_exists(pk)", {}) if role is None else ("#role = :before", {":before": role.value})


def _marshal(item: Item) -> dict[str, Any]:
    return {name: _serializer.serialize(value) for name, value in item.items()}


def _unmarshal(item: dict[str, Any]) -> Item:
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def _start_key(token: str, key: str, value: str) -> dict[str, Any]:
    """The key a token stands for. A token of another list, or no token at all, is a fault of the request."""
    start = _read_token(token, {"pk", "sk", key, f"{key.removesuffix('pk')}sk"})
    if start[key] != {"S": value}:
        raise not_of_this_list()
    return start


def _position(token: str, key: str) -> str:
    """The sort key a token stands for, where a list is merged from several."""
    return cast("str", _read_token(token, {key})[key]["S"])


def _read_token(token: str, names: set[str]) -> dict[str, Any]:
    start = place_of(token)
    if isinstance(start, dict) and set(start) == names and all(_is_text(part) for part in start.values()):
        return start
    raise not_of_this_list()


def _is_text(part: Any) -> bool:
    """Whether it is what DynamoDB takes for a key attribute of ours: a string that is not empty."""
    return isinstance(part, dict) and list(part) == ["S"] and isinstance(part["S"], str) and part["S"] != ""


def _project_item(project: Project) -> Item:
    return {
        "pk": f"PROJECT#{project.name}",
        "sk": "PROJECT",
        "gsi1pk": "PROJECTS",
        "gsi1sk": project.name,
        "name": project.name,
        "description": project.description,
        "created_at": rfc3339(project.created_at),
        "owners": project.owners,
        "version": project.version,
        "is_being_deleted": project.is_being_deleted,
    }


def _project(item: Item) -> Project:
    return Project(
        name=item["name"],
        description=item["description"],
        created_at=datetime.fromisoformat(item["created_at"]),
        owners=int(item["owners"]),
        version=int(item["version"]),
        is_being_deleted=item["is_being_deleted"],
    )


def _member_item(member: Member) -> Item:
    return {
        "pk": f"PROJECT#{member.project}",
        "sk": f"MEMBER#{member.username}",
        "gsi1pk": f"USER#{member.username}",
        "gsi1sk": member.project,
        "project": member.project,
        "username": member.username,
        "role": member.role.value,
    }


def _member(item: Item) -> Member:
    return Member(item["project"], item["username"], Role(item["role"]))


def _access_key(item: Item) -> AccessKey:
    return AccessKey(item["id"], item["owner"], item.get("project"), datetime.fromisoformat(item["created_at"]))


def _location_item(project: str, location: DataLocation) -> Item:
    return {
        "pk": f"PROJECT#{project}",
        "sk": f"LOCATION#{location.id}",
        "id": location.id,
        "bucket": location.prefix.bucket,
        "prefix": location.prefix.key,
        "access": location.access.value,
    }


def _location(item: Item) -> DataLocation:
    return DataLocation(item["id"], S3Uri(item["bucket"], item["prefix"]), LocationAccess(item["access"]))


def _upload_sk(key: str) -> str:
    # Hashed, because the key of an object may be longer than a table's.
    return f"UPLOAD#{sha256(key.encode()).hexdigest()}"


def _manifest_item(manifest: BuiltManifest) -> Item:
    fields = _MANIFEST.dump_python(manifest, mode="json", exclude={"faults", "state"})
    return {
        "pk": f"PROJECT#{manifest.project}",
        "sk": f"MANIFEST#{manifest.name.lower()}",
        "gsi1pk": f"MANIFESTS#{manifest.project}",
        "gsi1sk": f"{rfc3339(manifest.created_at)}#{manifest.name.lower()}",
        **{name: value for name, value in fields.items() if value is not None},
        "build_state": manifest.state.value,
        "faults": json.dumps(manifest.faults),
    }


def _manifest(item: Item) -> BuiltManifest:
    return _MANIFEST.validate_python({**item, "state": item["build_state"], "faults": json.loads(item["faults"])})


def _export_item(export: Export) -> Item:
    fields = _EXPORT.dump_python(export, mode="json", exclude={"report", "state"})
    return {
        "pk": f"EXPORTS#{export.job_id}",
        "sk": f"EXPORT#{export.id}",
        **{name: value for name, value in fields.items() if value is not None},
        "export_state": export.state.value,
        "report": json.dumps(export.report),
    }


def _export(item: Item) -> Export:
    return _EXPORT.validate_python({**item, "state": item["export_state"], "report": json.loads(item["report"])})


def _job_key(name: str) -> Item:
    return {"pk": f"JOB#{name.lower()}", "sk": "JOB"}


def _job_item(job: LabelingJob) -> Item:
    created = f"{rfc3339(job.created_at)}#{job.name.lower()}"
    indexes = {
        "gsi1pk": f"JOBS#{job.project}",
        "gsi1sk": created,
        "gsi2pk": f"JOBS#{job.project}#{job.status}",
        "gsi2sk": created,
        "gsi4pk": f"JOBS#{job.status}",
        "gsi4sk": created,
    }
    if job.status not in AT_REST:
        indexes |= {"gsi3pk": "UNSETTLED", "gsi3sk": created}
    if job.parts is not None:
        indexes |= {"split_job": job.name}
    # Definition and validation are kept as JSON: read whole, never searched, and DynamoDB would turn their numbers into decimals.
    fields = _JOB.dump_python(job, mode="json", exclude={"definition", "validation"})
    # Nulls are left out: the launch machine asks `attribute_not_exists(launch_execution)`.
    return {
        **_job_key(job.name),
        **indexes,
        **{name: value for name, value in fields.items() if value is not None},
        "name": job.name,
        "definition": job.definition.model_dump_json(),
        "validation": _VALIDATION.dump_json(job.validation).decode(),
    }


def _job(item: Item) -> LabelingJob:
    definition = LabelingJobDefinition.model_validate_json(item["definition"])
    return _JOB.validate_python({**item, "definition": definition, "validation": _VALIDATION.validate_json(item["validation"])})


def _is_job(item: Item) -> bool:
    """Whether the holder of a name is a labeling job that clients see: neither a part of one nor what is left of a deleted one."""
    return "deleted_at" not in item and "part_of" not in item


def _part_item(part: Part) -> Item:
    fields = _PART.dump_python(part, mode="json")
    return {**_job_key(part.name), "split_job": part.part_of, **{name: value for name, value in fields.items() if value is not None}}


def _part(item: Item) -> Part:
    return _PART.validate_python(item)


def _event_item(job: LabelingJob, event: JobEvent) -> Item:
    return {
        "pk": f"EVENTS#{job.job_id}",
        "sk": f"{job.version:06d}",
        "at": rfc3339(event.at),
        "type": event.type,
        "detail": json.dumps(event.detail),
    }


def _event(item: Item) -> JobEvent:
    return JobEvent(datetime.fromisoformat(item["at"]), item["type"], json.loads(item["detail"]))


# Most functions have nothing to do with notifications: what describes them is loaded by those that have.


@cache
def _subscription_adapter() -> "TypeAdapter[Subscription]":
    from groundwork.subscriptions import Subscription

    return TypeAdapter(Subscription)


@cache
def _attempt_adapter() -> "TypeAdapter[Attempt]":
    from groundwork.deliveries import Attempt

    return TypeAdapter(Attempt)


def _subscription_is(previous: "Subscription | None") -> tuple[str, Item]:
    if previous is None:
        return "attribute_not_exists(pk)", {}
    return "uid = :uid AND version = :version", {":uid": previous.uid, ":version": previous.version}


def _subscription_item(subscription: "Subscription") -> Item:
    return {
        "pk": f"PROJECT#{subscription.project}",
        "sk": f"NOTIFICATION#{subscription.id}",
        "uid": subscription.uid,
        "version": subscription.version,
        "subscription": _subscription_adapter().dump_json(subscription).decode(),
    }


def _subscription(item: Item) -> "Subscription":
    return _subscription_adapter().validate_json(item["subscription"])


def _attempt(item: Item) -> "Attempt":
    return _attempt_adapter().validate_json(item["attempt"])
