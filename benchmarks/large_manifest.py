# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How much memory the function that validates manifests takes, whatever the size of the manifest.

Runs the validation machine's phases over a manifest of two gigabytes of image lines, and over one of the shortest lines there can be (those
make the most work a byte), by the function's own handler: each phase in a process of its own that serves all its invocations, as a warm
function does. S3 is a server of this script, which makes the manifest's bytes as they are asked for. The floor is the same process before
its first invocation: Python, boto3 and what else a function imports.

Required: at most 300 MB in every phase, and as much for the large manifest as for a tenth of it, give or take a fifth (windows on
sorted runs are as wide as their number allows). Otherwise it exits with 1. Run: python benchmarks/large_manifest.py [megabytes]
"""

import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "groundwork-data"
MANIFEST_KEY = "projects/pets/labeling-jobs/all/input-1.manifest"
OBJECTS = 100_000
REQUIRED_MB = 300
LOCATION = {"id": "default", "bucket": BUCKET, "prefix": "projects/pets/", "access": "read_write"}
CORS_RULE = {"AllowedMethod": "GET", "AllowedOrigin": "*", "ExposeHeader": "Access-Control-Allow-Origin"}
PHASES = ("plan", "survey", "compare", "conclude")


def image_line(number: int) -> bytes:
    attributes = f'"batch":"A{number % 9}","camera":"north-gate","taken-at":"2026-11-30T12:00:00Z","frame":"{number:09}"'
    return f'{{"source-ref":"s3://{BUCKET}/{image_key(number)}",{attributes}}}\n'.encode()


def image_key(number: int) -> str:
    return f"projects/pets/datasets/2026-{number % 12:02}/img-{number:09}.jpg"


def text_line(number: int) -> bytes:
    return b'{"source":"%07x"}\n' % number


@dataclass(frozen=True)
class Manifest:
    """A manifest of lines of one length, so that any range of it can be made without the rest."""

    line: Callable[[int], bytes]
    lines: int
    task_type: str
    source_attribute: str

    @property
    def size(self) -> int:
        return self.lines * len(self.line(0))

    def part(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` (inclusive) to `end` (exclusive), in chunks."""
        width = len(self.line(0))
        number, last = first // width, -(-end // width)
        while number < last:
            until = min(number + 10_000, last)
            chunk = b"".join(map(self.line, range(number, until)))
            yield chunk[max(first - number * width, 0) : end - number * width]
            number = until

    def expectation(self) -> dict[str, Any]:
        is_image = self.source_attribute == "source-ref"
        return {
            "task_type_key": self.task_type,
            "source_attribute": self.source_attribute,
            "is_image": is_image,
            "max_objects": OBJECTS,
            "label_attribute": "kind",
        }


class Aws(BaseHTTPRequestHandler):
    """As much of S3 and DynamoDB as the function asks for. Work objects are kept in files."""

    protocol_version = "HTTP/1.1"
    manifest: Manifest
    folder: Path
    keys = sorted(image_key(number) for number in range(OBJECTS))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        location = {name: {"S": value} for name, value in LOCATION.items()}
        self._answer(json.dumps({"Items": [location], "Count": 1}).encode())

    def do_HEAD(self) -> None:
        self._answer(b"", length=self.manifest.size)

    def do_PUT(self) -> None:
        (self.folder / self._key().replace("/", "~")).write_bytes(self._body())
        self._answer(b"")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "list-type" in query:
            self._answer(self._listing(query["prefix"][0], query.get("start-after", query.get("continuation-token", [""]))[0]))
        elif "cors" in query:
            rule = (
                "<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin><ExposeHeader>Access-Control-Allow-Origin</ExposeHeader>"
            )
            self._answer(f"<CORSConfiguration><CORSRule>{rule}</CORSRule></CORSConfiguration>".encode())
        elif "location" in query:
            self._answer(b"<LocationConstraint/>")
        elif self._key() == MANIFEST_KEY:
            first, end = self._range(self.manifest.size)
            self._answer(self.manifest.part(first, end), status=206, length=end - first)
        elif self._key().startswith("work/"):
            kept = self.folder / self._key().replace("/", "~")
            first, end = self._range(kept.stat().st_size)
            with kept.open("rb") as file:
                file.seek(first)
                self._answer(file.read(end - first), status=206)
        else:
            self._answer(b"\xff\xd8\xff\xe0", status=206)  # what a JPEG begins with

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

    def _range(self, size: int) -> tuple[int, int]:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        return int(first), min(int(last) + 1 if last else size, size)

    def _listing(self, prefix: str, after: str) -> bytes:
        first = bisect_right(self.keys, max(after, prefix))
        page = self.keys[first : first + 1_000]
        contents = "".join(f"<Contents><Key>{key}</Key><Size>40000</Size></Contents>" for key in page)
        more = first + 1_000 < len(self.keys)
        token = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>".encode()

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Content-Encoding", ""):
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # the checksum that follows
            pass
        return body

    def _answer(self, body: bytes | Iterator[bytes], *, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(body) if length is None and isinstance(body, bytes) else length))
        self.end_headers()
        for chunk in [body] if isinstance(body, bytes) else body:
            self.wfile.write(chunk)

    def log_message(self, *_: Any) -> None:
        pass


# --- in the measured process -----------------------------------------------------------------------------------------------------------


class Context:
    """What Lambda hands to a handler."""

    function_name = "validate-manifest"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:validate-manifest"
    aws_request_id = "1"


def serve() -> None:
    """Answer events, one a line, with what the function answers and the most memory that this process ever held, in megabytes."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the function logs is no answer
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / "validate_manifest" / "app.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    print(json.dumps([None, peak_mb()]), file=answers)
    for event in sys.stdin:
        print(json.dumps([app.lambda_handler(json.loads(event), Context()), peak_mb()]), file=answers)


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024 / 1e6


# --- in the measuring process ----------------------------------------------------------------------------------------------------------


class Function:
    """A warm process of the function."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        _, self.floor = self._read()
        self.peak = self.floor

    def _read(self) -> tuple[Any, float]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SystemExit("The function ended; its last words are above.")
        answer, peak = json.loads(line)
        return answer, peak

    def __call__(self, event: dict[str, Any]) -> Any:
        if self._process.stdin is None:
            raise TypeError
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        answer, self.peak = self._read()
        return answer


@contextmanager
def function(port: int) -> Iterator[Function]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PYTHONPATH": str(ROOT / "layers" / "groundwork"),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DATA_BUCKET": BUCKET,
        "JOBS_TABLE": "jobs",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_SERVICE_NAME": "groundwork",
        "POWERTOOLS_METRICS_NAMESPACE": "Groundwork",
    }
    command = [sys.executable, "-W", "ignore", str(Path(__file__).resolve()), "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603
        try:
            yield Function(process)
        finally:
            process.kill()


def validate(manifest: Manifest) -> dict[str, float]:
    """Validate it as the machine does; megabytes at most, by phase and for the `floor`."""
    peaks: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        handler = type("Handler", (Aws,), {"manifest": manifest, "folder": Path(folder)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def run(phase: str, events: list[dict[str, Any]]) -> list[Any]:
            began = time.monotonic()
            with function(server.server_port) as invoke:
                answers = [invoke({**common, "phase": phase, **event}) for event in events]
                peaks[phase], peaks["floor"] = invoke.peak, invoke.floor
            sys.stderr.write(f"  {phase}: {len(events)} invocations in {time.monotonic() - began:.0f} s, {peaks[phase]:.0f} MB\n")
            return answers

        request = {
            "project": "pets",
            "manifest_uri": f"s3://{BUCKET}/{MANIFEST_KEY}",
            "expectation": manifest.expectation(),
            "report_uri": f"s3://{BUCKET}/work/report.json",
        }
        common: dict[str, Any] = {"execution": "one", "request": request}
        (plan,) = run("plan", [{}])
        common["plan"] = plan
        surveys = run("survey", [{"shard": shard} for shard in plan["shards"]])
        common["surveys"] = surveys
        compared = run("compare", [{"partition": number} for number in plan["partitions"]])
        (report,) = run("conclude", [{"compared": compared}])
        server.shutdown()
    found = report["validation"]
    codes = [fault["code"] for fault in found["faults"]]
    expected = ["manifest.too-many-objects"] if manifest.lines > OBJECTS else []
    if (found["objects"], codes) != (manifest.lines, expected):
        raise SystemExit(f"{found['objects']} of {manifest.lines} lines were read, and found: {found}: the measurement is void")
    return peaks


def main(megabytes: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("manifest", "lines", "MB", "floor", *PHASES, title="Peak memory of the function that validates manifests, MB")
    large = megabytes * 1_000_000
    kinds = (
        ("images", image_line, "ImageMultiClass", "source-ref", large),
        ("shortest texts", text_line, "TextMultiClass", "source", large // 10),
    )
    holds = True
    for name, line, task_type, source, size in kinds:
        before: dict[str, float] = {}
        for bytes_of in (size // 10, size):
            manifest = Manifest(line, bytes_of // len(line(0)), task_type, source)
            sys.stderr.write(f"{name}, {manifest.size / 1e6:,.0f} MB\n")
            peaks = validate(manifest)
            figures = [f"{peaks[phase]:.0f}" for phase in ("floor", *PHASES)]
            table.add_row(name, f"{manifest.lines:,}", f"{manifest.size / 1e6:,.0f}", *figures)
            holds = holds and max(peaks.values()) <= REQUIRED_MB
            holds = holds and all(peaks[phase] <= 1.2 * before.get(phase, peaks[phase]) for phase in PHASES)
            before = peaks
    console = Console(width=130)
    console.print(table)
    console.print(
        f"required: at most {REQUIRED_MB}, and no more for ten times the lines; Python {platform.python_version()}, {platform.machine()}"
    )
    sys.exit(not holds)


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
