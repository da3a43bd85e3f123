"""Keep with an uploaded manifest's draft what its validation found, or why it found nothing.

Trigger: draft machine, its recording states; EventBridge, when an execution of it ended before its time. Effect: the draft's validation.
Repeats: harmless, a draft that was edited, submitted or uploaded again meanwhile is left alone.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import uploaded_manifests
from groundwork.store import JobStore
from groundwork.uploaded_manifests import Upload

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    if "upload" in event:
        upload, cause = Upload.of_event(event["upload"], event["execution"]), event.get("cause")
    else:
        upload, cause = uploaded_manifests.upload_of_execution(event["detail"]), f"it ended as {event['detail']['status']}"
    if upload is None:
        return {"outcome": "superseded"}
    logger.append_keys(project=upload.project)

    outcome = uploaded_manifests.record_report(store, upload, now=datetime.now(UTC), validation=event.get("validation"), cause=cause)

    logger.info("draft report", outcome=outcome)
    return {"outcome": outcome}
