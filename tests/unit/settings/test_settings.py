"""A wrong config stops before any job, with the key, what was found and what is allowed."""

import copy
from pathlib import Path

import pytest
import yaml

from tracemem.settings import study as settings

ROOT = Path(__file__).resolve().parents[3]

OWN = {
    "title": "Mine",
    "results": "results/mine",
    "corpus": {"shards": ["a.jsonl"]},
    "infgram": {"tokenizer": "models/small"},
    "tasks": {"capitals": {"kind": "question-answering", "test": "t.jsonl", "n": 2, "gamma": 0.5}},
    "models": {"small": {"path": "models/small", "parameters": 1000}},
}


def config(path: str, value) -> dict:
    """The config above with one key set (dotted), or removed where value is ... itself."""
    changed = copy.deepcopy(OWN)
    *above, last = path.split(".")
    section = changed
    for key in above:
        section = section.setdefault(key, {})
    if value is ...:
        del section[last]
    else:
        section[last] = value
    return changed


def test_a_minimal_config_of_ones_own_is_enough():
    study = settings.load(OWN)
    assert study.corpus.on_bad_record == "stop"
    assert list(study.study_models()) == ["small"]
    assert study.decontamination == [8, 14]


def test_thresholds_left_out_suit_the_embedder():
    changed = config("tasks.capitals.gamma", ...)
    task = settings.load(changed).tasks["capitals"]
    assert (task.embedder, task.gamma) == ("wordllama", [0.05])
    changed["tasks"]["capitals"]["kind"] = "reasoning"
    assert settings.load(changed).tasks["capitals"].gamma == [0.3]
    changed["tasks"]["capitals"] |= {"kind": "question-answering", "embedder": "lsa"}
    assert settings.load(changed).tasks["capitals"].gamma == [0.0]
    changed["tasks"]["capitals"] |= {"embedder": "e5", "n": [3, 5]}
    study = settings.load(changed)
    assert study.tasks["capitals"].gamma == [0.75, 0.65]
    assert study.embedders["e5"].kind == "sentence-transformers"
    changed["embedders"] = {"e5": {"kind": "lsa"}}
    assert settings.load(changed).tasks["capitals"].gamma == [0.0, 0.0]
    del changed["tasks"]["capitals"]["n"]
    changed["tasks"]["capitals"] |= {"kind": "translation", "languages": ["de", "en"]}
    task = settings.load(changed).tasks["capitals"]
    assert (task.n, task.gamma) == ([1, 2, 3], [0.3, 0.3, 0.3])


def test_the_embedder_left_out_is_english_only_where_both_sides_are():
    changed = config("tasks.capitals.embedder", "lsa")
    assert list(settings.load(changed).embedders) == ["lsa"]
    del changed["tasks"]["capitals"]["embedder"]
    study = settings.load(changed)
    assert study.tasks["capitals"].embedder == "wordllama"
    assert study.embedders["wordllama"].kind == "wordllama"
    changed["tasks"]["capitals"]["stop_words"] = {"input": "de", "output": None}
    assert settings.load(changed).tasks["capitals"].embedder == "lsa"
    del changed["tasks"]["capitals"]["stop_words"]
    changed["tasks"]["capitals"] |= {"kind": "translation", "languages": ["de", "en"]}
    assert settings.load(changed).tasks["capitals"].embedder == "lsa"


def test_title_and_results_are_named_after_the_config():
    changed = {**config("title", ...), "seed": 2}
    del changed["results"]
    study = settings.load(settings.named(changed, "my first study"))
    assert (study.title, study.results) == ("my first study", "results/my-first-study")
    assert settings.load(settings.named(OWN, "other")).results == "results/mine"
    assert settings.named({}, "...")["results"] == "results/study"


def test_decontamination_may_be_left_out():
    assert settings.load(config("decontamination", [])).decontamination == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.yaml")), ids=lambda path: path.name)
def test_every_config_here_is_right(path):
    config = yaml.safe_load(path.read_text())
    if "title" not in config:  # An overlay, given after another config.
        config = {**yaml.safe_load((ROOT / "config" / "demo.yaml").read_text()), **config}
    settings.load(config)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("title", ..., "title: missing"),
        ("models.small.instruct_of", "smal", "found 'smal', allowed: another model of the study"),
        ("models.small.instruct_of", "small", "models.small.instruct_of: found 'small', allowed"),
        ("corpus.shard", ["a"], "corpus.shard: unknown key (did you mean shards?); allowed: "),
        ("corpus.on_bad_record", "ignore", "corpus.on_bad_record: found 'ignore'; allowed: "),
        ("corpus.shards", [], "give either corpus.shards, corpus.fetch or world"),
        ("world", {}, "give either corpus.shards, corpus.fetch or world"),
        ("corpus.fetch", {"a": {"urls": "http://b/c.jsonl"}}, "give either corpus.shards, corpus."),
        ("corpus.fetch.a", {"hub": "b/c"}, "corpus.fetch.a: files: found [], allowed: "),
        (
            "corpus.fetch.a",
            {"hub": "b/c", "urls": "d"},
            "corpus.fetch.a: give either hub, with its",
        ),
        ("corpus.fetch.a", {}, "corpus.fetch.a: give either hub, with its files, or urls"),
        ("corpus.fetch.a", {"urls": "d", "revision": "e"}, "revision: found 'e', allowed: none"),
        ("corpus.fetch.a", {"urls": "http://b/{1..}"}, "urls: found 'http://b/{1..}'; allowed in "),
        ("corpus.fetch.a", {"urls": "http://b/{2..1}"}, "allowed: ranges that go up"),
        ("corpus.fetch.a b", {"urls": "d"}, "corpus.fetch.a b"),
        ("resources.count_ngram", {}, "count_ngram: no rule whose needs can be set (did you mean "),
        ("resources.write_manifest", {"mem_mb": 900}, "no rule whose needs can be set; allowed: "),
        (
            "resources.generate",
            {"mem_mb": 900},
            "generate: its needs stand in models, under mem_mb",
        ),
        ("resources.count_ngrams", {"memory": 9}, "count_ngrams.memory: unknown key; allowed: mem"),
        ("resources.count_ngrams.runtime", 0, "count_ngrams.runtime: found 0; allowed: "),
        ("tasks.capitals.gama", 0.5, "tasks.capitals.gama: unknown key (did you mean gamma?)"),
        ("tasks.capitals.gamma", 2, "gamma: found 2.0, allowed: "),
        (
            "tasks.capitals.embedder",
            "e6",
            "tasks.capitals.embedder: found 'e6', allowed: lsa, wordllama, e5, laser",
        ),
        ("tasks.capitals.kind", "chat", "tasks.capitals.kind: found 'chat'; allowed: "),
        ("tasks.capitals.permuted_of", "x", "permuted_of: found 'x', allowed: a task of capitals"),
        ("tasks.a b", OWN["tasks"]["capitals"], "a b"),
        ("models.small.parameters", "many", "models.small.parameters: found 'many'; allowed: "),
        ("models.small.revison", "x", "models.small.revison: unknown key (did you mean revision?)"),
        ("statistics.bootstrap", 3, "statistics.bootstrap: found 3; allowed: "),
        ("decontamination", [8, 15], "decontamination.1: found 15; allowed: "),
        ("decontamination", [8, 8], "decontamination: found [8, 8], allowed: different numbers"),
    ],
)
def test_a_wrong_key_is_named(path, value, said):
    with pytest.raises(settings.SettingsError) as wrong:
        settings.load(config(path, value))
    assert said in str(wrong.value)


def test_the_examples_of_the_documentation_are_right():
    page = (ROOT / "config" / "README.md").read_text()
    shortest, whole = (
        yaml.safe_load(part.split("```")[0]) for part in page.split("```yaml\n")[1:3]
    )
    settings.load(whole)
    # The file would say the kind.
    shortest["tasks"]["capitals"]["kind"] = "question-answering"
    settings.load(settings.named(shortest, "mine"))


def test_every_wrong_key_has_its_line():
    changed = config("title", ...)
    changed["sed"] = 1
    with pytest.raises(settings.SettingsError) as wrong:
        settings.load(changed)
    assert "title: missing" in str(wrong.value) and "sed: unknown key" in str(wrong.value)


def test_models_are_in_order_of_size():
    changed = config("models.large", {"path": "models/large", "parameters": 5000})
    changed["models"]["tiny"] = {"path": "models/tiny", "parameters": 10}
    assert list(settings.load(changed).study_models()) == ["tiny", "small", "large"]
