import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.jobs import files
from tracemem.scoring import support
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import SUPPORT

FEW = Resampling(bootstrap=50, seed=1)


class Share:
    """A metric that is the share of examples answered rightly."""

    name, signature, unscored, proportion = "share", "", "", True

    def reduce(self, rows):
        return float(np.mean(rows))


class Mean(Share):
    proportion = False


def test_support_sums_the_pairs_of_an_example():
    items = pd.DataFrame({"example": [3, 1, 3, 1], "pair_documents": [5, 2, 1, 0]})
    assert support.supports(items, [0, 1, 2, 3]).tolist() == [0, 2, 0, 6]
    with pytest.raises(ValueError, match="example 3 is not among"):
        support.supports(items, [0, 1])


def test_quantile_bins():
    assert support.quantile_bins([0, 4, 1, 3, 2, 0], 4).tolist() == [0, 4, 1, 3, 2, 0]
    assert support.quantile_bins([5, 5, 5, 5], 4).tolist() == [1, 1, 1, 1]
    assert support.quantile_bins([1, 1, 1, 1, 9], 4).tolist() == [1, 1, 1, 1, 2]
    assert support.quantile_bins([0, 0], 4).tolist() == [0, 0]
    sizes = np.bincount(support.quantile_bins(np.arange(1, 1001), 4))
    assert sizes.tolist() == [0, 250, 250, 250, 250]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 6))
def test_trap_test_bins_are_dropped_at_both_ends(values, bins):
    """Every example is in exactly one bin, the least and the most supported among them."""
    values = np.array(values)
    numbers = support.quantile_bins(values, bins)
    rows = support.performance_by_bin(
        numbers, values, np.ones((len(values), 1)), Share(), Resampling(bootstrap=2)
    )
    assert rows["examples"].sum() == len(values)
    assert rows["support_low"].min() == values.min()
    assert rows["support_high"].max() == values.max()
    above = rows[rows["bin"] > 0].sort_values("bin")
    assert above["bin"].tolist() == list(range(1, len(above) + 1)) and len(above) <= bins
    assert (above["support_low"].to_numpy()[1:] > above["support_high"].to_numpy()[:-1]).all()
    assert ((numbers == 0) == (values == 0)).all()


def test_performance_by_bin():
    values = np.array([0, 0, 3, 4, 9, 8])
    right = np.array([[0], [1], [0], [1], [1], [1]], float)
    rows = support.performance_by_bin(support.quantile_bins(values, 2), values, right, Share(), FEW)
    assert rows["bin"].tolist() == [0, 1, 2]
    assert rows["value"].tolist() == [0.5, 0.5, 1.0]
    assert rows["support_low"].tolist() == [0, 3, 8]
    assert rows["support_high"].tolist() == [0, 4, 9]
    assert (rows["ci_low"] <= rows["value"]).all() and (rows["value"] <= rows["ci_high"]).all()
    series = {"task": "t", "model": "m", "parameters": 1, "n": 2, "metric": "bleu", "group": ""}
    files.conform(SUPPORT, rows.assign(**series)[list(SUPPORT.columns)])
    # All of two right, which no resample tells from certainty.
    assert rows["ci_low"].iloc[2] < 0.5 and rows["ci_high"].iloc[2] == 1.0


def test_a_bin_of_one_example_has_an_interval_if_it_is_a_proportion():
    bins = np.array([0, 1]), np.array([0, 7]), [[0], [1]]
    rows = support.performance_by_bin(*bins, Mean(), FEW)
    assert rows["value"].tolist() == [0, 1] and math.isnan(rows["ci_low"][1])
    rows = support.performance_by_bin(*bins, Share(), FEW)
    assert rows["ci_low"][1] == pytest.approx(0.207, abs=1e-3)


def test_groups_are_binned_by_their_summed_support():
    bins, totals = support.group_bins([1, 5, 2, 0, 4, 0], ["hu", "fr", "hu", "it", "fr", "de"])
    assert bins.tolist() == [1, 2, 1, 0, 2, 0]
    assert totals.tolist() == [3, 9, 3, 0, 9, 0]


def test_rows_must_agree():
    with pytest.raises(ValueError, match="found 2 bins, 2 supports and 1 rows"):
        support.performance_by_bin(np.array([0, 1]), np.array([0, 7]), [[1]], Share(), FEW)
