"""Instruct models beside the base models they are tuned from.

The difference of each score comes with a 95 % interval over the same resamples, for both models
answer the same examples (:func:`tracemem.scoring.pairing.difference`).
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from tracemem.scoring.measures import COMPARED
from tracemem.scoring.pairing import difference
from tracemem.scoring.tables import INSTRUCT

_KEY = ["task", "n", "measure", "statistic"]


def compare(
    memorization: pd.DataFrame, performance: pd.DataFrame, tuned: Mapping[str, str]
) -> pd.DataFrame:
    """Rows of ``tables.INSTRUCT``: of each task the first metric, then each Mem by n.

    Args:
        memorization: ``tables.MEMORIZATION``, with replicates where they are paired.
        performance: ``tables.PERFORMANCE``, the same.
        tuned: the base model of each instruct model.
    """
    scores = _scores(memorization, performance)
    rows = []
    for instruct, base in tuned.items():
        both = {name: scores[scores["model"] == name].set_index(_KEY) for name in (base, instruct)}
        for key in both[instruct].index.intersection(both[base].index, sort=False):
            one, other = both[instruct].loc[key], both[base].loc[key]
            gap = difference(one, other)
            rows.append(
                {
                    **dict(zip(_KEY, key, strict=True)),
                    "base": base,
                    "instruct": instruct,
                    **{f"base_{name}": other[name] for name in ("value", "ci_low", "ci_high")},
                    **{f"instruct_{name}": one[name] for name in ("value", "ci_low", "ci_high")},
                    "difference": gap["value"],
                    "ci_low": gap["ci_low"],
                    "ci_high": gap["ci_high"],
                    "reason": _reason({base: other, instruct: one}),
                }
            )
    return pd.DataFrame(rows, columns=list(INSTRUCT.columns))


def _reason(scores: Mapping[str, pd.Series]) -> str:
    """Why one of two scores, and so their difference, has no value or no interval."""
    return "; ".join(f"{name}: {row['reason']}" for name, row in scores.items() if row["reason"])


def _scores(memorization: pd.DataFrame, performance: pd.DataFrame) -> pd.DataFrame:
    """Every score that is compared, one row a model and key, task by task."""
    tasks = dict.fromkeys([*performance["task"], *memorization["task"]])
    parts = [part for task in tasks for part in _of_task(task, memorization, performance)]
    columns = [*_KEY, "model", "value", "ci_low", "ci_high", "reason", "replicates"]
    return pd.concat(parts).reindex(columns=columns) if parts else pd.DataFrame(columns=columns)


def _of_task(
    task: str, memorization: pd.DataFrame, performance: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    whole = performance[(performance["task"] == task) & (performance["group"] == "")]
    if len(whole):
        first = whole[whole["metric"] == whole["metric"].iloc[0]]
        yield first.assign(n=0, measure="performance", statistic=first["metric"])
    mem = memorization[memorization["task"] == task]
    for n in sorted(mem["n"].unique()):
        for measure in COMPARED:
            yield mem[
                (mem["n"] == n)
                & (mem["measure"] == measure.name)
                & (mem["statistic"] == measure.statistic)
            ]
