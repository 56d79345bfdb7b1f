"""Differences of scores over the same resamples."""

import math

import numpy as np
import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.scoring import pairing, statistics
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import REPLICATES


def test_difference_of_two_intervals():
    one = {"value": 0.5, "ci_low": 0.2, "ci_high": 0.9}
    other = {"value": 0.1, "ci_low": 0.0, "ci_high": 0.5}
    found = pairing.difference(one, other)
    assert found["value"] == pytest.approx(0.4) and not len(found["replicates"])
    assert found["ci_low"] == pytest.approx(0.4 - 0.5)
    assert found["ci_high"] == pytest.approx(0.4 + math.hypot(0.4, 0.1))
    # What varies together cancels: the difference of what is left is 0.3 - 0.4 and 0.4 - 0.1.
    draws = np.linspace(-1, 1, 50)
    paired = pairing.difference(one | {"replicates": draws}, other | {"replicates": 2 * draws})
    assert paired["ci_low"] == pytest.approx(0.4 - 0.1)
    assert paired["ci_high"] == pytest.approx(0.4 + 0.3)
    assert paired["replicates"] == pytest.approx(-draws)


def test_p_is_below_a_level_where_the_interval_leaves_zero_out():
    for value in (0.05, 0.09, 0.11, 0.5, -0.11, -0.09):
        one = {"value": value, "ci_low": value - 0.08, "ci_high": value + 0.08}
        other = {"value": 0.0, "ci_low": -0.06, "ci_high": 0.06}
        found = pairing.difference(one, other)
        assert (found["p"] < 0.05) == (found["ci_low"] > 0 or found["ci_high"] < 0)
    nothing = {"value": math.nan, "ci_low": math.nan, "ci_high": math.nan}
    assert math.isnan(pairing.difference(one, nothing)["p"])


def test_paired_differences_cover_what_they_are_and_are_narrower():
    """Two models over the same examples and answers, the larger related to the corpus by more."""
    generator = np.random.default_rng(3)
    inside, paired, apart, runs = 0, 0.0, 0.0, 150
    for run in range(runs):
        example = np.repeat(np.arange(150), generator.integers(1, 5, 150))
        answer = generator.integers(0, 70, 150)[example]
        sides = [
            generator.normal(size=70)[answer] + generator.normal(size=150)[example]
            for _ in range(3)
        ]
        noise = generator.normal(size=(2, len(example)))
        models = [sides[0] * weight + sides[1] for weight in (0.5, 0.5)]
        # The second lacks some of the items.
        kept = generator.random(len(example)) < 0.97
        scores = []
        for model, own, items in zip(models, noise, (kept | True, kept), strict=True):
            found = statistics.spearman(
                sides[0][items], (model + 0.3 * own)[items], example[items], answer[items],
                Resampling(bootstrap=500, seed=run),
            )  # fmt: skip
            scores.append(
                {"value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high,
                 "replicates": found.replicates}
            )  # fmt: skip
        found = pairing.difference(*scores)
        inside += found["ci_low"] < 0 < found["ci_high"]
        paired += found["ci_high"] - found["ci_low"]
        independent = [{**score, "replicates": None} for score in scores]
        found = pairing.difference(*independent)
        apart += found["ci_high"] - found["ci_low"]
    assert inside / runs > 0.91
    assert paired < 0.5 * apart


def test_paired_proportions_keep_their_width():
    """Newcombe (1998), Table II, method 10 without its correction: 36, 12, 2 and 0 of 50 pairs."""
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [36, 12, 2, 0], axis=0).astype(float)
    nobody = np.zeros(50)
    draws = Resampling(bootstrap=4000)

    def share(column):
        found = statistics.interval(column, np.mean, draws, proportion=True)
        return {"value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high,
                "replicates": found.replicates}  # fmt: skip

    found = pairing.difference(share(right[:, 0]), share(right[:, 1]))
    low, high = statistics.wilson(48, 50), statistics.wilson(38, 50)
    phi = np.corrcoef(right.T)[0, 1]
    a, b = 0.96 - low[0], high[1] - 0.76
    assert found["ci_low"] == pytest.approx(
        0.2 - math.sqrt(a * a - 2 * phi * a * b + b * b), abs=0.004
    )
    none = pairing.difference(share(nobody), share(nobody))
    assert none["ci_low"] < -0.05 and none["ci_high"] > 0.05 and none["p"] == 1


def test_replicates_find_their_scores_again(tmp_path):
    """Whatever the table, in a file and back; scores without replicates have none."""
    series = {"task": "t", "model": "m", "parameters": 5}
    correlations = pd.DataFrame(
        [
            {**series, "n": n, "measure": "task-gram", "statistic": "spearman", "value": n,
             "replicates": np.full(3, float(n))}
            for n in (2, 3)
        ]
    )  # fmt: skip
    performance = pd.DataFrame(
        [
            {**series, "group": group, "metric": "bleu", "value": 1.0, "replicates": drawn}
            for group, drawn in (("", np.full(3, 7.0)), ("de", np.empty(0)))
        ]
    )
    support = pd.DataFrame(
        [
            {**series, "n": 2, "bin": number, "group": "", "metric": "bleu",
             "replicates": np.full(3, 10.0 + number)}
            for number in (0, 1)
        ]
    )  # fmt: skip
    novelty = pd.DataFrame([{**series, "n": 2, "share": 0.5, "replicates": np.full(3, 20.0)}])
    every = (correlations, performance, support, novelty)
    files.write(REPLICATES, pairing.take(*every), tmp_path / "replicates.parquet")
    kept = files.read(REPLICATES, tmp_path / "replicates.parquet")
    for scores in every:
        again = pairing.give(scores.drop(columns="replicates").iloc[::-1], kept).iloc[::-1]
        for one, other in zip(scores["replicates"], again["replicates"], strict=True):
            assert list(one) == list(other)
    strange = pairing.give(novelty.assign(model="other"), kept)
    assert strange["replicates"].tolist() == [None]
