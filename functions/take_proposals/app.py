"""Take the labels that a labeling job's function of automated labeling is sure of, and release the next batch to people.

Trigger: state TakeProposals of the run machine, with {"labeling_job_name", "iteration", "is_asked", "failure"}: whether the function was
         asked, and why it failed, if it did.
Effect:  machine labels and released tasks in the engine's table, `result.json` in the job's output tree; {"outcome": "taken",
         "machine_labeled", "released", "left"}, or {"outcome": "superseded"} when that was done already.
Repeats: harmless; what was taken or released stays.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.automated_labeling import take_proposals
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
    logger.append_keys(labeling_job=name, iteration=event["iteration"])
    ended = take_proposals(name, event["iteration"], store, s3, datetime.now(UTC), is_asked=event["is_asked"], failure=event["failure"])
    if ended is None:
        return {"outcome": "superseded"}
    logger.info("proposals taken", machine_labeled=ended.machine_labeled, released=ended.released, left=ended.left, failure=ended.failure)
    return {"outcome": "taken", "machine_labeled": ended.machine_labeled, "released": ended.released, "left": ended.left}
