import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.generation import novelty
from tracemem.generation.tables import GENERATED_COSINES
from tracemem.jobs import files
from tracemem.models.series import Series
from tracemem.ngrams.words import ngrams
from tracemem.scoring import novelty as scoring
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import NOVELTY

FEW = Resampling(bootstrap=50, seed=1)
SERIES = Series("translation", "tiny", 1000)


def study(inputs, texts):
    examples = pd.DataFrame({"example": range(len(inputs)), "input": inputs})
    return examples, pd.DataFrame({"example": range(len(texts)), "generation": texts})


def scored(pairs, held, examples, n=1, targets=(), answered=None):
    """The row of a model's pairs; targets that are not given are empty."""
    gold = pd.Series([*targets, *[""] * (examples - len(targets))])
    answered = range(examples) if answered is None else answered
    return scoring.score(pairs, counts_of(pairs, held), gold, answered, SERIES, n, FEW)


def counts_of(pairs, held=()):
    distinct = pairs[["input_gram", "output_gram"]].drop_duplicates()
    inside = [tuple(pair) in set(held) for pair in distinct.to_numpy()]
    return distinct.assign(documents=[3 if known else 0 for known in inside])


def test_pairs_of_one_example():
    pairs = novelty.generated_pairs(*study(["A red house"], ["Ein rotes Haus!"]), 2)
    assert pairs[["input_gram", "output_gram"]].to_numpy().tolist() == [
        ["a red", "ein rotes"],
        ["a red", "rotes haus"],
        ["red house", "ein rotes"],
        ["red house", "rotes haus"],
    ]


def test_trap_the_last_ngram_is_lost():
    pairs = novelty.generated_pairs(*study(["one two three"], ["uno due tre"]), 3)
    assert pairs[["input_gram", "output_gram"]].to_numpy().tolist() == [
        ["one two three", "uno due tre"]
    ]


def test_trap_stop_words_removed_before_ngrams_form():
    """Every n-gram is contiguous in its text; only those of stop words alone are left out."""
    pairs = novelty.generated_pairs(
        *study(["king of the hill"], ["re della collina"]),
        2,
        frozenset({"of", "the"}),
        frozenset({"della"}),
    )
    assert set(pairs["input_gram"]) == {"king of", "the hill"}
    assert set(pairs["output_gram"]) == {"re della", "della collina"}


def test_stop_words_of_each_example_are_its_own():
    inputs, texts = ["die Hand", "die hard"], ["the ball", "der ball"]
    german, english = frozenset({"die"}), frozenset({"the"})
    pairs = novelty.generated_pairs(*study(inputs, texts), 1, [german, english], [english, german])
    assert set(pairs[pairs["example"] == 0]["input_gram"]) == {"hand"}
    assert set(pairs[pairs["example"] == 1]["input_gram"]) == {"die", "hard"}
    assert set(pairs[pairs["example"] == 0]["output_gram"]) == {"ball"}
    assert set(pairs[pairs["example"] == 1]["output_gram"]) == {"der", "ball"}


def test_trap_characters_compared_with_n():
    """A word of five letters is no 5-gram, nor is a 2-gram of other length lost."""
    assert novelty.generated_pairs(*study(["China"], ["Cinax"]), 5).empty
    assert len(novelty.generated_pairs(*study(["China"], ["Cina"]), 1)) == 1


def test_trap_an_example_is_dropped_for_one_shared_ngram():
    pairs = novelty.generated_pairs(*study(["in Berlin now"], ["Berlin jetzt"]), 1)
    found = {tuple(pair) for pair in pairs[["input_gram", "output_gram"]].to_numpy()}
    assert ("berlin", "berlin") not in found
    assert found == {(x, y) for x in ("in", "berlin", "now") for y in ("berlin", "jetzt")} - {
        ("berlin", "berlin")
    }


def test_repetition_and_silence_add_no_pair():
    pairs = novelty.generated_pairs(*study(["a b", "c d", "e"], ["x y x y", None, ""]), 2)
    assert pairs["example"].tolist() == [0, 0]
    with pytest.raises(ValueError, match="example 1 is not among"):
        novelty.generated_pairs(*study(["a"], ["x", "y"]), 1)


def test_score():
    pairs = novelty.generated_pairs(*study(["a", "a", "b", "c"], ["x y", "x", "z", ""]), 1)
    row = scored(pairs, [("a", "x")], 4)
    files.conform(NOVELTY, row.drop(columns="replicates"))
    row = row.iloc[0]
    assert (row["generated_pairs"], row["novel_pairs"], row["examples"]) == (3, 2, 4)
    assert row["share"] == pytest.approx(2 / 3)
    assert row["ci_low"] <= row["share"] <= row["ci_high"]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text("ab ", min_size=1, max_size=8),
            st.text("xy ", max_size=8),
            st.text("xy ", max_size=8),
        ),
        min_size=1,
    ),
    st.integers(1, 2),
)
def test_share_over_examples_is_that_of_distinct_pairs(texts, n):
    inputs, written, _ = zip(*texts, strict=True)
    pairs = novelty.generated_pairs(*study(inputs, written), n)
    held = {("a", "x"), ("b a", "x y")}
    row = scored(pairs, held, len(texts), n, [gold for _, _, gold in texts]).iloc[0]
    distinct = {tuple(pair) for pair in pairs[["input_gram", "output_gram"]].to_numpy()}
    assert row["generated_pairs"] == len(distinct)
    assert row["novel_pairs"] == len(distinct - held)
    if not distinct:
        assert math.isnan(row["share"])
    correct = {
        (x, y) for example, x, y in pairs.to_numpy() if y in list(ngrams(texts[example][2], n))
    }
    assert row["correct_pairs"] == len(correct)
    assert row["novel_correct_pairs"] == len(correct - held)
    assert math.isnan(row["correct_share"]) == (row["correct_reason"] != "" and not correct)


def test_where_every_pair_is_novel_the_interval_still_has_a_width():
    """Three examples with a pair, of five: Wilson's interval of three of three."""
    pairs = novelty.generated_pairs(*study(["a", "b", "c", "d", ""], ["x", "y z", "w", "", ""]), 1)
    row = scored(pairs, [], 5).iloc[0]
    assert (row["share"], row["ci_high"]) == (1.0, 1.0)
    assert row["ci_low"] == pytest.approx(0.4385, abs=1e-4)
    with pytest.raises(ValueError, match="example 2 has pairs, but no generation"):
        scored(pairs, [], 5, answered=[0, 1, 3, 4])


def test_garbage_is_novel_and_its_correct_part_has_no_value():
    """All garbage is wholly novel; nothing of it is correct, so there is nothing to take a share of."""
    pairs = novelty.generated_pairs(*study(["a b", "c d"], ["blah blub", "gra gru"]), 1)
    row = scored(pairs, [], 2, targets=["x y", "z"]).iloc[0]
    assert (row["share"], row["reason"]) == (1.0, "")
    assert row["correct_pairs"] == row["novel_correct_pairs"] == 0
    assert row[["correct_share", "correct_ci_low", "correct_ci_high"]].isna().all()
    assert row["correct_reason"] == "no n-gram that the model wrote stands in its gold target"


def test_a_copied_training_sentence_is_not_novel_though_correct():
    inputs, texts = ["a b", "c d"], ["x y", "z w"]
    pairs = novelty.generated_pairs(*study(inputs, texts), 1)
    held = [tuple(pair) for pair in pairs[["input_gram", "output_gram"]].to_numpy()]
    row = scored(pairs, held, 2, targets=texts).iloc[0]
    assert (row["correct_share"], row["correct_ci_low"]) == (0, 0)
    assert row["correct_ci_high"] == pytest.approx(0.6576, abs=1e-4)  # Wilson's, none of two
    assert (row["correct_pairs"], row["novel_correct_pairs"], row["correct_reason"]) == (8, 0, "")


def test_a_new_correct_sentence_has_its_share():
    """Of (a x) (a y) (b x) (b y) one is held; the wrong word z adds to the novelty of all alone."""
    pairs = novelty.generated_pairs(*study(["a b"] * 3, ["x y z", "z", "x"]), 1)
    row = scored(pairs, [("a", "x")], 3, targets=["y x", "x", "q"]).iloc[0]
    assert (row["generated_pairs"], row["novel_pairs"]) == (6, 5)
    assert (row["correct_pairs"], row["novel_correct_pairs"]) == (4, 3)
    assert row["correct_share"] == 3 / 4
    # In a third of the resamples the one example with something correct is not drawn.
    assert math.isnan(row["correct_ci_low"]) and "undefined in" in row["correct_reason"]


def test_correct_is_word_for_word_in_the_examples_own_target():
    pairs = novelty.generated_pairs(*study(["a b", "c d"], ["x y z", "y x"]), 2)
    row = scored(pairs, [], 2, 2, ["The x, Y again; y, of z", "x y"]).iloc[0]
    assert (row["generated_pairs"], row["correct_pairs"], row["correct_share"]) == (3, 1, 1.0)


def test_trap_a_failed_query_is_stored_as_zero():
    """A generated pair that was never counted stops the score; it is not novel."""
    pairs = novelty.generated_pairs(*study(["a"], ["x y"]), 1)
    with pytest.raises(ValueError, match=r"novelty counts: 1 pair was never counted, .*'a', 'y'$"):
        scoring.score(pairs, counts_of(pairs).iloc[:1], pd.Series([""]), [0], SERIES, 1, FEW)


class Angles:
    """Vectors of the plane at the angle in degrees that the text says; 0 for what is no number."""

    name = "angles"

    def embed(self, texts, side="input"):
        rows = [
            (math.cos(math.radians(int(text))), math.sin(math.radians(int(text))))
            if text.isdigit() else (0.0, 0.0)
            for text in texts
        ]  # fmt: skip
        return np.array(rows, np.float32)


def test_cosines_of_generated_pairs_are_counted_by_bin_once_a_pair():
    pairs = pd.DataFrame(
        {
            "example": [0, 1, 0, 0, 0, 0],
            "input_gram": ["0", "0", "0", "0", "90", "word"],
            "output_gram": ["60", "60", "90", "180", "90", "90"],
        }
    )
    found = novelty.cosine_histogram(pairs, Angles(), SERIES, 1)
    files.conform(GENERATED_COSINES, found)
    assert len(found) == 100 and set(found["without_vector"]) == {1}
    held = found[found["pairs"] > 0]
    # cos 60 = 0.5 lies a rounding above it, cos 90 in the bin from 0, -1 and 1 in the outermost.
    assert held["cosine_low"].tolist() == [-1.0, 0.0, 0.5, 0.98]
    assert held["pairs"].tolist() == [1, 1, 1, 1]


def test_a_model_that_writes_nothing_has_empty_bins():
    found = novelty.cosine_histogram(
        novelty.generated_pairs(*study(["one"], [None]), 1), Angles(), SERIES, 1
    )
    assert len(found) == 100 and found["pairs"].sum() == 0
