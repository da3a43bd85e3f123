"""Delete a deployed stack, saying first what goes and what stays: `make destroy`.

Tables, the data bucket and the user pool stay, with everything in them; the names to remove them by hand are said at the end.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

_REMOVE = {
    "AWS::S3::Bucket": "aws s3 rb --force s3://{}   # first delete the versions of its objects",
    "AWS::DynamoDB::Table": "aws dynamodb delete-table --table-name {}",
    "AWS::Cognito::UserPool": "aws cognito-idp delete-user-pool --user-pool-id {}",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource that outlives the stack."""

    logical_id: str
    kind: str
    physical_id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.physical_id}"

    @property
    def removal(self) -> str:
        return _REMOVE.get(self.kind, "# {}").format(self.physical_id)


def kept_resources(cloudformation: Any, stack_name: str) -> list[Kept]:
    """What the stack's template retains, as it is deployed now."""
    template = cloudformation.get_template(StackName=stack_name, TemplateStage="Processed")["TemplateBody"]
    retained = {name for name, resource in template["Resources"].items() if resource.get("DeletionPolicy") == "Retain"}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    found = [resource for page in pages for resource in page["StackResourceSummaries"] if resource["LogicalResourceId"] in retained]
    return [Kept(resource["LogicalResourceId"], resource["ResourceType"], resource["PhysicalResourceId"]) for resource in found]


def destroy(cloudformation: Any, stack_name: str, confirm: Callable[[list[Kept]], bool]) -> list[Kept] | None:
    """Delete the stack if `confirm`, who is shown what stays, says so. What was kept; None when nothing was done."""
    kept = kept_resources(cloudformation, stack_name)
    if not confirm(kept):
        return None
    cloudformation.delete_stack(StackName=stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_name, WaiterConfig={"Delay": 5, "MaxAttempts": 240})
    return kept


def _ask(stack_name: str, kept: list[Kept]) -> bool:
    print(f"The stack {stack_name} will be deleted: its API, functions, state machines, queues with what waits in them, and its settings.")
    print("Labeling jobs that run now stop getting answers. These stay, with everything in them:")
    for resource in kept:
        print(f"  {resource}")
    return input(f"Type {stack_name} to go on: ").strip() == stack_name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack-name", default="groundwork")
    stack_name = parser.parse_args().stack_name
    kept = destroy(boto3.client("cloudformation"), stack_name, lambda resources: _ask(stack_name, resources))
    if kept is None:
        print("Nothing was deleted.")
        return 1
    print("Deleted. What was kept, and how to remove it for good:")
    for resource in kept:
        print(f"  {resource.removal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
