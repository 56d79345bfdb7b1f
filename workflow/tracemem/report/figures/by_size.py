"""Memorization, Kendall distance and novelty against the size of the model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import (
    HATCHES,
    NothingToDraw,
    drawable,
    drawing,
    format_count,
    model_labels,
    ramp,
)
from tracemem.scoring.measures import (
    CONTRAST,
    CONTRASTIVE,
    FREQUENCY,
    INFGRAM,
    INFINI_GRAM,
    KENDALL_DISTANCE,
    MEM,
    PARTIAL,
    TASK_GRAM,
    TRUTH,
)  # fmt: skip

COLUMNS_OF_MEMORIZATION = (MEM, FREQUENCY, PARTIAL, CONTRASTIVE)
_PERMUTED: dict[str, Any] = {
    "color": "0.55", "linestyle": "-.", "linewidth": 0.9, "marker": "", "markersize": 0
}  # fmt: skip

_CORRECT: dict[str, Any] = {
    "color": "white", "markeredgecolor": "black", "marker": "D", "markersize": 4, "linestyle": ""
}  # fmt: skip


@drawing
def memorization_by_size(
    memorization: pd.DataFrame,
    controls: pd.DataFrame | None = None,
    families: Mapping[str, str] | None = None,
    permuted: Mapping[str, str] | None = None,
) -> Figure:
    """Memorization against size beside what it must be read against (Fig 4 of the paper, extended).

    A row a task. Columns: Mem as published with the infinity-gram LM dashed, the answer's own
    frequency, Mem given that frequency, contrastive Mem with the truth where it is known. A task whose
    answers are permuted is drawn in the row of the task it controls for.

    Args:
        memorization: rows of ``scores/memorization.csv``.
        controls: rows of ``scores/controls.csv``, or None where there are none.
        families: family of each model; lines join models of one family only.
        permuted: tasks whose answers are permuted, each with the task it controls for.

    Raises:
        NothingToDraw: no correlation has a value.
    """
    families, permuted = families or {}, permuted or {}
    correlations = memorization[memorization["statistic"] != KENDALL_DISTANCE]
    correlations = drawable(correlations, "value", "memorization by size")
    tables = {"memorization": correlations}
    if controls is not None:
        tables["controls"] = controls[controls["value"].notna()]
    columns = []
    for title, table, measure, statistic in COLUMNS_OF_MEMORIZATION:
        if table in tables:
            found = _select(tables[table], measure, statistic)
            if len(found):
                columns.append((title.replace("s_y", "$s_y$"), found))
    if not columns:
        raise NothingToDraw("memorization by size: no task-gram row among the scores")
    infgram = _select(correlations, *INFGRAM[2:])
    truth = _select(tables.get("controls"), *TRUTH[2:])
    every = dict.fromkeys(task for _, found in columns for task in found["task"])
    tasks = [task for task in every if task not in permuted]
    chance = {of: task for task, of in permuted.items() if task in every}
    styles = on.n_styles(found for _, found in columns)
    sizes = correlations["parameters"]
    span = sizes.max() / sizes.min()
    figure, axes = on.panels(len(tasks), len(columns), 1.45, sharex=True, sharey="row")
    for row, task in zip(axes, tasks, strict=True):
        for axis, (title, found) in zip(row, columns, strict=True):
            axis.axhline(0, color="0.3", linewidth=0.7)
            published = title == COLUMNS_OF_MEMORIZATION[0][0]
            for measured, dashes in ((found, "-"), (infgram if published else None, "--")):
                on.lines_by_n(axis, measured, task, styles, families, span, dashes)
            if title == COLUMNS_OF_MEMORIZATION[-1][0]:
                _truth_line(axis, truth, task, families)
            if task in chance:
                _permuted_lines(axis, found, chance[task], families)
            on.size_axis(axis, sizes)
        row[0].set_ylabel(f"{task}\nrank correlation")
        row[0].yaxis.set_major_locator(MaxNLocator(4))
    for axis, (title, _) in zip(axes[0], columns, strict=True):
        axis.set_title(title)
    for axis in axes[-1]:
        axis.set_xlabel("parameters (log)")
    figure.align_ylabels(axes[:, 0])
    handles = on.n_handles(styles)
    if len(infgram):
        handles.append(Line2D([], [], color="0.2", linestyle="--", label="∞-gram"))
    if len(truth):
        handles.append(Line2D([], [], color="black", linestyle=":", marker="x", label="truth"))
    if chance:
        handles.append(Line2D([], [], **_PERMUTED, label="answers permuted"))
    on.below(figure, [*handles, on.star()])
    return figure


def _permuted_lines(axis, found, task, families) -> None:
    for _, series in found[found["task"] == task].groupby("n"):
        for _, line in on.by_family(series, families):
            axis.plot(line["parameters"], line["value"], zorder=2, **_PERMUTED)


def _select(frame: pd.DataFrame | None, measure: str, statistic: str) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(columns=["task", "n", "model", "parameters"])
    return frame[(frame["measure"] == measure) & (frame["statistic"] == statistic)]


def _truth_line(axis, truth, task, families) -> None:
    known = truth[truth["task"] == task]
    # The truth hardly depends on n; where it is given for several, the smallest is drawn.
    known = known[known["n"] == known["n"].min()]
    for _, line in on.by_family(known, families):
        axis.plot(line["parameters"], line["value"], color="black", linestyle=":", marker="x",
                  zorder=6)  # fmt: skip


@drawing
def kendall_by_size(
    memorization: pd.DataFrame, families: Mapping[str, str] | None = None
) -> Figure:
    """Normalised Kendall distance (1 - tau)/2 against size, task-gram solid, infinity-gram dashed.

    Args:
        memorization: rows of ``scores/memorization.csv``; those of ``kendall-distance`` are drawn.
        families: family of each model; lines join models of one family only.

    Raises:
        NothingToDraw: no row of that statistic has a value.
    """
    distances = memorization[memorization["statistic"] == KENDALL_DISTANCE]
    distances = drawable(distances, "value", "Kendall distance by size")
    grams = distances[distances["measure"] != CONTRAST]
    if grams.empty:
        raise NothingToDraw("Kendall distance by size: no task-gram or infini-gram row")
    styles = on.n_styles([grams])
    sizes = grams["parameters"]
    span = sizes.max() / sizes.min()
    tasks = list(dict.fromkeys(grams["task"]))
    figure, axes = on.wrapped(tasks, height=1.6)
    for axis, task in zip(axes, tasks, strict=True):
        axis.axhline(0.5, color="0.3", linewidth=0.7)
        for measure, dashes in ((TASK_GRAM, "-"), (INFINI_GRAM, "--")):
            measured = grams[grams["measure"] == measure]
            on.lines_by_n(axis, measured, task, styles, families or {}, span, dashes)
        on.size_axis(axis, sizes)
        axis.set_title(task)
        axis.set_ylabel("Kendall distance")
    for axis in on.lowest(axes):
        axis.set_xlabel("parameters (log)")
    handles = on.n_handles(styles)
    if (grams["measure"] == INFINI_GRAM).any():
        handles.append(Line2D([], [], color="0.2", linestyle="--", label="∞-gram"))
    on.below(figure, [*handles, on.star()])
    return figure


@drawing
def novelty_by_size(novelty: pd.DataFrame) -> Figure:
    """Pairs a model writes that no document holds: their share with its interval, and their number.

    Diamonds are the share among the pairs that are correct, where there are any.

    Args:
        novelty: rows of ``scores/novelty.csv``.

    Raises:
        NothingToDraw: no model wrote a pair.
    """
    rows = drawable(novelty, "share", "novelty by size")
    labels = model_labels(rows)
    values = sorted(int(n) for n in rows["n"].unique())
    colors = dict(zip(values, ramp(len(values)), strict=True))
    tasks = list(dict.fromkeys(rows["task"]))
    figure, axes = on.panels(len(tasks), 2, 1.75)
    width = 0.8 / len(values)
    for (shares, numbers), task in zip(axes, tasks, strict=True):
        for place, n in enumerate(values):
            bars = rows[(rows["task"] == task) & (rows["n"] == n)]
            x = np.array([list(labels).index(model) for model in bars["model"]], dtype=float)
            x += (place - (len(values) - 1) / 2) * width
            look = {"width": width * 0.92, "color": colors[n], "edgecolor": "white",
                    "hatch": HATCHES[place % len(HATCHES)], "linewidth": 0.4}  # fmt: skip
            shares.bar(x, bars["share"], **look)
            known = bars["ci_low"].notna() & bars["ci_high"].notna()
            shares.vlines(x[known], bars["ci_low"][known], bars["ci_high"][known], color="black",
                          linewidth=1.0)  # fmt: skip
            beside = x + width / 4
            known = bars["correct_ci_low"].notna() & bars["correct_ci_high"].notna()
            shares.vlines(beside[known], bars["correct_ci_low"][known],
                          bars["correct_ci_high"][known], color="black", linewidth=0.7)  # fmt: skip
            shares.plot(beside, bars["correct_share"].astype(float), **_CORRECT)
            numbers.bar(x, bars["novel_pairs"], **look)
        for axis, name in ((shares, "share of pairs novel"), (numbers, "novel pairs")):
            axis.set_xticks(range(len(labels)), list(labels.values()))
            axis.set_title(task)
            axis.set_ylabel(name)
        numbers.yaxis.set_major_formatter(lambda number, _: format_count(number))
    for axis in axes[-1]:
        axis.set_xlabel("parameters")
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colors[n], edgecolor="white", label=f"n = {n}",
              hatch=HATCHES[place % len(HATCHES)])
        for place, n in enumerate(values)
    ]  # fmt: skip
    if rows["correct_share"].notna().any():
        handles.append(Line2D([], [], **_CORRECT, label="of correct output"))
    on.below(figure, handles)
    return figure
