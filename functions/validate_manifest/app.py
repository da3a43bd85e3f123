"""Check every line of a labeling job's manifest and the objects it names.

Trigger: launch machine, state ValidateManifest. Effect: the validation report in S3; the summary is the result.
Repeats: harmless, the report is written again.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3")
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(labeling_job=step.name, submission=step.submission)

    result = launching.validate_manifest(store, s3, step, data_bucket)

    if "validation" in result:
        metrics.add_metric("ObjectsValidated", MetricUnit.Count, result["validation"]["objects"])
    logger.info("manifest validated", outcome=result["outcome"])
    return result
