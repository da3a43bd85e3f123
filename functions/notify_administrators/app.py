"""Tell administrators, in a readable message, what happened to a labeling job.

Trigger: EventBridge, every event of ours. Effect: a message on the admin topic. Repeats: the message is sent again.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import notifications

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

logger = Logger()
tracer = Tracer()
sns: "SNSClient" = boto3.client("sns")
topic_arn = os.environ["ADMIN_TOPIC_ARN"]
address = os.environ["CONSOLE_ORIGIN"] or os.environ["API_URL"]


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    name, detail = event["detail-type"], event["detail"]

    notifications.publish(sns, topic_arn, notifications.message_for(name, detail, address), name, detail)

    logger.info("administrators told", event_name=name, labeling_job=detail["name"])
