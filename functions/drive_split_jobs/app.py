"""Start and stop the parts of split labeling jobs, count them together, and have their outputs merged.

Trigger: the jobs table's stream, when a split job or one of its parts changed; and a schedule, for what that missed.
Effect: labeling jobs on the service, the jobs table, executions of the merge machine. Repeats: harmless, whatever is done already stays.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.labeling_jobs.launching import Deployment
from groundwork.labeling_jobs.splitting import SplitJobs
from groundwork.labeling_service import job_control, labeling_service
from groundwork.lazy_client import client_on_first_use
from groundwork.store import JobStore, split_job_of_image

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

logger = Logger()
tracer = Tracer()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
split_jobs = SplitJobs(
    store=JobStore.from_env(),
    service=labeling_service(),
    step_functions=client_on_first_use("stepfunctions"),
    merge_machine_arn=os.environ["MERGE_MACHINE_ARN"],
    deployment=Deployment(
        region=os.environ["AWS_REGION"],
        partition=os.environ["PARTITION"],
        account_id=os.environ["ACCOUNT_ID"],
        data_bucket=os.environ["DATA_BUCKET"],
        role_arn=os.environ["LABELING_ROLE_ARN"],
    ),
    at_once=int(os.environ["PARTS_AT_ONCE"]),
    control=job_control(),
)

stalled_after = timedelta(hours=float(os.environ["STALLED_AFTER_HOURS"]))


def drive(record: Any) -> None:
    name = split_job_of_image(record.raw_event["dynamodb"]["NewImage"])
    job = split_jobs.drive(name, now=datetime.now(UTC))
    logger.info("split job driven", labeling_job=name, status=job.status.value if job else None)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> "PartialItemFailureResponse | None":
    if "Records" in event:
        return process_partial_response(event=event, record_handler=drive, processor=processor, context=context)
    changed = split_jobs.drive_all(now=datetime.now(UTC), stalled_after=stalled_after)
    logger.info("split jobs looked after", changed=changed)
    return None
