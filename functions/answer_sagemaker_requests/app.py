"""The SageMaker-compatible endpoint: labeling-job operations for scripts written for Ground Truth, signed with an access key.

Trigger: API Gateway, without its authorizer: the signature is checked here. Effect: what the operation does. Repeats: as with SageMaker,
a second CreateLabelingJob of a name is refused and everything else is harmless.
"""

import base64
import json
import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from groundwork.access_keys import SecretSource
from groundwork.engine.operations import BuiltInLabelingService
from groundwork.engine.store import EngineStore
from groundwork.lazy_client import client_on_first_use
from groundwork.presigning import WorkerView
from groundwork.request_signatures import SignatureError, SignedRequest, verify
from groundwork.sagemaker_endpoint import SageMakerEndpoint
from groundwork.store import AccessKey, JobStore
from groundwork.user_pool import UserPool

if TYPE_CHECKING:
    from typing import Literal

JSON_1_1 = "application/x-amz-json-1.1"
TARGET = "SageMaker."

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
secrets = SecretSource.from_env()
people = UserPool.from_env()
endpoint = SageMakerEndpoint(
    store=store,
    engine_store=EngineStore.from_env(),
    service=BuiltInLabelingService.from_env(),
    s3=client_on_first_use("s3"),
    view=lambda project, locations: WorkerView.from_env().of(project, locations),
    labeling_service=cast("Literal['BuiltIn', 'SageMaker']", os.environ["LABELING_SERVICE"]),
)


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = _signed_request(event)
    operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
    request_id = context.aws_request_id
    try:
        key = _key_of(request)
        logger.append_keys(username=key.owner, operation=operation)
        document = json.loads(request.body or b"{}")
        answer = endpoint.answer(key, operation, document, datetime.now(UTC))
    except SignatureError as error:
        return _error(error.code, str(error), request_id)
    except ClientError as error:
        return _client_error(error, request_id)
    except (ValueError, RecursionError):
        return _error("SerializationException", "The body is not JSON.", request_id)
    except Exception:
        logger.exception("request failed")
        return _error("InternalFailure", "Something went wrong on our side.", request_id, HTTPStatus.INTERNAL_SERVER_ERROR)
    return _respond(HTTPStatus.OK, answer, request_id)


def _signed_request(event: dict[str, Any]) -> SignedRequest:
    """The request as the client sent it: where API Gateway shows another path than that, API_PATH_PREFIX says what stands before it."""
    context = event["requestContext"]
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    prefix = os.environ.get("API_PATH_PREFIX", "").format(api=context.get("apiId", ""))
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return SignedRequest(event["httpMethod"], prefix + context["path"], headers, body)


def _key_of(request: SignedRequest) -> AccessKey:
    """The access key that signed the request. Raises SignatureError, also when its owner may no longer sign in."""
    found: dict[str, AccessKey] = {}

    def secret_of(key_id: str) -> str | None:
        key = store.access_key(key_id)
        if key is None or not people.may_sign_in(key.owner):
            return None
        found[key_id] = key
        return secrets.secret(key_id)

    key_id = verify(request, service="sagemaker", region=os.environ["AWS_REGION"], secret_of=secret_of, now=datetime.now(UTC))
    return found[key_id]


def _client_error(error: ClientError, request_id: str) -> dict[str, Any]:
    described = error.response.get("Error", {})
    if error.response.get("ResponseMetadata", {}).get("RequestId"):
        # Not one of ours: a service that the operation used refused.
        logger.exception("an AWS service refused", code=described.get("Code"), operation=error.operation_name)
        return _error("InternalFailure", "Something went wrong on our side.", request_id, HTTPStatus.INTERNAL_SERVER_ERROR)
    return _error(described.get("Code", "ValidationException"), described.get("Message", ""), request_id)


def _error(code: str, message: str, request_id: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> dict[str, Any]:
    logger.info("request refused", code=code)
    return _respond(status, {"__type": code, "message": message}, request_id)


def _respond(status: HTTPStatus, document: dict[str, Any], request_id: str) -> dict[str, Any]:
    # The protocol's timestamps are seconds since 1970 (AWS JSON 1.1).
    body = json.dumps(document, default=lambda moment: moment.timestamp(), ensure_ascii=False)
    headers = {"Content-Type": JSON_1_1, "x-amzn-RequestId": request_id, "Cache-Control": "no-store"}
    return {"statusCode": status.value, "headers": headers, "body": body, "isBase64Encoded": False}
