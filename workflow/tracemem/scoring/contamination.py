"""Contamination: test examples that the corpus holds, and scores with and without them.

An example is contaminated at n where an n-gram of its input or one of its target stands in some
document of the corpus (arXiv 2407.14985, which looks for n = 8 and 14). None spans from the one to
the other, nor is one left out for its stop words. An example too short to have an n-gram is clean.
"""

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.models.series import Series
from tracemem.ngrams.counts import look_up
from tracemem.ngrams.words import ngrams
from tracemem.scoring import statistics
from tracemem.scoring.aggregating import per_pair
from tracemem.scoring.measures import MEM
from tracemem.scoring.metrics import Metric
from tracemem.scoring.statistics import Correlation, Estimate, Resampling
from tracemem.scoring.tables import DECONTAMINATED

log = logging.getLogger(__name__)

Subset = NDArray[np.bool_]  # [examples], those in it


def search(examples: pd.DataFrame, counts: pd.DataFrame, n: int) -> tuple[Subset, Subset]:
    """The examples that have an n-gram, and those with one that some document holds.

    Args:
        examples: ``tables.EXAMPLES``.
        counts: ``tables.COUNTS``, which must hold every n-gram of every input and target.
        n: words of an n-gram.

    Raises:
        ValueError: an n-gram was never counted: that is not a count of zero.
    """
    sides = zip(examples["input"], examples["target"], strict=True)
    grams = [[*ngrams(text, n), *ngrams(target, n)] for text, target in sides]
    documents = counts[counts["n"] == n].set_index("ngram")["documents"]
    found = look_up(documents, itertools.chain.from_iterable(grams), "n-gram counts") > 0
    ends = np.cumsum([len(several) for several in grams])
    held = np.concatenate([[0], np.cumsum(found)])
    searched = np.array([bool(several) for several in grams], np.bool_)
    contaminated = np.diff(held[np.concatenate([[0], ends])]) > 0
    return searched, contaminated


def score(
    examples: pd.DataFrame,
    generations: pd.DataFrame,
    measured: Mapping[int, pd.DataFrame],
    metric: Metric,
    contaminated: Mapping[int, Subset],
    series: Series,
    resampling: Resampling,
) -> pd.DataFrame:
    """Performance and Mem_n of one model over all, the clean and the contaminated examples.

    Those over all examples are the rows of ``tables.PERFORMANCE`` and ``tables.MEMORIZATION``. A
    subset without enough items for a statistic has NaN.

    Args:
        examples: ``tables.EXAMPLES`` of the test split.
        generations: ``tables.GENERATIONS`` of the model.
        measured: ``tables.MEASURED`` of the model by n.
        metric: the task's first.
        contaminated: contaminated examples by n of the n-grams that contaminate.
        series: whose scores they are.
        resampling: draws and seed.

    Returns:
        Rows of ``tables.DECONTAMINATED``.

    Raises:
        ValueError: an example has no generation, or an item's example is not among ``examples``.
    """
    measures = [("performance", metric.name, 0, _performance(examples, generations, metric))]
    measures += [
        (MEM.name, MEM.statistic, n, _memorization(examples, per_pair(items)))
        for n, items in measured.items()
    ]
    rows = []
    for measure, statistic, n, over in measures:
        for contamination_n, subset, found in _by_subset(contaminated, over, resampling):
            items = found.items if isinstance(found, Correlation) else found.examples
            row = {
                "task": series.task,
                "contamination_n": contamination_n,
                "model": series.model,
                "parameters": series.parameters,
                "measure": measure,
                "statistic": statistic,
                "n": n,
                "subset": subset,
                "examples": found.examples,
                "items": items,
                "value": found.value,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "reason": found.reason,
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=list(DECONTAMINATED.columns))


_Measure = Callable[[Subset, Resampling], Correlation | Estimate]


def _by_subset(
    contaminated: Mapping[int, Subset], over: _Measure, resampling: Resampling
) -> Iterator[tuple[int, str, Correlation | Estimate]]:
    """The measure over each subset of the examples, once for subsets that are the same."""
    known: dict[bytes, Correlation | Estimate] = {}
    for n, held in contaminated.items():
        subsets = {"all": np.ones_like(held), "clean": ~held, "contaminated": held}
        for name, subset in subsets.items():
            key = subset.tobytes()
            if key not in known:
                known[key] = over(subset, resampling)
            yield n, name, known[key]


def _performance(examples: pd.DataFrame, generations: pd.DataFrame, metric: Metric) -> _Measure:
    table = metric.statistics(examples, generations)
    return lambda subset, resampling: statistics.interval(
        table, metric.reduce, resampling, metric.unscored, metric.proportion, subset
    )


def _memorization(examples: pd.DataFrame, pairs: pd.DataFrame) -> _Measure:
    kept = pairs[pairs["dropped"] == ""]
    places = pd.Index(examples["example"]).get_indexer(kept["example"])
    if (places < 0).any():
        strange = kept["example"][places < 0].iloc[0]
        raise ValueError(f"items: example {strange} is not among the task's examples")

    def over(subset: Subset, resampling: Resampling) -> Correlation:
        inside = kept[subset[places]]
        return statistics.spearman(
            inside["corpus"], inside["model"], inside["example"], inside["output_gram"], resampling
        )

    return over
