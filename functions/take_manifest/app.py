"""Take a labeling job's manifest out of its author's reach, and say how it is to be validated.

Trigger: launch machine, state TakeManifest. Effect: a copy of the manifest in the job's folder, or a validation report that says why not.
Repeats: harmless, the copy is made again.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
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

    result = launching.take_manifest(store, s3, step, data_bucket)

    logger.info("manifest taken", outcome=result["outcome"])
    return result
