"""The console's editor of instructions keeps what the API keeps of them."""

import json

from groundwork import worker_task_template
from local.place import REPOSITORY

ALLOWED = REPOSITORY / "console/src/console/wizard/instructions-editor/allowed-markup.json"


def test_the_editor_allows_the_tags_and_attributes_that_instructions_may_have() -> None:
    allowed = json.loads(ALLOWED.read_text())

    assert set(allowed["tags"]) == worker_task_template._TAGS
    assert {tag: set(names) for tag, names in allowed["attributes"].items()} == worker_task_template._ATTRIBUTES
