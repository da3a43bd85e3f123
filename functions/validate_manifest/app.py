"""Validate a manifest of any size, one phase at a time.

Trigger: validation machine, all its states. Effect: work objects that expire, and in the last phase the validation report.
Repeats: harmless, the same is written again.
"""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork.data_locations import S3Uri
from groundwork.manifest_shards import Shard
from groundwork.manifest_validation import ManifestValidation, Plan, Survey, ValidationRequest
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3")
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    request = ValidationRequest.from_document(event["request"])
    logger.append_keys(project=request.project, manifest=str(request.manifest), phase=event["phase"])
    validation = ManifestValidation(
        s3, request, locations=store.data_locations(request.project), work=S3Uri(data_bucket, f"work/validation/{event['execution']}/")
    )
    if event["phase"] == "plan":
        plan = validation.plan()
        return {**asdict(plan), "partitions": list(plan.partitions)}

    plan = msgspec.convert(event["plan"], Plan)
    match event["phase"]:
        case "survey":
            return asdict(validation.survey(plan, msgspec.convert(event["shard"], Shard)))
        case "compare":
            partition = event["partition"]
            return {"partition": partition, "has_faults": validation.compare(plan, _surveys(event), partition)}
        case "conclude":
            faulty = [compared["partition"] for compared in event["compared"] if compared["has_faults"]]
            report = validation.conclude(plan, _surveys(event), faulty)
            metrics.add_metric("ObjectsValidated", MetricUnit.Count, report.objects)
            logger.info("manifest validated", **report.summary())
            return report.outcome()
        case phase:
            raise ValueError(f"there is no phase {phase!r}")


def _surveys(event: dict[str, Any]) -> list[Survey]:
    return msgspec.convert(event["surveys"], list[Survey])
