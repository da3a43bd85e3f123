"""Plan the loading of a labeling job on the built-in labeling service: pin its input, cut its manifest into ranges.

Trigger: state PlanLoading of the run machine, with {"labeling_job_name"}.
Effect:  the plan is in the engine's table; {"outcome": "planned", "ranges"}, or {"outcome": "refused", "failure_reason"} for input
         that cannot be worked on.
Repeats: harmless; the first plan stays.
"""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.loading import InputRefusedError, plan_loading
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
        ranges = plan_loading(name, store, s3)
    except InputRefusedError as refusal:
        logger.info("input refused", reason=str(refusal))
        return {"outcome": "refused", "failure_reason": str(refusal)}
    logger.info("loading planned", ranges=ranges)
    return {"outcome": "planned", "ranges": ranges}
