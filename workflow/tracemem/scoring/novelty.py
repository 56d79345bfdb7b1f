"""Novelty: how much of what a model writes stands in no document of the corpus."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.models.series import Series
from tracemem.ngrams.counts import look_up
from tracemem.scoring import statistics
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import NOVELTY


def score(
    pairs: pd.DataFrame,
    counts: pd.DataFrame,
    examples: Sequence[int],
    answered: Collection[int],
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """The row of ``tables.NOVELTY`` of one model and n, and its replicates.

    A pair that k examples generate adds 1 / k to each of them, so that the sums over examples are
    the numbers of distinct pairs; the interval of the share resamples examples over these sums.
    Where all pairs are novel, or none, no resample differs: then it is Wilson's, of as many trials
    as examples with a pair.

    Args:
        pairs: from :func:`tracemem.generation.novelty.generated_pairs`.
        counts: ``tables.GENERATED_COUNTS``, which must hold every one of ``pairs``.
        examples: numbers of all test examples.
        answered: those with a generation, the ones that add no pair among them.
        series: task, model and parameters.
        n: words of an n-gram.
        resampling: draws and seed.

    Raises:
        ValueError: a generated pair was never counted, which is not the same as a count of 0.
    """
    documents = look_up(
        counts.set_index(PAIR_COLUMNS)["documents"], pairs[PAIR_COLUMNS], "novelty counts"
    )
    counted = pairs.assign(documents=documents)
    share = 1 / counted.groupby(PAIR_COLUMNS)["example"].transform("size")
    parts = pd.DataFrame(
        {
            "example": counted["example"],
            "novel": share.where(counted["documents"] == 0, 0.0),
            "generated": share,
        }
    )
    by_example = parts.groupby("example")[["novel", "generated"]].sum()
    inside = np.isin(examples, list(answered))
    strange = by_example.index.difference(np.asarray(examples)[inside])
    if len(strange):
        raise ValueError(f"example {strange[0]} has pairs, but no generation")
    distinct = counted.drop_duplicates(PAIR_COLUMNS)
    novel = int((distinct["documents"] == 0).sum())
    table = by_example.reindex(list(examples), fill_value=0.0).to_numpy(np.float64)
    estimate = statistics.interval(table, _share, resampling, inside=inside)
    low, high = estimate.ci_low, estimate.ci_high
    if low == high:
        low, high = statistics.wilson(estimate.value * len(by_example), len(by_example))
    reason = estimate.reason if len(distinct) else "the model wrote no n-gram of this many words"
    row = {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "generated_pairs": len(distinct),
        "novel_pairs": novel,
        "share": novel / len(distinct) if len(distinct) else np.nan,
        "ci_low": low,
        "ci_high": high,
        "reason": reason,
        "examples": estimate.examples,
        "replicates": estimate.replicates,
    }
    return pd.DataFrame([row], columns=[*NOVELTY.columns, "replicates"])


def _share(by_example: np.ndarray) -> float:
    novel, generated = by_example.sum(axis=0)
    return float(novel / generated) if generated else np.nan
