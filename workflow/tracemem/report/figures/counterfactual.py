"""Measures of memorization against what models lose without the documents of an answer."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import GREY, NothingToDraw, drawing, format_count, ramp
from tracemem.scoring.measures import CONTRASTIVE, MEM, PARTIAL
from tracemem.settings.counterfactual import STRANGER

_SHOWN = (MEM, PARTIAL, CONTRASTIVE)


@drawing
def measures_against_effect(
    effects: pd.DataFrame, memorization: pd.DataFrame, families: Mapping[str, str]
) -> Figure:
    """A panel a measure: its value in every cell (task, size) against the mean effect.

    Of each task the n that most tasks have. Models that saw another world have no effect; they stand
    at the left, where every measure must be zero.

    Args:
        effects: rows of ``scores/effects.csv``.
        memorization: rows of ``scores/memorization.csv``.
        families: family of each model.

    Raises:
        NothingToDraw: no cell has both an effect and a measure.
    """
    effects = effects[effects["seed"] == effects["seed"].min()]
    tasks_of_n = memorization.groupby("n")["task"].nunique()
    n = tasks_of_n.idxmax() if len(tasks_of_n) else 0
    rows = memorization[(memorization["n"] == n) & memorization["value"].notna()]
    cells = rows.merge(
        effects[["task", "model", "effect", "ci_low", "ci_high"]],
        how="left", on=["task", "model"], suffixes=("", "_effect"),
    )  # fmt: skip
    strangers = cells["model"].map(lambda model: families.get(model) == STRANGER)
    known = cells[cells["effect"].notna()]
    if known.empty:
        raise NothingToDraw("measures against the effect: nothing to draw, no cell has both")
    tasks = list(dict.fromkeys(effects["task"]))
    colors = dict(zip(tasks, ramp(len(tasks)), strict=True))
    sizes = sorted(known["parameters"].unique())
    area = {size: 3 + 2.5 * place for place, size in enumerate(sizes)}
    left = min(0.0, known["ci_low_effect"].min()) - 0.12 * known["effect"].max()
    figure, axes = on.panels(1, len(_SHOWN), 2.2, sharey=True)
    for axis, measure in zip(axes.flat, _SHOWN, strict=True):
        axis.axhline(0, color="0.3", linewidth=0.7)
        axis.axvline(0, color="0.3", linewidth=0.7)
        own = (cells["measure"] == measure.name) & (cells["statistic"] == measure.statistic)
        for row in cells[own & cells["effect"].notna()].itertuples():
            color = colors[row.task]
            axis.hlines(row.value, row.ci_low_effect, row.ci_high_effect, color=color,
                        linewidth=0.7, alpha=0.5)  # fmt: skip
            axis.vlines(row.effect, row.ci_low, row.ci_high, color=color, linewidth=0.7, alpha=0.5)
            axis.plot(row.effect, row.value, "o", color=color, markersize=area[row.parameters])
        for row in cells[own & strangers & cells["task"].isin(tasks)].itertuples():
            axis.plot(left, row.value, "x", color=colors[row.task], markersize=4)
        axis.set_title(measure.title, fontsize="medium")
    axes[0, 1].set_xlabel("effect of the documents on ln P(answer), nats")
    axes[0, 0].set_ylabel(f"measure, n = {n}")
    handles = [
        *(Line2D([], [], color=colors[task], marker="o", linestyle="", label=task)
          for task in tasks),
        *(Line2D([], [], color=GREY, marker="o", linestyle="", markersize=area[size],
                 label=format_count(size)) for size in sizes),
    ]  # fmt: skip
    if strangers.any():
        handles.append(
            Line2D([], [], color=GREY, marker="x", linestyle="", label="saw another world")
        )
    on.below(figure, handles)
    return figure
