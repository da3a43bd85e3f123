"""Local stacks for tests: the real template.yaml, IAM enforced, on a port and in a folder of its own."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import stack as local_stack
from local import web
from local.place import Place

# Retries of failing steps pause for seconds; a twentieth of that still leaves time to look at a step while it fails.
PAUSE_SCALE = 0.05


@contextmanager
def running_stack(folder: Path) -> Iterator[Place]:
    """A running local stack, with the web; stopped and forgotten at the end.

    `GROUNDWORK_TEST_STACK=<port>:<folder>` names one to use and leave running, so that a developer need not wait for a fresh one;
    `GROUNDWORK_TEST_STACK_AS_IT_IS=1` beside it takes it without bringing it up to date (`policy_sweep`).
    """
    if kept := os.environ.get("GROUNDWORK_TEST_STACK"):
        port, _, kept_folder = kept.partition(":")
        place = Place(int(port), Path(kept_folder), PAUSE_SCALE)
        if not os.environ.get("GROUNDWORK_TEST_STACK_AS_IT_IS"):
            web.build()
            local_stack.up(place)
        yield place
        return
    place = Place(_free_port(), folder, PAUSE_SCALE)
    web.build()
    local_stack.up(place)
    yield place
    local_stack.down(place)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
