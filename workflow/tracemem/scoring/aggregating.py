"""One number for each item: under which denominator, for a pair or for a whole answer.

``Denominator``: C(s_x) in documents makes P_{n,D} a probability; in occurrences it is as the paper
words it. ``Aggregation``: how the pairs of one (example, s_y) become one item.
"""

from typing import Literal

import numpy as np
import pandas as pd

from tracemem.scoring.measuring import REASONS

Denominator = Literal["documents", "occurrences"]
Aggregation = Literal["mean-log", "log-sum", "max", "key"]
AGGREGATIONS: tuple[Aggregation, ...] = ("mean-log", "log-sum", "max", "key")


def per_pair(measured: pd.DataFrame, denominator: Denominator = "documents") -> pd.DataFrame:
    """The items as they were measured (``tables.MEASURED``), under one denominator.

    Returns:
        The same rows with input_count, C(s_x) in the unit of the denominator; corpus,
        ln C((s_x, s_y)) / C(s_x); and output, ln C(s_y), both in nats, NaN where dropped.
    """
    kept = (measured["dropped"] == "").to_numpy()
    pair = measured["pair_documents"].to_numpy(np.float64)
    count = measured[f"input_{denominator}"].to_numpy(np.float64)
    output = measured["output_documents"].to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        corpus, output = np.log(pair / count), np.log(output)
    return measured.assign(
        pair_documents=pair,
        input_count=count,
        corpus=np.where(kept, corpus, np.nan),
        output=np.where(kept, output, np.nan),
    )


def per_answer(pairs: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """One row for each (example, s_y), its pairs put together, from :func:`per_pair`.

    ``mean-log`` is the mean of ln P_{n,D} over s_x, as the paper's released code has it;
    ``log-sum`` the log of the sum of P_{n,D}; ``max`` the largest. ``key`` takes the row of the
    key, the s_x with the smallest non-zero C(s_x), whether a document holds it with s_y or not: where
    none does, corpus is -inf, the lowest there is. Among equals the key is the one with the largest
    C((s_x, s_y)), then the first in alphabetical order. An answer none of whose pairs has a value is
    dropped for the reason of the pair that came furthest.
    """
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"aggregation {aggregation!r}, allowed: {', '.join(AGGREGATIONS)}")
    if aggregation == "key":
        absent = pairs["dropped"] == "zero_count"
        pairs = pairs.assign(
            dropped=pairs["dropped"].mask(absent, ""), corpus=pairs["corpus"].mask(absent, -np.inf)
        )
    stage = pairs["dropped"].map({reason: i for i, reason in enumerate(REASONS)}).fillna(9)
    ordered = pairs.assign(stage=stage.astype(int)).sort_values(
        ["example", "output_gram", "stage", "input_count", "pair_documents", "input_gram"],
        ascending=[True, True, False, True, False, True],
        kind="stable",
        ignore_index=True,
    )
    answer = ["example", "output_gram"]
    # Usable pairs stand first, the key foremost; else the pair that came furthest.
    rows = ordered.drop_duplicates(answer).drop(columns="stage").reset_index(drop=True)
    if aggregation == "key":
        return rows
    usable = ordered[ordered["dropped"] == ""]
    values = usable["corpus"] if aggregation == "mean-log" else np.exp(usable["corpus"])
    how = {"mean-log": "mean", "log-sum": "sum", "max": "max"}[aggregation]
    combined = values.groupby([usable["example"], usable["output_gram"]]).agg(how)
    if aggregation != "mean-log":
        combined = np.log(combined)
    aligned = combined.reindex(pd.MultiIndex.from_frame(rows[answer])).to_numpy()
    return rows.assign(corpus=aligned, input_gram="")
