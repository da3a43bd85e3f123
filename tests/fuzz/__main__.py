"""Sends requests made from docs/openapi.yaml to a running local stack: no 5xx, and no answer that the document does not describe.

As the owner of the project that there is, as an administrator, as a worker and as somebody who belongs to no project, one after the other.
Run: make fuzz, or python -m tests.fuzz FOLDER-OF-THE-STACK EXAMPLES-PER-OPERATION [--as PERSON ...] [more options of `schemathesis run`]
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local import address_file
from local.client import ApiClient, sign_in

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = ("owner", "admin", "worker-1", "outsider")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("examples")
    parser.add_argument("--as", dest="people", action="append", choices=PEOPLE)
    arguments, options = parser.parse_known_args()
    addresses = address_file.require(arguments.folder / "stack.json")
    draft = ApiClient(addresses["api_url"], token_of("owner", addresses)).post(
        "/projects/demo/labeling-jobs", {"name": "fuzzed", "draft": True}
    )
    known = {"project": "demo", "name": "fuzzed" if draft.status in {201, 409} else "none", "team": addresses["demo"]["labeling_team"]}
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(ROOT / "docs" / "openapi.yaml")]
    command += ["--url", addresses["api_url"], "--checks", CHECKS]
    command += ["--max-examples", arguments.examples, "--workers", "2", "--continue-on-failure", "--no-color", *options]
    settings = {"SCHEMATHESIS_HOOKS": "tests.fuzz.known_things", "FUZZ_KNOWN": json.dumps(known), "PYTHONPATH": str(ROOT)}
    # All of them first: among an administrator's requests is the one that shuts a person out.
    tokens = {person: token_of(person, addresses) for person in arguments.people or PEOPLE}
    failed = []
    for person, token in tokens.items():
        signed_in = ["--header", f"Authorization: Bearer {token}"]
        ended = subprocess.run([*command, *signed_in], cwd=ROOT, env={**os.environ, **settings}, check=False)  # noqa: S603 - our own command
        failed += [person] if ended.returncode else []
    sys.exit(f"Faults were found as {', '.join(failed)}." if failed else 0)


def token_of(person: str, addresses: dict[str, Any]) -> str:
    user = addresses["users"][person]
    return sign_in(addresses["endpoint_url"], addresses["region"], addresses["user_pool_client_id"], user["username"], user["password"])


if __name__ == "__main__":
    main()
