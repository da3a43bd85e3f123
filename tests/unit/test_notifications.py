"""The messages that administrators get."""

from typing import Any

import boto3
import pytest

from groundwork.events import facts
from groundwork.labeling_jobs.job import Counters, LabelingJob, Validation
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.notifications import Message, message_for, tell_administrators
from tests.builders import a_definition, a_job


def messages(before: LabelingJob | None, after: LabelingJob) -> list[Message]:
    return [message_for(event.name, event.detail) for event in facts(before, after)]


def test_a_finished_job_is_told_with_its_counts() -> None:
    counters = Counters(total=100, human_labeled=95, failed=1, unlabeled=4)

    (message,) = messages(a_job(status=Status.IN_PROGRESS), a_job(status=Status.COMPLETED, counters=counters))

    assert message.subject == "Labeling job cats-1 in project pets is Completed (was InProgress)"
    assert message.text.splitlines() == [
        "Labeling job cats-1 in project pets is Completed (was InProgress).",
        "",
        "Task type: ImageMultiClass",
        "When: 2026-11-23T12:00:00.000Z",
        "Objects: 100 in all, 95 labeled by people, 1 failed, 4 not labeled",
    ]


def test_a_draft_without_a_task_type_is_told_as_such() -> None:
    (message,) = messages(None, a_job(definition=a_definition(task_type=None)))

    assert message.subject == "Labeling job cats-1 was drafted in project pets"
    assert "Task type: not chosen yet" in message.text


def test_faults_in_the_data_are_told_with_what_to_do() -> None:
    found = Validation(state="failed", objects=9, errors=3, warnings=1)

    _, message = messages(a_job(status=Status.VALIDATING), a_job(validation=found))

    assert "its data has faults" in message.subject
    assert "Faults: 3 errors, 1 warnings" in message.text
    assert "submit again" in message.text


def test_a_failure_is_told_with_its_reason() -> None:
    (message,) = messages(a_job(status=Status.LAUNCHING), a_job(status=Status.FAILED, failure_reason="The role is wrong."))

    assert message.text.splitlines()[-1] == "Reason: The role is wrong."


@pytest.mark.parametrize("name", ["x" * 63, "Käse"])
def test_a_subject_is_what_mail_can_carry(name: str) -> None:
    (message,) = messages(None, a_job(name=name, project="p" * 40))

    assert len(message.subject) < 100
    assert message.subject.isascii()
    assert message.subject.isprintable()


def test_what_is_not_one_of_our_events_is_an_error() -> None:
    with pytest.raises(KeyError):
        message_for("Something Else", {"colour": "red"})


def test_the_message_reaches_the_topic() -> None:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="admins")["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")

    tell_administrators(sns, topic, Message("A subject", "A text"))

    received: list[Any] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert '"Subject": "A subject"' in received[0]["Body"]
    assert '"Message": "A text"' in received[0]["Body"]
