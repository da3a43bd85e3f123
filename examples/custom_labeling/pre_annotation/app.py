"""Before workers see a reply: show its words and how many there are, and keep those of one word from them.

Ground Truth's event and answer, see docs/custom-jobs.md.
"""

from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    text = event["dataObject"]["source"].strip()
    words = len(text.split())
    return {"taskInput": {"text": text, "words": words}, "isHumanAnnotationRequired": words > 1}
