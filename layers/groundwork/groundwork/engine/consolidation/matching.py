"""Which shapes of different workers are the same thing: one group for each thing, at most one shape of each worker in a group."""

from collections.abc import Callable, Sequence

import lap
import numpy as np
from numpy.typing import NDArray

# Below this Jaccard index two shapes are two things. Ground Truth publishes no figure; this one is the field's usual.
SAME_THING = 0.5

type Likeness = NDArray[np.float64]


def matches(likeness: Likeness) -> list[tuple[int, int]]:
    """The pairs (row, column) whose likeness adds up to the most; no row or column twice, and no pair without any likeness."""
    if likeness.size == 0 or not likeness.any():
        return []
    _, columns, _ = lap.lapjv(likeness.max() - likeness, extend_cost=True)
    return [(row, int(column)) for row, column in enumerate(columns) if column >= 0 and likeness[row, column] > 0]


def groups_of_the_same[Shape: tuple[float, ...]](
    drawn: Sequence[Sequence[Shape]],
    likeness: Callable[[Sequence[Shape], Sequence[Shape]], Likeness],
    middle: Callable[[Sequence[Shape]], Shape],
) -> list[list[Shape]]:
    """What each worker drew, in groups of what is the same.

    Args:
        drawn: one sequence of shapes for each worker. Who is who does not matter.
        likeness: a row for each of the first shapes, a column for each of the second: 0 where they cannot be the same thing.
        middle: the shape that stands for a group.

    The worker who agrees most with all others comes first, so that one who is far off does not decide what the others' shapes are
    compared with. Every worker's shapes are matched as a whole with the groups so far; what matches none begins a group.
    """
    in_order = sorted(sorted(shapes) for shapes in drawn)
    agreement = [_agreement(shapes, in_order, likeness) for shapes in in_order]
    groups: list[list[Shape]] = []
    for worker in sorted(range(len(in_order)), key=lambda number: (-agreement[number], number)):
        shapes = in_order[worker]
        matched = matches(likeness([middle(group) for group in groups], shapes)) if groups and shapes else []
        for group, shape in matched:
            groups[group].append(shapes[shape])
        taken = {shape for _, shape in matched}
        groups.extend([shape] for number, shape in enumerate(shapes) if number not in taken)
    return groups


def is_kept(votes: int, workers: int) -> bool:
    """Whether a group stands: at least half of the workers drew it."""
    return 2 * votes >= workers


def _agreement[Shape: tuple[float, ...]](
    shapes: Sequence[Shape], others: Sequence[Sequence[Shape]], likeness: Callable[[Sequence[Shape], Sequence[Shape]], Likeness]
) -> float:
    total = 0.0
    for other in others:
        if shapes and other:
            alike = likeness(shapes, other)
            total += sum(float(alike[pair]) for pair in matches(alike))
    return total
