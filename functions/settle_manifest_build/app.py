"""Record that the building of a manifest was interrupted, so that whoever asked for it knows.

Trigger: build machine, when a step failed for good; EventBridge, when an execution of it ended before its time.
Effect: the manifest's state in the jobs table. Repeats: harmless, a build that is settled or over is left alone.
"""

import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import manifest_builds
from groundwork.manifest_builds import BuildStep
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
store = JobStore.from_env()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    if "build" in event:
        step, cause = BuildStep(**event["build"]), event["cause"]
    else:
        detail = event["detail"]
        asked = json.loads(detail["input"])
        step = BuildStep(asked["project"], asked["name"], asked["build_id"], detail["executionArn"])
        cause = f"it ended as {detail['status']}"
    logger.append_keys(project=step.project, manifest=step.name)

    outcome = manifest_builds.settle(store, step, cause=cause, now=datetime.now(UTC))

    logger.info("manifest build settled", outcome=outcome)
    return {"outcome": outcome}
