"""A whole study on a tiny world, checked against the truth it was made from."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml
import zstandard

from tracemem.corpus.tables import MANIFEST
from tracemem.generation.tables import GENERATED_COSINES, GENERATIONS
from tracemem.jobs import files
from tracemem.mining.tables import ALIGNMENT, COVERAGE, ITEMS, PAIRS, VECTORS
from tracemem.ngrams import words
from tracemem.ngrams.tables import SAMPLES
from tracemem.report.products import TABLES
from tracemem.scoring.tables import (
    CONTAMINATION,
    DECONTAMINATED,
    INSTRUCT,
    MEMORIZATION,
    NOVELTY,
    PERFORMANCE,
    PUBLISHED,
    THRESHOLDS,
)
from tracemem.settings.rules import BY_NAME, RULES
from tracemem.tasks.tables import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
TINY = Path(__file__).with_name("tiny.yaml")


def command(folder: Path, *arguments: str, config: Path = TINY) -> list[str]:
    return [
        sys.executable, "-m", "snakemake", *arguments, "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(folder), "--configfile", str(config), "--cores", "2",
        "--rerun-incomplete",
    ]  # fmt: skip


def snakemake(folder: Path, *arguments: str, config: Path = TINY, fails: bool = False) -> str:
    done = subprocess.run(
        command(folder, *arguments, config=config),
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, said[-6000:]
    return said


def rules_to_run(said: str) -> dict[str, int]:
    """Rules and jobs in the statistics of a dry run, less what starts no process."""
    found = re.findall(r"^(\w+) +(\d+)$", said, re.M)
    return {rule: int(jobs) for rule, jobs in found if rule not in ("total", "note_params")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A finished run of the whole study."""
    folder = tmp_path_factory.mktemp("study")
    snakemake(folder)
    return folder


@pytest.fixture(scope="module")
def results(folder) -> Path:
    return folder / "results" / "tiny"


@pytest.fixture(scope="module")
def corpus(results) -> list[list[str]]:
    """Words of every document, read without the library's reader."""
    documents = []
    for path in sorted((results / "world" / "corpus").glob("*.jsonl.zst")):
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().decode()
        documents += [words.words(json.loads(line)["text"]) for line in raw.splitlines()]
    return documents


def holds(document: list[str], gram: str) -> bool:
    return f" {gram} " in f" {' '.join(document)} "


def test_the_report_is_one_file_that_opens_offline(results):
    page = (results / "report.html").read_text()
    assert "A tiny world" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert page.count("data:image/png;base64,") == 9


def test_the_manifest_counts_every_document(results, corpus):
    manifest = files.read(MANIFEST, results / "corpus/manifest.parquet")
    assert manifest["shard"].tolist() == ["00", "01"]
    assert manifest["documents"].sum() == len(corpus)
    assert manifest["skipped"].sum() == 0


@pytest.mark.parametrize("name", ["questions.n1", "questions.n2", "translation.n1", "choices.n2"])
def test_pair_counts_are_those_of_the_documents(results, corpus, name):
    pairs = files.read(PAIRS, results / f"pairs/{name}.parquet")
    assert len(pairs) > 20
    for pair in pairs.sample(min(len(pairs), 60), random_state=1).itertuples():
        with_input = [document for document in corpus if holds(document, pair.input_gram)]
        both = sum(holds(document, pair.output_gram) for document in with_input)
        assert pair.input_documents == len(with_input)
        assert pair.pair_documents == both > 0
        assert pair.output_documents == sum(holds(d, pair.output_gram) for d in corpus)


def test_facts_are_stated_as_often_as_the_truth_says(results, corpus):
    facts = pd.read_parquet(results / "world/truth/facts.parquet")
    for fact in facts.sample(40, random_state=1).itertuples():
        entity, answer = " ".join(words.words(fact.entity)), " ".join(words.words(fact.answer))
        held = sum(holds(d, entity) and holds(d, answer) for d in corpus)
        assert held >= fact.documents
    assert (facts["documents"] == 0).sum() == 20


def test_samples_name_documents_that_hold_the_pair(results):
    samples = files.read(SAMPLES, results / "pairs/samples.parquet")
    assert samples.groupby(["input_gram", "output_gram"]).size().max() <= 5
    lines = {}
    for path in (results / "world" / "corpus").glob("*.jsonl.zst"):
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().decode()
        lines[path.name.split(".")[0]] = raw.splitlines()
    for row in samples.sample(100, random_state=1).itertuples():
        document = words.words(json.loads(lines[row.shard][row.record - 1])["text"])
        assert holds(document, row.output_gram)
        assert not row.input_gram or holds(document, row.input_gram)


def test_mining_aligns_better_than_chance(results):
    alignment = files.read(ALIGNMENT, results / "pairs/alignment.csv")
    translation = alignment[alignment["task"] == "translation"].iloc[0]
    true_pairs = translation["kept"] * translation["precision"] / translation["recall"]
    assert translation["precision"] > 3 * true_pairs / translation["in_corpus"]
    assert translation["recall"] > 0.5


AGAIN = {"profiles", "counterfactual", "alone"}
"""Of what trains again: tests/workflow/test_steps.py and test_validity.py make these tables."""


def test_every_score_table_is_there_and_filled(results):
    # No model of this study is an instruct model, and no task a published one.
    without = {INSTRUCT.path, PUBLISHED.path}
    for table in (t for t in TABLES if t.path.startswith("scores/")):
        if AGAIN & set(table.needs):
            continue
        assert (len(files.read(table, results / table.path)) > 0) == (table.path not in without)


def test_mem_at_the_mined_threshold_is_the_published_mem(results):
    swept = files.read(THRESHOLDS, results / "scores/thresholds.csv")
    assert set(swept["task"]) == {"questions"} and set(swept["gamma"]) == {0.0, 0.2}
    mem = files.read(MEMORIZATION, results / "scores/memorization.csv")
    mem = mem[(mem["measure"] == "task-gram") & (mem["statistic"] == "spearman")]
    both = swept[swept["gamma"] == 0].merge(mem, on=["task", "model", "n"], suffixes=("", "_mem"))
    assert len(both) == 4
    for column in ("value", "ci_low", "ci_high", "items", "examples", "dropped"):
        assert (both[column] == both[f"{column}_mem"]).all(), column


def test_cosines_are_of_every_generated_pair_of_the_smallest_and_the_largest_model(results):
    cosines = files.read(GENERATED_COSINES, results / "novelty/cosines/translation.parquet")
    novelty = files.read(NOVELTY, results / "scores/novelty.csv")
    for row in novelty.itertuples():
        bins = cosines[(cosines["model"] == row.model) & (cosines["n"] == row.n)]
        assert bins["pairs"].sum() + bins["without_vector"].iloc[0] == row.generated_pairs > 0


def test_tasks_stand_in_the_order_of_the_config(results):
    for table in (MEMORIZATION, PERFORMANCE):
        tasks = files.read(table, results / table.path)["task"]
        assert list(dict.fromkeys(tasks)) == ["questions", "translation", "choices"]


def test_memorization_counts_what_it_drops(results):
    scores = files.read(MEMORIZATION, results / "scores/memorization.csv")
    assert set(scores["measure"]) == {"task-gram", "contrast", "infini-gram"}
    reasons = [name for name in scores.columns if name.startswith("dropped_")]
    assert (scores[reasons].sum(axis=1) == scores["dropped"]).all()
    matched = files.read(ITEMS, results / "items/questions.n1.parquet")
    row = scores[(scores["task"] == "questions") & (scores["n"] == 1)].iloc[0]
    assert row["measure"] == "task-gram" and row["items"] + row["dropped"] == len(matched)


def held_examples(results, corpus, task: str, n: int) -> list[bool | None]:
    """Whether a document holds some n words of each test example; None for those too short."""
    held = {tuple(d[i : i + n]) for d in corpus for i in range(len(d) - n + 1)}
    found = []
    for line in (results / f"world/tasks/{task}.test.jsonl").read_text().splitlines():
        example = json.loads(line)
        texts = [words.words(example["input"]), words.words(example["target"])]
        grams = {tuple(t[i : i + n]) for t in texts for i in range(len(t) - n + 1)}
        found.append(bool(grams & held) if grams else None)
    return found


def test_contamination_is_that_of_a_plain_search(results, corpus):
    table = files.read(CONTAMINATION, results / "scores/contamination.csv")
    tasks = ["questions", "translation", "choices"]
    assert table[["task", "n"]].to_numpy().tolist() == [[t, n] for t in tasks for n in (5, 8)]
    for row in table.itertuples():
        found = held_examples(results, corpus, row.task, row.n)
        assert row.examples == len(found) == 60
        assert row.searched == 60 - found.count(None)
        assert row.contaminated == found.count(True)
    five, eight = (table[table["n"] == n] for n in (5, 8))
    assert five["contaminated"].between(1, 59).all()
    assert (eight["searched"] < 60).all() and (eight["contaminated"] == 0).all()


def test_scores_are_told_apart_by_contamination(results, corpus):
    table = files.read(DECONTAMINATED, results / "scores/decontaminated.csv")
    series = ["task", "model", "measure", "statistic", "n", "contamination_n"]
    interval = ["value", "ci_low", "ci_high", "examples"]
    # Four task-gram tables and a metric for each of three tasks; two models, two n.
    assert len(table) == (4 + 3) * 2 * 2 * 3
    parts = table.set_index(series)
    whole, clean, contaminated = (
        parts[parts["subset"] == name] for name in ("all", "clean", "contaminated")
    )
    for name in ("examples", "items"):
        assert (clean[name] + contaminated[name]).equals(whole[name])
    performance = files.read(PERFORMANCE, results / "scores/performance.csv")
    performance = performance[performance["group"] == ""].rename(columns={"metric": "statistic"})
    performance = performance.assign(measure="performance")
    memorization = files.read(MEMORIZATION, results / "scores/memorization.csv")
    for known, keys in (
        (performance, ["task", "model", "measure", "statistic"]),
        (memorization, ["task", "model", "n", "measure", "statistic"]),
    ):
        both = whole.reset_index().merge(known, on=keys, suffixes=("", "_known"))
        assert len(both) == 2 * 2 * (3 if known is performance else 4)
        for name in interval:
            pd.testing.assert_series_equal(both[name], both[f"{name}_known"], check_names=False)
    empty = contaminated.xs(8, level="contamination_n")
    assert (empty["examples"] == 0).all() and empty["value"].isna().all()
    examples = files.read(EXAMPLES, results / "tasks/choices.test.parquet")
    found = files.read(GENERATIONS, results / "generations/choices/large.parquet")
    chosen = [
        options[values.argmax()] == target
        for options, values, target in zip(
            examples["options"], found["option_log_probabilities"], examples["target"], strict=True
        )
    ]
    held = [bool(held) for held in held_examples(results, corpus, "choices", 5)]
    row = ("choices", "large", "performance", "accuracy", 0, 5)
    for part, inside in ((contaminated, True), (clean, False)):
        right = [value for value, of in zip(chosen, held, strict=True) if of is inside]
        assert part.loc[row, "value"] == pytest.approx(sum(right) / len(right), rel=1e-5)


def test_the_larger_model_knows_its_corpus_better(results):
    means = {}
    for model in ("small", "large"):
        found = files.read(GENERATIONS, results / f"generations/translation/{model}.parquet")
        tokens = found["token_log_probabilities"].explode().astype(float)
        means[model] = tokens.mean()
    assert means["large"] > means["small"]


def test_checkpoints_load_as_revisions(results):
    from transformers import AutoModelForCausalLM

    folder = results / "ladder" / "small"
    steps = sorted(folder.glob("step*"))
    assert len(steps) == 2
    assert AutoModelForCausalLM.from_pretrained(steps[0]).num_parameters() > 0


def test_a_second_run_does_nothing(folder):
    assert "Nothing to be done" in snakemake(folder)


def changed(tmp_path: Path, found: str, put: str) -> Path:
    text = TINY.read_text()
    assert found in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(found, put))
    return path


def test_a_changed_threshold_reruns_only_what_depends_on_it(folder, tmp_path):
    config = changed(tmp_path, "gamma: 0.2", "gamma: 0.25")
    rules = rules_to_run(snakemake(folder, "-n", config=config))
    assert rules["mine_pairs"] == 1
    assert {"train_model", "generate", "count_ngrams", "index_shard"}.isdisjoint(rules)
    assert {"count_pairs", "tabulate_pairs", "score_memorization", "write_report"} <= set(rules)


def test_without_decontamination_nothing_is_searched(tmp_path):
    config = changed(tmp_path, "decontamination: [5, 8]", "decontamination: []")
    rules = set(rules_to_run(snakemake(tmp_path, "-n", config=config)))
    assert "write_report" in rules
    assert "score_contamination" not in rules


def test_a_changed_number_of_resamples_reruns_only_scores(folder, tmp_path):
    config = changed(tmp_path, "permutations: 200", "permutations: 2000")
    rules = set(rules_to_run(snakemake(folder, "-n", config=config)))
    assert "score_memorization" in rules
    assert {"count_pairs", "mine_pairs", "generate", "train_model"}.isdisjoint(rules)


def test_counts_need_no_model(tmp_path):
    rules = set(rules_to_run(snakemake(tmp_path, "-n", "counts")))
    assert "count_pairs" in rules and {"train_model", "generate"}.isdisjoint(rules)


def test_a_wrong_config_stops_before_any_job(tmp_path):
    config = changed(tmp_path, "  epochs: 2", "  epoch: 2")
    said = snakemake(tmp_path, config=config, fails=True)
    assert "ladder.epoch: unknown key (did you mean epochs?); allowed: " in said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


def test_what_would_stop_a_job_stops_before_any_and_a_plan_tells_it(tmp_path):
    config = changed(tmp_path, "generation:", "generation:\n  engine: vllm\n  python: no/python")
    text = config.read_text().replace("    max_new_tokens: 8", "    max_new_tokens: 64")
    config.write_text(text)
    lines = (
        "tasks.questions.max_new_tokens: found 64, but model small has a context of 64 tokens",
        "generation.python: found 'no/python'; allowed: a Python that can be run",
    )
    said = snakemake(tmp_path, config=config, fails=True)
    assert all(said.count(line) == 1 for line in lines) and "Traceback" not in said
    assert not (tmp_path / "results").exists()
    said = snakemake(tmp_path, "-n", config=config)
    assert all(f"would stop the run: {line}" in said for line in lines)
    assert "train_model" in rules_to_run(said)


def test_no_config_says_what_to_give(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
         "--directory", str(tmp_path), "--cores", "1"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode and "--configfile config/demo.yaml" in done.stdout + done.stderr


OWN = """
title: Own data
results: results/own
corpus: {{shards: ["corpus/*"], text_field: body, on_bad_record: {on_bad_record}}}
embedders: {{lsa: {{dimensions: 50}}}}
infgram: {{tokenizer: model}}
tasks:
  questions:
    kind: question-answering
    test: questions.jsonl
    fields: {{input: q, target: a}}
    embedder: lsa
    n: {n}
    gamma: 0.0
    stop_words: {{input: null, output: null}}
    max_new_tokens: 8
models:
  mine: {{path: model, revision: {revision}, parameters: 5000}}
  tuned: {{path: model, parameters: 5000, instruct_of: mine}}
statistics: {{bootstrap: 100, permutations: 100}}
"""


@pytest.fixture
def own(results, tmp_path) -> Path:
    """A folder of somebody's own corpus (several formats), task and model."""
    shutil.copytree(results / "ladder" / "large", tmp_path / "model")
    examples = [
        json.loads(line)
        for line in (results / "world/tasks/questions.test.jsonl").read_text().splitlines()
    ]
    with (tmp_path / "questions.jsonl").open("w") as file:
        for example in examples:
            file.write(json.dumps({"q": example["input"], "a": example["target"]}) + "\n")
    documents = []
    for path in sorted((results / "world" / "corpus").glob("*.jsonl.zst")):
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().decode()
        documents += [json.loads(line)["text"] for line in raw.splitlines()]
    corpus = tmp_path / "corpus"
    (corpus / "notes").mkdir(parents=True)
    for number, text in enumerate(documents[:50]):
        (corpus / "notes" / f"{number:03d}.txt").write_text(text)
    rows = pd.DataFrame({"body": documents[50:300]})
    rows.to_parquet(corpus / "rows.parquet")
    lines = [json.dumps({"body": text}) for text in documents[300:]]
    (corpus / "lines.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def write_config(folder: Path, **changes) -> Path:
    values = {"on_bad_record": "stop", "n": 2, "revision": '""', **changes}
    path = folder / "own.yaml"
    path.write_text(OWN.format(**values))
    return path


def test_own_corpus_task_and_model_from_a_config_alone(own):
    snakemake(own, config=write_config(own, revision=next(own.glob("model/step*")).name))
    manifest = files.read(MANIFEST, own / "results/own/corpus/manifest.parquet")
    assert manifest["shard"].tolist() == ["lines", "notes", "rows"]
    assert (own / "results/own/report.html").is_file()
    assert len(files.read(PERFORMANCE, own / "results/own/scores/performance.csv")) == 2
    instruct = files.read(INSTRUCT, own / "results/own/scores/instruct.csv")
    assert set(instruct["instruct"]) == {"tuned"} and set(instruct["base"]) == {"mine"}
    assert instruct["measure"].tolist()[:2] == ["performance", "task-gram"]
    assert "tuned beside mine" in (own / "results/own/report.html").read_text()


def test_a_bad_record_stops_with_file_and_line_or_is_counted(own):
    path = own / "corpus" / "lines.jsonl"
    lines = path.read_text().splitlines()
    lines[6] = '{"body": 7}'
    path.write_text("\n".join(lines) + "\n")
    said = snakemake(own, "counts", config=write_config(own), fails=True)
    assert re.search(r"corpus/lines\.jsonl, line 7: .*'body' is a number; allowed: a string", said)
    snakemake(own, "counts", config=write_config(own, on_bad_record="skip"))
    manifest = files.read(MANIFEST, own / "results/own/corpus/manifest.parquet")
    assert manifest.set_index("shard")["skipped"].to_dict() == {"lines": 1, "notes": 0, "rows": 0}


def test_an_n_without_a_pair_says_why_and_the_others_go_on(own):
    snakemake(own, "counts", config=write_config(own, n="[2, 9]"))
    coverage = files.read(COVERAGE, own / "results/own/pairs/coverage.csv").set_index("n")
    assert coverage.loc[2, "reason"] == "" and coverage.loc[2, "supported"] > 0
    assert "the corpus holds both n-grams of none of the" in coverage.loc[9, "reason"]
    assert coverage.loc[9, "supported"] == coverage.loc[9, "pairs"] == 0


def test_an_empty_corpus_is_an_error_that_says_so(own):
    shutil.rmtree(own / "corpus")
    (own / "corpus").mkdir()
    (own / "corpus" / "nothing.jsonl").write_text("")
    said = snakemake(own, "counts", config=write_config(own), fails=True)
    assert "the corpus is empty" in said


def test_a_killed_run_ends_with_the_same_bytes(folder, tmp_path):
    running = subprocess.Popen(
        command(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    waited = tmp_path / "results/tiny/ngrams/shards"
    while not waited.is_dir() and running.poll() is None:
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "results/tiny/report.html").exists()
    snakemake(tmp_path, "--unlock")
    snakemake(tmp_path, "counts")
    for path in sorted((folder / "results/tiny/pairs").glob("*.parquet")):
        again = tmp_path / path.relative_to(folder)
        assert again.read_bytes() == path.read_bytes(), path.name


def test_every_declared_table_is_made_by_some_rule(results):
    # The embedder of this study is trained on its corpus.
    for table in set(TABLES) - {VECTORS}:
        if AGAIN & set(table.needs):
            continue
        assert list(results.glob(re.sub(r"\{\w+\}", "*", table.path))), table.path


def test_every_job_has_what_its_rule_declares(folder):
    """Log, benchmark and needs of all jobs, as Snakemake plans them."""
    said = snakemake(folder, "-n", "--forceall", "--verbose")
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?: +.*\n)+)", said, re.M)
    planned = {name: dict(re.findall(r"^ +(\w+): (.*)$", body, re.M)) for name, body in jobs}
    planned = {name: job for name, job in planned.items() if name not in ("all", "note_params")}
    lacking = {"fetch_shard", "train_piece", "embed_ngrams"}
    lacking |= {"score_candidates", "judge_candidates"}
    lacking |= {rule.name for rule in RULES if rule.stage in ("profiles", "counterfactual")}
    assert set(BY_NAME) - planned.keys() == lacking
    for name, job in planned.items():
        rule = BY_NAME[name]
        for key, ending in (("log", "log"), ("benchmark", "tsv")):
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(rule.each))
            place = f"results/tiny/{key}s/{name}{'/' * bool(rule.each)}"
            assert re.match(rf"{place}{pattern}\.{ending}\b", job[key]), (name, job)
        if not rule.elsewhere:
            needs = dict(re.findall(r"(\w+)=(\d+)", job["resources"]))
            assert (int(needs["mem_mb"]), int(needs["runtime"])) == (rule.mem_mb, rule.runtime)


PAGE = ROOT / "docs" / "reruns.md"
BEGIN = "<!-- written below this line by tests/workflow/test_study.py from dry runs -->\n"
# A key, what it is changed to, and words for the change where the key does not say it.
CHANGES = {
    "title": "Another",
    "corpus.on_bad_record": "skip",
    "world.test_examples": 50,
    "ladder.vocabulary": 500,
    "ladder.epochs": 3,
    "ladder.sizes.large.learning_rate": 0.001,
    "ladder.mem_mb": 3000,
    "embedders.lsa.dimensions": 90,
    "tasks.questions.test_limit": 50,
    "tasks.questions.prompt": "Q: {input}\nA: ",
    "tasks.questions.pairs_from": "test",
    "tasks.questions.n": [1, 2, 3],
    "tasks.questions.gamma": 0.1,
    "tasks.questions.sweep": [0.2, 0.3],
    "tasks.questions.stop_words": {"input": "en", "output": "en"},
    "tasks.questions.max_new_tokens": 9,
    "tasks.questions.stop": ["\n", "."],
    "tasks.questions.metrics": ["exact-match", "bertscore-precision"],
    "infgram": None,
    "generation.chunk": 30,
    "statistics.bootstrap": 200,
    "statistics.permutations": 2000,
    "statistics.support_bins": 4,
    "statistics.capability": 0.2,
    "samples": 6,
    "decontamination": [5],
    "resources.count_pairs.mem_mb": 9000,
    "tasks.questions.prompt and statistics.bootstrap": {
        "tasks.questions.prompt": "Q: {input}\nA: ",
        "statistics.bootstrap": 200,
    },
}


def rerun(folder: Path, place: Path, key: str, value) -> dict[str, int]:
    """Jobs by rule that a finished study runs again once a key, or several, are changed."""
    config = yaml.safe_load(TINY.read_text())
    for one in key.split(" and "):
        *above, last = one.split(".")
        section = config
        for part in above:
            section = section.setdefault(part, {})
        section[last] = value[one] if " and " in key else value
    path = place / f"{key}.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return rules_to_run(snakemake(folder, "-n", config=path))


def told(jobs: dict[str, int]) -> str:
    """Rules of a run in the order of the study, a stage after the other."""
    stages: dict[str, list[str]] = {}
    for rule in RULES:
        if rule.name in jobs:
            stages.setdefault(rule.stage, []).append(f"{rule.name} {jobs[rule.name]}")
    return "; ".join(f"**{stage}** {', '.join(rules)}" for stage, rules in stages.items())


def test_the_page_on_re_runs_is_that_of_dry_runs(folder, tmp_path):
    """With TRACEMEM_WRITE_PAGES set it writes the page, which is else held to what is found."""
    with ThreadPoolExecutor(2) as pool:
        several = pool.map(lambda change: rerun(folder, tmp_path, *change), CHANGES.items())
        found = dict(zip(CHANGES, several, strict=True))
    # A changed prompt asks the models anew, and counts nothing again.
    asked = found["tasks.questions.prompt"]
    assert {"write_prompts", "score_infgram", "generate", "measure_items"} <= asked.keys()
    assert asked["write_prompts"] == asked["assemble_generations"] == 1
    assert {"load_task", "list_candidates", "count_ngrams", "mine_pairs"}.isdisjoint(asked)
    # What only decides how much is written is asked of one task anew too.
    written = found["tasks.questions.max_new_tokens"]
    assert written["assemble_generations"] == 1 and written["generate"] == 2
    assert found["generation.chunk"]["assemble_generations"] == 3
    # Two changes at once: the scores of tasks whose answers stay are taken anew too.
    both = found["tasks.questions.prompt and statistics.bootstrap"]
    assert both["score_memorization"] == 3 and both["assemble_generations"] == 1
    # The report shows the settings, so it is written anew whatever changes.
    for key in ("resources.count_pairs.mem_mb", "ladder.mem_mb", "title"):
        assert told(found[key]) == "**figures** write_report 1"
    rows = [
        f"| `{key.replace(' and ', '` and `')}` | {told(jobs) or 'nothing'} |"
        for key, jobs in found.items()
    ]
    table = "\n".join(["| key | rules that run again, with their jobs |", "| --- | --- |", *rows])
    head, _, written = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    if os.environ.get("TRACEMEM_WRITE_PAGES"):
        PAGE.write_text(f"{head}{BEGIN}{table}\n", encoding="utf-8")
    else:
        assert written == f"{table}\n", "make docs-reruns writes the page anew"


def test_a_changed_library_can_be_taken_without_counting_again(tmp_path):
    """As the page on re-runs has it: only times of files count, and a changed config is told."""
    shutil.copytree(
        ROOT / "workflow", tmp_path / "workflow", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "Snakefile", tmp_path / "Snakefile")
    shutil.copytree(ROOT / "envs", tmp_path / "envs")
    (tmp_path / "corpus.jsonl").write_text("".join(
        json.dumps({"text": f"the town of land {k} is city {k % 7}"}) + "\n" for k in range(40)))  # fmt: skip
    (tmp_path / "own.jsonl").write_text("".join(
        json.dumps({"input": f"the town of land {k} is", "target": f"city {k % 7}"}) + "\n"
        for k in range(9)))  # fmt: skip
    config = tmp_path / "own.yaml"
    config.write_text(yaml.safe_dump({
        "corpus": {"shards": "corpus.jsonl"},
        "tasks": {"own": {"kind": "question-answering", "test": "own.jsonl", "n": 1}},
    }))  # fmt: skip

    def run(*arguments: str) -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", config.name,
             "--workflow-profile", "none", *arguments],
            cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "workflow")},
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return rules_to_run(done.stdout + done.stderr)

    run("counts")
    assert not run("counts", "-n")
    changed = tmp_path / "workflow" / "tracemem" / "ngrams" / "counting.py"
    changed.write_text(changed.read_text() + "\n\ndef of_a_later_version():\n    pass\n")
    assert "count_ngrams" in run("counts", "-n")
    assert not run("counts", "-n", "--rerun-triggers", "mtime")
