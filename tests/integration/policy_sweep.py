"""Which integration test misses a statement that is taken away from a function's policy? Run by hand: `make policies`.

One statement at a time is taken from a stack that is kept running, the integration tests run until one fails, and the statement is put
back. A statement that nobody misses is not needed, or lacks a test. It takes half a minute for each that is missed, minutes for one that is
not: name functions (`ONLY="ServeWorkFunction DriveRunsFunction"`) to look at those alone.

Left out are the statements that SAM writes for failure destinations: the local stack delivers there without asking a role.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import stack as local_stack
from local.place import REPOSITORY, Place
from tests.integration.conftest import PAUSE_SCALE
from tests.integration.front_door import FrontDoor

# A missing right shows as a wait in vain; no need to wait as long as for a stack that may only be slow.
_PATIENCE_SECONDS = 45


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one inline policy of a function's role."""

    function: str
    role: str
    policy: str
    document: dict[str, Any]
    index: int

    @property
    def sid(self) -> str:
        return str(self.document["Statement"][self.index].get("Sid", self.policy))


def statements(door: FrontDoor, functions: list[str]) -> Iterator[Statement]:
    """Every statement of those functions' policies that somebody wrote."""
    iam = door.operator("iam")
    for function in functions:
        role = door.role_of(function)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            if not policy.endswith("OnFailureSQSPolicy"):
                yield from (Statement(function, role, policy, document, index) for index in range(len(document["Statement"])))


@contextmanager
def taken_away(door: FrontDoor, statement: Statement) -> Iterator[None]:
    """While this lasts, the function has all its rights but this one."""
    iam, place = door.operator("iam"), {"RoleName": statement.role, "PolicyName": statement.policy}
    rest = [other for index, other in enumerate(statement.document["Statement"]) if index != statement.index]
    if rest:
        iam.put_role_policy(**place, PolicyDocument=json.dumps({**statement.document, "Statement": rest}))
    else:
        iam.delete_role_policy(**place)
    try:
        yield
    finally:
        iam.put_role_policy(**place, PolicyDocument=json.dumps(statement.document))


def first_failure(place: Place, patience_seconds: int = _PATIENCE_SECONDS) -> str | None:
    """The first integration test that fails now, if any does."""
    environment = {
        **os.environ,
        "GROUNDWORK_TEST_STACK": f"{place.port}:{place.folder}",
        "GROUNDWORK_TEST_STACK_AS_IT_IS": "1",
        "GROUNDWORK_TEST_PATIENCE_SECONDS": str(patience_seconds),
    }
    # A restart of the stack takes long, and needs no right that the other tests do not.
    command = [sys.executable, "-m", "pytest", "tests/integration", "-q", "-x", "-k", "not restarted", "-p", "no:cacheprovider"]
    ended = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    failed = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].partition(" - ")[0].rpartition("::")[2] if failed else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4600)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".local" / "policies")
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="logical ids; all functions when none is named")
    arguments = parser.parse_args()
    place = Place(arguments.port, arguments.folder, PAUSE_SCALE)
    local_stack.up(place)
    door = FrontDoor(place)
    all_functions = sorted(name for name in door.resources if name.endswith("Function"))
    if unknown := set(arguments.functions) - set(all_functions):
        parser.error(f"no such function: {', '.join(sorted(unknown))}")
    if broken := first_failure(place, 90):  # everything starts cold
        parser.error(f"the tests do not even pass with all statements: {broken}")
    unmissed = 0
    for statement in statements(door, arguments.functions or all_functions):
        with taken_away(door, statement):
            test = first_failure(place)
        unmissed += test is None
        print(f"{statement.function} {statement.sid}: {test or 'NOBODY MISSES IT'}", flush=True)
    return 1 if unmissed else 0


if __name__ == "__main__":
    sys.exit(main())
