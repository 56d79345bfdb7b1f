"""Distributional memorization: do corpus counts and a model's probabilities rank items alike?

Mem_n of arXiv 2407.14985 is the rank correlation between the two sides of the items
(:mod:`tracemem.scoring.measuring`). A frequent answer is likely whatever the question, and a pair
whose s_x is a piece of template carries nothing else. So besides the published measure there are
its partial correlation given ln C(s_y), and contrastive memorization, whose items are the answers
(example, s_y), whatever was mined:

    corpus    ln P_{n,D}(s_y given its strongest premise), answers without any the lowest
    model     the contrast: ln P_LLM(s_y given x), less the log of its mean over x's neighbours
    held      ln C(s_y), the tokens of s_y, and the mean similarity of the neighbours

Items that have no value are kept in the table with the reason, so that every score counts them.
"""

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring.aggregating import AGGREGATIONS, per_answer, per_pair
from tracemem.scoring.correlating import row
from tracemem.scoring.measures import (
    CONTRAST,
    HELD,
    INFINI_GRAM,
    PARTIAL_SPEARMAN,
    PRIOR,
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
    sides = {TASK_GRAM: (pairs, "corpus")}
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


def contrastive(
    contrasts: pd.DataFrame, series: Series, n: int, resampling: Resampling
) -> pd.DataFrame:
    """Rows of ``tables.MEMORIZATION`` of contrastive memorization, and their replicates.

    Args:
        contrasts: ``tables.CONTRASTS`` of one task, model and n.
        series: whose scores they are.
        n: words of an n-gram.
        resampling: draws and seed.
    """
    with np.errstate(divide="ignore"):
        frame = contrasts.assign(output=np.log(contrasts["output_documents"].astype(float)))
    rows = [
        {
            **row(frame, "corpus", "contrast", statistic, PRIOR, series, n, CONTRAST, resampling),
            "skipped_tokens": 0,
        }
        for statistic in (SPEARMAN, PARTIAL_SPEARMAN)
    ]
    return pd.DataFrame(rows, columns=[*MEMORIZATION.columns, "replicates"])


def variants(
    measured: pd.DataFrame, series: Series, n: int, resampling: Resampling
) -> pd.DataFrame:
    """Mem under every unit, aggregation and denominator, so that readers can compare them.

    ``unit`` pair is the paper's text; answer with ``mean-log`` and ``occurrences`` is its released
    code; answer with ``key`` keeps the pair with the most specific s_x.

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
