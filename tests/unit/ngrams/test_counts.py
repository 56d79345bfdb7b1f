"""What was never counted is an error, never a count of zero."""

import numpy as np
import pandas as pd
import pytest

from tracemem.ngrams.counts import look_up

GRAMS = pd.DataFrame(
    {"ngram": ["a b", "zorb", "c"], "documents": [3, 0, 7], "occurrences": [4, 0, 9]}
).set_index("ngram")
PAIRS = pd.DataFrame(
    {"input_gram": ["a", "a", "b"], "output_gram": ["x", "y", "x"], "documents": [5, 0, 2]}
).set_index(["input_gram", "output_gram"])["documents"]


def pairs(*wanted):
    return pd.DataFrame(wanted, columns=["input_gram", "output_gram"])


def test_counts_come_in_the_order_asked_for_and_as_often():
    found = look_up(GRAMS["documents"], ["c", "zorb", "c", "a b"], "counts")
    assert found.tolist() == [7, 0, 7, 3] and found.dtype == np.int64
    both = look_up(GRAMS[["documents", "occurrences"]], iter(["c", "a b"]), "counts")
    assert both.tolist() == [[7, 9], [3, 4]]


def test_pairs_are_looked_up_by_both_sides():
    found = look_up(PAIRS, pairs(("b", "x"), ("a", "y"), ("a", "x")), "pair counts")
    assert found.tolist() == [2, 0, 5]
    # The columns go by their place, whatever they are called.
    named = pairs(("b", "x")).set_axis(["s_x", "s_y"], axis=1)
    assert look_up(PAIRS, named, "pair counts").tolist() == [2]


def test_what_was_never_counted_is_named_once_and_a_count_of_zero_is_not():
    with pytest.raises(ValueError) as one:
        look_up(GRAMS["documents"], ["zorb", "never", "never"], "n-gram counts")
    assert str(one.value) == "n-gram counts: 1 n-gram was never counted, the first: 'never'"
    with pytest.raises(ValueError) as several:
        look_up(GRAMS["documents"], ["x", "a b", "never", "x"], "n-gram counts")
    assert str(several.value) == "n-gram counts: 2 n-grams were never counted, the first: 'x'"
    with pytest.raises(ValueError) as pair:
        look_up(PAIRS, pairs(("a", "x"), ("b", "y")), "mined pairs", "mined")
    assert str(pair.value) == "mined pairs: 1 pair was never mined, the first: 'b', 'y'"


def test_many_lost_ones_are_counted_in_thousands():
    with pytest.raises(ValueError, match=r"^counts: 1,234 n-grams were never counted, .*'g0'$"):
        look_up(GRAMS["documents"], [f"g{i}" for i in range(1234)], "counts")


def test_a_count_that_stands_there_twice_is_an_error():
    twice = pd.concat([GRAMS, GRAMS.iloc[1:2]])["documents"]
    with pytest.raises(ValueError, match=r"^counts: 'zorb' stands there more than once$"):
        look_up(twice, ["c"], "counts")
    with pytest.raises(ValueError, match=r"^pairs: 'a', 'y' stands there more than once$"):
        look_up(pd.concat([PAIRS, PAIRS.iloc[1:2]]), pairs(("a", "x")), "pairs")


def test_nothing_is_found_where_nothing_is_asked_for():
    assert look_up(GRAMS["documents"], [], "counts").tolist() == []
    assert look_up(GRAMS, [], "counts").shape == (0, 2)
    assert look_up(PAIRS, pairs(), "pairs").tolist() == []
    assert look_up(PAIRS.iloc[:0], pairs(), "pairs").tolist() == []


def test_where_nothing_was_counted_all_is_lost():
    with pytest.raises(ValueError, match="1 n-gram was never counted, the first: 'c'"):
        look_up(GRAMS["documents"].iloc[:0], ["c"], "counts")
    with pytest.raises(ValueError, match="1 pair was never counted, the first: 'a', 'x'"):
        look_up(PAIRS.iloc[:0], pairs(("a", "x")), "counts")
