"""Distributional memorization: do corpus counts and a model's probabilities rank items alike?

Mem_n of arXiv 2407.14985 is the rank correlation between the two sides of the items
(:mod:`tracemem.scoring.measuring`). A frequent answer is likely whatever the question, and a pair
whose s_x is a piece of template carries nothing else; so besides the published measure there are
its partial correlation given ln C(s_y), and the keyed measure, which keeps of each
(example, s_y) only the key: the s_x with the smallest non-zero C(s_x), the most specific evidence.

Items that have no value are kept in the table with the reason, so that every score counts them.
"""

import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring.aggregating import AGGREGATIONS, per_answer, per_pair
from tracemem.scoring.correlating import row
from tracemem.scoring.measures import (
    HELD,
    INFINI_GRAM,
    KEYED_GRAM,
    PARTIAL_SPEARMAN,
    SPEARMAN,
    STATISTICS,
    TASK_GRAM,
)  # fmt: skip
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import MEMORIZATION, VARIANTS


def score(
    pairs: pd.DataFrame, series: Series, n: int, resampling: Resampling, infgram: bool = True
) -> pd.DataFrame:
    """Rows of ``tables.MEMORIZATION`` for one task, model and n, and their replicates.

    ``p_holm`` is left empty.
    The infinity-gram LM is measured over the same items as the task-gram LM, less those all of
    whose tokens it gives no probability, which ``dropped_zero_infgram`` counts.

    Args:
        pairs: from :func:`tracemem.scoring.aggregating.per_pair`.
        series: whose scores they are.
        n: words of an n-gram.
        resampling: draws and seed.
        infgram: whether the study has an infinity-gram LM.
    """
    sides = {TASK_GRAM: (pairs, "corpus"), KEYED_GRAM: (per_answer(pairs, "key"), "corpus")}
    if infgram:
        empty = (pairs["dropped"] == "") & pairs["infgram"].isna()
        reasons = pairs["dropped"].mask(empty, "zero_infgram")
        sides[INFINI_GRAM] = (pairs.assign(dropped=reasons), "infgram")
    rows = []
    for measure, (frame, column) in sides.items():
        kept = frame["dropped"] == ""
        skipped = int(frame["skipped_tokens"][kept].sum()) if column == "infgram" else 0
        for statistic in STATISTICS:
            found = row(frame, column, "model", statistic, HELD, series, n, measure, resampling)
            rows.append({**found, "skipped_tokens": skipped})
    return pd.DataFrame(rows, columns=[*MEMORIZATION.columns, "replicates"])


def variants(
    measured: pd.DataFrame, series: Series, n: int, resampling: Resampling
) -> pd.DataFrame:
    """Mem under every unit, aggregation and denominator, so that readers can compare them.

    ``unit`` pair is the paper's text; answer with ``mean-log`` and ``occurrences`` is its released
    code; answer with ``key`` and ``documents`` is the keyed measure.

    Returns:
        Rows of ``tables.VARIANTS``.
    """
    rows = []
    for denominator in ("documents", "occurrences"):
        pairs = per_pair(measured, denominator)
        frames: dict[str, pd.DataFrame] = {
            "none": pairs,
            **{name: per_answer(pairs, name) for name in AGGREGATIONS},
        }
        for aggregation, frame in frames.items():
            for statistic in (SPEARMAN, PARTIAL_SPEARMAN):
                found = row(
                    frame, "corpus", "model", statistic, HELD, series, n, TASK_GRAM, resampling
                )
                del found["measure"]
                unit = "pair" if aggregation == "none" else "answer"
                rows.append(
                    {"unit": unit, "aggregation": aggregation, "denominator": denominator, **found}
                )
    return pd.DataFrame(rows, columns=list(VARIANTS.columns))
