"""The report's tables: rows of the score tables as text, one column a model where it helps."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tracemem.jobs.declared import Table
from tracemem.report import figures as drawn
from tracemem.report.findings import Point, number, support_range

LONG = 24  # rows, above which a table opens on a click
# A cell set flush right: empty, n/a, or a number with whatever follows it after a space.
_NUMERIC = r"|n/a|no value.*|−?\d[\d.,e+-]*( .*)?"


@dataclass(frozen=True)
class Grid:
    """A table of the report: cells as text; ``folded`` ones open on a click."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False

    @cached_property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers only, to be set flush right."""
        return [
            all(re.fullmatch(_NUMERIC, row[column]) for row in self.rows)
            for column in range(len(self.columns))
        ]


def _p(value: float) -> str:
    if math.isnan(value):
        return "n/a"
    return "0" if value == 0 else f"{value:.2g}"


def _interval(row) -> str:
    return Point.of(row).told()


def _wide(frame, keys, labels, cell) -> list[list[str]]:
    """One row a combination of ``keys``, one cell a model, in the order of ``frame``."""
    rows = []
    for values, group in frame.groupby(keys, sort=False, dropna=False):
        cells = {row.model: cell(row) for row in group.itertuples()}
        rows.append([*(str(v) for v in values), *(cells.get(model, "") for model in labels)])
    return rows


def performance(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Every score of every model: whole tasks, then their parts."""
    frame = frame.assign(metric=frame["metric"].map(drawn.metric_label))
    keys = ["task", "group", "metric", "examples", "signature"]
    columns = ["task", "part", "metric", "examples", "signature", *labels.values()]
    whole, parts = frame[frame["group"] == ""], frame[frame["group"] != ""]
    grids = []
    if len(whole):
        rows = [row[:1] + row[2:] for row in _wide(whole, keys, labels, _interval)]
        grids.append(Grid("Whole tasks", columns[:1] + columns[2:], rows))
    if len(parts):
        grids.append(Grid("By part", columns, _wide(parts, keys, labels, _interval), folded=True))
    return grids


def support(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Scores by bin of support, a table a task."""
    grids = []
    for task, rows in frame.groupby("task", sort=False):
        ranges = [support_range(row) for row in rows.itertuples()]
        shown = rows.assign(range=ranges, metric=rows["metric"].map(drawn.metric_label))
        keys = ["n", "metric", "bin", "range", "examples"]
        columns = ["n", "metric", "bin", "support", "examples", *labels.values()]
        shown = shown.sort_values(["n", "metric", "bin"], kind="stable")
        grids.append(Grid(task, columns, _wide(shown, keys, labels, _interval), folded=True))
    return grids


def correlations(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Rank statistics with their p-values and items, a table a task."""
    columns = ["n", "measure", "statistic", "model", "value, 95 % interval", "p, items independent",
               "p, permutation", "p, Holm", "items", "examples", "left out"]  # fmt: skip
    order = {model: place for place, model in enumerate(labels)}
    grids = []
    for task, group in frame.groupby("task", sort=False):
        group = group.assign(place=group["model"].map(order))
        group = group.sort_values(["n", "measure", "statistic", "place"], kind="stable")
        rows = [
            [str(row.n), row.measure, row.statistic, labels[row.model], _interval(row),
             _p(row.p_value), _p(row.p_permutation), _p(row.p_holm), f"{row.items:,}",
             f"{row.examples:,}", f"{row.dropped:,}"]
            for row in group.itertuples()
        ]  # fmt: skip
        grids.append(Grid(task, columns, rows, folded=True))
    return grids


def drops(frame: pd.DataFrame) -> Grid:
    """Items left out of the rank statistics, by reason."""
    reasons = {
        "dropped_zero_count": "C((s_x, s_y)) = 0",
        "dropped_zero_denominator": "C(s_x) = 0",
        "dropped_no_span": "s_y not found in the target",
        "dropped_zero_infgram": "all P_∞ = 0",
        "skipped_tokens": "tokens passed over in kept items, P_∞ = 0",
    }
    rows = []
    for (task, n, measure), group in frame.groupby(["task", "n", "measure"], sort=False):
        share = group["dropped"] / (group["items"] + group["dropped"]).clip(lower=1)
        counts = [_spread(group[name]) for name in ("items", "examples", "dropped", *reasons)]
        left_out = _spread((share * 100).round(1), "{:.1f} %")
        rows.append([task, str(n), measure, *counts[:3], left_out, *counts[3:]])
    columns = ["task", "n", "measure", "items", "examples", "left out", "share left out",
               *reasons.values()]  # fmt: skip
    title = "Over all models and statistics; a range where they differ"
    return Grid(title, columns, rows, folded=len(rows) > LONG)


def _spread(values: pd.Series, form: str = "{:,}") -> str:
    low, high = form.format(values.min()), form.format(values.max())
    return low if low == high else f"{low} to {high}"


def variants(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Memorization under each unit, aggregation and denominator, a table a task."""
    keys = ["n", "unit", "aggregation", "denominator", "statistic"]
    columns = [*keys, *labels.values()]
    return [
        Grid(task, columns, _wide(rows, keys, labels, _interval), folded=True)
        for task, rows in frame.groupby("task", sort=False)
    ]


def novelty(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Share and number of novel pairs, among all and among those that are correct."""

    def every(row) -> str:
        share = Point.of(row, value="share").told()
        return f"{share}; {row.novel_pairs:,} of {row.generated_pairs:,}"

    def correct(row) -> str:
        share = Point.of(row, prefix="correct_", value="share").told()
        return f"{share}; {row.novel_correct_pairs:,} of {row.correct_pairs:,}"

    titles = {
        "Share of generated pairs that no document holds, with numbers": every,
        "The same of correct output: pairs whose generated n-gram is in the gold target": correct,
    }
    keys = ["task", "n", "examples"]
    return [
        Grid(title, [*keys, *labels.values()], _wide(frame, keys, labels, cell))
        for title, cell in titles.items()
    ]


def coverage(frame: pd.DataFrame) -> Grid:
    """The support of each task's test examples, in documents."""
    columns = ["task", "n", "examples", "with a pair", "supported", "share", "pairs held",
               "median support", "largest", "none, for"]  # fmt: skip
    rows = [
        [row.task, str(row.n), f"{row.examples:,}", f"{row.with_pairs:,}", f"{row.supported:,}",
         f"{100 * row.supported / row.examples:.1f} %", f"{row.pairs:,}",
         _documents(row.median_support), _documents(row.largest_support), row.reason]
        for row in frame.itertuples()
    ]  # fmt: skip
    title = "Test examples by what the corpus holds of their pairs; support in documents"
    return Grid(title, columns, rows)


def _documents(count: float) -> str:
    return "" if math.isnan(count) else f"{count:,.0f}"


def alignment(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Pairs that each threshold keeps."""
    columns = ["task", "n", "γ", "candidates", "in the corpus", "kept", "non-zero", "precision",
               "recall", "no pair, for"]  # fmt: skip
    rows = [
        [row.task, str(row.n), f"{row.gamma:g}", f"{row.candidates:,}", f"{row.in_corpus:,}",
         f"{row.kept:,}", f"{row.non_zero:,}", number(row.precision), number(row.recall),
         row.reason]
        for row in frame.itertuples()
    ]  # fmt: skip
    title = "Pairs; n/a where the true alignments are not known"
    return [Grid(title, columns, rows, folded=len(rows) > LONG)]


def thresholds(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """Memorization at each threshold, a table a task."""

    def cell(row) -> str:
        return f"{_interval(row)}; {row.items:,} items"

    return [
        Grid(task, ["n", "γ", *labels.values()], _wide(rows, ["n", "gamma"], labels, cell),
             folded=True)
        for task, rows in frame.groupby("task", sort=False)
    ]  # fmt: skip


def plain(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """A table as it is: its columns by name, its values as text, models as they are labelled."""

    def text(value) -> str:
        if isinstance(value, float):
            return number(value) if not value.is_integer() else f"{value:,.0f}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    columns = [name.replace("_", " ") for name in frame]
    rows = [
        [
            labels.get(value, value) if name == "model" else text(value)
            for name, value in row.items()
        ]
        for row in frame.to_dict("records")
    ]
    return [Grid("Every row", columns, rows, folded=len(rows) > LONG)]


_SHOWN = {
    "performance": performance,
    "support": support,
    "memorization": correlations,
    "controls": correlations,
    "variants": variants,
    "novelty": novelty,
    "alignment": alignment,
    "thresholds": thresholds,
}


def of(table: Table, frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    """A table as the report shows it: in a form of its own where it has one, else as it is."""
    return _SHOWN.get(table.name, plain)(frame, labels)
