"""A local stack for each process of the run: the real template.yaml, IAM enforced, on a port and in a folder of its own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stack as local_stack
from local.place import Place
from tests.integration.front_door import FrontDoor

# Retries of failing steps pause for seconds; a fifth of that still leaves time to look at a step while it fails.
PAUSE_SCALE = 0.2


@pytest.fixture(autouse=True)
def aws() -> None:
    """Nothing is faked here: requests go to the local stack."""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running local stack; stopped and forgotten at the end.

    `GROUNDWORK_TEST_STACK=<port>:<folder>` names one to use and leave running, so that a developer need not wait for a fresh one;
    `GROUNDWORK_TEST_STACK_AS_IT_IS=1` beside it takes it without bringing it up to date (`policy_sweep`).
    """
    if kept := os.environ.get("GROUNDWORK_TEST_STACK"):
        port, _, kept_folder = kept.partition(":")
        place = Place(int(port), Path(kept_folder), PAUSE_SCALE)
        if not os.environ.get("GROUNDWORK_TEST_STACK_AS_IT_IS"):
            local_stack.up(place)
        yield place
        return
    place = Place(_free_port(), tmp_path_factory.mktemp("stack"), PAUSE_SCALE)
    local_stack.up(place)
    yield place
    local_stack.down(place)


@pytest.fixture(scope="session")
def door(place: Place) -> FrontDoor:
    """The way in that clients have: the HTTP API, with everybody signed in; and behind it, AWS as an operator sees it."""
    return FrontDoor(place)
