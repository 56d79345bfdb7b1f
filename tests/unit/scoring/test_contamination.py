"""Contaminated examples are those whose text the corpus holds, and the scores are told apart."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.mining.tables import ITEMS
from tracemem.models.series import Series
from tracemem.ngrams import counting
from tracemem.ngrams.tables import CANDIDATES
from tracemem.scoring import contamination, memorization, metrics, statistics
from tracemem.scoring.aggregating import per_pair
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import DECONTAMINATED
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES

FEW = Resampling(bootstrap=50, seed=1)
SERIES = Series("questions", "tiny", 1000)

FOURTEEN = "a b c d e f g h i j k l m n"
DOCUMENTS = [
    "So: ONE two, three! Four five\u2014six\nseven (eight), and then some.",
    "alpha beta gamma delta epsilon zeta eta",
    "the cat sat on the mat and slept",
    f"Here is {FOURTEEN.upper()} o p",
    "it is what it is, and that is that",
]
# Input, target and options; the comment says at which n the corpus holds it.
TEXTS = [
    ("Then one Two three; four five six seven EIGHT?", "yes", []),  # 8
    ("alpha beta gamma delta epsilon zeta eta theta", "iota", []),  # seven words only
    ("alpha beta gamma delta epsilon zeta eta", "eta", []),  # too short
    ("the cat sat on the mat", "and slept", []),  # across the border only: too short
    ("nothing", f"it was {FOURTEEN}", []),  # 8 and 14, in the target
    (f"{FOURTEEN[:-1]} z", "no", []),  # thirteen words: 8
    ("it is what it is and that is", "is", []),  # stop words only: 8
    ("none of these words is in it at all", "no", [DOCUMENTS[0]]),  # an option only
]


def examples(texts=TEXTS):
    inputs, targets, options = zip(*texts, strict=True)
    return pd.DataFrame(
        {
            "example": range(len(texts)),
            "group": "",
            "input": inputs,
            "target": targets,
            "aliases": [[target] for target in targets],
            "options": options,
        }
    )


def counts(tmp_path, frame, lengths):
    """Counts of the n-grams that the study lists, in a corpus of ``DOCUMENTS``."""
    file = Path(__file__).resolve().parents[3] / "workflow" / "scripts" / "list_candidates.py"
    spec = importlib.util.spec_from_file_location("list_candidates", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files.write(EXAMPLES, frame, tmp_path / "test.parquet")
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps({"text": text}) + "\n" for text in DOCUMENTS))
    kind = GramSettings(output_gram="target", stop_words={"input": "en", "output": "en"})
    grams = module.candidates([str(tmp_path / "test.parquet")], [[3]], [kind], [lengths])
    candidates = files.conform(CANDIDATES, grams)["ngram"].to_pylist()
    assert candidates == sorted(set(candidates))
    return counting.count_ngrams(Shard("corpus", corpus), candidates).to_pandas()


def test_examples_whose_words_the_corpus_holds_are_found(tmp_path):
    frame = examples()
    counted = counts(tmp_path, frame, [8, 14])
    searched, held = contamination.search(frame, counted, 8)
    assert np.flatnonzero(searched).tolist() == [0, 1, 4, 5, 6, 7]
    assert np.flatnonzero(held).tolist() == [0, 4, 5, 6]
    searched, held = contamination.search(frame, counted, 14)
    assert np.flatnonzero(searched).tolist() == [4, 5]
    assert np.flatnonzero(held).tolist() == [4]


def test_shorter_ngrams_find_what_longer_ones_do_not(tmp_path):
    frame = examples()
    searched, held = contamination.search(frame, counts(tmp_path, frame, [7]), 7)
    assert np.flatnonzero(searched).tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert np.flatnonzero(held).tolist() == [0, 1, 2, 4, 5, 6]


def test_an_ngram_that_was_never_counted_is_no_zero(tmp_path):
    frame = examples()
    counted = counts(tmp_path, frame, [8])
    with pytest.raises(ValueError, match=r"1 n-gram was never counted, .*'alpha beta gamma .* th"):
        contamination.search(frame, counted[~counted["ngram"].str.startswith("alpha beta")], 8)
    with pytest.raises(ValueError, match="4 n-grams were never counted, the first: 'it was a b"):
        contamination.search(frame, counted, 14)


RIGHT = [1, 0, 1, 0, 1, 1]
HELD = np.array([True, True, False, False, False, False])
PAIRS = [50, 60, 10, 20, 30, 40]  # of 100 documents that hold s_x: the corpus' ranks
MODEL = [-1.0, -2.0, -6.0, -5.0, -3.0, -4.0]  # 6 5 1 2 4 3


def study(pairs=PAIRS, model=MODEL):
    """Examples, generations and items: an item an example, and one more that is dropped."""
    frame = examples([(f"input {i}", "answer", []) for i in range(len(RIGHT))])
    generations = pd.DataFrame(
        {
            "example": frame["example"],
            "generation": ["answer" if right else "other" for right in RIGHT],
            "token_starts": [np.array([0])] * len(RIGHT),
            "token_ends": [np.array([6])] * len(RIGHT),
            "token_log_probabilities": [np.array([value]) for value in model],
        }
    )
    rows = [(i, "input", "answer", 0, 6, pair, 100, 100, 70) for i, pair in enumerate(pairs)]
    rows.append((0, "no", "answer", 0, 6, 0, 100, 100, 70))
    return frame, generations, pd.DataFrame(rows, columns=list(ITEMS.columns))


def scores(measure, held):
    frame, generations, items = study()
    measured = {2: measure(items, generations)}
    return contamination.score(
        frame, generations, measured, metrics.ExactMatch(), held, SERIES, FEW
    )


def test_scores_over_all_the_clean_and_the_contaminated(measure):
    found = scores(measure, {8: HELD})
    files.conform(DECONTAMINATED, found)
    assert (found["contamination_n"] == 8).all()
    performance, mem = found.iloc[:3], found.iloc[3:]
    assert performance["subset"].tolist() == ["all", "clean", "contaminated"]
    assert (performance[["measure", "statistic", "n"]] == ["performance", "exact-match", 0]).all(
        axis=None
    )
    assert performance["value"].tolist() == [4 / 6, 3 / 4, 1 / 2]
    assert performance["examples"].tolist() == performance["items"].tolist() == [6, 4, 2]
    assert mem["subset"].tolist() == ["all", "clean", "contaminated"]
    assert (mem[["measure", "statistic", "n"]] == ["task-gram", "spearman", 2]).all(axis=None)
    # 1 - 6 sum d^2 / (k (k^2 - 1)): d^2 is 1 + 1 + 0 + 0 + 1 + 1 of 6 items, 2 of the clean 4.
    assert mem["value"].tolist()[:2] == pytest.approx([1 - 24 / 210, 1 - 12 / 60])
    assert mem["items"].tolist() == mem["examples"].tolist() == [6, 4, 2]
    # Two items have no correlation.
    assert mem.iloc[2][["value", "ci_low", "ci_high"]].isna().all()


def test_each_subset_is_scored_as_a_task_of_its_own(measure):
    found = scores(measure, {8: HELD})
    frame, generations, items = study()
    for subset, kept in (("all", HELD | True), ("clean", ~HELD)):
        numbers = frame["example"][kept]
        measured = measure(items[items["example"].isin(numbers)], generations)
        expected = memorization.score(per_pair(measured), SERIES, 2, FEW).iloc[0]
        row = found[(found["subset"] == subset) & (found["measure"] == "task-gram")].iloc[0]
        assert (expected["measure"], expected["statistic"]) == ("task-gram", "spearman")
        names = ["value", "ci_low", "ci_high", "items", "examples"]
        assert row[names].tolist() == expected[names].tolist()
        row = found[(found["subset"] == subset) & (found["measure"] == "performance")].iloc[0]
        estimate = statistics.interval(
            np.array(RIGHT, float), np.mean, FEW, proportion=True, inside=kept
        )
        assert row[["value", "ci_low", "ci_high"]].tolist() == [
            estimate.value, estimate.ci_low, estimate.ci_high,
        ]  # fmt: skip


def test_an_empty_subset_has_no_value_and_the_others_are_alike(measure, tmp_path):
    nothing = np.zeros(6, bool)
    found = scores(measure, {8: HELD, 14: nothing})
    row = found[(found["contamination_n"] == 14) & (found["subset"] == "contaminated")].iloc[0]
    assert (row["measure"], row["reason"]) == ("performance", "no example")
    files.write(DECONTAMINATED, found, tmp_path / "found.csv")
    found = files.read(DECONTAMINATED, tmp_path / "found.csv")
    assert found["contamination_n"].tolist() == [8, 8, 8, 14, 14, 14] * 2
    numbers = ["examples", "items", "value", "ci_low", "ci_high"]
    for _, rows in found.groupby("measure"):
        rows = rows.set_index(["contamination_n", "subset"])[numbers]
        assert rows.loc[14, "clean"].equals(rows.loc[14, "all"])
        assert rows.loc[14, "all"].equals(rows.loc[8, "all"])
        assert rows.loc[14, "contaminated"].tolist()[:2] == [0, 0]
        assert all(math.isnan(value) for value in rows.loc[14, "contaminated"].tolist()[2:])


def test_an_item_of_a_strange_example_is_refused(measure):
    frame, generations, items = study()
    measured = {2: measure(items, generations)}
    with pytest.raises(ValueError, match="items: example 5 is not among the task's examples"):
        contamination.score(
            frame.iloc[:5],
            generations,
            measured,
            metrics.ExactMatch(),
            {8: HELD[:5]},
            SERIES,
            FEW,
        )
