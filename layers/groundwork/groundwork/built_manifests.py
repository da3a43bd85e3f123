"""A manifest that Groundwork built, or is building, of the data objects under a prefix: what a client gets to see of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from groundwork.labeling_jobs.job import rfc3339
from groundwork.task_types import TaskCategory


class BuildState(StrEnum):
    BUILDING = "building"
    BUILT = "built"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BuiltManifest:
    """A manifest that was asked for. `build_id` never repeats; `files` are the objects looked at, `objects` the lines written."""

    project: str
    name: str
    build_id: str
    input_prefix_uri: str
    task_category: TaskCategory
    manifest_uri: str
    requested_by: str
    created_at: datetime
    updated_at: datetime
    state: BuildState = BuildState.BUILDING
    version: int = 1
    files: int = 0
    objects: int = 0
    errors: int = 0
    warnings: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    failure_reason: str | None = None
    # The execution that builds it; no other may.
    execution: str | None = None
    creation_key: str | None = None

    @property
    def etag(self) -> str:
        return f'"{self.build_id}-{self.version}"'

    def resource(self) -> dict[str, Any]:
        """What a client gets."""
        return {
            "name": self.name,
            "project": self.project,
            "state": self.state.value,
            "input_prefix_uri": self.input_prefix_uri,
            "task_category": self.task_category,
            "manifest_uri": self.manifest_uri,
            "files": self.files,
            "objects": self.objects,
            "errors": self.errors,
            "warnings": self.warnings,
            "faults": self.faults,
            "failure_reason": self.failure_reason,
            "requested_by": self.requested_by,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        }
