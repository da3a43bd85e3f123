"""Plan what is to be consolidated of a labeling job on the built-in labeling service.

Trigger: state PlanConsolidation of the run machine, with {"labeling_job_name", "round", "outcome"}: why the wait ended (WaitOutcome).
Effect:  the job takes no more work, unless the outcome is `interim`; {"outcome": "planned", "ranges": [numbers of ranges]},
         {"outcome": "nothing_new"}, or {"outcome": "superseded"} when the round has no business with the job.
Repeats: harmless; the first outcome stands.
"""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.jobs import WaitOutcome
from groundwork.engine.output import Output

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
output = Output.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001
    name, outcome = event["labeling_job_name"], WaitOutcome(event["outcome"])
    logger.append_keys(labeling_job=name)
    ranges = output.plan(name, event["round"], outcome)
    logger.info("consolidation planned", wait_ended=outcome, ranges=None if ranges is None else len(ranges))
    if ranges is None:
        return {"outcome": "superseded"}
    if outcome is WaitOutcome.INTERIM and not ranges:
        return {"outcome": "nothing_new"}
    return {"outcome": "planned", "ranges": ranges}
