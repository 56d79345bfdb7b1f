"""Studies of one's own, from raw files to the report: whatever the data, a study ends in its report.

Each study of ``own_studies`` is run as a user would run it, and its folder is held to what a user
may ask of any: tables that read back, a reason wherever there is no value, counts that are those of
the files, a report in words.
"""

import os
import queue
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from forked import ROOT, Run, Server
from own_studies import CONFIG, STUDIES, Study, build_models

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.declared import Table
from tracemem.mining.tables import PAIRS
from tracemem.ngrams import words
from tracemem.ngrams.tables import SAMPLES
from tracemem.report.products import DRAWN, TABLES

# Folders of studies are named so, which stands in no text of theirs: a path is found where it leaks.
PLACE = "somewhere-on-this-machine"
BY_PATH = {table.path: table for table in TABLES}
# The columns of a score and of its interval, where they are not value, ci_low and ci_high.
SCORES = {
    "scores/novelty.csv": ("share", "ci_low", "ci_high"),
    "scores/instruct.csv": ("difference", "ci_low", "ci_high"),
    **dict.fromkeys(
        (
            "scores/memorization.csv", "scores/controls.csv", "scores/variants.csv",
            "scores/performance.csv", "scores/support.csv", "scores/thresholds.csv",
            "scores/decontaminated.csv",
        ),
        ("value", "ci_low", "ci_high"),
    ),
}  # fmt: skip


class _Visible(HTMLParser):
    """What a reader of a page sees of its text, and the ids of its figures."""

    def __init__(self):
        super().__init__()
        self.text: list[str] = []
        self.figures: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag, attrs):
        self._hidden += tag in ("style", "script")
        if tag == "figure":
            self.figures.append(dict(attrs)["id"].removeprefix("figure-"))

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self._hidden:
            self.text.append(data)


@dataclass
class Finished:
    """A study that was run: its folder, and what came out."""

    study: Study
    folder: Path
    run: Run

    @cached_property
    def results(self) -> Path:
        """The study's results, wherever the config puts them."""
        if self.run.code:
            pytest.fail("the study did not end in its report", pytrace=False)
        (report,) = self.folder.rglob("report.html")
        return report.parent

    @cached_property
    def _page(self) -> _Visible:
        page = _Visible()
        page.feed((self.results / "report.html").read_text(encoding="utf-8"))
        return page

    @property
    def words(self) -> str:
        """The report's text, as it is read."""
        return re.sub(r"\s+", " ", " ".join(self._page.text))

    @property
    def figures(self) -> set[str]:
        """The figures that the report shows."""
        return set(self._page.figures)

    @property
    def summary(self) -> str:
        """The report in short, as text."""
        return (self.results / "summary.txt").read_text(encoding="utf-8")

    def table(self, path: str) -> pd.DataFrame:
        """A table by its place under the results."""
        return files.read(BY_PATH[path], self.results / path)

    def declared(self) -> Iterator[tuple[Table, Path]]:
        """Every file of a declared table, with its declaration."""
        for table in TABLES:
            for path in sorted(self.results.glob(re.sub(r"\{\w+\}", "*", table.path))):
                yield table, path

    def task_n(self) -> list[tuple[str, int]]:
        """Every task and n, as the results have them."""
        coverage = self.table("pairs/coverage.csv")
        return list(zip(coverage["task"], coverage["n"], strict=True))

    def why(self) -> str:
        """What a failed run said: each failed job's own words, else the last of Snakemake's."""
        if self.run.failures:
            return "\n".join(f"{one.job}: {one.said.strip()}" for one in self.run.failures)
        return self.run.said[-2000:]


@pytest.fixture(scope="module")
def finished(request, tmp_path_factory) -> Iterator[Callable[[str], Finished]]:
    """A study by name, run once; those that the chosen tests name are run ahead, two at a time."""
    models = build_models(tmp_path_factory.mktemp("models"))
    servers: queue.SimpleQueue[Server] = queue.SimpleQueue()
    workers = min(2, os.cpu_count() or 1)

    def run(name: str) -> Finished:
        folder = tmp_path_factory.mktemp(PLACE) / f"{name} study"
        folder.mkdir()
        study = STUDIES[name]()
        study.write(folder, models)
        server = servers.get()
        try:
            arguments = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", CONFIG]
            return Finished(study, folder, server.run(folder, *arguments))
        finally:
            servers.put(server)

    ahead = [
        item.callspec.params["name"]
        for item in request.session.items
        if item.module is request.module and hasattr(item, "callspec")
    ]
    with ThreadPoolExecutor(workers) as pool:
        started = [Server() for _ in range(workers)]
        for server in started:
            servers.put(server)
        runs: dict[str, Future[Finished]] = {}

        def result(name: str) -> Finished:
            if name not in runs:
                runs[name] = pool.submit(run, name)
            return runs[name].result()

        for name in dict.fromkeys(ahead):
            runs[name] = pool.submit(run, name)
        yield result
        for future in runs.values():
            future.cancel()
    for server in started:
        server.close()


every_study = pytest.mark.parametrize("name", STUDIES)


def of(*names: str):
    """Run a test on the studies of these names."""
    return pytest.mark.parametrize("name", names)


@every_study
def test_it_ends_in_its_report(finished, name):
    done = finished(name)
    if done.run.code:
        pytest.fail(done.why(), pytrace=False)
    assert "Traceback" not in done.run.said
    assert not re.findall(r"^.*\w+Warning: .*", done.run.said, re.M)
    title = done.study.config.get("title", "")
    assert title in done.words and title in done.summary
    for task in done.study.examples:
        assert task in done.words


@every_study
def test_tables_read_back(finished, name):
    done = finished(name)
    read = {table.path: files.read(table, path) for table, path in done.declared()}
    assert {"corpus/manifest.parquet", "pairs/coverage.csv", "pairs/alignment.csv"} <= read.keys()
    if done.study.models:
        always = SCORES.keys() - {"scores/novelty.csv", "scores/instruct.csv"}
        if done.study.config.get("decontamination") == []:
            always -= {"scores/decontaminated.csv"}
        assert always <= read.keys()
    manifest = read["corpus/manifest.parquet"]
    assert manifest["documents"].sum() == len(done.study.documents)
    text = sum(len(document.encode()) for document in done.study.documents)
    assert manifest["text_bytes"].sum() == text


@every_study
def test_what_has_no_value_has_a_reason(finished, name):
    done = finished(name)
    for path, columns in SCORES.items():
        if not (done.results / path).exists():
            continue
        scores = done.table(path)
        complete = np.isfinite(scores[list(columns)]).all(axis=1)
        assert (complete == (scores["reason"] == "")).all(), scores[
            complete != (scores["reason"] == "")
        ].to_string()
        # Of nothing there is no value, and a zero least of all.
        for counted in ("items", "examples", "generated_pairs"):
            if counted in scores:
                assert scores.loc[scores[counted] == 0, columns[0]].isna().all(), path
        if "correct_reason" in scores:
            correct = scores[[f"correct_{column}" for column in columns]]
            complete = np.isfinite(correct).all(axis=1)
            assert (complete == (scores["correct_reason"] == "")).all()


@every_study
def test_every_score_has_its_row(finished, name):
    done = finished(name)
    asked = [(task, int(n), model) for task, n in done.task_n() for model in _models(done.study)]
    if not asked:
        assert not (done.results / "scores/memorization.csv").exists()
        return
    memorization = done.table("scores/memorization.csv")
    statistics = {
        "task-gram": ("spearman", "kendall-distance", "partial-spearman"),
        "contrast": ("spearman", "partial-spearman"),
    }
    for measure, of_measure in statistics.items():
        for statistic in of_measure:
            rows = memorization[
                (memorization["measure"] == measure) & (memorization["statistic"] == statistic)
            ]
            found = rows[["task", "n", "model"]].itertuples(index=False, name=None)
            assert sorted(found) == sorted(asked)
    performance = done.table("scores/performance.csv")
    whole = performance[performance["group"] == ""]
    assert set(zip(whole["task"], whole["model"], strict=True)) == {
        (task, model) for task, _, model in asked
    }
    assert (whole["examples"] == whole["task"].map(done.study.examples)).all()
    assert whole["value"].notna().all()


def _models(study: Study) -> list[str]:
    return list(study.config.get("models", {}))


@every_study
def test_every_task_and_n_is_covered(finished, name):
    done = finished(name)
    coverage = done.table("pairs/coverage.csv").set_index(["task", "n"])
    assert coverage.index.is_unique
    configured = {
        (task, n)
        for task, settings in done.study.config["tasks"].items()
        for n in settings.get("n", ())
    }
    if configured:
        assert set(coverage.index) == configured
    assert {task for task, _ in coverage.index} == set(done.study.examples)
    for (task, n), row in coverage.iterrows():
        assert row["examples"] == done.study.examples[task]
        none = (task, n) in done.study.without_pairs
        assert (row["pairs"] == 0) == none == bool(row["reason"]), (task, n)
        assert row["examples"] >= row["with_pairs"] >= row["supported"]
        assert (row["supported"] == 0) == none
        path = done.results / f"pairs/{task}.n{n}.parquet"
        if path.exists():
            # Of pairs mined from the training split some may stand in no test example.
            mined = done.study.config["tasks"][task].get("pairs_from") == "train"
            held = len(files.read(PAIRS, path))
            assert row["pairs"] <= held if mined else row["pairs"] == held
        if not done.study.models:
            continue
        memorization = done.table("scores/memorization.csv")
        rows = memorization[(memorization["task"] == task) & (memorization["n"] == n)]
        if none:
            # What is contrasted is every answer, whether mined or not.
            rows = rows[rows["measure"] != "contrast"]
            assert (rows["items"] == 0).all() and rows["value"].isna().all()
        else:
            assert (rows["items"] > 0).any()


def _held(gram: str, text: str) -> bool:
    return f" {gram} " in text


@every_study
def test_counts_are_those_of_the_files(finished, name):
    done = finished(name)
    texts = [f" {' '.join(words.words(text))} " for text in done.study.documents]
    seen = 0
    for task, n in done.task_n():
        path = done.results / f"pairs/{task}.n{n}.parquet"
        if not path.exists():
            continue
        pairs = files.read(PAIRS, path)
        for pair in pairs.iloc[:: max(1, len(pairs) // 20)].itertuples():
            inputs = [text for text in texts if _held(pair.input_gram, text)]
            both = [text for text in inputs if _held(pair.output_gram, text)]
            assert pair.input_documents == len(inputs)
            assert pair.pair_documents == len(both) > 0
            assert pair.output_documents == sum(_held(pair.output_gram, text) for text in texts)
            assert pair.input_occurrences == sum(_occurrences(pair.input_gram, t) for t in texts)
            seen += 1
    assert seen or set(done.task_n()) == done.study.without_pairs


def _occurrences(gram: str, text: str) -> int:
    return len(re.findall(f"(?= {re.escape(gram)} )", text))


@every_study
def test_the_report_is_in_words(finished, name):
    done = finished(name)
    for said in (done.words, done.summary):
        assert PLACE not in said
        assert "Traceback" not in said
        if not done.study.looks_missing:
            odd = re.findall(r".{30}(?<![\w∞-])(?:nan|NaN|None|inf|NaT|<NA>)(?!\w).{30}", said)
            assert not odd


@every_study
def test_every_figure_is_there_or_named_as_left_out(finished, name):
    done = finished(name)
    config = done.study.config
    expected = {"coverage", "thresholds"}
    if done.study.models:
        expected |= {"performance_support", "memorization", "kendall", "emergence"}
        if any(task.get("kind") == "translation" for task in config["tasks"].values()):
            expected |= {"novelty", "generated_cosines"}
        if any(task.get("sweep") for task in config["tasks"].values()):
            expected |= {"memorization_by_threshold"}
        if any(model.get("instruct_of") for model in config["models"].values()):
            expected |= {"instruct"}
    assert done.figures <= expected
    for figure in expected - done.figures:
        assert DRAWN[figure].title in done.words, f"{figure} is left out, and nothing says so"


# What is known of some of them.


def _reasons(done: Finished, path: str, **where: object) -> pd.Series:
    rows = done.table(path)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows)
    return rows["reason"]


@of("clean_facts")
def test_a_constant_side_is_the_reason(finished, name):
    reasons = _reasons(finished(name), "scores/memorization.csv", measure="contrast")
    assert reasons.str.contains("constant").all()
    assert "constant" in finished(name).words


@of("noisy_facts", "all_of_the_task", "several_formats")
def test_plain_data_has_every_value_and_figure(finished, name):
    memorization = finished(name).table("scores/memorization.csv")
    assert memorization["value"].notna().all() and (memorization["reason"] == "").all()
    always = {"performance_support", "memorization", "kendall", "emergence", "thresholds"}
    assert always <= finished(name).figures


@of("one_example", "two_examples")
def test_too_few_items_are_the_reason(finished, name):
    for path in ("scores/memorization.csv", "scores/controls.csv"):
        reasons = _reasons(finished(name), path)
        assert reasons.str.contains(r"items|example").all()
    assert finished(name).figures.isdisjoint({"memorization", "kendall"})


@of("task_without_pairs", "n_without_pairs")
def test_what_has_no_pair_is_named_and_the_rest_goes_on(finished, name):
    done = finished(name)
    ((task, n),) = done.study.without_pairs
    coverage = done.table("pairs/coverage.csv")
    row = coverage[(coverage["task"] == task) & (coverage["n"] == n)].iloc[0]
    assert row["reason"] and row["reason"] in done.words
    memorization = done.table("scores/memorization.csv")
    without = (memorization["task"] == task) & (memorization["n"] == n)
    assert memorization.loc[~without, "value"].notna().all()
    assert (memorization.loc[without, "reason"] != "").all()
    assert {"memorization", "kendall"} <= done.figures


@of("nothing_of_the_task", "three_documents", "answers_equal_questions", "facts_stated_once")
def test_without_any_pair_performance_is_all_there_is(finished, name):
    done = finished(name)
    (task,) = done.study.examples
    assert done.table("scores/performance.csv")["value"].notna().all()
    reason = done.table("pairs/coverage.csv")["reason"].iloc[0]
    assert reason and reason in done.words
    assert done.figures.isdisjoint({"memorization", "kendall"})
    support = done.table("scores/support.csv")
    assert set(support["bin"]) == {0} and (support["examples"] == done.study.examples[task]).all()


@of("no_model", "shortest_without_model")
def test_without_a_model_the_report_is_of_counts(finished, name):
    done = finished(name)
    coverage = done.table("pairs/coverage.csv")
    assert (coverage["pairs"] > 0).all() and (coverage["supported"] > 0).all()
    assert "no model" in done.words.lower()
    for pairs in coverage["pairs"]:
        assert f"{pairs:,}" in done.words


@of("shortest")
def test_the_shortest_config_says_what_was_chosen(finished, name):
    done = finished(name)
    sizes = done.table("scores/performance.csv")["parameters"].unique()
    (folder,) = done.study.models
    assert sizes.tolist() == [_parameters(done.folder / folder)]
    assert "infini-gram" in set(done.table("scores/memorization.csv")["measure"])


def _parameters(folder: Path) -> int:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "np") as weights:
        return sum(weights.get_tensor(name).size for name in weights.keys())  # noqa: SIM118


@of("large_vocabulary")
def test_a_tokenizer_too_large_for_an_index_is_left_out_and_said(finished, name):
    done = finished(name)
    assert "infini-gram" not in set(done.table("scores/memorization.csv")["measure"])
    assert "65,535" in done.words


@of("permuted_control")
def test_without_an_index_nothing_is_measured_by_it(finished, name):
    done = finished(name)
    assert "infini-gram" not in set(done.table("scores/memorization.csv")["measure"])
    assert not (done.results / "infgram").exists()


@of("small_context")
def test_generation_fits_the_context(finished, name):
    done = finished(name)
    found = files.read(GENERATIONS, done.results / "generations/capitals/small.parquet")
    tokens = found["prompt_tokens"] + found["generated_tokens"]
    assert (tokens <= 32).all() and (found["generated_tokens"] > 0).any()


@of("bad_records")
def test_bad_records_are_counted(finished, name):
    assert finished(name).table("corpus/manifest.parquet")["skipped"].sum() == 4


@of("all_of_the_task")
def test_all_examples_are_contaminated(finished, name):
    rows = finished(name).table("scores/contamination.csv")
    assert rows["n"].tolist() == [1, 3]
    assert (rows["contaminated"] == rows["searched"]).all() and (rows["searched"] == 30).all()
    clean = finished(name).table("scores/decontaminated.csv").query("subset == 'clean'")
    assert (clean["examples"] == 0).all() and clean["value"].isna().all()


@of("one_size_twice")
def test_a_tuned_model_stands_beside_its_base_and_no_document_is_kept(finished, name):
    done = finished(name)
    instruct = done.table("scores/instruct.csv")
    assert set(instruct["base"]) == {"base"} and set(instruct["instruct"]) == {"tuned"}
    samples = files.read(SAMPLES, done.results / "pairs/samples.parquet")
    assert samples.empty


@of("facts_stated_alike", "nothing_of_the_task")
def test_one_bin_holds_all_examples(finished, name):
    support = finished(name).table("scores/support.csv")
    (examples,) = finished(name).study.examples.values()
    held = support[support["examples"] > 0]
    assert (held["examples"] == examples).all()


@of("dots_and_spaces")
def test_shards_of_one_name_are_told_apart(finished, name):
    manifest = finished(name).table("corpus/manifest.parquet")
    assert len(set(manifest["shard"])) == 2 and (manifest["documents"] > 0).all()


@of("words_that_look_missing")
def test_a_word_is_a_word_and_no_missing_value(finished, name):
    done = finished(name)
    pairs = files.read(PAIRS, done.results / "pairs/null.n1.parquet")
    assert {"nan", "none", "null", "na", "inf", "true", "1e5", "0"} <= set(pairs["output_gram"])
    performance = done.table("scores/performance.csv")
    assert set(performance["model"]) == {"nan"} and set(performance["task"]) == {"null"}
    assert {"nan", "None", "null", "NA", "inf", "0"} <= set(performance["group"])
