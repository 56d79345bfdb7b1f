"""Small studies of one's own, each of another shape: what a newcomer's first config may look like.

Every function of ``STUDIES`` gives one study: the files of a folder, the config beside them, and
what is known of it before it is run. The corpora state which town is the capital of which land, in
invented names, so that what stands where is known to the document.
"""

import gzip
import io
import json
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
import zstandard
from tiny_model import build_model

# Arguments of build_model of every model that a study may use.
MODELS: dict[str, dict[str, int]] = {
    "context-32": {"context": 32},
    "context-64": {"context": 64},
    "context-128": {"context": 128},
    "context-256": {"context": 256},
    "wide": {"context": 64, "hidden": 128, "seed": 1},
    "many-tokens": {"context": 64, "hidden": 32, "tokens": 66_000},
}
CONFIG = "my.yaml"

Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """A folder with a config, as somebody sets it up, and what is known of it in advance.

    Attributes:
        config: the config.
        files: content of every file but the models', by its path in the folder.
        documents: the text of every document of the corpus.
        examples: test examples of every task.
        models: one of MODELS for every folder of a model.
        without_pairs: the task and n that no document of the corpus holds a pair of.
        looks_missing: whether its texts have words that stand for a missing value elsewhere.
    """

    config: Mapping[str, Any]
    files: Mapping[str, bytes]
    documents: Sequence[str]
    examples: Mapping[str, int]
    models: Mapping[str, str]
    without_pairs: frozenset[tuple[str, int]] = frozenset()
    looks_missing: bool = False

    def write(self, folder: Path, models: Mapping[str, Path]) -> None:
        """Write the files, the config and the models (a folder for each of MODELS)."""
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for path, model in self.models.items():
            shutil.copytree(models[model], folder / path)
        (folder / CONFIG).write_text(yaml.safe_dump(dict(self.config), allow_unicode=True))


STUDIES: dict[str, Callable[[], Study]] = {}


def shape(made: Callable[[], Study]) -> Callable[[], Study]:
    """Put a study among ``STUDIES``, under the name of the function that gives it."""
    STUDIES[made.__name__] = made
    return made


def build_models(folder: Path) -> dict[str, Path]:
    """Every model of MODELS in a folder of its own under ``folder``."""
    return {name: build_model(folder / name, **sizes) for name, sizes in MODELS.items()}


def jsonl(rows: Iterable[Row]) -> bytes:
    """One object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def shard(documents: Iterable[str]) -> bytes:
    """A shard of JSON lines."""
    return jsonl({"text": text} for text in documents)


def names(ending: str, seed: int) -> list[str]:
    """Thirty invented names."""
    syllables = [consonant + vowel for consonant in "bdgklmnprst" for vowel in "aeio"]
    drawn = random.Random(seed).sample([a + b for a in syllables for b in syllables], 30)
    return [name.capitalize() + ending for name in drawn]


LANDS, TOWNS = names("land", seed=1), names("burg", seed=2)
FACTS = list(zip(LANDS, TOWNS, strict=True))
FILLER = [
    "The river is wide and the bridge over it is old.",
    "A market opens on the square every morning, and the people buy bread.",
    "Snow falls on the mountain in winter, and the road is closed.",
    "The old museum on the square has a map of the river.",
]


# The embedder takes a text once however often it stands there: a fact needs several wordings.
WORDINGS = [
    "The capital of {land} is {town}, an old town on a river.",
    "{town} is the largest town of {land} and its capital.",
    "From {town} the kings of {land} ruled the country.",
    "The train to {town} takes you to the capital of {land}.",
    "In {land} every road leads to the capital, {town}.",
    "The museum of {town} is the oldest of {land}.",
]


def stated(land: str, town: str, times: int) -> list[str]:
    """Documents that say which town is the capital of a land, at most six."""
    return [wording.format(land=land, town=town) for wording in WORDINGS[:times]]


def asked(facts: Iterable[tuple[str, str]]) -> list[Row]:
    """A question for every fact, its answer one word."""
    return [{"input": f"What is the capital of {a}?", "target": b} for a, b in facts]


def noisy(facts: Sequence[tuple[str, str]], seed: int = 0) -> list[str]:
    """Documents that state every fact once to six times, and as often name a land with others."""
    drawn = random.Random(seed)
    towns = [town for _, town in facts]
    documents = list(FILLER)
    for land, town in facts:
        documents += stated(land, town, drawn.randint(1, 6))
        documents += [
            f"Many people of {land} live in {drawn.choice(towns)} now."
            for _ in range(drawn.randint(0, 5))
        ]
    return documents


def questions(rows: list[Row], **settings: Any) -> tuple[dict[str, Any], list[Row]]:
    """A task of questions: its settings, those given put over the usual ones, and its rows."""
    usual = {"kind": "question-answering", "n": [1], "gamma": 0.0, "max_new_tokens": 8}
    return {**usual, **settings}, rows


def study(
    documents: Sequence[str],
    tasks: Mapping[str, tuple[dict[str, Any], list[Row]]],
    *,
    shards: Mapping[str, bytes] | None = None,
    corpus: Mapping[str, Any] | None = None,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    files: Mapping[str, bytes] | None = None,
    without_pairs: Iterable[tuple[str, int]] = (),
    looks_missing: bool = False,
    **keys: Any,
) -> Study:
    """A study with the usual config.

    Args:
        documents: the corpus.
        tasks: settings and test examples by name; they go to ``tasks/NAME.jsonl``.
        shards: the files that hold the corpus, where that is not one JSONL.
        corpus: settings of the corpus.
        models: settings by name, with the one of MODELS to use under ``tiny``.
        files: further files.
        without_pairs: as in Study.
        looks_missing: as in Study.
        keys: sections of the config, in place of the usual ones.
    """
    if models is None:
        models = {"small": {"tiny": "context-64"}}
    shards = {"corpus/web.jsonl": shard(documents)} if shards is None else shards
    settings, folders = {}, {}
    for name, given in models.items():
        own = {"path": f"models/{name}", "parameters": 100_000, **given}
        folders[own["path"]] = own.pop("tiny")
        settings[name] = own
    places = {name: f"tasks/{name}.jsonl" for name in tasks}
    config = {
        "title": "Capitals of invented lands",
        "results": "results/mine",
        "corpus": {"shards": ["corpus/*"], **(corpus or {})},
        "tasks": {
            name: {"test": places[name], "embedder": "lsa", **own}
            for name, (own, _) in tasks.items()
        },
        "embedders": {"lsa": {"dimensions": 50}},
        "models": settings,
        "infgram": {"tokenizer": next(iter(folders), "")} if folders else None,
        "statistics": {"bootstrap": 100, "permutations": 100},
        "decontamination": [3],
        **keys,
    }
    rows = {places[name]: jsonl(rows) for name, (_, rows) in tasks.items()}
    return Study(
        {key: value for key, value in config.items() if value != {}},
        {**shards, **rows, **(files or {})},
        documents,
        {name: len(rows) for name, (_, rows) in tasks.items()},
        folders,
        frozenset(without_pairs),
        looks_missing,
    )


# What the corpus is like.


@shape
def noisy_facts() -> Study:
    """Everything has a value: several n, one model."""
    return study(noisy(FACTS), {"capitals": questions(asked(FACTS), n=[1, 2])})


@shape
def clean_facts() -> Study:
    """Each land stands with its town only, so the corpus gives every answer the same probability."""
    drawn = random.Random(3)
    documents = [text for fact in FACTS for text in stated(*fact, drawn.randint(2, 6))]
    return study([*FILLER, *documents], {"capitals": questions(asked(FACTS), n=[1, 2])})


@shape
def facts_stated_alike() -> Study:
    """Each fact is stated twice and asked for in one word: ties everywhere, one bin of support."""
    documents = [text for fact in FACTS for text in stated(*fact, 2)]
    rows = [{"input": land, "target": town} for land, town in FACTS]
    return study(
        [*FILLER, *documents],
        {"capitals": questions(rows)},
        statistics={"bootstrap": 100, "permutations": 100, "support_bins": 2},
    )


@shape
def facts_stated_once() -> Study:
    """Each fact is stated once, in words that the embedder can learn nothing of."""
    documents = [text for fact in FACTS for text in stated(*fact, 1)]
    return study(
        [*FILLER, *documents],
        {"capitals": questions(asked(FACTS))},
        without_pairs=[("capitals", 1)],
    )


@shape
def one_document() -> Study:
    """The whole corpus is one document, which holds every pair there is."""
    texts = [text for fact in FACTS for text in stated(*fact, 4)]
    random.Random(11).shuffle(texts)
    return study([" ".join([*FILLER, *texts])], {"capitals": questions(asked(FACTS))})


@shape
def three_documents() -> Study:
    """Too few words stand in two documents for an embedder to be trained."""
    documents = [*stated(*FACTS[0], 1), "A bridge.", "Bread and salt."]
    rows = asked(FACTS[:8])
    return study(
        documents,
        {"capitals": questions(rows)},
        without_pairs=[("capitals", 1)],
        decontamination=[],
    )


@shape
def bad_records() -> Study:
    """Records that cannot be read are passed over."""
    documents = noisy(FACTS)
    lines = shard(documents).splitlines(keepends=True)
    lines[5:5] = [b'{"text": 7}\n', b"{\n", b'{"title": "x"}\n', b'{"text": "\xff"}\n']
    return study(
        documents,
        {"capitals": questions(asked(FACTS))},
        shards={"corpus/web.jsonl": b"".join(lines)},
        corpus={"on_bad_record": "skip"},
    )


@shape
def nothing_of_the_task() -> Study:
    """No word of the task stands in the corpus."""
    rows = [{"input": f"Welche Stadt von {a}?", "target": b} for a, b in FACTS]
    return study(FILLER * 5, {"capitals": questions(rows)}, without_pairs=[("capitals", 1)])


@shape
def all_of_the_task() -> Study:
    """Every test example stands in the corpus as it is asked, some of them often."""
    drawn = random.Random(4)
    rows = asked(FACTS)
    documents = [
        f"{row['input']} {row['target']}" for row in rows for _ in range(drawn.randint(1, 4))
    ]
    documents += [f"Is {land} far from {drawn.choice(TOWNS)}?" for land in LANDS * 2]
    return study([*documents, *FILLER], {"capitals": questions(rows)}, decontamination=[1, 3])


# How the corpus lies there.


@shape
def text_folder() -> Study:
    """A folder of .txt files with a space in its name; some are empty, or have no word."""
    documents = noisy(FACTS)
    for place, text in enumerate(["", " ", "\n\n", "?!", "…", ""]):
        documents.insert(7 * place, text)
    return study(
        documents,
        {"capitals": questions(asked(FACTS))},
        shards={f"my notes/{place:03d}.txt": text.encode() for place, text in enumerate(documents)},
        corpus={"shards": ["my notes"]},
    )


@shape
def several_formats() -> Study:
    """Shards of every format, the text under a name of its own."""
    documents = noisy(FACTS)
    fourths = [documents[start::4] for start in range(4)]
    plain, zipped, packed = (
        jsonl({"meta": {"body": text}, "id": 1} for text in part) for part in fourths[:3]
    )
    columns = io.BytesIO()
    pd.DataFrame({"meta": [{"body": text} for text in fourths[3]]}).to_parquet(columns)
    return study(
        documents,
        {"capitals": questions(asked(FACTS))},
        shards={
            "corpus/a.json": plain,
            "corpus/b.jsonl.gz": gzip.compress(zipped),
            "corpus/c.jsonl.zst": zstandard.compress(packed),
            "corpus/d.parquet": columns.getvalue(),
        },
        corpus={"text_field": "meta.body"},
    )


@shape
def dots_and_spaces() -> Study:
    """Names with dots and dashes, folders with spaces, two shards of one name."""
    documents = noisy(FACTS)
    settings, rows = questions(asked(FACTS), test="my tasks/capitals of 2.0.jsonl")
    model = {"path": "my models/tiny one v0.1", "tiny": "context-64"}
    return study(
        documents,
        {"capitals-v2.0_a": (settings, rows)},
        shards={
            "my corpus/web 1.0/part-00.jsonl": shard(documents[::2]),
            "my corpus/web 2.0/part-00.jsonl": shard(documents[1::2]),
        },
        corpus={"shards": ["my corpus/*/*.jsonl"]},
        models={"tiny-0.1m.v2": model, "2.0_b": {**model, "path": "my models/b"}},
        files={"my tasks/capitals of 2.0.jsonl": jsonl(rows)},
    )


# What the task is like.


@shape
def duplicate_examples() -> Study:
    """The same examples several times, and one question with two answers."""
    rows = asked(FACTS[:12]) * 3 + [{**asked(FACTS[:1])[0], "target": TOWNS[1]}] * 2
    return study(noisy(FACTS), {"capitals": questions(rows)})


@shape
def one_example() -> Study:
    """A single test example."""
    return study(noisy(FACTS), {"capitals": questions(asked(FACTS[:1]))})


@shape
def two_examples() -> Study:
    """Two test examples, each of one pair."""
    rows = [{"input": land, "target": town} for land, town in FACTS[:2]]
    return study(noisy(FACTS), {"capitals": questions(rows)})


@shape
def three_items() -> Study:
    """Questions of one word, three of whose answers the corpus holds."""
    facts = [*FACTS[:3], *((f"{land}ia", f"{town}hof") for land, town in FACTS[3:9])]
    rows = [{"input": land, "target": town} for land, town in facts]
    return study(noisy(FACTS[:3]), {"capitals": questions(rows)})


@shape
def multiple_choice() -> Study:
    """Options, of groups of which one has a single example."""
    drawn = random.Random(5)
    rows = []
    for number, (land, town) in enumerate(FACTS):
        options = [town, *drawn.sample([other for other in TOWNS if other != town], 3)]
        drawn.shuffle(options)
        rows.append(
            {
                "input": f"What is the capital of {land}?",
                "target": town,
                "options": options,
                "group": "first" if not number else "later",
            }
        )
    settings = {"kind": "multiple-choice", "fields": {"options": "options", "group": "group"}}
    return study(noisy(FACTS), {"capitals": questions(rows, **settings, n=[1], max_new_tokens=0)})


@shape
def translation() -> Study:
    """Sentences with their translations; documents hold both."""
    drawn = random.Random(6)
    lexicon = dict(zip(names("", seed=7), names("o", seed=8), strict=True))
    sentences = [drawn.sample(sorted(lexicon), 4) for _ in range(60)]
    pairs = [
        (" ".join(words).lower(), " ".join(lexicon[word] for word in words).lower())
        for words in sentences
    ]
    documents = [f"{source}. {target}." for source, target in pairs[20:] * 2]
    rows = [{"input": source, "target": target} for source, target in pairs[:20]]
    settings = {"kind": "translation", "languages": ["en", "Talvic"], "max_new_tokens": 16}
    return study(documents, {"sentences": questions(rows, **settings)})


@shape
def reasoning() -> Study:
    """Word problems with worked answers."""
    sums = [(a, b) for a in range(2, 8) for b in range(2, 6)]
    worked = [f"{a} and {b} make {a + b}. The answer is {a + b}" for a, b in sums]
    rows = [
        {"input": f"Ann has {a} apples and buys {b}. How many has she?", "target": target}
        for (a, b), target in zip(sums, worked, strict=True)
    ]
    documents = [f"{row['input']} {row['target']}" for row in rows[::2]] * 2 + worked[1::2]
    return study(
        documents,
        {"sums": questions(rows, kind="reasoning", n=[2], max_new_tokens=16)},
        models={"small": {"tiny": "context-128"}},
    )


@shape
def n_without_pairs() -> Study:
    """At n = 5 no question is long enough."""
    rows = [{"input": f"Capital of {land}?", "target": town} for land, town in FACTS]
    return study(
        noisy(FACTS),
        {"capitals": questions(rows, n=[2, 5], sweep=[0.5])},
        without_pairs=[("capitals", 5)],
    )


@shape
def task_without_pairs() -> Study:
    """Of two tasks one has nothing in common with the corpus."""
    rows = [{"input": f"Welche Stadt von {a}?", "target": b[::-1]} for a, b in FACTS]
    return study(
        noisy(FACTS),
        {
            "capitals": questions(asked(FACTS)),
            "elsewhere": questions(
                [{**row, "input": row["input"].replace("land", "reich")} for row in rows]
            ),
        },
        without_pairs=[("elsewhere", 1)],
    )


@shape
def long_answers() -> Study:
    """Whole answers of one word and of many, some longer than context, documents and n-grams."""
    facts = [
        (land, town if number % 3 else f"{town} on the old river by the bridge")
        for number, (land, town) in enumerate(FACTS)
    ]
    documents = noisy(facts)
    # Longer than the context, than any document, and than an n-gram can be.
    for number, times in enumerate((1, 3, 5)):
        facts[number] = (LANDS[number], " ".join(TOWNS * times))
    return study(
        documents,
        {"capitals": questions(asked(facts), n=[2])},
        models={"small": {"tiny": "context-32"}},
    )


@shape
def one_word() -> Study:
    """Questions of one word, and answers that equal their question."""
    rows = [{"input": land, "target": town} for land, town in FACTS]
    rows += [{"input": town, "target": town} for town in TOWNS[:5]]
    return study(noisy(FACTS), {"capitals": questions(rows)})


@shape
def answers_equal_questions() -> Study:
    """Every answer equals its question, so that no pair is left at any n."""
    rows = [{"input": town, "target": town} for town in TOWNS]
    return study(noisy(FACTS), {"towns": questions(rows)}, without_pairs=[("towns", 1)])


@shape
def chinese() -> Study:
    """Chinese text: no spaces, so that a word is what stands between two marks."""
    numerals = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
    facts = [
        (f"{a}国的首都是哪里", f"{b}城") for a, b in zip(numerals, numerals[::-1], strict=True)
    ]
    drawn = random.Random(9)
    documents = [f"{a}？{b}。" for a, b in facts for _ in range(drawn.randint(1, 4))]
    documents += [f"{a}？{drawn.choice(facts)[1]}。" for a, _ in facts]
    rows = [{"input": f"{a}？", "target": b} for a, b in facts]
    return study(documents, {"首都"[:0] + "capitals": questions(rows)}, title="虚构国家的首都")


@shape
def right_to_left() -> Study:
    """Hebrew text with vowel points, and emoji: some answers are an emoji alone."""
    letters = "אבגדהוזחטיכלמנסעפצקר"
    facts = [(f"ארץ{a}", f"עיר{b}") for a, b in zip(letters, letters[::-1], strict=True)]
    drawn = random.Random(10)
    documents = [f"בִּירַת {a} היא {b} 🏰." for a, b in facts for _ in range(drawn.randint(1, 4))]
    documents += [f"דרך מן {a} אל {drawn.choice(facts)[1]} 🚂" for a, _ in facts]
    rows = [{"input": f"מהי בירת {a}? 🗺️", "target": b} for a, b in facts]
    rows += [{"input": "🗺️🏰?", "target": "🏰"}, {"input": f"{facts[0][0]} 👩‍👩‍👧", "target": "👑"}]
    return study(documents, {"capitals": questions(rows)}, title="בירות 🏰")


@shape
def words_that_look_missing() -> Study:
    """Answers, a model and a task whose names stand for a missing value in other tools."""
    answers = ["nan", "None", "null", "NA", "inf", "true", "no", "1e5", "N/A", "0"]
    facts = list(zip(LANDS, answers, strict=False))
    rows = [{**row, "group": town} for row, (_, town) in zip(asked(facts), facts, strict=True)]
    documents = noisy(facts) + noisy(FACTS)
    return study(
        documents,
        {"null": questions(rows, fields={"group": "group"})},
        models={"nan": {"tiny": "context-64"}},
        looks_missing=True,
    )


# What the config asks for.


@shape
def two_sizes() -> Study:
    """Two sizes of one family, thresholds that are swept, pairs of the training split."""
    settings, rows = questions(
        asked(FACTS[15:]),
        train="tasks/capitals.train.jsonl",
        pairs_from="train",
        sweep=[0.3, 0.99],
    )
    return study(
        noisy(FACTS),
        {"capitals": (settings, rows)},
        models={
            "small": {"tiny": "context-64", "family": "tiny"},
            "large": {"tiny": "wide", "family": "tiny", "parameters": 400_000},
        },
        files={"tasks/capitals.train.jsonl": jsonl(asked(FACTS))},
    )


@shape
def one_size_twice() -> Study:
    """Two models of the same size, one tuned from the other; no document is sampled."""
    return study(
        noisy(FACTS),
        {"capitals": questions(asked(FACTS))},
        models={
            "base": {"tiny": "context-64"},
            "tuned": {"tiny": "context-128", "instruct_of": "base"},
        },
        samples=0,
        decontamination=[],
    )


@shape
def permuted_control() -> Study:
    """A control task with permuted answers; no ∞-gram LM."""
    return study(
        noisy(FACTS),
        {
            "capitals": questions(asked(FACTS)),
            "permuted": questions(
                asked(FACTS), permuted_of="capitals", test="tasks/capitals.jsonl"
            ),
        },
        infgram=None,
    )


@shape
def no_model() -> Study:
    """Counts alone."""
    return study(noisy(FACTS), {"capitals": questions(asked(FACTS), n=[1, 2])}, models={})


@shape
def small_context() -> Study:
    """A context no longer than what a task generates unless told otherwise; prompts are cut."""
    settings, rows = questions(asked(FACTS))
    del settings["max_new_tokens"]
    return study(
        noisy(FACTS), {"capitals": (settings, rows)}, models={"small": {"tiny": "context-32"}}
    )


@shape
def large_vocabulary() -> Study:
    """A tokenizer of more tokens than an index can hold, and no other."""
    made = study(
        noisy(FACTS),
        {"capitals": questions(asked(FACTS))},
        models={"small": {"tiny": "many-tokens"}},
    )
    config = {key: value for key, value in made.config.items() if key != "infgram"}
    return replace(made, config=config)


@shape
def shortest() -> Study:
    """The shortest config: shards, a task's file and a model."""
    made = study(noisy(FACTS), {"capitals": questions(asked(FACTS))})
    config = {
        "corpus": {"shards": ["corpus/web.jsonl"]},
        "tasks": {"capitals": {"test": "tasks/capitals.jsonl"}},
        "models": {"small": {"path": "models/small"}},
    }
    return replace(made, config=config)


@shape
def shortest_without_model() -> Study:
    """The same without a model, of another kind of task."""
    made = multiple_choice()
    config = {
        "corpus": {"shards": ["corpus/web.jsonl"]},
        "tasks": {"capitals": {"test": "tasks/capitals.jsonl", "fields": {"options": "options"}}},
    }
    return replace(made, config=config, models={})
