"""Mem at a threshold is Mem over the pairs above it."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tracemem.jobs import files
from tracemem.models.series import Series
from tracemem.scoring import thresholds
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import THRESHOLDS

FEW = Resampling(bootstrap=100, permutations=100, seed=1)


def study(examples=40, seed=0):
    """One word an item of the target and one pair an example, the last of them without a count."""
    draw = np.random.default_rng(seed)
    counts = draw.integers(1, 100, examples)
    counts[-1] = 0
    items = pd.DataFrame(
        {
            "example": range(examples), "input_gram": [f"x{i}" for i in range(examples)],
            "output_gram": [f"y{i}" for i in range(examples)], "target_start": 0, "target_end": 2,
            "pair_documents": counts, "input_documents": 200, "input_occurrences": 300,
            "output_documents": 150,
        }
    )  # fmt: skip
    generations = pd.DataFrame(
        {
            "example": range(examples), "token_starts": [np.array([0])] * examples,
            "token_ends": [np.array([2])] * examples,
            "token_log_probabilities": [np.array([value]) for value in -draw.random(examples)],
        }
    )  # fmt: skip
    mined = items[["input_gram", "output_gram"]].assign(
        cosine=np.linspace(0.5, 0.9, examples, dtype=np.float32)
    )
    return items, mined, generations


def test_only_pairs_above_the_threshold_count(measure):
    items, mined, generations = study()
    # The cosine of the tenth pair is itself a threshold: it is not above it.
    tenth = float(mined["cosine"].iloc[9])
    series = Series("questions", "m", 1000)
    measured = measure(items, generations, mined=mined.sample(frac=1, random_state=1))
    found = thresholds.score(measured, [0.4, tenth], series, 2, FEW)
    files.conform(THRESHOLDS, found)
    assert found["items"].tolist() == [39, 29] and found["dropped"].tolist() == [1, 1]
    model = [values[0] for values in generations["token_log_probabilities"]]
    for row, first in zip(found.itertuples(), (0, 10), strict=True):
        expected = scipy.stats.spearmanr(items["pair_documents"][first:39], model[first:39])
        assert row.value == pytest.approx(expected.statistic)
        assert row.ci_low < row.value < row.ci_high


def test_a_threshold_that_keeps_nothing_has_no_value(measure):
    items, mined, generations = study()
    series = Series("questions", "m", 1000)
    row = thresholds.score(measure(items, generations, mined=mined), [0.95], series, 2, FEW).iloc[0]
    assert np.isnan(row["value"]) and row["items"] == 0 and row["dropped"] == 0
    assert row["reason"] == thresholds.NO_PAIR_ABOVE


def test_an_item_that_was_not_mined_is_an_error(measure):
    items, mined, generations = study()
    with pytest.raises(ValueError, match=r"never mined.*'x3', 'y3'"):
        measure(items, generations, mined=mined.drop(3))
