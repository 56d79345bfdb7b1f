"""What the items hold: how many there are, how many the corpus says something of, and what is typical.

A rank correlation leaves out items with a count of zero. Here they are counted, and the medians of
both sides stand beside each other, so that one sees what a correlation was taken over.
"""

import numpy as np
import pandas as pd

from tracemem.models.series import Series
from tracemem.scoring.tables import EVIDENCE


def score(measured: pd.DataFrame, series: Series, n: int) -> pd.DataFrame:
    """The row of ``tables.EVIDENCE`` for one task, model and n.

    Args:
        measured: ``tables.MEASURED``.
        series: whose items they are.
        n: words of an n-gram.
    """
    items = len(measured)
    held = measured[measured["pair_documents"] > 0]
    row = {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "examples": measured["example"].nunique(),
        "items": items,
        "with_document": len(held),
        "share": len(held) / items if items else np.nan,
        "median_documents": held["pair_documents"].median(),
        "median_corpus": held["corpus"].median(),
        "median_model": measured["model"].median(),
        "reason": "" if len(held) else _reason(items),
    }
    return pd.DataFrame([row], columns=list(EVIDENCE.columns))


def _reason(items: int) -> str:
    if not items:
        return "no mined pair stands in a test example"
    return f"no document holds both n-grams of any of the {items:,} items"
