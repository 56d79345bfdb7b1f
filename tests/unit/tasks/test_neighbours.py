import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tracemem.jobs import files
from tracemem.ngrams.words import words
from tracemem.tasks import neighbours
from tracemem.tasks.neighbours import nearest
from tracemem.tasks.tables import NEIGHBOURS

TEXTS = st.lists(
    st.sampled_from(["the", "a", "of", "who", "wrote", "Zorb", "Quen", "北", "é"]), max_size=5
)


def frame(rows) -> pd.DataFrame:
    columns = ["example", "group", "input", "target"]
    return pd.DataFrame([(k, *row) for k, row in enumerate(rows)], columns=columns)


@given(st.lists(st.tuples(st.sampled_from("ab"), TEXTS.map(" ".join), st.sampled_from("xyz")),
                min_size=1, max_size=12), st.integers(1, 5))  # fmt: skip
def test_they_are_the_nearest_of_the_group_with_another_target(rows, count):
    examples = frame(rows)
    found = nearest(examples, count)
    files.conform(NEIGHBOURS, found)
    held = [set(words(text)) for text in examples["input"]]
    for row, example in zip(found.itertuples(), examples.itertuples(), strict=True):
        assert row.example == example.example
        others = examples[(examples["group"] == example.group) &
                          (examples["target"] != example.target)]["example"]  # fmt: skip
        own = held[example.example]
        near = {k: len(own & held[k]) / max(1, len(own | held[k])) for k in others}
        expected = sorted(near.values(), reverse=True)[:count]
        np.testing.assert_allclose(row.similarities, expected, rtol=1e-6)
        np.testing.assert_allclose([near[k] for k in row.neighbours], expected, rtol=1e-6)
        assert len(set(row.neighbours)) == len(row.neighbours)


def test_blocks_and_ties_change_nothing(monkeypatch):
    rows = [("", f"who wrote book {k % 7}", f"y{k % 5}") for k in range(60)]
    whole = nearest(frame(rows), 12)
    monkeypatch.setattr(neighbours, "_BLOCK", 100)
    pd.testing.assert_frame_equal(nearest(frame(rows), 12), whole)
    # Equally near ones are not simply the first: each is somebody's neighbour.
    alike = nearest(frame([("", "the same", f"y{k}") for k in range(200)]), 3)
    assert len({k for row in alike["neighbours"] for k in row}) <= 4
    assert all(len(row) == 3 for row in alike["neighbours"])
