"""What people are told: one readable message for each fact."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from groundwork.events import DRAFTED, PROGRESSED, STALLED, VALIDATION_FAILED
from groundwork.labeling_jobs.lifecycle import Status

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_MAX_SUBJECT = 100  # SNS takes fewer than 100 characters of printable ASCII
_COUNTED = {
    "human_labeled": "labeled by people",
    "machine_labeled": "labeled by machine",
    "failed": "failed",
    "unlabeled": "not labeled",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A subject (ASCII, for mail) and a text of a few lines."""

    subject: str
    text: str


def message_for(event_name: str, detail: dict[str, Any], address: str) -> Message:
    """The message that tells of this fact, with a link below `address`, where the console or else the API is.

    Raises KeyError when the detail is not one of ours.
    """
    name, project, to = detail["name"], detail["project"], detail["to"]
    if event_name == DRAFTED:
        headline = f"Labeling job {name} was drafted in project {project}"
    elif event_name == VALIDATION_FAILED:
        # A draft that stays one is that of an uploaded manifest.
        what = "is a draft whose" if detail["from"] == Status.DRAFT else "was sent back: its"
        headline = f"Labeling job {name} in project {project} {what} data has faults"
    elif event_name == PROGRESSED:
        headline = f"Labeling job {name} in project {project} is {detail['percent']} % done"
    elif event_name == STALLED:
        headline = f"Labeling job {name} in project {project} makes no progress"
    else:
        headline = f"Labeling job {name} in project {project} is {to}" + (f" (was {detail['from']})" if detail["from"] else "")
    lines = [f"{headline}.", "", f"Task type: {detail['task_type'] or 'not chosen yet'}", f"When: {detail['at']}"]
    counters = detail["counters"]
    if counters["total"]:
        outcomes = ", ".join(f"{counters[key]} {words}" for key, words in _COUNTED.items() if counters[key])
        lines.append(f"Objects: {counters['total']} in all, {outcomes}")
    if event_name == VALIDATION_FAILED:
        found = detail["validation"]
        lines.append(f"Faults: {found['errors']} errors, {found['warnings']} warnings")
        lines.append("Read the validation report, mend the data, submit again.")
    if event_name == STALLED:
        lines.append(f"Nothing was finished since {detail['stalled_since']}. Do the workers know of the job, and can they see its data?")
    if detail["failure_reason"]:
        lines.append(f"Reason: {detail['failure_reason']}")
    lines += ["", f"{address}/projects/{quote(project)}/labeling-jobs/{quote(name)}"]
    return Message(_ascii(headline)[: _MAX_SUBJECT - 1], "\n".join(lines))


def publish(client: "SNSClient", topic_arn: str, message: Message, event_name: str, detail: dict[str, Any]) -> None:
    """Publish to a topic, with attributes that a subscription can filter on.

    Delivery is at least once: a repeated event tells its fact again.
    """
    attributes = {"project": detail["project"], "labeling_job": detail["name"], "event": event_name, "status": detail["to"]}
    client.publish(
        TopicArn=topic_arn,
        Subject=message.subject,
        Message=message.text,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def _ascii(text: str) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in text)
