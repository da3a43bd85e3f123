# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""What a launched labeling job takes of AWS, and what it costs: counted on a local stack of its own, the real template with IAM enforced.

A launch is all that follows from `POST …/labeling-jobs` until workers can begin and nothing is left to be announced: functions that run,
steps of state machines, requests to tables and to S3, events. The local AWS counts them as they come (`local/recording.py`), some steps
are in the executions' own histories; schedules are off meanwhile. Then each scheduled function runs with nothing to do: that is what an
idle stack takes. Both give prices by AWS's list below: of 1,000 launched jobs, and of an idle month. Counts are exact; how long functions
run is as seen on this machine, so their GB-seconds are not. Left out: free tiers, storage, transfer, logs, and custom metrics (0.30 a month
for each that anything was put into).

Streams and queues hand over what has come until then, so how many times a function is called for the same changes varies a little with
their timing, here as on AWS: each count is given from the least to the most, and prices are of the median job.
Run: python -m benchmarks.launches [jobs] [pictures of each job]
"""

import json
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console
from rich.table import Table

from local import stack as local_stack
from local.client import ApiClient, sign_in
from local.place import REGION, REPOSITORY, STACK_NAME, Place

CONSOLE = Console(width=140, highlight=False)
PATIENCE_SECONDS = 1_200
# So long nothing happens once a launch is over: longer than the local AWS takes to look after streams and queues on a busy machine.
QUIET_SECONDS = 15
# Where the engine's run machine waits for people.
WAITING = "WaitForWorkers"
PICTURES = sorted((REPOSITORY / "local" / "demo" / "pictures").glob("*.png"))

# US dollars for one of each: AWS's list for us-east-1 in November 2026.
PRICES = {
    "API requests": 3.50 / 1e6,
    "Lambda invocations": 0.20 / 1e6,
    "Lambda GB-seconds, arm64": 0.0000133334,
    "state transitions": 0.025 / 1e3,
    "table write units": 0.625 / 1e6,
    "table read units": 0.125 / 1e6,
    "S3 PUT, COPY, POST, LIST": 0.005 / 1e3,
    "S3 GET, HEAD": 0.0004 / 1e3,
    "events": 1.00 / 1e6,
    "traces, at most": 5.00 / 1e6,
    "queue polls": 0.40 / 1e6,
    "alarms": 0.10,
    "dashboards": 3.00,
    "keys": 1.00,
}
READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"})
FREE_S3 = frozenset({"DELETE"})
DEAR_S3 = frozenset({"LIST", "POST", "PUT"})
MINUTES_OF_MONTH = 730 * 60
# Lambda looks after a queue by five long polls of twenty seconds at a time (Lambda developer guide, Using Lambda with Amazon SQS).
POLLS_PER_MINUTE = 15


@dataclass
class Counts:
    """What was taken of AWS: `things` by the names of the price list, and the same in detail."""

    things: Counter[str] = field(default_factory=Counter)
    gb_seconds: float = 0.0
    invocations: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    table_requests: Counter[str] = field(default_factory=Counter)

    def add(self, entry: dict[str, Any], names: dict[str, str]) -> None:
        """Count one entry of the local AWS's record; `names` are logical ids by physical id."""
        match entry["kind"]:
            case "invocation":
                self.invocations[names[entry["function"]]] += 1
                self.gb_seconds += entry["memory_mb"] / 1024 * entry["seconds"]
            case "table":
                self.table_requests[entry["operation"]] += 1
                self.things["table read units" if entry["operation"] in READS else "table write units"] += sum(entry["units"].values())
            case "object" if entry["operation"] not in FREE_S3:
                self.things["S3 PUT, COPY, POST, LIST" if entry["operation"] in DEAR_S3 else "S3 GET, HEAD"] += 1
            case "events":
                self.things["events"] += entry["count"]
            case "task":
                self.transitions[names[entry["machine"]]] += 1

    def priced(self) -> dict[str, float]:
        """All that has a price."""
        ran = self.invocations.total()
        return {
            **self.things,
            "Lambda invocations": ran,
            "traces, at most": ran,
            "Lambda GB-seconds, arm64": self.gb_seconds,
            "state transitions": self.transitions.total(),
        }


class Stack:
    """A local stack that writes down what is asked of it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            place = Place(listener.getsockname()[1], folder)
        self._record = folder / "record.jsonl"
        os.environ["GROUNDWORK_RECORD"] = str(self._record)
        addresses = local_stack.up(place)
        self.place, self.team = place, addresses["demo"]["labeling_team"]
        owner = addresses["users"]["owner"]
        token = sign_in(place.endpoint_url, REGION, addresses["user_pool_client_id"], owner["username"], owner["password"])
        self.owner = ApiClient(addresses["api_url"], token)
        session = boto3.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106
        clients = {
            name: session.client(name, endpoint_url=place.endpoint_url) for name in ("cloudformation", "events", "lambda", "stepfunctions")
        }
        self._events, self._functions, self._machines = clients["events"], clients["lambda"], clients["stepfunctions"]
        pages = clients["cloudformation"].get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
        self._resources = [one for page in pages for one in page["StackResourceSummaries"]]
        self._seen: set[str] = set()

    def resources(self, kind: str) -> dict[str, str]:
        """Logical ids by physical id of all resources of that type."""
        return {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in self._resources if one["ResourceType"] == kind}

    def schedules(self) -> list[tuple[str, str, float]]:
        """Of each schedule: its rule, the function that it calls, and how often in a month."""
        minutes = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60, "day": 1440, "days": 1440}
        found = []
        for rule in self._events.list_rules()["Rules"]:
            if expression := rule.get("ScheduleExpression"):
                number, unit = expression.removeprefix("rate(").removesuffix(")").split()
                target = self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]["Arn"]
                found.append((rule["Name"], target.rpartition(":")[2], MINUTES_OF_MONTH / (int(number) * minutes[unit])))
        return found

    def queues_at_work(self) -> int:
        """How many queues Lambda looks after for a function."""
        mappings = self._functions.get_paginator("list_event_source_mappings").paginate()
        return sum(":sqs:" in one["EventSourceArn"] for page in mappings for one in page["EventSourceMappings"])

    def stop_schedules(self) -> None:
        for rule, *_ in self.schedules():
            self._events.disable_rule(Name=rule)

    def run(self, function: str) -> None:
        tick = json.loads((REPOSITORY / "events" / "schedule.json").read_text())
        answer = self._functions.invoke(FunctionName=function, Payload=json.dumps(tick).encode())
        if "FunctionError" in answer:
            raise SystemExit(f"{function} failed: {answer['Payload'].read()!r}")

    def settle(self) -> None:
        """Wait until nothing has happened for a while, and no execution does anything but wait for workers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        size, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            if (now := self._record.stat().st_size) != size or self._is_moving():
                size, since = now, time.monotonic()
            if time.monotonic() > deadline:
                raise SystemExit("The stack does not come to rest.")
            time.sleep(1)

    def _is_moving(self) -> bool:
        return any(state != WAITING for state in self._states())

    def _states(self) -> list[str | None]:
        """Where each running execution is."""
        states: list[str | None] = []
        for arn in self.resources("AWS::StepFunctions::StateMachine"):
            for execution in self._machines.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
                history = self._machines.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)["events"]
                entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
                states.append(entered[-1] if entered else None)
        return states

    def until_waiting(self, jobs: int) -> None:
        """Wait until so many labeling jobs wait for workers. What is asked for that is not recorded."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._states().count(WAITING) < jobs:
            if time.monotonic() > deadline:
                raise SystemExit("The labeling job does not come to wait for workers.")
            time.sleep(1)

    @contextmanager
    def counting(self) -> Iterator[Counts]:
        """Counts what is taken of AWS meanwhile, and by all that follows."""
        self.settle()
        self._new_transitions()
        start = self._record.stat().st_size
        counts = Counts()
        yield counts
        self.settle()
        names = self.resources("AWS::Lambda::Function") | self.resources("AWS::StepFunctions::StateMachine")
        with self._record.open() as record:
            record.seek(start)
            for line in record:
                counts.add(json.loads(line), names)
        counts.transitions += self._new_transitions()

    def _new_transitions(self) -> Counter[str]:
        """Steps, but for tasks, of the executions that were not there the last time, by machine. Of one that waits, those up to there."""
        transitions: Counter[str] = Counter()
        for arn, name in self.resources("AWS::StepFunctions::StateMachine").items():
            pages = self._machines.get_paginator("list_executions").paginate(stateMachineArn=arn)
            new = {one["executionArn"] for page in pages for one in page["executions"]} - self._seen
            self._seen |= new
            for execution in new:
                history = self._machines.get_paginator("get_execution_history").paginate(executionArn=execution)
                types = [event["type"] for page in history for event in page["events"]]
                transitions[name] += sum(kind.endswith("StateEntered") and kind != "TaskStateEntered" for kind in types)
        return transitions

    def launch(self, pictures: Iterable[Path]) -> Counts:
        """Launch a labeling job over the pictures; what that took."""
        uris = [self.owner.upload("demo", f"datasets/launches/{one.name}", one.read_bytes(), "image/png") for one in pictures]
        manifest = "".join(json.dumps({"source-ref": uri}) + "\n" for uri in uris).encode()
        definition = {
            "name": f"launch-{uuid.uuid4().hex[:8]}",
            "task_category": "Image",
            "task_type": "ImageMultiClass",
            "input_manifest_uri": self.owner.upload("demo", f"manifests/{uuid.uuid4().hex}.txt", manifest, "text/plain"),
            "labeling_team": self.team,
            "description": "Choose what you see",
            "labels": ["cat", "dog"],
        }
        waiting = self._states().count(WAITING)
        with self.counting() as counts:
            self.owner.post("/projects/demo/labeling-jobs", definition).expect(202)
            self.until_waiting(waiting + 1)
        counts.things["API requests"] += 1
        job = self.owner.get(f"/projects/demo/labeling-jobs/{definition['name']}").expect(200)
        if job["status"] != "InProgress":
            raise SystemExit(f"{job['name']} is {job['status']}: {job['failure_reason']} {job['validation']}")
        return counts


def idle_month(stack: Stack) -> tuple[dict[str, float], Counter[str]]:
    """What a month takes in which nobody does anything, and the table requests of one run of each scheduled function."""
    month: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    names = stack.resources("AWS::Lambda::Function")
    for _, function, times in stack.schedules():
        with stack.counting():
            stack.run(function)  # the start of its process is not what it does every minute
        with stack.counting() as counts:
            stack.run(function)
        requests[names[function]] = counts.table_requests.total()
        for thing, count in counts.priced().items():
            month[thing] += count * times  # type: ignore[assignment]
    month["queue polls"] = stack.queues_at_work() * POLLS_PER_MINUTE * MINUTES_OF_MONTH
    for thing, kind in (("alarms", "AWS::CloudWatch::Alarm"), ("dashboards", "AWS::CloudWatch::Dashboard"), ("keys", "AWS::KMS::Key")):
        month[thing] = len(stack.resources(kind))
    return dict(month), requests


def bill(title: str, taken: dict[str, float], times: int) -> Table:
    table = Table(title=title)
    for heading in ("what", "number", "US dollars"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for thing, price in PRICES.items():
        if count := taken.get(thing, 0) * times:
            table.add_row(thing, f"{count:,.0f}", f"{count * price:,.4f}")
    total = sum(taken.get(thing, 0) * times * price for thing, price in PRICES.items())
    table.add_row("[bold]in all", "", f"[bold]{total:,.2f}")
    return table


def main(jobs: int = 5, pictures: int = 10) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            stack.stop_schedules()
            stack.launch(PICTURES[:pictures])  # starts every function's process
            launches = [stack.launch(PICTURES[:pictures]) for _ in range(jobs)]
            month, requests = idle_month(stack)
        finally:
            local_stack.down(stack.place)
    median = sorted(launches, key=lambda launch: sum(PRICES[thing] * count for thing, count in launch.priced().items()))[jobs // 2]
    detail = Table(title=f"A launched labeling job of {pictures} pictures, over {jobs} of them")
    for heading in ("", "least", "median", "most", "the median job in detail"):
        detail.add_column(heading, justify="right" if heading in {"least", "median", "most"} else "left")
    for heading, part in (
        ("Lambda invocations", "invocations"),
        ("state transitions", "transitions"),
        ("table requests", "table_requests"),
    ):
        totals = sorted(getattr(launch, part).total() for launch in launches)
        counted = sorted(getattr(median, part).items())
        figures = (totals[0], statistics.median_low(totals), totals[-1])
        detail.add_row(heading, *map(str, figures), ", ".join(f"{name.removesuffix('Function')} {count}" for name, count in counted))
    CONSOLE.print(detail)
    CONSOLE.print(bill("1,000 launched labeling jobs", median.priced(), 1_000))
    CONSOLE.print(bill("An idle month", month, 1))
    CONSOLE.print("table requests of a scheduled function with nothing to do: " + ", ".join(f"{name} {n}" for name, n in requests.items()))
    CONSOLE.print(f"{REGION}, list prices of November 2026; counted on {platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
