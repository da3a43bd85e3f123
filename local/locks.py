"""Work that only one process of a machine may do at a time."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusively(lock_path: Path) -> Iterator[None]:
    """Waits until nobody else holds the lock, and holds it. The folder of `lock_path` is made where it is missing."""
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    with lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
