"""Performance along the support, and along size at several levels of it."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from tracemem.report.figures import axes as on
from tracemem.report.figures.style import (
    drawable,
    drawing,
    format_count,
    metric_label,
    model_labels,
    ramp,
)


def main_support(support: pd.DataFrame) -> pd.DataFrame:
    """The rows of each task in its first metric, at the smallest n, where most pairs are."""
    by_task = support.groupby("task")
    first = support["metric"] == by_task["metric"].transform("first")
    return support[first & (support["n"] == by_task["n"].transform("min"))]


@drawing
def performance_by_support(support: pd.DataFrame) -> Figure:
    """Performance against support, one line per model size (Fig 3 of the paper).

    Args:
        support: rows of ``scores/support.csv``; of each task the first metric at the smallest n is
            drawn. A bin stands at the geometric mean of its ends, bin 0 (no support) apart.

    Raises:
        NothingToDraw: no row has a value.
    """
    rows = main_support(drawable(support, "value", "performance by support"))
    labels = model_labels(rows)
    styles = dict(zip(labels, zip(ramp(len(labels)), on.markers(len(labels)), strict=True),
                      strict=True))  # fmt: skip
    facets = list(rows.groupby("task", sort=False))
    figure, axes = on.wrapped(facets)
    for axis, (task, facet) in zip(axes, facets, strict=True):
        supported = facet["bin"] > 0
        middles = np.sqrt(facet["support_low"].clip(lower=1) * facet["support_high"].clip(lower=1))
        ends = middles[supported] if supported.any() else pd.Series([1.0])
        least, most = ends.min(), ends.max()
        zero = least / max((most / least) ** 0.22, 2.0)
        middles = middles.where(supported, zero)
        span = most / zero
        axis.set_xscale("log")
        for place, (model, (color, marker)) in enumerate(styles.items()):
            line = facet[facet["model"] == model].sort_values("bin")
            if line.empty:
                continue
            x = on.aside(middles[line.index], place, len(styles), span)
            inside = line["bin"] > 0
            axis.plot(x[inside], line["value"][inside], color=color, marker=marker, zorder=3)
            axis.plot(x[~inside], line["value"][~inside], color=color, marker=marker, zorder=3)
            on.intervals(axis, x, line, color)
        _support_ticks(axis, middles[supported], zero if (~supported).any() else None)
        margin = span**0.09
        axis.set_xlim(middles.min() / margin, middles.max() * margin)
        # Where a bin is a group of examples, such as a language, its name stands over its points.
        for (_, group), points in facet[facet["group"] != ""].groupby(["bin", "group"]):
            top = (middles[points.index[0]], points[["value", "ci_high"]].max().max())
            axis.annotate(group, top, xytext=(0, 3), textcoords="offset points", ha="center",
                          va="bottom", rotation=90, fontsize=6)  # fmt: skip
        axis.set_title(f"{task}, n = {facet['n'].iloc[0]}")
        axis.set_ylabel(metric_label(facet["metric"].iloc[0]))
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    for axis in on.lowest(axes):
        axis.set_xlabel("support (documents, log)")
    handles = [
        Line2D([], [], color=color, marker=marker, label=labels[model])
        for model, (color, marker) in styles.items()
    ]
    on.below(figure, handles, "parameters")
    return figure


def _support_ticks(axis: Axes, middles: pd.Series, zero: float | None) -> None:
    """Ticks at powers of ten within the bins' ``middles``, and at ``zero`` for no support."""
    ticks: list[float] = []
    if len(middles):
        least, most = middles.min(), middles.max()
        first, last = math.ceil(math.log10(least)), math.floor(math.log10(most))
        step = max(1, math.ceil((last - first + 1) / 4))
        ticks = [10.0**power for power in range(first, last + 1, step)]
        if len(ticks) < 2:
            ticks = sorted({float(f"{least:.1g}"), float(f"{most:.1g}")})
        if zero is not None:
            axis.axvline(math.sqrt(zero * least), color="0.75", linewidth=0.7, linestyle=":")
    names = [format_count(tick) for tick in ticks]
    if zero is not None:
        ticks, names = [zero, *ticks], ["0", *names]
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(ticks, names)


@drawing
def emergence(
    support: pd.DataFrame, families: Mapping[str, str] | None = None, levels: int = 5
) -> Figure:
    """Performance against size at several support levels (the first version of the paper).

    Args:
        support: rows of ``scores/support.csv``; of each task the first metric at the smallest n is
            drawn.
        families: family of each model; lines join models of one family only.
        levels: bins drawn at most; of more, evenly spaced ones, the first and last among them.

    Raises:
        NothingToDraw: no row has a value.
    """
    rows = main_support(drawable(support, "value", "emergence"))
    # Bins that are languages are no levels of support; a study of nothing else shows them still.
    if (rows["group"] == "").any():
        rows = rows[rows["group"] == ""]
    sizes = rows["parameters"]
    span = sizes.max() / sizes.min()
    bins = sorted(int(number) for number in rows["bin"].unique())
    if len(bins) > levels:
        bins = [bins[round(place)] for place in np.linspace(0, len(bins) - 1, levels)]
    styles = dict(zip(bins, zip(ramp(len(bins)), on.markers(len(bins)), strict=True), strict=True))
    facets = list(rows.groupby("task", sort=False))
    figure, axes = on.wrapped(facets)
    for axis, (task, facet) in zip(axes, facets, strict=True):
        for place, (number, (color, marker)) in enumerate(styles.items()):
            for name, line in on.by_family(facet[facet["bin"] == number], families or {}):
                x = on.aside(line["parameters"], place, len(styles), span)
                axis.plot(x, line["value"], color=color, marker=marker, zorder=3)
                on.intervals(axis, x, line, color)
                if place == len(styles) - 1:
                    on.name_line(axis, name, x, line)
        on.size_axis(axis, sizes)
        axis.set_title(f"{task}, n = {facet['n'].iloc[0]}")
        axis.set_ylabel(metric_label(facet["metric"].iloc[0]))
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    for axis in on.lowest(axes):
        axis.set_xlabel("parameters (log)")
    handles = [
        Line2D([], [], color=color, marker=marker, label=_level(number, bins))
        for number, (color, marker) in styles.items()
    ]
    on.below(figure, handles, "support")
    return figure


def _level(number: int, bins: list[int]) -> str:
    if number == 0:
        return "none"
    supported = [level for level in bins if level > 0]
    if len(supported) > 1 and number == supported[0]:
        return f"bin {number} (least)"
    if len(supported) > 1 and number == supported[-1]:
        return f"bin {number} (most)"
    return f"bin {number}"
