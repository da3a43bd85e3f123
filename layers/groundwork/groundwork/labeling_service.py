"""The labeling service this stack works with: Amazon SageMaker Ground Truth, or the built-in engine.

Both are an object with the methods of boto3's SageMaker client that Groundwork uses; `LABELING_SERVICE` says which.
"""

import os
from typing import TYPE_CHECKING, Any, Protocol

import boto3

if TYPE_CHECKING:
    from groundwork.engine.job_control import JobControl


class LabelingService(Protocol):
    """The SageMaker operations Groundwork uses: keyword arguments, answers and errors (botocore ClientError) are SageMaker's own."""

    def create_labeling_job(self, **request: Any) -> Any: ...
    def describe_labeling_job(self, **request: Any) -> Any: ...
    def stop_labeling_job(self, **request: Any) -> Any: ...
    def list_labeling_jobs(self, **request: Any) -> Any: ...
    def list_workteams(self, **request: Any) -> Any: ...
    def describe_workteam(self, **request: Any) -> Any: ...
    def create_workteam(self, **request: Any) -> Any: ...
    def delete_workteam(self, **request: Any) -> Any: ...


def job_control() -> "JobControl | None":
    """What the built-in labeling service can do with running jobs beyond SageMaker's operations; None on a stack on SageMaker."""
    if os.environ["LABELING_SERVICE"] != "BuiltIn":
        return None
    from groundwork.engine.job_control import JobControl

    return JobControl.from_env()


def labeling_service() -> LabelingService:
    """The labeling service that the environment names. A missing or unknown setting fails the cold start."""
    match os.environ["LABELING_SERVICE"]:
        case "SageMaker":
            client: Any = boto3.client("sagemaker")
            service: LabelingService = client
            return service
        case "BuiltIn":
            # Imported here, so that a stack on SageMaker does not load the engine.
            from groundwork.engine.operations import BuiltInLabelingService

            return BuiltInLabelingService.from_env()
        case other:
            raise ValueError(f"LABELING_SERVICE is {other!r}; it must be BuiltIn or SageMaker")
