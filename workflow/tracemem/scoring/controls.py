"""What the measures must be read against: the answer's frequency alone, and the truth where known."""

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.ngrams.counts import look_up
from tracemem.ngrams.words import words
from tracemem.scoring.correlating import row
from tracemem.scoring.measures import (
    HELD,
    OUTPUT_COUNT,
    PARTIAL_SPEARMAN,
    SPEARMAN,
    TRUTH_DOCUMENTS,
    TRUTH_PROBABILITY,
)  # fmt: skip
from tracemem.scoring.measuring import span_log_probabilities
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import CONTROLS

_COLUMNS = [*CONTROLS.columns, "replicates"]


def output_control(
    pairs: pd.DataFrame, series: Series, n: int, resampling: Resampling
) -> pd.DataFrame:
    """The row of ``tables.CONTROLS`` for ln C(s_y) alone against ln P_LLM, over the same items,
    and its replicates.
    """
    found = row(pairs, "output", "model", SPEARMAN, (), series, n, OUTPUT_COUNT, resampling)
    return pd.DataFrame([found], columns=_COLUMNS)


def truth_controls(
    truth: pd.DataFrame,
    examples: pd.DataFrame,
    generations: pd.DataFrame,
    counts: pd.DataFrame,
    series: Series,
    resampling: Resampling,
) -> pd.DataFrame:
    """Rows of ``tables.CONTROLS``, and replicates: the known truth against ln P_LLM of the answer.

    One item an example. ``truth-probability`` is P(answer given entity), ``truth-documents`` the
    documents that state the fact; each as Spearman and as partial Spearman given C(answer). An
    entity that no document holds has no probability: its item is dropped as a zero denominator.

    Args:
        truth: columns example, probability (NaN where undefined) and documents, one task's.
        examples: ``tables.EXAMPLES`` of the test split.
        generations: ``tables.GENERATIONS`` of the model.
        counts: ``tables.COUNTS``, which must hold every whole answer.
        series: whose scores they are.
        resampling: draws and seed.

    Raises:
        ValueError: an example is missing or an answer was never counted.
    """
    known = truth.merge(examples[["example", "target"]], on="example", how="left")
    if known["target"].isna().any():
        lost = known.loc[known["target"].isna(), "example"].iloc[0]
        raise ValueError(f"truth: example {lost} is not among the task's examples")
    answers = [" ".join(words(target)) for target in known["target"]]
    counted = counts.set_index("ngram")["documents"]
    documents = look_up(counted, answers, "n-gram counts").astype(np.float64)
    lead = known["target"].map(lambda target: len(target) - len(target.lstrip())).to_numpy()
    spans = pd.DataFrame(
        {
            "example": known["example"],
            "target_start": lead,
            "target_end": known["target"].map(lambda target: len(target.rstrip())).to_numpy(),
        }
    )
    model, _ = span_log_probabilities(spans, generations)
    rows = []
    for measure, column in ((TRUTH_PROBABILITY, "probability"), (TRUTH_DOCUMENTS, "documents")):
        corpus = known[column].to_numpy(np.float64)
        dropped = np.select(
            [np.isnan(model), np.isnan(corpus)], ["no_span", "zero_denominator"], ""
        )
        # Ranks need no logarithm, so that answers which no document holds can stay.
        frame = pd.DataFrame(
            {
                "example": known["example"],
                "output_gram": answers,
                "corpus": corpus,
                "model": model,
                "output": documents,
            }
        ).assign(dropped=dropped)
        for statistic in (SPEARMAN, PARTIAL_SPEARMAN):
            rows.append(
                row(frame, "corpus", "model", statistic, HELD, series, 0, measure, resampling)
            )
    return pd.DataFrame(rows, columns=_COLUMNS)
