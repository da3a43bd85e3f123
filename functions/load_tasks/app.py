"""Load the tasks of one range of a labeling job's manifest on the built-in labeling service.

Trigger: states LoadFirstRange and LoadRange of the run machine, with {"labeling_job_name", "range"}: the range's number in the plan.
Effect:  one task per line that lacks the label, with what the job's own pre-annotation function, if any, gives for it;
         {"outcome": "loaded", "tasks"}, or {"outcome": "refused", "failure_reason"} for input that cannot be worked on.
Repeats: harmless; what is loaded stays as it is.
"""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.loading import InputRefusedError, load_tasks
from groundwork.engine.store import EngineStore
from groundwork.labeling_functions import LabelingFunctions

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
store = EngineStore.from_env()
s3 = boto3.client("s3")
functions = LabelingFunctions(seconds=30)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001
    name, number = event["labeling_job_name"], event["range"]
    logger.append_keys(labeling_job=name, range=number)
    try:
        tasks = load_tasks(name, number, store, s3, functions)
    except InputRefusedError as refusal:
        logger.info("input refused", reason=str(refusal))
        return {"outcome": "refused", "failure_reason": str(refusal)}
    logger.info("tasks loaded", tasks=tasks)
    return {"outcome": "loaded", "tasks": tasks}
