"""Which integration test misses a statement that is taken away from a function's policy? Run by hand: `make policies`.

First the integration tests run once on a stack that writes down every right that is used, and by which statement; so it is known which
tests use a statement, and which statements and actions nobody uses. Then one statement at a time is taken away, the tests that use it
run until one fails, and the statement is put back. A statement that nobody misses is not needed, or lacks a test. The first part takes as
long as the integration tests, the second about half a minute for each statement: name functions to look at those alone
(`ONLY="ServeWorkFunction DriveRunsFunction"`), and say `--recorded` to use what the last run wrote down.

Left out are the statements that SAM writes: the local stack delivers to failure destinations without asking a role.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from local import stack as local_stack
from local.place import REPOSITORY, Place
from tests.integration.front_door import FrontDoor
from tests.local_stacks import PAUSE_SCALE

# A missing right shows as a wait in vain; no need to wait as long as for a stack that may only be slow.
_PATIENCE_SECONDS = 30
_TESTS_TO_TRY = 4


def pytest_runtest_logstart(nodeid: str) -> None:
    """Note in the record which test runs from now on: pytest calls this, since the sweep hands it this module as a plugin."""
    with Path(os.environ["GROUNDWORK_RECORD"]).open("a") as record:
        record.write(json.dumps({"kind": "test", "at": time.time(), "test": nodeid}) + "\n")


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
        return str(self.document["Statement"][self.index]["Sid"])

    @property
    def actions(self) -> list[str]:
        actions = self.document["Statement"][self.index]["Action"]
        return [actions] if isinstance(actions, str) else list(actions)


class Uses:
    """Which tests used which statement for which action, when no other statement would have done."""

    def __init__(self, record: Path) -> None:
        # Functions run on between two tests; what they use then counts for the test that ran last.
        self._tests: dict[tuple[str, str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
        test = None
        for entry in sorted(map(json.loads, record.read_text().splitlines()), key=lambda entry: entry["at"]):
            if entry["kind"] == "test":
                test = entry["test"]
            elif test and entry["kind"] == "right" and entry["decision"] == "Allow" and len(entry["allowed_by"]) == 1:
                self._tests[entry["role"], entry["allowed_by"][0], entry["action"]][test] += 1

    def of(self, statement: Statement, action: str) -> collections.Counter[str]:
        """How often each test used the statement for the action, which may hold wildcards."""
        found = [
            tests
            for (role, sid, used), tests in self._tests.items()
            if (role, sid) == (statement.role, statement.sid) and fnmatchcase(used.lower(), action.lower())
        ]
        return sum(found, collections.Counter())

    def unused(self, statement: Statement) -> list[str]:
        """The statement's actions that no test uses."""
        return [action for action in statement.actions if not self.of(statement, action)]

    def tests(self, statement: Statement) -> list[str]:
        """Tests to try without the statement: those that use it most."""
        uses = sum((self.of(statement, action) for action in statement.actions), collections.Counter[str]())
        return [test for test, _ in uses.most_common(_TESTS_TO_TRY)]


def statements(door: FrontDoor, functions: list[str]) -> Iterator[Statement]:
    """Every statement of those functions' policies that somebody wrote."""
    iam = door.operator("iam")
    for function in functions:
        role = door.role_of(function)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            written = (Statement(function, role, policy, document, index) for index in range(len(document["Statement"])))
            yield from (statement for statement in written if "Sid" in document["Statement"][statement.index])


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


def first_failure(place: Place, tests: Sequence[str], options: Sequence[str] = (), patience_seconds: int = _PATIENCE_SECONDS) -> str | None:
    """The first of the tests that fails now, if any does."""
    environment = {
        **os.environ,
        "GROUNDWORK_TEST_STACK": f"{place.port}:{place.folder}",
        "GROUNDWORK_TEST_STACK_AS_IT_IS": "1",
        "GROUNDWORK_TEST_PATIENCE_SECONDS": str(patience_seconds),
    }
    # A restart of the stack takes long, and needs no right that the other tests do not.
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-x", "-k", "not restarted", "-p", "no:cacheprovider", *options]
    ended = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    failed = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].partition(" - ")[0].rpartition("::")[2] if failed else None


def swept(place: Place, door: FrontDoor, uses: Uses, wanted: Iterable[Statement]) -> int:
    """Take away one statement after the other; how many nobody missed."""
    unmissed = 0
    for statement in wanted:
        test = None
        if tests := uses.tests(statement):
            with taken_away(door, statement):
                test = first_failure(place, tests)
        unmissed += test is None
        print(f"{statement.function} {statement.sid}: {test or 'NOBODY MISSES IT'}", flush=True)
    return unmissed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4600)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".local" / "policies")
    parser.add_argument("--recorded", action="store_true", help="use the record of an earlier run on the same stack")
    parser.add_argument("--uses-only", action="store_true", help="tell which statements and actions no test uses, and take nothing away")
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="logical ids; all functions when none is named")
    arguments = parser.parse_args()
    place = Place(arguments.port, arguments.folder, PAUSE_SCALE)
    record = place.folder / "record.jsonl"
    os.environ["GROUNDWORK_RECORD"] = str(record)
    local_stack.up(place)
    door = FrontDoor(place)
    all_functions = sorted(name for name in door.resources if name.endswith("Function"))
    if unknown := set(arguments.functions) - set(all_functions):
        parser.error(f"no such function: {', '.join(sorted(unknown))}")
    if not arguments.recorded and (
        broken := first_failure(place, ["tests/integration"], ["-p", "tests.integration.policy_sweep"], 90)  # everything starts cold
    ):
        parser.error(f"the tests do not even pass with all statements: {broken}")
    uses = Uses(record)
    wanted = list(statements(door, arguments.functions or all_functions))
    unused = [(statement, actions) for statement in wanted if (actions := uses.unused(statement))]
    for statement, actions in unused:
        print(f"{statement.function} {statement.sid}: no test uses {', '.join(actions)}", flush=True)
    if arguments.uses_only:
        return 1 if unused else 0
    return 1 if swept(place, door, uses, wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
