"""A row of scores: a rank correlation over items, and how many were left out for which reason."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring import statistics
from tracemem.scoring.measures import KENDALL_DISTANCE, SPEARMAN
from tracemem.scoring.measuring import REASONS
from tracemem.scoring.statistics import Correlation, Resampling

# Why a measure of a task and n has no value at all; pairs/coverage.csv says why there is no pair.
NO_PAIR = "no mined pair stands in a test example"


def row(
    frame: pd.DataFrame,
    corpus: str,
    model: str,
    statistic: str,
    held: Sequence[str],
    series: Series,
    n: int,
    measure: str,
    resampling: Resampling,
) -> dict:
    """A row of scores over the items of ``frame`` that were not dropped; ``p_holm`` is left empty.

    Args:
        frame: example, output_gram (s_y), dropped, and the columns named.
        corpus: column of the corpus' side.
        model: column of the model's side.
        statistic: spearman, kendall-distance or partial-spearman.
        held: columns held fixed, where the statistic is partial.
        series: whose score it is.
        n: words of an n-gram.
        measure: its name.
        resampling: draws and seed.
    """
    reasons = frame["dropped"].value_counts()
    kept = frame[frame["dropped"] == ""]
    result = correlate(kept, corpus, model, statistic, held, resampling)
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
        "replicates": result.replicates,
    }


def correlate(
    frame: pd.DataFrame,
    corpus: str,
    model: str,
    statistic: str,
    held: Sequence[str],
    resampling: Resampling,
) -> Correlation:
    """A statistic of all rows of ``frame``; arguments as :func:`row` has them."""
    sides = frame[corpus].to_numpy(), frame[model].to_numpy()
    clusters = frame["example"].to_numpy(), frame["output_gram"].to_numpy()
    if statistic == SPEARMAN:
        return statistics.spearman(*sides, *clusters, resampling)
    if statistic == KENDALL_DISTANCE:
        return statistics.kendall_distance(*sides, *clusters, resampling)
    columns = [frame[column].to_numpy() for column in held]
    return statistics.partial_spearman(*sides, columns, *clusters, resampling)
