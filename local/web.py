"""Builds the web (`console/`) into the function that serves it: `python -m local.web`; `python -m local.web check` tests it.

Built only when its sources have changed. Node comes from the machine when there is one that is new enough, and otherwise from the Python
index, pinned like everything else.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from local.deployment import content_hash
from local.failures import StackError
from local.locks import exclusively
from local.place import REPOSITORY

SOURCES = (
    "console/package.json",
    "console/package-lock.json",
    "console/tsconfig.json",
    "console/vite.config.ts",
    "console/public",
    "console/src",
    "docs/openapi.yaml",
)
#: Vite's own demand.
OLDEST_NODE = (20, 19)
BUILT = REPOSITORY / "functions" / "show_console" / "web"
_WORKSPACE = REPOSITORY / "console"
_NODE_OF_OURS = REPOSITORY / ".local" / "node"
_LOG = REPOSITORY / ".local" / "web-build.log"
_LINES_TOLD = 15
# Hidden, so that it is no part of what is deployed or hashed.
_MADE_FROM = ".made-from"


def build(*, say: Callable[[str], None] = print) -> None:
    """Builds the web, unless what is built was made from the sources as they are now.

    Raises:
        StackError: there is no Node and none could be had, or the build failed; the log holds what the tools said.
    """
    with _alone():
        pages = sorted(page.relative_to(REPOSITORY).as_posix() for page in _WORKSPACE.glob("*.html"))
        current = content_hash(REPOSITORY, (*SOURCES, *pages))
        if _read(BUILT / _MADE_FROM) == current:
            return
        say("Building the web (the first time takes a minute)")
        environment = _environment()
        with _LOG.open("wb") as log:
            _install(environment, log.fileno())
            _run(["npm", "run", "build"], environment, log.fileno())
        (BUILT / _MADE_FROM).write_text(current)


def check() -> None:
    """Types and tests of the web, with what they say on the terminal.

    Raises:
        StackError: there is no Node and none could be had, or a check failed.
    """
    with _alone():
        environment = _environment()
        with _LOG.open("wb") as log:
            _install(environment, log.fileno())
            _run(["npm", "run", "types"], environment, log.fileno())
        tests = ["npm", "test"]
        if subprocess.run(tests, cwd=_WORKSPACE, env=environment, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            raise StackError("The web's checks failed.")


def is_built() -> bool:
    """Whether there is a web to deploy."""
    return (BUILT / "index.html").exists()


def _alone() -> AbstractContextManager[None]:
    """Packages, generated types and what is built are one for all local stacks of a checkout, which tests start side by side."""
    return exclusively(_LOG.with_name("web-build.lock"))


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": os.pathsep.join([str(_folder_of_node()), os.environ.get("PATH", "")])}


def _install(environment: dict[str, str], log: int) -> None:
    """Puts the pinned packages in place, unless they are there."""
    wanted = content_hash(REPOSITORY, ("console/package-lock.json",))
    installed = _WORKSPACE / "node_modules" / _MADE_FROM
    if _read(installed) != wanted:
        _run(["npm", "ci", "--no-audit", "--no-fund"], environment, log)
        installed.write_text(wanted)


def _folder_of_node() -> Path:
    """The folder of a Node that is new enough: the machine's, or else one of our own, which is installed now."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return Path(node).parent
    if not (_NODE_OF_OURS / "bin" / "npm").exists():
        environment = [str(REPOSITORY / "local" / "environment.sh"), str(_NODE_OF_OURS), "requirements/node.txt"]
        if subprocess.run(environment, cwd=REPOSITORY, check=False).returncode != 0:
            oldest = ".".join(map(str, OLDEST_NODE))
            raise StackError(
                f"The web needs Node {oldest} or newer; there is none here and none could be fetched: install it and try again."
            )
    return _NODE_OF_OURS / "bin"


def _is_new_enough(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _run(command: list[str], environment: dict[str, str], log: int) -> None:
    ended = subprocess.run(command, cwd=_WORKSPACE, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if ended.returncode != 0:
        said = _LOG.read_text(errors="replace").strip().splitlines()[-_LINES_TOLD:]
        raise StackError("\n".join([f"Building the web failed at `{' '.join(command)}`; the end of {_LOG}:", *said]))


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    try:
        check() if sys.argv[1:] == ["check"] else build()
    except StackError as failure:
        sys.exit(str(failure))
