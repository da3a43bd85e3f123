"""The labeling service this stack works with: Amazon SageMaker Ground Truth, or the built-in engine.

Both are an object with the methods of boto3's SageMaker client that Groundwork uses; `LABELING_SERVICE` says which.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, RefreshableCredentials
from botocore.exceptions import ClientError

from groundwork.errors import LabelingServiceError, NoRoomAtServiceError, RefusedByServiceError

#: What the methods of a labeling service are called in its errors.
OPERATIONS = frozenset(
    {
        "CreateLabelingJob",
        "DescribeLabelingJob",
        "StopLabelingJob",
        "ListLabelingJobs",
        "ListWorkteams",
        "DescribeWorkteam",
        "CreateWorkteam",
        "DeleteWorkteam",
    }
)
# Errors that SageMaker models, and those that every AWS service may answer (page CommonErrors of SageMaker's API reference).
_NO_ROOM = frozenset({"ResourceLimitExceeded"})
_PASSING = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ConflictException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
    }
)
# How a service says that the account or the role may not use it. Which of them an account new to Ground Truth gets is not documented.
_NOT_ALLOWED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "NotAuthorized",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnauthorizedOperation",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)
_CLOSED = (
    "Ground Truth takes no new customers since 2026-07-30: in an account that did not use it before, deploy with LabelingService=BuiltIn. "
    "In one that did, give the right that is named."
)

# A key that was replaced in its secret is in use by then everywhere: botocore asks again a quarter of an hour before it must.
_ENDPOINT_KEY_KEPT = timedelta(minutes=30)

if TYPE_CHECKING:
    from groundwork.engine.job_control import JobControl


class LabelingService(Protocol):
    """The SageMaker operations Groundwork uses: keyword arguments, answers and errors (botocore ClientError) are SageMaker's own."""

    def create_labeling_job(self, **request: Any) -> Any: ...
    def describe_labeling_job(self, **request: Any) -> Any: ...
    def stop_labeling_job(self, **request: Any) -> Any: ...
    def list_labeling_jobs(self, **request: Any) -> Any: ...
    def list_workteams(self, **request: Any) -> Any: ...
    def describe_workteam(self, **request: Any) -> Any: ...
    def create_workteam(self, **request: Any) -> Any: ...
    def delete_workteam(self, **request: Any) -> Any: ...


def job_control() -> "JobControl | None":
    """What the built-in labeling service can do with running jobs beyond SageMaker's operations; None on a stack on SageMaker."""
    if os.environ["LABELING_SERVICE"] != "BuiltIn":
        return None
    from groundwork.engine.job_control import JobControl

    return JobControl.from_env()


def labeling_service() -> LabelingService:
    """The labeling service that the environment names. A missing or unknown setting fails the cold start."""
    match os.environ["LABELING_SERVICE"]:
        case "SageMaker":
            return _sagemaker()
        case "BuiltIn":
            # Imported here, so that a stack on SageMaker does not load the engine.
            from groundwork.engine.operations import BuiltInLabelingService

            return BuiltInLabelingService.from_env()
        case other:
            raise ValueError(f"LABELING_SERVICE is {other!r}; it must be BuiltIn or SageMaker")


def _sagemaker() -> LabelingService:
    """boto3's client: of Amazon SageMaker, or of the endpoint that AWS_ENDPOINT_URL_SAGEMAKER names, which boto3 reads by itself.

    An endpoint of a stack with the built-in engine knows access keys that it issued; the secret SAGEMAKER_ENDPOINT_KEY_SECRET has one.
    """
    session = botocore.session.Session()
    if secret := os.environ.get("SAGEMAKER_ENDPOINT_KEY_SECRET"):
        session.get_component("credential_provider").insert_before("env", _EndpointKey(secret))
    client: Any = boto3.Session(botocore_session=session).client("sagemaker")
    service: LabelingService = client
    return service


class _EndpointKey(CredentialProvider):
    """The access key in a secret of Secrets Manager, kept there as `POST /access-keys` answered it."""

    METHOD = "groundwork-endpoint-key"

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def load(self) -> RefreshableCredentials:
        return RefreshableCredentials.create_from_metadata(self._read(), self._read, self.METHOD)

    def _read(self) -> dict[str, Any]:
        key = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=self._secret)["SecretString"])
        return {
            "access_key": key["access_key_id"],
            "secret_key": key["secret_access_key"],
            "token": None,
            "expiry_time": (datetime.now(UTC) + _ENDPOINT_KEY_KEPT).isoformat(),
        }


def refusal(error: ClientError) -> LabelingServiceError | None:
    """What the labeling service's error means to a person, in the service's own words; None for what trying again may mend by itself."""
    code = error.response.get("Error", {}).get("Code", "")
    words = error.response.get("Error", {}).get("Message") or code
    if code in _PASSING or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500:
        return None
    if code in _NO_ROOM:
        return NoRoomAtServiceError(f"The labeling service has no room now: {words} Wait for others to end, or raise the limit.")
    if code in _NOT_ALLOWED or "new customers" in words.lower():
        return RefusedByServiceError(f"The labeling service refused the request ({code}): {words} {_CLOSED}")
    return RefusedByServiceError(f"The labeling service refused the request ({code}): {words}")
