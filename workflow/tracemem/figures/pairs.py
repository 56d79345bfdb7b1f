"""Pairs of n-grams by the cosine of their embeddings."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from tracemem.figures import axes as on
from tracemem.figures.style import NothingToDraw, drawing, format_count

_PAIRS_KEPT = {"in_corpus": ":", "kept": "-", "non_zero": "--"}
_PAIRS_ALIGNED = {"precision": "-", "recall": "--"}


@drawing
def pairs_by_threshold(alignment: pd.DataFrame) -> Figure:
    """Pairs that each threshold keeps and, where the truth is known, how many of them align.

    Args:
        alignment: rows of ``pairs/alignment.csv``.

    Raises:
        NothingToDraw: no threshold keeps a pair.
    """
    if not (alignment["kept"] > 0).any():
        raise NothingToDraw(
            f"pairs by threshold: nothing to draw, none of {len(alignment)} rows keeps a pair"
        )
    styles = on.n_styles([alignment])
    panels = []
    for task, rows in alignment.groupby("task", sort=False):
        panels.append((task, rows, _PAIRS_KEPT))
        if rows[["precision", "recall"]].notna().any(axis=None):
            panels.append((task, rows, _PAIRS_ALIGNED))
    figure, axes = on.wrapped(panels)
    for axis, (task, rows, columns) in zip(axes, panels, strict=True):
        for n, (color, marker) in styles.items():
            line = rows[rows["n"] == n].sort_values("gamma")
            for column, dashes in columns.items():
                values = line[column]
                if columns is _PAIRS_KEPT:
                    # A logarithmic axis has no place for 0: the line breaks there.
                    values = values.where(values > 0)
                axis.plot(line["gamma"], values, dashes, color=color, marker=marker)
        if columns is _PAIRS_KEPT:
            axis.set_yscale("log")
            # Within a decade or two, powers of ten alone would leave the axis without a label.
            low, high = axis.get_ylim()
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
            axis.yaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_major_formatter(lambda number, _: format_count(number))
            axis.set_ylabel("pairs (log)")
        else:
            axis.set_ylim(-0.03, 1.03)
            axis.set_ylabel("share")
        axis.set_title(task if columns is _PAIRS_KEPT else f"{task}: true alignments")
        gammas = sorted(rows["gamma"].unique())
        axis.set_xticks(gammas, [f"{gamma:g}" for gamma in gammas])
        axis.set_xlim(gammas[0] - 0.03, gammas[-1] + 0.03)
    for axis in on.lowest(axes):
        axis.set_xlabel("threshold γ (cosine)")
    handles = on.n_handles(styles)
    judged = any(columns is _PAIRS_ALIGNED for _, _, columns in panels)
    for label, dashes in (("in corpus", ":"), ("kept; precision", "-"),
                          ("non-zero; recall", "--")):  # fmt: skip
        text = label if judged else label.split(";")[0]
        handles.append(Line2D([], [], color="0.2", linestyle=dashes, label=text))
    on.below(figure, handles)
    return figure
