"""`stack.json`, the file that tells people and programs where a local stack is and who can sign in to it.

Its shape is a contract (`docs/api.md`, "The local stack's address file"); keys may be added.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from local.failures import StackError

type Addresses = dict[str, Any]


def read(path: Path) -> Addresses | None:
    """The addresses that `path` holds, or None when there is no such file, or it is not one of ours any more."""
    try:
        addresses = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return addresses if isinstance(addresses, dict) else None


def require(path: Path) -> Addresses:
    """The addresses that `path` holds.

    Raises:
        StackError: no stack was ever brought up there.
    """
    addresses = read(path)
    if addresses is None:
        raise StackError(f"There is no stack to talk to: {path} is missing. Start one with `make up`.")
    return addresses


def write(path: Path, addresses: Addresses) -> None:
    """Replaces `path` in one step, readable by its owner only, since it holds passwords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates the file with mode 0600, so there is no moment at which others can read it.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(addresses, file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
