"""Worlds of every shape: their truth is what a plain search of their documents finds."""

import re
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tracemem.jobs import files
from tracemem.ngrams.words import ngrams, words
from tracemem.settings.world import SPLITS, TASKS, WorldSettings
from tracemem.world import facts as facts_module
from tracemem.world import generator, wordings
from tracemem.world.generator import World, write_truth
from tracemem.world.tables import FACTS

SMALL = WorldSettings(
    seed=5,
    entities=60,
    facts=200,
    unstated_facts=10,
    answers=12,
    max_fact_documents=40,
    parallel_documents=30,
    lexicon=32,
    arithmetic_documents=30,
    filler_documents=10,
    test_examples=60,
    train_examples=80,
)


def shaped(**keys):
    return World(WorldSettings(**{**SMALL.model_dump(), **keys}))


def parts(text):
    """What a document says one after the other: a question with its answer, or one sentence."""
    return re.split(r"\n(?!Answer: )", text)


def search(world):
    """For each place of the corpus the facts that one of its parts states, and the named people."""
    facts = world.facts
    by_name = {name.lower(): entity for entity, name in enumerate(facts.names)}
    of = {}
    for fact, entity in enumerate(facts.entity.tolist()):
        of.setdefault(entity, []).append((fact, facts.answer_text(fact).lower()))
    stated, asked, named = [], [], []
    for text, _ in world.documents(0, world.size):
        stated.append(set())
        asked.append(set())
        named.append(set())
        for part in parts(text):
            plain = f" {' '.join(words(part))} "
            people = {by_name[gram] for gram in ngrams(part, 2) if gram in by_name}
            named[-1] |= people
            for fact, answer in (pair for entity in people for pair in of.get(entity, ())):
                if f" {answer} " in plain:
                    stated[-1].add(fact)
                    if part.startswith("Question:"):
                        asked[-1].add(fact)
    return stated, asked, named


def check(world):
    """The world's truth against a search, and what is promised of its test examples."""
    facts, count = world.facts, len(world.facts.entity)
    stated, asked, named = search(world)
    documents, questions, people = (
        np.bincount([i for one in found for i in one], minlength=size)
        for found, size in ((stated, count), (asked, count), (named, world.settings.entities))
    )
    assert documents.tolist() == facts.documents.tolist()
    assert questions.tolist() == facts.questions.tolist()
    expected = np.where(
        people[facts.entity], documents / np.maximum(people, 1)[facts.entity], np.nan
    )
    np.testing.assert_allclose(facts.probability(), expected)

    places, those = world.facts_of(0, world.size)
    assert (np.diff(places) >= 0).all()
    assert sorted(zip(places.tolist(), those.tolist(), strict=True)) == [
        (place, fact) for place, found in enumerate(stated) for fact in sorted(found)
    ]
    first, last = world.size // 3, world.size // 2
    inside = (places >= first) & (places < last)
    for part, whole in zip(world.facts_of(first, last), (places, those), strict=True):
        assert part.tolist() == whole[inside].tolist()

    texts = [" ".join(words(text)) for text, _ in world.documents(0, world.size)]
    corpus = "\n".join(texts)
    grams = {gram for text in texts for gram in ngrams(text, 8)}
    answers = [set(pool) for pool in facts.answers]
    for task in TASKS:
        for split in SPLITS:
            for example in world.examples(task, split):
                if split == "test":
                    assert " ".join(words(example.input)) not in corpus
                    assert grams.isdisjoint(ngrams(example.input, 8)), example.input
                if task == "choices":
                    assert len(set(example.options)) == 4 and example.target in example.options
                    relation = facts.relation[example.fact]
                    assert answers[relation].issuperset(example.options)
                if split == "test" and example.fact is not None and world.settings.unseen_form:
                    name = re.escape(" ".join(words(facts.name(example.fact))))
                    form = re.sub(name, r"\\w+ \\w+", " ".join(words(example.input)))
                    assert not re.search(rf"\b{form}\b", corpus)


shapes = st.builds(
    dict,
    seed=st.integers(0, 2**40),
    entities=st.integers(4, 14),
    facts=st.integers(8, 24),
    unstated_facts=st.integers(0, 7),
    answers=st.sampled_from([5, 6, 14, 300]),
    answer_words=st.integers(1, 4),
    answer_exponent=st.sampled_from([0.0, 0.5, 2.0]),
    fact_exponent=st.sampled_from([0.0, 0.8, 2.0]),
    max_fact_documents=st.integers(1, 30),
    facts_a_document=st.integers(1, 4),
    entity_documents=st.integers(1, 30),
    entity_exponent=st.sampled_from([0.0, 1.0, 2.0]),
    paraphrases=st.integers(1, 6),
    question_share=st.sampled_from([0.0, 0.5, 1.0]),
    unseen_form=st.booleans(),
    derived_relation=st.booleans(),
    filler_documents=st.integers(0, 5),
    test_examples=st.just(12),
    train_examples=st.just(12),
)


@settings(deadline=None, max_examples=60)
@given(shapes)
def test_truth_of_every_shape_equals_a_plain_search(shape):
    check(shaped(**shape))


@pytest.mark.parametrize("answers", [5, 60, 1200])
def test_few_and_many_answers(answers):
    world = shaped(answers=answers, answer_exponent=0)
    check(world)
    pairs = Counter(zip(world.facts.relation.tolist(), world.facts.answer.tolist(), strict=True))
    single = sum(count == 1 for count in pairs.values()) / len(world.facts.answer)
    assert {5: single == 0, 60: 0.3 < single < 0.8, 1200: single > 0.9}[answers]


def test_blocks_change_nothing(monkeypatch):
    whole = shaped(facts_a_document=3, entity_documents=50)
    monkeypatch.setattr(generator, "_BLOCK", 7)
    monkeypatch.setattr(facts_module, "_BLOCK", 7)
    cut = shaped(facts_a_document=3, entity_documents=50)
    check(cut)
    assert list(cut.documents(0, cut.size)) == list(whole.documents(0, whole.size))


@pytest.mark.parametrize("most", [2, 3, 4])
def test_a_document_states_several_facts_in_any_company(most):
    world, alone = shaped(facts_a_document=most), shaped()
    assert world.facts.documents.tolist() == alone.facts.documents.tolist()
    places, facts = world.facts_of(0, world.size)
    each = np.bincount(np.unique(places, return_counts=True)[1], minlength=most + 1)
    assert len(each) == most + 1 and each[most] > 0.8 * each.sum()
    assert each @ np.arange(most + 1) == alone.facts.size
    # The most frequent fact's documents begin with it or not, and it meets many others.
    first = int(np.argmax(world.facts.documents))
    here = np.flatnonzero(facts == first)
    begins = [facts[np.searchsorted(places, places[row])] == first for row in here]
    assert 0 < sum(begins) < len(begins)
    assert len(set(facts[np.isin(places, places[here])].tolist())) > 10
    # No two facts keep to each other's company.
    pairs = Counter(
        pair
        for one in np.split(facts, np.flatnonzero(np.diff(places)) + 1)
        for pair in combinations(sorted(one.tolist()), 2)
    )
    assert pairs.most_common(1)[0][1] < 12
    kinds = Counter(kind for _, kind in world.documents(0, world.size))
    assert {"statement", "question", "mixed"} <= set(kinds)


def test_a_part_of_a_document_reads_as_a_document_of_its_own():
    together, alone = (
        Counter(
            part
            for text, kind in world.documents(0, world.size)
            if kind in ("statement", "question", "mixed")
            for part in parts(text)
        )
        for world in (shaped(facts_a_document=4), shaped())
    )
    assert together == alone


def test_frequent_people_are_mentioned_more():
    world = shaped(entity_documents=2000, entity_exponent=1.0)
    check(world)
    seen = Counter()
    for text, kind in world.documents(0, world.size):
        if kind == "mention":
            (name,) = (name for name in world.facts.names if name in text)
            seen[name] += 1
    counts = np.sort(list(seen.values()))[::-1]
    assert counts.sum() == 2000
    harmonic = (1 / np.arange(1, 61)).sum()
    assert counts == pytest.approx(2000 / harmonic / np.arange(1, len(counts) + 1), abs=1.01)
    # They tell nothing: a frequent entity's facts are no more frequent.
    assert world.facts.documents.tolist() == shaped().facts.documents.tolist()
    even = shaped(entity_documents=120).facts
    plain = Counter(text for text, _ in even.mentioning(np.arange(120)))
    assert all(sum(n for text, n in plain.items() if name in text) == 2 for name in even.names)


def test_the_unseen_form_changes_only_what_tests_ask():
    seen, unseen = shaped(), shaped(unseen_form=True)
    assert list(seen.documents(0, seen.size)) == list(unseen.documents(0, unseen.size))
    for task in TASKS:
        assert seen.examples(task, "train") == unseen.examples(task, "train")
    for one, other in zip(
        seen.examples("questions", "test"), unseen.examples("questions", "test"), strict=True
    ):
        assert one.fact == other.fact and one.target == other.target
        forms = wordings.RELATIONS[seen.facts.relation[one.fact]].questions
        name = seen.facts.name(one.fact)
        assert one.input in [form.format(name) for form in forms[:3]]
        assert other.input == forms[wordings.UNSEEN].format(name)


def test_answers_have_one_to_as_many_words():
    facts = shaped(answer_words=4, answers=60).facts
    for pool in facts.answers:
        lengths = Counter(len(answer.split()) for answer in pool)
        assert set(lengths) == {1, 2, 3, 4} and max(lengths.values()) < 30
        assert len({answer.split()[-1] for answer in pool}) == len(pool)
    # An answer's first words are those of others too.
    first = Counter(answer.split()[0] for pool in facts.answers for answer in pool if " " in answer)
    assert first.most_common(1)[0][1] > 1


def test_regions_follow_from_birthplaces(tmp_path):
    world = shaped(derived_relation=True, answers=40, facts_a_document=2)
    write_truth(world, tmp_path)
    facts = files.read(FACTS, tmp_path / "facts.parquet")
    assert ((facts["relation"] == "region") == (facts["derived"] == 1)).all()
    born = facts[facts["relation"] == "birthplace"].set_index("entity")["answer"]
    regions = facts[facts["derived"] == 1].set_index("entity")["answer"]
    assert set(regions.index) == set(born.index) and len(facts) == 200 + len(born)
    rule = {}
    for entity, region in regions.items():
        assert rule.setdefault(born[entity], region) == region
    assert 4 <= len(set(rule.values())) < len(rule)
    # Documents about a town say the same, as often as one says that somebody was born there.
    said = Counter()
    for text, kind in world.documents(0, world.size):
        if kind == "town":
            (town,) = set(words(text)) & {town.lower() for town in world.facts.answers[0]}
            assert rule[town.capitalize()] in text
            said[town.capitalize()] += 1
    stated = facts[facts["relation"] == "birthplace"].groupby("answer")["documents"].sum()
    assert said == Counter(stated.to_dict())
    asked = {example.fact for example in world.examples("questions", "test")}
    assert facts["derived"][sorted(asked)].sum() > 0


def test_every_relation_has_wordings_that_hold_the_whole_name():
    assert len(wordings.RELATIONS) == 7 and wordings.RELATIONS[wordings.REGION].name == "region"
    assert wordings.RELATIONS[wordings.BIRTHPLACE].name == "birthplace"
    assert wordings.RELATIONS[wordings.RIVER].name == "river"
    for relation in wordings.RELATIONS:
        assert len(relation.statements) == 6 and len(set(relation.questions)) == 4
        for question in relation.questions:
            before, behind = question.split("{0}")
            assert len(words(before)) <= 6 and len(words(behind)) <= 6
    assert len({relation.ending for relation in wordings.RELATIONS} | {"b"}) == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entity_exponent": 1.0}, "entity_exponent: found 1.0, .*; allowed: 0, or entity_docum"),
        ({"facts_a_document": 5}, "facts_a_document\n.*less than or equal to 4"),
        ({"answer_words": 0}, "answer_words\n.*greater than or equal to 1"),
    ],
)
def test_wrong_shapes_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        shaped(**change)
