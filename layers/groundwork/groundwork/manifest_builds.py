"""Manifests that Groundwork builds at a person's request: the request, its progress, its end.

The request is one conditional write. The table's stream announces it, and the build machine writes the manifest, step by step; the
manifest resource tells how far it is. A step names the request it belongs to and the execution it is of; one that was superseded (the
name was given to another build) finds out and does nothing. Every step may be repeated.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from groundwork import manifest_building
from groundwork.built_manifests import BuildState, BuiltManifest
from groundwork.data_locations import S3Uri, folder, project_prefix
from groundwork.errors import InvalidRequestError, NameTakenError, PreconditionFailedError
from groundwork.labeling_jobs.checks import prefix_faults
from groundwork.manifest_building import BuildFailedError, BuildOrder, BuildProgress
from groundwork.rules import Severity, fault
from groundwork.task_types import TaskCategory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.store import JobStore

# The same as a labeling job's, because a draft is named after the file.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_MAX_NAME_LENGTH = 63
SUPERSEDED: dict[str, Any] = {"outcome": "superseded"}


@dataclass(frozen=True, slots=True)
class BuildStep:
    """Which build a step belongs to, and the execution it is of."""

    project: str
    name: str
    build_id: str
    execution: str


def request_manifest(
    store: "JobStore",
    *,
    project: str,
    name: str,
    input_prefix_uri: str,
    task_category: TaskCategory,
    data_bucket: str,
    by: str,
    now: datetime,
    creation_key: str | None = None,
) -> BuiltManifest:
    """Ask for a manifest of all data objects under the prefix. The name of a build that failed may be used again.

    Repeated with the same `creation_key` after a crash, it finds its own build. Raises InvalidRequestError, NameTakenError, NotFoundError.
    """
    faults = [] if _NAME.fullmatch(name) else [fault("build.name-invalid", pointer="/name", name=name[: _MAX_NAME_LENGTH + 1])]
    faults += prefix_faults(input_prefix_uri, project, store.data_locations(project))
    if faults:
        raise InvalidRequestError(faults)
    manifest = BuiltManifest(
        project=project,
        name=name,
        build_id=uuid.uuid4().hex,
        input_prefix_uri=input_prefix_uri,
        task_category=task_category,
        manifest_uri=str(project_prefix(data_bucket, project).child(f"manifests/{name}.manifest")),
        requested_by=by,
        created_at=now,
        updated_at=now,
        creation_key=creation_key,
    )
    try:
        store.create_manifest(manifest)
    except NameTakenError:
        own = store.manifest(project, name)
        if creation_key and own and (own.requested_by, own.creation_key) == (by, creation_key):
            return own
        raise
    return manifest


def build(
    store: "JobStore",
    s3: "S3Client",
    step: BuildStep,
    progress: dict[str, Any] | None,
    *,
    data_bucket: str,
    has_time: Callable[[], bool],
    now: datetime,
) -> dict[str, Any]:
    """Take the build one step further.

    Returns `{"outcome": "continue", "progress"}`, `{"outcome": "built" | "failed"}` or superseded. Raises botocore's errors for what
    trying again may mend.
    """
    manifest = _own(store, step)
    if manifest is None:
        return SUPERSEDED
    order = _order(manifest, data_bucket)
    if not store.data_locations(manifest.project).may_read(order.prefix):
        failed = replace(
            manifest, state=BuildState.FAILED, failure_reason="The project lost the data location while the manifest was built."
        )
        return _kept(store, manifest, failed, now)
    try:
        reached = further(s3, order, progress, has_time=has_time)
    except BuildFailedError as error:
        manifest_building.abandon(s3, order, error.progress)
        return _kept(store, manifest, replace(_with(manifest, order, error.progress), state=BuildState.FAILED), now)
    changed = _with(manifest, order, reached)
    if reached.is_done:
        return _kept(store, manifest, replace(changed, state=BuildState.BUILT), now)
    outcome = _kept(store, manifest, changed, now)
    return outcome if outcome is SUPERSEDED else {"outcome": "continue", "progress": asdict(reached)}


def further(s3: "S3Client", order: BuildOrder, progress: dict[str, Any] | None, *, has_time: Callable[[], bool]) -> BuildProgress:
    """The first step begins the upload, so that a repetition of any later one knows it; the others write."""
    if progress is None:
        return manifest_building.begin(s3, order)
    return manifest_building.go_on(s3, order, BuildProgress(**progress), has_time=has_time)


def settle(store: "JobStore", step: BuildStep, *, cause: str, now: datetime) -> str:
    """Record that a build ended before its time. Safe to repeat; an execution that does not hold the build changes nothing."""
    manifest = store.manifest(step.project, step.name)
    is_ours = manifest is not None and manifest.build_id == step.build_id and manifest.execution in {None, step.execution}
    if manifest is None or not is_ours or manifest.state is not BuildState.BUILDING:
        return "nothing-to-settle"
    reason = f"The build was interrupted ({cause}). Ask for the manifest again."
    outcome = _kept(store, manifest, replace(manifest, state=BuildState.FAILED, failure_reason=reason), now)
    return "settled" if outcome is not SUPERSEDED else "nothing-to-settle"


def build_order(
    *,
    project: str,
    prefix: str,
    category: TaskCategory,
    target: S3Uri,
    build_id: str,
    data_bucket: str,
    requested_by: str,
    may_replace: bool = False,
) -> BuildOrder:
    """The order for a manifest of the data objects under a prefix that the checks let through."""
    uri = folder(prefix)
    if uri is None:
        raise ValueError(f"not a legal S3 URI: {prefix!r}")
    return BuildOrder(
        prefix=uri,
        category=category,
        target=target,
        build_id=build_id,
        scratch=S3Uri(data_bucket, "manifest-builds/"),
        excluded=project_prefix(data_bucket, project).child("labeling-jobs/"),
        requested_by=requested_by,
        may_replace=may_replace,
    )


def _order(manifest: BuiltManifest, data_bucket: str) -> BuildOrder:
    target = S3Uri.parse(manifest.manifest_uri)
    if target is None:
        raise ValueError(f"not a legal S3 URI: {manifest.manifest_uri!r}")
    return build_order(
        project=manifest.project,
        prefix=manifest.input_prefix_uri,
        category=manifest.task_category,
        target=target,
        build_id=manifest.build_id,
        data_bucket=data_bucket,
        requested_by=manifest.requested_by,
    )


def _own(store: "JobStore", step: BuildStep) -> BuiltManifest | None:
    """The build, once this execution has claimed it; None when it is another's, or over."""
    manifest = store.manifest(step.project, step.name)
    if manifest is None or manifest.build_id != step.build_id or manifest.state is not BuildState.BUILDING:
        return None
    if manifest.execution is None:
        claimed = replace(manifest, execution=step.execution, version=manifest.version + 1)
        try:
            store.save_manifest(manifest, claimed)
        except PreconditionFailedError:
            return None
        return claimed
    return manifest if manifest.execution == step.execution else None


def _with(manifest: BuiltManifest, order: BuildOrder, progress: BuildProgress) -> BuiltManifest:
    return replace(
        manifest,
        files=progress.files,
        objects=progress.objects,
        errors=progress.count(Severity.ERROR),
        warnings=progress.count(Severity.WARNING),
        faults=progress.faults(order),
    )


def _kept(store: "JobStore", manifest: BuiltManifest, changed: BuiltManifest, now: datetime) -> dict[str, Any]:
    try:
        store.save_manifest(manifest, replace(changed, updated_at=now, version=manifest.version + 1))
    except PreconditionFailedError:
        return SUPERSEDED
    return {"outcome": changed.state.value}
