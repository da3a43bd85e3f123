"""Take what the labeling service says of a labeling job into the job.

Trigger: EventBridge, state changes of aws.sagemaker and groundwork.engine. Effect: status, counters and output of the job.
Repeats, late and reordered events: harmless, the service is asked for the truth and the transition table decides.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import service_status
from groundwork.labeling_service import labeling_service
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
service = labeling_service()


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    for arn in event["resources"]:
        name = arn.rpartition("/")[2]  # lower-cased by the service
        now = datetime.now(UTC)
        job = service_status.record_service_status(store, service, name, now=now) or service_status.record_part_status(
            store, service, name, now=now
        )
        logger.info("service status recorded", labeling_job=name, status=job.status.value if job else None)
