# ruff: noqa: INP001 - a script that runs beside the package, not a part of one
"""How fast annotations are consolidated, per task type, and expectation maximisation beside a peer measured in the same run.

peer    crowd-kit's Dawid-Skene over the same 100,000 answers, as many rounds of the algorithm for both (20)
ours    the expectation maximisation of consolidation, all answers at once; and in calls of 50 objects, as the engine makes them

Answers are simulated: ten classes, five workers an object, out of 60 who err in 5 to 40 of 100 cases. "equal" is the share of objects
that get the same label from both. The table below it has objects per second through `consolidate`, in calls of 50 with three workers an
object, and the same with the tally of quality; masks are 640 x 480 pixels. Rounds are taken in turns so that a busy machine troubles all
alike, and medians printed.
Run: python benchmarks/consolidation.py [answers]
"""

import base64
import io
import platform
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "groundwork"))

import numpy as np
import pandas as pd
from crowdkit.aggregation import DawidSkene
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from groundwork.engine.answers import Answer
from groundwork.engine.consolidation import LabelContext, ObjectAnswers, consolidate
from groundwork.engine.consolidation.expectation_maximization import class_probabilities
from groundwork.engine.quality import Tally
from groundwork.engine.store import Identity
from groundwork.task_types import TASK_TYPES

# What is claimed.
TIMES_AS_FAST = 5.0
EQUAL = 0.99
ROUNDS = 3
CLASSES = 10
WORKERS = 60
WORKERS_PER_OBJECT = 5  # of the comparison; 3 in the table of types
CALL = 50
LABELS = [f"kind {number}" for number in range(CLASSES)]
AT = datetime(2026, 1, 5, 10, tzinfo=UTC)
IDENTITY = Identity("issuer", "sub")
COLORS = {"kind 0": "#2ca02c", "kind 1": "#1f77b4"}

type Votes = list[tuple[int, int, int]]  # object, worker, class


def simulated(answers: int, chance: random.Random) -> tuple[list[int], Votes]:
    errors = [chance.uniform(0.05, 0.4) for _ in range(WORKERS)]
    truth = [chance.randrange(CLASSES) for _ in range(answers // WORKERS_PER_OBJECT)]
    votes = []
    for item, right in enumerate(truth):
        for worker in chance.sample(range(WORKERS), WORKERS_PER_OBJECT):
            wrong = chance.random() < errors[worker]
            votes.append((item, worker, (right + chance.randrange(1, CLASSES)) % CLASSES if wrong else right))
    return truth, votes


def ours(votes: NDArray[np.intp]) -> list[int]:
    items, workers, choices = votes.T
    labels: list[int] = class_probabilities(items, workers, choices, CLASSES).argmax(axis=1).tolist()
    return labels


def ours_in_calls(votes: NDArray[np.intp]) -> list[int]:
    labels: list[int] = []
    for start in range(0, len(votes), CALL * WORKERS_PER_OBJECT):
        items, workers, choices = votes[start : start + CALL * WORKERS_PER_OBJECT].T
        # Numbers without gaps: not all workers are in every call.
        workers = np.unique(workers, return_inverse=True)[1]
        labels += ours(np.stack([items - items[0], workers, choices], axis=1))
    return labels


def crowd_kits(frame: pd.DataFrame) -> list[int]:
    with warnings.catch_warnings(action="ignore"):
        labels: list[int] = DawidSkene(n_iter=20).fit_predict(frame).sort_index().tolist()
    return labels


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def against_the_peer(answers: int, console: Console) -> bool:
    """Whether ours is at least so many times as fast, with labels that are at least as right and nearly always the same."""
    truth, votes = simulated(answers, random.Random(1))  # noqa: S311
    # Each in the form that it takes, made before the clock starts.
    array, frame = np.array(votes), pd.DataFrame(votes, columns=["task", "worker", "label"])
    methods: dict[str, Callable[[], list[int]]] = {
        "crowd-kit, all at once": partial(crowd_kits, frame),
        "ours, all at once": partial(ours, array),
        "ours, calls of 50": partial(ours_in_calls, array),
    }
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    labels: dict[str, list[int]] = {}
    for _ in range(ROUNDS):
        for name, method in methods.items():
            took, labels[name] = timed(method)
            seconds[name].append(took)
    peer = statistics.median(seconds["crowd-kit, all at once"])
    table = Table("method", "seconds", "answers/s", "times as fast", "accuracy", "equal", title=f"{len(votes):,} answers")
    for name in methods:
        median = statistics.median(seconds[name])
        table.add_row(
            name,
            f"{median:.2f}",
            f"{len(votes) / median:,.0f}",
            f"{peer / median:.1f}",
            f"{same(labels[name], truth):.4f}",
            f"{same(labels[name], labels['crowd-kit, all at once']):.4f}",
        )
    console.print(table)
    ours_is, theirs = same(labels["ours, all at once"], truth), same(labels["crowd-kit, all at once"], truth)
    equal = same(labels["ours, all at once"], labels["crowd-kit, all at once"])
    return peer / statistics.median(seconds["ours, all at once"]) >= TIMES_AS_FAST and equal >= EQUAL and ours_is >= theirs - (1 - EQUAL)


def same(some: Sequence[int], others: Sequence[int]) -> float:
    return sum(one == other for one, other in zip(some, others, strict=True)) / len(others)


def a_box(chance: random.Random) -> dict[str, Any]:
    left, top = chance.randrange(4) * 150, chance.randrange(3) * 150
    jitter = [chance.randrange(9) for _ in range(4)]
    edges = (left + jitter[0], top + jitter[1], 100 + jitter[2], 100 + jitter[3])
    return {"label": LABELS[0], **dict(zip(("left", "top", "width", "height"), edges, strict=True))}


def a_mask(chance: random.Random) -> dict[str, Any]:
    pixels = np.zeros((480, 640, 4), dtype=np.uint8)
    for label, left in (("kind 0", 50), ("kind 1", 350)):
        top, left = 50 + chance.randrange(9), left + chance.randrange(9)
        pixels[top : top + 300, left : left + 200] = [*bytes.fromhex(COLORS[label][1:]), 255]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {
        "labelMappings": {label: {"color": color} for label, color in COLORS.items()},
        "labeledImage": {"pngImageData": base64.b64encode(file.getvalue()).decode()},
        "inputImageProperties": {"width": 640, "height": 480},
    }


def an_entity(number: int, chance: random.Random) -> dict[str, Any]:
    start = number * 30 + chance.randrange(2)
    return {"label": LABELS[number % 3], "startOffset": start, "endOffset": start + 8}


TYPES: dict[str, tuple[int, Callable[[random.Random], dict[str, Any]]]] = {
    "ImageMultiClass": (2_000, lambda chance: {"label": chance.choice(LABELS)}),
    "ImageMultiClassMultiLabel": (2_000, lambda chance: {"labels": chance.sample(LABELS, 2)}),
    "BoundingBox": (
        1_000,
        lambda chance: {"boundingBoxes": [a_box(chance) for _ in range(5)], "inputImageProperties": {"width": 640, "height": 480}},
    ),
    "SemanticSegmentation": (50, a_mask),
    "NamedEntityRecognition": (1_000, lambda chance: {"entities": [an_entity(number, chance) for number in range(5)]}),
    "VerificationBoundingBox": (2_000, lambda chance: {"label": chance.choice(LABELS)}),
}


def an_answer(number: int, worker: int, content: dict[str, Any], element: str) -> Answer:
    return Answer(number, f"private.{worker}", IDENTITY, f"{number}-{worker}", AT, AT + timedelta(seconds=9), {element: content})


def per_type(console: Console) -> None:
    chance = random.Random(2)  # noqa: S311
    table = Table("task type", "objects", "objects/s", "with quality", title="three workers an object")
    for key, (count, content) in TYPES.items():
        context = LabelContext(TASK_TYPES[key], [{"label": label} for label in LABELS], "labeling-job/bench")
        element = context.task_type.element_name
        objects = [
            ObjectAnswers(
                [an_answer(number, worker, content(chance), element) for worker in chance.sample(range(9), 3)],
                "s3://o/mask.png",
            )
            for number in range(count)
        ]
        rates: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(ROUNDS):
            for with_quality, rate in rates.items():
                took, _ = timed(partial(through, context, objects, with_quality=with_quality))
                rate.append(count / took)
        table.add_row(key, f"{count:,}", *(f"{statistics.median(rate):,.0f}" for rate in rates.values()))
    console.print(table)


def through(context: LabelContext, objects: Sequence[ObjectAnswers], *, with_quality: bool) -> None:
    tally = Tally()
    for call in batched(objects, CALL, strict=False):
        for entry, label in zip(call, consolidate(context, call), strict=True):
            if with_quality:
                tally.add(context, entry, label)


def main() -> int:
    console = Console(width=110)
    console.print(f"Python {platform.python_version()}, {platform.machine()}, medians of {ROUNDS} rounds")
    holds = against_the_peer(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, console)
    per_type(console)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
