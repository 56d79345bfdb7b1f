"""The study's figures: each a pure function from score tables (:mod:`tracemem.jobs.tables`) to a figure.

No function ever returns an empty figure: where the tables hold nothing to show it raises
:class:`NothingToDraw`, which :func:`write` turns into a note of the reason.
"""

from tracemem.report.figures.by_size import (
    COLUMNS_OF_MEMORIZATION,
    kendall_by_size,
    memorization_by_size,
    novelty_by_size,
)
from tracemem.report.figures.by_support import emergence, main_support, performance_by_support
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

__all__ = [
    "COLUMNS_OF_MEMORIZATION",
    "DOTS",
    "METRICS",
    "WIDTH",
    "NothingToDraw",
    "emergence",
    "examples_by_coverage",
    "format_count",
    "generated_cosines",
    "instruct_against_base",
    "kendall_by_size",
    "main_support",
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
