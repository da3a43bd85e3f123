# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How fast a manifest is read with all per-line rules on, beside a floor and a peer measured in the same run.

floor   msgspec's `decode_lines` over the same blocks: JSON decoding and nothing else
peer    a loop over `json.loads` with the everyday checks written out (one source, a string, the right ending)
ours    `lines` and `ManifestReader.read` for every line, as the launch does

Prints medians of several rounds, taken in turns so that a busy machine troubles all alike. Only the ratios are claims. The memory
columns are the peak of what Python allocates while a manifest streams through. Run: python benchmarks/manifest_reading.py [lines]
"""

import json
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "groundwork"))

import msgspec
from rich.console import Console
from rich.table import Table

from groundwork.manifest import ManifestExpectation, ManifestReader, lines

ROUNDS = 5
BLOCK_LINES = 8_000

IMAGES = ManifestExpectation("ImageMultiClass", "source-ref", is_image=True, max_objects=100_000, label_attribute="kind")
TEXTS = ManifestExpectation("TextMultiClass", "source", is_image=False, max_objects=100_000, label_attribute="mood")


def image_line(number: int) -> str:
    return (
        f'{{"source-ref":"s3://acme-labeling-data/projects/pets/datasets/2026-{number % 12:02}/img-{number:07}.jpg",'
        f'"batch":"A{number % 9}","camera":"north-gate"}}\n'
    )


def text_line(number: int) -> str:
    return (
        json.dumps({"source": f'Order {number} came late again; they said "tomorrow" for $5 — twice.\n', "batch": f"A{number % 9}"}) + "\n"
    )


def blocks(line: Callable[[int], str], count: int) -> Iterator[bytes]:
    """A manifest of `count` lines, in chunks of about a megabyte."""
    for start in range(0, count, BLOCK_LINES):
        yield "".join(map(line, range(start, min(start + BLOCK_LINES, count)))).encode()


def floor(chunks: list[bytes], _: ManifestExpectation) -> int:
    decode = msgspec.json.Decoder().decode_lines
    return sum(len(decode(chunk)) for chunk in chunks)


def peer(chunks: list[bytes], expectation: ManifestExpectation) -> int:
    expected = expectation.source_attribute
    other = "source" if expected == "source-ref" else "source-ref"
    good = 0
    for chunk in chunks:
        for raw in chunk.splitlines():
            attributes = json.loads(raw)
            source = attributes.get(expected)
            if (
                isinstance(source, str)
                and source.strip()
                and other not in attributes
                and not any(name.startswith("$") for name in attributes)
                and (not expectation.is_image or source.lower().endswith((".jpg", ".jpeg", ".png")))
            ):
                good += 1
    return good


def ours(chunks: list[bytes] | Iterator[bytes], expectation: ManifestExpectation) -> int:
    reader = ManifestReader(expectation)
    return sum(reader.read(raw, number).is_valid for number, raw in enumerate(lines(chunks)))


def seconds(
    run: Callable[[list[bytes], ManifestExpectation], int], chunks: list[bytes], expectation: ManifestExpectation, count: int
) -> float:
    started = time.perf_counter()
    read = run(chunks, expectation)
    elapsed = time.perf_counter() - started
    if read != count:
        raise SystemExit(f"{run.__name__} read {read} of {count} lines: the comparison is void")
    return elapsed


def peak_memory(line: Callable[[int], str], expectation: ManifestExpectation, count: int) -> float:
    """Megabytes that reading a streamed manifest of `count` lines holds at most."""
    tracemalloc.start()
    ours(blocks(line, count), expectation)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main(count: int) -> None:
    console = Console()
    table = Table(title=f"Reading a manifest of {count:,} lines, one core, median of {ROUNDS}")
    for heading in (
        "manifest",
        "floor, lines/s",
        "json, lines/s",
        "ours, lines/s",
        "of the floor",
        "times json",
        "peak MB, 1/10 of the lines",
        "peak MB",
    ):
        table.add_column(heading, justify="left" if heading == "manifest" else "right")
    for name, line, expectation in (("images", image_line, IMAGES), ("texts", text_line, TEXTS)):
        chunks = list(blocks(line, count))
        times: dict[str, list[float]] = {"floor": [], "peer": [], "ours": []}
        for _ in range(ROUNDS):
            for run in (floor, peer, ours):
                times[run.__name__].append(seconds(run, chunks, expectation, count))
        rate = {run: count / statistics.median(taken) for run, taken in times.items()}
        table.add_row(
            name,
            *(f"{rate[run]:,.0f}" for run in ("floor", "peer", "ours")),
            f"{rate['ours'] / rate['floor']:.0%}",
            f"{rate['ours'] / rate['peer']:.1f}",
            *(f"{peak_memory(line, expectation, lines_read):.1f}" for lines_read in (count // 10, count)),
        )
    console.print(table)
    console.print(f"Python {platform.python_version()}, msgspec {msgspec.__version__}, {platform.machine()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
