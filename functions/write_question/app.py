"""Write what a labeling job's function of automated labeling is to learn from and to label.

Trigger: state WriteQuestion of the run machine, with {"labeling_job_name"}, once people have finished a batch.
Effect:  two files in the job's output tree; {"outcome": "ask", "iteration", "function", "event"}: invoke this function with this event,
         {"outcome": "first", "iteration"} when there is nothing to learn from yet, or {"outcome": "over"} when the job takes no more work.
Repeats: harmless; the files are written again.
"""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.automated_labeling import write_question
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
    question = write_question(name, store, s3)
    if question is None:
        return {"outcome": "over"}
    logger.info("question written", iteration=question.iteration, is_first=question.is_first)
    if question.is_first:
        return {"outcome": "first", "iteration": question.iteration}
    return {"outcome": "ask", "iteration": question.iteration, "function": question.function, "event": question.event}
