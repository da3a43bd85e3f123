# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""The built-in engine: what a labeling job of N objects costs its table, and whether memory stays flat.

    python benchmarks/engine.py [--objects 1000 10000 100000] [--labeled 500] [--lines 1000000] [--race 1000 500 3] [--endpoint http://127.0.0.1:4566]

Loads a job, has one worker lease and answer `--labeled` of its objects, ends it and writes its output, through the functions' own code.
Every request to the table is counted as the client sends it, and every item as it is read; the limits are those of the project: at most
6 requests per object from load to output, at most 30 items read per lease, whatever the job's size. With `--endpoint` table and bucket
lie in a running local stack, and peak memory is that of the engine alone; without, moto keeps them in this process. Then it puts an
output manifest of `--lines` lines together from its parts. `--race` has so many workers compete for leases on so many objects that need so
many answers each, and counts: exactly as many answers as are needed, never two of one worker to one object.
"""

import argparse
import json
import resource
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.client import BaseClient
from botocore.config import Config
from moto import mock_aws
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1] / "layers" / "groundwork"))

from groundwork.access import Caller
from groundwork.engine.jobs import EngineJob, JobStatus, WaitOutcome
from groundwork.engine.loading import load_tasks, plan_loading
from groundwork.engine.output import RUN, Output
from groundwork.engine.output_tree import OutputParts, OutputTree
from groundwork.engine.store import EngineStore
from groundwork.engine.work import Work, Worker
from groundwork.labeling_functions import LabelingFunctions
from groundwork.task_types import TASK_TYPES, built_in_lambda_arns

REQUESTS_PER_OBJECT = 6
ITEMS_PER_LEASE = 30
BUCKET = "groundwork-benchmark"
REGION = "us-east-1"
# None of these jobs has functions of its own, so they are never invoked.
FUNCTIONS = LabelingFunctions(seconds=1)
CONSOLE = Console(highlight=False, soft_wrap=True)


@dataclass
class Meter:
    """Counts a DynamoDB client's requests, and the items that reads give."""

    requests: Counter[str] = field(default_factory=Counter)
    items: int = 0

    def watch(self, client: Any) -> None:
        client.meta.events.register("before-call.dynamodb", self._count_request)
        client.meta.events.register("after-call.dynamodb", self._count_items)

    def _count_request(self, model: Any, **_: object) -> None:
        self.requests[model.name] += 1

    def _count_items(self, parsed: dict[str, Any], **_: object) -> None:
        self.items += parsed.get("ScannedCount", 0) + ("Item" in parsed)
        self.items += sum(len(found) for found in parsed.get("Responses", {}).values()) if isinstance(parsed.get("Responses"), dict) else 0

    @contextmanager
    def reading(self) -> Iterator[Counter[str]]:
        """What is counted meanwhile: requests by operation, and `items`."""
        requests, items = self.requests.copy(), self.items
        counted: Counter[str] = Counter()
        yield counted
        counted.update(self.requests - requests)
        counted["items"] = self.items - items


def request_for(name: str, answers: int = 1) -> dict[str, Any]:
    arns = built_in_lambda_arns(TASK_TYPES["ImageMultiClass"], REGION, "aws")
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "kind",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/{name}.manifest"}}},
        "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/output/"},
        "LabelCategoryConfigS3Uri": f"s3://{BUCKET}/labels.json",
        "HumanTaskConfig": {
            "WorkteamArn": f"arn:aws:sagemaker:{REGION}:123456789012:workteam/private-crowd/vets",
            "PreHumanTaskLambdaArn": arns.pre_annotation,
            "TaskTitle": "Kinds",
            "TaskDescription": "Choose the kind",
            "NumberOfHumanWorkersPerDataObject": answers,
            "TaskTimeLimitInSeconds": 300,
        },
    }


def open_for_work(name: str, dynamodb: Any, table: str) -> None:
    """As the machine's OpenForWork."""
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": f"JOB#{name}"}, "sk": {"S": "JOB"}},
        UpdateExpression="SET #status = :in_progress",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":in_progress": {"S": JobStatus.IN_PROGRESS.value}},
    )


def run_job(objects: int, labeled: int, dynamodb: Any, s3: Any, table: str) -> bool:
    """One job; prints its figures and says whether they are within the limits."""
    name = f"bench-{objects}-{uuid.uuid4().hex[:6]}"
    lines = (json.dumps({"source-ref": f"s3://{BUCKET}/pictures/{number:07d}.jpg"}, separators=(",", ":")) for number in range(objects))
    s3.put_object(Bucket=BUCKET, Key=f"{name}.manifest", Body="\n".join(lines).encode() + b"\n")
    s3.put_object(Bucket=BUCKET, Key="labels.json", Body=b'{"labels":[{"label":"cat"},{"label":"dog"}]}')
    meter, store = Meter(), EngineStore(dynamodb, table)
    meter.watch(dynamodb)
    now = datetime.now(UTC)
    store.create_job(
        EngineJob(name, f"arn:aws:sagemaker:{REGION}:1:labeling-job/{name}", request_for(name), JobStatus.INITIALIZING, now, now)
    )

    started = time.perf_counter()
    with meter.reading() as loading:
        ranges = plan_loading(name, store, s3)
        load_tasks(name, 0, store, s3, FUNCTIONS)
        first_work = time.perf_counter() - started
        for number in range(1, ranges):
            load_tasks(name, number, store, s3, FUNCTIONS)
    load_seconds = time.perf_counter() - started
    CONSOLE.print(f"{objects:,} objects in {ranges} ranges: loaded in {load_seconds:.1f} s, first lease after {first_work:.2f} s")
    open_for_work(name, dynamodb, table)

    work = Work(store, s3, region=REGION)
    ann = work.worker(Caller("ann", frozenset({"vets"}), "https://issuer", "sub-of-ann"))
    count = min(labeled, objects)
    items_per_lease = []
    started = time.perf_counter()
    with meter.reading() as labeling:
        for _ in range(count):
            with meter.reading() as leasing:
                lease = work.take_lease(ann, name, now)
            items_per_lease.append(leasing["items"])
            if lease is None:
                raise RuntimeError("there was no work")
            work.answer(ann, lease.hold.lease_id, {"crowd-image-classifier": {"label": "cat"}}, now)
    label_seconds = time.perf_counter() - started

    output = Output(store, s3, BUCKET, FUNCTIONS)
    outcome = WaitOutcome.DONE if count == objects else WaitOutcome.STOPPED
    started = time.perf_counter()
    with meter.reading() as finishing:
        for number in output.plan(name, RUN, outcome) or ():
            output.consolidate(name, number, RUN)
        output.assemble(name, RUN, datetime.now(UTC))
    finish_seconds = time.perf_counter() - started

    requests = {
        step: sum(number for kind, number in counted.items() if kind != "items") / per
        for step, counted, per in (("load", loading, objects), ("label", labeling, count), ("output", finishing, objects))
    }
    total, most_items = sum(requests.values()), max(items_per_lease)
    CONSOLE.print(
        f"  table requests per object: {', '.join(f'{step} {number:.3f}' for step, number in requests.items())}; in all {total:.2f}"
    )
    CONSOLE.print(f"  items read per lease: {sum(items_per_lease) / count:.1f} on average, {most_items} at most")
    CONSOLE.print(f"  {count:,} of them labeled by one worker in {label_seconds:.1f} s, output written in {finish_seconds:.1f} s")
    CONSOLE.print(f"  peak memory so far: {_peak_mib():.0f} MiB")
    return total <= REQUESTS_PER_OBJECT and most_items <= ITEMS_PER_LEASE


def assemble(lines: int, s3: Any) -> None:
    """An output manifest from parts of 10,000 lines."""
    now = datetime.now(UTC)
    job = EngineJob("bench-assembly", "arn", request_for("bench-assembly"), JobStatus.IN_PROGRESS, now, now)
    parts, tree = OutputParts(job, s3, BUCKET, RUN), OutputTree(job, s3)
    metadata = {"confidence": 0.95, "job-name": "labeling-job/bench", "class-name": "cat", "human-annotated": "yes"}
    line = json.dumps({"source-ref": f"s3://{BUCKET}/pictures/0000000.jpg", "kind": 0, "kind-metadata": metadata}).encode() + b"\n"
    part = line * 10_000
    count = lines // 10_000
    for number in range(count):
        parts.put(number, BytesIO(part))
    before, started = _peak_mib(), time.perf_counter()
    tree.put_manifest(chunk for number in range(count) for chunk in parts.chunks(number))
    seconds = time.perf_counter() - started
    size = s3.head_object(Bucket=BUCKET, Key="output/bench-assembly/manifests/output/output.manifest")["ContentLength"]
    growth = _peak_mib() - before
    CONSOLE.print(f"{lines:,} lines ({size / 2**20:.0f} MiB) from {count} parts in {seconds:.1f} s; peak memory grew by {growth:.0f} MiB")
    parts.drop(count)


def race(workers: int, objects: int, answers: int, dynamodb: Any, s3: Any, table: str) -> bool:
    """Workers who all want work at once, each on a thread of its own; prints what came of it and says whether it is exact."""
    name = f"race-{uuid.uuid4().hex[:6]}"
    request = request_for(name, answers)
    lines = (json.dumps({"source-ref": f"s3://{BUCKET}/pictures/{number:07d}.jpg"}) for number in range(objects))
    s3.put_object(Bucket=BUCKET, Key=f"{name}.manifest", Body="\n".join(lines).encode() + b"\n")
    s3.put_object(Bucket=BUCKET, Key="labels.json", Body=b'{"labels":[{"label":"cat"},{"label":"dog"}]}')
    store, now = EngineStore(dynamodb, table), datetime.now(UTC)
    store.create_job(EngineJob(name, f"arn:aws:sagemaker:{REGION}:1:labeling-job/{name}", request, JobStatus.INITIALIZING, now, now))
    for number in range(plan_loading(name, store, s3)):
        load_tasks(name, number, store, s3, FUNCTIONS)
    open_for_work(name, dynamodb, table)
    work = Work(store, s3, region=REGION)
    crew = [work.worker(Caller(f"w{n}", frozenset({"vets"}), "https://issuer", f"sub-{n}")) for n in range(workers)]
    start = threading.Barrier(workers)

    def labor(worker: Worker) -> int:
        start.wait()
        done = 0
        while lease := work.take_lease(worker, name, now):
            work.answer(worker, lease.hold.lease_id, {"crowd-image-classifier": {"label": "cat"}}, now)
            done += 1
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        accepted = sum(pool.map(labor, crew))
    seconds = time.perf_counter() - started
    kept = [(answer.task, answer.worker_id) for shard in store.shards(name) for answer in store.answers(name, shard.number)]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"output/{name}/annotations/answers/")
    copies = sum(page["KeyCount"] for page in pages)
    per_object = Counter(Counter(task for task, _ in kept).values())
    CONSOLE.print(f"{workers:,} workers race for {objects:,} objects x {answers} answers in {seconds:.0f} s:")
    CONSOLE.print(f"  {accepted:,} accepted, {len(kept):,} in the table, {copies:,} in S3; objects by answers {dict(per_object)}")
    CONSOLE.print(f"  {len(kept) - len(set(kept))} twice by one worker; {work.with_others(crew[0], name, now)} leases left open")
    return accepted == len(kept) == len(set(kept)) == copies == objects * answers and per_object == {answers: objects}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Template(yaml.SafeLoader):
    """The table's schema does not use CloudFormation's functions, so they may be anything."""


_Template.add_multi_constructor("!", lambda *_: None)


def _create_table(dynamodb: Any) -> str:
    document = yaml.load((Path(__file__).parents[1] / "template.yaml").read_text(), _Template)  # noqa: S506 - a SafeLoader
    properties = document["Resources"]["EngineTable"]["Properties"]
    wanted = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")}
    table = f"benchmark-{uuid.uuid4().hex[:6]}"
    dynamodb.create_table(TableName=table, **wanted)
    return table


def one_at_a_time() -> None:
    """Requests of all threads one after the other: moto's operations are not atomic between threads, as DynamoDB's are."""
    lock, call = threading.Lock(), BaseClient._make_api_call  # type: ignore[attr-defined]

    def alone(*arguments: Any) -> Any:
        with lock:
            return call(*arguments)

    BaseClient._make_api_call = alone  # type: ignore[attr-defined]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--labeled", type=int, default=500)
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--race", type=int, nargs=3, metavar=("WORKERS", "OBJECTS", "ANSWERS"))
    parser.add_argument("--endpoint")
    given = parser.parse_args()
    session = boto3.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106
    mock = mock_aws()
    if given.endpoint is None:
        mock.start()
    s3 = session.client("s3", endpoint_url=given.endpoint)
    s3.create_bucket(Bucket=BUCKET)
    table = _create_table(session.client("dynamodb", endpoint_url=given.endpoint))
    kept = [
        run_job(objects, given.labeled, session.client("dynamodb", endpoint_url=given.endpoint), s3, table) for objects in given.objects
    ]
    if given.lines:
        assemble(given.lines, s3)
    if given.race:
        # As many at once as threads can use; a client repeats what meets another's transaction.
        many = Config(max_pool_connections=50, retries={"mode": "standard", "total_max_attempts": 6})
        dynamodb, files = (session.client(service, endpoint_url=given.endpoint, config=many) for service in ("dynamodb", "s3"))
        if given.endpoint is None:
            one_at_a_time()
        kept.append(race(*given.race, dynamodb, files, table))
    session.client("dynamodb", endpoint_url=given.endpoint).delete_table(TableName=table)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
