# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How much processor time a function takes from its first import to its first answer, beside a bare handler that does nothing of its own.

bare    imports the very third-party modules that the function loads, makes the same clients, sends the same requests
ours    the function: its import, and its first request

Both run in a process of their own, against a server on this machine that answers every AWS request at once with nothing in it, so network
and AWS are in neither figure, nor is what else the machine does. Medians of several rounds, in turns, because the
processor of a virtual machine is not equally fast all the time. A function without third-party modules has nothing to be compared with.
Also lists which packages each function loads. Required of every function: at most 1.5 times the bare handler; otherwise it exits with 1.
Run: python benchmarks/cold_starts.py [functions]
"""

import importlib
import importlib.util
import json
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 11
REQUIRED = 1.5
PROJECT, JOB, EXECUTION = "pets", "cats-1", "arn:aws:states:us-east-1:123456789012:execution:machine:one"
# What the machines ask of their functions: enough for each to look for its job and find that there is none.
STEP = {"step": {"name": JOB, "submission": 1, "execution": EXECUTION, "project": PROJECT}}
BUILD = {"project": PROJECT, "name": "cats", "build_id": "one", "execution": EXECUTION}
RUN = {"labeling_job_name": JOB, "round": "run", "range": 0, "outcome": "stopped"}
MANIFEST = "s3://data-bucket/projects/pets/manifests/cats.manifest"
EXPECTATION = {
    "task_type_key": "ImageMultiClass",
    "source_attribute": "source-ref",
    "is_image": True,
    "max_objects": 100_000,
    "label_attribute": JOB,
}
VALIDATION = {"project": PROJECT, "manifest_uri": MANIFEST, "report_uri": MANIFEST, "expectation": EXPECTATION}
ASKED: dict[str, dict[str, Any]] = {
    "advance_launch": {**STEP, "to": "Launching"},
    "assemble_output": RUN,
    "build_manifest": {"build": BUILD, "progress": None},
    "compose_worker_task_template": STEP,
    "consolidate_annotations": RUN,
    "create_labeling_job": STEP,
    "divide_labeling_job": STEP,
    "export_labels": {"project": PROJECT, "name": JOB, "export_id": "one", "job_id": "one"},
    "load_tasks": RUN,
    "merge_outputs": {"name": JOB},
    "plan_consolidation": RUN,
    "plan_loading": RUN,
    "presign_worker_view": STEP,
    "restore_labeling_jobs": {"after": ""},
    "take_manifest": STEP,
    "take_proposals": {**RUN, "iteration": 1, "is_asked": True, "failure": None},
    "write_question": RUN,
    "validate_manifest": {"phase": "plan", "execution": "one", "request": VALIDATION},
}
# What events ask, by the samples of them.
SAMPLES = {
    "announce_changes": "jobs_table_changed",
    "deliver_notification": "notification_queued",
    "drive_runs": "engine_table_changed",
    "drive_split_jobs": "split_job_changed",
    "fan_out_notifications": "labeling_job_completed",
    "keep_job_records": "engine_job_changed",
    "notify_administrators": "labeling_job_completed",
    "reconcile_labeling_jobs": "schedule",
    "record_draft_report": "draft_execution_status_change",
    "record_service_status": "engine_state_change",
    "settle_launch": "launch_execution_status_change",
    "settle_manifest_build": "manifest_build_status_change",
    "stop_labeling_job": "labeling_job_stop_requested",
}
# What a function says when it finds nothing; anything else means that it was asked nonsense.
NOTHING_THERE = ("NotFoundError", "ClientError", "ParamValidationError")


class Context:
    """What Lambda hands to a handler."""

    function_name = "measured"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:measured"
    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Nothing(BaseHTTPRequestHandler):
    """Every AWS service, with nothing in it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        answer = {
            "Query": {"Items": [], "Count": 0},
            "BatchGetItem": {"Responses": {}},
            "PutEvents": {"FailedEntryCount": 0, "Entries": []},
        }
        body = json.dumps(answer.get(operation, {})).encode()
        if asked.startswith(b"Action="):
            action = parse_qs(asked.decode())["Action"][0]
            body = f"<{action}Response><{action}Result/></{action}Response>".encode()
        self.send_response(200)
        self.send_header("ETag", '"nothing"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


# --- in the measured process -----------------------------------------------------------------------------------------------------------


def load(folder: str) -> Any:
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / folder / "app.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event_for(folder: str, app: Any) -> dict[str, Any]:
    if folder in ASKED:
        return ASKED[folder]
    if folder in SAMPLES:
        return sample(SAMPLES[folder])
    if folder == "draft_labeling_job":
        return {"detail": sample("manifest_uploaded")["detail"], "execution": EXECUTION}
    request = sample("api_request")
    if not hasattr(app, "api"):  # it is asked for whatever path
        return {**request, "pathParameters": {"file": "index.html"}}
    route = min(app.api.routes, key=lambda route: (route.method != "GET", route.path == "/health", route.path))
    names = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    path = route.path
    for name in names:
        path = path.replace(f"{{{name}}}", PROJECT)
    return {**request, "httpMethod": route.method, "resource": route.path, "path": path, "pathParameters": dict.fromkeys(names, PROJECT)}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return found


def answer(app: Any, event: dict[str, Any]) -> None:
    try:
        app.lambda_handler(event, Context())
    except Exception as error:
        if type(error).__name__ not in NOTHING_THERE:
            raise


def record(folder: str, notes: Path) -> None:
    """Run the function once and note what it loads and asks."""
    asked: list[tuple[str, str, Any]] = []
    before = set(sys.modules)
    app = load(folder)
    # A function that has not loaded the SDK by now asks nothing of AWS.
    if botocore_client := sys.modules.get("botocore.client"):
        base = botocore_client.BaseClient
        call = base._make_api_call

        def noted(client: Any, operation: str, parameters: Any) -> Any:
            asked.append((client.meta.service_model.service_name, operation, parameters))
            return call(client, operation, parameters)

        base._make_api_call = noted
    event = event_for(folder, app)
    answer(app, event)
    made = sorted({service for service, *_ in asked})
    loaded = [
        name
        for name, module in sys.modules.items()
        if name not in before and "site-packages" in (getattr(module, "__file__", None) or "") and not name.startswith("groundwork")
    ]
    notes.write_bytes(pickle.dumps({"loaded": loaded, "asked": asked, "clients": made, "event": event}))


def run(kind: str, folder: str, notes: Path) -> None:
    """Print how many seconds it takes."""
    noted = pickle.loads(notes.read_bytes())  # noqa: S301 - our own
    start = time.process_time()
    if kind == "ours":
        answer(load(folder), noted["event"])
    else:
        for name in noted["loaded"]:
            importlib.import_module(name)
        clients: dict[str, Any] = {service: importlib.import_module("boto3").client(service) for service in noted["clients"]}
        for service, operation, parameters in noted["asked"]:
            try:
                clients[service]._make_api_call(operation, parameters)
            except Exception as error:  # noqa: BLE001
                sys.stderr.write(f"{error}\n")
    sys.stdout.write(f"\n{time.process_time() - start}\n")


# --- in the measuring process -----------------------------------------------------------------------------------------------------------


def environment(port: int) -> dict[str, str]:
    # Bytecode is kept, as that of the third-party modules is.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "PYTHONDONTWRITEBYTECODE"}
    template = (ROOT / "template.yaml").read_text()
    names = {word.strip(":,{}[]") for word in template.split() if word.strip(":,{}[]").isupper() and word.strip(",{}[]").endswith(":")}
    settings = {name: "arn:aws:sns:us-east-1:123456789012:some-thing" if name.endswith("_ARN") else "x" for name in names}
    return {
        **inherited,
        **settings,
        "PYTHONPATH": str(ROOT / "layers" / "groundwork"),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "DATA_BUCKET": "data-bucket",
        "ACCOUNT_ID": "123456789012",
        "PARTITION": "aws",
        "LABELING_SERVICE": "BuiltIn",
        "CONSOLE_ORIGIN": "",
        "OBJECTS_PER_LABELING_JOB": "100000",
        "PARTS_AT_ONCE": "4",
        "STALLED_AFTER_HOURS": "24",
        "FIRST_PAUSE_SECONDS": "10",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_SERVICE_NAME": "groundwork",
        "POWERTOOLS_METRICS_NAMESPACE": "Groundwork",
        "USER_POOL_ID": "us-east-1_x",
    }


def child(port: int, *arguments: str) -> str:
    command = [sys.executable, str(Path(__file__).resolve()), "--child", *arguments]
    ended = subprocess.run(command, env=environment(port), capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise RuntimeError(f"{arguments}: {ended.stderr[-2000:]}")
    return ended.stdout


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    folders = sys.argv[1:] or sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))
    table = Table(
        "function", "bare, ms", "ours, ms", "times", "packages", title=f"Cold starts; {platform.machine()}, {platform.python_version()}"
    )
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        for folder in folders:
            notes = Path(temporary) / folder
            child(port, "record", folder, str(notes))
            seconds: dict[str, list[float]] = {"bare": [], "ours": []}
            for _ in range(ROUNDS):
                for kind, found in seconds.items():
                    found.append(float(child(port, kind, folder, str(notes)).split()[-1]))
            bare, ours = (statistics.median(found) for found in seconds.values())
            packages = sorted({name.partition(".")[0] for name in pickle.loads(notes.read_bytes())["loaded"]})  # noqa: S301
            times = f"{ours / bare:.2f}" if packages else ""
            table.add_row(folder, f"{1000 * bare:.0f}", f"{1000 * ours:.0f}", times, " ".join(packages))
            worst = max(worst, float(times or 0))
            sys.stderr.write(f"{folder} {bare:.3f} {ours:.3f} {times}\n")
    console = Console(width=200)
    console.print(table)
    console.print(f"slowest: {worst:.2f} times its bare handler; required: at most {REQUIRED}")
    sys.exit(worst > REQUIRED)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--child", "record", folder, notes]:
            record(folder, Path(notes))
        case ["--child", kind, folder, notes]:
            run(kind, folder, Path(notes))
        case _:
            main()
