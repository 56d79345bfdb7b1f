"""The estimator finds a known effect, takes a common trend out, and finds nothing where there is none."""

import numpy as np
import pandas as pd
import pytest

from tracemem.counterfactual.profiles import Panel, by_example, estimate
from tracemem.scoring.statistics import Resampling

CHECKPOINTS = 6


def panel(
    seed, effect=lambda since: 0.0, examples=240, noise=0.5, trend=1.0, never=0.2, pairs=None,
    checkpoints=CHECKPOINTS, draws=400,
):  # fmt: skip
    """Examples of levels of their own, a trend that all share, and an effect by time since."""
    generator = np.random.default_rng(seed)
    cluster = np.arange(examples) % (pairs or examples)
    of_cluster = generator.integers(1, checkpoints + 1, examples)
    of_cluster[generator.random(examples) < never] = checkpoints + 1
    cohort = of_cluster[cluster]
    # Examples of one pair move together; one without a document moves alone.
    moved = np.where(cohort <= checkpoints, cluster, np.arange(examples))
    shared = generator.normal(0, noise, (checkpoints, examples))[:, moved]
    level = generator.normal(-9, 3, examples)
    common = trend * np.array([5.0, -2.0, 4.0, 11.0, 0.5, 7.0])[:checkpoints, None]
    since = np.arange(1, checkpoints + 1)[:, None] - cohort
    gained = np.where(since >= 0, np.vectorize(effect)(np.maximum(since, 0)), 0.0)
    held = cohort <= checkpoints
    treated = pd.DataFrame(
        {
            "example": np.arange(examples) + 1000,
            "input_gram": np.where(held, [f"x{k}" for k in cluster], ""),
            "output_gram": np.where(held, "y", ""),
            "documents": np.where(held, 3, 0),
            "first": cohort,
            "bulk": cohort,
        }
    )
    values = level + common + shared + gained
    return Panel.of(treated, values, "first", Resampling(bootstrap=draws, seed=5))


def test_a_known_effect_is_found_under_a_common_trend():
    def effect(since):
        return 2.0 / (1 + since)

    found = [estimate(panel([1, seed], effect, draws=100)) for seed in range(30)]
    profiles = pd.concat(profile for _, profile in found)
    known = profiles[(profiles["since"] >= 0) & (profiles["reason"] == "")].groupby("since")
    for since, rows in known:
        assert abs(rows["value"].mean() - effect(since)) < 4 * rows["value"].sem() < 0.2
        within = (rows["ci_low"] < effect(since)) & (effect(since) < rows["ci_high"])
        assert within.sum() >= 24
    assert list(known.groups) == [0, 1, 2, 3, 4]
    assert (known.get_group(0)["ci_low"] > 1).all()
    att, _ = found[0]
    # Without noise a cell is the effect itself, whatever levels and trend.
    exact, _ = estimate(panel([1, 0], effect, noise=0.0))
    cells = exact[(exact["since"] >= 0) & (exact["reason"] == "")]
    assert len(cells) == 15
    assert np.allclose(cells["value"], cells["since"].map(effect))
    assert np.allclose(exact.loc[exact["since"] < -1, "value"].dropna(), 0)
    assert att["value"].notna().equals(exact["value"].notna())


def test_a_trend_alone_is_no_effect():
    flat, steep = (by_example(panel(2, trend=trend))["effect"] for trend in (0.0, 40.0))
    assert np.allclose(flat, steep, equal_nan=True) and flat.notna().sum() > 100


@pytest.mark.parametrize("pairs", [None, 80])
def test_where_there_is_no_effect_intervals_miss_zero_at_their_rate(pairs):
    """At 5 %: of 300 null samples 2 to 9 % (a binomial's standard error is 1.3)."""
    missed = np.zeros(3)
    for seed in range(300):
        _, profile = estimate(panel([3, seed], pairs=pairs, checkpoints=4, draws=250))
        rows = profile[profile["since"].between(0, 2)]
        missed += ((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).to_numpy()
    assert 0.02 < missed.mean() / 300 < 0.09, missed / 300


def test_examples_are_their_own_change_less_that_of_the_controls():
    found = panel(4, lambda since: 1.0 + since)
    att, _ = estimate(found)
    rows = by_example(found)
    assert rows["example"].is_monotonic_increasing and len(rows) == 240
    one = rows[rows["cohort"] == 3].iloc[0]
    place = int(one["example"]) - 1000
    never = found.first == CHECKPOINTS + 1
    change = found.values[5] - found.values[1]
    assert one["checkpoint"] == 6
    assert one["effect"] == pytest.approx(change[place] - change[never].mean())
    last = att[(att["checkpoint"] == 6) & (att["reason"] == "")].set_index("cohort")["value"]
    means = rows[rows["reason"] == ""].groupby("cohort")["effect"].mean()
    assert np.allclose(means, last[means.index])


def test_what_cannot_be_estimated_is_a_reason_and_no_number():
    # Everyone is treated in the end: at the last checkpoint nobody is left to compare with.
    att, profile = estimate(panel(5, never=0.0))
    assert att.loc[att["reason"] == "", "value"].notna().all()
    cells = att.set_index(["cohort", "checkpoint"])
    assert (cells.loc[1, "reason"] == "no checkpoint before the documents of the cohort").all()
    assert cells.loc[(3, 6), "reason"] == ("no example is left whose documents were not read yet")
    assert np.isnan(cells.loc[(3, 6), "value"]) and cells.loc[(3, 6), "controls"] == 0
    assert cells.loc[(3, 5), "reason"] == "" and cells.loc[(3, 5), "controls"] > 0
    assert np.isnan(profile.set_index("since").loc[5, "value"])
    rows = by_example(panel(5, never=0.0)).set_index("cohort")
    assert (rows.loc[6, "reason"] == "no example is left whose documents were not read yet").all()
    assert rows.loc[6, "effect"].isna().all() and (rows.loc[6, "checkpoint"] == 0).all()
    assert (rows.loc[3, "checkpoint"] == 5).all()
    # Two examples, one treated: a value, but no interval, as half the resamples lack one of them.
    few = panel(6)
    few = Panel.of(
        pd.DataFrame(
            {
                "example": [1, 2], "input_gram": ["a", ""], "output_gram": ["y", ""],
                "documents": [1, 0], "first": [2, 4], "bulk": [2, 4],
            }
        ),
        np.array([[0.0, 1.0], [3.0, 2.0], [4.0, 2.5]]), "first", Resampling(200),
    )  # fmt: skip
    att, profile = estimate(few)
    cells = att.set_index(["cohort", "checkpoint"])
    assert cells.loc[(2, 2), "value"] == 2.0 and cells.loc[(2, 3), "value"] == 2.5
    assert "resamples" in cells.loc[(2, 2), "reason"] and np.isnan(cells.loc[(2, 2), "ci_low"])
    assert (cells.loc[3, "reason"] == "no example was treated in this interval").all()
    assert by_example(few)["reason"].tolist() == [
        "", "none of its documents was read by the last checkpoint",
    ]  # fmt: skip
