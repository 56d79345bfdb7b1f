import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tracemem.counterfactual import candidates
from tracemem.counterfactual.judging import cells, judge
from tracemem.counterfactual.tables import AGREEMENT, CANDIDATES
from tracemem.jobs import files

SERIES = ["task", "model", "parameters", "n"]


def tables(examples=200, recall=1.0, seed=0):
    """CONTRASTS, MEASURED and effects of answers that a model recalls as the corpus joins them."""
    generator = np.random.default_rng(seed)
    contrasts, items = [], []
    documents = generator.integers(0, 30, examples)
    frequency = documents + generator.integers(1, 300, examples)
    for k, together in enumerate(documents):
        holders = together + generator.integers(0, 20)
        evidence = np.log(together / holders) if together else -np.inf
        added = recall * (np.log1p(together) if together else 0) + generator.normal()
        model = np.log(frequency[k]) + added - 8
        contrasts.append((k, f"y{k % 90}", "s", frequency[k], evidence, evidence, generator.random(),
                          1 + k % 3, model, added, ""))  # fmt: skip
        for piece, count, both in (("s", holders, together), ("is", 900, together // 2)):
            items.append((k, piece, f"y{k % 90}", both, count, frequency[k], model,
                          "" if both else "zero_count" if count else "zero_denominator"))  # fmt: skip
    contrasts = pd.DataFrame(contrasts, columns=[
        "example", "output_gram", "input_gram", "output_documents", "corpus", "shrunk", "similarity",
        "tokens", "model", "contrast", "dropped"])  # fmt: skip
    items = pd.DataFrame(items, columns=[
        "example", "input_gram", "output_gram", "pair_documents", "input_documents",
        "output_documents", "model", "dropped"])  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        items["corpus"] = np.log(items["pair_documents"] / items["input_documents"])
    effects = pd.DataFrame({"example": range(examples), "effect": recall * np.log1p(documents)})
    return contrasts, items, effects


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch):
    monkeypatch.setattr(candidates, "_DRAWS", 100)


def scored(**given) -> pd.DataFrame:
    contrasts, items, effects = tables(**given)
    units = candidates.units(contrasts, items, 5000)
    found = candidates.scored(units, candidates.pairs(items), effects, 0)
    files.conform(CANDIDATES, found.assign(task="t", model="m", parameters=1, n=2))
    return found.set_index(["corpus_side", "model_side", "held"])


def test_every_side_is_what_its_words_say():
    contrasts, items, _ = tables(examples=40)
    units = candidates.units(contrasts, items, 5000)
    for row in units.to_dict("records"):
        own = items[items["example"] == row["example"]]
        own = own[own["input_documents"] > 0]
        held = own[own["pair_documents"] > 0]
        given = np.log(held["pair_documents"] / held["input_documents"])
        assert row["support"] == (held["pair_documents"].sum() if len(held) else -np.inf)
        assert row["mean"] == pytest.approx(given.mean() if len(held) else -np.inf)
        assert row["strongest-mined"] == pytest.approx(given.max() if len(held) else -np.inf)
        joint = held["pair_documents"] * 5000 / (held["input_documents"] * held["output_documents"])
        assert row["pointwise"] == pytest.approx(np.log(joint).max() if len(held) else -np.inf)
        rarest = own.sort_values("input_documents").iloc[0]
        with np.errstate(divide="ignore"):
            expected = np.log(rarest["pair_documents"] / rarest["input_documents"])
        assert row["key"] == pytest.approx(expected)


def test_partial_correlation_is_that_of_residual_ranks():
    contrasts, items, _ = tables()
    units = candidates.units(contrasts, items, 5000)
    x, y = (candidates.residuals(units, side, "frequency") for side in ("strongest", "contrast"))
    xy, xz, yz = (
        scipy.stats.spearmanr(units[a], units[b]).statistic
        for a, b in (("strongest", "contrast"), ("strongest", "frequency"),
                     ("contrast", "frequency"))
    )  # fmt: skip
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert candidates.correlation(x, y) == pytest.approx(expected)
    within = candidates.residuals(units, "contrast", "answer")
    assert pd.Series(within).groupby(units["output_gram"].to_numpy()).mean().abs().max() < 1e-9


def test_recall_is_seen_and_its_absence_too():
    recalled, nothing = scored(), scored(recall=0.0)
    best = ("strongest", "contrast", "prior")
    assert recalled["value"][best] > 3 * recalled["bound"][best]
    assert recalled["agreement"][best] > 0.6
    assert recalled["ci_low"][best] < recalled["agreement"][best] < recalled["ci_high"][best]
    assert abs(nothing["value"][best]) < nothing["bound"][best]
    # Frequency alone carries the published measure where nothing is recalled.
    published = nothing.loc[("published", "log-probability", "nothing")]
    assert published["value"] > published["bound"]


def test_the_bound_of_chance_is_kept_as_often_as_it_says():
    inside = []
    for seed in range(1, 61):
        contrasts, items, _ = tables(recall=0.0, seed=seed)
        units = candidates.units(contrasts, items, 5000)
        x, y = (candidates.residuals(units, side, "prior") for side in ("strongest", "contrast"))
        bound = candidates.null_bound(units, x, y, 200, seed)
        inside.append(abs(candidates.correlation(x, y)) <= bound)
    assert np.mean(inside) >= 0.85


def test_too_few_answers_have_a_reason():
    contrasts, items, effects = tables(examples=4)
    units = candidates.units(contrasts, items, 5000)
    found = candidates.scored(units, candidates.pairs(items), effects, 0)
    assert found["value"].isna().all() and found["reason"].str.endswith("are too few").all()
    none = candidates.scored(units[:0], candidates.pairs(items[:0]), effects, 0)
    assert none["value"].isna().all()


def judged(values, effects, nothing=()):
    frame = pd.DataFrame(
        {
            "task": [f"t{k}" for k in range(len(values))], "model": "m", "corpus_side": "c",
            "model_side": "m", "held": "h", "n": 2, "value": values, "bound": 0.1,
            "agreement": 0.5, "ci_low": 0.4, "ci_high": 0.6,
        }
    )  # fmt: skip
    known = pd.DataFrame(
        {"task": frame["task"], "model": "m", "effect": effects, "ceiling": 0.8,
         "ci_low": np.array(effects) - 0.2}
    ).dropna()  # fmt: skip
    found = judge(cells(frame, known, nothing))
    files.conform(AGREEMENT, found)
    return found[found["level"] != "item"].set_index("level"), found[found["level"] == "item"]


def test_a_measure_that_follows_the_effect_is_told_from_one_that_does_not():
    effects = [0.0, 0.1, 0.5, 1.0, 2.0, 3.0]
    good, items = judged([0.05, -0.02, 0.2, 0.4, 0.6, 0.7], effects)
    values = {"apart": 1.0, "cells": 1.0, "examples": 0.5 / 0.8, "nothing": 1.0}
    assert good["value"].to_dict() == pytest.approx(values)
    assert good["cells"].to_dict() == {"apart": 6, "cells": 4, "examples": 4, "nothing": 2}
    assert items["allowed"].tolist() == [0.8] * 6 and items["value"].tolist() == [0.5] * 6
    bad, _ = judged([0.5, 0.6, 0.2, 0.1, 0.15, 0.05], effects)
    assert bad["value"]["apart"] == 0.0 and bad["value"]["nothing"] == 0.0
    assert bad["value"]["cells"] == pytest.approx(-0.8)


def test_intervals_over_several_worlds_draw_whole_worlds():
    # Within a world every cell is alike, so cells drawn one by one would tell more than there is.
    world = np.repeat(np.arange(6), 4)
    widths = []
    for name in (world, np.arange(24)):
        frame = pd.DataFrame(
            {
                "world": name.astype(str), "task": "t", "model": "m", "corpus_side": "c",
                "model_side": "m", "held": "h", "n": 2, "value": 0.3, "bound": 0.1,
                "agreement": 0.4 + 0.05 * world, "ci_low": 0.4, "ci_high": 0.6, "effect": 1.0,
                "effect_low": 0.1, "ceiling": 0.8, "above": True, "null": False,
            }
        )  # fmt: skip
        found = judge(frame).set_index("level").loc["examples"]
        assert found["value"] == pytest.approx(0.525 / 0.8)
        widths.append(found["ci_high"] - found["ci_low"])
    assert widths[0] > 1.5 * widths[1]


def test_cells_of_which_nothing_can_be_memorized_need_no_effect():
    found, _ = judged([0.5, 0.05, 0.3], [1.0, np.nan, np.nan], nothing=[("t1", "m"), ("t2", "m")])
    assert found["value"]["nothing"] == 0.5 and found["cells"]["nothing"] == 2
    assert np.isnan(found["value"]["apart"])
    assert found["reason"]["apart"] == "1 cells, 1 above zero"
