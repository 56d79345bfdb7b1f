"""Mem at each threshold of the cosine (Fig 6 of arXiv 2407.14985).

The pairs above a higher threshold are some of those above a lower one, so every threshold at or
above the mined one is a choice among the items there are.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tracemem.jobs import tables
from tracemem.scoring import memorization, statistics
from tracemem.scoring.memorization import Series
from tracemem.scoring.statistics import Resampling

NO_PAIR_ABOVE = "no pair of a test example has a cosine above it"
_PAIR = ["input_gram", "output_gram"]


def score(
    items: pd.DataFrame,
    mined: pd.DataFrame,
    generations: pd.DataFrame,
    gammas: Sequence[float],
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """Rows of ``tables.THRESHOLDS``: Mem per pair with its interval, without p-values.

    Args:
        items: ``tables.ITEMS`` of the task and n.
        mined: ``tables.MINED`` of the same, which has the cosine of every item.
        generations: ``tables.GENERATIONS`` of the task and the model.
        gammas: thresholds, none below that of ``mined``.
        series: whose scores they are.
        n: words of an n-gram.
        resampling: draws and seed; nothing is permuted.

    Raises:
        ValueError: an item's pair was not mined.
    """
    measured = memorization.measure(items, generations)
    found = measured[_PAIR].merge(mined, on=_PAIR, how="left", validate="many_to_one")["cosine"]
    if found.isna().any():
        lost = measured[found.isna().to_numpy()].iloc[0]
        raise ValueError(f"mined pairs: {lost[_PAIR].tolist()} is an item but was not mined")
    cosine = found.to_numpy(np.float32)
    rows = []
    for gamma in gammas:
        above = measured[cosine > np.float32(gamma)]
        kept = above[above["dropped"] == ""]
        result = statistics.spearman(
            kept["corpus"], kept["model"], kept["example"], replace(resampling, permutations=0)
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
    return pd.DataFrame(rows, columns=list(tables.THRESHOLDS.columns))
