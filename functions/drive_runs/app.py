"""Push the runs of labeling jobs on the built-in labeling service.

Trigger: the engine table's stream (a labeling job's item, or a shard whose tasks all have their answers), and a schedule.
Effect:  runs are started, started again when they died, and told when there is nothing left to wait for.
Repeats: harmless; each call looks at the job as it is.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from groundwork.engine.runs import RunDriver
from groundwork.engine.store import item_in_stream

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
driver = RunDriver.from_env()


def drive_for(record: "DynamoDBRecord") -> None:
    image = record.raw_event["dynamodb"].get("NewImage")
    changed = None if image is None else item_in_stream(image)
    if changed is None:
        return
    name, shard = changed
    if shard is None:
        driver.drive(name, datetime.now(UTC))
    else:
        driver.close_finished_shard(name, shard)
    logger.info("run driven", labeling_job=name, shard=shard)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=drive_for, processor=processor, context=context)
    driver.drive_all(datetime.now(UTC))
    return None
