"""Instruct models against their base models, with the interval of the difference."""

import math

import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.scoring import instruct
from tracemem.scoring.measures import COMPARED
from tracemem.scoring.tables import INSTRUCT, MEMORIZATION

KEY = ["task", "n", "measure", "statistic"]


def frames():
    memorization, performance = [], []
    for model, value in (("base", 0.2), ("tuned", 0.5), ("other", 0.9)):
        series = {"task": "questions", "model": model, "parameters": 1000}
        interval = {"ci_low": value - 0.1, "ci_high": value + 0.05}
        for metric, group in (("exact-match", ""), ("bleu", ""), ("exact-match", "part")):
            performance.append({**series, "group": group, "metric": metric, "value": value,
                                **interval, "examples": 5, "signature": ""})  # fmt: skip
        for n in (3, 2):
            compared = [(measure.name, measure.statistic) for measure in COMPARED]
            for measure, statistic in (*compared, ("task-gram", "kendall-distance")):
                if (model, measure) == ("tuned", "infini-gram"):
                    continue
                filled = dict.fromkeys(MEMORIZATION.columns, 0)
                memorization.append({**filled, **series, "n": n, "measure": measure,
                                     "statistic": statistic, "value": value + n / 100,
                                     **interval})  # fmt: skip
    return pd.DataFrame(memorization), pd.DataFrame(performance)


def test_each_score_of_both_models_stands_once():
    found = instruct.compare(*frames(), {"tuned": "base"})
    files.conform(INSTRUCT, found)
    mem = [("task-gram", "spearman"), ("task-gram", "partial-spearman"),
           ("contrast", "partial-spearman")]  # fmt: skip
    assert [tuple(row) for row in found[KEY].itertuples(index=False)] == [
        ("questions", 0, "performance", "exact-match"),
        *(("questions", n, *kind) for n in (2, 3) for kind in mem),
    ]
    assert set(found["base"]) == {"base"} and set(found["instruct"]) == {"tuned"}


def test_the_difference_is_instruct_less_base_with_movers_interval():
    row = instruct.compare(*frames(), {"tuned": "base"}).iloc[0]
    assert (row["base_value"], row["instruct_value"]) == (0.2, 0.5)
    assert row["difference"] == pytest.approx(0.3)
    # Lower: 0.1 below ours and 0.05 above the base; upper: 0.05 above ours and 0.1 below the base.
    assert row["ci_low"] == pytest.approx(0.3 - math.hypot(0.1, 0.05))
    assert row["ci_high"] == pytest.approx(0.3 + math.hypot(0.05, 0.1))


def test_without_an_instruct_model_there_is_no_row():
    found = instruct.compare(*frames(), {})
    files.conform(INSTRUCT, found)
    assert found.empty
