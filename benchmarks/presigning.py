# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How many presigned URLs a second, beside a floor and two peers measured in the same run.

floor   the two hashes that any SigV4 query signature needs: SHA-256 of the request, HMAC with the day's signing key
peer    botocore's `S3SigV4QueryAuth` used directly on a bare request
peer    the client's `generate_presigned_url`, which everybody uses
ours    `Presigner.url`, as worker pages and previews use it

Prints medians of several rounds, taken in turns so that a busy machine troubles all alike. Only the ratio is a claim: at least 2.5 times
`generate_presigned_url`, with the same bytes. Exits with 1 when it does not hold. Run: python benchmarks/presigning.py
"""

import hashlib
import hmac
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "groundwork"))

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from rich.console import Console
from rich.table import Table

from groundwork.data_locations import S3Uri
from groundwork.presigning import Presigner

ROUNDS = 7
URLS = 2_000
SECONDS = 600
REQUIRED = 2.5
ACCESS_KEY, SECRET_KEY, TOKEN = "ASIAEXAMPLE", "secret/of+no=body", "token+/=" * 40
OBJECTS = [S3Uri("acme-labeling-data", f"projects/pets/datasets/2026-{number % 12:02}/día {number:07}.jpg") for number in range(URLS)]


def client() -> Any:
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token=TOKEN,
        config=Config(signature_version="s3v4"),
    )


def floor() -> Iterator[str]:
    key, form = b"k" * 32, "x" * 900
    for uri in OBJECTS:
        request = hashlib.sha256(f"{form}{uri.key}".encode()).hexdigest()
        yield hmac.digest(key, f"AWS4-HMAC-SHA256\n20261123T120000Z\nscope\n{request}".encode(), "sha256").hex()


def botocores_signer() -> Iterator[str]:
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
    for uri in OBJECTS:
        request = AWSRequest("GET", f"https://{uri.bucket}.s3.amazonaws.com/{quote(uri.key, safe='/~')}")
        S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires=SECONDS).add_auth(request)
        yield str(request.url)


def botocores_client() -> Iterator[str]:
    s3 = client()
    for uri in OBJECTS:
        yield s3.generate_presigned_url("get_object", Params={"Bucket": uri.bucket, "Key": uri.key}, ExpiresIn=SECONDS)


def ours() -> Iterator[str]:
    presigner = Presigner(client(), SECRET_KEY, SECONDS)
    for uri in OBJECTS:
        yield presigner.url(uri, datetime.now(UTC))


def rate(make: Callable[[], Iterator[str]]) -> float:
    urls = make()
    next(urls)  # makes the client, which is no part of the figure
    start = time.perf_counter()
    count = sum(1 for _ in urls)
    return count / (time.perf_counter() - start)


def differing() -> int:
    """How many of our URLs are not what the client makes of the same inputs."""
    presigner = Presigner(client(), SECRET_KEY, SECONDS)
    different = 0
    for uri, url in zip(OBJECTS, botocores_client(), strict=True):
        signed_at = datetime.strptime(parse_qs(urlsplit(url).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
        different += presigner.url(uri, signed_at) != url
    return different


def main() -> None:
    makers = {
        "floor: two hashes": floor,
        "peer: botocore's S3SigV4QueryAuth": botocores_signer,
        "peer: generate_presigned_url": botocores_client,
        "ours: Presigner": ours,
    }
    rates: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            rates[name].append(rate(make))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    peer = medians["peer: generate_presigned_url"]
    table = Table(
        "", "URLs a second", "times the client", title=f"Presigned URLs; {platform.machine()}, Python {platform.python_version()}"
    )
    for name, median in medians.items():
        table.add_row(name, f"{median:,.0f}", f"{median / peer:.1f}")
    console = Console()
    console.print(table)
    different = differing()
    console.print(f"{different} of {URLS:,} URLs differ from botocore's; required: 0, and {REQUIRED} times its client")
    sys.exit(different > 0 or medians["ours: Presigner"] < REQUIRED * peer)


if __name__ == "__main__":
    main()
