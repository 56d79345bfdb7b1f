"""Instruct models against the base models they are tuned from."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import drawable, drawing, ramp
from tracemem.scoring.measures import CONTRASTIVE, INFGRAM, MEM, PARTIAL

_LABELS = {
    MEM[2:]: "Mem",
    PARTIAL[2:]: PARTIAL.title,
    CONTRASTIVE[2:]: CONTRASTIVE.title,
    INFGRAM[2:]: "Mem, ∞-gram",
}


@drawing
def instruct_against_base(instruct: pd.DataFrame) -> Figure:
    """Difference of each rank correlation, instruct less base model, with its interval.

    Args:
        instruct: rows of ``scores/instruct.csv``; performance, on another scale, is left to the
            table.

    Raises:
        NothingToDraw: no rank correlation has a difference.
    """
    rows = drawable(
        instruct[instruct["measure"] != "performance"], "difference", "instruct against base"
    )
    names = list(dict.fromkeys(rows["instruct"]))
    styles = dict(zip(names, zip(ramp(len(names)), on.markers(len(names)), strict=True),
                      strict=True))  # fmt: skip
    facets = list(rows.groupby("task", sort=False))
    most = max(facet.groupby(["measure", "statistic", "n"]).ngroups for _, facet in facets)
    figure, axes = on.wrapped(facets, height=0.19 * most + 0.6)
    for axis, (task, facet) in zip(axes, facets, strict=True):
        kinds = [
            (kind, n) for kind in _LABELS for n in sorted(facet["n"].unique())
            if ((facet["measure"] == kind[0]) & (facet["statistic"] == kind[1])
                & (facet["n"] == n)).any()
        ]  # fmt: skip
        axis.axvline(0, color="0.3", linewidth=0.7)
        for row in facet.itertuples():
            color, marker = styles[row.instruct]
            y: float = kinds.index(((row.measure, row.statistic), row.n))
            y += 0.5 * ((names.index(row.instruct) + 0.5) / len(names) - 0.5)
            axis.hlines(y, row.ci_low, row.ci_high, color=color, linewidth=0.9, zorder=2)
            apart = row.ci_low > 0 or row.ci_high < 0
            axis.plot(row.difference, y, marker, color=color,
                      markerfacecolor=color if apart else "white", zorder=3)  # fmt: skip
        axis.set_yticks(range(len(kinds)), [f"{_LABELS[kind]}, n = {n}" for kind, n in kinds])
        axis.set_ylim(len(kinds) - 0.5, -0.5)
        axis.grid(axis="y", visible=False)
        axis.set_title(task)
    for axis in on.lowest(axes):
        axis.set_xlabel("difference, instruct less base")
    bases = dict(zip(rows["instruct"], rows["base"], strict=True))
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="", label=f"{name} less {bases[name]}")
        for name, (color, marker) in styles.items()
    ]
    on.below(figure, handles)
    return figure
