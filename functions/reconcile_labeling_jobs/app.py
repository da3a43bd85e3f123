"""Bring labeling jobs that are not at rest up to date: counters, stalls, and what was missed because an event was lost.

Trigger: a schedule. Effect: the jobs table, through the same functions as the events. Repeats: harmless.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import service_status
from groundwork.labeling_service import labeling_service
from groundwork.lazy_client import client_on_first_use
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
service = labeling_service()
stalled_after = timedelta(hours=float(os.environ["STALLED_AFTER_HOURS"]))
step_functions: "SFNClient" = client_on_first_use("stepfunctions")


def launch_lives(execution_arn: str) -> bool:
    try:
        return step_functions.describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
    except step_functions.exceptions.ExecutionDoesNotExist:
        return False


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    changed = service_status.reconcile(store, service, launch_lives, now=datetime.now(UTC), stalled_after=stalled_after)

    metrics.add_metric("LabelingJobsReconciled", MetricUnit.Count, changed)
    logger.info("labeling jobs reconciled", changed=changed)
