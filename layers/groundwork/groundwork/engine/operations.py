"""SageMaker's labeling-job and workteam operations, as boto3's client has them: same arguments, same answers, same errors.

The control plane talks to either labeling service through these methods, so each is written against SageMaker's service model
and not against what the control plane happens to send.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from groundwork.access import ADMINISTRATORS
from groundwork.data_locations import S3Uri
from groundwork.engine import requests
from groundwork.engine.jobs import (
    DEFAULT_MAX_CONCURRENT_TASKS,
    Counters,
    EngineJob,
    JobStatus,
    functions_of,
    proposal_function_of,
    team_of,
)
from groundwork.engine.requests import client_error, validation_error
from groundwork.engine.store import EngineStore
from groundwork.labeling_functions import NAMING, may_run
from groundwork.labeling_jobs.tags import CONFIDENCE_TAG, MAX_PRIORITY, PRIORITY_TAG, PROJECT_TAG
from groundwork.lazy_client import client_on_first_use
from groundwork.task_types import TaskType, is_customers_function, task_type_of_functions

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import GroupTypeTypeDef

# What DescribeLabelingJob shows when a request did not say (published Describe output).
_DEFAULT_STOPPING_CONDITIONS = {"MaxPercentageOfInputDatasetLabeled": 100}
_DEFAULT_PAGE = 10
_COGNITO_PAGE = 60
_TAGS_PAGE = 50
_MAX_TAGS = 50  # API TagList
_TAG_ATTEMPTS = 5
_CONFIDENCE = re.compile(r"0(\.[0-9]{1,17})?|1(\.0{1,17})?")
_PRIORITY = re.compile(r"[0-9]|[1-9][0-9]|100")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BuiltInLabelingService:
    """The built-in labeling service. Labeling teams are the groups of the user pool; the administrators' group is none."""

    def __init__(
        self,
        store: EngineStore,
        cognito: "CognitoIdentityProviderClient",
        *,
        user_pool: str,
        user_pool_client: str,
        arn_prefix: str,
        clock: Callable[[], datetime] = _utc_now,
        projects: frozenset[str] | None = None,
    ) -> None:
        self._store = store
        self._cognito = cognito
        self._user_pool = user_pool
        self._user_pool_client = user_pool_client
        self._arn_prefix = arn_prefix  # arn:{partition}:sagemaker:{region}:{account}
        self._clock = clock
        self._projects = projects  # whose jobs are there to see; None: everybody's

    def seen_by(self, projects: frozenset[str]) -> "BuiltInLabelingService":
        """The same service for somebody who may know these projects' labeling jobs only."""
        return BuiltInLabelingService(
            self._store,
            self._cognito,
            user_pool=self._user_pool,
            user_pool_client=self._user_pool_client,
            arn_prefix=self._arn_prefix,
            clock=self._clock,
            projects=projects,
        )

    @classmethod
    def from_env(cls) -> Self:
        """The service of the stack that the environment describes. A missing setting fails the cold start."""
        return cls(
            EngineStore.from_env(),
            client_on_first_use("cognito-idp"),
            user_pool=os.environ["USER_POOL_ID"],
            user_pool_client=os.environ["USER_POOL_CLIENT_ID"],
            arn_prefix=f"arn:{os.environ['PARTITION']}:sagemaker:{os.environ['AWS_REGION']}:{os.environ['ACCOUNT_ID']}",
        )

    # --- labeling jobs -------------------------------------------------------------------------------------------

    def create_labeling_job(self, **request: Any) -> dict[str, Any]:
        """API CreateLabelingJob. Raises ClientError ValidationException, or ResourceInUse when the name is taken in whatever case."""
        job = self.new_job(request)
        if not self._store.create_job(job):
            raise self.name_taken(job.name)
        return {"LabelingJobArn": job.arn}

    def new_job(self, request: dict[str, Any]) -> EngineJob:
        """The job that a CreateLabelingJob request asks for, checked and not kept yet. Raises ClientError ValidationException."""
        operation = "CreateLabelingJob"
        requests.check(operation, request)
        faults = list(self._unsupported(request))
        if faults:
            raise validation_error(operation, "; ".join(faults))
        name = request["LabelingJobName"]
        now = self._clock()
        arn = f"{self._arn_prefix}:labeling-job/{name.lower()}"
        return EngineJob(name, arn, request, JobStatus.INITIALIZING, created_at=now, modified_at=now)

    @staticmethod
    def name_taken(name: str) -> "ClientError":
        """SageMaker's error for a name that is in use, in whatever case."""
        message = f"Labeling Job name must be unique within an AWS account and region: {name}"
        return client_error("CreateLabelingJob", "ResourceInUse", message)

    def _unsupported(self, request: dict[str, Any]) -> Iterator[str]:
        """Faults that the service model does not show, in the request's order."""
        human_task = request["HumanTaskConfig"]
        task_type = task_type_of_functions(*functions_of(human_task))
        is_custom = task_type is not None and task_type.is_custom
        yield from _label_attribute_faults(request, task_type)
        uris = [
            (
                "InputConfig.DataSource.S3DataSource.ManifestS3Uri",
                request["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri"),
            ),
            ("OutputConfig.S3OutputPath", request["OutputConfig"]["S3OutputPath"]),
            ("LabelCategoryConfigS3Uri", request.get("LabelCategoryConfigS3Uri")),
        ]
        for name, uri in uris:
            if uri is None:
                if name != "LabelCategoryConfigS3Uri" or not is_custom:
                    yield f"{name} is required by the built-in labeling service"
            elif S3Uri.parse(uri) is None:
                yield f"{name} must be of the form s3://bucket/key"
        template = human_task["UiConfig"].get("UiTemplateS3Uri")
        if template is not None and ((parsed := S3Uri.parse(template)) is None or not parsed.key):
            yield "HumanTaskConfig.UiConfig.UiTemplateS3Uri must be of the form s3://bucket/key"
        if len(human_task["UiConfig"]) != 1:
            yield "HumanTaskConfig.UiConfig must have exactly one of UiTemplateS3Uri and HumanTaskUiArn"
        elif is_custom and "UiTemplateS3Uri" not in human_task["UiConfig"]:
            yield "HumanTaskConfig.UiConfig.UiTemplateS3Uri is required for a custom labeling job"
        if task_type is None:
            yield "HumanTaskConfig.PreHumanTaskLambdaArn must be the function of a task type that the built-in labeling service knows"
        yield from self._function_faults(request)
        if proposal_function_of(request) is not None and task_type is not None and not task_type.takes_proposals:
            yield f"LabelingJobAlgorithmsConfig: the built-in labeling service does not label {task_type.key} automatically"
        yield from _tag_faults(request)
        if not self._is_team_of_this_pool(human_task["WorkteamArn"]):
            yield f"HumanTaskConfig.WorkteamArn: there is no work team {human_task['WorkteamArn']}"

    def _function_faults(self, request: dict[str, Any]) -> Iterator[str]:
        """A customer's functions must be ones that the job's project may run."""
        *_, region, account = self._arn_prefix.split(":")
        project = next((tag["Value"] for tag in request.get("Tags", ()) if tag["Key"] == PROJECT_TAG), None)
        before, after = functions_of(request["HumanTaskConfig"])
        functions = {
            "HumanTaskConfig.PreHumanTaskLambdaArn": before,
            "HumanTaskConfig.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn": after,
            "LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn": proposal_function_of(request),
        }
        for name, arn in functions.items():
            if arn is None or not is_customers_function(arn):
                continue
            if not may_run(arn, project=project, region=region, account=account):
                yield f"{name}: labeling jobs of the project {project} may not run {arn} ({NAMING})"

    def _is_team_of_this_pool(self, workteam_arn: str) -> bool:
        team = team_of(workteam_arn)
        return workteam_arn == self._workteam_arn(team) and self._group(team) is not None

    def describe_labeling_job(self, **request: Any) -> dict[str, Any]:
        """API DescribeLabelingJob. Raises ClientError ValidationException or ResourceNotFound."""
        requests.check("DescribeLabelingJob", request)
        job = self._job("DescribeLabelingJob", request["LabelingJobName"])
        sent = job.request
        answer = {
            "LabelingJobStatus": job.status.value,
            "LabelCounters": self._counters(job).label_counters(),
            "CreationTime": job.created_at,
            "LastModifiedTime": job.modified_at,
            "JobReferenceCode": _reference_code(job),
            "LabelingJobName": job.name,
            "LabelingJobArn": job.arn,
            "LabelAttributeName": sent["LabelAttributeName"],
            "InputConfig": sent["InputConfig"],
            "OutputConfig": {"KmsKeyId": "", **sent["OutputConfig"]},
            "RoleArn": sent["RoleArn"],
            **({"LabelCategoryConfigS3Uri": sent["LabelCategoryConfigS3Uri"]} if "LabelCategoryConfigS3Uri" in sent else {}),
            "StoppingConditions": sent.get("StoppingConditions") or _DEFAULT_STOPPING_CONDITIONS,
            "HumanTaskConfig": {
                "MaxConcurrentTaskCount": DEFAULT_MAX_CONCURRENT_TASKS,
                **sent["HumanTaskConfig"],
                **({"TaskAvailabilityLifetimeInSeconds": job.extended_seconds} if job.extended_seconds else {}),
            },
            "Tags": sent.get("Tags", []),
        }
        if "LabelingJobAlgorithmsConfig" in sent:
            answer["LabelingJobAlgorithmsConfig"] = sent["LabelingJobAlgorithmsConfig"]
        return {**answer, **_end_of(job)}

    def stop_labeling_job(self, **request: Any) -> dict[str, Any]:
        """API StopLabelingJob. Harmless for a job that is stopping or at rest. Raises ClientError ResourceNotFound."""
        requests.check("StopLabelingJob", request)
        job = self._job("StopLabelingJob", request["LabelingJobName"])
        self._store.request_stop(job.key, self._clock())
        return {}

    def list_labeling_jobs(self, **request: Any) -> dict[str, Any]:
        """API ListLabelingJobs, with its filters and orders. Raises ClientError ValidationException."""
        requests.check("ListLabelingJobs", request)
        jobs = [job for job in self._store.jobs() if self._sees(job) and _matches(job, request)]
        orders: dict[str, Callable[[EngineJob], Any]] = {
            "Name": lambda job: job.key,
            "CreationTime": lambda job: job.created_at,
            "Status": lambda job: job.status.value,
        }
        jobs.sort(key=orders[request.get("SortBy", "CreationTime")], reverse=request.get("SortOrder") == "Descending")
        page, token = _page("ListLabelingJobs", jobs, request)
        return {"LabelingJobSummaryList": [self._summary(job) for job in page], **token}

    def list_labeling_jobs_for_workteam(self, **request: Any) -> dict[str, Any]:
        """API ListLabelingJobsForWorkteam, with its filters and orders. Raises ClientError ValidationException."""
        requests.check("ListLabelingJobsForWorkteam", request)
        code = request.get("JobReferenceCodeContains", "")
        jobs = [
            job
            for job in self._store.jobs()
            if self._sees(job)
            and job.request["HumanTaskConfig"]["WorkteamArn"] == request["WorkteamArn"]
            and code in _reference_code(job)
            and _matches(job, request)
        ]
        jobs.sort(key=lambda job: job.created_at, reverse=request.get("SortOrder") == "Descending")
        page, token = _page("ListLabelingJobsForWorkteam", jobs, request)
        return {"LabelingJobSummaryList": [self._summary_for_workteam(job) for job in page], **token}

    def _summary_for_workteam(self, job: EngineJob) -> dict[str, Any]:
        counters = self._counters(job)
        return {
            "LabelingJobName": job.name,
            "JobReferenceCode": _reference_code(job),
            "WorkRequesterAccountId": self._arn_prefix.rsplit(":", 1)[-1],
            "CreationTime": job.created_at,
            "LabelCounters": {
                "HumanLabeled": counters.human_labeled,
                "PendingHuman": counters.unlabeled,
                "Total": counters.labeled + counters.unlabeled + counters.failed,
            },
            "NumberOfHumanWorkersPerDataObject": job.workers_per_object,
        }

    def _summary(self, job: EngineJob) -> dict[str, Any]:
        human_task = job.request["HumanTaskConfig"]
        before, after = functions_of(human_task)
        return {
            "LabelingJobName": job.name,
            "LabelingJobArn": job.arn,
            "CreationTime": job.created_at,
            "LastModifiedTime": job.modified_at,
            "LabelingJobStatus": job.status.value,
            "LabelCounters": self._counters(job).label_counters(),
            "WorkteamArn": human_task["WorkteamArn"],
            **({"PreHumanTaskLambdaArn": before} if before else {}),
            **({"AnnotationConsolidationLambdaArn": after} if after else {}),
            "InputConfig": job.request["InputConfig"],
            **_end_of(job),
        }

    def _job(self, operation: str, name: str) -> EngineJob:
        job = self._store.job(name)
        if job is None or not self._sees(job):
            raise client_error(operation, "ResourceNotFound", f"Could not find labeling job {name}")
        return job

    def _sees(self, job: EngineJob) -> bool:
        return self._projects is None or job.project in self._projects

    def _counters(self, job: EngineJob) -> Counters:
        """Of a job that runs: an object counts as labeled once it has all its answers."""
        if job.counters is not None:
            return job.counters
        unlabeled = labeled = 0
        for shard in self._store.shards(job.key):
            unlabeled += shard.unfinished
            labeled += shard.tasks - shard.unfinished
        by_machine = self._store.automation(job.key).machine_labeled if job.proposal_function else 0
        return Counters(human_labeled=labeled - by_machine, unlabeled=unlabeled, machine_labeled=by_machine)

    # --- tags ----------------------------------------------------------------------------------------------------

    def add_tags(self, **request: Any) -> dict[str, Any]:
        """API AddTags, for labeling jobs: a tag of the same key gives way. Raises ClientError ValidationException or ResourceNotFound."""
        operation = "AddTags"
        requests.check(operation, request)
        added = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        for _ in range(_TAG_ATTEMPTS):
            job = self._job_of_arn(operation, request["ResourceArn"])
            tags = {**{tag["Key"]: tag["Value"] for tag in job.request.get("Tags", [])}, **added}
            if len(tags) > _MAX_TAGS:
                raise validation_error(operation, f"A labeling job has at most {_MAX_TAGS} tags")
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            if self._store.replace_request(job, {**job.request, "Tags": listed}, self._clock()):
                return {"Tags": listed}
        raise client_error(operation, "ThrottlingException", "Rate exceeded")

    def list_tags(self, **request: Any) -> dict[str, Any]:
        """API ListTags, for labeling jobs. Raises ClientError ValidationException or ResourceNotFound."""
        requests.check("ListTags", request)
        tags = self._job_of_arn("ListTags", request["ResourceArn"]).request.get("Tags", [])
        page, token = _page("ListTags", tags, {"MaxResults": _TAGS_PAGE, **request})
        return {"Tags": list(page), **token}

    def _job_of_arn(self, operation: str, arn: str) -> EngineJob:
        prefix = f"{self._arn_prefix}:labeling-job/"
        if not arn.startswith(prefix):
            raise validation_error(operation, f"ResourceArn must be the ARN of a labeling job: {prefix}name")
        return self._job(operation, arn.removeprefix(prefix))

    # --- workteams -----------------------------------------------------------------------------------------------

    def list_workteams(self, **request: Any) -> dict[str, Any]:
        """API ListWorkteams: the labeling teams. Raises ClientError ValidationException."""
        requests.check("ListWorkteams", request)
        contained = request.get("NameContains", "").lower()
        groups = [group for group in self._groups() if contained in group["GroupName"].lower()]
        # CreateDate is the default order (API ListWorkteams).
        groups.sort(key=lambda group: group["GroupName"].lower() if request.get("SortBy") == "Name" else group["CreationDate"])
        if request.get("SortOrder") == "Descending":
            groups.reverse()
        page, token = _page("ListWorkteams", groups, request)
        return {"Workteams": [self._workteam(group) for group in page], **token}

    def describe_workteam(self, **request: Any) -> dict[str, Any]:
        """API DescribeWorkteam. Raises ClientError ValidationException, which is also SageMaker's word for a team that does not exist."""
        requests.check("DescribeWorkteam", request)
        group = self._existing_group("DescribeWorkteam", request["WorkteamName"])
        return {"Workteam": self._workteam(group)}

    def create_workteam(self, **request: Any) -> dict[str, Any]:
        """API CreateWorkteam: makes the team of an existing group of the user pool. Raises ClientError ValidationException."""
        requests.check("CreateWorkteam", request)
        self._existing_group("CreateWorkteam", request["WorkteamName"])
        return {"WorkteamArn": self._workteam_arn(request["WorkteamName"])}

    def delete_workteam(self, **request: Any) -> dict[str, Any]:
        """API DeleteWorkteam. A team is its group, so it is gone when the group is; there is nothing else to delete."""
        requests.check("DeleteWorkteam", request)
        return {"Success": True}

    def _workteam_arn(self, team: str) -> str:
        return f"{self._arn_prefix}:workteam/private-crowd/{team}"

    def _workteam(self, group: "GroupTypeTypeDef") -> dict[str, Any]:
        name = group["GroupName"]
        member = {"UserPool": self._user_pool, "UserGroup": name, "ClientId": self._user_pool_client}
        return {
            "WorkteamName": name,
            "WorkteamArn": self._workteam_arn(name),
            "Description": group.get("Description") or name,
            "MemberDefinitions": [{"CognitoMemberDefinition": member}],
            "CreateDate": group["CreationDate"],
            "LastUpdatedDate": group["LastModifiedDate"],
        }

    def _existing_group(self, operation: str, team: str) -> "GroupTypeTypeDef":
        group = self._group(team)
        if group is None:
            raise validation_error(operation, f"There is no work team {team}")
        return group

    def _group(self, team: str) -> "GroupTypeTypeDef | None":
        if team == ADMINISTRATORS:
            return None
        try:
            return self._cognito.get_group(GroupName=team, UserPoolId=self._user_pool)["Group"]
        except self._cognito.exceptions.ResourceNotFoundException:
            return None

    def _groups(self) -> "Iterator[GroupTypeTypeDef]":
        pages = self._cognito.get_paginator("list_groups").paginate(
            UserPoolId=self._user_pool, PaginationConfig={"PageSize": _COGNITO_PAGE}
        )
        for page in pages:
            yield from (group for group in page["Groups"] if group["GroupName"] != ADMINISTRATORS)


def _label_attribute_faults(request: dict[str, Any], task_type: TaskType | None) -> Iterator[str]:
    """Rules of API CreateLabelingJob on LabelAttributeName that its pattern does not express."""
    name = request["LabelAttributeName"]
    if name.endswith("-metadata"):
        yield "LabelAttributeName must not end in -metadata"
    if name in {"source", "source-ref"}:
        yield "LabelAttributeName must not be a reserved name of the manifest"
    if task_type is not None and name.endswith("-ref") is not (task_type.label_attribute_suffix == "-ref"):
        yield f"LabelAttributeName must {'' if task_type.label_attribute_suffix else 'not '}end in -ref for {task_type.key}"


def _tag_faults(request: dict[str, Any]) -> Iterator[str]:
    """Tags that say what the request has no words for."""
    for tag in request.get("Tags", ()):
        if tag["Key"] == CONFIDENCE_TAG and not _CONFIDENCE.fullmatch(tag["Value"]):
            yield f"Tags: {CONFIDENCE_TAG} must be a number from 0 to 1"
        if tag["Key"] == PRIORITY_TAG and not _PRIORITY.fullmatch(tag["Value"]):
            yield f"Tags: {PRIORITY_TAG} must be a whole number from 0 to {MAX_PRIORITY}"


def _end_of(job: EngineJob) -> dict[str, Any]:
    """What only a job at rest has."""
    end: dict[str, Any] = {}
    if job.failure_reason is not None:
        end["FailureReason"] = job.failure_reason
    if job.counters is not None:
        end["LabelingJobOutput"] = {"OutputDatasetS3Uri": str(job.output_manifest)}
    return end


def _reference_code(job: EngineJob) -> str:
    """28 characters that stand for the job towards workers (API JobReferenceCode)."""
    return hashlib.sha256(job.arn.encode()).hexdigest()[:28]


def _matches(job: EngineJob, request: dict[str, Any]) -> bool:
    if request.get("StatusEquals", job.status) != job.status or request.get("NameContains", "").lower() not in job.key:
        return False
    bounds = (("CreationTime", job.created_at), ("LastModifiedTime", job.modified_at))
    return all(request.get(f"{name}After", moment) <= moment <= request.get(f"{name}Before", moment) for name, moment in bounds)


def _page[T](operation: str, items: Sequence[T], request: dict[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """One page, and the NextToken when there are more. Raises ClientError ValidationException for a token that is none of ours."""
    token = request.get("NextToken", "0")
    if not (token.isascii() and token.isdigit()):
        raise validation_error(operation, "NextToken is invalid")
    start, size = int(token), request.get("MaxResults", _DEFAULT_PAGE)
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], more
