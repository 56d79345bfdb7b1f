"""Rank statistics over items that come in examples: interval, p-values, correction of families.

Items of one example (its pairs) share an answer and a context, so they are not independent.
Everything random here therefore moves whole examples: the interval is a percentile bootstrap that
draws examples with replacement, and the p-value permutes examples: the model's values, cut into
one block an example, are laid end to end in a permuted order beside the corpus' values, which stay.
Marginals and dependence within examples are kept. Blocks of unequal length straddle the examples
they land on, which would make the permuted statistics too small and p too low (at a nominal 5 %,
11 to 24 % of null samples), so each statistic is divided by its standard error clustered by
example, which restores the level (Chung and Romano 2013; DiCiccio and Romano 2017). The same seed
gives the same draws for every model, so that models are compared over the same resamples.

    Spearman            Pearson correlation of midranks
    partial Spearman    the same after both ranks are residualised on the rank of z
    Kendall distance    (1 - tau) / 2 with tau-b: 0 the same order, 1 the reverse

A statistic that does not exist (constant input, too few items, values that are not finite) is NaN
and ``reason`` says why; no number stands in for it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
# Resamples in which the statistic exists; below this share an interval would be one of survivors.
_DEFINED = 0.95
# Slack of comparisons between numbers that are equal but summed in another order.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Resampling:
    """How many bootstrap resamples and permutations of examples are drawn, and from which seed."""

    bootstrap: int = 1000
    permutations: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % bootstrap interval over examples; NaN with ``reason`` if undefined."""

    value: float
    ci_low: float
    ci_high: float
    examples: int
    reason: str = ""


@dataclass(frozen=True)
class Correlation:
    """A rank statistic with its interval and two p-values, both two-sided.

    ``p_value`` is that of scipy, which takes items as independent; ``p_permutation`` permutes
    examples. NaN with ``reason`` where undefined.
    """

    value: float
    ci_low: float
    ci_high: float
    p_value: float
    p_permutation: float
    items: int
    examples: int
    reason: str = ""


def spearman(
    x: ArrayLike, y: ArrayLike, example: ArrayLike, resampling: Resampling | None = None
) -> Correlation:
    """Spearman's rank correlation of the corpus' values with the model's.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items]; its blocks of examples are what is permuted.
        example: example of each item, int, [items], in any order.
        resampling: draws and seed; 1000 of each and seed 0 if left out.

    Raises:
        ValueError: the arrays differ in shape.
    """
    return _linear((x, y), example, resampling or Resampling())


def partial_spearman(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    example: ArrayLike,
    resampling: Resampling | None = None,
) -> Correlation:
    """Spearman's correlation of x and y given z: Pearson's of the rank residuals on the rank of z.

    scipy has no p-value for it; ``p_value`` is that of Student's t with items - 3 degrees of
    freedom. The permutation moves the residuals of y and adds the fit on z back (Freedman and
    Lane 1983), so that the relation of y and z stays. A constant z takes nothing away.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items].
        z: values held fixed, float, [items].
        example: example of each item, int, [items].
        resampling: draws and seed; 1000 of each and seed 0 if left out.

    Raises:
        ValueError: the arrays differ in shape.
    """
    return _linear((x, y, z), example, resampling or Resampling())


def kendall_distance(
    x: ArrayLike, y: ArrayLike, example: ArrayLike, resampling: Resampling | None = None
) -> Correlation:
    """Normalised Kendall distance (1 - tau)/2 with tau-b; the p-values test tau = 0.

    Args:
        x: values of the corpus side, float, [items].
        y: values of the model, float, [items].
        example: example of each item, int, [items].
        resampling: draws and seed; 1000 of each and seed 0 if left out.

    Raises:
        ValueError: the arrays differ in shape.
    """
    resampling = resampling or Resampling()
    sample = _Sample.of((x, y), example)
    if sample.reason:
        return sample.undefined()
    codes_x, codes_y = sample.codes
    by_x = np.argsort(codes_x, kind="stable")
    distinct_x, distinct_y = sample.distinct
    ones = np.ones(sample.items, np.int64)

    def tau(codes: NDArray[np.int32], weights: NDArray[np.int64]) -> float:
        return _tau_b(by_x, codes_x, codes, distinct_x, distinct_y, weights)

    observed = tau(codes_y, ones)
    values = np.array(
        [tau(codes_y, weights[sample.block]) for weights in _weights(sample.examples, resampling)]
    )
    # Under independence an item's share in tau is the product of its centred ranks.
    ranks_x, ranks_y, _ = _residuals(sample.columns)

    def studentized(laid: NDArray[np.int64]) -> float:
        _, error = _block_sums(ranks_x, ranks_y[laid], sample.starts)
        return tau(codes_y[laid], ones) / error if error > 0 else 0.0

    p_value = float(scipy.stats.kendalltau(*sample.columns).pvalue)
    p_permutation = sample.permutation_test(studentized, resampling)
    return sample.result((1 - observed) / 2, (1 - values) / 2, p_value, p_permutation)


def interval(
    statistics: ArrayLike,
    reduce: Callable[[NDArray[np.float64]], float],
    resampling: Resampling | None = None,
    unscored: str = "their statistic is not finite",
) -> Estimate:
    """A score made of per-example statistics, with its bootstrap interval over examples.

    Args:
        statistics: float, [examples] or [examples, k]: what each example adds to the score, such
            as 0/1 for exact match or the n-gram counts of BLEU.
        reduce: the score of an array of that shape, e.g. its mean, or BLEU of the column sums.
        resampling: draws and seed; 1000 draws and seed 0 if left out.
        unscored: why an example may have a statistic that is not finite.
    """
    table = np.asarray(statistics, np.float64)
    examples = len(table)
    if examples == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, "no example")
    bad = int(np.count_nonzero(~np.isfinite(table).reshape(examples, -1).all(axis=1)))
    if bad:
        reason = f"{bad} of {examples} examples cannot be scored: {unscored}"
        return Estimate(math.nan, math.nan, math.nan, examples, reason)
    value = float(reduce(table))
    if examples == 1:
        return Estimate(value, math.nan, math.nan, 1, "one example: no interval")
    draws = _draws(examples, resampling or Resampling())
    low, high, reason = percentiles(np.array([float(reduce(table[draw])) for draw in draws]))
    return Estimate(value, low, high, examples, reason)


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
    """Columns sorted by example, coded by rank, and why no statistic exists, if so."""

    columns: tuple[NDArray[np.float64], ...]  # each [items]
    codes: tuple[NDArray[np.int32], ...]  # each [items]: 0 for the smallest value, ties share one
    distinct: NDArray[np.int64]  # [columns]: distinct values
    block: NDArray[np.int64]  # [items]: number of the item's example, from 0, not decreasing
    starts: NDArray[np.int64]  # [examples + 1]: first item of each example
    reason: str

    @classmethod
    def of(cls, columns: Sequence[ArrayLike], example: ArrayLike) -> "_Sample":
        arrays = [np.asarray(column, np.float64) for column in columns]
        labels = np.asarray(example)
        if any(array.ndim != 1 or array.shape != labels.shape for array in arrays):
            shapes = [array.shape for array in (*arrays, labels)]
            raise ValueError(f"every column needs one value an item, found shapes {shapes}")
        order = np.argsort(labels, kind="stable")
        arrays = [array[order] for array in arrays]
        _, starts, block = np.unique(labels[order], return_index=True, return_inverse=True)
        codes = [np.unique(array, return_inverse=True)[1].astype(np.int32) for array in arrays]
        distinct = [int(code.max()) + 1 if len(code) else 0 for code in codes]
        return cls(
            tuple(arrays),
            tuple(codes),
            np.array(distinct),
            block,
            np.append(starts, len(labels)),
            _reason(arrays, distinct),
        )

    @property
    def items(self) -> int:
        return len(self.block)

    @property
    def examples(self) -> int:
        return len(self.starts) - 1

    def undefined(self, reason: str = "") -> Correlation:
        nothing = (math.nan,) * 5
        return Correlation(*nothing, self.items, self.examples, reason or self.reason)

    def permutation_test(
        self, studentized: Callable[[NDArray[np.int64]], float], resampling: Resampling
    ) -> float:
        """Two-sided p of a statistic of the items laid out as given; NaN for a single example."""
        if self.examples == 1:
            return math.nan
        observed = abs(studentized(np.arange(self.items)))
        generator = np.random.default_rng([resampling.seed, 1])
        as_extreme = 0
        for _ in range(resampling.permutations):
            laid = _laid_out(self.starts, generator.permutation(self.examples))
            as_extreme += abs(studentized(laid)) >= observed * (1 - _ROUNDING)
        return (1 + as_extreme) / (1 + resampling.permutations)

    def result(self, value, resampled, p_value, p_permutation) -> Correlation:
        """Put a statistic together with the interval of its resampled values."""
        if self.examples == 1:
            low, high, reason = math.nan, math.nan, "one example: no interval and no permutation"
        else:
            low, high, reason = percentiles(resampled)
        return Correlation(
            value, low, high, p_value, p_permutation, self.items, self.examples, reason
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


def _linear(
    columns: Sequence[ArrayLike], example: ArrayLike, resampling: Resampling
) -> Correlation:
    """Spearman of two columns, or of the first two given the third."""
    sample = _Sample.of(columns, example)
    if sample.reason:
        return sample.undefined()
    codes = np.stack(sample.codes)

    def value(weights: NDArray[np.int64]) -> float:
        return _partial(_rank_products(codes, sample.distinct, sample.block, weights))

    observed = value(np.ones(sample.examples, np.int64))
    if math.isnan(observed):
        return sample.undefined("corpus or model values follow from the variable held fixed")
    values = np.array([value(weights) for weights in _weights(sample.examples, resampling)])
    residual_x, residual_y, rank_z = _residuals(sample.columns)
    of_z = np.sum(rank_z * rank_z)

    def studentized(laid: NDArray[np.int64]) -> float:
        moved = residual_y[laid]
        if of_z > 0:
            # Freedman-Lane: what the moved residuals owe to z is taken out again.
            moved = moved - rank_z * (np.sum(rank_z * moved) / of_z)
        product, error = _block_sums(residual_x, moved, sample.starts)
        return product / error if error > 0 else 0.0

    p_permutation = sample.permutation_test(studentized, resampling)
    if len(columns) == 2:
        p_value = float(scipy.stats.spearmanr(*sample.columns).pvalue)
    else:
        freedom = sample.items - 3
        t = observed * math.sqrt(freedom / max(1 - observed**2, 1e-300))
        p_value = float(2 * scipy.stats.t.sf(abs(t), freedom))
    return sample.result(observed, values, p_value, p_permutation)


def _draws(examples: int, resampling: Resampling) -> Iterator[NDArray[np.int64]]:
    """Numbers of the examples drawn with replacement, [examples], once a resample."""
    generator = np.random.default_rng([resampling.seed, 0])
    for _ in range(resampling.bootstrap):
        yield generator.integers(0, examples, examples)


def _weights(examples: int, resampling: Resampling) -> Iterator[NDArray[np.int64]]:
    """How often each example is drawn, [examples], once a resample; none for a single example."""
    if examples > 1:
        for draw in _draws(examples, resampling):
            yield np.bincount(draw, minlength=examples)


def percentiles(values: NDArray[np.float64]) -> tuple[float, float, str]:
    """Ends of the interval over the resamples that have a value, and why there are none."""
    defined = values[~np.isnan(values)]
    if len(defined) < _DEFINED * len(values):
        return math.nan, math.nan, f"undefined in {len(values) - len(defined)} resamples"
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high), ""


def _partial(products: NDArray[np.float64]) -> float:
    """Correlation of columns 0 and 1, given column 2 if there is one, from their products."""
    deviations = np.sqrt(np.diag(products))
    if deviations[0] == 0 or deviations[1] == 0:
        return math.nan
    correlation = products[0, 1] / (deviations[0] * deviations[1])
    if len(products) == 3 and deviations[2] > 0:
        with_x = products[0, 2] / (deviations[0] * deviations[2])
        with_y = products[1, 2] / (deviations[1] * deviations[2])
        left = (1 - with_x**2) * (1 - with_y**2)
        if left < _ROUNDING:
            return math.nan
        correlation = (correlation - with_x * with_y) / math.sqrt(left)
    return float(min(max(correlation, -1.0), 1.0))


def _residuals(columns: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], ...]:
    """Centred ranks of x and y less their fit on the centred rank of z, and that rank of z."""
    ranks = [scipy.stats.rankdata(column) for column in columns]
    ranks = [rank - rank.mean() for rank in ranks]
    if len(ranks) == 2 or not ranks[2].any():
        return ranks[0], ranks[1], np.zeros_like(ranks[0])
    z = ranks[2]
    # Plain sums: those of BLAS depend on its number of threads.
    x, y = (rank - z * (np.sum(rank * z) / np.sum(z * z)) for rank in ranks[:2])
    return x, y, z


@numba.njit(cache=True)
def _rank_products(codes, distinct, block, weights):
    """Sums of products of centred midranks over the resample in which items count ``weights``.

    Equal to ranking the resample written out, without sorting it: the midrank of a value is the
    weight below it plus half the weight at it.

    Args:
        codes: int32, [columns, items], rank codes.
        distinct: int64, [columns], codes of each column.
        block: int64, [items], example of each item.
        weights: int64, [examples], times each example is drawn.

    Returns:
        float64, [columns, columns].
    """
    columns, items = codes.shape
    ranks = np.empty((columns, items))
    total = 0
    for i in range(items):
        total += weights[block[i]]
    for c in range(columns):
        mass = np.zeros(distinct[c])
        for i in range(items):
            mass[codes[c, i]] += weights[block[i]]
        below = 0.0
        for k in range(distinct[c]):
            at = mass[k]
            # Midrank less the mean rank (total + 1) / 2.
            mass[k] = below + (at - total) / 2
            below += at
        for i in range(items):
            ranks[c, i] = mass[codes[c, i]]
    products = np.zeros((columns, columns))
    for a in range(columns):
        for b in range(a, columns):
            product = 0.0
            for i in range(items):
                product += weights[block[i]] * ranks[a, i] * ranks[b, i]
            products[a, b] = product
            products[b, a] = product
    return products


@numba.njit(cache=True)
def _block_sums(fixed, moved, starts):
    """Sum of products and its standard error, clustered by example, where nothing is related.

    Args:
        fixed: float64, [items], centred ranks or residuals of x.
        moved: float64, [items], the same of y as it is laid out.
        starts: int64, [examples + 1], first item of each example of x.

    Returns:
        (sum over items, root of the sum over examples of the example's sum squared).
    """
    total = 0.0
    squares = 0.0
    for e in range(len(starts) - 1):
        block = 0.0
        for i in range(starts[e], starts[e + 1]):
            block += fixed[i] * moved[i]
        total += block
        squares += block * block
    return total, math.sqrt(squares)


@numba.njit(cache=True)
def _laid_out(starts, order):
    """Item that stands at each place once the example blocks are laid in ``order``, [items]."""
    items = np.empty(starts[-1], np.int64)
    place = 0
    for e in order:
        for i in range(starts[e], starts[e + 1]):
            items[place] = i
            place += 1
    return items


@numba.njit(cache=True)
def _tau_b(by_x, x, y, distinct_x, distinct_y, weights):
    """Kendall's tau-b of weighted items: that of the sample with each item written out.

    Items enter a Fenwick tree over y in order of x, one tie of x at a time; the tree tells how
    much weight with a smaller x lies below and above in y. Time O(items log items).

    Args:
        by_x: int64, [items], items in order of x.
        x: int32, [items], rank codes.
        y: int32, [items], rank codes.
        distinct_x: codes of x.
        distinct_y: codes of y.
        weights: int64, [items], times each item counts.

    Returns:
        tau-b, or NaN where x or y is constant over the items that count.
    """
    items = len(by_x)
    tree = np.zeros(distinct_y + 1, np.int64)
    mass_x = np.zeros(distinct_x, np.int64)
    mass_y = np.zeros(distinct_y, np.int64)
    total = 0
    score = 0
    first = 0
    while first < items:
        last = first
        while last < items and x[by_x[last]] == x[by_x[first]]:
            last += 1
        for k in range(first, last):
            i = by_x[k]
            if weights[i] == 0:
                continue
            below = 0
            node = y[i]
            while node > 0:
                below += tree[node]
                node -= node & -node
            score += weights[i] * (2 * below + mass_y[y[i]] - total)
        for k in range(first, last):
            i = by_x[k]
            if weights[i] == 0:
                continue
            mass_x[x[i]] += weights[i]
            mass_y[y[i]] += weights[i]
            total += weights[i]
            node = y[i] + 1
            while node <= distinct_y:
                tree[node] += weights[i]
                node += node & -node
        first = last
    pairs = total * (total - 1) // 2
    free_x = pairs
    for mass in mass_x:
        free_x -= mass * (mass - 1) // 2
    free_y = pairs
    for mass in mass_y:
        free_y -= mass * (mass - 1) // 2
    if free_x == 0 or free_y == 0:
        return math.nan
    return min(max(score / (math.sqrt(free_x) * math.sqrt(free_y)), -1.0), 1.0)
