"""Labeling functions: Lambda functions of the customer's own that run before workers see an object, and after they answered.

What they are sent and what they answer is Ground Truth's (sms-custom-templates-step3-lambda-requirements), so functions written for it
run unchanged. Which functions a project may use is decided by their names (docs/decisions/0070): `LabelingFunction_pets_tidy` is for the
labeling jobs of the project `pets`, `LabelingFunction__tidy` for those of every project. Whoever may deploy functions grants them so, and
the roles that run them reach no other function of the account.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9$_-]{1,128})?")
# Projects' names have no underscore, so a name says which project it is for.
_GRANTED = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):function:LabelingFunction_(?P<project>[a-z0-9-]*)_[A-Za-z0-9_-]+"
    r"(?::[A-Za-z0-9$_-]{1,128})?"
)
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
NAMING = "a function of this account and region named LabelingFunction_<project>_<name>, or LabelingFunction__<name> for all projects"
# Functions are told the version of this interface (sms-custom-templates-step3-lambda-requirements).
_VERSION = "2018-10-16"
# Source: API RenderUiTemplate, Task.Input.
MAX_TASK_INPUT_CHARACTERS = 128_000
_MAX_PROBLEM_CHARACTERS = 300
# How long to wait before the second and the third attempt.
_PAUSES = (0.5, 2.0)
_ATTEMPTS = len(_PAUSES) + 1
_UNUSABLE = {
    "ResourceNotFoundException": "it does not exist",
    "AccessDeniedException": "the labeling service may not invoke it",
    "InvalidRuntimeException": "its runtime is not supported",
}
CALLS_AT_ONCE = 20


class LabelingFunctionError(Exception):
    """A function failed, or gave no answer of the documented form. The text is a failure reason, in the words that Ground Truth uses."""

    def __init__(self, arn: str, code: str, problem: str) -> None:
        super().__init__(
            f"ClientError: Exception invoking the Lambda function {arn}. LambdaErrorCode: {code}. {problem[:_MAX_PROBLEM_CHARACTERS]}"
        )


class LabelingFunctionUnusableError(LabelingFunctionError):
    """The function cannot be invoked at all, for any object."""


def is_function_arn(text: str) -> bool:
    """Whether this is the ARN of a Lambda function, perhaps with a version or an alias (API PreHumanTaskLambdaArn)."""
    return _FUNCTION.fullmatch(text) is not None


def may_run(arn: str, *, project: str | None, region: str, account: str) -> bool:
    """Whether labeling jobs of the project may run this function: it is of this account and region, and named for it or for all."""
    named = _GRANTED.fullmatch(arn)
    here = (partition_of(region), region, account)
    return named is not None and (named["partition"], named["region"], named["account"]) == here and named["project"] in ("", project)


def partition_of(region: str) -> str:
    """The partition that ARNs of a region name (AWS General Reference, Amazon Resource Names)."""
    return next((partition for prefix, partition in _PARTITIONS.items() if region.startswith(prefix)), "aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolidationJob:
    """What a consolidation function is told of its labeling job."""

    labeling_job_arn: str
    label_attribute: str
    label_categories: Sequence[str] | None
    role_arn: str
    annotations_uri: str
    workers_per_object: int
    kms_key_id: str | None


class LabelingFunctions:
    """Runs labeling functions. An invocation may be repeated; throttling that lasts raises botocore's error, for a later attempt."""

    def __init__(self, *, seconds: int, sleep: Callable[[float], object] = time.sleep) -> None:
        """Each invocation may take so many seconds."""
        self._seconds = seconds
        self._sleep = sleep

    @cached_property
    def _client(self) -> "LambdaClient":
        # Made when it is needed: most labeling jobs have no function. One that takes too long is not invoked again behind our back.
        retries: Any = {"total_max_attempts": 1}
        config = Config(read_timeout=self._seconds, connect_timeout=5, retries=retries, max_pool_connections=CALLS_AT_ONCE)
        client: LambdaClient = boto3.client("lambda", config=config)
        return client

    def task_input(self, arn: str, labeling_job_arn: str, data_object: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the pre-annotation function gives to the template for one manifest line; None when people need not label the object.

        Raises LabelingFunctionError.
        """
        answer = self._invoke(arn, {"version": _VERSION, "labelingJobArn": labeling_job_arn, "dataObject": data_object})
        if not isinstance(answer, dict):
            raise LabelingFunctionError(arn, "Unhandled", "It did not answer with a JSON object.")
        # The second spelling is that of AWS's own examples, which also answer with text.
        needed = answer.get("isHumanAnnotationRequired", answer.get("humanAnnotationRequired"))
        if needed is not None and str(needed).lower() not in {"true", "false"}:
            raise LabelingFunctionError(arn, "Unhandled", "isHumanAnnotationRequired is neither true nor false.")
        if str(needed).lower() == "false":
            return None
        given = answer.get("taskInput")
        if not isinstance(given, dict):
            raise LabelingFunctionError(arn, "Unhandled", "Its answer has no object under taskInput.")
        if len(json.dumps(given)) > MAX_TASK_INPUT_CHARACTERS:
            raise LabelingFunctionError(arn, "Unhandled", f"taskInput is longer than {MAX_TASK_INPUT_CHARACTERS:,} characters.")
        return given

    def consolidated(self, arn: str, job: ConsolidationJob, payload_uri: str) -> dict[str, dict[str, Any]]:
        """What the consolidation function made of the objects in the file at `payload_uri`: each one's `content`, by datasetObjectId.

        Objects that its answer lacks are not in it. Raises LabelingFunctionError.
        """
        event = {
            "version": _VERSION,
            "labelingJobArn": job.labeling_job_arn,
            "labelCategories": job.label_categories,
            "labelAttributeName": job.label_attribute,
            "roleArn": job.role_arn,
            "outputConfig": job.annotations_uri,
            "maxHumanWorkersPerDataObject": job.workers_per_object,
            **({"kmsKeyId": job.kms_key_id} if job.kms_key_id else {}),
            "payload": {"s3Uri": payload_uri},
        }
        answer = self._invoke(arn, event)
        if not isinstance(answer, list):
            raise LabelingFunctionError(arn, "Unhandled", "It did not answer with a JSON list.")
        found: dict[str, dict[str, Any]] = {}
        for entry in answer:
            try:
                number, content = str(entry["datasetObjectId"]), entry["consolidatedAnnotation"]["content"]
            except (KeyError, TypeError):
                number, content = "", None
            if not isinstance(content, dict):
                raise LabelingFunctionError(
                    arn, "Unhandled", "An entry of its answer is not of the form {datasetObjectId, consolidatedAnnotation: {content}}."
                )
            found[number] = content
        return found

    def _invoke(self, arn: str, event: Mapping[str, Any]) -> Any:
        body, begun = json.dumps(event).encode(), time.monotonic()
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_PAUSES[attempt - 1])
            # What took long before it failed is not tried again and again.
            is_last = attempt == _ATTEMPTS - 1 or time.monotonic() - begun > self._seconds
            try:
                answer = self._client.invoke(FunctionName=arn, Payload=body)
            except (ReadTimeoutError, ConnectTimeoutError) as error:
                raise LabelingFunctionError(arn, "Timeout", f"It did not answer within {self._seconds} seconds.") from error
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code in _UNUSABLE:
                    raise LabelingFunctionUnusableError(arn, code, f"{_UNUSABLE[code].capitalize()}.") from error
                if is_last:
                    raise
            else:
                text = answer["Payload"].read()
                if "FunctionError" not in answer:
                    return _parsed(arn, text)
                if is_last:
                    raise LabelingFunctionError(arn, answer["FunctionError"], _problem(text))
        raise AssertionError


def _parsed(arn: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelingFunctionError(arn, "Unhandled", "Its answer is not JSON.") from error


def _problem(text: bytes) -> str:
    """What the function's own error says."""
    try:
        said = json.loads(text)
        return f"{said['errorType']}: {said['errorMessage']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "It raised an error."
