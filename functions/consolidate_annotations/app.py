"""Consolidate the annotations of a labeling job on the built-in labeling service, and write its output.

Trigger: state ConsolidateAnnotations of the run machine, with {"labeling_job_name", "outcome"}: why the wait ended (WaitOutcome).
Effect:  the job takes no more answers, its output tree is in S3, the job is at rest; {"outcome": "finished", "status",
         "labeling_job_arn"}, or {"outcome": "refused", "failure_reason"} when the input manifest it began with is gone.
Repeats: harmless; the same answers give the same files.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.jobs import WaitOutcome
from groundwork.engine.loading import InputRefusedError
from groundwork.engine.output import finish
from groundwork.engine.store import EngineStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
store = EngineStore.from_env()
s3 = boto3.client("s3")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001
    name = event["labeling_job_name"]
    logger.append_keys(labeling_job=name)
    try:
        finished = finish(name, WaitOutcome(event["outcome"]), store, s3, datetime.now(UTC))
    except InputRefusedError as refusal:
        logger.info("input refused", reason=str(refusal))
        return {"outcome": "refused", "failure_reason": str(refusal)}
    logger.info("labeling job ended", status=finished.status)
    return {"outcome": "finished", "status": finished.status.value, "labeling_job_arn": finished.labeling_job_arn}
