"""What a config leaves to its files is filled in, and what would stop a job is said before any."""

import json
from pathlib import Path

import pytest
from tiny_model import build_model

from tracemem.settings import study as settings
from tracemem.study import preflight


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return build_model(tmp_path_factory.mktemp("model"), context=64)


@pytest.fixture
def folder(model, tmp_path, monkeypatch) -> Path:
    """A folder with the files of a study of one's own; the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").symlink_to(model)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_text(json.dumps({"text": "Bern is in Wald."}) + "\n")
    examples = [{"question": "Where is Bern?", "answer": "Wald"}] * 3
    lines = "".join(json.dumps(one) + "\n" for one in examples)
    (tmp_path / "towns.jsonl").write_text(lines)
    return tmp_path


def config(**changes) -> dict:
    return {
        "corpus": {"shards": "corpus/*.jsonl"},
        "tasks": {"towns": {"test": "towns.jsonl"}},
        "models": {"small": {"path": "small"}},
        **changes,
    }


def test_shards_a_task_file_and_a_model_are_enough(folder):
    study, notes = preflight.complete(config(), "towns of mine")
    assert (study.title, study.results) == ("towns of mine", "results/towns-of-mine")
    task, model = study.tasks["towns"], study.models["small"]
    assert task.kind == "question-answering"
    assert (task.fields.input, task.fields.target) == ("question", "answer")
    assert model.parameters == 116_992
    assert study.infgram.tokenizer == "small"
    assert preflight.problems(study) == []
    said = "\n".join(notes)
    assert "tasks.towns: kind 'question-answering'" in said and "towns.jsonl" not in said
    assert "models.small.parameters: 116,992" in said and "that of model small" in said


def test_a_key_of_ones_own_is_never_overridden(folder):
    given = config(infgram={"tokenizer": "small"})
    given["models"]["small"]["parameters"] = 5
    given["tasks"]["towns"] |= {"n": 1, "fields": {"input": "answer", "target": "question"}}
    study, _ = preflight.complete(given, "x")
    assert study.models["small"].parameters == 5
    assert study.tasks["towns"].n == [1]
    assert study.tasks["towns"].fields.input == "answer"


def test_fields_alone_are_left_to_the_file_where_it_lacks_the_default_ones(folder):
    given = config(tasks={"towns": {"test": "towns.jsonl", "kind": "reasoning"}})
    task = preflight.complete(given, "x")[0].tasks["towns"]
    assert (task.kind, task.fields.input) == ("reasoning", "question")
    (folder / "towns.jsonl").write_text('{"input": "a", "target": "b", "aliases": ["c"]}\n')
    task = preflight.complete(given, "x")[0].tasks["towns"]
    assert (task.fields.input, task.fields.aliases, task.n) == ("input", "", [1, 2, 3])


@pytest.mark.parametrize("models", [{}, {"far": {"path": "owner/far", "parameters": 7}}])
def test_without_a_tokenizer_there_is_no_infgram_and_no_problem(folder, models):
    study, notes = preflight.complete(config(models=models), "x")
    assert study.infgram is None and preflight.problems(study) == []
    assert any("no infinity-gram LM" in note for note in notes) == bool(models)


def test_a_vocabulary_beyond_16_bits_leaves_infgram_out(folder, model):
    large = folder / "large"
    large.mkdir()
    for file in model.iterdir():
        (large / file.name).symlink_to(file)
    (large / "tokenizer.json").unlink()
    vocabulary = {"model": {"vocab": {"a": 0, "b": 65_535}}, "added_tokens": []}
    (large / "tokenizer.json").write_text(json.dumps(vocabulary))
    study, notes = preflight.complete(config(models={"large": {"path": "large"}}), "x")
    assert study.infgram is None
    assert "infgram: no infinity-gram LM, as the tokenizer of model large has 65,536" in notes[-1]
    wrong = config(infgram={"tokenizer": "large"})
    found = preflight.problems(preflight.complete(wrong, "x")[0])
    assert found == ["infgram.tokenizer: found 'large' with 65,536 tokens; allowed: up to 65,535"]


WRONG = {
    "corpus.shards": ({"corpus": {"shards": "nothing/*"}}, "'nothing/*' matches nothing in"),
    "tasks.t.test": (
        {"tasks": {"t": {"kind": "question-answering", "test": "lost.jsonl"}}},
        "lost.jsonl: no such file",
    ),
    "tasks.t.test field": (
        {
            "tasks": {
                "t": {
                    "kind": "question-answering",
                    "test": "towns.jsonl",
                    "fields": {"target": "reply"},
                }
            }
        },
        "towns.jsonl:1: no field 'reply', found: question, answer",
    ),
    "models.m.path": ({"models": {"m": {"path": "./lost"}}}, "./lost: no such folder; allowed: "),
    "models.m.path slip": ({"models": {"m": {"path": "corpus/m"}}}, "corpus/m: no such folder"),
    "models.m.path bare": ({"models": {"m": {"path": "lost"}}}, "found 'lost', which is no folder"),
    "models.m.path other": ({"models": {"m": {"path": "corpus"}}}, "corpus has no config.json"),
    "models.m.revision": (
        {"models": {"m": {"path": "small", "revision": "step9"}}},
        "found 'step9'; allowed: a sub-folder of small: there is none",
    ),
    "models.m.parameters": (
        {"models": {"m": {"path": "owner/m"}}},
        "missing, and no weights of 'owner/m' are on this machine",
    ),
    "models.m.chat_template": (
        {"models": {"m": {"path": "small", "chat_template": True}}},
        "found true, but the tokenizer of 'small' has no chat template",
    ),
    "models.m.tensor_parallel_size": (
        {"models": {"m": {"path": "small", "tensor_parallel_size": 2}}},
        "found 2, which needs engine vllm",
    ),
    "tasks.towns.max_new_tokens": (
        {"tasks": {"towns": {"test": "towns.jsonl", "max_new_tokens": 64}}},
        "found 64, but model small has a context of 64 tokens; allowed: up to 63, or left out",
    ),
    "generation.python": ({"generation": {"python": "no/python"}}, "found 'no/python'; allowed: "),
    "generation.engine": (
        {"generation": {"engine": "vllm"}},
        "found 'vllm' (for small), but vllm is not installed where Snakemake runs; allowed: ",
    ),
    "infgram.tokenizer": ({"infgram": {"tokenizer": "./lost"}}, "./lost: no such folder"),
    "infgram.index": (
        {"infgram": {"tokenizer": "small", "index": "lost"}},
        "found 'lost'; allowed: a folder with tokenized.0",
    ),
    "embedders.e.name": (
        {
            "embedders": {"e": {"kind": "sentence-transformers", "name": "./lost"}},
            "tasks": {"towns": {"test": "towns.jsonl", "kind": "question-answering", "embedder": "e",
                                "fields": {"input": "question", "target": "answer"}}},
        },
        "./lost: no such folder",
    ),
    "results": ({"results": "towns.jsonl/x"}, "towns.jsonl is a file; allowed: a folder"),
}  # fmt: skip


@pytest.mark.parametrize("key", WRONG)
def test_what_would_stop_a_job_is_said_before_any(folder, key):
    change, said = WRONG[key]
    study, _ = preflight.complete(config(**change), "x")
    found = preflight.problems(study)
    assert len(found) == 1
    assert found[0].startswith(f"{key.split()[0]}: ") and said in found[0]


def test_bare_names_of_the_hub_are_allowed_where_no_folder_is_likelier(folder):
    given = config(embedders={"e": {"kind": "sentence-transformers", "name": "all-MiniLM"}})
    given["tasks"]["towns"] |= {"embedder": "e", "gamma": 0.7}
    assert preflight.problems(preflight.complete(given, "x")[0]) == []


def test_all_of_it_is_said_at_once(folder):
    changes = {}
    for key in ("corpus.shards", "tasks.t.test", "models.m.path", "generation.python"):
        changes |= WRONG[key][0]
    found = preflight.problems(preflight.complete(config(**changes), "x")[0])
    assert [line.split(":")[0] for line in found] == [
        "corpus.shards", "tasks.t.test", "models.m.path", "generation.python",
    ]  # fmt: skip


def test_a_file_that_leaves_its_kind_open_is_named(folder):
    (folder / "odd.jsonl").write_text('{"a": 1, "b": 2}\n')
    with pytest.raises(settings.SettingsError, match=r"tasks\.t\.kind: missing.*odd\.jsonl"):
        preflight.complete(config(tasks={"t": {"test": "odd.jsonl"}}), "x")


def test_files_that_the_study_makes_itself_are_not_missed(folder):
    task = {"kind": "question-answering", "test": "results/x/world/tasks/questions.test.jsonl"}
    given = {"world": {}, "ladder": {}, "tasks": {"questions": task}}
    study, _ = preflight.complete(given, "x")
    assert preflight.problems(study) == []
