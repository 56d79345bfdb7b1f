"""Mem at each threshold of the cosine (Fig 6 of arXiv 2407.14985).

The pairs above a higher threshold are some of those above a lower one, so every threshold at or
above the mined one is a choice among the items there are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring import statistics
from tracemem.scoring.aggregating import per_pair
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import THRESHOLDS

NO_PAIR_ABOVE = "no pair of a test example has a cosine above it"


def score(
    measured: pd.DataFrame,
    gammas: Sequence[float],
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """Rows of ``tables.THRESHOLDS``: Mem per pair with its interval, without p-values.

    Args:
        measured: ``tables.MEASURED`` of the task, n and model.
        gammas: thresholds, none below the one that pairs were mined at.
        series: whose scores they are.
        n: words of an n-gram.
        resampling: draws and seed.
    """
    pairs = per_pair(measured)
    cosine = pairs["cosine"].to_numpy(np.float32)
    rows = []
    for gamma in gammas:
        above = pairs[cosine > np.float32(gamma)]
        kept = above[above["dropped"] == ""]
        result = statistics.spearman(
            kept["corpus"], kept["model"], kept["example"], kept["output_gram"], resampling
        )
        rows.append(
            {
                "task": series.task,
                "model": series.model,
                "parameters": series.parameters,
                "n": n,
                "gamma": gamma,
                "value": result.value,
                "ci_low": result.ci_low,
                "ci_high": result.ci_high,
                "reason": result.reason if len(above) else NO_PAIR_ABOVE,
                "items": result.items,
                "examples": result.examples,
                "dropped": len(above) - len(kept),
            }
        )
    return pd.DataFrame(rows, columns=list(THRESHOLDS.columns))
