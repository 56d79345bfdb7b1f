"""Documents and pairs stand in the interval of checkpoints that trained on them."""

import numpy as np
import pandas as pd
import pytest

from tracemem.counterfactual import timing
from tracemem.counterfactual.tables import PAIR_INTERVALS
from tracemem.jobs import files


def test_an_interval_ends_at_its_checkpoint():
    # Step s is done once s + 1 steps are: step 9 is known to the checkpoint of 10 steps.
    steps = np.array([0, 9, 10, 19, 20, 29, 30, 99, -1])
    found = timing.intervals(steps, np.array([10, 20, 30]))
    assert found.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 4]
    # A checkpoint of weights that were not trained knows of no document.
    assert timing.intervals(np.array([0, 5]), np.array([0, 10])).tolist() == [2, 2]


def test_documents_end_at_end_of_text():
    tokens = np.array([5, 6, 0, 0, 7, 0], np.uint16)
    assert timing.ends_of(tokens, 3).tolist() == [2, 3, 5]
    with pytest.raises(ValueError, match="2 documents and its stream 3 end-of-text tokens"):
        timing.ends_of(tokens, 2)


def premises(*rows):
    columns = ["example", "input_gram", "output_gram", "pair_documents", "corpus"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(corpus=np.log(found["corpus"].replace(0, np.nan)).fillna(-np.inf))


def test_an_example_is_followed_by_the_rarest_of_its_premises_that_is_evidence():
    found = timing.follow(
        premises(
            (4, "a", "x", 7, 0.9), (4, "b", "y", 2, 0.2), (4, "", "z", 0, 0),
            (4, "common", "w", 1, 0.19),
            (5, "", "x", 0, 0),
            (6, "the", "x", 80, 0.01),
            (9, "d", "y", 3, 0.5), (9, "c", "y", 3, 1.0),
        ),
        0.2,
    )  # fmt: skip
    assert found.to_dict("list") == {
        "example": [4, 5, 6, 9],
        "input_gram": ["b", "", "", "c"],
        "output_gram": ["y", "", "", "y"],
        "documents": [2, 0, 0, 3],
    }


def test_treatment_is_the_first_document_and_the_half_of_them():
    followed = pd.DataFrame(
        {
            "example": [0, 1, 2, 3],
            "input_gram": ["a", "b", "", "c"],
            "output_gram": ["x", "x", "", "x"],
            "documents": [9, 4, 0, 2],
        }
    )
    # The fourth interval comes after the last of three checkpoints. Two shards hold a and x.
    rows = [
        ("a", "x", 1, 1), ("a", "x", 2, 1), ("a", "x", 3, 2), ("a", "x", 3, 1), ("a", "x", 4, 4),
        ("b", "x", 2, 2), ("b", "x", 3, 2), ("c", "x", 4, 2),
    ]  # fmt: skip
    columns = ["input_gram", "output_gram", "interval", "documents"]
    counts = pd.DataFrame(rows, columns=columns)
    found = timing.treated(followed, counts, 3)
    assert found["first"].tolist() == [1, 2, 4, 4]
    assert found["bulk"].tolist() == [3, 2, 4, 4]
    with pytest.raises(ValueError, match="'a' and 'x': 8 documents by interval, 9 in the corpus"):
        timing.treated(followed, counts.iloc[1:], 3)


def test_where_no_pair_is_held_nobody_is_treated():
    followed = pd.DataFrame(
        {"example": [3, 4], "input_gram": ["", ""], "output_gram": ["", ""], "documents": [0, 0]}
    )
    counts = files.gather(PAIR_INTERVALS, [])
    found = timing.treated(followed, counts, 3)
    assert found["first"].tolist() == found["bulk"].tolist() == [4, 4]
