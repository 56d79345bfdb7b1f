"""Pairs of n-grams by the cosine of their embeddings."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import (
    NothingToDraw,
    drawable,
    drawing,
    format_count,
    model_labels,
    ramp,
)

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


@drawing
def memorization_by_threshold(
    thresholds: pd.DataFrame, families: Mapping[str, str] | None = None
) -> Figure:
    """Mem against size at each threshold of the cosine (Fig 6 of the paper).

    Args:
        thresholds: rows of ``scores/thresholds.csv``.
        families: family of each model; lines join models of one family only.

    Raises:
        NothingToDraw: no threshold has a value.
    """
    rows = drawable(thresholds, "value", "memorization by threshold")
    gammas = sorted(rows["gamma"].unique())
    styles = dict(
        zip(gammas, zip(ramp(len(gammas)), on.markers(len(gammas)), strict=True), strict=True)
    )
    sizes = rows["parameters"]
    span = sizes.max() / sizes.min()
    facets = list(rows.groupby(["task", "n"], sort=False))
    figure, axes = on.wrapped(facets)
    for axis, ((task, n), facet) in zip(axes, facets, strict=True):
        axis.axhline(0, color="0.3", linewidth=0.7)
        for place, (gamma, (color, marker)) in enumerate(styles.items()):
            for name, line in on.by_family(facet[facet["gamma"] == gamma], families or {}):
                x = on.aside(line["parameters"], place, len(styles), span)
                axis.plot(x, line["value"], color=color, marker=marker, zorder=3)
                on.intervals(axis, x, line, color)
                if place == 0:
                    on.name_line(axis, name, x, line)
        on.size_axis(axis, sizes)
        axis.set_title(f"{task}, n = {n}")
        axis.set_ylabel("Mem, published")
    for axis in on.lowest(axes):
        axis.set_xlabel("parameters (log)")
    handles = [
        Line2D([], [], color=color, marker=marker, label=f"γ = {gamma:g}")
        for gamma, (color, marker) in styles.items()
    ]
    on.below(figure, handles)
    return figure


@drawing
def generated_cosines(cosines: pd.DataFrame) -> Figure:
    """Density of the cosine of generated pairs, smallest and largest model (Fig 12 of the paper).

    Args:
        cosines: rows of ``novelty/cosines/{task}.parquet`` of every task.

    Raises:
        NothingToDraw: no pair has a cosine.
    """
    rows = cosines[cosines["pairs"] > 0]
    if rows.empty:
        raise NothingToDraw(
            f"cosines of generated pairs: nothing to draw, none of {len(cosines)} bins holds a pair"
        )
    labels = model_labels(cosines)
    styles = dict(zip(labels, zip(ramp(len(labels)), ("--", "-"), strict=False), strict=True))
    facets = list(cosines.groupby(["task", "n"], sort=False))
    figure, axes = on.wrapped(facets)
    for axis, ((task, n), facet) in zip(axes, facets, strict=True):
        for model, (color, dashes) in styles.items():
            bins = facet[facet["model"] == model].sort_values("cosine_low")
            held = bins["pairs"].sum()
            if held:
                width = bins["cosine_high"] - bins["cosine_low"]
                edges = [*bins["cosine_low"], bins["cosine_high"].iloc[-1]]
                axis.stairs(bins["pairs"] / held / width, edges, color=color, linestyle=dashes)
        axis.set_xlim(rows["cosine_low"].min() - 0.02, rows["cosine_high"].max() + 0.02)
        axis.set_ylim(bottom=0)
        axis.set_title(f"{task}, n = {n}")
        axis.set_ylabel("density of pairs")
    for axis in on.lowest(axes):
        axis.set_xlabel("cosine of source and generated n-gram")
    handles = [
        Line2D([], [], color=color, linestyle=dashes, label=labels[model])
        for model, (color, dashes) in styles.items()
    ]
    on.below(figure, handles, "parameters")
    return figure
