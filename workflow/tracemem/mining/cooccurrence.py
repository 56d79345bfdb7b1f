"""Words that stand in the same passages: their positive mutual information, and what spans it.

M is words x contexts, M_vw = max(0, ln(D D_vw / (D_v D_w))), the positive pointwise mutual
information of standing in the same passage (D passages, D_v with v, D_vw with both), as in Levy and
Goldberg 2014, "Neural word embedding as implicit matrix factorization". Contexts are the words of
most passages. Among them M is symmetric; its leading eigenvectors are found there, by a block
Krylov method (Musco and Musco 2015, "Randomized block Krylov methods for stronger and faster
approximate singular value decomposition"), and all other words are folded in.
"""

import itertools
import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from scipy.sparse import csr_array

from tracemem.ngrams.words import words

_BATCH = 1000  # documents split into words at once
_BLOCK = 64  # vectors multiplied at once: their rows are four lines of the cache each
_log = logging.getLogger(__name__)


class Incidence(NamedTuple):
    """Which passage holds which word.

    Attributes:
        vocabulary: words of two passages or more, those of most passages first, then by letters.
        held: 1 where a word stands in a passage, [words, passages].
    """

    vocabulary: list[str]
    held: csr_array


def incidence(documents: Sequence[str], window: int, pairs: int) -> Incidence:
    """Cut documents into passages of ``window`` words and note the words of each.

    No document is read after the one in which the passages together have more pairs of words than
    ``pairs``.
    """
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    passages = 0
    for start in range(0, len(documents), _BATCH):
        found = [words(text) for text in documents[start : start + _BATCH]]
        lengths = np.array([len(sequence) for sequence in found])
        number = np.fromiter(map(numbers.__getitem__, itertools.chain(*found)), np.int64)
        cuts = -(-lengths // window)  # passages of each document
        place = np.arange(len(number)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        passage = np.repeat(np.cumsum(cuts) - cuts, lengths) + place // window
        keys = np.sort(passage * len(numbers) + number)
        passage, word = np.divmod(
            keys[np.flatnonzero(np.diff(keys, prepend=-1))], max(1, len(numbers))
        )
        squares = np.cumsum(np.square(np.bincount(passage, minlength=cuts.sum())))
        # How far each document goes, in passages and in pairs of words.
        ends = np.cumsum(cuts)
        spent = np.concatenate(([0], squares))[ends]
        used = int(np.searchsorted(spent, pairs, side="right")) + 1
        pairs -= int(spent[-1])
        last = int(ends[min(used, len(ends)) - 1])
        rows.append(word[passage < last])
        columns.append(passage[passage < last] + passages)
        passages += last
        if pairs < 0:
            _log.info("lsa: %d of %d sampled documents used", start + used, len(documents))
            break
    row, column = np.concatenate(rows), np.concatenate(columns)
    spread = np.bincount(row, minlength=len(numbers))
    names = list(numbers)
    kept = sorted(np.flatnonzero(spread > 1).tolist(), key=lambda i: (-spread[i], names[i]))
    place = np.full(len(names), -1)
    place[kept] = np.arange(len(kept))
    row = place[row]
    held = csr_array(
        (np.ones((row >= 0).sum(), np.int8), (row[row >= 0], column[row >= 0])),
        shape=(len(kept), passages),
    )
    return Incidence([names[i] for i in kept], held)


class Information(NamedTuple):
    """M, row by row: that of word v is ``values[ends[v] : ends[v + 1]]``, of contexts ``columns``.

    Attributes:
        ends: int64, [words + 1].
        columns: int32.
        values: float32, nats.
    """

    ends: np.ndarray
    columns: np.ndarray
    values: np.ndarray


def information(held: csr_array, contexts: int) -> Information:
    """M of words (``Incidence.held``) and, as contexts, the first ``contexts`` of them."""
    words_of = held.T.tocsr()
    words_of.sort_indices()
    return Information(
        *_information(held.indptr, held.indices, words_of.indptr, words_of.indices, contexts)
    )


@numba.njit(cache=True)
def _information(passage_ends, passages, word_ends, words_of, contexts):
    together = np.zeros(contexts, np.int32)
    ends = np.zeros(len(passage_ends), np.int64)
    columns, values = np.empty(2 * contexts, np.int32), np.empty(2 * contexts, np.float32)
    for v in range(len(ends) - 1):
        start = end = ends[v]
        if start + contexts >= len(columns):
            columns = np.concatenate((columns, np.empty_like(columns)))
            values = np.concatenate((values, np.empty_like(values)))
        for i in range(passage_ends[v], passage_ends[v + 1]):
            p = passages[i]
            for j in range(word_ends[p], word_ends[p + 1]):
                w = words_of[j]
                if w >= contexts:
                    break
                columns[end] = w
                end += together[w] == 0
                together[w] += 1
        spread, kept = passage_ends[v + 1] - passage_ends[v], start
        for j in range(start, end):
            w = columns[j]
            expected = spread * (passage_ends[w + 1] - passage_ends[w]) / (len(word_ends) - 1)
            if together[w] > expected:
                columns[kept], values[kept] = w, math.log(together[w] / expected)
                kept += 1
            together[w] = 0
        ends[v + 1] = kept
    return ends, columns[:kept].copy(), values[:kept].copy()


@numba.njit(cache=True)
def _multiply(ends, columns, values, right, product):
    for v in range(len(ends) - 1):
        product[v] = 0
        j = ends[v]
        # Four at once, so that the sum is read and written a quarter as often.
        while j + 4 <= ends[v + 1]:
            a, b, c, d = columns[j], columns[j + 1], columns[j + 2], columns[j + 3]
            x, y, z, w = values[j], values[j + 1], values[j + 2], values[j + 3]
            for k in range(right.shape[1]):
                four = x * right[a, k] + y * right[b, k] + z * right[c, k] + w * right[d, k]
                product[v, k] += four
            j += 4
        for i in range(j, ends[v + 1]):
            for k in range(right.shape[1]):
                product[v, k] += values[i] * right[columns[i], k]


def multiply(matrix: Information, right: np.ndarray) -> np.ndarray:
    """M, or some rows of it, times ``right`` (float32, [contexts, vectors])."""
    product = np.empty((len(matrix.ends) - 1, right.shape[1]), np.float32)
    for first in range(0, right.shape[1], _BLOCK):
        part = np.ascontiguousarray(right[:, first : first + _BLOCK])
        found = np.empty((len(product), part.shape[1]), np.float32)
        _multiply(*matrix, part, found)
        product[:, first : first + _BLOCK] = found
    return product


def _orthonormal(block: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The directions of ``block`` that ``basis`` lacks, at right angles to one another (float32)."""
    for _ in range(2):
        block = block - basis @ (basis.T @ block)
        exact = block.astype(np.float64)
        # By a Cholesky factor of its products: ten times as fast as a QR decomposition.
        factor = np.linalg.cholesky(exact.T @ exact)
        block = (exact @ np.linalg.inv(factor).T).astype(np.float32)
    return block


def leading(
    matrix: Information, contexts: int, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of all words in the leading eigenvectors of M's contexts, and their eigenvalues.

    Returns:
        Float32, [words, dimensions], the entries of eigenvectors, of words beyond the contexts M's
        row times the eigenvectors by the eigenvalues; and float64, [dimensions], largest first
        without regard to sign, none of them 0.
    """
    core = matrix._replace(ends=matrix.ends[: contexts + 1])
    rest = matrix._replace(ends=matrix.ends[contexts:])
    # A basis that spans all contexts is exact; of a smaller one the better half is good.
    size = contexts if contexts <= 4 * dimensions else 2 * dimensions
    generator = np.random.default_rng(seed)
    basis, product = np.empty((contexts, size), np.float32), np.empty((contexts, size), np.float32)
    block = np.zeros((contexts, _BLOCK), np.float32)
    for first in range(0, size, _BLOCK):
        # A little chance goes on where the block has run out of directions.
        chance = generator.standard_normal(block.shape, np.float32)
        block = block + 1e-6 * max(1.0, float(np.abs(block).max())) * chance
        part = slice(first, min(first + _BLOCK, size))
        basis[:, part] = _orthonormal(block[:, : part.stop - first], basis[:, :first])
        product[:, part] = block = multiply(core, basis[:, part])
    small = (basis.T @ product).astype(np.float64)
    values, turns = np.linalg.eigh((small + small.T) / 2)
    order = np.argsort(-np.abs(values), kind="stable")[:dimensions]
    order = order[np.abs(values[order]) > 1e-6 * np.abs(values).max()]
    vectors = basis @ turns[:, order].astype(np.float32)
    folded = multiply(rest, vectors) / values[order].astype(np.float32)
    return np.concatenate([vectors, folded]), values[order]
