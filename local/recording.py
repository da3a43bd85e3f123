"""Has the local AWS write down what is asked of it; runs inside it (`local/emulation.py`).

One JSON document a line: `right` (a function's role used a right; which of its statements allow it), `table` (a request to DynamoDB and
the units it takes), `object` (a request to S3), `events` (put on a bus), `invocation` (a function ran) and `task` (a state machine's Task
state ran; those inside a Map are not in ministack's histories). For counting in tests and benchmarks; what is answered stays the same,
but for the units that DynamoDB's answers then tell.

ministack (1.5.33) has a CloudTrail of its own, which knows neither roles nor the items of a transaction.
"""

import json
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]
from ministack.services import dynamodb, eventbridge, lambda_svc, s3, stepfunctions  # type: ignore[import-not-found]

type Answer = tuple[int, dict[str, str], bytes]
type Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]

_ITEM_OPERATIONS = frozenset(
    {
        *("BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"),
        *("BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"),
    }
)


class Record:
    """The file, written by many threads."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", buffering=1)  # noqa: SIM115 - open as long as the process lives
        self._lock = threading.Lock()

    def add(self, kind: str, **what: Any) -> None:
        line = json.dumps({"kind": kind, "at": time.time(), **what}) + "\n"
        with self._lock:
            self._file.write(line)


def record_rights(record: Record) -> None:
    """Write down every right that an assumed role is granted or denied."""
    decide = iam_evaluator.evaluate

    def evaluate(context: Any, policies: list[list[Any]], *limits: Any) -> Any:
        result = decide(context, policies, *limits)
        allowing = [
            statement.sid
            for policy in policies
            for statement in policy
            if iam_evaluator._first_match(context, [statement], "Allow")  # there is no public way
        ]
        role = context.principal_arn.partition(":assumed-role/")[2].partition("/")[0]
        record.add("right", role=role, action=context.action, resource=context.resource_arn, allowed_by=allowing, decision=result.decision)
        return result

    iam_evaluator.evaluate = evaluate


def record_table_requests(record: Record) -> None:
    """Write down every request for items, from functions and from state machines, with the capacity units it takes."""
    handle: Handler = dynamodb.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        operation = headers.get("x-amz-target", "").partition(".")[2]
        if operation not in _ITEM_OPERATIONS:
            return await handle(method, path, headers, body, query)
        asked = json.dumps({**json.loads(body or b"{}"), "ReturnConsumedCapacity": "INDEXES"}).encode()
        answer = await handle(method, path, headers, asked, query)
        consumed = json.loads(answer[2] or b"{}").get("ConsumedCapacity", [])
        units = {one["TableName"]: one["CapacityUnits"] for one in (consumed if isinstance(consumed, list) else [consumed])}
        record.add("table", operation=operation, status=answer[0], units=units)
        return answer

    dynamodb.handle_request = handle_request


def record_object_requests(record: Record) -> None:
    """Write down every request to S3; `LIST` stands for listings, otherwise the HTTP method."""
    handle: Callable[..., Awaitable[Answer]] = s3.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], *others: Any, **named: Any
    ) -> Answer:
        answer = await handle(method, path, headers, body, query, *others, **named)
        record.add("object", operation="LIST" if "list-type" in query else method, path=path, status=answer[0])
        return answer

    s3.handle_request = handle_request


def record_events(record: Record) -> None:
    """Write down how many events each request puts on a bus."""
    handle: Handler = eventbridge.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        if headers.get("x-amz-target", "").endswith(".PutEvents"):
            record.add("events", count=len(json.loads(body)["Entries"]))
        return await handle(method, path, headers, body, query)

    eventbridge.handle_request = handle_request


def record_invocations(record: Record) -> None:
    """Write down every run of a function and how long it took."""
    execute: Callable[..., Any] = lambda_svc._execute_function  # all ways to run a function come by here

    def execute_function(function: dict[str, Any], *others: Any, **named: Any) -> Any:
        began = time.monotonic()
        try:
            return execute(function, *others, **named)
        finally:
            configuration = function["config"]
            record.add(
                "invocation",
                function=configuration["FunctionName"],
                memory_mb=configuration["MemorySize"],
                seconds=time.monotonic() - began,
            )

    lambda_svc._execute_function = execute_function


def record_tasks(record: Record) -> None:
    """Write down every Task state that is entered, those inside a Map too."""
    execute: Callable[..., Any] = stepfunctions._execute_task

    def execute_task(state: dict[str, Any], given: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        record.add("task", machine=execution["stateMachineArn"], state=context["State"]["Name"])
        return execute(state, given, execution, context)

    stepfunctions._execute_task = execute_task


def start(path: str) -> None:
    """Write down from now on."""
    record = Record(path)
    for recorded in (record_rights, record_table_requests, record_object_requests, record_events, record_invocations, record_tasks):
        recorded(record)
