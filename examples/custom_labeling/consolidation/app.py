"""After workers judged a reply: the tone that most of them heard, and how many did.

Ground Truth's event and answer, see docs/custom-jobs.md.
"""

import json
from collections import Counter
from typing import Any

import boto3

s3 = boto3.client("s3")


def lambda_handler(event: dict[str, Any], context: object) -> list[dict[str, Any]]:  # noqa: ARG001
    attribute = event["labelAttributeName"]
    return [
        {
            "datasetObjectId": entry["datasetObjectId"],
            "consolidatedAnnotation": {"content": {attribute: tone(entry["annotations"])}},
        }
        for entry in read(event["payload"]["s3Uri"])
    ]


def tone(annotations: list[dict[str, Any]]) -> dict[str, Any]:
    """The tone with most votes; of several, the first in the alphabet."""
    votes = Counter(answer_of(annotation["annotationData"])["tone"] for annotation in annotations)
    best = min(votes, key=lambda name: (-votes[name], name))
    return {"tone": best, "votes": votes[best], "of": votes.total()}


def answer_of(data: dict[str, Any]) -> Any:
    """What a worker submitted: JSON text, or where that text is."""
    return json.loads(data["content"]) if "content" in data else read(data["s3Uri"])


def read(uri: str) -> Any:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
