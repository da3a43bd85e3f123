"""Record how far the launch of a labeling job has come.

Trigger: launch machine, its recording states. Effect: the job in the jobs table, through the one transition table.
Repeats: harmless, a record that stands already changes nothing.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs import launching
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    step = LaunchStep(**event["step"])
    logger.append_keys(project=step.project, labeling_job=step.name, submission=step.submission)

    result = launching.advance(
        store,
        step,
        Status(event["to"]),
        now=datetime.now(UTC),
        validation=event.get("validation"),
        reason=event.get("reason"),
        labeling_job_arn=event.get("labeling_job_arn"),
    )

    logger.info("launch advanced", to=event["to"], outcome=result["outcome"])
    return result
