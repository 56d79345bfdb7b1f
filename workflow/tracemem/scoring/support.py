"""Support: how much of the corpus stands behind an example, and performance along it.

The support of a test example is the sum of C((s_x, s_y), D) over its pairs in H_n(T), in documents
(arXiv 2407.14985, Fig 3). Every example falls in exactly one bin, those without support in bin 0;
none is left out at either end.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.scoring import statistics
from tracemem.scoring.metrics import Metric
from tracemem.scoring.statistics import Resampling


def supports(items: pd.DataFrame, examples: Sequence[int]) -> NDArray[np.int64]:
    """Support of each example, documents, in the order of ``examples``; 0 where it has no pair.

    Args:
        items: ``tables.ITEMS`` of one task and n.
        examples: numbers of all test examples, int, [examples].

    Raises:
        ValueError: an item's example is not among them.
    """
    numbers = pd.Index(examples)
    strange = items.loc[~items["example"].isin(numbers), "example"]
    if len(strange):
        raise ValueError(f"items: example {strange.iloc[0]} is not among the task's examples")
    totals = items.groupby("example")["pair_documents"].sum()
    return totals.reindex(numbers, fill_value=0).to_numpy(np.int64)


def quantile_bins(support: ArrayLike, bins: int) -> NDArray[np.int64]:
    """Bin of each example: 0 without support, else 1 and up by quantiles of the support.

    Equal supports share a bin, so that there may be fewer than ``bins``; numbers have no gaps.

    Args:
        support: int, [examples].
        bins: quantile bins besides bin 0, at least 1.
    """
    support = np.asarray(support)
    numbers = np.zeros(len(support), np.int64)
    supported = support > 0
    if supported.any():
        values = support[supported]
        inner = np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
        places = np.searchsorted(inner, values, side="left")
        numbers[supported] = np.unique(places, return_inverse=True)[1] + 1
    return numbers


def group_bins(
    support: ArrayLike, groups: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bin and summed support of each example's group, such as the language pair of WMT.

    Args:
        support: int, [examples].
        groups: group of each example, [examples].

    Returns:
        (int64 [examples], 1 and up in order of the group's support, then of its name, 0 for every
        group without support; int64 [examples], the support of the example's whole group).
    """
    frame = pd.DataFrame({"group": list(groups), "support": np.asarray(support)})
    totals = frame.groupby("group")["support"].sum().sort_index().sort_values(kind="stable")
    ranks = (totals > 0).cumsum()
    return (
        frame["group"].map(ranks).to_numpy(np.int64),
        frame["group"].map(totals).to_numpy(np.int64),
    )


def performance_by_bin(
    bins: NDArray[np.int64],
    support: NDArray[np.int64],
    metric_statistics: ArrayLike,
    metric: Metric,
    resampling: Resampling,
) -> pd.DataFrame:
    """Performance in each bin that holds an example, with its interval over the bin's examples.

    Args:
        bins: int, [examples], bin of each example.
        support: int, [examples], documents; of the whole group where bins are groups.
        metric_statistics: float, [examples, k], what each example adds to the metric.
        metric: what they are statistics of.
        resampling: draws and seed.

    Returns:
        Columns bin, support_low, support_high, value, ci_low, ci_high, reason, examples: those of
        ``tables.SUPPORT`` less series, n and metric; and replicates.

    Raises:
        ValueError: the arrays do not have one row an example.
    """
    table = np.asarray(metric_statistics, np.float64)
    if not len(bins) == len(support) == len(table):
        raise ValueError(
            f"one row an example is needed, found {len(bins)} bins, {len(support)} supports and "
            f"{len(table)} rows of statistics"
        )
    rows = []
    for number in np.unique(bins):
        inside = bins == number
        estimate = statistics.interval(
            table, metric.reduce, resampling, metric.unscored, metric.proportion, inside
        )
        rows.append(
            {
                "bin": int(number),
                "support_low": float(support[inside].min()),
                "support_high": float(support[inside].max()),
                "value": estimate.value,
                "ci_low": estimate.ci_low,
                "ci_high": estimate.ci_high,
                "reason": estimate.reason,
                "examples": estimate.examples,
                "replicates": estimate.replicates,
            }
        )
    columns = ["bin", "support_low", "support_high", "value", "ci_low", "ci_high", "reason",
               "examples", "replicates"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def coverage(
    task: str,
    n: int,
    items: pd.DataFrame,
    examples: Sequence[int],
    mined: str = "",
) -> dict:
    """The row of ``tables.COVERAGE`` of one task and n.

    Args:
        task: name of the task.
        n: words of an n-gram.
        items: ``tables.ITEMS`` of the task and n.
        examples: numbers of all test examples, int, [examples].
        mined: why no pair was kept, or none of those kept is in a document; '' where one is.
    """
    totals = supports(items, examples)
    supported = totals[totals > 0]
    held = items[items["pair_documents"] > 0]
    reason = ""
    if not len(supported):
        reason = mined or (
            "no document holds any of the pairs of the test examples"
            if len(items)
            else "no test example has one of the mined pairs"
        )
    return {
        "task": task,
        "n": n,
        "examples": len(totals),
        "with_pairs": int(items["example"].nunique()),
        "supported": len(supported),
        "pairs": len(held[PAIR_COLUMNS].drop_duplicates()),
        "median_support": float(np.median(supported)) if len(supported) else math.nan,
        "largest_support": float(supported.max()) if len(supported) else math.nan,
        "reason": reason,
    }
