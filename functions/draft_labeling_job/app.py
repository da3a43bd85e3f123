"""Draft the labeling job of an uploaded manifest.

Trigger: draft machine, state DraftLabelingJob. Effect: a draft named after the file, or the draft of an earlier upload changed.
Repeats, late and reordered uploads: harmless, the sequencer of the key's latest known upload decides.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import uploaded_manifests
from groundwork.store import JobStore
from groundwork.uploaded_manifests import Upload

if TYPE_CHECKING:
    from typing import Literal

    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()
s3: "S3Client" = boto3.client("s3")
data_bucket = os.environ["DATA_BUCKET"]
service = cast("Literal['BuiltIn', 'SageMaker']", os.environ["LABELING_SERVICE"])


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    upload = Upload.of_event(event["detail"], event["execution"])
    if upload is None:
        # The rule's pattern cannot say that a folder has no slash in its name.
        return {"outcome": "nothing-to-draft", "reason": "it is not in a project's folder of manifests"}
    logger.append_keys(project=upload.project)

    result = uploaded_manifests.draft(store, s3, upload, labeling_service=service, data_bucket=data_bucket, now=datetime.now(UTC))

    logger.info("upload taken care of", outcome=result["outcome"], reason=result.get("reason"))
    return result
