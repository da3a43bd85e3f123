"""Sends requests made from docs/openapi.yaml to a running local stack: no 5xx, and no answer that the document does not describe.

Run: make fuzz, or python -m tests.fuzz FOLDER-OF-THE-STACK EXAMPLES-PER-OPERATION [more options of `schemathesis run`]
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from local import address_file
from local.client import ApiClient, sign_in

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> None:
    folder, examples, *options = sys.argv[1:]
    addresses = address_file.require(Path(folder) / "stack.json")
    user = addresses["users"]["owner"]
    token = sign_in(addresses["endpoint_url"], addresses["region"], addresses["user_pool_client_id"], user["username"], user["password"])
    client = ApiClient(addresses["api_url"], token)
    draft = client.post("/projects/demo/labeling-jobs", {"name": "fuzzed", "draft": True})
    known = {"project": "demo", "name": "fuzzed" if draft.status in {201, 409} else "none", "team": addresses["demo"]["labeling_team"]}
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(ROOT / "docs" / "openapi.yaml")]
    command += ["--url", addresses["api_url"], "--header", f"Authorization: Bearer {token}", "--checks", CHECKS]
    command += ["--max-examples", examples, "--workers", "2", "--continue-on-failure", "--no-color", *options]
    settings = {"SCHEMATHESIS_HOOKS": "tests.fuzz.known_things", "FUZZ_KNOWN": json.dumps(known), "PYTHONPATH": str(ROOT)}
    sys.exit(subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=False).returncode)  # noqa: S603 - our own command


if __name__ == "__main__":
    main()
