"""What several figures are put together from: panels, axes, lines with intervals, legends."""

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from tracemem.report.figures.style import ALPHA, GREY, MARKERS, WIDTH, format_count, ramp


def panels(rows: int, columns: int, height: float, **sharing) -> tuple[Figure, np.ndarray]:
    """A figure of ``rows`` x ``columns`` axes, ``height`` inches a row, legend space included."""
    figure = Figure(figsize=(WIDTH, height * rows + 0.75), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **sharing)
    for axis in axes.flat:
        axis.grid(axis="y", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
        sns.despine(ax=axis)
    return figure, axes


def wrapped(facets: list, height: float = 1.75) -> tuple[Figure, list[Axes]]:
    """One axes per facet, two a row (one alone takes the whole width)."""
    columns = min(2, len(facets))
    figure, axes = panels(math.ceil(len(facets) / columns), columns, height)
    for spare in axes.flat[len(facets) :]:
        spare.set_visible(False)
    return figure, list(axes.flat[: len(facets)])


def size_axis(axis: Axes, parameters: Iterable[float]) -> None:
    """A logarithmic axis of parameters with a tick at every size."""
    sizes = sorted(set(parameters))
    axis.set_xscale("log")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(sizes, [format_count(size) for size in sizes])
    margin = (sizes[-1] / sizes[0]) ** 0.09 if len(sizes) > 1 else 2
    axis.set_xlim(sizes[0] / margin, sizes[-1] * margin)


def aside(positions: pd.Series, place: int, places: int, span: float) -> pd.Series:
    """Positions on a log axis moved aside a little, so that intervals do not hide each other.

    ``span`` is the axis' range, largest over smallest.
    """
    step = min(0.022, 0.1 / places)
    return positions * max(span, 2.0) ** (step * (place - (places - 1) / 2))


def by_family(
    frame: pd.DataFrame, families: Mapping[str, str]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each family of models, by size: a line never joins two families.

    With each comes the name to write beside its line: none for the family of most models.
    """
    family = frame["model"].map(lambda model: families.get(model, ""))
    models = frame.groupby(family)["model"].nunique()
    for name, rows in frame.groupby(family):
        yield "" if name == models.idxmax() else name, rows.sort_values(["parameters", "model"])


def name_line(axis: Axes, name: str, x, rows: pd.DataFrame) -> None:
    """Write a family's name beside the last point of its line."""
    if name:
        end = (np.asarray(x)[-1], rows["value"].iloc[-1])
        axis.annotate(name, end, xytext=(-4, 3), textcoords="offset points", ha="right")


def intervals(axis: Axes, x, rows: pd.DataFrame, color) -> None:
    """Vertical 95 % intervals; a row without one gets none."""
    known = rows["ci_low"].notna() & rows["ci_high"].notna()
    axis.vlines(
        np.asarray(x)[known], rows["ci_low"][known], rows["ci_high"][known],
        color=color, linewidth=0.9, alpha=0.55, zorder=2,
    )  # fmt: skip


def tested_line(axis: Axes, x, rows: pd.DataFrame, color, marker: str, dashes: str) -> None:
    """A line with a filled marker where p < .05 after Holm, else a grey star (Fig 4 of the paper)."""
    axis.plot(x, rows["value"], color=color, linestyle=dashes, zorder=3)
    intervals(axis, x, rows, color)
    significant = (rows["p_holm"] < ALPHA).to_numpy()
    x, y = np.asarray(x), rows["value"].to_numpy()
    size = 4 if dashes == "-" else 3
    axis.plot(x[significant], y[significant], marker, color=color, markersize=size, zorder=4)
    axis.plot(x[~significant], y[~significant], "*", color=GREY, markersize=6, zorder=5)


def lines_by_n(axis, frame, task, styles, families, span, dashes) -> None:
    """One tested line an n and family of models; nothing where there is no frame."""
    if frame is None:
        return
    for place, (n, (color, marker)) in enumerate(styles.items()):
        series = frame[(frame["task"] == task) & (frame["n"] == n)]
        for name, line in by_family(series, families):
            x = aside(line["parameters"], place, len(styles), span)
            tested_line(axis, x, line, color, marker, dashes)
            if place == 0 and dashes == "-":
                name_line(axis, name, x, line)


def below(figure: Figure, handles: list, title: str | None = None) -> None:
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


def star() -> Line2D:
    """The legend of a grey star."""
    return Line2D([], [], color=GREY, marker="*", markersize=6, linestyle="", label="p ≥ .05")


def n_styles(frames: Iterable[pd.DataFrame]) -> dict[int, tuple]:
    """Colour and marker of every n >= 1 in the frames, the same in all panels."""
    values = sorted({int(n) for frame in frames for n in frame["n"] if n > 0})
    return {
        n: (color, marker)
        for n, color, marker in zip(values, ramp(len(values) or 1), MARKERS, strict=False)
    }


def n_handles(styles: Mapping[int, tuple]) -> list[Line2D]:
    """The legend of every n."""
    return [
        Line2D([], [], color=color, marker=marker, label=f"n = {n}")
        for n, (color, marker) in styles.items()
    ]


def markers(count: int) -> list[str]:
    """``count`` markers, told apart up to twelve."""
    return [MARKERS[i % len(MARKERS)] for i in range(count)]


def lowest(axes: list[Axes]) -> list[Axes]:
    """The lowest axes of each column of a wrapped grid: the last two, or the last alone."""
    return axes[-2:]
