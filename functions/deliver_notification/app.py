"""Deliver a fact to one subscriber, by mail or webhook, and keep the attempt in the delivery log.

Trigger: the queue of notices. Effect: a mail or a request to the subscriber; the log; a message that was not taken waits for its next try.
Repeats: the subscriber gets the fact again, with the same id.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import deliveries
from groundwork.deliveries import Deliverer, Notice, Postbox
from groundwork.lazy_client import client_on_first_use
from groundwork.mail import MailTopics
from groundwork.store import JobStore

logger = Logger()
# Not http.client: a trace is no place for receivers' URLs, nor a receiver's request for our trace ids.
tracer = Tracer(patch_modules=["botocore"])
metrics = Metrics()
postbox = Postbox(boto3.client("sqs"), os.environ["NOTIFICATIONS_QUEUE_URL"])
first_pause = timedelta(seconds=float(os.environ["FIRST_PAUSE_SECONDS"]))
deliverer = Deliverer(
    store=JobStore.from_env(),
    sns=client_on_first_use("sns"),
    mail=MailTopics.from_env(),
    address=os.environ["CONSOLE_ORIGIN"] or os.environ["API_URL"],
    allow_loopback=os.environ["ALLOW_LOOPBACK_WEBHOOKS"] == "true",
)


def is_done(record: dict[str, Any]) -> bool:
    notice, number = Notice.of_message(record["body"]), int(record["attributes"]["ApproximateReceiveCount"])
    now = datetime.now(UTC)
    done = deliverer.deliver(notice, number, now=now)
    logger.info("delivery tried", event_id=notice.event_id, project=notice.project, subscription=notice.subscription_id, done=done)
    if not done:
        postbox.hide(record["receiptHandle"], deliveries.pause_after(number, first_pause))
        # The queue's own metric of age forgets messages that were received a few times.
        age = now.timestamp() - int(record["attributes"]["SentTimestamp"]) / 1000
        metrics.add_metric("OldestUndeliveredNotification", MetricUnit.Seconds, max(age, 0))
    return done


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"] if not is_done(record)]}
