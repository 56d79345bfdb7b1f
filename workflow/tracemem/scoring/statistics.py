"""Rank statistics over items of examples and answers: interval, p-values, correction of families.

Items of one example share a context, and items of one answer (s_y), which recurs over examples,
share what the corpus and the model make of it whatever the question. So nothing here takes items
as independent: standard errors are clustered both ways (Cameron, Gelbach and Miller 2011),

    V = V_example + V_answer - V_both,  never below the larger of the first two,

with V_c the sum over clusters of the squared sum of what each item adds: for the interval its
influence on the statistic (its derivative by the item's weight), for the test its product of ranks.

    interval  Student's t on the scale of Fisher's z, with one degree of freedom less than clusters
              of the rarer kind
    p-value   permutes examples: the model's values, cut into one block an example, are laid end to
              end in a permuted order beside the corpus' values, which stay. Marginals and dependence
              within examples are kept. Dividing by the standard error restores the level where
              blocks straddle the examples they land on and where answers recur (Chung and Romano
              2013; DiCiccio and Romano 2017)
    paired    replicate k of every statistic of a task weighs each example and each answer alike,
              whichever model, n or measure: by +1 or -1, a function of seed, k and the example's
              number or the answer's words (a wild bootstrap of the influences). So a difference of
              two knows how they vary together (:mod:`tracemem.scoring.pairing`)

    Spearman            Pearson correlation of midranks
    partial Spearman    the same after both ranks are residualised on the ranks of columns held fixed
    Kendall distance    (1 - tau) / 2 with tau-b: 0 the same order, 1 the reverse

A statistic that does not exist (constant input, too few items, values that are not finite) is NaN
and ``reason`` says why; no number stands in for it.
"""

import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from tracemem.scoring import kernels
from tracemem.scoring.kernels import Cells

CONFIDENCE = 0.95
# Resamples in which the statistic exists; below this share an interval would be one of survivors.
_DEFINED = 0.95
# Share of a column's variance below which nothing of it is left.
_ROUNDING = 1e-12
_NONE = np.empty(0)


@dataclass(frozen=True)
class Resampling:
    """How many resamples and permutations are drawn, and from which seed; no p without the latter."""

    bootstrap: int = 1000
    permutations: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval over examples; NaN with ``reason`` if undefined.

    ``replicates`` (float64, [bootstrap]) are its values over the task's resamples.
    """

    value: float
    ci_low: float
    ci_high: float
    examples: int
    reason: str = ""
    replicates: NDArray[np.float64] = field(default_factory=lambda: _NONE, compare=False)


@dataclass(frozen=True)
class Correlation:
    """A rank statistic with its interval and two p-values, both two-sided.

    ``p_value`` is that of scipy, which takes items as independent; ``p_permutation`` permutes
    examples. NaN with ``reason`` where undefined. ``replicates`` (float64, [bootstrap]) scatter
    about the value as wide as its standard error; empty where there is no interval.
    """

    value: float
    ci_low: float
    ci_high: float
    p_value: float
    p_permutation: float
    items: int
    examples: int
    reason: str = ""
    replicates: NDArray[np.float64] = field(default_factory=lambda: _NONE, compare=False)


def spearman(
    x: ArrayLike,
    y: ArrayLike,
    example: ArrayLike,
    answer: ArrayLike,
    resampling: Resampling,
) -> Correlation:
    """Spearman's rank correlation of the corpus' values with the model's.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items]; its blocks of examples are what is permuted.
        example: example of each item, int, [items], in any order.
        answer: s_y of each item, text or int, [items].
        resampling: draws and seed.

    Raises:
        ValueError: the arrays differ in shape.
    """
    return partial_spearman(x, y, (), example, answer, resampling)


def partial_spearman(
    x: ArrayLike,
    y: ArrayLike,
    held: Sequence[ArrayLike],
    example: ArrayLike,
    answer: ArrayLike,
    resampling: Resampling,
) -> Correlation:
    """Spearman's correlation of x and y with other columns held fixed.

    It is Pearson's of what least squares on the ranks of the columns leave of the ranks of both.
    scipy has no p-value for it; ``p_value`` is that of Student's t with items - 2 - columns degrees
    of freedom. The permutation moves the residuals of y and takes out again what they then owe to
    the columns (Freedman and Lane 1983), so that the relation of y to them stays. A constant
    column, or one that follows from the others, takes nothing more away.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items].
        held: columns held fixed, float, each [items]; none for Spearman's own correlation.
        example: example of each item, int, [items].
        answer: s_y of each item, text or int, [items].
        resampling: draws and seed.

    Raises:
        ValueError: the arrays differ in shape.
    """
    sample = _Sample.of((x, y, *held), example, answer)
    if sample.reason:
        return sample.undefined()
    ranks = np.stack([scipy.stats.rankdata(column) for column in sample.columns])
    ranks -= ranks.mean(axis=1, keepdims=True)
    of_held, solved = ranks[2:], _inverse(ranks[2:])
    fit = _products(ranks[:2], of_held) @ solved
    left = ranks[:2] - np.einsum("ab,bi->ai", fit, of_held)
    spread = _products(left, left)
    whole = np.sum(ranks[:2] ** 2, axis=1)
    if (np.diag(spread) <= _ROUNDING * whole).any():
        return sample.undefined("corpus or model values follow from the columns held fixed")
    value = float(np.clip(spread[0, 1] / math.sqrt(spread[0, 0] * spread[1, 1]), -1, 1))
    freedom = sample.items - 2 - len(held)
    if len(held):
        t = value * math.sqrt(freedom / max(1 - value**2, 1e-300))
        p_value = float(2 * scipy.stats.t.sf(abs(t), freedom))
    else:
        p_value = float(scipy.stats.spearmanr(*sample.columns).pvalue)

    def permuted(*asked) -> float:
        return kernels.linear_test(left[0], left[1], of_held, solved, sample.cells, *asked)

    influence = _influence(sample.codes, left, fit, spread, value)
    return sample.result(value, influence, p_value, permuted, resampling)


def kendall_distance(
    x: ArrayLike,
    y: ArrayLike,
    example: ArrayLike,
    answer: ArrayLike,
    resampling: Resampling,
) -> Correlation:
    """Normalised Kendall distance (1 - tau)/2 with tau-b; the p-values test tau = 0.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items].
        example: example of each item, int, [items].
        answer: s_y of each item, text or int, [items].
        resampling: draws and seed.

    Raises:
        ValueError: the arrays differ in shape.
    """
    sample = _Sample.of((x, y), example, answer)
    if sample.reason:
        return sample.undefined()
    codes_x, codes_y = sample.codes
    by_x = np.argsort(codes_x, kind="stable")
    above = kernels.concordance(by_x, codes_x, codes_y)
    free = [sample.items - np.bincount(codes)[codes] for codes in (codes_x, codes_y)]
    pairs = [float(np.sum(each)) / 2 for each in free]
    scale = math.sqrt(pairs[0]) * math.sqrt(pairs[1])
    tau = float(np.clip(np.sum(above) / 2 / scale, -1, 1))
    influence = above / scale - tau / 2 * (free[0] / pairs[0] + free[1] / pairs[1])
    # Under independence an item's share in tau is the product of its centred ranks.
    ranks = np.stack([scipy.stats.rankdata(column) for column in sample.columns])
    ranks -= ranks.mean(axis=1, keepdims=True)

    def permuted(*asked) -> float:
        return kernels.kendall_test(
            ranks[0], ranks[1], by_x, codes_x, codes_y, sample.cells, *asked
        )

    p_value = float(scipy.stats.kendalltau(*sample.columns).pvalue)
    found = sample.result(tau, influence, p_value, permuted, resampling)
    return replace(
        found,
        value=(1 - found.value) / 2,
        ci_low=(1 - found.ci_high) / 2,
        ci_high=(1 - found.ci_low) / 2,
        replicates=(1 - found.replicates) / 2,
    )


def interval(
    statistics: ArrayLike,
    reduce: Callable[[NDArray[np.float64]], float],
    resampling: Resampling,
    unscored: str = "their statistic is not finite",
    proportion: bool = False,
    inside: NDArray[np.bool_] | None = None,
) -> Estimate:
    """A score made of per-example statistics, with its interval over examples.

    The interval is a percentile bootstrap that draws the task's examples with replacement, the same
    for all its scores. That of a proportion is Wilson's (1927): a bootstrap of equal answers, all
    right or all wrong, has no width.

    Args:
        statistics: float, [examples] or [examples, k]: what each example adds to the score, such
            as 0/1 for exact match or the n-gram counts of BLEU.
        reduce: the score of an array of that shape, e.g. its mean, or BLEU of the column sums.
        resampling: draws and seed.
        unscored: why an example may have a statistic that is not finite.
        proportion: whether the score is the mean of zeros and ones.
        inside: the examples it is the score of, [examples]; all if left out.
    """
    table = np.asarray(statistics, np.float64)
    drawn = _drawn(len(table), resampling)
    if inside is not None:
        table, drawn = table[inside], drawn[:, inside]
    examples = len(table)
    if examples == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, "no example")
    bad = int(np.count_nonzero(~np.isfinite(table).reshape(examples, -1).all(axis=1)))
    if bad:
        reason = f"{bad} of {examples} examples cannot be scored: {unscored}"
        return Estimate(math.nan, math.nan, math.nan, examples, reason)
    value = float(reduce(table))
    if proportion:
        sums = drawn.sum(axis=1, dtype=np.int64)
        right = np.einsum("ke,e->k", drawn, table.reshape(examples))
        replicates = np.where(sums > 0, right / np.maximum(sums, 1), math.nan)
        return Estimate(value, *wilson(float(table.sum()), examples), examples, "", replicates)
    if examples == 1:
        return Estimate(value, math.nan, math.nan, 1, "one example: no interval")
    replicates = np.array(
        [
            float(reduce(np.repeat(table, times, axis=0))) if times.any() else math.nan
            for times in drawn
        ]
    )
    low, high, reason = _percentiles(replicates)
    return Estimate(value, low, high, examples, reason, replicates)


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Ends of Wilson's 95 % score interval of a proportion (Wilson 1927)."""
    z = float(scipy.stats.norm.ppf((1 + CONFIDENCE) / 2))
    share, shrunk = successes / trials, 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrunk
    half = z / shrunk * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    # At 0 and 1 rounding may leave the share itself out.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """p-values of one family after Holm's step-down correction (Holm 1979).

    NaN stays NaN and does not count as a test of the family.
    """
    p = np.asarray(p_values, np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


@dataclass(frozen=True)
class _Sample:
    """Columns in order of example and answer, coded by rank, and why no statistic exists, if so."""

    columns: tuple[NDArray[np.float64], ...]  # each [items]
    codes: tuple[NDArray[np.int64], ...]  # each [items]: 0 for the smallest value, ties share one
    cells: Cells
    examples: NDArray[np.uint64]  # [examples]: what each is known by in every table of the task
    answers: NDArray[np.uint64]  # [answers]: the same
    reason: str

    @classmethod
    def of(cls, columns: Sequence[ArrayLike], example: ArrayLike, answer: ArrayLike) -> "_Sample":
        arrays = [np.asarray(column, np.float64) for column in columns]
        examples, answers = np.asarray(example), np.asarray(answer)
        if any(array.ndim != 1 or array.shape != examples.shape for array in (*arrays, answers)):
            shapes = [array.shape for array in (*arrays, examples, answers)]
            raise ValueError(f"every column needs one value an item, found shapes {shapes}")
        known, of_answer = _known(answers)
        labels, of_example = np.unique(examples, return_inverse=True)
        order = np.lexsort((of_answer, of_example))
        arrays = [array[order] for array in arrays]
        codes = [np.unique(array, return_inverse=True)[1].astype(np.int64) for array in arrays]
        distinct = [int(code.max()) + 1 if len(code) else 0 for code in codes]
        return cls(
            tuple(arrays),
            tuple(codes),
            _cells(of_example[order], of_answer[order], len(labels), len(known)),
            labels.astype(np.int64).astype(np.uint64),
            known,
            _reason(arrays, distinct),
        )

    @property
    def items(self) -> int:
        return len(self.columns[0])

    def undefined(self, reason: str = "") -> Correlation:
        nothing = (math.nan,) * 5
        return Correlation(*nothing, self.items, len(self.examples), reason or self.reason)

    def result(
        self,
        value: float,
        influence: NDArray[np.float64],
        p_value: float,
        permuted: Callable[..., float],
        resampling: Resampling,
    ) -> Correlation:
        """A correlation put together with the interval that its items' influences give it."""
        numbers = self.items, len(self.examples)
        if len(self.examples) == 1:
            reason = "one example: no interval and no permutation"
            return Correlation(value, math.nan, math.nan, p_value, math.nan, *numbers, reason)
        asked = resampling.permutations, _key(resampling.seed, "permutations")
        p_permutation = permuted(*asked) if resampling.permutations else math.nan
        error, freedom, unit = self._scatter(influence, resampling)
        if 1 - abs(value) < _ROUNDING or not error > 0:
            reason = "a correlation without scatter: no interval"
            return Correlation(value, math.nan, math.nan, p_value, p_permutation, *numbers, reason)
        error, middle = error / (1 - value**2), math.atanh(value)
        tail = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
        return Correlation(
            value,
            math.tanh(middle - tail),
            math.tanh(middle + tail),
            p_value,
            p_permutation,
            *numbers,
            "",
            np.tanh(middle + error * unit),
        )

    def _scatter(
        self, influence: NDArray[np.float64], resampling: Resampling
    ) -> tuple[float, int, NDArray[np.float64]]:
        """Two-way standard error, degrees of freedom, and replicates of mean 0 and variance 1."""
        by_cell, by_example, by_answer = kernels.sums(influence, self.cells)
        clusters = [by_example] if len(by_answer) == 1 else [by_example, by_answer]
        known = {"examples": self.examples, "answers": self.answers}
        variances = [_squares(sums) * len(sums) / (len(sums) - 1) for sums in clusters]
        both = _squares(by_cell) if len(clusters) == 2 else 0.0
        variance = max(sum(variances) - both, *variances)
        replicates = np.zeros(-(-resampling.bootstrap // 64) * 64)
        for (stream, labels), sums in zip(known.items(), clusters, strict=False):
            keys = np.array(
                [_key(resampling.seed, f"{stream}/{k}") for k in range(len(replicates) // 64)]
            )
            kernels.add_signed(replicates, sums, labels, keys)
        spread = math.sqrt(sum(map(_squares, clusters)))
        unit = replicates[: resampling.bootstrap] / (spread or 1.0)
        return math.sqrt(variance), min(map(len, clusters)) - 1, unit


def _squares(values: NDArray[np.float64]) -> float:
    return float(np.sum(values * values))


@functools.cache
def _key(seed: int, stream: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _known(answers: NDArray) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash of each distinct answer, the same in every table, and the number of each item's."""
    codes, distinct = pd.factorize(answers, sort=True)
    return pd.util.hash_array(np.asarray(distinct)), codes.astype(np.int64)


def _cells(
    example: NDArray[np.int64], answer: NDArray[np.int64], examples: int, answers: int
) -> Cells:
    """Where the cells of items stand that are in order of example and answer."""
    new = np.ones(len(example), np.bool_)
    new[1:] = (np.diff(example) != 0) | (np.diff(answer) != 0)
    starts = np.flatnonzero(new)
    places = np.arange(examples + 1)
    return Cells(
        np.searchsorted(example, places),
        np.searchsorted(example[starts], places),
        np.append(starts, len(example)),
        answer[starts],
        answers,
    )


def _reason(arrays: Sequence[NDArray[np.float64]], distinct: Sequence[int]) -> str:
    items = len(arrays[0])
    bad = int(np.count_nonzero(~np.isfinite(np.column_stack(arrays)).all(axis=1)))
    if bad:
        return f"{bad} of {items} items have a value that is not finite"
    if items < len(arrays) + 1:
        needed = len(arrays) + 1
        return f"too few items: {items}, at least {needed} needed" if items else "no item"
    if min(distinct[:2]) == 1:
        return f"constant: every {'corpus' if distinct[0] == 1 else 'model'} value is the same"
    return ""


def _products(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over items of products of rows; plain sums: those of BLAS depend on its threads."""
    found = [[np.sum(a * b) for b in other] for a in one]
    return np.array(found, np.float64).reshape(len(one), len(other))


def _inverse(held: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of the products of columns, [columns, columns]; 0 along what adds nothing."""
    products = _products(held, held)
    size = np.sqrt(np.diag(products))
    size[size == 0] = 1.0
    scale = np.outer(size, size)
    return np.linalg.pinv(products / scale, rcond=1e-10, hermitian=True) / scale


def _influence(
    codes: Sequence[NDArray[np.int64]],
    left: NDArray[np.float64],
    fit: NDArray[np.float64],
    spread: NDArray[np.float64],
    value: float,
) -> NDArray[np.float64]:
    """Derivative of a partial rank correlation by the weight of each item, float64, [items].

    An item moves the products of residuals by its own, and the ranks of all others by half the sign
    of their difference to it.

    Args:
        codes: rank codes of x, y and the columns held fixed.
        left: residuals of both ranks, [2, items].
        fit: what each takes of the ranks of the columns, [2, columns].
        spread: products of the residuals, [2, 2].
        value: the correlation.
    """
    moved = np.array([[_moved(code, side) for side in left] for code in codes])
    weights = np.column_stack([np.eye(2), -fit])
    # share[a, b]: what an item does to the residuals of a, in their products with those of b.
    share = np.einsum("ac,cbi->abi", weights, moved)
    products = np.einsum("ai,bi->abi", left, left) + share + share.transpose(1, 0, 2)
    of_x, of_y = products[0, 0] / spread[0, 0], products[1, 1] / spread[1, 1]
    scale = math.sqrt(spread[0, 0] * spread[1, 1])
    return products[0, 1] / scale - value / 2 * (of_x + of_y)


def _moved(code: NDArray[np.int64], side: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half of what ``side`` sums to over the items above each item, less that below it."""
    at = np.bincount(code, weights=side)
    below = np.cumsum(at) - at
    return ((np.sum(at) - below - at) - below)[code] / 2


@functools.lru_cache(maxsize=1)
def _drawn(examples: int, resampling: Resampling) -> NDArray[np.uint8]:
    """How often each example of a task is drawn, [bootstrap, examples]."""
    generator = np.random.default_rng([resampling.seed, 0])
    drawn = np.empty((resampling.bootstrap, examples), np.uint8)
    for row in drawn:
        row[:] = np.bincount(generator.integers(0, max(examples, 1), examples), minlength=examples)
    return drawn


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float, str]:
    """Ends of the interval over the resamples that have a value, and why there are none."""
    defined = values[~np.isnan(values)]
    if len(defined) < _DEFINED * len(values):
        return math.nan, math.nan, f"undefined in {len(values) - len(defined)} resamples"
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high), ""
