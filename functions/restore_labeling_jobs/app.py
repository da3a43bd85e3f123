"""Put labeling jobs that the engine's table has lost back into it, from their records in S3, and start their runs.

Trigger: state RestoreLabelingJobs of the rebuild machine, with {"after"}: "", or the token of the last call.
Effect:  the labeling jobs of one page of records are in the table and run; {"labeling_jobs", "next"}: how many were put back, and
         the token for the next call, "" when there is nothing left.
Repeats: harmless; jobs that are in the table stay as they are.
"""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer

from groundwork.engine.rebuilding import JobRecords, restore_labeling_jobs
from groundwork.engine.runs import RunDriver
from groundwork.engine.store import EngineStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
records = JobRecords.from_env()
store = EngineStore.from_env()
driver = RunDriver.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001
    restored = restore_labeling_jobs(event["after"] or None, records, store, driver)
    logger.info("labeling jobs restored", labeling_jobs=restored.labeling_jobs)
    return {"labeling_jobs": restored.labeling_jobs, "next": restored.next or ""}
