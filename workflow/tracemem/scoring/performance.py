"""Performance: how well each model does a task, as a whole, by group and by support."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from tracemem.scoring import metrics, support
from tracemem.scoring.metrics import Metric
from tracemem.scoring.statistics import Resampling, interval
from tracemem.settings.answering import MetricSettings


def score(
    asked: MetricSettings,
    examples: pd.DataFrame,
    generations: Mapping[str, pd.DataFrame],
    matched: Mapping[int, pd.DataFrame],
    bins: int,
    resampling: Resampling,
) -> tuple[list[dict], list[pd.DataFrame]]:
    """Rows of ``tables.PERFORMANCE`` and frames of ``tables.SUPPORT``, less task and parameters, and the
    replicates of both.

    Args:
        asked: how the task's answers are scored.
        examples: ``tables.EXAMPLES`` of the test split.
        generations: ``tables.GENERATIONS`` by model.
        matched: ``tables.ITEMS`` by n.
        bins: quantile bins of the support.
        resampling: draws and seed.
    """
    performance, supported = [], []
    for metric in metrics.load(asked):
        for model, generation in generations.items():
            statistics = metric.statistics(examples, generation)
            rows = _by_group(examples, statistics, metric, resampling)
            performance += [{"model": model, **row} for row in rows]
            supported += [
                _by_support(examples, found, bins, statistics, metric, resampling).assign(
                    model=model, n=n
                )
                for n, found in matched.items()
            ]
    return performance, supported


def _by_group(
    examples: pd.DataFrame, statistics, metric: Metric, resampling: Resampling
) -> Iterator[dict]:
    """The whole task as group '', then each of its groups if it has several."""
    groups = examples["group"].to_numpy()
    named = sorted(set(groups) - {""})
    for group in ["", *(named if len(named) > 1 else [])]:
        inside = groups == group if group else np.ones(len(groups), np.bool_)
        found = interval(
            statistics, metric.reduce, resampling, metric.unscored, metric.proportion, inside
        )
        yield {
            "group": group,
            "metric": metric.name,
            "value": found.value,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "reason": found.reason,
            "examples": found.examples,
            "signature": metric.signature,
            "replicates": found.replicates,
        }


def _by_support(
    examples: pd.DataFrame, matched: pd.DataFrame, bins: int, statistics, metric: Metric, resampling
) -> pd.DataFrame:
    """Performance by support; translations of several languages are summed a language."""
    totals = support.supports(matched, examples["example"])
    if examples["group"].nunique() > 1 and metric.name == "bleu":
        numbers, totals = support.group_bins(totals, examples["group"])
        named = dict(zip(numbers[numbers > 0], examples["group"][numbers > 0], strict=True))
    else:
        numbers, named = support.quantile_bins(totals, bins), {}
    found = support.performance_by_bin(numbers, totals, statistics, metric, resampling)
    return found.assign(metric=metric.name, group=found["bin"].map(lambda bin: named.get(bin, "")))
