"""What operators do to a stack (redriving is in test_interruptions)."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from operations.destroy import destroy
from tests.integration.front_door import FrontDoor

TEMPLATE = {
    "Resources": {
        "Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "Failures": {"Type": "AWS::SQS::Queue"},
    }
}


def test_a_destroyed_stack_leaves_what_it_said_it_would(door: FrontDoor) -> None:
    cloudformation, s3, name = door.operator("cloudformation"), door.operator("s3"), f"short-lived-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    queue = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="Failures")["StackResourceDetail"][
        "PhysicalResourceId"
    ]

    kept = destroy(cloudformation, name, lambda _: True)

    assert kept is not None
    assert [(resource.logical_id, resource.kind) for resource in kept] == [("Data", "AWS::S3::Bucket")]
    s3.head_bucket(Bucket=kept[0].physical_id)
    with pytest.raises(ClientError):
        door.operator("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    s3.delete_bucket(Bucket=kept[0].physical_id)
