"""Presign what workers will see of the first object, and prove that a browser can fetch it.

Trigger: launch machine, state PresignWorkerView. Effect: none, but that a pre-annotation function of the job's own is tried; what cannot
be seen is the result.
Repeats: harmless.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_functions import LabelingFunctions
from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.presigning import WorkerView
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
view = WorkerView.from_env()
functions = LabelingFunctions(seconds=30)
arn_prefix = f"arn:{os.environ['PARTITION']}:sagemaker:{os.environ['AWS_REGION']}:{os.environ['ACCOUNT_ID']}"
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(project=step.project, labeling_job=step.name, submission=step.submission)

    result = launching.presign_worker_view(store, view, functions, step, data_bucket=data_bucket, arn_prefix=arn_prefix)

    logger.info("worker view presigned", outcome=result["outcome"])
    return result
