"""A row of scores: a rank correlation over items, and how many were left out for which reason."""

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring import statistics
from tracemem.scoring.measuring import REASONS
from tracemem.scoring.statistics import Correlation, Resampling

# Why a measure of a task and n has no value at all; pairs/coverage.csv says why there is no pair.
NO_PAIR = "no mined pair stands in a test example"


def row(
    frame: pd.DataFrame,
    column: str,
    statistic: str,
    series: Series,
    n: int,
    measure: str,
    resampling: Resampling,
) -> dict:
    """A row of scores over the items of ``frame`` that were not dropped; ``p_holm`` is left empty.

    Args:
        frame: example, the corpus' side in ``column``, model, output where the statistic is given
            C(s_y), and dropped.
        column: the corpus' side.
        statistic: spearman, kendall-distance or partial-spearman.
        series: whose score it is.
        n: words of an n-gram.
        measure: its name.
        resampling: draws and seed.
    """
    reasons = frame["dropped"].value_counts()
    kept = frame[frame["dropped"] == ""]
    result = correlate(kept, column, statistic, resampling)
    reason = result.reason
    if frame.empty:
        reason = NO_PAIR
    elif kept.empty:
        reason = f"each of the {len(frame):,} items was left out, for the reasons counted"
    return {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "measure": measure,
        "statistic": statistic,
        "value": result.value,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "reason": reason,
        "p_value": result.p_value,
        "p_permutation": result.p_permutation,
        "p_holm": np.nan,
        "items": result.items,
        "examples": result.examples,
        "dropped": len(frame) - len(kept),
        **{f"dropped_{reason}": int(reasons.get(reason, 0)) for reason in REASONS},
    }


def correlate(
    frame: pd.DataFrame, column: str, statistic: str, resampling: Resampling
) -> Correlation:
    """A statistic of all rows of ``frame``, between the corpus' side in ``column`` and model."""
    example = frame["example"].to_numpy()
    x, y = frame[column].to_numpy(), frame["model"].to_numpy()
    if statistic == "spearman":
        return statistics.spearman(x, y, example, resampling)
    if statistic == "kendall-distance":
        return statistics.kendall_distance(x, y, example, resampling)
    z = frame["output"].to_numpy()
    return statistics.partial_spearman(x, y, z, example, resampling)
