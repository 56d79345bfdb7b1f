import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining import premises
from tracemem.mining.tables import PREMISES
from tracemem.mining.taskgram import candidate_grams, candidate_pairs
from tracemem.ngrams.words import words

TEXT = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=6).map(" ".join)


def grams(text: str, n: int) -> list[str]:
    held = words(text)
    return [" ".join(held[i : i + n]) for i in range(len(held) - n + 1)]


def holders(documents, *wanted) -> int:
    return sum(all(g in grams(d, g.count(" ") + 1) for g in wanted) for d in documents)


def tables(rows, documents, n, kind):
    examples = pd.DataFrame(rows, columns=["input", "target"]).rename_axis("example").reset_index()
    candidates = candidate_pairs(examples, n, kind)
    listed = candidate_grams(examples, n, kind)["ngram"]
    counts = pd.DataFrame(
        {"ngram": listed, "documents": [holders(documents, gram) for gram in listed]}
    )
    pairs = [part.to_pandas() for part in premises.pairs(candidates, counts)]
    pairs = pd.concat([pd.DataFrame(columns=PAIR_COLUMNS), *pairs], ignore_index=True)
    pairs["documents"] = [holders(documents, *pair) for pair in pairs[PAIR_COLUMNS].to_numpy()]
    return examples, candidates, counts, pairs.astype({"documents": "int64"})


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.lists(TEXT, max_size=12),
       st.integers(1, 2), st.sampled_from(["ngram", "target"]))  # fmt: skip
def test_premise_is_the_piece_of_the_input_with_the_largest_conditional(rows, documents, n, kind):
    examples, candidates, counts, pairs = tables(rows, documents, n, kind)
    found = premises.strongest(examples, candidates, counts, pairs)
    files.conform(PREMISES, found)
    expected = []
    for example, (source, target) in enumerate(rows):
        whole = [" ".join(words(target))] if kind == "target" else grams(target, n)
        for answer in dict.fromkeys(whole):
            each = [
                (holders(documents, piece, answer) / holders(documents, piece), piece)
                for piece in grams(source, n)
                if piece != answer and holders(documents, piece, answer)
            ]
            best = max(each, default=(0.0, ""))[0]
            expected.append((example, answer, best))
    assert found[["example", "output_gram"]].to_numpy().tolist() == [[e, a] for e, a, _ in expected]
    for row, (_, answer, best) in zip(found.itertuples(), expected, strict=True):
        assert row.corpus == pytest.approx(math.log(best) if best else -math.inf)
        shrunk = max(
            (
                holders(documents, piece, answer) / (holders(documents, piece) + premises.FEW)
                for piece in grams(rows[row.example][0], n)
                if piece != answer
            ),
            default=0,
        )
        assert row.shrunk == pytest.approx(math.log(shrunk) if shrunk else -math.inf)
        assert (row.input_gram == "") == (best == 0) == (row.pair_documents == 0)
        assert row.output_documents == holders(documents, answer)
        if best:
            assert row.pair_documents == holders(documents, row.input_gram, answer)
            assert row.input_documents == holders(documents, row.input_gram)
        place = examples["target"][row.example][row.target_start : row.target_end]
        assert words(place) == row.output_gram.split(" ")


def test_among_equals_the_premise_has_most_documents_then_is_the_first():
    documents = ["a y", "b y", "b y", "c y", "c y"]
    found = premises.strongest(*tables([("c a b", "y")], documents, 1, "ngram"))
    assert found["input_gram"].tolist() == ["b"] and found["corpus"].tolist() == [0.0]
    assert found["pair_documents"].tolist() == [2]


def test_a_pair_that_was_never_counted_is_an_error():
    examples, candidates, counts, pairs = tables([("a b", "y z")], ["a b y z"], 1, "ngram")
    with pytest.raises(ValueError, match="pair counts: 1 of 4 pairs were never counted"):
        premises.strongest(examples, candidates, counts, pairs[1:])
    with pytest.raises(ValueError, match="n-gram counts: 1 n-gram was never counted"):
        premises.strongest(examples, candidates, counts[1:], pairs)
