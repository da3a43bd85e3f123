# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""A text manifest far beyond Ground Truth's limit, run with `split` through the front door of a running local stack to one merged output.

Uploads the manifest, launches the job, answers a few objects of every part, stops the job, and compares the merged output with the input
line by line. Prints how long each step took; nothing here is a claim of speed. Exits with 1 when a line is missing, misplaced or changed.
Run: make up, then python -m benchmarks.split_job [lines] [folder of the stack]
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import urllib3
from rich.console import Console

from local import address_file
from local.client import ApiClient, Response, sign_in

ANSWERS_PER_PART = 5
# The local AWS is one process: while it loads parts or merges outputs, a request may wait until its function's time is over.
ATTEMPTS = 10
PATIENCE_SECONDS = 3 * 60 * 60
CONSOLE = Console()


class Stack:
    """The people of a running local stack, signed in anew when their tokens may have expired."""

    def __init__(self, folder: Path) -> None:
        self.addresses = address_file.require(folder / "stack.json")
        self._clients: dict[str, tuple[float, ApiClient]] = {}

    def as_(self, person: str) -> ApiClient:
        signed_in, client = self._clients.get(person, (0.0, None))
        if client is None or time.monotonic() - signed_in > 30 * 60:
            user, addresses = self.addresses["users"][person], self.addresses
            pool_client = addresses["user_pool_client_id"]
            token = sign_in(addresses["endpoint_url"], addresses["region"], pool_client, user["username"], user["password"])
            client = ApiClient(addresses["api_url"], token)
            self._clients[person] = (time.monotonic(), client)
        return client

    def see(self, path: str) -> Response:
        """What is there, asked for again when the stack is too busy to say."""
        return patiently(lambda: ApiClient(self.addresses["api_url"], self.as_("owner").token, attempts=ATTEMPTS).get(path).expect(200))


def line(number: int) -> dict[str, Any]:
    return {"source": f"Order {number} came late again — twice.", "batch": f"A{number % 9}"}


def patiently[T](ask: Callable[[], T]) -> T:
    """Ask again when a busy stack does not answer in time. Whatever is asked here may be asked twice."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(urllib3.exceptions.TimeoutError):
            return ask()
    return ask()


def until[T](probe: Callable[[], T | None], seconds: float = 5) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(seconds)
    raise TimeoutError("patience is at its end")


def launch(stack: Stack, lines: int) -> str:
    """Upload a manifest of that many lines and have it launched; the job's address."""
    manifest = "".join(json.dumps(line(number)) + "\n" for number in range(lines)).encode()
    name = f"big-{time.time_ns():x}"
    uri = stack.as_("owner").upload("demo", f"manifests/{name}.txt", manifest, "text/plain")
    definition = {
        "name": name,
        "task_category": "Text",
        "task_type": "TextMultiClass",
        "input_manifest_uri": uri,
        "labeling_team": stack.addresses["demo"]["labeling_team"],
        "description": "Is it a complaint?",
        "labels": ["complaint", "praise"],
        "split": True,
    }
    once = {"Idempotency-Key": name}
    patiently(lambda: stack.as_("owner").post("/projects/demo/labeling-jobs", definition, once).expect(202))
    return f"/projects/demo/labeling-jobs/{name}"


def parts_in_work(stack: Stack, job: str) -> list[dict[str, Any]] | None:
    """The parts that may run at a time, once workers can begin on each; those that wait for their turn are not among them."""
    present = stack.see(job)
    if present["status"] in {"Draft", "Failed"}:
        sys.exit(f"The job is {present['status']}: {present['failure_reason']} {present['validation']}")
    parts: list[dict[str, Any]] = stack.see(f"{job}/parts")["items"]
    running = [part for part in parts if part["status"] == "InProgress"]
    return running if parts and all(part["status"] in {"InProgress", "Waiting"} for part in parts) else None


def answer_some(stack: Stack, part: str) -> list[str]:
    """Answer a few objects of the part; the texts that were answered."""
    answered = []
    for _ in range(ANSWERS_PER_PART):
        lease = patiently(lambda: stack.as_("worker-1").post(f"/work/labeling-jobs/{part}/leases").expect(201))
        address, answer = f"/work/leases/{lease['lease_id']}/answer", {"answer": {"crowd-classifier": {"label": "praise"}}}
        patiently(partial(stack.as_("worker-1").post, address, answer)).expect(200)
        answered.append(lease["input"]["taskObject"])
    return answered


def wrong_lines(output: list[str], lines: int, attribute: str, answered: set[str]) -> list[str]:
    """What differs between the merged output and the input, answered objects apart from their label."""
    wrong = [] if len(output) == lines else [f"{len(output):,} lines for {lines:,}"]
    for number, text in enumerate(output):
        found, given = json.loads(text), line(number)
        is_labeled = given["source"] in answered
        if {key: found.get(key) for key in given} != given or (attribute in found) is not is_labeled:
            wrong.append(f"line {number}: {text}")
    return wrong


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    stack = Stack(Path(sys.argv[2]) if len(sys.argv) > 2 else Path(".local"))
    began = last = time.monotonic()

    def step(name: str) -> None:
        nonlocal last
        CONSOLE.print(f"{name:<60} {time.monotonic() - last:8.1f} s")
        last = time.monotonic()

    job = launch(stack, lines)
    step(f"{lines:,} lines uploaded, the job submitted")
    parts = until(lambda: parts_in_work(stack, job))
    step(f"validated, divided, {len(parts)} parts open for work")
    answered = {text for part in parts for text in answer_some(stack, part["name"])}
    step(f"{len(answered)} objects answered")
    patiently(lambda: stack.as_("owner").post(f"{job}/stop").expect(202))
    finished = until(lambda: found if (found := stack.see(job))["status"] not in {"Stopping", "InProgress"} else None)
    step("stopped, every part consolidated, outputs merged")
    url = stack.see(f"{job}/output")["url"]
    output = stack.as_("owner").download(url).decode().splitlines()
    wrong = wrong_lines(output, lines, finished["name"], answered)
    step("the output downloaded and compared with the input")
    CONSOLE.print(f"{finished['status']}; {len(output):,} lines; counters {finished['counters']}; {time.monotonic() - began:.0f} s in all")
    CONSOLE.print("\n".join(wrong[:10]) or "Every line is there once, in input order, and exactly what was answered is labeled.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
