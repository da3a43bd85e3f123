"""A labeling job as Groundwork keeps it: the definition plus what happened to it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from groundwork.data_locations import S3Uri
from groundwork.errors import ConflictError
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.lifecycle import Status


@dataclass(frozen=True, slots=True)
class Counters:
    """Objects of the job by outcome (API LabelCounters, with the total that Ground Truth leaves to the reader)."""

    total: int = 0
    human_labeled: int = 0
    machine_labeled: int = 0
    failed: int = 0
    unlabeled: int = 0

    @property
    def finished(self) -> int:
        """Objects that nobody has to look at any more: labeled, or failed for good."""
        return self.total - self.unlabeled


@dataclass(frozen=True, slots=True)
class Parts:
    """How many parts a split labeling job has, by where they stand."""

    total: int
    waiting: int
    running: int = 0
    completed: int = 0
    failed: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """What the last validation found: counts, and the faults a client can act on. `report_uri` is where its whole report is, if any."""

    state: str = "not_run"  # not_run | running | passed | failed
    objects: int | None = None
    errors: int = 0
    warnings: int = 0
    faults: tuple[dict[str, Any], ...] = ()
    report_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How the job came to be: by an API request, an uploaded manifest, or as a clone."""

    kind: str = "api"
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class LabelingJob:
    """One labeling job. `job_id` never repeats, even when a deleted draft's name is used again; `submission` counts launches tried."""

    project: str
    job_id: str
    definition: LabelingJobDefinition
    status: Status
    labeling_service: Literal["BuiltIn", "SageMaker"]
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    submission: int = 0
    counters: Counters = Counters()
    validation: Validation = Validation()
    source: Source = Source()
    labeling_job_arn: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failure_reason: str | None = None
    output_manifest_uri: str | None = None
    # How far the job has come (see progress.py): the highest threshold it reached, when it last moved, and since when it does not.
    progress: int = 0
    progressed_at: datetime | None = None
    stalled_since: datetime | None = None
    # What was changed while it ran (built-in labeling service only).
    is_paused: bool = False
    instructions_version: int = 1
    # Of a job that was split: its parts are the labeling jobs on the service, and it has none there itself.
    parts: Parts | None = None
    # Of a job that was created on the labeling service itself: the worker task template it came with, if its type needs one.
    own_template_uri: str | None = None
    # The execution that claimed this submission; only it may move the job through its launch.
    launch_execution: str | None = None
    # The Idempotency-Key that created the job, so that a create repeated after a crash finds its own job and not a conflict.
    creation_key: str | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def was_launched_here(self) -> bool:
        """Whether a launch of the control plane prepared the job's files; one that was created on the labeling service has its own."""
        return self.launch_execution is not None

    def output_manifest(self) -> S3Uri:
        """Where the output is. Raises ConflictError while there is none."""
        uri = S3Uri.parse(self.output_manifest_uri or "")
        if uri is None:
            raise ConflictError(f"There is no output yet; the labeling job is {self.status}.")
        return uri

    @property
    def etag(self) -> str:
        return f'"{self.job_id}-{self.version}"'

    def changed(self, **changes: Any) -> "LabelingJob":
        """The job with these changes, one version on."""
        return replace(self, version=self.version + 1, **changes)

    def resource(self) -> dict[str, Any]:
        """What a client gets (api.md, "Labeling job: what a client gets")."""
        return {
            **self.definition.model_dump(mode="json"),
            "project": self.project,
            "status": self.status.value,
            "labeling_service": self.labeling_service,
            "labeling_job_arn": self.labeling_job_arn,
            "created_by": self.created_by,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
            "version": self.version,
            "counters": {name: getattr(self.counters, name) for name in Counters.__slots__},
            "validation": {
                "state": self.validation.state,
                "objects": self.validation.objects,
                "errors": self.validation.errors,
                "warnings": self.validation.warnings,
                "faults": list(self.validation.faults),
            },
            "failure_reason": self.failure_reason,
            "output_manifest_uri": self.output_manifest_uri,
            "stalled_since": rfc3339(self.stalled_since),
            "paused": self.is_paused,
            "instructions_version": self.instructions_version,
            "parts": None if self.parts is None else {name: getattr(self.parts, name) for name in Parts.__slots__},
            "source": {"kind": self.source.kind, "detail": self.source.detail},
        }


def rfc3339(moment: datetime | None) -> str | None:
    """UTC with `Z` and milliseconds, as every timestamp of the API."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
