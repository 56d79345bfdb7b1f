import numpy as np
import pytest

from tracemem.counterfactual.subsets import (
    FACTS,
    draw_subsets,
    draw_units,
    left_out,
    stream_without,
)
from tracemem.counterfactual.tables import SUBSETS, TESTED, UNITS
from tracemem.jobs import files
from tracemem.models import tokens
from tracemem.ngrams.words import words
from tracemem.settings.counterfactual import LeavingSettings
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World
from tracemem.world.truth import aligned

WORLD = World(
    WorldSettings(
        seed=3, entities=60, facts=240, unstated_facts=20, max_fact_documents=40,
        parallel_documents=300, arithmetic_documents=200, filler_documents=50,
        test_examples=40, train_examples=20,
    )
)  # fmt: skip
LEAVING = LeavingSettings(subsets=6, translation=12, arithmetic=8, alone=3)


@pytest.fixture(scope="module")
def drawn():
    units, tested = draw_units(WORLD, LEAVING)
    return units, tested, draw_subsets(units, LEAVING, 7)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [text for text, _ in WORLD.documents(0, WORLD.size)]


def test_tables_hold_what_they_declare(drawn):
    for table, frame in zip((UNITS, TESTED, SUBSETS), drawn, strict=True):
        files.conform(table, frame)


def test_a_fact_goes_with_every_document_that_names_its_person_and_its_answer(drawn, texts):
    units, tested, _ = drawn
    facts = units[units["kind"] == FACTS]
    asked = {e.fact for task in ("questions", "choices") for e in WORLD.examples(task, "test")}
    assert len(facts) == len(asked) and (facts["documents"].map(len) == 0).any()
    for row in facts.itertuples():
        held = [k for k, text in enumerate(texts) if row.input_gram in text and
                f" {row.output_gram.lower()} " in f" {' '.join(words(text))} "]  # fmt: skip
        assert row.documents == held
    for task in ("questions", "choices"):
        rows = tested[tested["task"] == task].merge(units, on="unit")
        examples = WORLD.examples(task, "test")
        assert rows["example"].tolist() == list(range(len(examples)))
        assert rows["output_gram"].tolist() == [e.target for e in examples]


def test_a_pair_goes_with_every_document_that_holds_both_and_is_the_rarest(drawn, texts):
    units, tested, _ = drawn
    spaced = [f" {' '.join(words(text))} " for text in texts]

    def holders(pair) -> list[int]:
        return [k for k, t in enumerate(spaced) if all(f" {gram} " in t for gram in pair)]

    for task, most in (("translation", 12), ("arithmetic", 8)):
        rows = tested[tested["task"] == task].merge(units, on="unit")
        assert 0 < len(rows) <= most and not rows[["input_gram", "output_gram"]].duplicated().any()
        for row in rows.itertuples():
            assert row.documents == holders((row.input_gram, row.output_gram))
            example = WORLD.examples(task, "test")[row.example]
            counts = [len(holders(pair)) for pair in set(aligned(task, example, 2))]
            assert len(row.documents) == min(count for count in counts if count)


def test_subsets_complement_each_other_and_halve_every_kind(drawn):
    units, _, subsets = drawn
    kept = dict(zip(subsets["subset"], subsets["units"], strict=True))
    assert list(kept) == ["s00", "s01", "s02", "s03", "s04", "s05", "alone0", "alone1", "alone2"]
    for first, second in (("s00", "s01"), ("s02", "s03"), ("s04", "s05")):
        assert not set(kept[first]) & set(kept[second])
        assert sorted(kept[first] + kept[second]) == units["unit"].tolist()
        for _, members in units.groupby("kind")["unit"]:
            assert abs(2 * len(set(members) & set(kept[first])) - len(members)) <= 1
    assert kept["s00"] != kept["s02"]
    assert kept == dict(draw_subsets(units, LEAVING, 7).to_numpy().tolist())
    assert kept != dict(draw_subsets(units, LEAVING, 8).to_numpy().tolist())
    more = draw_subsets(units, LEAVING.model_copy(update={"subsets": 8}), 7)
    assert dict(more.to_numpy().tolist())["s03"] == kept["s03"]
    for name in ("alone0", "alone1", "alone2"):
        (unit,) = set(kept[name]) - set(kept["s00"])
        assert len(units.set_index("unit")["documents"][unit]) == 1


def test_more_single_facts_than_there_are_is_an_error(drawn):
    units, _, _ = drawn
    asked = LEAVING.model_copy(update={"alone": 1000})
    with pytest.raises(ValueError, match=r"counterfactual.alone: found 1000; allowed: up to \d+,"):
        draw_subsets(units, asked, 7)


def test_the_stream_of_a_subset_is_that_of_the_documents_it_keeps(drawn, texts, tmp_path):
    units, _, subsets = drawn
    tokens.train_tokenizer(texts, 300, tmp_path / "tokenizer")
    tokens.pack(texts, tmp_path / "tokenizer", tmp_path / "all.npy")
    whole = files.read_array(tmp_path / "all.npy")
    gone = left_out(units, subsets["units"][0])
    assert len(gone) and (np.diff(gone) > 0).all()
    kept = [text for k, text in enumerate(texts) if k not in set(gone.tolist())]
    tokens.pack(kept, tmp_path / "tokenizer", tmp_path / "kept.npy")
    expected = files.read_array(tmp_path / "kept.npy")
    np.testing.assert_array_equal(stream_without(whole, gone, len(texts)), expected)
    assert not len(left_out(units, units["unit"]))
    with pytest.raises(ValueError, match=r"end-of-text tokens; a document that holds the text"):
        stream_without(whole, gone, len(texts) - 1)
