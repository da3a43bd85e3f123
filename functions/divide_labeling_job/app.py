"""Divide a labeling job that has more data objects than the labeling service takes in one.

Trigger: launch machine, state DivideLabelingJob. Effect: a manifest for each part in the job's folder; the parts in the jobs table.
Repeats: harmless, a job that has its parts keeps them.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import splitting
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3")
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(project=step.project, labeling_job=step.name, submission=step.submission)

    result = splitting.divide(store, s3, step, data_bucket, now=datetime.now(UTC))

    logger.info("labeling job divided", outcome=result["outcome"])
    return result
