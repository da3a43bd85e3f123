"""Send what waits in the stack's queues for failures to where it was going: `make redrive`.

Mend the cause first; what fails again comes back. Everything in Groundwork is ready for repeats, so sending once too often is harmless.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

_RECEIVE = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 1, "VisibilityTimeout": 120, "MessageAttributeNames": ["All"]}


#: boto3's clients by the service's name.
type Clients = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a queue's messages: sent on, and left in the queue with the reason for each."""

    sent: int
    left: tuple[str, ...] = ()


def redrive_stack(clients: Clients, stack_name: str) -> dict[str, Outcome]:
    """The outcome for each queue for failures of the stack, by logical id."""
    resources = clients("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name)
    urls = {
        found["LogicalResourceId"]: found["PhysicalResourceId"]
        for page in resources
        for found in page["StackResourceSummaries"]
        if found["ResourceType"] == "AWS::SQS::Queue"
    }
    names = ["QueueArn", "RedrivePolicy", "ApproximateNumberOfMessages"]
    queues = {
        name: clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for name, url in sorted(urls.items())
    }
    # A queue that hands its failures to another one holds what is still on its way.
    ends = {json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue}
    return {
        name: _move_back(clients, queue) if queue["QueueArn"] in ends else redrive(clients, urls[name])
        for name, queue in queues.items()
        if "RedrivePolicy" not in queue
    }


def _move_back(clients: Clients, queue: dict[str, str]) -> Outcome:
    """The queue is the end of another one: SQS itself moves the messages back."""
    waiting = int(queue["ApproximateNumberOfMessages"])
    if waiting:
        clients("sqs").start_message_move_task(SourceArn=queue["QueueArn"])
    return Outcome(waiting)


def redrive(clients: Clients, queue_url: str) -> Outcome:
    """Send each message of the queue to who failed on it, and take it out once it was accepted."""
    sqs = clients("sqs")
    sent, left = 0, []
    for message in _messages(sqs, queue_url):
        try:
            _send_on(clients, json.loads(message["Body"]), message.get("MessageAttributes", {}))
        except (UndeliverableError, ClientError) as reason:
            left.append(f"{message['MessageId']}: {reason}")
            continue
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        sent += 1
    return Outcome(sent, tuple(left))


class UndeliverableError(Exception):
    """A message says nowhere that it could go, or what it was about is gone."""


def _messages(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    while batch := [
        found for found in sqs.receive_message(QueueUrl=queue_url, **_RECEIVE).get("Messages", []) if found["MessageId"] not in seen
    ]:
        for message in batch:
            seen.add(message["MessageId"])
            yield message


def _send_on(clients: Clients, body: dict[str, Any], attributes: dict[str, Any]) -> None:
    if "DDBStreamBatchInfo" in body:
        _invoke(clients, body["requestContext"]["functionArn"], {"Records": list(_records(clients, body["DDBStreamBatchInfo"]))})
    elif "requestPayload" in body:  # an asynchronous invocation that failed: Lambda's own record of it
        _invoke(clients, body["requestContext"]["functionArn"], body["requestPayload"])
    elif "TARGET_ARN" in attributes:  # an event that a rule's target did not take
        _deliver(clients, body, attributes["RULE_ARN"]["StringValue"], attributes["TARGET_ARN"]["StringValue"])
    else:
        raise UndeliverableError("it does not say where it was going")


def _invoke(clients: Clients, function_arn: str, payload: Any) -> None:
    function = ":".join(function_arn.split(":")[:7])  # without the version that Lambda adds
    clients("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(payload, default=_plain).encode())


def _deliver(clients: Clients, event: dict[str, Any], rule_arn: str, target_arn: str) -> None:
    """As the rule would: the whole event to a function, the part that the rule names to a state machine."""
    if ":states:" not in target_arn:
        _invoke(clients, target_arn, event)
        return
    *bus, rule = rule_arn.partition(":rule/")[2].split("/")
    targets = clients("events").list_targets_by_rule(Rule=rule, **({"EventBusName": bus[0]} if bus else {}))["Targets"]
    path = next((target.get("InputPath", "$") for target in targets if target["Arn"] == target_arn), "$")
    for part in path.removeprefix("$").strip(".").split("."):
        event = event[part] if part else event
    clients("stepfunctions").start_execution(stateMachineArn=target_arn, input=json.dumps(event))


def _records(clients: Clients, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream's records of the batch, as Lambda hands them over. Raises UndeliverableError once the stream has forgotten them."""
    streams = clients("dynamodbstreams")
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"TrimmedDataAccessException", "ResourceNotFoundException"}:
            raise UndeliverableError(
                "the stream keeps its records for a day; schedules have repaired what was missed, delete it"
            ) from error
        raise
    for record in records:
        if int(record["dynamodb"]["SequenceNumber"]) <= int(batch["endSequenceNumber"]):
            yield {**record, "eventSourceARN": batch["streamArn"]}


def _plain(value: Any) -> Any:
    """Times as Lambda writes them in a stream's event: seconds since 1970."""
    return value.timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack-name", default="groundwork")
    outcomes = redrive_stack(boto3.Session().client, parser.parse_args().stack_name)
    for queue, outcome in outcomes.items():
        print(f"{queue}: {outcome.sent} sent on, {len(outcome.left)} left")
        for reason in outcome.left:
            print(f"  {reason}")
    return 1 if any(outcome.left for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
