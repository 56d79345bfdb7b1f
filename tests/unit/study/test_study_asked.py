"""What the rules ask of a study: names and paths that follow from its settings."""

from pathlib import Path

import pytest
import yaml

from tracemem.corpus.bad_records import CorpusError
from tracemem.mining.tables import ITEMS
from tracemem.report.products import DRAWN, MERGED, REPORTED
from tracemem.settings import study as settings
from tracemem.settings.ladder import Made
from tracemem.settings.rules import BY_NAME
from tracemem.study.study import NOTED, Study

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS, CONFIG = ROOT / "workflow" / "scripts", ROOT / "config"
TASK = {"kind": "question-answering", "test": "q.jsonl", "n": [1, 2], "gamma": 0.0,
        "embedder": "lsa"}  # fmt: skip
TRANSLATION = {"kind": "translation", "test": "t.jsonl", "n": 2, "languages": ["de", "en"]}
LADDER = {"sizes": {"big": {"hidden": 32, "layers": 1, "heads": 1},
                    "tiny": {"hidden": 8, "layers": 1, "heads": 1, "pieces": 3}}}  # fmt: skip


def study(**changes) -> Study:
    config = {
        "title": "Mine", "results": "results/mine", "seed": 4,
        "corpus": {"shards": ["corpus/*.jsonl"]}, "tasks": {"q": TASK}, **changes,
    }  # fmt: skip
    return Study(settings.load(config), scripts=lambda name: SCRIPTS / f"{name}.py")


def model(parameters: int, **more) -> dict:
    return {"path": "some/where", "parameters": parameters, **more}


def test_shards_are_found_fetched_or_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=r"corpus/\*\.jsonl"):
        _ = study().shards
    (tmp_path / "corpus").mkdir()
    for name in ("b", "a"):
        (tmp_path / "corpus" / f"{name}.jsonl").write_text('{"text": "x"}\n')
    assert study().shards == {"a": "corpus/a.jsonl", "b": "corpus/b.jsonl"}
    fetched = study(corpus={"fetch": {"web": {"urls": "http://example.org/{1..2}.jsonl"}}})
    assert list(fetched.shards.values()) == [
        f"results/mine/corpus/fetched/{file}" for file in fetched.remotes
    ]
    made = study(corpus={}, world={"shards": 2}, tasks={"q": {**TASK, "world": "questions",
                 "test": "results/mine/world/tasks/questions.test.jsonl"}})  # fmt: skip
    assert made.shards == {k: f"results/mine/world/corpus/{k}.jsonl.zst" for k in ("00", "01")}


def test_a_world_s_task_is_named_by_a_key():
    asked = {key: value for key, value in TASK.items() if key != "test"} | {"world": "questions"}
    task = study(corpus={}, world={}, tasks={"q": asked}).tasks["q"]
    assert task.files("test") == ["results/mine/world/tasks/questions.test.jsonl"]
    assert task.files("train") == ["results/mine/world/tasks/questions.train.jsonl"]
    with pytest.raises(settings.SettingsError, match=r"tasks.q.world: found 'questions', but the"):
        study(tasks={"q": asked})
    with pytest.raises(settings.SettingsError, match=r"tasks.q: give either world, or test and"):
        study(corpus={}, world={}, tasks={"q": {**asked, "test": "own.jsonl"}})


def test_models_stand_in_order_of_size_and_are_named_by_what_made_them():
    asked = study(ladder=LADDER, models={"mid": model(9_000), "huge": model(10**9)})
    assert list(asked.models) == ["mid", "tiny", "big", "huge"]
    assert asked.trained == {"big": Made("big", seed=4), "tiny": Made("tiny", seed=4)}
    assert asked.folder("big") == ["<results>/ladder/big"] and asked.folder("mid") == []
    assert asked.pieces("tiny") == 3 and asked.training("tiny")["seed"] == 4
    assert asked.training("tiny")["size"]["hidden"] == 8
    # Families: the ladder's two; of the other family, '', there are as many, and it comes first.
    assert set(asked.ends) == {"mid", "huge"}
    names = [
        Made("7M", seed=4),
        Made("7M", "half", 4),
        Made("7M", seed=5),
        Made("7M", "half", 5, 2),
    ]
    assert [made.name(4) for made in names] == [
        "7M", "7M-half", "7M-seed5", "7M-half-seed5-checkpoint2",
    ]  # fmt: skip


def test_without_a_model_there_are_counts_alone():
    asked = study()
    assert list(asked.scores) == ["contamination"]
    assert list(asked.reported) == ["manifest", "alignment", "coverage", "contamination"]
    assert asked.figures == ["coverage", "thresholds"]
    assert study(decontamination=[]).scores == {}


def test_products_come_with_what_they_need():
    plain = study(models={"m": model(5)})
    assert {"novelty", "instruct"} <= plain.scores.keys() and "instruct" not in plain.figures
    more = study(
        tasks={"q": {**TASK, "sweep": [0.5]}, "t": TRANSLATION},
        models={"m": model(5), "tuned": model(5, instruct_of="m")},
    )
    # What the ladder trained again or followed gives is asked for by keys of its own.
    again = {"counterfactual", "alone", "profiles"}
    assert set(more.figures) == {f.name for f in DRAWN.values() if not again & set(f.needs)}
    assert set(more.reported) == {t.name for t in REPORTED.values() if not again & set(t.needs)}
    assert more.tuned_models == {"tuned": "m"}
    assert (more.novelty_tasks, more.swept_tasks) == (["t"], ["q"])
    assert more.parts("novelty") == ["<results>/scores/novelty/t.parquet"]
    assert more.parts("support") == [f"<results>/scores/support/{task}.parquet" for task in "qt"]
    assert more.drawn_from("generated_cosines") == {
        "cosines": ["<results>/novelty/cosines/t.parquet"]
    }
    assert more.drawn_from("memorization") == {
        name: [f"<results>/scores/{name}.csv"] for name in ("memorization", "controls")
    }
    for name, table in MERGED.items():
        assert all(hasattr(more, need) for need in [*table.needs, table.of]), name
    for name, figure in DRAWN.items():
        assert all(hasattr(more, need) for need in figure.needs), name


def test_tasks_and_their_tables():
    asked = study(
        tasks={"q": {**TASK, "train": "more.jsonl", "pairs_from": "train"}, "t": TRANSLATION,
               "chance": {**TASK, "permuted_of": "q"}},
    )  # fmt: skip
    assert asked.task_n == {"task": ["q", "q", "t", "chance", "chance"], "n": [1, 2, 2, 1, 2]}
    assert asked.mined_splits == [("chance", "test"), ("q", "test"), ("q", "train"), ("t", "test")]
    assert asked.permuted_tasks == {"chance": "q"} and set(asked.kinds()) == {"q", "t"}
    assert asked.items("q", ITEMS) == [f"<results>/items/q.n{n}.parquet" for n in (1, 2)]
    assert asked.thresholds("q") == {1: [0.0], 2: [0.0]}
    assert asked.fitted("q") == ["<results>/embedders/lsa.npz"]
    plain = study(tasks={"q": {key: value for key, value in TASK.items() if key != "embedder"}})
    assert plain.fitted("q") == [] and plain.embedder("q").kind == "wordllama"
    e5 = study(tasks={"q": {**TASK, "embedder": "e5", "gamma": 0.5}})
    assert e5.fitted("q") == [] and e5.embedder("q").kind == "sentence-transformers"


def test_a_job_is_given_the_keys_that_decide_something_for_it():
    asked = study(models={"m": model(5, runtime=7)}, generation={"engine": "vllm"})
    assert "prompt" not in {**asked.examples("q"), **asked.grams("q"), **asked.writing("q")}
    assert set(asked.grams("q")) == {"output_gram", "stop_words"}
    assert asked.writing("q") == {
        "kind": "question-answering",
        "max_new_tokens": None,
        "stop": ["\n"],
    }
    running = asked.running("m")
    assert running["engine"] == "vllm" and running["name"] == "m"
    assert not {"parameters", "family", "runtime", "mem_mb", "threads"} & running.keys()
    assert asked.reading == {"text_field": "text", "on_bad_record": "stop"}
    assert asked.resampling == {"bootstrap": 1000, "seed": 4}


@pytest.mark.parametrize("name", ["demo", "real-mini", "pythia-pile", "olmo-dolma", "world-large"])
def test_a_family_of_tests_can_pass_its_own_correction(name):
    """The smallest p there is, times the models and n of a task: .39 once, of 390 rows."""
    config = yaml.safe_load((CONFIG / f"{name}.yaml").read_text(encoding="utf-8"))
    asked = Study(settings.load(config))
    for task in asked.tasks:
        family = len(asked.models) * len(asked.tasks[task].n)
        permutations = asked._value("permutations", task)
        assert family / (1 + permutations) <= 1 / 200
        assert permutations >= asked.settings.statistics.permutations


def test_a_note_changes_with_all_that_a_job_is_given():
    asked = study(tasks={"q": TASK, "t": TRANSLATION}, models={"m": model(5)})
    wildcards = type("Wildcards", (), {"task": "t"})
    for rule in NOTED:
        noted = asked.noted(rule, "t")
        given = {key: of(wildcards) for key, of in asked.given(rule).items()}
        assert noted == {**given, "code": asked.job(rule).code}
        assert asked.note(rule) == f"<results>/notes/{rule}/{{task}}"
    other = study(
        tasks={"q": TASK, "t": {**TRANSLATION, "max_new_tokens": 9}}, models={"m": model(5)}
    )
    changed = [rule for rule in NOTED if other.noted(rule, "t") != asked.noted(rule, "t")]
    assert changed == ["assemble_generations"]
    assert all(other.noted(rule, "q") == asked.noted(rule, "q") for rule in NOTED)


def test_needs_are_the_rule_s_own_unless_the_config_has_others():
    asked = study(resources={"count_ngrams": {"mem_mb": 9000, "threads": 3}})
    job, rule = asked.job("count_ngrams"), BY_NAME["count_ngrams"]
    assert (job.threads, job.resources) == (3, {"mem_mb": 9000, "runtime": rule.runtime})
    assert job.log == "<logs>/count_ngrams/{shard}.log"
    other = asked.job("merge_ngrams")
    assert (other.threads, other.log) == (1, "<logs>/merge_ngrams.log")
    assert len(job.code) == 16 and job.code != other.code
    # A rule whose script another one lends has that script's digest.
    assert asked.job("count_generated_pairs").code == asked.job("count_pairs").code


def test_the_report_is_told_how_the_study_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    about = study().about([str(tmp_path / "my.yaml"), "/elsewhere/more.yaml"])
    assert about["commands"] == [
        ["run everything", "snakemake --cores all --configfile my.yaml /elsewhere/more.yaml"]
    ]
    assert about["answered"] is False and about["tasks"] == ["q"]
