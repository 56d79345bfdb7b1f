"""Scores set against each other over the same resamples of their task.

Models answer the same examples, and the measures of a task are taken over the same items, so two
scores vary together: taken for independent, their difference would have an interval up to twice as
wide as it is. Replicate k of every score of a task is of the same resample
(:mod:`tracemem.scoring.statistics`), which tells how much they vary together.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from tracemem.scoring.statistics import CONFIDENCE
from tracemem.scoring.tables import REPLICATES

_KEY = [name for name in REPLICATES.columns if name != "replicates"]
_Z = float(scipy.stats.norm.ppf((1 + CONFIDENCE) / 2))


def take(*scores: pd.DataFrame) -> pd.DataFrame:
    """``tables.REPLICATES`` of rows of scores that have a column replicates."""
    return pd.concat([_keyed(rows)[list(REPLICATES.columns)] for rows in scores])


def give(scores: pd.DataFrame, replicates: pd.DataFrame) -> pd.DataFrame:
    """``scores`` with a column replicates, None where ``tables.REPLICATES`` has none of a row."""
    known = dict(
        zip(
            replicates[_KEY].itertuples(index=False, name=None),
            replicates["replicates"],
            strict=True,
        )
    )
    keys = _keyed(scores)[_KEY].itertuples(index=False, name=None)
    found = pd.Series([known.get(key) for key in keys], scores.index, object)
    return scores.assign(replicates=found)


def _keyed(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of any table of scores, with all columns that tell one score from another."""
    named: dict[str, Any] = {"n": 0, "group": "", "bin": -1}
    if "share" in scores:
        named |= {"measure": "novelty", "statistic": "share"}
    elif "metric" in scores:
        measure = "support" if "bin" in scores else "performance"
        named |= {"measure": measure, "statistic": scores["metric"]}
    return scores.assign(**{name: to for name, to in named.items() if name not in scores})


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> pd.Series:
    """Difference of two scores, one less other.

    The interval is put together from their own and from the correlation of their replicates, 0
    where there are none (MOVER; Zou 2007, for proportions Newcombe 1998). The p-value is that of
    the normal distribution whose interval reaches as far towards 0, so that it is below 0.05 where
    the interval leaves 0 out.

    Args:
        one: value, ci_low, ci_high, and replicates if known.
        other: the same.

    Returns:
        value, ci_low, ci_high, p and replicates.
    """
    gap = one["value"] - other["value"]
    drawn = _replicates(one), _replicates(other)
    paired = len(drawn[0]) == len(drawn[1])
    together = _correlation(*drawn) if paired else 0.0
    below = one["value"] - one["ci_low"], other["ci_high"] - other["value"]
    above = one["ci_high"] - one["value"], other["value"] - other["ci_low"]
    low, high = (
        math.sqrt(max(0.0, a * a - 2 * together * a * b + b * b)) if a == a and b == b else math.nan
        for a, b in (below, above)
    )
    reach = low if gap > 0 else high
    p = math.nan
    if not math.isnan(reach):
        p = float(2 * scipy.stats.norm.sf(_Z * abs(gap) / reach)) if reach else float(gap == 0)
    return pd.Series(
        {
            "value": gap,
            "ci_low": gap - low,
            "ci_high": gap + high,
            "p": p,
            "replicates": drawn[0] - drawn[1] if paired else np.empty(0),
        }
    )


def _replicates(score: Mapping[str, Any]) -> NDArray[np.float64]:
    """Replicates of a score; none of one that has no interval, or is no estimate."""
    found = score.get("replicates")
    return np.asarray(found, np.float64) if np.ndim(found) else np.empty(0)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Correlation of two scores over the resamples that have both; 0 where one never varies."""
    both = np.stack([one, other])
    both = both[:, np.isfinite(both).all(axis=0)]
    if both.shape[1] < 2:
        return 0.0
    both -= both.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.sum(both * both, axis=1))
    return float(np.sum(both[0] * both[1]) / (spread[0] * spread[1])) if spread.all() else 0.0
