"""Write the outputs of a split labeling job's parts into one output manifest, and end the job; or write them anew for a job at rest.

Trigger: merge machine, and the machine that consolidates split jobs again. Effect: the output manifest; the job in the jobs table.
Repeats: harmless, the same bytes are written again.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import splitting
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
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    name, now = event["name"], datetime.now(UTC)
    outcome: str
    logger.append_keys(labeling_job=name)

    if "cause" in event:
        outcome = splitting.give_up(store, name, event["cause"], now=now)
    elif "again" in event:
        outcome = splitting.merge_again(store, s3, name, data_bucket, now=now)
    else:
        outcome = splitting.merge(store, s3, name, data_bucket, now=now)

    logger.info("outputs merged", outcome=outcome, cause=event.get("cause"))
    return {"outcome": outcome}
