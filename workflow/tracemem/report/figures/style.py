"""How figures look, and how they are saved.

Drawn at the text width of a page with no letter under 8 points. Series differ by marker and line
as well as by colour, so that they are told apart in grey and by colour-blind readers; an order
(size, n, support) is a sequential palette.
"""

import io
import itertools
import logging
import math
import textwrap
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from tracemem.jobs import files
from tracemem.jobs.files import replacing
from tracemem.report.tables import FIGURE

# It reports every table of every font that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.WARNING)

WIDTH = 5.5  # inches
DOTS = 200  # per inch
ALPHA = 0.05
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "d")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")
GREY = "0.45"
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


class NothingToDraw(ValueError):
    """The tables hold no row that a figure could show."""


def drawing(function: Callable[..., Figure]) -> Callable[..., Figure]:
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


def drawable(frame: pd.DataFrame, column: str, what: str) -> pd.DataFrame:
    """The rows with a number in ``column``.

    Raises:
        NothingToDraw: there is none.
    """
    kept = frame[np.isfinite(frame[column].astype(float))]
    if kept.empty:
        raise NothingToDraw(
            f"{what}: nothing to draw, none of {len(frame)} rows has a value in {column!r}"
        )
    return kept


def ramp(count: int) -> list[tuple[float, float, float]]:
    """``count`` colours from light (small) to dark (large), the pale end of viridis left out."""
    if count == 1:
        return [matplotlib.colormaps["viridis"](0.35)[:3]]
    return [matplotlib.colormaps["viridis"](place)[:3] for place in np.linspace(0.82, 0.0, count)]


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


def write(
    name: str, draw: Callable[[], Figure], png: Path | str, pdf: Path | str, note: Path | str
) -> None:
    """Write a figure, or the reason why there is nothing to draw in its place.

    Args:
        name: of the figure.
        draw: makes it.
        png: file of the picture; where there is nothing to draw, a picture of the reason in words.
        pdf: the same as a vector graphic.
        note: ``tables.FIGURE``, which tells readers whether to leave the picture out.
    """
    try:
        figure, reason = draw(), ""
    except NothingToDraw as nothing:
        figure, reason = _in_words(str(nothing)), str(nothing)
    save(figure, png, pdf)
    files.write(FIGURE, {"figure": [name], "reason": [reason]}, note)


def _in_words(reason: str) -> Figure:
    figure = Figure(figsize=(WIDTH, 0.8))
    text = textwrap.fill(reason, 90)
    figure.text(0.02, 0.5, text, family="DejaVu Sans", fontsize=8, color=GREY, va="center")
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
