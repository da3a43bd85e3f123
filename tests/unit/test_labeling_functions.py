"""A customer's own functions: what they are sent, what they may answer, and what becomes of trouble."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from groundwork.labeling_functions import (
    ConsolidationJob,
    LabelingFunctionError,
    LabelingFunctions,
    LabelingFunctionUnusableError,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_tidy"
JOB_ARN = "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/moods-1"
LINE = {"source": "late again", "batch": 7}
JOB = ConsolidationJob(
    labeling_job_arn=JOB_ARN,
    label_attribute="mood",
    label_categories=None,
    role_arn="arn:aws:iam::123456789012:role/labeling",
    annotations_uri="s3://data/moods-1/annotations",
    workers_per_object=3,
    kms_key_id=None,
)
PAYLOAD = "s3://data/moods-1/annotations/consolidated-annotation/consolidation-request/iteration-1/now.json"


class Lambda:
    """The functions behind the client: each answer in turn, and what was sent."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.functions = LabelingFunctions(seconds=30, sleep=self.pauses.append)
        self.stub = Stubber(self.functions._client)
        self.stub.activate()

    def answers(self, answer: Any, event: Any = None, **more: Any) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        expected = None if event is None else {"FunctionName": ARN, "Payload": json.dumps(event).encode()}
        self.stub.add_response("invoke", {"Payload": io.BytesIO(body), "StatusCode": 200, **more}, expected)

    def refuses(self, code: str) -> None:
        self.stub.add_client_error("invoke", code)

    def task_input(self) -> dict[str, Any] | None:
        return self.functions.task_input(ARN, JOB_ARN, LINE)

    def consolidated(self) -> dict[str, dict[str, Any]]:
        return self.functions.consolidated(ARN, JOB, PAYLOAD)


@pytest.fixture
def aws_lambda(aws: object) -> Lambda:
    return Lambda()


def test_a_pre_annotation_function_gets_ground_truths_event_and_gives_what_the_template_shows(aws_lambda: Lambda) -> None:
    event = {"version": "2018-10-16", "labelingJobArn": JOB_ARN, "dataObject": LINE}
    aws_lambda.answers({"taskInput": {"text": "late again"}}, event)

    assert aws_lambda.task_input() == {"text": "late again"}


@pytest.mark.parametrize("spelling", ["isHumanAnnotationRequired", "humanAnnotationRequired"])
@pytest.mark.parametrize(("value", "is_required"), [(True, True), ("true", True), ("True", True), (False, False), ("false", False)])
def test_a_function_may_say_in_either_spelling_whether_people_are_needed(
    aws_lambda: Lambda, spelling: str, value: Any, is_required: bool
) -> None:
    aws_lambda.answers({"taskInput": {}, spelling: value})

    assert aws_lambda.task_input() == ({} if is_required else None)


@pytest.mark.parametrize(
    "answer",
    [
        b"no JSON",
        [],
        {},
        {"taskInput": "text"},
        {"taskInput": {}, "isHumanAnnotationRequired": 1},
        {"taskInput": {"text": "x" * 130_000}},
    ],
)
def test_an_answer_of_another_form_is_the_functions_failure(aws_lambda: Lambda, answer: Any) -> None:
    aws_lambda.answers(answer)

    with pytest.raises(LabelingFunctionError, match=r"Exception invoking the Lambda function .*LabelingFunction_pets_tidy"):
        aws_lambda.task_input()


def test_a_function_that_fails_is_tried_three_times_and_its_error_is_told(aws_lambda: Lambda) -> None:
    for _ in range(3):
        aws_lambda.answers({"errorType": "KeyError", "errorMessage": "'text'" + "x" * 1000}, FunctionError="Unhandled")

    with pytest.raises(LabelingFunctionError, match=r"LambdaErrorCode: Unhandled. KeyError: 'text'") as failed:
        aws_lambda.task_input()

    assert aws_lambda.pauses == [0.5, 2.0]
    assert len(str(failed.value)) < 600


def test_a_function_that_recovers_has_not_failed(aws_lambda: Lambda) -> None:
    aws_lambda.answers(b"", FunctionError="Unhandled")
    aws_lambda.refuses("TooManyRequestsException")
    aws_lambda.answers({"taskInput": {"text": "late again"}})

    assert aws_lambda.task_input() == {"text": "late again"}


def test_throttling_that_lasts_is_left_to_a_later_attempt(aws_lambda: Lambda) -> None:
    for _ in range(3):
        aws_lambda.refuses("TooManyRequestsException")

    with pytest.raises(ClientError):
        aws_lambda.task_input()


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_function_that_cannot_be_invoked_is_unusable_at_once(aws_lambda: Lambda, code: str) -> None:
    aws_lambda.refuses(code)

    with pytest.raises(LabelingFunctionUnusableError, match=code):
        aws_lambda.task_input()
    assert aws_lambda.pauses == []


def test_a_function_that_takes_too_long_is_not_asked_again(aws_lambda: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda")

    monkeypatch.setattr(aws_lambda.functions._client, "invoke", too_long)

    with pytest.raises(LabelingFunctionError, match="within 30 seconds"):
        aws_lambda.task_input()
    assert aws_lambda.pauses == []


def test_a_consolidation_function_gets_ground_truths_event_and_gives_annotations(aws_lambda: Lambda) -> None:
    event = {
        "version": "2018-10-16",
        "labelingJobArn": JOB_ARN,
        "labelCategories": None,
        "labelAttributeName": "mood",
        "roleArn": "arn:aws:iam::123456789012:role/labeling",
        "outputConfig": "s3://data/moods-1/annotations",
        "maxHumanWorkersPerDataObject": 3,
        "payload": {"s3Uri": PAYLOAD},
    }
    aws_lambda.answers([{"datasetObjectId": 0, "consolidatedAnnotation": {"content": {"mood": {"is": "angry"}}}}], event)

    assert aws_lambda.consolidated() == {"0": {"mood": {"is": "angry"}}}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [None],
        [{"datasetObjectId": "0"}],
        [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": "text"}}],
        [{"datasetObjectId": "0", "consolidatedAnnotation": []}],
    ],
)
def test_annotations_of_another_form_are_the_functions_failure(aws_lambda: Lambda, answer: Any) -> None:
    aws_lambda.answers(answer)

    with pytest.raises(LabelingFunctionError):
        aws_lambda.consolidated()
