import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.scoring import kernels, statistics
from tracemem.scoring.statistics import Resampling

FEW = Resampling(bootstrap=64, permutations=49, seed=3)


@st.composite
def samples(draw):
    """Integer columns x, y and two to hold fixed, with many ties; example and answer of each."""
    items = draw(st.integers(6, 40))
    column = st.lists(st.integers(0, 6), min_size=items, max_size=items)
    groups = st.lists(st.integers(0, 8), min_size=items, max_size=items)
    columns = [np.array(draw(column), float) for _ in range(4)]
    return columns, np.array(draw(groups)), np.array(draw(groups))


def weighted_ranks(column, weights):
    """Centred midranks of the sample with each item written out ``weights`` times."""
    below = np.sign(column[:, None] - column[None, :])
    return below @ weights / 2


def slow_partial(columns, weights=None):
    """Rank, residualise the first two on the ranks of the others by least squares, Pearson."""
    weights = np.ones(len(columns[0])) if weights is None else weights
    root = np.sqrt(weights)
    ranks = np.stack([weighted_ranks(column, weights) for column in columns])
    design = (ranks[2:] * root).T
    left = [
        rank * root - design @ np.linalg.lstsq(design, rank * root, rcond=1e-9)[0]
        for rank in ranks[:2]
    ]
    if min(np.linalg.norm(rest) for rest in left) < 1e-6:
        return math.nan
    return float(left[0] @ left[1] / np.linalg.norm(left[0]) / np.linalg.norm(left[1]))


def slow_tau(columns, weights=None):
    """Tau-b of weighted items, pair by pair."""
    weights = np.ones(len(columns[0])) if weights is None else weights
    signs = [np.sign(column[:, None] - column[None, :]) for column in columns[:2]]
    top = weights @ (signs[0] * signs[1]) @ weights
    free = [weights @ np.abs(sign) @ weights for sign in signs]
    return top / math.sqrt(free[0] * free[1])


def slopes(statistic, columns):
    """How a statistic changes with the weight of each item, by differences."""
    found = []
    for i in range(len(columns[0])):
        step = np.zeros(len(columns[0]))
        step[i] = 1e-5
        ones = np.ones(len(columns[0]))
        found.append((statistic(columns, ones + step) - statistic(columns, ones - step)) / 2e-5)
    return np.array(found)


def expected_interval(value, influence, example, answer):
    """Fisher's z with the two-way clustered error of Cameron, Gelbach and Miller."""

    def variance(labels):
        sums = [influence[labels == label].sum() for label in np.unique(labels)]
        return np.sum(np.square(sums)), len(sums)

    (of_examples, examples), (of_answers, answers) = variance(example), variance(answer)
    both, _ = variance(example * 1000 + answer)
    one, other = (
        found * count / (count - 1)
        for found, count in ((of_examples, examples), (of_answers, answers))
    )
    error = math.sqrt(max(one + other - both, one, other)) / (1 - value**2)
    reach = scipy.stats.t.ppf(0.975, min(examples, answers) - 1) * error
    return math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach)


def answers_at_random(generator, examples, rho=0.0, sizes=(1, 9), own=False):
    """Both sides have effects of examples, of answers that recur, and of items, all unrelated.

    With ``rho`` the effects of both sides are related. ``own``: one answer an example.
    """
    count = generator.integers(*sizes, examples)
    example = np.repeat(np.arange(examples), count)
    shares = np.arange(1, examples // 2 + 1) ** -0.7
    dealt = examples if own else len(example)
    answer = generator.choice(len(shares), dealt, p=shares / shares.sum())
    answer = answer[example] if own else answer
    sides = 0.0
    for labels, scale in ((answer, 1.0), (example, 0.7), (np.arange(len(example)), 0.7)):
        x, noise = generator.normal(size=(2, labels.max() + 1))
        y = rho * x + math.sqrt(1 - rho**2) * noise
        sides = sides + scale * np.stack([x, y])[:, labels]
    return *sides, example, answer


@settings(max_examples=25, deadline=None)
@given(samples(), st.integers(0, 2))
def test_partial_spearman_equals_residuals_of_ranks(sample, columns_held):
    (x, y, *held), example, answer = sample
    held = held[:columns_held]
    result = statistics.partial_spearman(x, y, held, example, answer, FEW)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(result.value) and "constant" in result.reason
        return
    slow = slow_partial([x, y, *held])
    assert result.value == pytest.approx(slow, abs=1e-7, nan_ok=True)
    if math.isnan(slow):
        assert "held fixed" in result.reason
    elif not held:
        assert result.value == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-9)
        assert (result.items, result.examples) == (len(x), len(set(example)))


@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
@settings(max_examples=25, deadline=None)
@given(samples())
def test_kendall_equals_scipy(sample):
    (x, y, *_), example, answer = sample
    result = statistics.kendall_distance(x, y, example, answer, FEW)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(result.value) and "constant" in result.reason
        return
    assert result.value == pytest.approx((1 - scipy.stats.kendalltau(x, y).statistic) / 2)


def test_intervals_are_those_of_the_two_way_clustered_error():
    generator = np.random.default_rng(5)
    x, y, example, answer = answers_at_random(generator, 12, rho=0.6)
    x, held = np.round(x, 1), generator.normal(size=(2, len(x)))
    y = y + held[0]
    for columns in ([x, y], [x, y, held[0]], [x, y, *held]):
        value = slow_partial(columns)
        found = statistics.partial_spearman(x, y, columns[2:], example, answer, FEW)
        expected = expected_interval(value, slopes(slow_partial, columns), example, answer)
        assert (found.ci_low, found.ci_high) == pytest.approx(expected, abs=1e-5)
    tau = slow_tau([x, y])
    low, high = expected_interval(tau, slopes(slow_tau, [x, y]), example, answer)
    found = statistics.kendall_distance(x, y, example, answer, FEW)
    assert (found.ci_low, found.ci_high) == pytest.approx(((1 - high) / 2, (1 - low) / 2), abs=1e-5)


def test_columns_that_add_nothing_take_nothing_away():
    generator = np.random.default_rng(6)
    x, y, example, answer = answers_at_random(generator, 30, rho=0.4)
    z = generator.normal(size=len(x))
    once = statistics.partial_spearman(x, y, [z], example, answer, FEW)
    again = statistics.partial_spearman(x, y, [z, 2 * z, 0 * z], example, answer, FEW)
    assert again.value == pytest.approx(once.value)
    assert (again.ci_low, again.ci_high) == pytest.approx((once.ci_low, once.ci_high))
    assert again.p_permutation == once.p_permutation


def slow_test(x, y, held, example, answer, layouts, top):
    """p of layouts of y's blocks: residuals of ranks, products, their two-way clustered error."""

    def left(column):
        design = np.column_stack([np.ones(len(column)), *map(scipy.stats.rankdata, held)])
        return column - design @ np.linalg.lstsq(design, column, rcond=None)[0]

    fixed, moved = left(scipy.stats.rankdata(x)), left(scipy.stats.rankdata(y))

    def studentized(laid):
        products = fixed * left(moved[laid])
        one, other, both = (
            sum(products[labels == label].sum() ** 2 for label in np.unique(labels))
            for labels in (example, answer, example * 1000 + answer)
        )
        return top(laid, products) / math.sqrt(max(one + other - both, one, other))

    observed = abs(studentized(np.arange(len(x)))) * (1 - 1e-9)
    return (1 + sum(abs(studentized(laid)) >= observed for laid in layouts)) / (1 + len(layouts))


def shuffles(seed, examples, permutations):
    """The orders that the loops shuffle examples into, in plain Python."""
    mask, order, orders = (1 << 64) - 1, list(range(examples)), []
    state = int(statistics._key(seed, "permutations"))
    for _ in range(permutations):
        for i in range(examples - 1, 0, -1):
            state = (state + 0x9E3779B97F4A7C15) & mask
            value = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
            value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
            j = ((value ^ (value >> 31)) >> 32) * (i + 1) >> 32
            order[i], order[j] = order[j], order[i]
        orders.append(list(order))
    return orders


def test_permutation_is_freedman_lane_with_a_two_way_error():
    generator = np.random.default_rng(5)
    x, y, example, answer = answers_at_random(generator, 12, rho=0.35)
    order = np.lexsort((answer, example))
    x, y, example, answer = (column[order] for column in (x, y, example, answer))
    held = generator.normal(size=(2, len(x)))
    y = y + held[0]
    layouts = [
        np.concatenate([np.flatnonzero(example == e) for e in blocks])
        for blocks in shuffles(FEW.seed, 12, FEW.permutations)
    ]
    for columns in ((), held[:1], held):
        p = slow_test(x, y, columns, example, answer, layouts, lambda _, found: found.sum())
        found = statistics.partial_spearman(x, y, columns, example, answer, FEW)
        assert found.p_permutation == pytest.approx(p)
    p = slow_test(
        x, y, (), example, answer, layouts, lambda laid, _: scipy.stats.kendalltau(x, y[laid])[0]
    )
    kendall = statistics.kendall_distance(x, y, example, answer, FEW)
    assert kendall.p_permutation == pytest.approx(p)
    assert len({tuple(map(tuple, layouts))}) == 1 and 0.02 < p < 1


def test_p_value_is_that_of_scipy():
    generator = np.random.default_rng(0)
    x, z, w, example = *generator.normal(size=(3, 30)), np.arange(30)
    y = x + generator.normal(size=30)
    spearman = statistics.spearman(x, y, example, example, FEW)
    assert spearman.p_value == pytest.approx(scipy.stats.spearmanr(x, y).pvalue)
    kendall = statistics.kendall_distance(x, y, example, example, FEW)
    assert kendall.p_value == pytest.approx(scipy.stats.kendalltau(x, y).pvalue)
    partial = statistics.partial_spearman(x, y, [z, w], example, example, FEW)
    t = partial.value * math.sqrt(26 / (1 - partial.value**2))
    assert partial.p_value == pytest.approx(2 * scipy.stats.t.sf(abs(t), 26))


def test_order_of_rows_does_not_matter():
    generator = np.random.default_rng(1)
    x, y, example, answer = answers_at_random(generator, 20)
    # Items of one example and answer keep their order: blocks are laid out item by item.
    order = np.lexsort((generator.permutation(20)[example],))
    for function in (statistics.spearman, statistics.kendall_distance):
        first = function(x, y, example, answer, FEW)
        again = function(x[order], y[order], example[order], answer[order], FEW)
        assert first == again
        assert first.replicates.tolist() == again.replicates.tolist()


def test_seed_decides_every_draw():
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(2, 50))
    example = np.arange(50)
    first = statistics.spearman(x, y, example, example, FEW)
    again = statistics.spearman(x, y, example, example, FEW)
    assert first == again and (first.replicates == again.replicates).all()
    other = statistics.spearman(x, y, example, example, dataclasses.replace(FEW, seed=4))
    assert (first.replicates != other.replicates).any() and first.ci_low == other.ci_low


def test_trap_p_values_that_treat_pairs_of_one_example_as_independent():
    """Nothing relates corpus and model, yet items of one example share both sides' effects."""
    generator = np.random.default_rng(11)
    draws = Resampling(bootstrap=64, permutations=99, seed=0)
    naive, honest, runs = 0, 0, 300
    for _ in range(runs):
        sizes = generator.integers(1, 31, 30)
        example = np.repeat(np.arange(30), sizes)
        x = generator.normal(size=30)[example] + 0.3 * generator.normal(size=len(example))
        y = generator.normal(size=30)[example] + 0.3 * generator.normal(size=len(example))
        result = statistics.spearman(x, y, example, np.arange(len(example)), draws)
        naive += result.p_value < 0.05
        honest += result.p_permutation < 0.05
    assert naive / runs > 0.3
    assert honest / runs < 0.09


@pytest.mark.parametrize("own", [False, True])
def test_trap_p_values_that_treat_examples_of_one_answer_as_independent(own):
    """Nothing relates corpus and model, yet examples that share an answer share its effects.

    Of 400 samples at 5 % no more than three standard errors above it.
    """
    generator = np.random.default_rng(17)
    draws = Resampling(bootstrap=64, permutations=99)
    by_example, honest, held, inside, runs = 0, 0, 0, 0, 400
    for _ in range(runs):
        x, y, example, answer = answers_at_random(generator, 200, own=own)
        result = statistics.spearman(x, y, example, answer, draws)
        honest += result.p_permutation <= 0.05
        inside += result.ci_low < 0 < result.ci_high
        alone = statistics.spearman(x, y, example, np.arange(len(x)), draws)
        by_example += alone.p_permutation <= 0.05
        frequency = generator.normal(size=answer.max() + 1)[answer]
        others = generator.normal(size=(2, len(x)))
        partial = statistics.partial_spearman(
            x + frequency, y + frequency + others[0], [frequency, *others], example, answer, draws
        )
        held += partial.p_permutation <= 0.05
    room = 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert by_example / runs > 0.14
    assert honest / runs < room and held / runs < room
    assert inside / runs > 0.91


def test_what_is_there_is_still_found():
    """A correlation of .3 in every effect, on 300 examples: found in most of the samples."""
    generator = np.random.default_rng(18)
    found = inside = 0
    truth = 6 / math.pi * math.asin(0.3 / 2)
    for _ in range(60):
        x, y, example, answer = answers_at_random(generator, 300, rho=0.3)
        result = statistics.spearman(
            x, y, example, answer, Resampling(bootstrap=64, permutations=99)
        )
        found += result.p_permutation < 0.05
        inside += result.ci_low < truth < result.ci_high
    assert found / 60 > 0.85 and inside / 60 > 0.85


def test_permutation_finds_what_is_there():
    generator = np.random.default_rng(12)
    example = np.repeat(np.arange(60), 4)
    shared = generator.normal(size=60)[example]
    x, y = shared + generator.normal(size=(2, 240))
    for function in (statistics.spearman, statistics.kendall_distance):
        assert function(x, y, example, example, FEW).p_permutation == pytest.approx(0.02)
    confounded = statistics.partial_spearman(x, y, [shared], example, example, FEW)
    assert confounded.p_permutation > 0.05 and confounded.ci_low < 0 < confounded.ci_high


def test_a_test_that_has_seen_enough_stops():
    """Of unrelated values most permutations are as extreme: the p of those seen is kept."""
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(2, 40))
    example = np.arange(40)
    many = Resampling(bootstrap=64, permutations=1_000_000)
    p = statistics.spearman(x, y, example, example, many).p_permutation
    seen = round(kernels.ENOUGH / p)
    assert p == pytest.approx(kernels.ENOUGH / seen) and seen < 10_000
    some = Resampling(bootstrap=64, permutations=seen - 1)
    p = statistics.spearman(x, y, example, example, some).p_permutation
    assert p == pytest.approx(kernels.ENOUGH / seen)


def test_of_many_items_tau_is_tested_by_its_projection(monkeypatch):
    generator = np.random.default_rng(21)
    for rho in (0.0, 0.08):
        x, y, example, answer = answers_at_random(generator, 500, rho=rho)
        x = np.round(x, 1)
        draws = Resampling(bootstrap=64, permutations=999)
        assert len(x) > statistics._MANY
        fast = statistics.kendall_distance(x, y, example, answer, draws).p_permutation
        with monkeypatch.context() as patched:
            patched.setattr(statistics, "_MANY", 10**9)
            slow = statistics.kendall_distance(x, y, example, answer, draws).p_permutation
        assert 0.02 < slow < 1 and fast == pytest.approx(slow, rel=0.1)


def test_nothing_is_permuted_unless_asked():
    x = np.arange(9.0)
    draws = Resampling(bootstrap=64)
    result = statistics.spearman(x, np.roll(x, 2), x, x, draws)
    assert math.isnan(result.p_permutation) and result.ci_low < result.value


def test_interval_of_examples_is_wider_than_that_of_items():
    generator = np.random.default_rng(13)
    example = np.repeat(np.arange(40), 10)
    x, y = generator.normal(size=(2, 40))[:, example]
    by_example = statistics.spearman(x, y, example, example, FEW)
    by_item = statistics.spearman(x, y, np.arange(400), np.arange(400), FEW)
    assert by_example.ci_high - by_example.ci_low > 2 * (by_item.ci_high - by_item.ci_low)


def test_one_answer_alone_says_nothing_of_the_error():
    generator = np.random.default_rng(14)
    x, y = generator.normal(size=(2, 50))
    example = np.arange(50)
    same = statistics.spearman(x, y + x, example, np.zeros(50), FEW)
    own = statistics.spearman(x, y + x, example, example, FEW)
    assert same.p_permutation == own.p_permutation
    assert (same.ci_low, same.ci_high) == pytest.approx((own.ci_low, own.ci_high), abs=0.01)


def test_replicates_are_as_wide_as_the_error_and_share_their_draws():
    """Models over other items of the same examples are drawn alike, whatever is left out."""
    generator = np.random.default_rng(15)
    x, y, example, answer = answers_at_random(generator, 300, rho=0.4)
    words = np.array([f"answer {number}" for number in answer], object)
    draws = Resampling(bootstrap=1000)
    one = statistics.spearman(x, y, example, words, draws)
    error = (math.atanh(one.ci_high) - math.atanh(one.ci_low)) / 2 / 1.98
    assert np.std(np.arctanh(one.replicates)) == pytest.approx(error, rel=0.1)
    assert np.mean(one.replicates) == pytest.approx(one.value, abs=0.01)
    kept = generator.random(len(x)) < 0.95
    other = statistics.spearman(
        x[kept], (y + 0.1 * x)[kept], example[kept], words[kept], draws
    )  # fmt: skip
    assert np.corrcoef(one.replicates, other.replicates)[0, 1] > 0.9
    strange = statistics.spearman(x, generator.normal(size=len(x)), example, words, draws)
    assert abs(np.corrcoef(one.replicates, strange.replicates)[0, 1]) < 0.4


@pytest.mark.parametrize("function", [statistics.spearman, statistics.kendall_distance])
@pytest.mark.parametrize(
    ("x", "y", "example", "reason"),
    [
        ([], [], [], "no item"),
        ([1, 2], [2, 1], [0, 1], "too few items: 2, at least 3"),
        ([1, 1, 1], [1, 2, 3], [0, 1, 2], "constant: every corpus"),
        ([1, 2, 3], [1, 1, 1], [0, 1, 2], "constant: every model"),
        ([1, 2, math.nan], [1, 2, 3], [0, 1, 2], "1 of 3 items"),
        ([1, 2, 3], [1, math.inf, 3], [0, 1, 2], "1 of 3 items"),
    ],
)
def test_what_has_no_value_says_why(function, x, y, example, reason):
    result = function(x, y, example, example, FEW)
    assert reason in result.reason
    assert math.isnan(result.value) and math.isnan(result.p_value)
    assert math.isnan(result.ci_low) and math.isnan(result.p_permutation)
    assert result.items == len(x) and len(result.replicates) == 0


def test_one_example_has_a_value_and_no_interval():
    for function in (statistics.spearman, statistics.kendall_distance):
        result = function([1, 2, 3, 4], [1, 3, 2, 4], [7] * 4, [1, 2, 3, 4], FEW)
        assert math.isfinite(result.value) and math.isfinite(result.p_value)
        assert math.isnan(result.ci_low) and math.isnan(result.p_permutation)
        assert "one example" in result.reason


def test_the_same_order_has_no_scatter_to_tell_an_interval_by():
    x = np.arange(8.0)
    result = statistics.spearman(x, x**3, x, x, FEW)
    assert result.value == 1 and math.isnan(result.ci_low) and "without scatter" in result.reason
    assert result.p_permutation < 0.05


def test_partial_of_what_a_column_decides_is_undefined():
    x = np.arange(8.0)
    result = statistics.partial_spearman(x, x[::-1], [x], np.arange(8), np.arange(8), FEW)
    assert math.isnan(result.value) and "held fixed" in result.reason


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one value an item"):
        statistics.spearman([1, 2, 3], [1, 2], [0, 1, 2], [0, 1, 2], FEW)
    with pytest.raises(ValueError, match="one value an item"):
        statistics.spearman([1, 2, 3], [1, 2, 3], [0, 1, 2], [0, 1], FEW)


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


def mean(rows):
    return float(np.mean(rows))


def test_interval_of_a_ratio_recomputes_the_ratio():
    generator = np.random.default_rng(0)
    counts = np.column_stack([generator.poisson(3, 80), np.full(80, 6)]).astype(float)
    estimate = statistics.interval(counts, lambda t: t[:, 0].sum() / t[:, 1].sum(), FEW)
    draws = np.random.default_rng([FEW.seed, 0])
    values = [counts[draws.integers(0, 80, 80), 0].sum() / 480 for _ in range(FEW.bootstrap)]
    assert estimate.value == pytest.approx(counts[:, 0].sum() / 480)
    assert estimate.replicates.tolist() == pytest.approx(values)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx(
        tuple(np.quantile(values, [0.025, 0.975]))
    )
    assert estimate.examples == 80


def test_parts_of_a_task_are_drawn_with_the_whole():
    """The score of the whole, resample by resample, is made of those of its parts."""
    generator = np.random.default_rng(1)
    right = generator.integers(0, 2, 90).astype(float)
    part = generator.random(90) < 0.3
    found = [
        statistics.interval(right, mean, FEW, proportion=proportion, inside=inside)
        for proportion in (True, False)
        for inside in (np.ones(90, bool), part, ~part)
    ]
    for whole, one, other in (found[:3], found[3:]):
        share = (whole.replicates - other.replicates) / (one.replicates - other.replicates)
        assert np.all((share > 0.05) & (share < 0.6))
        assert (one.examples, other.examples) == (part.sum(), (~part).sum())
    assert found[0].replicates == pytest.approx(found[3].replicates)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.5, 0.98])
def test_intervals_of_proportions_cover_them(share):
    """Of 30 examples at 95 %; a bootstrap covers 1 % in 26 % of samples."""
    generator = np.random.default_rng(16)
    covered, draws = 0, Resampling(bootstrap=100)
    for _ in range(400):
        right = (generator.random(30) < share).astype(float)
        found = statistics.interval(right, mean, draws, proportion=True)
        assert found.ci_low < found.ci_high and found.ci_low <= found.value <= found.ci_high
        covered += found.ci_low <= share <= found.ci_high
    assert covered / 400 > 0.91


def test_wilson_equals_published_intervals():
    """Table I of Newcombe (1998), method 3."""
    assert statistics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert statistics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert statistics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert statistics.wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_interval_says_why_there_is_none():
    assert statistics.interval([], np.mean, FEW).reason == "no example"
    one = statistics.interval([1.0], np.mean, FEW)
    assert one.value == 1.0 and math.isnan(one.ci_low) and "one example" in one.reason
    assert "not finite" in statistics.interval([1.0, math.nan], np.mean, FEW).reason
