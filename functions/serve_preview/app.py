"""The page that workers see, or will see, of one object of a labeling job.

Trigger: API Gateway. Effect: none; the page's addresses are presigned with the workers' own read-only right.
Repeats: harmless, addresses are fresh each time.
"""

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import access
from groundwork.errors import InvalidRequestError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_functions import LabelingFunctions
from groundwork.labeling_jobs.preview import preview
from groundwork.lazy_client import client_on_first_use
from groundwork.presigning import WorkerView
from groundwork.rules import fault
from groundwork.store import JobStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
s3: "S3Client" = client_on_first_use("s3")
view = WorkerView.from_env()
# Less than the API waits for an answer.
functions = LabelingFunctions(seconds=8)
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)
data_bucket = os.environ["DATA_BUCKET"]
console_origin = os.environ["CONSOLE_ORIGIN"]
arn_prefix = f"arn:{os.environ['PARTITION']}:sagemaker:{os.environ['AWS_REGION']}:{os.environ['ACCOUNT_ID']}"


@api.route("GET", "/projects/{project}/labeling-jobs/{name}/preview", access.read_project)
def preview_labeling_job(request: Request) -> Answer:
    page = preview(
        s3,
        view,
        functions,
        request.labeling_job,
        _number(request.query.get("object", "0")),
        locations=store.data_locations(request.project),
        data_bucket=data_bucket,
        console_origin=console_origin,
        arn_prefix=arn_prefix,
    )
    return Answer(page.html, headers={"Content-Security-Policy": page.content_security_policy}, content_type="text/html; charset=utf-8")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        problem = "it is not the number of an object, counted from 0"
        raise InvalidRequestError([fault("request.field-invalid", pointer="/object", field="object", problem=problem)])
    return int(text)


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
