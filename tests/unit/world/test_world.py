"""The generated world is what its truth tables say, and its tests stand in no document."""

import hashlib
import io
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import orjson
import pandas as pd
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tracemem.jobs import draws, files
from tracemem.ngrams.words import ngrams, words
from tracemem.settings.world import SPLITS, TASKS, WorldSettings, shard_names
from tracemem.world.generator import World, generate, write_shard
from tracemem.world.tables import FACT_EXAMPLES, FACTS, LEXICON, TRUE_PAIRS

SMALL = WorldSettings(
    seed=5,
    shards=3,
    entities=60,
    facts=200,
    unstated_facts=10,
    answers=12,
    max_fact_documents=40,
    parallel_documents=300,
    lexicon=32,
    arithmetic_documents=300,
    filler_documents=100,
    test_examples=60,
    train_examples=80,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("world")
    generate(SMALL, made)
    return made


@pytest.fixture(scope="module")
def documents(folder):
    texts = []
    for name in shard_names(SMALL):
        with zstandard.open(folder / "corpus" / f"{name}.jsonl.zst", "rb") as file:
            texts += [orjson.loads(line) for line in io.BytesIO(file.read())]
    return texts


@pytest.fixture(scope="module")
def examples(folder):
    return {
        (task, split): [
            orjson.loads(line)
            for line in (folder / "tasks" / f"{task}.{split}.jsonl").read_bytes().splitlines()
        ]
        for task in TASKS
        for split in SPLITS
    }


def truth(folder, table):
    return files.read(table, folder / "truth" / table.path.rsplit("/", 1)[1])


def test_corpus_holds_every_document_once(documents):
    kinds = Counter(document["meta"]["kind"] for document in documents)
    assert kinds["parallel"] == kinds["arithmetic"] == 300
    assert kinds["english"] + kinds["talvic"] == 100
    assert kinds["statement"] + kinds["question"] == World(SMALL).facts.size
    assert len(documents) == World(SMALL).size
    # Kinds are mixed: no third of the corpus is without one of them.
    for third in np.array_split(np.array(documents), 3):
        assert {document["meta"]["kind"] for document in third} == set(kinds)


def test_a_shard_alone_has_the_same_bytes(folder, tmp_path):
    for number in (2, 0):
        write_shard(World(SMALL), number, tmp_path / "shard.zst")
        name = f"{shard_names(SMALL)[number]}.jsonl.zst"
        assert (tmp_path / "shard.zst").read_bytes() == (folder / "corpus" / name).read_bytes()
    with pytest.raises(ValueError, match="found 3; allowed: 0 to 2"):
        write_shard(World(SMALL), 3, tmp_path / "shard.zst")


def test_documents_do_not_depend_on_the_sharding(documents):
    other = World(SMALL.model_copy(update={"shards": 7}))
    texts = [text for number in range(7) for text, _ in other.shard(number)]
    assert texts == [document["text"] for document in documents]


def test_another_seed_is_another_world(documents):
    texts = {text for text, _ in World(SMALL.model_copy(update={"seed": 6})).shard(0)}
    assert len(texts & {document["text"] for document in documents}) < len(texts) / 10


def test_one_shard_of_a_large_world_is_made_alone(tmp_path):
    large = SMALL.model_copy(
        update={"shards": 1000, "parallel_documents": 10**6, "arithmetic_documents": 10**6}
    )
    write_shard(World(large), 517, tmp_path / "517.zst")
    with zstandard.open(tmp_path / "517.zst", "rb") as file:
        assert len(file.read().splitlines()) == pytest.approx(2000, abs=3)


def test_a_world_of_the_first_shape_stays_as_it_is(folder, documents):
    """Digests of what the code wrote before worlds could have another shape."""
    lines = b"".join(orjson.dumps(document) + b"\n" for document in documents)
    tasks = b"".join(path.read_bytes() for path in sorted((folder / "tasks").iterdir()))
    frames = [truth(folder, table) for table in (FACTS, FACT_EXAMPLES, LEXICON, TRUE_PAIRS)]
    assert not frames[0].pop("derived").any()
    tables = b"".join(frame.to_csv(index=False).encode() for frame in frames)
    assert [hashlib.sha256(part).hexdigest() for part in (lines, tasks, tables)] == [
        "ceadc86bd73c18336e55031d4847b5aeab13bd0889fe11d598aff488b98a45a0",
        "804bfa7fe130ed8b895830e28397848599b627ca9bd1debcb53182ff6b1f79e0",
        "1ab94a5b5d62cd441ca4c0ccbe900231e065e2782e28ef29046872c49995ff7b",
    ]


def test_facts_table_counts_the_corpus(folder, documents):
    facts = truth(folder, FACTS)
    bags = [set(words(d["text"])) | set(ngrams(d["text"], 2)) for d in documents]
    asked = [document["text"].startswith("Question:") for document in documents]
    for fact in facts.itertuples():
        name, answer = fact.entity.lower(), fact.answer.lower()
        named = [i for i, bag in enumerate(bags) if name in bag]
        stated = [i for i in named if answer in bags[i]]
        assert len(stated) == fact.documents
        assert sum(asked[i] for i in stated) == fact.question_documents
        if named:
            assert fact.probability == pytest.approx(len(stated) / len(named))
        else:
            assert np.isnan(fact.probability)
    assert (facts["documents"] == 0).sum() == 10
    assert facts["documents"].max() == 40
    assert not facts.duplicated(["entity", "relation"]).any()


def test_frequencies_follow_zipf():
    counts = np.sort(World(WorldSettings()).facts.documents)[::-1]
    settings = WorldSettings()
    ranks = np.arange(1, 101)
    slope = np.polyfit(np.log(ranks), np.log(counts[:100]), 1)[0]
    assert slope == pytest.approx(-settings.fact_exponent, abs=0.02)


def test_examples_table_names_the_fact_behind_a_test(folder, examples):
    facts = truth(folder, FACTS).set_index("fact")
    table = truth(folder, FACT_EXAMPLES)
    assert Counter(table["task"]) == {"questions": 60, "choices": 60}
    for row in table.itertuples():
        example = examples[row.task, "test"][row.example]
        fact = facts.loc[row.fact]
        assert fact["entity"] in example["input"] and example["target"] == fact["answer"]
        assert row.documents == fact["documents"]
        assert row.probability == fact["probability"] or np.isnan(row.probability)
    # Rare and frequent facts are asked about alike.
    asked = np.bincount(np.frexp(table[table["task"] == "questions"]["documents"])[1])
    there = np.bincount(np.frexp(facts["documents"])[1])
    assert (asked >= np.minimum(there, 60 // len(there))).all()


def test_no_test_input_stands_in_a_document(examples, documents):
    corpus = "\n".join(" ".join(words(document["text"])) for document in documents)
    for task in TASKS:
        inputs = [" ".join(words(example["input"])) for example in examples[task, "test"]]
        assert len(inputs) == 60
        assert not [text for text in inputs if text in corpus]
    assert any(" ".join(words(e["input"])) in corpus for e in examples["questions", "train"])
    assert all(" ".join(words(e["input"])) in corpus for e in examples["arithmetic", "train"])


def test_no_8_gram_of_a_test_stands_in_a_document(examples, documents):
    corpus = {gram for document in documents for gram in ngrams(document["text"], 8)}
    for task in TASKS:
        for example in examples[task, "test"]:
            assert corpus.isdisjoint(ngrams(example["input"], 8)), example["input"]


def test_held_out_operands_stand_in_no_document(examples, documents):
    def operands(text):
        a, sign, b = re.search(r"(\d+) ([-+*]) (\d+):", text).groups()
        pair = (int(a) - int(b), int(b)) if sign == "-" else (int(a), int(b))
        return sign, tuple(sorted(pair))

    seen = {operands(d["text"]) for d in documents if d["meta"]["kind"] == "arithmetic"}
    tested = {operands(example["target"]) for example in examples["arithmetic", "test"]}
    assert {sign for sign, _ in tested} == set("+-*")
    assert not seen & tested
    assert len(seen) > 80


def test_worked_answers_count_to_the_result(examples, documents):
    texts = [(e["input"], e["target"]) for e in examples["arithmetic", "test"]]
    for document in documents:
        if document["meta"]["kind"] == "arithmetic":
            question, answer = document["text"].removeprefix("Question: ").split("\nAnswer: ")
            texts.append((question, answer))
    for question, answer in texts:
        a, sign, b, steps, thing, last = re.fullmatch(
            r"(\d+) ([-+*]) (\d+): ([\d, ]+) (\w+)\. #### (\d+)", answer
        ).groups()
        assert {a, b} == set(re.findall(r"\d+", question)) and thing in question
        a, b, last = int(a), int(b), int(last)
        counted = [int(step) for step in steps.split(", ")]
        expected = {
            "+": [a + step for step in range(1, b + 1)],
            "-": [a - step for step in range(1, b + 1)],
            "*": [b * step for step in range(1, a + 1)],
        }[sign]
        assert counted == expected and counted[-1] == last >= 0


def translate(english, lexicon):
    """The grammar written a second time: last verb, adjectives and determiners behind the noun."""
    text = re.sub(r"will (\w+)", r"will_\1", english.removesuffix("."))
    parts = [(word, lexicon[word.replace("_", " ")]) for word in text.split()]
    verb = next(i for i, (_, o) in enumerate(parts) if o[-2] == "v")
    first, action, second = parts[:verb], parts[verb], parts[verb + 1 :]
    return " ".join(o for _, o in first[::-1] + second[::-1] + [action]) + "."


def test_translations_follow_lexicon_and_word_order(folder, examples, documents):
    lexicon = dict(truth(folder, LEXICON).itertuples(index=False))
    pairs = [(e["input"], e["target"]) for e in examples["translation", "test"]]
    for document in documents:
        if document["meta"]["kind"] == "parallel":
            one, other = document["text"].split("\n")
            pairs.append(
                (one.removeprefix("English text: "), other.removeprefix("Talvic translation: "))
            )
    for english, other in pairs:
        assert translate(english, lexicon) == other
    assert len(set(lexicon.values())) == len(lexicon)


def test_alignments_of_translations_equal_a_slow_reference(folder, examples):
    lexicon = dict(truth(folder, LEXICON).itertuples(index=False))
    table = truth(folder, TRUE_PAIRS)
    found = set(
        table[table["task"] == "translation"][["n", "input_gram", "output_gram"]].itertuples(
            index=False, name=None
        )
    )
    expected = set()
    for split in SPLITS:
        for example in examples["translation", split]:
            english, other = words(example["input"]), words(example["target"])
            # Where a word comes twice, the k-th determiner belongs to the k-th noun phrase.
            seen = Counter()
            links = []
            for i, word in enumerate(english):
                verb = {"will": i + 1}.get(word, i)
                source = f"will {english[verb]}" if "will" in english[verb - 1 : verb + 1] else word
                target = lexicon[source]
                places = [j for j, o in enumerate(other) if o == target]
                links.append((i, places[min(seen[target], len(places) - 1)]))
                seen[target] += 1
            for n in range(1, 6):
                for i in range(len(english) - n + 1):
                    for j in range(len(other) - n + 1):
                        inside = [(p, q) for p, q in links if i <= p < i + n and j <= q < j + n]
                        if min(len({p for p, _ in inside}), len({q for _, q in inside})) >= n / 2:
                            expected.add(
                                (n, " ".join(english[i : i + n]), " ".join(other[j : j + n]))
                            )
    assert found == expected


def test_alignments_of_answers_and_operands(folder):
    facts = truth(folder, FACTS)
    stated = {(f.entity.lower(), f.answer.lower()) for f in facts.itertuples()}
    table = truth(folder, TRUE_PAIRS)
    asked = table[table["task"].isin(["questions", "choices"])]
    for row in asked[asked["n"] >= 2].itertuples():
        names = [f"{a} {b}" for a, b in pairwise(row.input_gram.split())]
        assert any((name, row.output_gram) in stated for name in names)
    sums = table[table["task"] == "arithmetic"]
    for row in sums.itertuples():
        digits = set(re.findall(r"\d+", row.input_gram))
        assert digits & set(re.findall(r"\d+", row.output_gram))
    assert set(table["n"]) == {1, 2, 3, 4, 5}
    assert not table.duplicated().any()


def test_choices_offer_answers_of_the_same_relation(examples):
    answers = World(SMALL).facts.answers
    relation = {answer: number for number, pool in enumerate(answers) for answer in pool}
    places = Counter()
    for example in examples["choices", "test"] + examples["choices", "train"]:
        options = example["options"]
        assert len(set(options)) == 4 and options.count(example["target"]) == 1
        assert len({relation[option] for option in options}) == 1
        places[options.index(example["target"])] += 1
    assert len(places) == 4
    assert all(not example["options"] for example in examples["questions", "test"])


def test_invented_words_are_words_of_one_kind():
    world = World(WorldSettings())
    pools = [
        {word for name in world.facts.names for word in [name.split()[place].lower()]}
        for place in (0, 1)
    ]
    pools += [{answer.lower() for answer in answers} for answers in world.facts.answers]
    lexicon = world.language.lexicon()
    pools.append({word for _, word in lexicon})
    invented = set().union(*pools)
    assert sum(map(len, pools)) == len(invented)
    english = {word for source, _ in lexicon for word in source.split()}
    for text, kind in world.documents(0, 4000):
        if kind == "arithmetic":
            english |= set(words(text))
        if kind in ("statement", "question"):
            rest = text
            for name in world.facts.names:
                rest = rest.replace(name, "")
            english |= set(words(rest)) - set().union(*pools[2:-1])
    assert len(english) > 200 and not english & invented


@given(st.integers(1, 500), st.integers(0, 2**40))
def test_permute_is_a_permutation(size, seed):
    places = draws.permute(size, seed, "test", np.arange(size))
    assert sorted(places.tolist()) == list(range(size))
    assert places[size // 2] == draws.permute(size, seed, "test", size // 2)[0]


def test_draws_are_uniform_and_streams_differ():
    index = np.arange(20_000)
    one, other = (draws.share(3, stream, index) for stream in ("one", "other"))
    assert np.histogram(one, 10, (0, 1))[0] == pytest.approx(2000, rel=0.1)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03
    weights = np.bincount(draws.zipf(4, 1.0, 3, "zipf", index)) / len(index)
    assert weights == pytest.approx(np.array([12, 6, 4, 3]) / 25, abs=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facts": 361}, "facts: found 361; allowed: at most 360"),
        ({"unstated_facts": 200}, "unstated_facts: found 200; allowed: fewer than 200"),
        ({"paraphrases": 7}, "less than or equal to 6"),
        ({"entitys": 7}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_settings_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        WorldSettings(**{**SMALL.model_dump(), **change})


def test_tables_open_with_pandas(folder):
    for table in (FACTS, LEXICON):
        path = folder / "truth" / table.path.rsplit("/", 1)[1]
        assert list(pd.read_parquet(path).columns) == list(table.columns)
