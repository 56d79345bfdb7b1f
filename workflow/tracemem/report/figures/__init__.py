"""The study's figures: each a pure function from score tables to a figure.

No function ever returns an empty figure: where the tables hold nothing to show it raises
:class:`NothingToDraw`, which :func:`write` turns into a note of the reason.
"""

from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.figure import Figure as Drawing

from tracemem.generation.tables import GENERATED_COSINES
from tracemem.report.figures.by_size import (
    COLUMNS_OF_MEMORIZATION,
    kendall_by_size,
    memorization_by_size,
    novelty_by_size,
)
from tracemem.report.figures.by_support import emergence, main_support, performance_by_support
from tracemem.report.figures.counterfactual import measures_against_effect
from tracemem.report.figures.coverage import examples_by_coverage
from tracemem.report.figures.instruct import instruct_against_base
from tracemem.report.figures.pairs import (
    generated_cosines,
    memorization_by_threshold,
    pairs_by_threshold,
)
from tracemem.report.figures.style import (
    DOTS,
    METRICS,
    WIDTH,
    NothingToDraw,
    format_count,
    metric_label,
    model_labels,
    save,
    write,
)
from tracemem.report.tables import Figure

__all__ = [
    "COLUMNS_OF_MEMORIZATION",
    "DOTS",
    "METRICS",
    "WIDTH",
    "NothingToDraw",
    "draw",
    "emergence",
    "examples_by_coverage",
    "format_count",
    "generated_cosines",
    "instruct_against_base",
    "kendall_by_size",
    "main_support",
    "measures_against_effect",
    "memorization_by_size",
    "memorization_by_threshold",
    "metric_label",
    "model_labels",
    "novelty_by_size",
    "pairs_by_threshold",
    "performance_by_support",
    "save",
    "write",
]

_Tables = Mapping[str, pd.DataFrame]
# What draws each figure that tracemem.report.tables declares, from its tables by name, the family of
# each model, and the tasks whose answers are permuted with the task each controls for.
_DRAWN: dict[str, Callable[[_Tables, Mapping[str, str], Mapping[str, str]], Drawing]] = {
    "coverage": lambda of, *_: examples_by_coverage(of["coverage"]),
    "performance_support": lambda of, *_: performance_by_support(of["support"]),
    "memorization": lambda of, families, permuted: memorization_by_size(
        of["memorization"], of["controls"], families, permuted
    ),
    "counterfactual": lambda of, families, _: measures_against_effect(
        of["effects"], of["memorization"], families
    ),
    "kendall": lambda of, families, _: kendall_by_size(of["memorization"], families),
    "novelty": lambda of, *_: novelty_by_size(of["novelty"]),
    "generated_cosines": lambda of, *_: generated_cosines(of[GENERATED_COSINES.name]),
    "emergence": lambda of, families, _: emergence(of["support"], families),
    "thresholds": lambda of, *_: pairs_by_threshold(of["alignment"]),
    "memorization_by_threshold": lambda of, families, _: memorization_by_threshold(
        of["thresholds"], families
    ),
    "instruct": lambda of, *_: instruct_against_base(of["instruct"]),
}


def draw(
    figure: Figure, tables: _Tables, families: Mapping[str, str], permuted: Mapping[str, str]
) -> Drawing:
    """Draw a declared figure.

    Args:
        figure: its declaration.
        tables: those it is drawn from by name.
        families: family of each model.
        permuted: tasks whose answers are permuted, each with the task it controls for.

    Raises:
        NothingToDraw: the tables hold nothing to show.
    """
    return _DRAWN[figure.name](tables, families, permuted)
