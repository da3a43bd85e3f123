"""Create the labeling job on the labeling service.

Trigger: launch machine, state CreateLabelingJob. Effect: a labeling job on the service.
Repeats: harmless, the job that an earlier attempt created is found by its tag.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.launching import Deployment, LaunchStep
from groundwork.labeling_service import labeling_service
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
service = labeling_service()
deployment = Deployment(
    region=os.environ["AWS_REGION"],
    partition=os.environ["PARTITION"],
    account_id=os.environ["ACCOUNT_ID"],
    data_bucket=os.environ["DATA_BUCKET"],
    role_arn=os.environ["LABELING_ROLE_ARN"],
)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(project=step.project, labeling_job=step.name, submission=step.submission)

    result = launching.create_labeling_job(store, service, step, deployment)

    logger.info("labeling job created", outcome=result["outcome"])
    return result
