"""Published numbers beside a study's own.

``values.csv`` holds what is known of the results of arXiv 2407.14985 and of its models; README.md
beside it says where each number comes from. A number of the paper is set beside ours of the same
model where the study has it (the last part of its hub path, or its key in the config), else beside
that of our largest model; what differs in how the two were taken stands in the caveat and the note.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from tracemem.scoring.tables import PUBLISHED

VALUES = Path(__file__).with_name("values.csv")
# Revisions that hold a published model's final weights; any other is a checkpoint on the way.
FINAL = ("", "main", "step143000")
_TEXTS = ("source", "task", "group", "quantity", "model", "relation", "caveat", "note")
_METRICS = ("exact-match", "bleu", "accuracy")
_MEM = {"mem-n3": ("task-gram", 3), "mem-n5": ("task-gram", 5), "mem": ("task-gram", None),
        "mem-infgram": ("infini-gram", None)}  # fmt: skip


def read(path: Path | str = VALUES) -> pd.DataFrame:
    """The published numbers: the columns of ``values.csv``, ``x`` and ``value`` as numbers."""
    return pd.read_csv(
        path, dtype=dict.fromkeys(_TEXTS, "str"), keep_default_na=False,
        na_values={"x": [""], "value": [""]},
    )  # fmt: skip


def compare(
    published: pd.DataFrame,
    tasks: Mapping[str, Sequence[Sequence[str]]],
    models: Mapping[str, Mapping[str, str]],
    memorization: pd.DataFrame,
    performance: pd.DataFrame,
    support: pd.DataFrame,
) -> pd.DataFrame:
    """Every published number that has a counterpart in the study, with that counterpart.

    Args:
        published: from :func:`read`.
        tasks: what each task of the study is in the published one
            (:func:`tracemem.study.published.published_as`).
        models: path and revision of each model of the study.
        memorization: ``tables.MEMORIZATION``.
        performance: ``tables.PERFORMANCE``.
        support: ``tables.SUPPORT``.

    Returns:
        Rows of ``tables.PUBLISHED``; none where no task and quantity is the same.
    """
    names = {name: published_names(name, **model) for name, model in models.items()}
    rows: list[dict] = []
    parts = [(task, *part) for task, several in tasks.items() for part in several]
    for task, known, part, group in parts:
        theirs = published[(published["task"] == known) & (published["group"] == part)]
        for (_, quantity), numbers in theirs.groupby(["source", "quantity"], sort=False):
            ours = _ours(quantity, task, group, memorization, performance)
            if ours.empty:
                continue
            bins = _bins(quantity, task, support) if quantity == "exact-match" else ours.iloc[:0]
            for number, model, match in _partners(numbers, ours, names):
                rows.append(
                    {
                        "quantity": quantity,
                        "task": task,
                        "source": number["source"],
                        "published_model": number["model"],
                        "relation": number["relation"],
                        "published": number["value"],
                        "model": model,
                        "match": match,
                        "caveat": number["caveat"],
                        **_counterpart(number, numbers, model, match, ours, bins),
                    }
                )
    return pd.DataFrame(rows, columns=list(PUBLISHED.columns))


def published_names(name: str, path: str, revision: str) -> set[str]:
    """What a published model may be called that a study's model is; none for a checkpoint."""
    if revision not in FINAL:
        return set()
    return {name.lower(), path.rstrip("/").rpartition("/")[2].lower()}


def _ours(
    quantity: str, task: str, group: str, memorization: pd.DataFrame, performance: pd.DataFrame
) -> pd.DataFrame:
    """One row a model, smallest first: its value of the quantity, with a note."""
    if quantity in _METRICS:
        rows = performance[
            (performance["task"] == task)
            & (performance["metric"] == quantity)
            & (performance["group"] == group)
        ]
        notes = [f"{count:,} examples" for count in rows["examples"]]
    elif quantity in _MEM and not group:
        measure, n = _MEM[quantity]
        rows = memorization[
            (memorization["task"] == task)
            & (memorization["measure"] == measure)
            & (memorization["statistic"] == "spearman")
        ]
        if n is None and len(rows):
            n = 3 if (rows["n"] == 3).any() else rows["n"].min()
        rows = rows[rows["n"] == n]
        notes = [f"n = {row.n}, p after Holm {row.p_holm:.2g}" for row in rows.itertuples()]
    else:
        return performance.iloc[:0]
    return rows.assign(note=notes).sort_values("parameters", kind="stable")


def _bins(metric: str, task: str, support: pd.DataFrame) -> pd.DataFrame:
    """Our performance by bin of support, at the smallest n; none where all share one bin."""
    rows = support[(support["task"] == task) & (support["metric"] == metric)]
    rows = rows[rows["n"] == rows["n"].min()]
    return rows if rows["bin"].nunique() > 1 else rows.iloc[:0]


def _partners(
    numbers: pd.DataFrame, ours: pd.DataFrame, names: Mapping[str, set[str]]
) -> Iterator[tuple[pd.Series, str, str]]:
    """Each published number with the model of ours beside it, and what makes them match."""
    largest = ours["model"].iloc[-1]
    same = {
        known: [model for model in ours["model"] if known in names[model]]
        for known in numbers["model"].unique()
    }
    shared = any(same.values())
    for _, number in numbers.iterrows():
        if number["model"] and shared:
            yield from ((number, model, "model") for model in same[number["model"]])
        else:
            yield number, largest, "task"


def _counterpart(
    number: pd.Series,
    numbers: pd.DataFrame,
    model: str,
    match: str,
    ours: pd.DataFrame,
    bins: pd.DataFrame,
) -> dict:
    """Our side of a published number: value, interval, the part of the task, and notes."""
    notes = [f"published: {number['note']}"] if number["note"] else []
    if match == "task":
        notes.append(f"ours is {model}, the study's largest model")
    row = ours[ours["model"] == model].iloc[0]
    if row.get("reason"):
        notes.append(f"ours: {row['reason']}")
    part = number["group"]
    if number["quantity"] == "exact-match":
        low = number["x"]
        high = min(numbers["x"][numbers["x"] > low], default=math.inf) - 1
        part = f"support {_range(low, high)}"
        held = bins[bins["model"] == model]
        if held.empty:
            notes.append(f"ours: all {row['note']}, for there are no bins of support")
        else:
            shared = held["support_high"].clip(upper=high) - held["support_low"].clip(lower=low)
            if shared.max() < 0:
                notes.append("ours: no example of this support")
                row = pd.Series(dict.fromkeys(("value", "ci_low", "ci_high"), math.nan))
            else:
                row = held.loc[shared.idxmax()]
                span = _range(row["support_low"], row["support_high"])
                notes.append(f"ours: support {span}, n = {row['n']}, {row['examples']:,} examples")
    else:
        notes.append(f"ours: {row['note']}")
    values = {name: row[name] for name in ("value", "ci_low", "ci_high")}
    return {**values, "part": part, "note": "; ".join(notes)}


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"{low:,.0f} documents or more"
    return f"{low:,.0f} to {high:,.0f} documents"
