"""What checkpoints tell of examples is ranked against what they lose without their documents."""

import numpy as np
import pandas as pd
import pytest

from bench.worlds.judge_profiles import agreement


def tables(noise: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(1)
    effect = random.normal(2, 1, 60)
    whose = {"task": "questions", "model": "m", "example": np.arange(60)}
    known = pd.DataFrame({**whose, "effect": effect})
    followed = pd.DataFrame({**whose, "n": 2, "treatment": "first"})
    followed["effect"] = 0.5 * effect + noise * random.normal(size=60)
    return followed, known


def test_the_same_order_agrees_wholly_and_noise_does_not():
    (row,) = agreement(*tables(0)).itertuples()
    assert row.value == pytest.approx(1) and row.examples == 60
    assert row.followed == pytest.approx(row.lost / 2)
    (row,) = agreement(*tables(50)).itertuples()
    assert abs(row.value) < 0.4 and row.ci_low < 0 < row.ci_high


def test_examples_without_either_effect_are_left_out():
    followed, known = tables(0)
    followed.loc[:9, "effect"] = np.nan
    (row,) = agreement(followed, known[:50]).itertuples()
    assert row.examples == 40
    (row,) = agreement(followed[10:12], known).itertuples()
    assert row.examples == 2 and np.isnan(row.value)
