"""Mail to subscribers: one SNS topic for each subscription, with the one address on it.

SNS knows an address once in a topic. With a topic of its own each subscription can be confirmed, ended and removed by itself, and a
person may subscribe in many projects.
"""

import json
import os
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from groundwork.lazy_client import client_on_first_use

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_ADDRESS = re.compile(r"(?=.{1,254}\Z)[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")


def is_address(text: str) -> bool:
    """Whether the text is a mail address, as far as its form can tell."""
    return _ADDRESS.fullmatch(text) is not None


class Confirmation(StrEnum):
    """What the addressee made of the subscription. Nothing is mailed before it is confirmed, or after it is ended."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class MailTopics:
    """The topics of mail subscriptions. `prefix` is their ARN but for the subscription's uid, at its end."""

    def __init__(self, client: "SNSClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    @classmethod
    def from_env(cls) -> Self:
        """The topics that the environment names (MAIL_TOPICS). A missing setting fails the cold start."""
        return cls(client_on_first_use("sns"), os.environ["MAIL_TOPICS"])

    def arn(self, uid: str) -> str:
        return self._prefix + uid

    def open(self, uid: str, address: str) -> None:
        """Have SNS ask the address for its consent, and then mail it whatever is published. Asks again when there was no answer yet."""
        try:
            self._subscribe(uid, address)
        except self._client.exceptions.NotFoundException:
            self._create(uid)
            self._subscribe(uid, address)

    def _subscribe(self, uid: str, address: str) -> None:
        self._client.subscribe(TopicArn=self.arn(uid), Protocol="email", Endpoint=address)

    def _create(self, uid: str) -> None:
        arn = self.arn(uid)
        partition, account = arn.split(":")[1], arn.split(":")[4]
        # In place of the default policy, which lets everybody in the account publish.
        statement = {
            "Sid": "AsTheirOwnPoliciesAllow",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "sns:Publish",
            "Resource": arn,
        }
        attributes = {"DisplayName": "Groundwork", "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        self._client.create_topic(Name=arn.rpartition(":")[2], Attributes=attributes)

    def confirmation(self, uid: str) -> Confirmation:
        try:
            subscriptions = self._client.list_subscriptions_by_topic(TopicArn=self.arn(uid))["Subscriptions"]
        except self._client.exceptions.NotFoundException:
            return Confirmation.ENDED
        arns = [subscription["SubscriptionArn"] for subscription in subscriptions]
        if any(arn.startswith("arn:") for arn in arns):
            return Confirmation.CONFIRMED
        # SNS says so in place of the ARN; one that the addressee ended is "Deleted" for a while.
        return Confirmation.PENDING if "PendingConfirmation" in arns else Confirmation.ENDED

    def close(self, uid: str) -> None:
        """Remove the topic with its subscription. Safe to repeat."""
        self._client.delete_topic(TopicArn=self.arn(uid))
