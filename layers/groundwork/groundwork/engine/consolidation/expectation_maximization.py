"""Which class each item has, from the answers of workers of unknown reliability.

A variant of Dawid and Skene's expectation maximisation with smoothed confusion matrices. It is what AWS published as Ground Truth's
reference consolidation of classes, and it reproduces the labels and confidences of a published labeling job (facts, section 5.6).
"""

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.intp]
type Shares = NDArray[np.float64]

_FIRST_ACCURACY = 0.7
_EPOCHS = 20
_SMALLEST_CHANGE = 1e-8


def class_probabilities(items: Numbers, workers: Numbers, answers: Numbers, classes: int) -> Shares:
    """The probability of each class for each item, shape (items, classes); rows add up to 1.

    The three arrays have one entry for each answer: whose item and which worker (both numbered from 0 without gaps, one answer of a worker
    to an item), which of the `classes` they chose. The order of the answers and which worker has which number change nothing, not even
    in the last bit.

    Every worker has a confusion matrix: a row for each true class, how often they answer what. It is their (soft) counts, plus as many
    answers again as they gave, spread by their own accuracy, plus half as many spread by everybody's accuracy in the epoch before. Only
    its columns of answers that the worker did give are ever needed, so only those are kept.
    """
    workers = _in_order_of_their_answers(items, workers, answers, classes)
    order = np.argsort(items * (workers.max() + 1) + workers)
    items, workers, answers = items[order], workers[order], answers[order]
    item_starts = np.flatnonzero(np.diff(items, prepend=-1))

    # A column is a worker and an answer they gave. `by_column` puts the answers in the order of columns, which is one of workers too.
    choice = workers * classes + answers
    used = np.bincount(choice) > 0
    columns, column_of = np.flatnonzero(used), (np.cumsum(used) - 1)[choice]
    column_answer, column_worker = columns % classes, columns // classes
    # In the narrowest type, by which numpy sorts in linear time.
    by_column = np.argsort(column_of.astype(np.min_scalar_type(len(columns))), kind="stable")
    items_by_column, column_starts = items[by_column], np.flatnonzero(np.diff(column_of[by_column], prepend=-1))
    worker_starts = np.flatnonzero(np.diff(column_worker, prepend=-1))
    given = np.bincount(workers).astype(float)  # answers of each worker

    # Items' answers are multiplied one after the other, first all first ones: that is faster than item by item, and there are few.
    turn = np.arange(len(items)) - item_starts[items]
    turns = [np.flatnonzero(turn == number) for number in range(turn.max() + 1)]
    rounds = [(slice(None) if len(now) == len(item_starts) else items[now], column_of[now]) for now in turns]

    at_answer = (np.arange(len(columns)), column_answer)

    posteriors = np.full((len(item_starts), classes), 1 / classes)
    likelihood = _spread(np.full(len(columns), _FIRST_ACCURACY), column_answer, classes)
    everybodys_accuracy, before = _FIRST_ACCURACY, np.nan  # nothing is close to nan
    for _ in range(_EPOCHS):
        with np.errstate(divide="ignore"):
            scores = np.repeat(np.log(posteriors.mean(axis=0))[None, :], len(item_starts), axis=0)
            log_likelihoods = np.log(likelihood)
        for who, which in rounds:
            scores[who] += log_likelihoods.take(which, axis=0)
        best = scores.max(axis=1, keepdims=True)
        weights = np.exp(scores - best)
        sums = weights.sum(axis=1, keepdims=True)
        posteriors = weights / sums
        log_likelihood = float((best + np.log(sums)).sum())
        if abs(log_likelihood - before) <= _SMALLEST_CHANGE * abs(before):
            break
        before = log_likelihood

        counts = np.add.reduceat(posteriors.take(items_by_column, axis=0), column_starts)
        true_classes = np.add.reduceat(counts, worker_starts)  # how many items of each class each worker saw
        accuracies = np.add.reduceat(counts[at_answer], worker_starts) / given
        own = _spread(accuracies[column_worker], column_answer, classes)
        all_workers = _spread(np.full(len(columns), everybodys_accuracy), column_answer, classes)
        n = given[column_worker][:, None]
        likelihood = (counts + n * own + n / 2 * all_workers) / (true_classes + 1.5 * given[:, None])[column_worker]
        everybodys_accuracy = float(accuracies.mean())
    return posteriors


def _spread(accuracies: Shares, answers: Numbers, classes: int) -> Shares:
    """For each column: how likely its answer is under each true class, for workers who err by these accuracies and without preference."""
    spread = np.repeat(((1 - accuracies) / max(classes - 1, 1))[:, None], classes, axis=1)
    spread[np.arange(len(answers)), answers] = accuracies
    return spread


def _in_order_of_their_answers(items: Numbers, workers: Numbers, answers: Numbers, classes: int) -> Numbers:
    """Workers numbered anew by what they answered. Two who answered the same may change places: all that follows is equal for both."""
    given = items * classes + answers
    order = np.argsort(workers * (given.max() + 1) + given)
    of_worker = [part.tobytes() for part in np.split(given[order], np.cumsum(np.bincount(workers))[:-1])]
    rank = np.empty(len(of_worker), dtype=np.intp)
    rank[sorted(range(len(of_worker)), key=of_worker.__getitem__)] = np.arange(len(of_worker))
    return rank[workers]
