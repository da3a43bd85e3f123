"""Take the building of a manifest one step further: a manifest that was asked for, or the input of a launch.

Trigger: build machine and launch machine, state BuildManifest. Effect: parts of a multipart upload, at the end the manifest; the progress.
Repeats: harmless, the same parts are written again.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from groundwork import manifest_builds
from groundwork.labeling_jobs import input_building
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.manifest_builds import BuildStep
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What is kept back to send a part, and to leave the rest for the next step.
_RESERVED_MILLISECONDS = 120_000

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3", config=Config(max_pool_connections=20))
data_bucket = os.environ["DATA_BUCKET"]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > _RESERVED_MILLISECONDS

    progress, now = event["progress"], datetime.now(UTC)
    if "build" in event:
        build = BuildStep(**event["build"])
        logger.append_keys(project=build.project, manifest=build.name)
        result = manifest_builds.build(store, s3, build, progress, data_bucket=data_bucket, has_time=has_time, now=now)
    else:
        launch = LaunchStep(**event["step"])
        logger.append_keys(project=launch.project, labeling_job=launch.name, submission=launch.submission)
        result = input_building.build_input(store, s3, launch, progress, data_bucket=data_bucket, has_time=has_time, now=now)

    logger.info("manifest building", outcome=result["outcome"])
    return result
