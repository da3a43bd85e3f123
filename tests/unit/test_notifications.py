"""The messages that people get."""

import json

import boto3
import pytest

from groundwork.events import facts
from groundwork.labeling_jobs.job import Counters, LabelingJob, Validation
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.notifications import Message, message_for, publish
from tests.builders import NOW, a_definition, a_job

ADDRESS = "https://console.example.com"
LINK = "https://console.example.com/projects/pets/labeling-jobs/cats-1"


def messages(before: LabelingJob | None, after: LabelingJob) -> list[Message]:
    return [message_for(event.name, event.detail, ADDRESS) for event in facts(before, after)]


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
        "",
        LINK,
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

    assert message.text.splitlines()[-3] == "Reason: The role is wrong."


def test_progress_is_told_in_percent() -> None:
    (message,) = messages(a_job(status=Status.IN_PROGRESS, progress=25), a_job(status=Status.IN_PROGRESS, progress=50))

    assert message.subject == "Labeling job cats-1 in project pets is 50 % done"


def test_a_stall_is_told_with_its_beginning_and_what_to_ask() -> None:
    (message,) = messages(a_job(status=Status.IN_PROGRESS), a_job(status=Status.IN_PROGRESS, stalled_since=NOW))

    assert message.subject == "Labeling job cats-1 in project pets makes no progress"
    assert "since 2026-11-23T12:00:00.000Z. Do the workers know" in message.text


@pytest.mark.parametrize("name", ["x" * 63, "Käse"])
def test_a_subject_is_what_mail_can_carry(name: str) -> None:
    (message,) = messages(None, a_job(name=name, project="p" * 40))

    assert len(message.subject) < 100
    assert message.subject.isascii()
    assert message.subject.isprintable()


def test_what_is_not_one_of_our_events_is_an_error() -> None:
    with pytest.raises(KeyError):
        message_for("Something Else", {"colour": "red"}, ADDRESS)


def test_the_message_reaches_the_topic_with_attributes_to_filter_on() -> None:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="admins")["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")
    (fact,) = facts(a_job(status=Status.IN_PROGRESS), a_job(status=Status.COMPLETED))

    publish(sns, topic, Message("A subject", "A text"), fact.name, fact.detail)

    (received,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(received["Body"])
    assert (told["Subject"], told["Message"]) == ("A subject", "A text")
    assert {name: attribute["Value"] for name, attribute in told["MessageAttributes"].items()} == {
        "project": "pets",
        "labeling_job": "cats-1",
        "event": "Labeling Job Status Changed",
        "status": "Completed",
    }
