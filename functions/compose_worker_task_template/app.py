"""Write a labeling job's worker task template and label category file.

Trigger: launch machine, state ComposeWorkerTaskTemplate. Effect: two objects in the job's folder.
Repeats: harmless, the same bytes are written again.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.presigning import WorkerView
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3")
view = WorkerView.from_env()
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(project=step.project, labeling_job=step.name, submission=step.submission)

    result = launching.compose_worker_task_template(store, s3, view, step, data_bucket)

    logger.info("worker task template composed", outcome=result["outcome"])
    return result
