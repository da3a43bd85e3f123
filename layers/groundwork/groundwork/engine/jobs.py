"""A labeling job as the built-in engine keeps it: the CreateLabelingJob request, and how far its run has come."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from groundwork.data_locations import S3Uri
from groundwork.labeling_jobs.tags import CONFIDENCE_TAG, DEFAULT_PRIORITY, PRIORITY_TAG, PROJECT_TAG
from groundwork.task_types import TaskType, is_customers_function, task_type_of_functions

# Ground Truth fails a job after 30 days (API LabelingJobStoppingConditions); here it ends with what was labeled until then.
MAX_LIFETIME = timedelta(days=30)
# Ground Truth's own (published Describe output).
DEFAULT_MAX_CONCURRENT_TASKS = 1000
DEFAULT_AVAILABILITY = timedelta(days=10)
# How often, at most, the output is written while a job runs.
_INTERIM_OUTPUTS = 20
# With automated labeling, what people label before the function is asked again: a twentieth of the objects, and neither so few that
# there is nothing to learn from, nor more than may be in work at a time (sms-automated-labeling on MaxConcurrentTaskCount).
_BATCHES = 20
_MIN_BATCH = 20
# Ground Truth's own target for classes (sms-automated-labeling).
DEFAULT_CONFIDENCE = 0.95


class JobStatus(StrEnum):
    """API LabelingJobStatus."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @property
    def is_at_rest(self) -> bool:
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED}


class WaitOutcome(StrEnum):
    """Why a run stopped waiting for workers."""

    INTERIM = "interim"  # for a moment: what is finished goes into the output, and the wait begins again
    BATCH_DONE = "batch_done"  # for a moment: the function of automated labeling is asked, and the wait begins again
    DONE = "done"
    STOPPED = "stopped"
    EXPIRED = "expired"
    LIMIT_REACHED = "limit_reached"  # a stopping condition of the request

    @property
    def leaves_the_rest(self) -> bool:
        """Whether objects without all their answers stay as they came in, to be labeled by another job."""
        return self in {WaitOutcome.STOPPED, WaitOutcome.LIMIT_REACHED}


@dataclass(frozen=True, slots=True)
class Counters:
    """Objects that this job had to label, by outcome (API LabelCounters). Lines that had the label already are not counted."""

    human_labeled: int = 0
    failed: int = 0
    unlabeled: int = 0
    machine_labeled: int = 0

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(
            self.human_labeled + other.human_labeled,
            self.failed + other.failed,
            self.unlabeled + other.unlabeled,
            self.machine_labeled + other.machine_labeled,
        )

    @property
    def labeled(self) -> int:
        return self.human_labeled + self.machine_labeled

    def label_counters(self) -> dict[str, int]:
        """As the API gives them."""
        return {
            "TotalLabeled": self.labeled,
            "HumanLabeled": self.human_labeled,
            "MachineLabeled": self.machine_labeled,
            "FailedNonRetryableError": self.failed,
            "Unlabeled": self.unlabeled,
        }


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One labeling job.

    `attempt` counts executions of the run machine, `false_starts` those in a row that died before they waited for workers, `token` is
    the waiting one's task token. `shards` is None until loading is planned; `closed_shards` of them take no more answers, and
    `published_shards` of those were closed when the output was last written while the job ran.
    `label_categories` is the label-category document, `manifest_pin` says which content of the input manifest is meant (see
    loading.py); both are None until loading begins. `outcome` says why the job takes no more work, once that is settled. `counters` is
    None until the whole output is written. `changed_templates` are the URIs of worker task templates with later versions of the
    instructions, `extended_seconds` is a longer availability lifetime than the request has. `is_restored` says that the job was put
    back from its record, so that its answers are loaded with its tasks (see rebuilding.py).
    `reissued` says when objects that were put aside were last offered again, by their number. `asked_again_at` is when a job at rest was
    last asked to be consolidated again.
    """

    name: str
    arn: str
    request: Mapping[str, Any]
    status: JobStatus
    created_at: datetime
    modified_at: datetime
    attempt: int = 1
    false_starts: int = 0
    token: str | None = None
    failure_reason: str | None = None
    shards: int | None = None
    closed_shards: int = 0
    published_shards: int = 0
    label_categories: Mapping[str, Any] | None = None
    manifest_pin: Mapping[str, str] | None = None
    outcome: WaitOutcome | None = None
    counters: Counters | None = None
    is_paused: bool = False
    changed_templates: tuple[str, ...] = ()
    extended_seconds: int | None = None
    is_restored: bool = False
    asked_again_at: datetime | None = None
    reissued: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The lower-cased name: names are unique without regard to case."""
        return self.name.lower()

    @property
    def label_attribute(self) -> str:
        return str(self.request["LabelAttributeName"])

    @property
    def _human_task(self) -> Mapping[str, Any]:
        human_task: Mapping[str, Any] = self.request["HumanTaskConfig"]
        return human_task

    @property
    def project(self) -> str | None:
        """The project that the job's tag names; None for a job of no project of ours."""
        return self._tag(PROJECT_TAG)

    @property
    def priority(self) -> int:
        """Workers are shown jobs with a higher one first."""
        return int(self._tag(PRIORITY_TAG) or DEFAULT_PRIORITY)

    def _tag(self, key: str) -> str | None:
        return next((str(tag["Value"]) for tag in self.request.get("Tags", ()) if tag["Key"] == key), None)

    @property
    def title(self) -> str:
        return str(self._human_task["TaskTitle"])

    @property
    def description(self) -> str:
        return str(self._human_task["TaskDescription"])

    @property
    def labeling_team(self) -> str:
        return team_of(self._human_task["WorkteamArn"])

    @property
    def workers_per_object(self) -> int:
        return int(self._human_task["NumberOfHumanWorkersPerDataObject"])

    @property
    def time_limit(self) -> timedelta:
        """How long a worker has for one task."""
        return timedelta(seconds=int(self._human_task["TaskTimeLimitInSeconds"]))

    @property
    def deadline(self) -> datetime:
        """When tasks stop being offered: the availability lifetime after creation, 30 days at most."""
        seconds = self.extended_seconds or self._human_task.get("TaskAvailabilityLifetimeInSeconds")
        available = DEFAULT_AVAILABILITY if seconds is None else timedelta(seconds=int(seconds))
        return self.created_at + min(available, MAX_LIFETIME)

    @property
    def task_type(self) -> TaskType:
        """The task type that the request's functions stand for. CreateLabelingJob refuses jobs without one."""
        task_type = task_type_of_functions(*functions_of(self._human_task))
        if task_type is None:
            raise ValueError(f"{self.name} has no known task type")
        return task_type

    @property
    def pre_annotation_function(self) -> str | None:
        """The ARN of the customer's own function that says what workers see of an object; None where it is the task type's."""
        return _customers(functions_of(self._human_task)[0])

    @property
    def consolidation_function(self) -> str | None:
        """The ARN of the customer's own function that makes labels of answers; None where it is the task type's."""
        return _customers(functions_of(self._human_task)[1])

    @property
    def proposal_function(self) -> str | None:
        """The ARN of the customer's own function of automated labeling; None where people label everything."""
        return proposal_function_of(self.request)

    @property
    def confidence(self) -> float:
        """From which confidence on a proposed label is taken."""
        told = self._tag(CONFIDENCE_TAG)
        return DEFAULT_CONFIDENCE if told is None else float(told)

    def batch_size(self, objects: int) -> int:
        """How many of its objects go to people before the function of automated labeling is asked again."""
        most = int(self._human_task.get("MaxConcurrentTaskCount", DEFAULT_MAX_CONCURRENT_TASKS))
        return min(max(math.ceil(objects / _BATCHES), _MIN_BATCH), most)

    @property
    def role_arn(self) -> str:
        return str(self.request["RoleArn"])

    @property
    def label_names(self) -> tuple[str, ...]:
        """Label categories in order: a label's position is its class index in the output. Known once loading began."""
        return tuple(str(entry["label"]) for entry in (self.label_categories or {}).get("labels", ()))

    @property
    def input_manifest(self) -> S3Uri:
        return s3_uri(self.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"])

    @property
    def label_category_uri(self) -> S3Uri | None:
        """Where the label categories are; only a custom job may have none."""
        uri = self.request.get("LabelCategoryConfigS3Uri")
        return None if uri is None else s3_uri(uri)

    @property
    def output_root(self) -> S3Uri:
        """`<S3OutputPath>/<LabelingJobName>/`, the root of the output tree (facts, section 4.1)."""
        path = s3_uri(self.request["OutputConfig"]["S3OutputPath"])
        return path.child(f"{self.name}/")

    @property
    def output_manifest(self) -> S3Uri:
        return self.output_root.child("manifests/output/output.manifest")

    @property
    def instructions_version(self) -> int:
        """The version of the instructions that new leases show. The first is 1."""
        return 1 + len(self.changed_templates)

    def template_uri(self, version: int) -> S3Uri | None:
        """The worker task template with this version of the instructions; None where the type has a page of its own (HumanTaskUiArn)."""
        uri = self.changed_templates[version - 2] if version > 1 else self._human_task["UiConfig"].get("UiTemplateS3Uri")
        return None if uri is None else s3_uri(uri)

    @property
    def object_limit(self) -> int | None:
        """How many objects may be in workers' hands at once; None where nothing is said, or no less than Ground Truth's default."""
        limit = self._human_task.get("MaxConcurrentTaskCount")
        return None if limit is None or limit >= DEFAULT_MAX_CONCURRENT_TASKS else int(limit)

    @property
    def is_loaded(self) -> bool:
        """Whether all tasks are there: a run loads them before it waits for workers."""
        return self.token is not None

    @property
    def kms_key_id(self) -> str | None:
        return self.request["OutputConfig"].get("KmsKeyId") or None

    @property
    def has_stopping_conditions(self) -> bool:
        """Whether the request asks for less than everything."""
        conditions = self.request.get("StoppingConditions") or {}
        return "MaxHumanLabeledObjectCount" in conditions or conditions.get("MaxPercentageOfInputDatasetLabeled", 100) < 100

    def reaches_limit(self, labeled: int, objects: int, *, by_machine: int = 0) -> bool:
        """Whether a stopping condition is met with this many of the job's objects labeled, so many of them by machine
        (API LabelingJobStoppingConditions)."""
        conditions = self.request.get("StoppingConditions") or {}
        most = conditions.get("MaxHumanLabeledObjectCount", objects)
        percentage = conditions.get("MaxPercentageOfInputDatasetLabeled", 100)
        return bool(labeled - by_machine >= most or labeled * 100 >= percentage * objects)

    def wait_outcome(self, now: datetime) -> WaitOutcome | None:
        """Why there is nothing left to wait for; None while workers may still answer."""
        if self.outcome is not None:
            return self.outcome
        if self.shards is not None and self.closed_shards >= self.shards:
            return WaitOutcome.DONE
        if self.status is JobStatus.STOPPING:
            return WaitOutcome.STOPPED
        if now >= self.deadline:
            return WaitOutcome.EXPIRED
        return None

    @property
    def is_output_due(self) -> bool:
        """Whether enough shards were finished since the output was last written to write it again, while the job runs."""
        if self.shards is None:
            return False
        return self.closed_shards - self.published_shards >= math.ceil(self.shards / _INTERIM_OUTPUTS)


def functions_of(human_task: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The ARNs in a request's HumanTaskConfig of the functions before workers see an object, and after they answered."""
    after: str | None = human_task.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn")
    return human_task.get("PreHumanTaskLambdaArn"), after


def proposal_function_of(request: Mapping[str, Any]) -> str | None:
    """The customer's own function in the place of automated labeling's algorithm. Ground Truth's own algorithms are not here: without
    them people label everything."""
    return _customers(request.get("LabelingJobAlgorithmsConfig", {}).get("LabelingJobAlgorithmSpecificationArn"))


def _customers(arn: str | None) -> str | None:
    return arn if arn is not None and is_customers_function(arn) else None


def team_of(workteam_arn: str) -> str:
    """The labeling team's name: the last part of its workteam ARN."""
    return workteam_arn.rsplit("/", 1)[-1]


def s3_uri(text: str) -> S3Uri:
    """An S3 URI of a stored request. CreateLabelingJob refuses requests with any that does not parse."""
    uri = S3Uri.parse(text)
    if uri is None:
        raise ValueError(f"{text!r} is not an S3 URI")
    return uri
