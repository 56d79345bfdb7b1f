"""``tracemem check``: problems all at once, what the study is, and its costs; for people and machines."""

import json

import pytest
import yaml

from tracemem import commands
from tracemem.commands import check
from tracemem.corpus.shards import Shard
from tracemem.scoring import designs
from tracemem.settings import study as settings
from tracemem.study import sizes

TEXT = "the capital of land number {0} is town number {0} , and its river runs south ."


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny_model):
    """A small study of one's own: two shards, a task, a model; paths are relative to its folder."""
    monkeypatch.chdir(tmp_path)
    for shard in range(2):
        lines = [json.dumps({"text": TEXT.format(10 * shard + k)}) for k in range(10)]
        (tmp_path / f"part-{shard}.jsonl").write_text("\n".join(lines) + "\n")
    asked = [
        {"input": f"the capital of land number {k} is", "target": f"town number {k}"}
        for k in range(12)
    ]
    (tmp_path / "capitals.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    config = {
        "title": "Capitals",
        "corpus": {"shards": ["part-*.jsonl"]},
        "tasks": {
            "capitals": {"kind": "question-answering", "test": "capitals.jsonl", "n": 2,
                         "max_new_tokens": 8},
        },
        "models": {"small": {"path": str(tiny_model)}},
    }  # fmt: skip
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def run(capsys, *arguments: str, status: int = 0) -> str:
    """What the command prints; its exit status is checked."""
    if status:
        with pytest.raises(SystemExit) as ended:
            commands.main(["check", *arguments])
        assert ended.value.code == status
    else:
        commands.main(["check", *arguments])
    return capsys.readouterr().out


def test_a_good_config_is_told_and_priced(folder, capsys):
    said = run(capsys, "my.yaml", "--cores", "3").splitlines()
    assert said[0] == "my.yaml: no problem found"
    assert "Capitals, into results/my" in said
    (told,) = [line for line in said if line.startswith("corpus  2 shards")]
    assert "20 documents" in told
    (told,) = [line for line in said if line.startswith("task ")]
    assert "capitals: question-answering, 12 test examples (capitals.jsonl)" in told
    # What the files filled in is said.
    assert any(line.startswith("note ") and "models.small.parameters" in line for line in said)
    head = next(line for line in said if line.startswith("stage"))
    assert head.split() == ["stage", "jobs", "core-hours", "disk", "largest", "job,", "at", "least"]
    rows = said[said.index(head) + 1 :]
    assert [row.split()[0] for row in rows[:8]] == [
        "corpus", "tasks", "index", "mining", "generation", "scoring", "figures", "total",
    ]  # fmt: skip
    assert any(line.startswith("Time on 3 cores: about ") for line in said)
    assert not (folder / "results").exists()


def test_what_a_task_can_tell_is_said(folder, capsys, tiny_model):
    """Of 200 questions at two n: one model has a memorization alone, two a difference as well."""
    config = yaml.safe_load((folder / "my.yaml").read_text())
    lines = [json.dumps({"input": f"question {k}", "target": f"a {k}"}) for k in range(200)]
    (folder / "capitals.jsonl").write_text("\n".join(lines) + "\n")
    config["tasks"]["capitals"]["n"] = [1, 2]
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    design = designs.read()["question-answering"]
    smallest = designs.smallest(design, 200, 2)
    said = run(capsys, "my.yaml").splitlines()
    at = next(place for place, line in enumerate(said) if line.startswith("task    capitals"))
    assert said[at + 1].strip() == f"a memorization of about {smallest:.2f} can be told from 0"
    config["models"]["other"] = {"path": str(tiny_model)}
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    both = designs.smallest(design, 200, 4), designs.smallest(design, 200, 4, between=True)
    assert both[0] > smallest
    told = run(capsys, "my.yaml").splitlines()[at + 1].strip()
    assert told == (
        f"a memorization of about {both[0]:.2f} can be told from 0, a difference between sizes of "
        f"about {both[1]:.2f}"
    )
    found = json.loads(run(capsys, "my.yaml", "--json"))["study"]["tasks"]["capitals.test"]
    assert (found["smallest_memorization"], found["smallest_difference"]) == both


def test_machines_get_the_same(folder, capsys):
    found = json.loads(run(capsys, "my.yaml", "--cores", "1", "--json"))
    assert found["problems"] == [] and found["config"] == ["my.yaml"]
    corpus_bytes = 20 * len(TEXT.format(0)) + 2 * 10
    assert found["study"]["corpus"]["text_bytes"] == pytest.approx(corpus_bytes, abs=25)
    assert found["study"]["corpus"]["documents"] == 20
    assert found["study"]["tasks"]["capitals.test"]["examples"] == 12
    reckoned = found["costs"]
    stages = {stage["name"]: stage for stage in reckoned["stages"]}
    assert stages["corpus"]["jobs"] == 3
    for key in ("jobs", "core_seconds", "disk_mb"):
        assert reckoned["total"][key] == pytest.approx(sum(s[key] for s in stages.values()))
    assert reckoned["total"]["memory_mb"] == max(s["memory_mb"] for s in stages.values())
    # One core does one job after the other.
    assert reckoned["wall_seconds"] == pytest.approx(reckoned["total"]["core_seconds"])


def test_all_problems_are_said_at_once_and_end_in_status_1(folder, capsys):
    config = yaml.safe_load((folder / "my.yaml").read_text())
    config["tasks"]["capitals"]["test"] = "nowhere.jsonl"
    config["models"]["small"] = {"path": "./no-model", "parameters": 7}
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    said = run(capsys, "my.yaml", status=1).splitlines()
    assert said[0] == "my.yaml: 2 problems"
    assert any("nowhere.jsonl" in line for line in said[1:3])
    assert any("./no-model" in line for line in said[1:3])
    found = json.loads(run(capsys, "my.yaml", "--json", status=1))
    assert len(found["problems"]) == 2


def test_wrong_keys_are_problems_too(folder, capsys):
    config = yaml.safe_load((folder / "my.yaml").read_text())
    config["corpsu"] = 1
    config["tasks"]["capitals"]["n"] = [2, 2]
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    said = run(capsys, "my.yaml", status=1)
    assert said.startswith("my.yaml: 2 problems\n")
    assert "corpsu: unknown key (did you mean corpus?)" in said and "found [2, 2]" in said
    assert len(json.loads(run(capsys, "my.yaml", "--json", status=1))["problems"]) == 2


def test_a_shard_that_cannot_be_read_is_a_problem(folder, capsys):
    (folder / "part-1.jsonl").write_text('{"text": "one"}\n{"text": 2}\n')
    said = run(capsys, "my.yaml", status=1)
    assert "part-1.jsonl, line 2" in said and "allowed: a string" in said
    assert "core-hours" not in said


def test_of_several_files_the_later_wins_key_by_key(folder, capsys):
    (folder / "more.yaml").write_text("title: More\ntasks: {capitals: {n: [2, 3]}}\n")
    assert "Capitals, into results/my" in run(capsys, "my.yaml")
    said = run(capsys, "my.yaml", "more.yaml")
    assert said.startswith("my.yaml more.yaml: no problem found")
    assert "More, into results/more" in said
    merged = check.merged(["my.yaml", "more.yaml"])
    assert merged["tasks"]["capitals"]["n"] == [2, 3]
    assert merged["tasks"]["capitals"]["test"] == "capitals.jsonl"


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, "no such file"), ("[1, 2]", "found a list"), ("", "found nothing"),
     ("a: [", "cannot be read as YAML")],
)  # fmt: skip
def test_a_file_that_is_no_config_is_named(folder, text, found):
    if text is not None:
        (folder / "other.yaml").write_text(text)
    with pytest.raises(SystemExit) as ended:
        commands.main(["check", "my.yaml", "other.yaml"])
    assert str(ended.value.code).startswith("tracemem: other.yaml: ") and found in ended.value.code


@pytest.mark.parametrize("wrong", [["--corpus-gb", "0"], ["--corpus-gb", "nan"], ["--cores", "0"]])
def test_arguments_out_of_range_are_refused(folder, wrong):
    with pytest.raises(SystemExit) as ended:
        commands.main(["check", "my.yaml", *wrong])
    assert wrong[0] in ended.value.code and "allowed: " in ended.value.code


def test_a_corpus_that_is_not_here_may_be_given_its_size(folder, capsys):
    (folder / "far.yaml").write_text(
        "corpus: {shards: [], fetch: {web: {urls: 'https://host/{0..4}.jsonl.zst'}}}\n"
    )
    said = run(capsys, "my.yaml", "far.yaml")
    assert "5 shards, size not known" in said and "--corpus-gb" in said
    reckoned = json.loads(run(capsys, "my.yaml", "far.yaml", "--corpus-gb", "50", "--json"))
    assert reckoned["study"]["corpus"]["text_bytes"] == 50e9
    by_stage = {stage["name"]: stage for stage in reckoned["costs"]["stages"]}
    assert by_stage["corpus"]["jobs"] == 11
    # Packed text of 0.4 bytes a byte lies there, and an index of six or seven bytes a token.
    assert by_stage["corpus"]["disk_mb"] == pytest.approx(20e3, rel=0.01)


def test_a_sample_tells_the_size_of_a_corpus(tmp_path):
    short = [json.dumps({"text": "few words"}) for _ in range(3000)]
    long = [json.dumps({"text": f"{k} " + "word " * 4000}) for k in range(800)]
    (tmp_path / "short.jsonl").write_text("\n".join(short) + "\n")
    (tmp_path / "long.jsonl").write_text("\n".join(long) + "\n")
    study = settings.load(
        {"title": "t", "results": str(tmp_path / "results"), "infgram": None,
         "corpus": {"shards": [str(tmp_path)+"/*.jsonl"]},
         "tasks": {"a": {"kind": "question-answering", "test": "a.jsonl", "n": 1}}}
    )  # fmt: skip
    found = sizes.of_corpus(study)
    text = sum(len(json.loads(line)["text"]) for line in [*short, *long])
    assert found.bytes == sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
    # Only the first quarter of the long shard is read.
    assert found.text_bytes == pytest.approx(text, rel=0.02)
    assert found.documents == pytest.approx(3800, rel=0.02)


def test_a_generated_world_is_as_large_as_it_will_be(tmp_path):
    study = settings.load(
        {"title": "t", "results": "results/t", "infgram": None, "ladder": {},
         "world": {"entities": 60, "facts": 160, "unstated_facts": 20, "answers": 12,
                   "max_fact_documents": 60, "parallel_documents": 300, "lexicon": 32,
                   "arithmetic_documents": 200, "filler_documents": 60, "test_examples": 60},
         "tasks": {"a": {"kind": "question-answering", "n": [1, 2],
                         "stop_words": {"input": None, "output": None},
                         "test": "results/t/world/tasks/questions.test.jsonl"}}}
    )  # fmt: skip
    from tracemem.world.generator import World, write_shard

    known = sizes.of(study)
    world = World(study.world)
    text = sum(len(text) for k in range(4) for text, _ in world.shard(k))
    write_shard(world, 0, tmp_path / "00.jsonl.zst")
    assert known.corpus.documents == world.size
    assert known.corpus.text_bytes == pytest.approx(text, rel=0.05)
    at_rest = Shard("00", tmp_path / "00.jsonl.zst").path.stat().st_size
    assert known.corpus.bytes == pytest.approx(4 * at_rest, rel=0.2)
    assert known.splits["a", "test"].examples == 60
    grams = known.splits["a", "test"].grams
    assert grams[1].pairs < grams[1].inputs * grams[1].outputs
    assert grams[2].items == sum(
        len(one.input.split()) - 1 for one in world.examples("questions", "test")
    )
