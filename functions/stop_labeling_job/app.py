"""Tell the labeling service to stop a labeling job.

Trigger: EventBridge, our own "Labeling Job Status Changed" to Stopping. Effect: the service stops the job.
Repeats: harmless, a job that is stopping or at rest is left alone. The parts of a split job are stopped by drive_split_jobs.
"""

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import service_status
from groundwork.labeling_service import labeling_service

logger = Logger()
tracer = Tracer()
service = labeling_service()


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    name = event["detail"]["name"]

    service_status.stop_in_service(service, name, event["detail"]["job_id"])

    logger.info("stop passed on", labeling_job=name)
