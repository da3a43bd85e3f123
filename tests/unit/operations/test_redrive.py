"""What waits in queues for failures is sent to where it was going."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from operations.redrive import redrive, redrive_stack

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:notify"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:launch"
EVENT = {"detail-type": "Labeling Job Status Changed", "detail": {"name": "cats-1"}}
FAILED_INVOCATION = {"requestContext": {"functionArn": f"{FUNCTION}:$LATEST"}, "requestPayload": EVENT, "responsePayload": {}}


class Recorder:
    """A client that keeps what it was told, and answers what it was given."""

    def __init__(self, **answers: Any) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*_: Any, **request: Any) -> Any:
            self.told.append((operation, request))
            return self._answers.get(operation, {})

        return call


@pytest.fixture
def queue() -> str:
    return str(boto3.client("sqs").create_queue(QueueName="undelivered")["QueueUrl"])


def with_clients(**recorders: Recorder) -> Callable[[str], Any]:
    return lambda name: recorders[name] if name in recorders else boto3.client(name)


def put(queue: str, body: Any, **attributes: str) -> None:
    typed: Any = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body), MessageAttributes=typed)


def waiting(queue: str) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values()))


def test_a_failed_invocation_is_made_again_with_what_it_was_given(queue: str) -> None:
    functions = Recorder()
    for _ in range(12):  # more than one request brings
        put(queue, FAILED_INVOCATION)

    outcome = redrive(with_clients(**{"lambda": functions}), queue)

    assert (outcome.sent, outcome.left, waiting(queue)) == (12, (), 0)
    assert functions.told[0] == ("invoke", {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": json.dumps(EVENT).encode()})


def test_an_event_that_a_function_did_not_take_is_handed_to_it_whole(queue: str) -> None:
    functions = Recorder()
    put(queue, EVENT, RULE_ARN="arn:aws:events:us-east-1:123456789012:rule/groundwork/notify", TARGET_ARN=FUNCTION)

    assert redrive(with_clients(**{"lambda": functions}), queue).sent == 1

    assert json.loads(functions.told[0][1]["Payload"]) == EVENT


def test_an_event_that_a_state_machine_did_not_take_starts_it_with_the_part_that_the_rule_names(queue: str) -> None:
    rules, machine = Recorder(list_targets_by_rule={"Targets": [{"Arn": MACHINE, "InputPath": "$.detail"}]}), Recorder()
    put(queue, EVENT, RULE_ARN="arn:aws:events:us-east-1:123456789012:rule/groundwork/submitted", TARGET_ARN=MACHINE)

    assert redrive(with_clients(events=rules, stepfunctions=machine), queue).sent == 1

    assert rules.told == [("list_targets_by_rule", {"Rule": "submitted", "EventBusName": "groundwork"})]
    assert machine.told == [("start_execution", {"stateMachineArn": MACHINE, "input": '{"name": "cats-1"}'})]


def test_a_place_in_a_stream_is_read_again_and_handed_to_the_function(queue: str) -> None:
    def record(number: int) -> dict[str, Any]:
        return {"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": datetime(2026, 11, 23, tzinfo=UTC)}}

    batch = {"streamArn": "arn:stream", "shardId": "shard-1", "startSequenceNumber": "7", "endSequenceNumber": "8"}
    put(queue, {"requestContext": {"functionArn": FUNCTION}, "DDBStreamBatchInfo": batch})
    functions = Recorder()
    streams = Recorder(get_shard_iterator={"ShardIterator": "i"}, get_records={"Records": [record(7), record(8), record(9)]})

    assert redrive(with_clients(dynamodbstreams=streams, **{"lambda": functions}), queue).sent == 1

    records = json.loads(functions.told[0][1]["Payload"])["Records"]
    assert [(found["dynamodb"]["SequenceNumber"], found["eventSourceARN"]) for found in records] == [
        ("7", "arn:stream"),
        ("8", "arn:stream"),
    ]


def test_what_cannot_be_sent_stays_and_is_said(queue: str) -> None:
    put(queue, {"some": "thing"})
    functions = Recorder()
    put(queue, FAILED_INVOCATION)

    outcome = redrive(with_clients(**{"lambda": functions}), queue)

    assert (outcome.sent, waiting(queue)) == (1, 1)
    assert "does not say where" in outcome.left[0]


def test_of_a_stack_each_end_is_emptied_in_its_way_and_queues_at_work_are_left_alone() -> None:
    sqs, kinds = boto3.client("sqs"), {"RedrivePolicy": '{"deadLetterTargetArn": "arn:dead", "maxReceiveCount": "5"}'}
    attributes = {
        "https://deliveries": {"QueueArn": "arn:deliveries", "ApproximateNumberOfMessages": "9", **kinds},
        "https://dead": {"QueueArn": "arn:dead", "ApproximateNumberOfMessages": "3"},
    }
    undelivered = sqs.create_queue(QueueName="undelivered")["QueueUrl"]
    put(undelivered, FAILED_INVOCATION)
    moved: list[str] = []

    class Queues:
        def __getattr__(self, operation: str) -> Any:
            return getattr(sqs, operation)

        def get_queue_attributes(self, **request: Any) -> Any:
            known = attributes.get(request["QueueUrl"])
            return {"Attributes": known} if known else sqs.get_queue_attributes(**request)

        def start_message_move_task(self, **request: Any) -> None:
            moved.append(request["SourceArn"])

    resources = [
        {"LogicalResourceId": name, "PhysicalResourceId": url, "ResourceType": "AWS::SQS::Queue"}
        for name, url in {"Deliveries": "https://deliveries", "Dead": "https://dead", "Undelivered": undelivered}.items()
    ]
    pages = Recorder(paginate=[{"StackResourceSummaries": resources}])
    stack = {"cloudformation": Recorder(get_paginator=pages), "sqs": Queues(), "lambda": Recorder()}

    outcomes = redrive_stack(lambda name: stack[name], "groundwork")

    assert {name: outcome.sent for name, outcome in outcomes.items()} == {"Dead": 3, "Undelivered": 1}
    assert moved == ["arn:dead"]
