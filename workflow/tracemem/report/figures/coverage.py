"""How much of each task the corpus holds, before any model is asked."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import NothingToDraw, drawing, format_count

# What is known of an example, most of it first: label, shade, hatch.
_PARTS = (
    ("in a document: supported", "0.25", ""),
    ("pairs, none in a document", "0.6", "////"),
    ("no pair", "0.92", ""),
)


@drawing
def examples_by_coverage(coverage: pd.DataFrame) -> Figure:
    """Shares of each task's test examples whose pairs some document holds, at every n.

    Args:
        coverage: rows of ``pairs/coverage.csv``.

    Raises:
        NothingToDraw: no task has an example.
    """
    rows = coverage[coverage["examples"] > 0]
    if rows.empty:
        raise NothingToDraw("examples by coverage: nothing to draw, no task has an example")
    figure, axes = on.panels(1, 1, 0.2 * len(rows) + 0.4)
    axis = axes[0, 0]
    whole = rows["examples"].to_numpy()
    parts = [
        rows["supported"].to_numpy() / whole,
        (rows["with_pairs"] - rows["supported"]).to_numpy() / whole,
        (rows["examples"] - rows["with_pairs"]).to_numpy() / whole,
    ]
    places = range(len(rows))
    left = 0.0 * whole
    for width, (_, color, hatch) in zip(parts, _PARTS, strict=True):
        axis.barh(places, width, left=left, height=0.7, color=color, hatch=hatch, edgecolor="0.3",
                  linewidth=0.4)  # fmt: skip
        left = left + width
    names = [f"{row.task}, n = {row.n} ({format_count(row.examples)})" for row in rows.itertuples()]
    axis.set_yticks(places, names)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(0, 1)
    axis.set_xlabel("share of test examples (their number in brackets)")
    axis.grid(visible=False)
    handles = [
        Patch(facecolor=color, hatch=hatch, edgecolor="0.3", linewidth=0.4, label=label)
        for label, color, hatch in _PARTS
    ]
    on.below(figure, handles)
    return figure
