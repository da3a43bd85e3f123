# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How many S3 requests it takes to check 100,000 data objects in 10 prefixes, beside what is inevitable and what is usual.

floor   one listing request per 1,000 keys, the most that S3 gives in one answer
peer    one HEAD request per object, as validators commonly do (not run: it is one request per object by construction)
ours    the whole validation of an image manifest: plan, survey, compare, conclude, with its work
        objects, a sample of the images, and the settings of the bucket

Requests are counted as botocore sends them to moto, so the figures are exact and the same on every machine. Required: at most 120.
Exits with 1 when it is more. Run: python benchmarks/object_checks.py
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from moto import mock_aws  # isort: skip - before anything that makes a client

os.environ.update({"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"})
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "groundwork"))

import boto3
from moto.s3.models import s3_backends
from rich.console import Console
from rich.table import Table

from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.manifest import ManifestExpectation
from groundwork.manifest_validation import ManifestValidation, ValidationRequest

OBJECTS, PREFIXES, REQUIRED = 100_000, 10, 120
BUCKET = "acme-labeling-data"
MANIFEST = S3Uri(BUCKET, "projects/pets/manifests/all.manifest")
LOCATIONS = DataLocations.of([DataLocation("default", S3Uri(BUCKET, "projects/pets/"), LocationAccess.READ_WRITE)])
EXPECTATION = ManifestExpectation("ImageMultiClass", "source-ref", is_image=True, max_objects=OBJECTS, label_attribute="kind")


def key(number: int) -> str:
    """Neighbours in the manifest lie in different prefixes, so that its order is of no help."""
    return f"projects/pets/datasets/camera-{number % PREFIXES}/{number // PREFIXES:06}.jpg"


def fill() -> None:
    """The objects, put where moto keeps them (through its HTTP side it would take minutes), and their manifest."""
    backend = s3_backends["123456789012"]["aws"]
    for number in range(OBJECTS):
        backend.put_object(BUCKET, key(number), b"\xff\xd8\xff\xe0")  # what a JPEG begins with
    lines = "".join(json.dumps({"source-ref": f"s3://{BUCKET}/{key(number)}"}) + "\n" for number in range(OBJECTS))
    backend.put_object(MANIFEST.bucket, MANIFEST.key, lines.encode())


def validate(s3: Any) -> int:
    """Run all phases as the validation machine does; how many errors there are."""
    request = ValidationRequest("pets", MANIFEST, EXPECTATION, report=S3Uri(BUCKET, "projects/pets/report.json"))
    validation = ManifestValidation(s3, request, locations=LOCATIONS, work=S3Uri(BUCKET, "work/"))
    plan = validation.plan()
    surveys = [validation.survey(plan, shard) for shard in plan.shards]
    faulty = [partition for partition in plan.partitions if validation.compare(plan, surveys, partition)]
    return validation.conclude(plan, surveys, faulty).errors


@mock_aws
def main() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    shown = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["Access-Control-Allow-Origin"]}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [shown]})
    fill()
    sent: Counter[str] = Counter()
    s3.meta.events.register("before-send.s3", lambda request, event_name, **_: sent.update([event_name.rpartition(".")[2]]))  # noqa: ARG005
    errors = validate(s3)
    table = Table("", "S3 requests", title=f"Checking {OBJECTS:,} objects in {PREFIXES} prefixes")
    table.add_row("floor: listings of 1,000 keys", f"{OBJECTS // 1000:,}")
    table.add_row("peer: one HEAD per object", f"{OBJECTS:,}")
    table.add_row("ours: the whole validation", f"{sent.total():,}")
    console = Console()
    console.print(table)
    console.print(f"{dict(sent)}; {errors} errors found; required: at most {REQUIRED} requests and no error")
    sys.exit(sent.total() > REQUIRED or errors > 0)


if __name__ == "__main__":
    main()
