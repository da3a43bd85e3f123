"""Work that only one process of a machine may do at a time, and work that must not meet it."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusively(lock_path: Path) -> Iterator[None]:
    """Waits until nobody else holds the lock, and holds it. The folder of `lock_path` is made where it is missing."""
    with _locked(lock_path, fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def together(lock_path: Path) -> Iterator[None]:
    """Waits until nobody holds the lock exclusively, and keeps others from doing so."""
    with _locked(lock_path, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _locked(lock_path: Path, how: int) -> Iterator[None]:
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    with lock_path.open("w") as lock:
        fcntl.flock(lock, how)
        yield
