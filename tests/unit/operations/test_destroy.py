"""A stack is deleted only when somebody says so, and what it keeps is named."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.destroy import Kept, destroy

TEMPLATE = '{"Resources": {"DataBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}, "Queue": {"Type": "AWS::SQS::Queue"}}}'
BUCKET = Kept("DataBucket", "AWS::S3::Bucket", "data-1")


@pytest.fixture
def cloudformation() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("cloudformation")
    with Stubber(client) as stubber:
        stubber.add_response("get_template", {"TemplateBody": TEMPLATE}, {"StackName": "groundwork", "TemplateStage": "Processed"})
        summaries = [
            {
                "LogicalResourceId": logical,
                "PhysicalResourceId": physical,
                "ResourceType": kind,
                "LastUpdatedTimestamp": "2026-11-23T12:00:00Z",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for logical, physical, kind in (("DataBucket", "data-1", "AWS::S3::Bucket"), ("Queue", "https://queue", "AWS::SQS::Queue"))
        ]
        stubber.add_response("list_stack_resources", {"StackResourceSummaries": summaries})
        yield client, stubber
        stubber.assert_no_pending_responses()


def test_nothing_is_deleted_without_a_yes(cloudformation: tuple[Any, Stubber]) -> None:
    shown: list[Kept] = []

    def refuse(kept: list[Kept]) -> bool:
        shown.extend(kept)
        return False

    assert destroy(cloudformation[0], "groundwork", refuse) is None
    assert shown == [BUCKET]


def test_a_deleted_stack_says_what_it_kept_and_how_to_remove_it(cloudformation: tuple[Any, Stubber]) -> None:
    client, stubber = cloudformation
    stubber.add_response("delete_stack", {}, {"StackName": "groundwork"})
    stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id groundwork does not exist")

    kept = destroy(client, "groundwork", lambda _: True)

    assert kept == [BUCKET]
    assert "s3://data-1" in kept[0].removal
