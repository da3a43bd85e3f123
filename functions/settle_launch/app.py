"""Leave a labeling job whose launch was interrupted in a truthful state, with a reason a person can act on.

Trigger: launch machine, when a step fails for good; and EventBridge, when an execution of it failed, timed out or was aborted.
Effect: the job is a draft again, or Initializing if the labeling service has it. Repeats: harmless.
"""

import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
from groundwork.labeling_service import labeling_service
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
service = labeling_service()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    project, name, execution, cause = _interruption(event)
    logger.append_keys(project=project, labeling_job=name)

    outcome = launching.settle_interrupted(store, service, name=name, execution=execution, cause=cause, now=datetime.now(UTC))

    if outcome == "settled":
        metrics.add_metric("LaunchesInterrupted", MetricUnit.Count, 1)
    logger.info("interrupted launch settled", outcome=outcome, cause=cause)
    return {"outcome": outcome}


def _interruption(event: dict[str, Any]) -> tuple[str | None, str, str, str]:
    """Project, job, execution and cause: as the machine's own Catch says them, or in Step Functions' execution status event."""
    if "step" in event:
        step = event["step"]
        return step.get("project"), step["name"], step["execution"], event["cause"]
    detail = event["detail"]
    submitted = json.loads(detail["input"])
    return submitted.get("project"), submitted["name"], detail["executionArn"], f"it ended as {detail['status']}"
