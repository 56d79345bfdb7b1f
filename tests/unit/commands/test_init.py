"""``tracemem init``: what it writes can be run as it is, and says what was guessed."""

import gzip
import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from snakemake.common.configfile import load_configfile

from tracemem import commands, tasks
from tracemem.commands import init as command
from tracemem.commands.first_study import names
from tracemem.corpus import text_field
from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.shards import Shard, find_shards
from tracemem.study import preflight

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = [{"question": f"Who wrote book {i}?", "answer": "Jane Austen"} for i in range(4)]
DEFAULTS = ("output_gram", "gamma", "embedder", "metrics", "prompt", "on_bad_record")


def write(path, records):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(text, encoding="utf-8")
    return str(path)


def write_model(folder, context=64):
    """A model of ten parameters, as far as its files say."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": context}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [5, 2], "data_offsets": [0, 40]}}).encode()
    (folder / "model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + b"0" * 40
    )
    return str(folder)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with a corpus of one document, questions.jsonl and a model."""
    monkeypatch.chdir(tmp_path)
    write("corpus.jsonl", [{"text": "Jane Austen wrote book 1"}])
    write("questions.jsonl", QUESTIONS)
    write_model("small")
    return tmp_path


@pytest.fixture
def init(here, capsys):
    """Run the command; what it wrote, as Snakemake reads it, the settings of that, and the terminal."""

    def run(*arguments, config="my.yaml"):
        commands.main(["init", *map(str, arguments)])
        found = load_configfile(config)
        study, _ = preflight.complete(found, "x")
        assert preflight.problems(study) == []
        return SimpleNamespace(
            config=found, study=study, text=Path(config).read_text(), said=capsys.readouterr().out
        )

    return run


def failure(*arguments):
    """What the command says on its way out, after which nothing is written."""
    with pytest.raises(SystemExit) as ended:
        commands.main(["init", *map(str, arguments)])
    assert not Path("my.yaml").exists()
    return str(ended.value)


SHAPES = {
    "one record": ([{"question": "Who wrote it?", "answer": "Jane"}], "question-answering", [1, 2, 3]),
    "odd names of fields": (
        [{"a: b": "Bern", "#c": "Welche Stadt?", "-": "x"}, {"a: b": "Rom", "#c": "Und?", "-": "x"}],
        "question-answering", [1, 2],
    ),
    "names that end lines": (
        [{"question\n": "Who wrote it?", "answer\u2028\x07": "Jane"}], "question-answering", [1, 2, 3],
    ),
    "Chinese": (
        [{"问题": f"{place}的首都是哪里？", "答案": city, "类": "地理"}
         for place, city in (("法国", "巴黎"), ("中国", "北京"))],
        "question-answering", [1],
    ),
    "aliases and groups": (
        [{**record, "aliases": ["Jane"], "subject": "a: b\nc"} for record in QUESTIONS],
        "question-answering", [1, 2, 3],
    ),
    "a list of answers": (
        [{"question": "who wrote", "answers": ["Jane", "Austen"]}], "question-answering", [1, 2],
    ),
    "options by text": (
        [{"question": "Which is it?", "choices": ["a b", "c d"], "answer": "c d"}],
        "multiple-choice", [1, 2],
    ),
    "options by letter": (
        [{"question": "Which is it?", "options": ["a", "c"], "answer": "B"}], "multiple-choice", [1, 2, 3],
    ),
    "options by number": (
        [{"ctx": "He went home", "endings": ["a b c", "d e f"], "label": 1}], "multiple-choice", [1, 2, 3],
    ),
    "two languages": ([{"de": "das Haus steht", "en": "the house stands"}], "translation", [1, 2, 3]),
    "translations": ([{"translation": {"en": "the house", "de": "das Haus"}}], "translation", [1, 2]),
    "worked answers": (
        [{"question": "How many are two?", "answer": "It is two\n#### 2"}], "reasoning", [1, 2, 3],
    ),
    "answers with other names": (
        [{"problem": "How many are two?", "solution": "It is two\n#### 2"}], "reasoning", [1, 2, 3],
    ),
    "long answers": (
        [{"question": "Who wrote it?", "answer": "She did " * 70}], "question-answering", [1, 2, 3],
    ),
    "TriviaQA": (
        [{"context": "Question: Who wrote it?\nAnswer:", "answer": "Jane", "aliases": ["J"]}],
        "question-answering", [1, 2, 3],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_a_study(init, shape):
    records, kind, n = SHAPES[shape]
    write("own.jsonl", records)
    found = init("corpus.jsonl", "--task", "own.jsonl", "--model", "small")
    task = found.study.tasks["own"]
    assert (task.kind, task.n) == (kind, n)
    assert len(tasks.load(task, "test")) == len(records)
    # Nothing is left to be guessed again, and the thresholds are the defaults.
    assert {"kind", "test", "n"} <= found.config["tasks"]["own"].keys()
    assert "gamma" not in found.config["tasks"]["own"]
    assert task.max_new_tokens in (None, 32)
    # Every field in use is named on the terminal.
    for field in found.config["tasks"]["own"].get("fields", {}).values():
        assert " ".join(re.findall(r"[^\s\x07]+", field)) in found.said


def test_the_whole_config(init):
    found = init(
        "corpus.jsonl", "--task", "questions.jsonl", "--model", "small", "--name", "My: #1"
    )
    assert found.config == {
        "title": "My: #1",
        "results": "results/My-1",
        "corpus": {"shards": ["corpus.jsonl"], "text_field": "text"},
        "tasks": {
            "questions": {
                "kind": "question-answering",
                "test": "questions.jsonl",
                "fields": {"input": "question", "target": "answer"},
                "n": [1, 2, 3],
            }
        },
        "models": {"small": {"path": "small"}},
    }
    assert found.study.models["small"].parameters == 10
    assert "task questions: 4 examples" in found.said and "answer is the gold answer" in found.said
    assert "small: 10 parameters" in found.said
    assert max(map(len, found.text.splitlines())) <= 100


def test_the_defaults_it_shows_are_those_in_use(init):
    write("sides.de-en.jsonl", [{"source": "das Haus steht", "target": "the house stands"}])
    found = init("corpus.jsonl", "--task", "questions.jsonl", "--task", "sides.de-en.jsonl")
    shown = re.findall(rf"^ +# ({'|'.join(DEFAULTS)}): ", found.text, re.MULTILINE)
    assert shown.count("gamma") == 2 and set(shown) == set(DEFAULTS)
    active = re.sub(rf"^( +)# ({'|'.join(DEFAULTS)}): ", r"\1\2: ", found.text, flags=re.MULTILINE)
    Path("active.yaml").write_text(active)
    study = preflight.complete(load_configfile("active.yaml"), "x")[0]
    assert load_configfile("active.yaml") != found.config
    for name, task in found.study.tasks.items():
        # One threshold for all n is written once.
        again = study.tasks[name].model_copy(update={"gamma": task.gamma})
        assert again == task and {study.tasks[name].gamma_of(n) for n in task.n} == {task.gamma[0]}
    assert study.model_copy(update={"tasks": found.study.tasks}) == found.study


def test_without_a_model_it_counts_and_shows_how_to_add_one(init):
    found = init("corpus.jsonl", "--task", "questions.jsonl")
    assert "models" not in found.config and not found.study.models
    assert "no model" in found.said and max(map(len, found.text.splitlines())) <= 100
    Path("models").mkdir()
    write_model("models/small")
    lines = found.text.splitlines()
    start = lines.index("# models:")
    lines[start:] = [line.removeprefix("# ") for line in lines[start:]]
    Path("more.yaml").write_text("\n".join(lines))
    assert load_configfile("more.yaml")["models"] == {"small": {"path": "models/small"}}


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("it's.jsonl", "it-s"),
        ('a "b": #c.test.jsonl', "a-b-c"),
        ("- x, [y].jsonl", "x-y"),
        ("2009.jsonl", "2009"),
        ("no.jsonl", "no"),
        ("1e3.jsonl", "1e3"),
        ("v1.2.jsonl", "v1.2"),
        ("问题.jsonl", "unnamed"),
        ("new\nline.jsonl", "new-line"),
        ("folder of it/test.jsonl", "folder-of-it"),
    ],
)
def test_names_of_files(init, name, task):
    write(name, QUESTIONS)
    shard = write(f"docs/{Path(name).name}", [{"text": "a"}])
    model = write_model(f"models/{Path(name).name}")
    found = init(shard, f"--task={name}", f"--model={model}")
    assert list(found.config["tasks"]) == [task]
    assert found.config["tasks"][task]["test"] == name
    assert found.config["corpus"]["shards"] == [shard]
    assert [model["path"] for model in found.config["models"].values()] == [model]


def test_several_tasks_and_models(init):
    for folder in ("a", "b"):
        write(f"{folder}/own.jsonl", QUESTIONS)
        write_model(f"{folder}/model")
    for code in ("de", "en"):
        Path(f"news.{code}").write_text(f"a line of {code}\n")
    tasks_given = [
        "a/own.jsonl",
        "questions.jsonl",
        "b/own.jsonl",
        "news.en",
        "news.de",
        "a/own.jsonl",
    ]
    found = init(
        "corpus.jsonl",
        *(f"--task={task}" for task in tasks_given),
        *(f"--model={model}" for model in ("a/model", "b/model", "small")),
    )
    assert list(found.config["tasks"]) == ["a-own", "questions", "b-own", "news-en-de"]
    assert found.study.tasks["news-en-de"].files("test") == ["news.en", "news.de"]
    assert list(found.config["models"]) == ["a-model", "b-model", "small"]


def test_names_are_never_the_same():
    places = [("x", "a b"), ("x", "a-b"), ("x", "a b"), ("x", "x-a-b"), ("y", "a")]
    found = names(places)
    assert len(set(found)) == 5 and found[-1] == "a"


def test_answers_leave_a_small_context_room(init):
    write("own.jsonl", SHAPES["long answers"][0])
    assert init("corpus.jsonl", "--task=own.jsonl").study.tasks["own"].max_new_tokens == 128
    found = init("corpus.jsonl", "--task=own.jsonl", "--model=small", "--force")
    assert found.config["tasks"]["own"]["max_new_tokens"] == 32


@pytest.mark.parametrize(("total", "parameters"), [(70_426_624, 70_426_624), (None, None)])
def test_the_hub_is_asked_once_for_parameters(here, capsys, monkeypatch, total, parameters):
    asked = []

    def model_info(self, name, **how):
        asked.append((name, how["timeout"] < 10))
        if total is None:
            raise ConnectionError("no network")
        return SimpleNamespace(safetensors=SimpleNamespace(total=total))

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)
    arguments = ["corpus.jsonl", "--task", "questions.jsonl", "--model", "owner/my-model"]
    commands.main(["init", *arguments])
    assert asked == [("owner/my-model", True)]
    model = load_configfile("my.yaml")["models"]["my-model"]
    assert (model["path"], model.get("parameters")) == ("owner/my-model", parameters)
    if not parameters:
        assert "    # parameters: " in Path("my.yaml").read_text()
        assert "Set models.my-model.parameters" in capsys.readouterr().out


def test_a_model_that_is_nowhere(here, monkeypatch):
    from huggingface_hub.errors import RepositoryNotFoundError

    def model_info(*_, **__):
        raise RepositoryNotFoundError("404", response=SimpleNamespace(headers={}, request=None))

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)
    Path("models").mkdir()
    said = failure(
        "corpus.jsonl", "--task=questions.jsonl", "--model=owner/none", "--model=models/none",
        "--model=none", "--model=./none",
    )  # fmt: skip
    assert "--model owner/none: neither a folder nor open to you on the hub" in said
    assert "--model found 'none', which is no folder here and not in the hub's cache" in said
    for name in ("models/none", "./none"):
        assert f"--model {name}: no such folder; allowed: a folder that is there" in said


def test_all_that_is_wrong_is_said_at_once(here):
    write("numbers.jsonl", [{"question": "1+1?", "answer": 2}])
    write("steps.jsonl", [{"question": "1+1?", "answer": "two\n#### two"}])
    Path("empty.jsonl").write_text("")
    Path("broken").mkdir()
    (Path("broken") / "config.json").write_text("{")
    files = ("numbers", "steps", "empty", "absent")
    said = failure(
        "none/*.jsonl",
        *(f"--task={name}.jsonl" for name in files),
        "--model=none",
        "--model=broken",
    )
    for part in (
        "nothing is written:\n",
        "'none/*.jsonl' matches nothing",
        "numbers.jsonl:1: field 'answer' is 2, allowed: a text, which has quotes",
        "steps.jsonl:1: no number in the answer",
        "empty.jsonl: no record in it",
        "absent.jsonl: no such file",
        "--model found 'none', which is no folder here",
        "broken/config.json: cannot be read as JSON",
    ):
        assert part in said


def test_what_a_later_record_lacks_is_said_before_anything_runs(here):
    write("own.jsonl", [*QUESTIONS * 100, {"question": "Who?"}])
    assert "own.jsonl:401: no field 'answer'" in failure("corpus.jsonl", "--task=own.jsonl")


def test_no_task(here):
    said = failure("corpus.jsonl")
    example = next(line for line in said.splitlines() if line.startswith("  {"))
    assert json.loads(example).keys() == {"question", "answer"} and "--task FILE" in said


def test_a_config_is_not_overwritten_unless_asked(init):
    Path("my.yaml").write_text("mine")
    with pytest.raises(SystemExit, match=r"my.yaml: is there already; allowed: --force"):
        commands.main(["init", "corpus.jsonl", "--task=questions.jsonl"])
    assert Path("my.yaml").read_text() == "mine"
    found = init("corpus.jsonl", "--task=questions.jsonl", "--force")
    assert found.config["title"] == "my"
    other = init(
        "corpus.jsonl", "--task=questions.jsonl", "--output=new/a b.yml", config="new/a b.yml"
    )
    assert (other.config["title"], other.config["results"]) == ("a b", "results/a-b")
    with pytest.raises(SystemExit, match=r"--output: found 'my.txt'; allowed: .* ends in .yaml"):
        commands.main(["init", "corpus.jsonl", "--task=questions.jsonl", "--output=my.txt"])


def typed(said):
    """The commands that it ends with, as a shell reads them."""
    lines = said.split("Go on with:\n")[1].splitlines()
    return [shlex.split(line) for line in lines]


def test_the_commands_to_go_on_with(init, monkeypatch, here):
    monkeypatch.setattr(command, "_program", lambda name: name)
    output = "it's.yaml"
    arguments = ["corpus.jsonl", "--task=questions.jsonl", f"--output={output}", "--force"]
    check, run = typed(init(*arguments, config=output).said)
    assert check == ["tracemem", "check", output]
    at_end = ["--cores", "all", "--configfile", output]
    assert run == ["snakemake", "--snakefile", str(ROOT / "Snakefile"), *at_end]
    # In a clone of this project, Snakemake finds the Snakefile by itself; in another project not.
    Path("Snakefile").write_text("")
    assert "--snakefile" in typed(init(*arguments, config=output).said)[1]
    Path("workflow/tracemem").mkdir(parents=True)
    Path("workflow/tracemem/__init__.py").write_text("")
    assert typed(init(*arguments, config=output).said)[1] == ["snakemake", *at_end]
    Path("Snakefile").unlink()
    monkeypatch.setattr(command, "_REPOSITORY", here / "installed")
    run, clone = typed(init(*arguments, config=output).said)[1:]
    assert run == ["snakemake", "--snakefile", "tracemem/Snakefile", *at_end] and "(clone" in clone


def test_a_program_of_an_environment_that_is_not_entered(monkeypatch, tmp_path):
    (tmp_path / "snakemake").touch()
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert command._program("snakemake") == str(tmp_path / "snakemake")
    assert command._program("tracemem") == "tracemem"
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert command._program("snakemake") == "snakemake"


def test_many_shards_are_written_as_the_glob_they_came_from(init):
    shards = [write(f"my [docs]/{i}.jsonl", [{"text": "a"}]) for i in range(12)]
    arguments = ["--task=questions.jsonl", "--force"]
    found = init(*shards, *arguments)
    assert len(found.config["corpus"]["shards"]) == 1
    assert len(preflight_shards(found)) == 12
    # Left as they are where the glob would take more, or another would be needed.
    assert init(*shards[:11], *arguments).config["corpus"]["shards"] == shards[:11]
    assert init("my [docs]/0.jsonl", *arguments).config["corpus"]["shards"] == shards[:1]


def preflight_shards(found):
    return find_shards(found.study.corpus.shards)


RECORDS = [
    ({"id": "a long long long id", "text": "a b"}, "text"),
    ({"Content": "a", "url": "a long long long address"}, "Content"),
    ({"raw_content": "a", "digest": "b"}, "raw_content"),
    ({"meta": {"text": "nested"}, "id": "b"}, "meta.text"),
    ({"body": "a", "meta": {"text": "nested"}}, "meta.text"),
    ({"n": 1, "only": "a"}, "only"),
    ({"id": "short", "story": "much longer than the id is"}, "story"),
]


@pytest.mark.parametrize(("record", "field"), RECORDS)
def test_field_of_the_text(here, record, field):
    line = "\ufeff\n" + json.dumps(record) + "\nnot JSON\n"
    files = {
        "a.jsonl": line.encode(),
        "a.json.gz": gzip.compress(line.encode()),
        "a.jsonl.zst": zstandard.ZstdCompressor().compress(line.encode()),
    }
    for name, data in files.items():
        Path(name).write_bytes(data)
    pq.write_table(pa.Table.from_pylist([record]), "a.parquet")
    for name in (*files, "a.parquet"):
        assert text_field.guess(Shard("a", Path(name))) == field


def test_field_of_the_text_where_there_is_none(here):
    Path("folder").mkdir()
    Path("folder/a.txt").write_text("a")
    Path("empty.jsonl").write_text("\n")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), "empty.parquet")
    for name in ("folder", "empty.jsonl", "empty.parquet"):
        assert text_field.guess(Shard("a", Path(name))) is None
    for record in ({"a": "as long", "b": "as this"}, {"n": 1}, {"a.b": "a dotted name"}, {}):
        write("own.jsonl", [record])
        with pytest.raises(CorpusError, match=r"own.jsonl: which field .* found: .* --text-field"):
            text_field.guess(Shard("own", Path("own.jsonl")))
    for data, said in ((b"{", "not JSON"), (b"[1]", "list|array")):
        Path("own.jsonl").write_bytes(data)
        with pytest.raises(CorpusError, match=rf"own.jsonl.*({said})"):
            text_field.guess(Shard("own", Path("own.jsonl")))
    for name in ("own.parquet", "own.jsonl.gz", "own.jsonl.zst"):
        Path(name).write_bytes(b"not packed")
        with pytest.raises(CorpusError, match=name):
            text_field.guess(Shard("own", Path(name)))


def test_text_of_the_corpus(init):
    write("docs.jsonl", [{"a": "one text", "b": "as long!"}])
    said = failure("docs.jsonl", "--task=questions.jsonl")
    assert "which field holds the text cannot be told" in said
    arguments = ["docs.jsonl", "--task=questions.jsonl", "--text-field"]
    assert "no field 'c', found 'a', 'b'" in failure(*arguments, "c")
    assert init(*arguments, "b").config["corpus"]["text_field"] == "b"
    Path("folder").mkdir()
    Path("folder/a.txt").write_text("a")
    found = init("folder", "--task=questions.jsonl", "--force")
    assert found.config["corpus"] == {"shards": ["folder"]}


def test_on_real_files(init, real_data):
    found = init(
        real_data / "corpora/*.zst",
        *(f"--task={real_data / name}" for name in
          ("mmlu/test", "gsm8k/test.jsonl", "triviaqa/triviaqa_3000.jsonl", "wmt09/newstest2009.de")),
    )  # fmt: skip
    assert list(found.config["tasks"]) == ["mmlu", "gsm8k", "triviaqa_3000", "newstest2009-de-en"]
    assert "14,042 examples" in found.said and "1,319 examples" in found.said
