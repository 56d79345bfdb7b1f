import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.jobs import files
from tracemem.mining import taskgram
from tracemem.mining.embedders import LsaEmbedder, unit_rows
from tracemem.mining.tables import ALIGNMENT, ITEMS, MINED
from tracemem.ngrams.tables import CANDIDATES
from tracemem.ngrams.words import content_ngrams, ngrams, words

WORDS = st.sampled_from(["the", "of", "red", "dog", "maison", "rouge", "Peru", "Lima"])
TEXT = st.lists(WORDS, max_size=7).map(" ".join)
EXAMPLES = st.lists(st.tuples(TEXT, TEXT), max_size=6)
STOP = frozenset({"the", "of"})


def examples(*pairs):
    return pd.DataFrame(
        {
            "example": np.arange(len(pairs)) + 10,
            "input": [x for x, _ in pairs],
            "target": [y for _, y in pairs],
        }
    )


def counts(documents):
    return pd.DataFrame({"ngram": list(documents), "documents": list(documents.values())})


def counted(frame, n, output_gram="ngram", documents=1):
    grams = taskgram.candidate_grams(frame, n, output_gram)["ngram"]
    return counts(dict.fromkeys(grams, documents))


class Hashed:
    """Random but fixed unit vectors, one for each text and side."""

    name = "hashed"

    def __init__(self):
        self.asked = []

    def embed(self, texts, side="input"):
        self.asked += texts
        rows = [
            np.random.default_rng(abs(hash((text, side))) % 2**32).normal(size=5) for text in texts
        ]
        return unit_rows(np.array(rows).reshape(-1, 5))


def slow_pairs(pairs, n, output_gram, stop):
    found = set()
    for x, y in pairs:
        outputs = content_ngrams(y, n, stop) if output_gram == "ngram" else [" ".join(words(y))]
        found |= {
            (one, other) for one in content_ngrams(x, n, stop) for other in outputs if other != one
        }
    return sorted((one, other) for one, other in found if other)


@settings(deadline=None)
@given(
    EXAMPLES, st.integers(1, 3), st.sampled_from(["ngram", "target"]), st.sampled_from([1, 3, 99])
)
def test_candidate_pairs_equal_the_definition(pairs, n, output_gram, block):
    kept, taskgram._BLOCK = taskgram._BLOCK, block
    try:
        found = taskgram.candidate_pairs(examples(*pairs), n, output_gram, STOP, STOP)
        expected = slow_pairs(pairs, n, output_gram, STOP)
        assert [tuple(row) for row in found.frame().to_numpy()] == expected
        assert found.count() == len(expected)
    finally:
        taskgram._BLOCK = kept


@settings(deadline=None)
@given(EXAMPLES, st.integers(1, 3), st.sampled_from([1, 3, 99]))
def test_items_equal_the_definition(pairs, n, block):
    frame = examples(*pairs)
    known = sorted({*slow_pairs(pairs, n, "ngram", STOP)[::2], ("lima", "not in any example")})
    table = pd.DataFrame(known, columns=["input_gram", "output_gram"]).assign(
        cosine=0.5, pair_documents=range(len(known)), input_documents=1,
        input_occurrences=2, output_documents=3,
    )  # fmt: skip
    kept, taskgram._BLOCK = taskgram._BLOCK, block
    try:
        items = taskgram.match(frame, table, n, "ngram", STOP, STOP)
    finally:
        taskgram._BLOCK = kept
    files.conform(ITEMS, items)
    expected = {
        (10 + i, one, other, known.index((one, other)))
        for i, (x, y) in enumerate(pairs)
        for one, other in slow_pairs([(x, y)], n, "ngram", STOP)
        if (one, other) in known
    }
    found = items[["example", "input_gram", "output_gram", "pair_documents"]]
    assert {tuple(row) for row in found.to_numpy()} == expected
    assert len(items) == len(expected)
    for row in items.itertuples():
        target = pairs[row.example - 10][1]
        assert " ".join(words(target[row.target_start : row.target_end])) == row.output_gram


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 40))
def test_cosines_equal_the_plain_ones(dimensions, size):
    draw = np.random.default_rng(dimensions * 100 + size)
    left, right = (unit_rows(draw.normal(size=(7, dimensions))) for _ in range(2))
    inputs, outputs = draw.integers(0, 7, (2, size))
    found = taskgram.cosines(left, right, inputs, outputs)
    expected = [float(np.dot(left[i], right[j])) for i, j in zip(inputs, outputs, strict=True)]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_candidate_grams_are_those_of_both_sides_once():
    frame = examples(("the red dog", "le chien"), ("the red house", "la maison"))
    found = taskgram.candidate_grams(frame, 2, "ngram", STOP, frozenset())
    files.conform(CANDIDATES, found)
    assert list(found["ngram"]) == ["la maison", "le chien", "red dog", "red house", "the red"]
    whole = taskgram.candidate_grams(frame, 3, "target")
    assert dict(zip(whole["ngram"], whole["n"], strict=True)) == {
        "la maison": 2, "le chien": 2, "the red dog": 3, "the red house": 3,
    }  # fmt: skip


def test_trap_pair_of_many_examples_is_counted_once_and_tied_to_all_of_them():
    frame = examples(*[("red dog", "chien rouge")] * 3)
    candidates = taskgram.candidate_pairs(frame, 1, "ngram")
    assert candidates.count() == 4
    mined = taskgram.mine(candidates, counted(frame, 1), Hashed(), -1)
    assert len(mined.pairs) == 4
    items = taskgram.match(frame, _with_counts(mined.pairs), 1, "ngram")
    assert sorted(items["example"]) == [10] * 4 + [11] * 4 + [12] * 4


def _with_counts(pairs):
    return pairs.assign(
        pair_documents=1, input_documents=1, input_occurrences=1, output_documents=1
    )


def test_trap_stop_words_leave_only_after_ngrams_are_formed():
    frame = examples(("the capital of Peru", "Lima"))
    grams = taskgram.candidate_grams(frame, 2, "target", STOP, STOP)["ngram"]
    assert "capital peru" not in set(grams)
    assert set(grams) == {"the capital", "capital of", "of peru", "lima"}


def test_each_example_may_have_stop_words_of_its_own():
    frame = examples(("die Hand", "x"), ("die hard", "y"))
    stop = [frozenset({"die"}), frozenset()]
    grams = taskgram.candidate_pairs(frame, 1, "ngram", stop).frame()
    assert set(grams.itertuples(index=False, name=None)) == {
        ("hand", "x"), ("die", "y"), ("hard", "y"),
    }  # fmt: skip
    assert set(taskgram.candidate_grams(frame, 1, "ngram", stop)["ngram"]) == {
        "hand", "die", "hard", "x", "y",
    }  # fmt: skip


def test_trap_n_counts_words_not_characters():
    for n in (3, 5):
        frame = examples(("in which country is the great wall", "China"))
        pairs = taskgram.candidate_pairs(frame, n, "target").frame()
        assert set(pairs["output_gram"]) == {"china"}
        assert len(pairs) == 7 - n + 1


def test_trap_an_example_whose_sides_share_an_ngram_keeps_its_other_pairs():
    frame = examples(("red Peru", "Peru Lima"))
    pairs = [tuple(row) for row in taskgram.candidate_pairs(frame, 1, "ngram").frame().to_numpy()]
    assert pairs == [("peru", "lima"), ("red", "lima"), ("red", "peru")]


def test_trap_the_last_ngram_is_there():
    frame = examples(("a b c d", "x y z"))
    grams = set(taskgram.candidate_grams(frame, 3, "ngram")["ngram"])
    assert grams == set(ngrams("a b c d", 3)) | {"x y z"}
    assert "b c d" in grams


def test_trap_the_span_is_that_of_s_y_in_the_target_as_whole_words():
    frame = examples(("was the car red", "the scar, the CAR! and the car again"))
    pairs = _with_counts(pd.DataFrame({"input_gram": ["was the"], "output_gram": ["the car"]}))
    item = taskgram.match(frame, pairs, 2, "ngram").iloc[0]
    target = frame["target"][0]
    assert target[item.target_start : item.target_end] == "the CAR"
    assert item.target_start == 10
    assert taskgram.locate(target, "the") == (0, 3)
    assert taskgram.locate(target, "car") == (14, 17)


def test_trap_a_span_that_is_not_found_is_kept_and_marked():
    assert taskgram.locate("the scar", "car") == (-1, -1)
    assert taskgram.locate("a b", "a b c") == (-1, -1)
    assert taskgram.locate("", "a") == (-1, -1)


def test_a_whole_target_spans_its_words_and_stop_words_do_not_remove_it():
    frame = examples(("which band", "(The Who)."))
    found = taskgram.candidate_pairs(frame, 2, "target", STOP, STOP | {"who"}).frame()
    assert found["output_gram"].tolist() == ["the who"]
    items = taskgram.match(frame, _with_counts(found), 2, "target", STOP, STOP | {"who"})
    assert items[["target_start", "target_end"]].values.tolist() == [[1, 8]]


def test_a_whole_target_too_long_for_an_ngram_takes_no_part_and_is_counted(caplog):
    frame = examples(("a", "w " * 128), ("b", "x " * 127))
    found = taskgram.candidate_grams(frame, 1, "target")["ngram"]
    assert sorted(found) == ["a", "b", " ".join(["x"] * 127)]
    assert "1 whole targets of more than 127 words take no part" in caplog.text
    assert len(taskgram.candidate_pairs(frame, 1, "target").frame()) == 1


def test_trap_an_ngram_never_counted_is_no_count_of_zero():
    frame = examples(("red dog", "chien"))
    candidates = taskgram.candidate_pairs(frame, 1, "ngram")
    with pytest.raises(
        ValueError, match="n-gram counts: 1 n-gram was never counted, the first: 'dog'"
    ):
        taskgram.mine(candidates, counts({"red": 1, "chien": 1}), Hashed(), -1)


def test_only_ngrams_that_the_corpus_holds_are_embedded():
    frame = examples(("red dog", "chien rouge"))
    embedder = Hashed()
    held = counts({"red": 0, "dog": 2, "chien": 1, "rouge": 0})
    mined = taskgram.mine(taskgram.candidate_pairs(frame, 1, "ngram"), held, embedder, -1)
    assert embedder.asked == ["dog", "chien"]
    assert (mined.candidates, mined.in_corpus) == (4, 1)
    assert mined.pairs[["input_gram", "output_gram"]].values.tolist() == [["dog", "chien"]]
    files.conform(MINED, mined.pairs)


def test_nothing_in_the_corpus_gives_an_empty_table_of_the_right_form():
    frame = examples(("red dog", "chien"))
    candidates = taskgram.candidate_pairs(frame, 1, "ngram")
    mined = taskgram.mine(candidates, counted(frame, 1, documents=0), Hashed(), -1)
    assert (mined.candidates, mined.in_corpus, len(mined.pairs)) == (2, 0, 0)
    assert files.conform(MINED, mined.pairs).num_rows == 0
    items = taskgram.match(frame, _with_counts(mined.pairs), 1, "ngram")
    assert files.conform(ITEMS, items).num_rows == 0


class Fixed:
    """Cosine 0.8 for every pair but those of zero."""

    name = "fixed"

    def embed(self, texts, side="input"):
        row = [1, 0] if side == "input" else [0.5, 0.8660254]
        return unit_rows(np.array([[0, 0] if text == "zero" else row for text in texts]))


def test_the_threshold_is_strict_and_mining_keeps_the_order_of_ngrams():
    frame = examples(("b a zero", "y x"))
    candidates = taskgram.candidate_pairs(frame, 1, "ngram")
    found = taskgram.mine(candidates, counted(frame, 1), Fixed(), 0.4)
    assert found.pairs["input_gram"].tolist() == ["a", "a", "b", "b"]
    exact = float(found.pairs["cosine"][0])
    assert not len(taskgram.mine(candidates, counted(frame, 1), Fixed(), exact).pairs)


class Long:
    """Vectors that are not of length 1."""

    name = "long"

    def embed(self, texts, side="input"):
        return np.full((len(texts), 3), 2.0, np.float32)


def test_an_embedder_must_give_unit_vectors():
    frame = examples(("a", "b"))
    with pytest.raises(ValueError, match=r"long: the vector of 'a' has length 3.4"):
        taskgram.mine(taskgram.candidate_pairs(frame, 1, "ngram"), counted(frame, 1), Long(), 0)


def test_alignment_against_the_truth_and_non_zero_pairs():
    frame = examples(("red dog", "chien rouge"), ("big dog", "grand chien"))
    documents = [f"{x}\n{y}" for x, y in zip(frame["input"], frame["target"], strict=True)] * 2
    documents += ["red car\nvoiture rouge", "big car\ngrand voiture", "the dog\nle chien"]
    lexicon = [("big", "grand"), ("dog", "chien"), ("red", "rouge"), ("unseen", "nowhere")]
    truth = pd.DataFrame(lexicon, columns=["input_gram", "output_gram"])
    mined = taskgram.mine(
        taskgram.candidate_pairs(frame, 1, "ngram"),
        counted(frame, 1),
        LsaEmbedder.fit(documents, dimensions=20),
        -1,
        truth,
    )
    assert mined.true_in_corpus == 3
    cosine = dict(
        zip(
            mined.pairs[["input_gram", "output_gram"]].itertuples(index=False, name=None),
            mined.pairs["cosine"],
            strict=True,
        )
    )
    gamma = min(cosine[pair] for pair in lexicon[:3]) - 0.01
    kept = sum(value > gamma for value in cosine.values())
    swept = taskgram.alignment("words", 1, mined, [-1, gamma, 0.999], truth)
    files.conform(ALIGNMENT, swept)
    assert swept["candidates"].tolist() == [len(cosine)] * 3
    assert swept["kept"].tolist()[:2] == [len(cosine), kept]
    assert swept["recall"].tolist()[:2] == [1.0, 1.0]
    assert swept["precision"][1] == pytest.approx(3 / kept)
    assert swept["precision"][1] > swept["precision"][0]

    pair_counts = mined.pairs[["input_gram", "output_gram"]].assign(documents=0)
    pair_counts.loc[pair_counts["input_gram"] == "dog", "documents"] = 4
    filled = taskgram.with_non_zero(swept, {("words", 1): mined.pairs}, pair_counts)
    assert filled["non_zero"][0] == sum(one == "dog" for one, _ in cosine)
    assert (filled["non_zero"] <= filled["kept"]).all()
    with pytest.raises(ValueError, match="words, n = 1: 1 pair was never counted"):
        taskgram.with_non_zero(swept, {("words", 1): mined.pairs}, pair_counts.iloc[1:])


def test_without_truth_precision_and_recall_stay_empty():
    frame = examples(("red", "rouge"))
    mined = taskgram.mine(
        taskgram.candidate_pairs(frame, 1, "ngram"), counted(frame, 1), Hashed(), -1
    )
    assert mined.true_in_corpus is None
    swept = taskgram.alignment("words", 1, mined, [-1.0])
    assert swept[["precision", "recall", "non_zero"]].isna().all(axis=None)
    files.conform(ALIGNMENT, swept)


def test_mining_finds_the_lexicon_of_a_closed_world():
    draw = np.random.default_rng(0)
    lexicon = {f"word{i}": f"mot{i}" for i in range(30)}
    sentences = [draw.choice(list(lexicon), 4).tolist() for _ in range(400)]
    pairs = [(" ".join(s), " ".join(lexicon[w] for w in s[::-1])) for s in sentences]
    embedder = LsaEmbedder.fit([f"{x}\n{y}" for x, y in pairs[:350]], dimensions=60)
    frame = examples(*pairs[350:])
    truth = pd.DataFrame(lexicon.items(), columns=["input_gram", "output_gram"])
    mined = taskgram.mine(
        taskgram.candidate_pairs(frame, 1, "ngram"), counted(frame, 1), embedder, 0.3, truth
    )
    row = taskgram.alignment("words", 1, mined, [0.3], truth).iloc[0]
    assert row["precision"] > 0.95 and row["recall"] > 0.95
