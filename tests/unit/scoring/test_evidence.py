"""Items that some document supports, counted with those that none does."""

import numpy as np
import pandas as pd

from tracemem.jobs import files
from tracemem.models.series import Series
from tracemem.scoring import evidence
from tracemem.scoring.tables import EVIDENCE, MEASURED

SERIES = Series("towns", "small", 9)


def items(documents: list[int], model: list[float]) -> pd.DataFrame:
    columns = dict.fromkeys(MEASURED.columns, 0)
    frame = pd.DataFrame({**columns, "example": range(len(documents))})
    counts = np.array(documents, float)
    with np.errstate(divide="ignore"):
        return frame.assign(
            pair_documents=documents, input_documents=4, corpus=np.log(counts / 4), model=model
        )


def test_zeros_count_and_medians_are_of_what_is_held():
    (row,) = evidence.score(items([0, 1, 4, 2], [-1, -2, np.nan, -6]), SERIES, 2).to_dict("records")
    files.conform(EVIDENCE, {name: [value] for name, value in row.items()})
    assert (row["examples"], row["items"], row["with_document"], row["share"]) == (4, 4, 3, 0.75)
    assert row["median_documents"] == 2 and row["median_corpus"] == np.log(0.5)
    assert row["median_model"] == -2 and row["reason"] == ""
    assert (row["task"], row["model"], row["parameters"], row["n"]) == ("towns", "small", 9, 2)


def test_what_has_no_value_says_why():
    none = evidence.score(items([], []), SERIES, 1).iloc[0]
    assert none["items"] == 0 and np.isnan(none["share"]) and "no mined pair" in none["reason"]
    zeros = evidence.score(items([0, 0], [-1, -1]), SERIES, 1).iloc[0]
    assert zeros["share"] == 0 and np.isnan(zeros["median_corpus"])
    assert zeros["reason"] == "no document holds both n-grams of any of the 2 items"
