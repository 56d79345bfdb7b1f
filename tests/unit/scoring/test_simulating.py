"""Simulated items: what is dialled is what is measured, and formulas say what is detected."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from bench.study import fit_designs
from tracemem.jobs import files
from tracemem.scoring import designs, simulating
from tracemem.scoring.designs import Design
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import CONTRASTS

KINDS = designs.read()
# Answers recur, items come several an example, and everything has its part in both sides.
HARD = Design(
    items=3, items_sd=1, answers=500, exponent=0.7, count_mean=4, count_sd=1, tokens_mean=3,
    tokens_sd=0.8, similarity_mean=0.4, similarity_sd=0.1, zeros=0.15, corpus_count=0.5,
    prior_count=0.7, prior_tokens=-0.5, contrast_count=0.4, contrast_tokens=-0.2,
    contrast_similarity=0.2, corpus_example=0.2, corpus_answer=0.4, model_example=0.2,
    model_answer=0.4, shared=0.6,
)  # fmt: skip


def value(design, recall, examples=4000, seed=3):
    return simulating.measure(simulating.draw(design, examples, [recall], seed)[0]).value


@pytest.mark.parametrize("design", [*KINDS.values(), HARD])
def test_items_are_as_their_design_says(design):
    one, other = simulating.draw(design, 2000, [0.2, 0.9], seed=1)
    for items in (one, other):
        files.conform(CONTRASTS, items)
    assert one.equals(simulating.draw(design, 2000, [0.2, 0.9], seed=1)[0])
    assert not one.equals(simulating.draw(design, 2000, [0.2, 0.9], seed=2)[0])
    beside = [name for name in one if name not in ("model", "contrast")]
    assert one[beside].equals(other[beside])
    assert one["example"].nunique() == 2000
    assert not one.duplicated(["example", "output_gram"]).any()
    assert np.isinf(one["corpus"]).mean() == pytest.approx(design.zeros, abs=0.04)
    assert (one["corpus"] <= 0).all() and (one["output_documents"] >= 1).all()
    assert one["tokens"].mean() == pytest.approx(max(1, design.tokens_mean), rel=0.15)
    shares = one["output_gram"].value_counts(normalize=True)
    if design.items == 1:
        expected = sum(share**2 for share in design.law())
        assert (shares**2).sum() == pytest.approx(expected, rel=0.15, abs=1e-3)


@pytest.mark.parametrize("design", [*KINDS.values(), HARD])
def test_the_measure_follows_the_dial_from_rule_to_recall(design):
    """What obeys a rule is at 0 though the two sides are related, by the answer's frequency."""
    values = [value(design, recall) for recall in (0, 0.3, 0.6, 1)]
    assert abs(values[0]) < 3 * designs.scatter(design, 4000)
    assert np.all(np.diff(values) > 0.15) and values[-1] > 0.85


def test_a_rule_has_no_value_though_both_sides_are_related():
    """Of answers that seldom recur; the few that often do may be related by chance."""
    many = replace(HARD, answers=20_000, exponent=0)
    items = simulating.draw(many, 4000, [0], seed=3)[0]
    related = scipy.stats.spearmanr(items["corpus"], items["contrast"])[0]
    assert related > 0.1 and abs(value(many, 0)) < 0.03


def test_a_dial_has_its_effect():
    assert simulating.dial(HARD, 0) == 0
    found = simulating.dial(HARD, 0.3)
    values = [value(HARD, found, examples=200, seed=seed) for seed in range(40, 80)]
    assert np.mean(values) == pytest.approx(0.3, abs=0.03)
    with pytest.raises(ValueError, match=r"effect: found 1; allowed: up to 0\.9"):
        simulating.dial(HARD, 1)


@pytest.mark.parametrize(("design", "examples"), [(HARD, 200), (KINDS["reasoning"], 150)])
def test_scatter_is_that_of_draws(design, examples):
    """Within a fifth; a formula for independent items says too little where answers recur."""
    values = [
        simulating.measure(
            simulating.draw(design, examples, [0], (5, number))[0], Resampling(bootstrap=1)
        ).value
        for number in range(120)
    ]
    found = float(np.std(np.arctanh(values)))
    assert designs.scatter(design, examples) == pytest.approx(found, rel=0.2)


def test_a_rule_is_seldom_taken_for_recall():
    """At a level of .05, in two to nine of a hundred studies."""
    assert 0.02 <= simulating.power(HARD, 200, 0.0, draws=150) <= 0.09


@pytest.mark.parametrize("kind", ["question-answering", "translation"])
def test_the_smallest_effect_is_found_four_times_of_five(kind):
    design, examples = KINDS[kind], 200
    effect = designs.smallest(design, examples, tests=4)
    found = simulating.power(design, examples, effect, tests=4, draws=100)
    assert found == pytest.approx(designs.POWER, abs=0.13)


def test_the_smallest_difference_is_found_four_times_of_five():
    design, examples = KINDS["question-answering"], 200
    effect = designs.smallest(design, examples, tests=2, between=True)
    found = simulating.power(design, examples, effect, tests=2, base=0.05, draws=100)
    assert found == pytest.approx(designs.POWER, abs=0.13)


def test_so_many_examples_are_needed():
    alone = replace(HARD, items=1, items_sd=0, corpus_answer=0)
    # Independent items: (1.96 + 0.84)^2 / atanh(.1)^2 + 3 + the columns held fixed.
    assert designs.needed(alone, 0.1) == math.ceil(
        (1.95996 + 0.84162) ** 2 / math.atanh(0.1) ** 2 + 6
    )
    for between in (False, True):
        many = designs.needed(HARD, 0.2, 6, between)
        assert designs.smallest(HARD, many, 6, between) <= 0.2
        assert designs.smallest(HARD, many - 1, 6, between) > 0.2
    # The same few answers again and again tell no more.
    few = replace(HARD, answers=12)
    assert designs.needed(few, 0.05) == math.inf and designs.smallest(HARD, 1, 6) == 1


def test_a_design_is_fitted_to_its_items(tmp_path):
    """What is drawn from a design has that design, but for what ties and small clusters blur."""
    found = fit_designs.fitted(*simulating.draw(HARD, 4000, [0.1, 0.3], seed=4))
    for name, known in vars(HARD).items():
        if name in ("answers", "exponent"):
            continue
        assert getattr(found, name) == pytest.approx(known, rel=0.15, abs=0.12), name
    shares = [sum(share**2 for share in design.law()) for design in (found, HARD)]
    assert shares[0] == pytest.approx(shares[1], rel=0.15)
    designs.write({"one": found}, tmp_path / "designs.csv")
    rows = pd.read_csv(tmp_path / "designs.csv", index_col="parameter")
    assert rows.loc["shared", "one"] == pytest.approx(found.shared, rel=1e-3)
