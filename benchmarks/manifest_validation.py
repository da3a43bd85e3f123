# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How fast the lines of a manifest are validated with all per-line rules on, beside a floor and two peers measured in the same run.

floor     msgspec's `decode_lines` over the same blocks: JSON decoding and nothing else
json      a loop over `json.loads` with the everyday checks written out (one source, a string, no reserved name, the right ending)
pydantic  a loop over a pydantic model that makes the same checks
ours      `blocks` and `ManifestReader.read_block`, as a survey of a shard does

Prints medians of several rounds of processor time, taken in turns so that a busy machine troubles all alike. Only the ratios are claims: at
least 50 % of the floor, 4 times json, 2 times pydantic. The memory columns are the peak of what Python allocates while a manifest streams
through, at a tenth of the lines, at all of them and at ten times as many. Exits with 1 when a claim does not hold.
Run: python benchmarks/manifest_validation.py [lines]
"""

import json
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "groundwork"))

import msgspec
import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from rich.console import Console
from rich.table import Table

from groundwork.manifest import ManifestExpectation, ManifestReader, blocks

ROUNDS = 5
BLOCK_LINES = 8_000
ENDINGS = (".jpg", ".jpeg", ".png")

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


def manifest(line: Callable[[int], str], count: int) -> Iterator[bytes]:
    """A manifest of `count` lines, in chunks of about a megabyte."""
    for start in range(0, count, BLOCK_LINES):
        yield "".join(map(line, range(start, min(start + BLOCK_LINES, count)))).encode()


def floor(chunks: list[bytes], _: ManifestExpectation) -> int:
    decode = msgspec.json.Decoder().decode_lines
    return sum(len(decode(chunk)) for chunk in chunks)


def json_loop(chunks: list[bytes], expectation: ManifestExpectation) -> int:
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
                and (not expectation.is_image or source.lower().endswith(ENDINGS))
            ):
                good += 1
    return good


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


def _image(uri: str) -> str:
    if not uri.lower().endswith(ENDINGS):
        raise ValueError("no image")
    return _filled(uri)


class _Line(BaseModel):
    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _names(self) -> "_Line":
        extra = self.model_extra or {}
        if any(name.startswith("$") or name in {"source", "source-ref"} for name in extra):
            raise ValueError("a name")
        return self


class _ImageLine(_Line):
    source: Annotated[str, AfterValidator(_image)] = Field(alias="source-ref")


class _TextLine(_Line):
    source: Annotated[str, AfterValidator(_filled)]


def pydantic_loop(chunks: list[bytes], expectation: ManifestExpectation) -> int:
    adapter: TypeAdapter[Any] = TypeAdapter(_ImageLine if expectation.is_image else _TextLine)
    return sum(adapter.validate_json(raw) is not None for chunk in chunks for raw in chunk.splitlines())


def ours(chunks: list[bytes] | Iterator[bytes], expectation: ManifestExpectation) -> int:
    reader = ManifestReader(expectation)
    good = 0
    for block in blocks(chunks):
        reading = reader.read_block(block, good)
        good += len(reading.sources) - len(reading.faults)
    return good


RUNS = {"floor": floor, "json": json_loop, "pydantic": pydantic_loop, "ours": ours}


def seconds(run: Callable[..., int], chunks: list[bytes], expectation: ManifestExpectation, count: int) -> float:
    started = time.process_time()
    read = run(chunks, expectation)
    elapsed = time.process_time() - started
    if read != count:
        raise SystemExit(f"{run.__name__} read {read} of {count} lines: the comparison is void")
    return elapsed


def peak_memory(line: Callable[[int], str], expectation: ManifestExpectation, count: int) -> float:
    """Megabytes that reading a streamed manifest of `count` lines holds at most."""
    tracemalloc.start()
    ours(manifest(line, count), expectation)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main(count: int) -> None:
    console = Console(width=130)
    table = Table(title=f"Validating {count:,} lines, one core, median of {ROUNDS}, thousands of lines a second")
    table.add_column("manifest")
    for heading in (*RUNS, "of the floor", "times json", "times pydantic", "peak MB at 1/10", "at 1", "at 10"):
        table.add_column(heading, justify="right")
    holds = True
    for name, line, expectation in (("images", image_line, IMAGES), ("texts", text_line, TEXTS)):
        chunks = list(manifest(line, count))
        times: dict[str, list[float]] = {name: [] for name in RUNS}
        for _ in range(ROUNDS):
            for key, run in RUNS.items():
                times[key].append(seconds(run, chunks, expectation, count))
        rate = {key: count / statistics.median(taken) for key, taken in times.items()}
        of_floor, times_json, times_pydantic = (rate["ours"] / rate[key] for key in ("floor", "json", "pydantic"))
        del chunks
        peaks = [peak_memory(line, expectation, lines) for lines in (count // 10, count, count * 10)]
        holds = holds and of_floor >= 0.5 and times_json >= 4 and times_pydantic >= 2 and peaks[-1] < 1.5 * peaks[0]
        table.add_row(
            name,
            *(f"{rate[key] / 1000:,.0f}" for key in RUNS),
            f"{of_floor:.0%}",
            f"{times_json:.1f}",
            f"{times_pydantic:.1f}",
            *(f"{peak:.1f}" for peak in peaks),
        )
    console.print(table)
    console.print(f"Python {platform.python_version()}, msgspec {msgspec.__version__}, pydantic {pydantic.VERSION}, {platform.machine()}")
    if not holds:
        raise SystemExit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
