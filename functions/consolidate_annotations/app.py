"""Consolidate the annotations of one range of a labeling job's manifest on the built-in labeling service.

Trigger: state ConsolidateRange of the run machine, with {"labeling_job_name", "round", "range"}: the range's number in the plan.
Effect:  the range takes no more answers, its lines of the output and the files behind them are in S3; {"outcome": "consolidated"}, or
         {"outcome": "refused", "failure_reason"} when the input manifest that the job began with is gone.
Repeats: harmless; the same answers give the same files.
"""

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
    name, number = event["labeling_job_name"], event["range"]
    logger.append_keys(labeling_job=name, range=number)
    try:
        counters = output.consolidate(name, number, event["round"])
    except InputRefusedError as refusal:
        logger.info("input refused", reason=str(refusal))
        return {"outcome": "refused", "failure_reason": str(refusal)}
    logger.info("annotations consolidated", labeled=counters.human_labeled, failed=counters.failed, unlabeled=counters.unlabeled)
    return {"outcome": "consolidated"}
