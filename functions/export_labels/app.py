"""Write an export of a labeling job's output.

Trigger: export machine. Effect: the export's file in the project's folder, and its record in the jobs table.
Repeats: harmless, the same file is written again; an export that is finished is left alone.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.exports import exporting
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
    logger.append_keys(project=event["project"], labeling_job=event["name"], export_id=event["export_id"])
    export = exporting.write_export(
        store, s3, job_id=event["job_id"], export_id=event["export_id"], data_bucket=data_bucket, now=datetime.now(UTC)
    )
    return {"state": export.state.value}
