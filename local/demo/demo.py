"""The demo: a hundred pictures of handwritten digits become a finished labeling job, through the public API only.

Every number it prints is computed from what the stack answered. It fails, with a sentence, when the numbers do not add up or when three
workers together do no better than the best of them alone.
"""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local import address_file, inbox
from local.address_file import Addresses
from local.client import ApiClient, UnexpectedAnswer, sign_in
from local.demo.scores import Score, score
from local.demo.workers import SimulatedWorker
from local.failures import StackError
from local.place import Place

FOLDER = Path(__file__).parent
LABELS = tuple("0123456789")
WORKERS = (SimulatedWorker("worker-1", 0.10), SimulatedWorker("worker-2", 0.15), SimulatedWorker("worker-3", 0.20))
_AT_REST = frozenset({"Draft", "Completed", "Failed", "Stopped"})
_SHOWN_LINES = 3
_LAUNCH_SECONDS = 180
_COMPLETION_SECONDS = 180
_MESSAGE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished demo job left behind, as far as it is judged. Labels are {picture: label}."""

    job: Mapping[str, Any]
    truth: Mapping[str, str]
    consolidated: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]


def run(place: Place, console: Console) -> None:
    """Runs the demo against the stack at `place`, which has to be up, and prints what came of it.

    Raises:
        StackError: what went wrong.
    """
    started = time.monotonic()
    addresses = address_file.require(place.address_file)
    truth: dict[str, str] = json.loads((FOLDER / "truth.json").read_text())
    owner = _signed_in(addresses, "owner")
    project = addresses["demo"]["project"]
    try:
        _stop_leftover(owner, project, addresses["demo"]["labeling_job"], console)
        manifest_uri = _upload(owner, project, sorted(truth), console)
        name = _create_job(owner, project, addresses["demo"]["labeling_team"], manifest_uri)
        addresses["demo"]["labeling_job"] = name
        address_file.write(place.address_file, addresses)
        job_path = f"/projects/{project}/labeling-jobs/{name}"
        console.print(f"Created the labeling job [bold]{name}[/]; Groundwork checks its manifest and launches it")
        _wait_for(owner, job_path, "InProgress", _LAUNCH_SECONDS)
        answers = _label(addresses, name, truth, console)
        job = _wait_for(owner, job_path, "Completed", _COMPLETION_SECONDS)

        output = owner.get(f"{job_path}/output").expect(200)
        lines = owner.download(output["url"]).decode().splitlines()
        outcome = Outcome(job, truth, consolidated_labels(lines, job["label_attribute_name"] or name), answers)
        history = owner.get(f"{job_path}/events").expect(200)["items"]
        message = _message_about(place, name)
    except UnexpectedAnswer as answer:
        raise StackError(f"The demo stopped, because the API answered something unexpected: {answer}") from answer

    _show(console, outcome, lines, history, message)
    _show_addresses(console, place, addresses, job_path, output["output_manifest_uri"])
    faults = faults_of(outcome, lines, [event["detail"] for event in history])
    if faults:
        raise StackError("The labeling job finished, but the result is not right: " + "; ".join(faults) + ".")
    console.print(f"\n[bold green]Done[/] in {time.monotonic() - started:.0f} seconds. The stack keeps running; `make down` stops it.")


def consolidated_labels(lines: list[str], label_attribute: str) -> dict[str, str]:
    """{picture: label} out of an output manifest of single-label image classification; pictures that got no label are left out."""
    labels = {}
    for line in lines:
        entry = json.loads(line)
        if label_attribute in entry:
            labels[entry["source-ref"].rsplit("/", 1)[-1]] = entry[f"{label_attribute}-metadata"]["class-name"]
    return labels


def faults_of(outcome: Outcome, lines: list[str], history: list[Any]) -> list[str]:
    """Everything about a finished demo job that is not as it has to be; empty when all is well."""
    faults = []
    pictures = len(outcome.truth)
    counters = outcome.job["counters"]
    if len(lines) != pictures:
        faults.append(f"the output manifest has {len(lines)} lines for {pictures} pictures")
    if (
        counters["total"] != pictures
        or counters["human_labeled"] + counters["machine_labeled"] + counters["failed"] + counters["unlabeled"] != pictures
    ):
        faults.append(f"the counters {counters} do not add up to {pictures}")
    if counters["human_labeled"] != len(outcome.consolidated):
        faults.append(f"{counters['human_labeled']} pictures are counted as labeled, {len(outcome.consolidated)} have a label")
    faults += [
        f"{username} answered {len(answers)} of {pictures} pictures"
        for username, answers in outcome.answers.items()
        if len(answers) != pictures
    ]
    together = score(outcome.consolidated, outcome.truth)
    for username, answers in outcome.answers.items():
        alone = score(answers, outcome.truth)
        if alone.right >= together.right:
            faults.append(f"the consolidated labels ({together.right} right) do not beat {username} alone ({alone.right} right)")
    if not history:
        faults.append("the labeling job has no history")
    return faults


def _signed_in(addresses: Addresses, username: str) -> ApiClient:
    password = addresses["users"][username]["password"]
    token = sign_in(addresses["endpoint_url"], addresses["region"], addresses["user_pool_client_id"], username, password)
    return ApiClient(addresses["api_url"], token, attempts=6)


def _stop_leftover(owner: ApiClient, project: str, name: str | None, console: Console) -> None:
    """Stops the labeling job of a demo that was interrupted, so that it does not wait for workers for ever."""
    if name is None:
        return
    path = f"/projects/{project}/labeling-jobs/{name}"
    job = owner.get(path).expect(200, 404)
    if "status" in job and job["status"] not in _AT_REST:
        console.print(f"Stopping {name}, which an interrupted demo left behind")
        owner.post(f"{path}/stop", headers={"Idempotency-Key": str(uuid.uuid4())}).expect(202, 409)


def _upload(owner: ApiClient, project: str, pictures: list[str], console: Console) -> str:
    console.print(f"Uploading {len(pictures)} pictures of handwritten digits and their manifest, as [bold]owner[/]")

    def upload(picture: str) -> str:
        return owner.upload(project, f"datasets/digits/{picture}", (FOLDER / "pictures" / picture).read_bytes(), "image/png")

    with ThreadPoolExecutor(max_workers=4) as threads:
        uris = list(threads.map(upload, pictures))
    manifest = "".join(json.dumps({"source-ref": uri}) + "\n" for uri in uris)
    # Not under manifests/: a manifest that arrives there drafts a labeling job by itself, and this one gets its job from the demo.
    return owner.upload(project, "datasets/digits/digits.manifest", manifest.encode(), "application/x-ndjson")


def _create_job(owner: ApiClient, project: str, labeling_team: str, manifest_uri: str) -> str:
    name = f"digits-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    definition = {
        "name": name,
        "task_category": "Image",
        "task_type": "ImageMultiClass",
        "input_manifest_uri": manifest_uri,
        "labeling_team": labeling_team,
        "workers_per_object": len(WORKERS),
        "task_timeout_seconds": 60,
        "description": "Choose the digit that you see in the picture",
        "labels": list(LABELS),
        "short_instructions": "<p>Choose the digit that you see. If in doubt, choose the likeliest.</p>",
    }
    owner.post(f"/projects/{project}/labeling-jobs", definition, headers={"Idempotency-Key": f"demo-{name}"}).expect(202)
    return name


def _wait_for(owner: ApiClient, job_path: str, status: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        job: dict[str, Any] = owner.get(job_path).expect(200)
        if job["status"] == status:
            return job
        if job["status"] in _AT_REST:
            report = owner.get(f"{job_path}/validation-report").text if job["status"] == "Draft" else job["failure_reason"]
            raise StackError(f"The labeling job {job['name']} came to rest as {job['status']} instead of {status}: {report}")
        if time.monotonic() > deadline:
            raise StackError(f"The labeling job {job['name']} is still {job['status']} after {seconds:.0f} seconds, not {status}.")
        time.sleep(0.5)


def _label(addresses: Addresses, name: str, truth: Mapping[str, str], console: Console) -> dict[str, dict[str, str]]:
    """Has the three workers answer at the same time; returns what each answered, by username."""
    clients = {worker.username: _signed_in(addresses, worker.username) for worker in WORKERS}
    stopped = threading.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(max_workers=len(WORKERS)) as threads:
        total = progress.add_task("answers", total=len(WORKERS) * len(truth))

        def answer_all(worker: SimulatedWorker) -> dict[str, str]:
            own = progress.add_task(f"{worker.username} (errs {worker.error_rate:.0%} of the time)", total=len(truth))

            def answered() -> None:
                progress.advance(own)
                progress.advance(total)

            try:
                return worker.work(clients[worker.username], name, truth, LABELS, stopped=stopped, answered=answered)
            except BaseException:
                stopped.set()  # the others need not go on for a demo that fails
                raise

        futures = {worker.username: threads.submit(answer_all, worker) for worker in WORKERS}
        try:
            return {username: future.result() for username, future in futures.items()}
        except BaseException:
            stopped.set()
            raise


def _message_about(place: Place, name: str) -> inbox.Message:
    """The message that told administrators of the job's completion.

    Raises:
        StackError: none came in time.
    """
    deadline = time.monotonic() + _MESSAGE_SECONDS
    while time.monotonic() < deadline:
        for message in inbox.read(place):
            words = message.subject + message.text
            if name in words and "Completed" in words:
                return message
        time.sleep(0.5)
    raise StackError(f"Administrators got no message within {_MESSAGE_SECONDS} seconds that {name} is Completed.")


def _show(console: Console, outcome: Outcome, lines: list[str], history: list[dict[str, Any]], message: inbox.Message) -> None:
    console.rule("Counters")
    console.print("   ".join(f"{name.replace('_', ' ')}: [bold]{count}[/]" for name, count in outcome.job["counters"].items()))

    console.rule(f"The first {_SHOWN_LINES} of {len(lines)} lines of the output manifest")
    for line in lines[:_SHOWN_LINES]:
        console.print(line, soft_wrap=True, markup=False)

    console.rule("Against the truth")
    table = Table("", "errs by design", "right", "accuracy")
    for worker in WORKERS:
        _add_score(table, worker.username, f"{worker.error_rate:.0%}", score(outcome.answers[worker.username], outcome.truth))
    table.add_section()
    _add_score(table, "consolidated labels", "", score(outcome.consolidated, outcome.truth), style="bold green")
    console.print(table)

    console.rule("The job's history")
    first = _instant(history[0]["at"]) if history else None
    for event in history:
        seconds = f"+{(_instant(event['at']) - first).total_seconds():.1f} s" if first else ""
        console.print(f"{event['at']}  {seconds:>9}  {event['type']}  {json.dumps(event['detail'])}", soft_wrap=True, markup=False)

    console.rule("What administrators received")
    console.print(f"{message.at}  {message.subject}\n\n{message.text}", soft_wrap=True, markup=False)


def _add_score(table: Table, who: str, error_rate: str, result: Score, style: str | None = None) -> None:
    table.add_row(who, error_rate, f"{result.right} of {result.pictures}", f"{result.accuracy:.1%}", style=style)


def _show_addresses(console: Console, place: Place, addresses: Addresses, job_path: str, output_manifest_uri: str) -> None:
    console.rule("Where to look")
    rows = {
        "API": addresses["api_url"],
        "This labeling job": f"GET {addresses['api_url']}{job_path}",
        "Output manifest": output_manifest_uri,
        "AWS on this machine": f"{addresses['endpoint_url']}  (any AWS client; key pair test/test, region {addresses['region']})",
        "Users and passwords": str(place.address_file),
        "Administrators' inbox": "make inbox",
        "What functions print": str(place.emulator_log),
    }
    for what, where in rows.items():
        console.print(f"{what:<22} {where}", soft_wrap=True, markup=False, highlight=False)


def _instant(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)
