"""The administrators' inbox of a local stack: a queue that listens to the admin topic, read by `make inbox`.

On AWS administrators subscribe with their mail address. Here nobody can be mailed, so what they would have got is kept: reading moves
messages from the queue into a journal file and forgets none of them.
"""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from local.aws import Aws
from local.failures import StackError
from local.place import STACK_NAME, Place

QUEUE = f"{STACK_NAME}-inbox"
_FOURTEEN_DAYS = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Message:
    """One message as an administrator gets it."""

    at: str
    subject: str
    text: str


def subscribe(aws: Aws, topic_arn: str) -> str:
    """Makes the inbox queue and has it listen to the topic; both only where they do not exist yet.

    Returns: the queue's URL.
    """
    queue_url = aws.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    queue_arn = aws.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }
    aws.sqs.set_queue_attributes(
        QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy), "MessageRetentionPeriod": str(_FOURTEEN_DAYS)}
    )
    subscriptions = aws.sns.list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
    if all(subscription["Endpoint"] != queue_arn for subscription in subscriptions):
        aws.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    return queue_url


def read(place: Place) -> list[Message]:
    """All messages that administrators of the stack at `place` ever received, oldest first.

    What waits in the queue is written to the journal before it is deleted from the queue; what is delivered twice counts once.
    """
    sqs = Aws(place).sqs
    queue_url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    while received := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        with place.inbox_journal.open("a") as journal:
            journal.writelines(json.dumps(json.loads(message["Body"])) + "\n" for message in received)
            journal.flush()
            os.fsync(journal.fileno())
        for message in received:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    if not place.inbox_journal.exists():
        return []
    envelopes = [json.loads(line) for line in place.inbox_journal.read_text().splitlines()]
    return sorted({envelope["MessageId"]: _message(envelope) for envelope in envelopes}.values(), key=lambda message: message.at)


def _message(envelope: dict[str, Any]) -> Message:
    """A message out of the document that SNS delivers to a queue."""
    return Message(envelope["Timestamp"], envelope.get("Subject") or "(no subject)", envelope["Message"])


def show(place: Place) -> None:
    """Prints the inbox.

    Raises:
        StackError: the stack does not run.
    """
    try:
        messages = read(place)
    except Exception as error:
        raise StackError(f"The inbox cannot be read ({error}). Is the stack running? `make up` starts it.") from error
    for message in messages:
        print(f"{message.at}  {message.subject}")
        print("\n".join(f"    {line}" for line in message.text.splitlines()), end="\n\n")
    print(f"{len(messages)} messages to administrators. They are kept in {place.inbox_journal}.", file=sys.stderr)
