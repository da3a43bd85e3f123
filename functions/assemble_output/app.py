"""Put the output manifest of a labeling job on the built-in labeling service together.

Trigger: state AssembleOutput of the run machine, with {"labeling_job_name", "round"}.
Effect:  the output manifest is in S3, and the job is at rest once its outcome is settled; {"outcome": "interim"} while it runs,
         {"outcome": "finished", "status", "labeling_job_arn"}, or {"outcome": "refused", "failure_reason"} when the input manifest that
         the job began with is gone.
Repeats: harmless; the same parts give the same manifest.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.loading import InputRefusedError
from groundwork.engine.output import Output

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
output = Output.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001
    name = event["labeling_job_name"]
    logger.append_keys(labeling_job=name)
    try:
        finished = output.assemble(name, event["round"], datetime.now(UTC))
    except InputRefusedError as refusal:
        logger.info("input refused", reason=str(refusal))
        return {"outcome": "refused", "failure_reason": str(refusal)}
    logger.info("output written", status=None if finished is None else finished.status)
    if finished is None:
        return {"outcome": "interim"}
    return {"outcome": "finished", "status": finished.status.value, "labeling_job_arn": finished.labeling_job_arn}
