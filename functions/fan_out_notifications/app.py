"""Queue a fact for each of its project's subscribers.

Trigger: EventBridge, every event of ours. Effect: one message in the queue of notices for each subscription that wants it.
Repeats: the messages are queued again, with the same ids.
"""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import deliveries
from groundwork.deliveries import Postbox
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
postbox = Postbox(boto3.client("sqs"), os.environ["NOTIFICATIONS_QUEUE_URL"])


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    queued = deliveries.fan_out(store, postbox, event["detail-type"], event["detail"])

    logger.info("fact queued", event_id=event["detail"]["id"], project=event["detail"]["project"], subscriptions=queued)
