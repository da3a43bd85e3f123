"""Keep a record of every labeling job on the built-in labeling service in S3, from which the engine's table can be made anew.

Trigger: the engine table's stream (a labeling job's item).
Effect:  the job's record in S3 is the item as it now is. The record of a job that was deleted stays.
Repeats: harmless; the stream tells of an item's changes in their order.
"""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from groundwork.engine.rebuilding import JobRecords
from groundwork.engine.store import job_in_stream

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
records = JobRecords.from_env()


def keep(record: "DynamoDBRecord") -> None:
    image = record.raw_event["dynamodb"].get("NewImage")
    name = None if image is None else job_in_stream(image)
    if name is not None:
        records.put(name, image)
        logger.info("record kept", labeling_job=name)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Any:
    return process_partial_response(event=event, record_handler=keep, processor=processor, context=context)
