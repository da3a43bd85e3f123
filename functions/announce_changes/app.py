"""Announce on the bus what changed in the jobs table: the only function that puts our events there.

Trigger: the jobs table's stream. Effect: domain events on our bus, and a count of them.
Repeats: a record that is delivered again is announced again; whoever listens is ready for it.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import events
from groundwork.business_metrics import metric_of
from groundwork.store import export_of_image, job_of_image, manifest_of_image

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from mypy_boto3_events import EventBridgeClient

logger = Logger()
tracer = Tracer()
metrics = Metrics()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
bus_client: "EventBridgeClient" = boto3.client("events")
bus = os.environ["EVENT_BUS"]


def announce_change(record: Any) -> None:
    images = record.raw_event["dynamodb"]
    old, new = images.get("OldImage"), images.get("NewImage")
    facts = [
        *events.facts(*(job_of_image(image) if image else None for image in (old, new))),
        *events.export_facts(*(export_of_image(image) if image else None for image in (old, new))),
        *events.manifest_facts(*(manifest_of_image(image) if image else None for image in (old, new))),
    ]
    events.announce(bus_client, bus, facts)
    for fact in facts:
        if metric := metric_of(fact):
            metrics.add_metric(metric, MetricUnit.Count, 1)
        subject = {"labeling_job" if "job_id" in fact.detail else "subject": fact.detail["name"]}
        logger.info("announced", event_name=fact.name, project=fact.detail["project"], to=fact.detail.get("to"), **subject)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> "PartialItemFailureResponse":
    return process_partial_response(event=event, record_handler=announce_change, processor=processor, context=context)
