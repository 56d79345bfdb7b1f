import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.scoring import statistics
from tracemem.scoring.statistics import Resampling

FEW = Resampling(bootstrap=50, permutations=49, seed=3)


@st.composite
def samples(draw):
    """Integer columns x, y, z with many ties, and the example of each item."""
    items = draw(st.integers(5, 40))
    column = st.lists(st.integers(0, 6), min_size=items, max_size=items)
    example = draw(st.lists(st.integers(0, 8), min_size=items, max_size=items))
    return (*(np.array(draw(column), float) for _ in range(3)), np.array(example))


def slow_partial(x, y, z):
    """Rank, residualise both on rank of z by least squares, Pearson."""
    rank_x, rank_y, rank_z = (scipy.stats.rankdata(column) for column in (x, y, z))
    design = np.column_stack([np.ones_like(rank_z), rank_z])
    left = [
        rank - design @ np.linalg.lstsq(design, rank, rcond=None)[0] for rank in (rank_x, rank_y)
    ]
    if min(np.linalg.norm(rest) for rest in left) < 1e-6:
        return math.nan
    return float(np.corrcoef(*left)[0, 1])


def slow_distance(x, y):
    return (1 - scipy.stats.kendalltau(x, y).statistic) / 2


def slow_spearman(x, y):
    return scipy.stats.spearmanr(x, y).statistic


def written_out(columns, example, draw):
    """The columns of a resample: all items of every example drawn, as often as it is drawn."""
    labels = np.unique(example)
    chosen = np.concatenate([np.flatnonzero(example == labels[e]) for e in draw])
    return [column[chosen] for column in columns]


def expected_interval(slow, columns, example, resampling):
    generator = np.random.default_rng([resampling.seed, 0])
    examples = len(np.unique(example))
    values = []
    for _ in range(resampling.bootstrap):
        draw = generator.integers(0, examples, examples)
        columns_drawn = written_out(columns, example, draw)
        constant = any(len(set(column)) == 1 for column in columns_drawn[:2])
        values.append(math.nan if constant else slow(*columns_drawn))
    values = np.array(values)
    if np.isnan(values).mean() > 0.05:
        return math.nan, math.nan
    return tuple(np.nanquantile(values, [0.025, 0.975]))


def rank_residual(column, z=None):
    design = np.ones((len(column), 1))
    if z is not None:
        design = np.column_stack([design, scipy.stats.rankdata(z)])
    return column - design @ np.linalg.lstsq(design, column, rcond=None)[0]


def expected_permutation(x, y, example, resampling, z=None, tau=False):
    """p by laying blocks of y's rank residuals end to end in permuted order, studentized."""
    order = np.argsort(example, kind="stable")
    x, y, example = x[order], y[order], example[order]
    z = None if z is None else z[order]
    fixed = rank_residual(scipy.stats.rankdata(x), z)
    moved = rank_residual(scipy.stats.rankdata(y), z)
    labels = np.unique(example)

    def studentized(laid):
        products = fixed * rank_residual(laid, z)
        error = math.sqrt(sum(products[example == label].sum() ** 2 for label in labels))
        if error < 1e-9:
            return 0.0
        top = scipy.stats.kendalltau(x, laid).statistic if tau else products.sum()
        return top / error

    generator = np.random.default_rng([resampling.seed, 1])
    hits = 0
    for _ in range(resampling.permutations):
        blocks = generator.permutation(len(labels))
        laid = np.concatenate([moved[example == labels[e]] for e in blocks])
        hits += abs(studentized(laid)) >= abs(studentized(moved)) * (1 - 1e-9)
    return (1 + hits) / (1 + resampling.permutations)


@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
@settings(max_examples=25, deadline=None)
@given(samples())
def test_spearman_and_kendall_equal_scipy_on_written_out_resamples(sample):
    x, y, _, example = sample
    for fast, slow, tau in (
        (statistics.spearman, slow_spearman, False),
        (statistics.kendall_distance, slow_distance, True),
    ):
        result = fast(x, y, example, FEW)
        if len(set(x)) == 1 or len(set(y)) == 1:
            assert math.isnan(result.value) and "constant" in result.reason
            continue
        assert result.value == pytest.approx(slow(x, y), abs=1e-12)
        assert (result.items, result.examples) == (len(x), len(set(example)))
        if len(set(example)) == 1:
            continue
        interval = expected_interval(slow, (x, y), example, FEW)
        assert (result.ci_low, result.ci_high) == pytest.approx(interval, abs=1e-9, nan_ok=True)
        p = expected_permutation(x, y, example, FEW, tau=tau)
        assert result.p_permutation == pytest.approx(p)


@settings(max_examples=25, deadline=None)
@given(samples())
def test_partial_spearman_equals_residuals_of_ranks(sample):
    x, y, z, example = sample
    result = statistics.partial_spearman(x, y, z, example, FEW)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(result.value)
        return
    slow = slow_partial(x, y, z)
    assert result.value == pytest.approx(slow, abs=1e-7, nan_ok=True)
    if math.isnan(slow):
        assert result.reason
        return
    if len(set(z)) == 1:
        assert result.value == pytest.approx(slow_spearman(x, y), abs=1e-9)


def test_partial_permutation_is_freedman_lane():
    generator = np.random.default_rng(5)
    example = np.repeat(np.arange(12), generator.integers(1, 6, 12))
    x, y, z = generator.normal(size=(3, len(example)))
    x, y = x + z, y + z + 0.5 * x
    result = statistics.partial_spearman(x, y, z, example, FEW)
    assert result.p_permutation == pytest.approx(expected_permutation(x, y, example, FEW, z=z))
    interval = expected_interval(slow_partial, (x, y, z), example, FEW)
    assert (result.ci_low, result.ci_high) == pytest.approx(interval, abs=1e-9)


def test_p_value_is_that_of_scipy():
    generator = np.random.default_rng(0)
    x, z, example = generator.normal(size=30), generator.normal(size=30), np.arange(30)
    y = x + generator.normal(size=30)
    spearman = statistics.spearman(x, y, example, FEW)
    assert spearman.p_value == pytest.approx(scipy.stats.spearmanr(x, y).pvalue)
    kendall = statistics.kendall_distance(x, y, example, FEW)
    assert kendall.p_value == pytest.approx(scipy.stats.kendalltau(x, y).pvalue)
    partial = statistics.partial_spearman(x, y, z, example, FEW)
    t = partial.value * math.sqrt(27 / (1 - partial.value**2))
    assert partial.p_value == pytest.approx(2 * scipy.stats.t.sf(abs(t), 27))


def test_order_of_examples_and_rows_does_not_matter():
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, 60))
    example = np.repeat(np.arange(20), 3)
    shuffled = np.concatenate([np.arange(3 * e, 3 * e + 3) for e in generator.permutation(20)])
    for function in (statistics.spearman, statistics.kendall_distance):
        assert function(x, y, example, FEW) == function(
            x[shuffled], y[shuffled], example[shuffled], FEW
        )


def test_seed_decides_every_draw():
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(2, 50))
    example = np.arange(50)
    first = statistics.spearman(x, y, example, FEW)
    assert first == statistics.spearman(x, y, example, FEW)
    other = statistics.spearman(x, y, example, dataclasses.replace(FEW, seed=4))
    assert first.ci_low != other.ci_low and first.value == other.value


def test_trap_p_values_that_treat_pairs_of_one_example_as_independent():
    """Nothing relates corpus and model, yet items of one example share both sides' effects."""
    generator = np.random.default_rng(11)
    draws = Resampling(bootstrap=10, permutations=99, seed=0)
    naive, honest, runs = 0, 0, 300
    for _ in range(runs):
        sizes = generator.integers(1, 31, 30)
        example = np.repeat(np.arange(30), sizes)
        x = generator.normal(size=30)[example] + 0.3 * generator.normal(size=len(example))
        y = generator.normal(size=30)[example] + 0.3 * generator.normal(size=len(example))
        result = statistics.spearman(x, y, example, draws)
        naive += result.p_value < 0.05
        honest += result.p_permutation < 0.05
    assert naive / runs > 0.3
    assert honest / runs < 0.09


def test_permutation_finds_what_is_there():
    generator = np.random.default_rng(12)
    example = np.repeat(np.arange(60), 4)
    shared = generator.normal(size=60)[example]
    x, y = shared + generator.normal(size=(2, 240))
    for function in (statistics.spearman, statistics.kendall_distance):
        assert function(x, y, example, FEW).p_permutation == pytest.approx(0.02)
    confounded = statistics.partial_spearman(x, y, shared, example, FEW)
    assert confounded.p_permutation > 0.05 and confounded.ci_low < 0 < confounded.ci_high


def test_interval_of_examples_is_wider_than_that_of_items():
    generator = np.random.default_rng(13)
    example = np.repeat(np.arange(40), 10)
    x, y = generator.normal(size=(2, 40))[:, example]
    by_example = statistics.spearman(x, y, example, FEW)
    by_item = statistics.spearman(x, y, np.arange(400), FEW)
    assert by_example.ci_high - by_example.ci_low > 2 * (by_item.ci_high - by_item.ci_low)


@pytest.mark.parametrize("function", [statistics.spearman, statistics.kendall_distance])
@pytest.mark.parametrize(
    ("x", "y", "example", "reason"),
    [
        ([], [], [], "no item"),
        ([1, 2], [2, 1], [0, 1], "too few items: 2, at least 3"),
        ([1, 1, 1], [1, 2, 3], [0, 1, 2], "constant: every corpus"),
        ([1, 2, 3], [1, 1, 1], [0, 1, 2], "constant: every model"),
        ([1, 2, math.nan], [1, 2, 3], [0, 1, 2], "1 of 3 items"),
        ([1, 2, 3], [1, -math.inf, 3], [0, 1, 2], "1 of 3 items"),
    ],
)
def test_what_has_no_value_says_why(function, x, y, example, reason):
    result = function(x, y, example, FEW)
    assert reason in result.reason
    assert math.isnan(result.value) and math.isnan(result.p_value)
    assert math.isnan(result.ci_low) and math.isnan(result.p_permutation)
    assert result.items == len(x)


def test_one_example_has_a_value_and_no_interval():
    for function in (statistics.spearman, statistics.kendall_distance):
        result = function([1, 2, 3, 4], [1, 3, 2, 4], [7] * 4, FEW)
        assert math.isfinite(result.value) and math.isfinite(result.p_value)
        assert math.isnan(result.ci_low) and math.isnan(result.p_permutation)
        assert "one example" in result.reason


def test_partial_of_what_z_decides_is_undefined():
    x = np.arange(8.0)
    result = statistics.partial_spearman(x, x[::-1], x, np.arange(8), FEW)
    assert math.isnan(result.value) and "held fixed" in result.reason


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one value an item"):
        statistics.spearman([1, 2, 3], [1, 2], [0, 1, 2], FEW)


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=12))
def test_holm_equals_its_definition(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    expected, running = [0.0] * len(p), 0.0
    for step, i in enumerate(order):
        running = max(running, (len(p) - step) * p[i])
        expected[i] = min(running, 1.0)
    assert statistics.holm(p) == pytest.approx(expected)


def test_holm_leaves_out_what_was_not_tested():
    adjusted = statistics.holm([0.01, math.nan, 0.04])
    assert adjusted[0] == pytest.approx(0.02) and adjusted[2] == pytest.approx(0.04)
    assert math.isnan(adjusted[1])


def test_interval_of_a_ratio_recomputes_the_ratio():
    generator = np.random.default_rng(0)
    counts = np.column_stack([generator.poisson(3, 80), np.full(80, 6)]).astype(float)
    estimate = statistics.interval(counts, lambda t: t[:, 0].sum() / t[:, 1].sum(), FEW)
    draws = np.random.default_rng([FEW.seed, 0])
    resampled = [counts[draws.integers(0, 80, 80), 0].sum() / 480 for _ in range(FEW.bootstrap)]
    assert estimate.value == pytest.approx(counts[:, 0].sum() / 480)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx(
        tuple(np.quantile(resampled, [0.025, 0.975]))
    )
    assert estimate.examples == 80


def test_interval_says_why_there_is_none():
    assert statistics.interval([], np.mean, FEW).reason == "no example"
    one = statistics.interval([1.0], np.mean, FEW)
    assert one.value == 1.0 and math.isnan(one.ci_low) and "one example" in one.reason
    assert "not finite" in statistics.interval([1.0, math.nan], np.mean, FEW).reason
