"""Novelty: how much of what a model writes stands in no document of the corpus.

The share of novel pairs alone rewards garbage: a document holds few of the n-grams of a model that
cannot do the task. So the same share is taken over correct output too: the pairs (s_x, s_g) whose
s_g stands in the example's gold target, as BLEU matches n-grams. A pair counts once an example
however often it is written, which is BLEU's clipping where an n-gram is in the target once.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.models.series import Series
from tracemem.ngrams.counts import look_up
from tracemem.ngrams.words import ngrams
from tracemem.scoring import statistics
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import NOVELTY


def score(
    pairs: pd.DataFrame,
    counts: pd.DataFrame,
    targets: pd.Series,
    answered: Collection[int],
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """The row of ``tables.NOVELTY`` of one model and n, and the replicates of its share.

    A pair that k examples generate adds 1 / k to each of them, so that the sums over examples are
    the numbers of distinct pairs; the interval of a share resamples examples over these sums. Of
    correct output, k are those of them where it is correct. Where all pairs are novel, or none, no
    resample differs: then the interval is Wilson's, of as many trials as examples with a pair.

    Args:
        pairs: from :func:`tracemem.generation.novelty.generated_pairs`.
        counts: ``tables.GENERATED_COUNTS``, which must hold every one of ``pairs``.
        targets: gold target of each test example, by its number.
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
    inside = np.isin(targets.index, list(answered))
    strange = pd.Index(pairs["example"].unique()).difference(targets.index[inside])
    if len(strange):
        raise ValueError(f"example {strange[0]} has pairs, but no generation")
    written = pairs[["example", *PAIR_COLUMNS]].assign(novel=np.asarray(documents) == 0)
    gold = {example: set(ngrams(targets[example], n)) for example in written["example"].unique()}
    correct = [
        gram in gold[example]
        for example, gram in zip(written["example"], written["output_gram"], strict=True)
    ]
    nothing = "the model wrote no n-gram of this many words"
    wrong = nothing if written.empty else "no n-gram that the model wrote stands in its gold target"
    every = _share(written, targets.index, inside, resampling, nothing)
    right = _share(written[np.array(correct, bool)], targets.index, inside, resampling, wrong)
    row = {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "generated_pairs": every.pop("pairs"),
        "novel_pairs": every.pop("novel"),
        **every,
        "correct_pairs": right.pop("pairs"),
        "novel_correct_pairs": right.pop("novel"),
        **{f"correct_{name}": value for name, value in right.items()},
        "examples": int(inside.sum()),
    }
    return pd.DataFrame([row], columns=[*NOVELTY.columns, "replicates"])


def _share(
    written: pd.DataFrame,
    examples: pd.Index,
    inside: np.ndarray,
    resampling: Resampling,
    empty: str,
) -> dict:
    """Distinct pairs, those novel, and their share; ``empty`` is the reason where there are none."""
    weight = 1 / written.groupby(PAIR_COLUMNS)["example"].transform("size")
    parts = pd.DataFrame({"novel": weight.where(written["novel"], 0.0), "all": weight})
    by_example = parts.groupby(written["example"]).sum()
    table = by_example.reindex(examples, fill_value=0.0).to_numpy(np.float64)
    estimate = statistics.interval(table, _ratio, resampling, inside=inside)
    low, high = estimate.ci_low, estimate.ci_high
    if low == high:
        low, high = statistics.wilson(estimate.value * len(by_example), len(by_example))
    distinct = written.drop_duplicates(PAIR_COLUMNS)
    novel = int(distinct["novel"].sum())
    return {
        "pairs": len(distinct),
        "novel": novel,
        "share": novel / len(distinct) if len(distinct) else np.nan,
        "ci_low": low,
        "ci_high": high,
        "reason": estimate.reason if len(distinct) else empty,
        "replicates": estimate.replicates,
    }


def _ratio(by_example: np.ndarray) -> float:
    novel, every = by_example.sum(axis=0)
    return float(novel / every) if every else np.nan
