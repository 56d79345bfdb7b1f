"""The study's figures: each a pure function from score tables (:mod:`tracemem.tables`) to a figure.

Drawn at the text width of a page with no letter under 8 points. Series differ by marker and line
as well as by colour, so that they are told apart in grey and by colour-blind readers; an order
(size, n, support) is a sequential palette. No function ever returns an empty figure.
"""

import io
import itertools
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from tracemem.drafts import replacing

# It reports every table of every font that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.WARNING)

WIDTH = 5.5  # inches
DOTS = 200  # per inch
ALPHA = 0.05
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "d")
_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")
_GREY = "0.45"
_STYLE = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("paper"),
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "hatch.linewidth": 0.5,
}
METRICS = {
    "bleu": "BLEU",
    "bertscore-precision": "BERTScore precision",
}
COLUMNS_OF_MEMORIZATION = (
    # title, table, measure, statistic
    ("Mem, published", "memorization", "task-gram", "spearman"),
    ("log C($s_y$) alone", "controls", "output-count", "spearman"),
    ("partial Mem", "memorization", "task-gram", "partial-spearman"),
    ("keyed Mem", "memorization", "task-gram-keyed", "partial-spearman"),
)
_PAIRS_KEPT = {"in_corpus": ":", "kept": "-", "non_zero": "--"}
_PAIRS_ALIGNED = {"precision": "-", "recall": "--"}


class NothingToDraw(ValueError):
    """The tables hold no row that a figure could show."""


def _drawing(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw with this module's style, whatever the caller's, and leave the caller's as it was."""

    @wraps(function)
    def styled(*args, **settings) -> Figure:
        with matplotlib.rc_context(_STYLE):
            figure = function(*args, **settings)
            _separate_tick_labels(figure)
        return figure

    return styled


def format_count(number: float) -> str:
    """A count as axes and tables show it: 950, 91k, 1.4B; two digits below ten of a unit."""
    for unit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        # 999,600 is 1M, not 1000k.
        if number >= unit * 0.9995:
            shown = number / unit
            text = f"{shown:.1f}" if shown < 9.95 else f"{shown:.0f}"
            return text.removesuffix(".0") + letter
    return f"{number:g}"


def model_labels(frame: pd.DataFrame) -> dict[str, str]:
    """Label of every model in order of size: its size, or its name where sizes do not tell apart.

    ``frame`` needs the columns ``model`` and ``parameters``.
    """
    models = frame[["model", "parameters"]].drop_duplicates().sort_values(["parameters", "model"])
    sizes = [format_count(count) for count in models["parameters"]]
    if len(set(sizes)) < len(sizes):
        sizes = list(models["model"])
    return dict(zip(models["model"], sizes, strict=True))


def metric_label(metric: str) -> str:
    """A metric's name as axes and tables show it."""
    return METRICS.get(metric, metric.replace("-", " "))


def main_support(support: pd.DataFrame) -> pd.DataFrame:
    """The rows of each task in its first metric, at the smallest n, where most pairs are."""
    by_task = support.groupby("task")
    first = support["metric"] == by_task["metric"].transform("first")
    return support[first & (support["n"] == by_task["n"].transform("min"))]


def _drawable(frame: pd.DataFrame, column: str, what: str) -> pd.DataFrame:
    kept = frame[np.isfinite(frame[column].astype(float))]
    if kept.empty:
        raise NothingToDraw(
            f"{what}: nothing to draw, none of {len(frame)} rows has a value in {column!r}"
        )
    return kept


def _ramp(count: int) -> list[tuple[float, float, float]]:
    """``count`` colours from light (small) to dark (large), the pale end of viridis left out."""
    if count == 1:
        return [matplotlib.colormaps["viridis"](0.35)[:3]]
    return [matplotlib.colormaps["viridis"](place)[:3] for place in np.linspace(0.82, 0.0, count)]


def _panels(rows: int, columns: int, height: float, **sharing) -> tuple[Figure, np.ndarray]:
    """A figure of ``rows`` x ``columns`` axes, ``height`` inches a row, legend space included."""
    figure = Figure(figsize=(WIDTH, height * rows + 0.75), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **sharing)
    for axis in axes.flat:
        axis.grid(axis="y", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
        sns.despine(ax=axis)
    return figure, axes


def _wrapped(facets: list, height: float = 1.75) -> tuple[Figure, list[Axes]]:
    """One axes per facet, two a row (one alone takes the whole width)."""
    columns = min(2, len(facets))
    figure, axes = _panels(math.ceil(len(facets) / columns), columns, height)
    for spare in axes.flat[len(facets) :]:
        spare.set_visible(False)
    return figure, list(axes.flat[: len(facets)])


def _separate_tick_labels(figure: Figure) -> None:
    """Turn the tick labels of an x axis upright where they overlap, and drop some if they still do.

    The ticks stay, so that every size keeps its mark.
    """
    for upright in (False, True):
        figure.draw_without_rendering()
        crowded = []
        for axis in figure.axes:
            shown = [label for label in axis.get_xticklabels() if label.get_text()]
            boxes = [label.get_window_extent() for label in shown]
            if _overlapping(boxes):
                crowded.append((shown, boxes))
        if not crowded:
            return
        for shown, boxes in crowded:
            if not upright:
                for label in shown:
                    label.set_rotation(90)
                continue
            # From the right: the largest size always keeps its label.
            free = math.inf
            for label, box in sorted(zip(shown, boxes, strict=True), key=lambda item: -item[1].x0):
                if box.x1 <= free:
                    free = box.x0
                else:
                    label.set_color("none")


def _overlapping(boxes: list) -> bool:
    boxes = sorted(boxes, key=lambda box: box.x0)
    return any(left.x1 + 3 > right.x0 for left, right in itertools.pairwise(boxes))


def _size_axis(axis: Axes, parameters: Iterable[float]) -> None:
    sizes = sorted(set(parameters))
    axis.set_xscale("log")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(sizes, [format_count(size) for size in sizes])
    margin = (sizes[-1] / sizes[0]) ** 0.09 if len(sizes) > 1 else 2
    axis.set_xlim(sizes[0] / margin, sizes[-1] * margin)


def _aside(positions: pd.Series, place: int, places: int, span: float) -> pd.Series:
    """Positions on a log axis moved aside a little, so that intervals do not hide each other.

    ``span`` is the axis' range, largest over smallest.
    """
    step = min(0.022, 0.1 / places)
    return positions * max(span, 2.0) ** (step * (place - (places - 1) / 2))


def _families(
    frame: pd.DataFrame, families: Mapping[str, str]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each family of models, by size: a line never joins two families.

    With each comes the name to write beside its line: none for the family of most models.
    """
    family = frame["model"].map(lambda model: families.get(model, ""))
    models = frame.groupby(family)["model"].nunique()
    for name, rows in frame.groupby(family):
        yield "" if name == models.idxmax() else name, rows.sort_values(["parameters", "model"])


def _name_line(axis: Axes, name: str, x, rows: pd.DataFrame) -> None:
    """Write a family's name beside the last point of its line."""
    if name:
        end = (np.asarray(x)[-1], rows["value"].iloc[-1])
        axis.annotate(name, end, xytext=(-4, 3), textcoords="offset points", ha="right")


def _intervals(axis: Axes, x, rows: pd.DataFrame, color) -> None:
    """Vertical 95 % intervals; a row without one gets none."""
    known = rows["ci_low"].notna() & rows["ci_high"].notna()
    axis.vlines(
        np.asarray(x)[known], rows["ci_low"][known], rows["ci_high"][known],
        color=color, linewidth=0.9, alpha=0.55, zorder=2,
    )  # fmt: skip


def _tested_line(axis: Axes, x, rows: pd.DataFrame, color, marker: str, dashes: str) -> None:
    """A line with a filled marker where p < .05 and a grey star elsewhere (Fig 4 of the paper)."""
    axis.plot(x, rows["value"], color=color, linestyle=dashes, zorder=3)
    _intervals(axis, x, rows, color)
    significant = (rows["p_permutation"] < ALPHA).to_numpy()
    x, y = np.asarray(x), rows["value"].to_numpy()
    size = 4 if dashes == "-" else 3
    axis.plot(x[significant], y[significant], marker, color=color, markersize=size, zorder=4)
    axis.plot(x[~significant], y[~significant], "*", color=_GREY, markersize=6, zorder=5)


def _below(figure: Figure, handles: list, title: str | None = None) -> None:
    """A legend under all axes, read row by row, in as few even rows as the width allows."""
    widest = max(len(handle.get_label()) for handle in handles) * 0.066 + 0.55  # inches
    rows = math.ceil(len(handles) / max(1, int(WIDTH / widest)))
    columns = math.ceil(len(handles) / rows)
    # A legend fills its columns downwards.
    ordered = [handle for first in range(columns) for handle in handles[first::columns]]
    figure.legend(
        handles=ordered, title=title, loc="outside lower center", frameon=False,
        ncols=columns, handlelength=2.2, columnspacing=1.4,
    )  # fmt: skip


def _star() -> Line2D:
    return Line2D([], [], color=_GREY, marker="*", markersize=6, linestyle="", label="p ≥ .05")


def _n_styles(frames: Iterable[pd.DataFrame]) -> dict[int, tuple]:
    """Colour and marker of every n >= 1 in the frames, the same in all panels."""
    values = sorted({int(n) for frame in frames for n in frame["n"] if n > 0})
    return {
        n: (color, marker)
        for n, color, marker in zip(values, _ramp(len(values) or 1), _MARKERS, strict=False)
    }


def _n_handles(styles: Mapping[int, tuple]) -> list[Line2D]:
    return [
        Line2D([], [], color=color, marker=marker, label=f"n = {n}")
        for n, (color, marker) in styles.items()
    ]


@_drawing
def performance_by_support(support: pd.DataFrame) -> Figure:
    """Performance against support, one line per model size (Fig 3 of the paper).

    Args:
        support: rows of ``scores/support.csv``; of each task the first metric at the smallest n is
            drawn. A bin stands at the geometric mean of its ends, bin 0 (no support) apart.

    Raises:
        NothingToDraw: no row has a value.
    """
    rows = main_support(_drawable(support, "value", "performance by support"))
    labels = model_labels(rows)
    styles = dict(zip(labels, zip(_ramp(len(labels)), _markers(len(labels)), strict=True),
                      strict=True))  # fmt: skip
    facets = list(rows.groupby("task", sort=False))
    figure, axes = _wrapped(facets)
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
            x = _aside(middles[line.index], place, len(styles), span)
            inside = line["bin"] > 0
            axis.plot(x[inside], line["value"][inside], color=color, marker=marker, zorder=3)
            axis.plot(x[~inside], line["value"][~inside], color=color, marker=marker, zorder=3)
            _intervals(axis, x, line, color)
        _support_ticks(axis, middles[supported], zero if (~supported).any() else None)
        margin = span**0.09
        axis.set_xlim(middles.min() / margin, middles.max() * margin)
        # Where a bin is a group of examples, such as a language, its name stands over its points.
        for (_, group), points in facet[facet["group"] != ""].groupby(["bin", "group"]):
            top = (middles[points.index[0]], points[["value", "ci_high"]].max().max())
            axis.annotate(group, top, xytext=(0, 3), textcoords="offset points", ha="center")
        axis.set_title(f"{task}, n = {facet['n'].iloc[0]}")
        axis.set_ylabel(metric_label(facet["metric"].iloc[0]))
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    for axis in _lowest(axes):
        axis.set_xlabel("support (documents, log)")
    handles = [
        Line2D([], [], color=color, marker=marker, label=labels[model])
        for model, (color, marker) in styles.items()
    ]
    _below(figure, handles, "parameters")
    return figure


def _markers(count: int) -> list[str]:
    return [_MARKERS[i % len(_MARKERS)] for i in range(count)]


def _lowest(axes: list[Axes]) -> list[Axes]:
    """The lowest axes of each column of a wrapped grid: the last two, or the last alone."""
    return axes[-2:]


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


@_drawing
def memorization_by_size(
    memorization: pd.DataFrame,
    controls: pd.DataFrame | None = None,
    families: Mapping[str, str] | None = None,
) -> Figure:
    """Memorization against size beside what it must be read against (Fig 4 of the paper, extended).

    A row a task. Columns: Mem as published with the infinity-gram LM dashed, the answer's own
    frequency, Mem given that frequency, keyed Mem with the truth where it is known.

    Args:
        memorization: rows of ``scores/memorization.csv``.
        controls: rows of ``scores/controls.csv``, or None where there are none.
        families: family of each model; lines join models of one family only.

    Raises:
        NothingToDraw: no correlation has a value.
    """
    families = families or {}
    correlations = memorization[memorization["statistic"] != "kendall-distance"]
    correlations = _drawable(correlations, "value", "memorization by size")
    tables = {"memorization": correlations}
    if controls is not None:
        tables["controls"] = controls[controls["value"].notna()]
    columns = []
    for title, table, measure, statistic in COLUMNS_OF_MEMORIZATION:
        if table in tables:
            found = _select(tables[table], measure, statistic)
            if len(found):
                columns.append((title, found))
    if not columns:
        raise NothingToDraw("memorization by size: no task-gram row among the scores")
    infgram = _select(correlations, "infini-gram", "spearman")
    truth = _select(tables.get("controls"), "truth-probability", "partial-spearman")
    tasks = list(dict.fromkeys(task for _, found in columns for task in found["task"]))
    styles = _n_styles(found for _, found in columns)
    sizes = correlations["parameters"]
    span = sizes.max() / sizes.min()
    figure, axes = _panels(len(tasks), len(columns), 1.45, sharex=True, sharey="row")
    for row, task in zip(axes, tasks, strict=True):
        for axis, (title, found) in zip(row, columns, strict=True):
            axis.axhline(0, color="0.3", linewidth=0.7)
            published = title == COLUMNS_OF_MEMORIZATION[0][0]
            for measured, dashes in ((found, "-"), (infgram if published else None, "--")):
                _lines_by_n(axis, measured, task, styles, families, span, dashes)
            if title == COLUMNS_OF_MEMORIZATION[-1][0]:
                _truth_line(axis, truth, task, families)
            _size_axis(axis, sizes)
        row[0].set_ylabel(f"{task}\nrank correlation")
        row[0].yaxis.set_major_locator(MaxNLocator(4))
    for axis, (title, _) in zip(axes[0], columns, strict=True):
        axis.set_title(title)
    for axis in axes[-1]:
        axis.set_xlabel("parameters (log)")
    figure.align_ylabels(axes[:, 0])
    handles = _n_handles(styles)
    if len(infgram):
        handles.append(Line2D([], [], color="0.2", linestyle="--", label="∞-gram"))
    if len(truth):
        handles.append(Line2D([], [], color="black", linestyle=":", marker="x", label="truth"))
    _below(figure, [*handles, _star()])
    return figure


def _select(frame: pd.DataFrame | None, measure: str, statistic: str) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(columns=["task", "n", "model", "parameters"])
    return frame[(frame["measure"] == measure) & (frame["statistic"] == statistic)]


def _lines_by_n(axis, frame, task, styles, families, span, dashes) -> None:
    if frame is None:
        return
    for place, (n, (color, marker)) in enumerate(styles.items()):
        series = frame[(frame["task"] == task) & (frame["n"] == n)]
        for name, line in _families(series, families):
            x = _aside(line["parameters"], place, len(styles), span)
            _tested_line(axis, x, line, color, marker, dashes)
            if place == 0 and dashes == "-":
                _name_line(axis, name, x, line)


def _truth_line(axis, truth, task, families) -> None:
    known = truth[truth["task"] == task]
    # The truth hardly depends on n; where it is given for several, the smallest is drawn.
    known = known[known["n"] == known["n"].min()]
    for _, line in _families(known, families):
        axis.plot(line["parameters"], line["value"], color="black", linestyle=":", marker="x",
                  zorder=6)  # fmt: skip


@_drawing
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
    distances = memorization[memorization["statistic"] == "kendall-distance"]
    distances = _drawable(distances, "value", "Kendall distance by size")
    grams = distances[distances["measure"] != "task-gram-keyed"]
    if grams.empty:
        raise NothingToDraw("Kendall distance by size: no task-gram or infini-gram row")
    styles = _n_styles([grams])
    sizes = grams["parameters"]
    span = sizes.max() / sizes.min()
    tasks = list(dict.fromkeys(grams["task"]))
    figure, axes = _wrapped(tasks, height=1.6)
    for axis, task in zip(axes, tasks, strict=True):
        axis.axhline(0.5, color="0.3", linewidth=0.7)
        for measure, dashes in (("task-gram", "-"), ("infini-gram", "--")):
            measured = grams[grams["measure"] == measure]
            _lines_by_n(axis, measured, task, styles, families or {}, span, dashes)
        _size_axis(axis, sizes)
        axis.set_title(task)
        axis.set_ylabel("Kendall distance")
    for axis in _lowest(axes):
        axis.set_xlabel("parameters (log)")
    handles = _n_handles(styles)
    if (grams["measure"] == "infini-gram").any():
        handles.append(Line2D([], [], color="0.2", linestyle="--", label="∞-gram"))
    _below(figure, [*handles, _star()])
    return figure


@_drawing
def novelty_by_size(novelty: pd.DataFrame) -> Figure:
    """Pairs a model writes that no document holds: their share with its interval, and their number.

    Args:
        novelty: rows of ``scores/novelty.csv``.

    Raises:
        NothingToDraw: no model wrote a pair.
    """
    rows = _drawable(novelty, "share", "novelty by size")
    labels = model_labels(rows)
    values = sorted(int(n) for n in rows["n"].unique())
    colors = dict(zip(values, _ramp(len(values)), strict=True))
    tasks = list(dict.fromkeys(rows["task"]))
    figure, axes = _panels(len(tasks), 2, 1.75)
    width = 0.8 / len(values)
    for (shares, numbers), task in zip(axes, tasks, strict=True):
        for place, n in enumerate(values):
            bars = rows[(rows["task"] == task) & (rows["n"] == n)]
            x = np.array([list(labels).index(model) for model in bars["model"]], dtype=float)
            x += (place - (len(values) - 1) / 2) * width
            look = {"width": width * 0.92, "color": colors[n], "edgecolor": "white",
                    "hatch": _HATCHES[place % len(_HATCHES)], "linewidth": 0.4}  # fmt: skip
            shares.bar(x, bars["share"], **look)
            known = bars["ci_low"].notna() & bars["ci_high"].notna()
            shares.vlines(x[known], bars["ci_low"][known], bars["ci_high"][known], color="black",
                          linewidth=1.0)  # fmt: skip
            numbers.bar(x, bars["novel_pairs"], **look)
        for axis, name in ((shares, "share of pairs novel"), (numbers, "novel pairs")):
            axis.set_xticks(range(len(labels)), list(labels.values()))
            axis.set_title(task)
            axis.set_ylabel(name)
        numbers.yaxis.set_major_formatter(lambda number, _: format_count(number))
    for axis in axes[-1]:
        axis.set_xlabel("parameters")
    handles = [
        Patch(facecolor=colors[n], edgecolor="white", label=f"n = {n}",
              hatch=_HATCHES[place % len(_HATCHES)])
        for place, n in enumerate(values)
    ]  # fmt: skip
    _below(figure, handles)
    return figure


@_drawing
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
    rows = main_support(_drawable(support, "value", "emergence"))
    sizes = rows["parameters"]
    span = sizes.max() / sizes.min()
    bins = sorted(int(number) for number in rows["bin"].unique())
    if len(bins) > levels:
        bins = [bins[round(place)] for place in np.linspace(0, len(bins) - 1, levels)]
    styles = dict(zip(bins, zip(_ramp(len(bins)), _markers(len(bins)), strict=True), strict=True))
    facets = list(rows.groupby("task", sort=False))
    figure, axes = _wrapped(facets)
    for axis, (task, facet) in zip(axes, facets, strict=True):
        for place, (number, (color, marker)) in enumerate(styles.items()):
            for name, line in _families(facet[facet["bin"] == number], families or {}):
                x = _aside(line["parameters"], place, len(styles), span)
                axis.plot(x, line["value"], color=color, marker=marker, zorder=3)
                _intervals(axis, x, line, color)
                if place == len(styles) - 1:
                    _name_line(axis, name, x, line)
        _size_axis(axis, sizes)
        axis.set_title(f"{task}, n = {facet['n'].iloc[0]}")
        axis.set_ylabel(metric_label(facet["metric"].iloc[0]))
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    for axis in _lowest(axes):
        axis.set_xlabel("parameters (log)")
    handles = [
        Line2D([], [], color=color, marker=marker, label=_level(number, bins))
        for number, (color, marker) in styles.items()
    ]
    _below(figure, handles, "support")
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


@_drawing
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
    styles = _n_styles([alignment])
    panels = []
    for task, rows in alignment.groupby("task", sort=False):
        panels.append((task, rows, _PAIRS_KEPT))
        if rows[["precision", "recall"]].notna().any(axis=None):
            panels.append((task, rows, _PAIRS_ALIGNED))
    figure, axes = _wrapped(panels)
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
    for axis in _lowest(axes):
        axis.set_xlabel("threshold γ (cosine)")
    handles = _n_handles(styles)
    judged = any(columns is _PAIRS_ALIGNED for _, _, columns in panels)
    for label, dashes in (("in corpus", ":"), ("kept; precision", "-"),
                          ("non-zero; recall", "--")):  # fmt: skip
        text = label if judged else label.split(";")[0]
        handles.append(Line2D([], [], color="0.2", linestyle=dashes, label=text))
    _below(figure, handles)
    return figure


def save(figure: Figure, png: Path | str, pdf: Path | str) -> None:
    """Write a figure as PNG (200 dots an inch) and PDF; the same figure gives the same bytes."""
    with matplotlib.rc_context({**_STYLE, "pdf.fonttype": 42}):
        for path, kind, metadata in (
            (png, "png", {"Software": None}),
            (pdf, "pdf", {"CreationDate": None, "Creator": None, "Producer": None}),
        ):
            # Drawn in memory first: the draft's own name has no ending that tells the format.
            drawn = io.BytesIO()
            figure.savefig(drawn, format=kind, dpi=DOTS, metadata=metadata)
            with replacing(path) as draft:
                draft.write_bytes(drawn.getvalue())
