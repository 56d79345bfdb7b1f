"""The nearest other inputs of every example: those that share most words with it.

A model's probability of an answer after inputs like its own, that ask for something else, is what
it expects of the answer anyway: the contrast with them takes its prior out. Nearness is Jaccard's,
words shared over words of either; a neighbour has the same group and another target.
"""

import numpy as np
import pandas as pd
import scipy.sparse

from tracemem.jobs import draws
from tracemem.ngrams.words import words

_BLOCK = 1 << 24
"""Similarities held at once (float32, 64 MiB)."""


def nearest(examples: pd.DataFrame, count: int) -> pd.DataFrame:
    """The ``count`` nearest neighbours of every example, the nearest first.

    Of equally near ones a draw decides that depends on their places alone. An example whose group
    has fewer with another target has fewer.

    Args:
        examples: ``tables.EXAMPLES``.
        count: neighbours of each.

    Returns:
        Rows of ``tables.NEIGHBOURS``.
    """
    found: dict[int, tuple[list[int], list[float]]] = {}
    for _, members in examples.groupby("group", sort=False):
        numbers = members["example"].to_numpy()
        targets = pd.factorize(members["target"])[0]
        tie = draws.share(0, "neighbours", numbers)
        held, sizes = _words(members["input"])
        step = max(1, _BLOCK // len(numbers))
        for first in range(0, len(numbers), step):
            rows = slice(first, first + step)
            shared = (held[rows] @ held.T).toarray()
            near = shared / np.maximum(sizes[rows, None] + sizes[None] - shared, 1)
            near[targets[rows, None] == targets[None]] = -1
            for number, row in zip(numbers[rows], near, strict=True):
                order = _largest(row, tie, count)
                found[number] = numbers[order].tolist(), row[order].tolist()
    return pd.DataFrame(
        {
            "example": examples["example"],
            "neighbours": [found[number][0] for number in examples["example"]],
            "similarities": [found[number][1] for number in examples["example"]],
        }
    )


def _words(inputs: pd.Series) -> tuple[scipy.sparse.csr_array, np.ndarray]:
    """Which words each input holds (float32, [inputs, words]), and how many (float32, [inputs])."""
    known: dict[str, int] = {}
    held = [sorted({known.setdefault(word, len(known)) for word in words(x)}) for x in inputs]
    sizes = np.array([len(one) for one in held])
    places = np.array([place for one in held for place in one], np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    ones = np.ones(len(places), np.float32)
    shape = (len(held), max(1, len(known)))
    return scipy.sparse.csr_array((ones, places, ends), shape=shape), sizes.astype(np.float32)


def _largest(row: np.ndarray, tie: np.ndarray, count: int) -> np.ndarray:
    """Places of the largest similarities that are not -1, in order, ties by draw."""
    allowed = np.flatnonzero(row >= 0)
    if len(allowed) > count:
        least = np.partition(row[allowed], len(allowed) - count)[len(allowed) - count]
        allowed = allowed[row[allowed] >= least]
    return allowed[np.lexsort((tie[allowed], -row[allowed]))][:count]
