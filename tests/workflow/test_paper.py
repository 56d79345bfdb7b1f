"""The paper's own studies: planned whole from an empty folder, offline, as their configs say."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping

import pytest
import yaml
from snakemake.utils import update_config
from test_study import ROOT, TINY, command, rules_to_run, snakemake

from tracemem.corpus import fetch
from tracemem.corpus.tables import MANIFEST
from tracemem.jobs import files
from tracemem.settings import study as settings
from tracemem.settings.mmlu import subjects as subjects_of
from tracemem.settings.rules import BY_NAME
from tracemem.study import costs, rates, sizes
from tracemem.study import planning as jobs

STUDIES = {
    # shards, models, tasks, tables of pairs
    "pythia-pile": (30, 10, 6, 13),
    "olmo-dolma": (2419, 3, 5, 9),
}


def read(name: str) -> settings.Settings:
    return settings.load(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text()))


def counted_jobs(study: settings.Settings) -> dict[str, int]:
    """Jobs by rule, without Snakemake."""
    return jobs.count(jobs.plan(study, sizes.of(study), rates.read()))


@pytest.fixture(scope="module", params=STUDIES)
def planned(request, tmp_path_factory) -> tuple[settings.Settings, dict[str, int]]:
    """A study and the jobs of its dry run, with every way out of this machine closed."""
    folder = tmp_path_factory.mktemp(request.param)
    config = ROOT / "config" / f"{request.param}.yaml"
    nowhere = "http://127.0.0.1:9"
    done = subprocess.run(
        command(folder, "-n", "--quiet", "reason", config=config),
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "http_proxy": nowhere, "https_proxy": nowhere, "HF_ENDPOINT": nowhere},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert not (folder / "results").exists()
    return read(request.param), rules_to_run(said)


def test_the_whole_study_is_planned_from_an_empty_folder(planned):
    """By Snakemake as by the arithmetic of ``tracemem check``."""
    study, to_run = planned
    counted = counted_jobs(study)
    assert counted["generate"] == len(study.study_models())
    assert counted["assemble_generations"] == len(study.tasks)
    assert counted["count_pairs"] == len(fetch.find(study.corpus.fetch))
    assert {**counted, "all": 1} == to_run


def test_the_real_study_has_larger_sizes_on_a_gpu():
    whole, more = (
        yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
        for name in ("real-mini", "real-mini-gpu")
    )
    sizes = {**whole["ladder"]["sizes"], **more["ladder"]["sizes"]}
    merged = {**whole, **more, "ladder": {**whole["ladder"], **more["ladder"], "sizes": sizes}}
    models = settings.load(merged).study_models()
    assert list(models) == ["0.3M", "1.4M", "2.9M", "15M", "44M"]
    assert all(model.gpus == 1 for model in models.values())
    for name, model in models.items():
        assert model.parameters / 1e6 == pytest.approx(float(name[:-1]), rel=0.05)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_the_size_of_the_paper(name):
    study = read(name)
    shards, models, tasks, pairs = STUDIES[name]
    assert len(fetch.find(study.corpus.fetch)) == shards
    assert (len(study.models), len(study.tasks)) == (models, tasks)
    assert sum(len(task.n) for task in study.tasks.values()) == pairs
    assert all(model.gpus for model in study.models.values())


def test_thresholds_and_n_are_those_of_the_paper():
    tasks = read("pythia-pile").tasks
    wmt = tasks["wmt09"]
    assert set(wmt.languages_by_direction().values()) == {
        sides
        for language in ("cs", "de", "es", "fr", "hu", "it")
        for sides in ((language, "en"), ("en", language))
    }
    subsets = {name: wmt.hub_of(name).subset for name in ("cs-en", "en-es", "es-en")}
    assert subsets == {"cs-en": "cs-en", "en-es": "en-es", "es-en": "en-es"}
    assert {n: wmt.gamma_of(n) for n in wmt.n} == {2: 0.85, 3: 0.8, 4: 0.75, 5: 0.7}
    assert tasks["triviaqa"].thresholds(3) == [0.75, 0.8]
    assert tasks["triviaqa"].thresholds(5) == [0.65, 0.7, 0.75, 0.8]
    subjects = [
        len(subjects_of(tasks[f"mmlu-{group}"].groups)) for group in ("knowledge", "reasoning")
    ]
    assert subjects == [34, 22]


def test_names_of_urls_are_as_many_bytes_as_the_published_list():
    # The hub tells the size of urls/v1_7.txt as 172 kB.
    urls = [remote.source["url"] for remote in fetch.find(read("olmo-dolma").corpus.fetch)]
    assert round(sum(len(url) + 1 for url in urls) / 1000) == 172


def hub_names(study: settings.Settings) -> set[str]:
    """Every name of the hub that a study uses."""
    names = {source.hub for source in study.corpus.fetch.values()}
    names |= {model.path for model in study.models.values()}
    names |= {embedder.name for embedder in study.embedders.values()}
    names |= {task.hub.name for task in study.tasks.values() if task.hub}
    names.add(study.infgram.tokenizer if study.infgram else "")
    return {name for name in names if "/" in name}


def test_names_of_the_hub_stand_in_configs_alone():
    names = set().union(*(hub_names(read(name)) for name in STUDIES))
    assert len(names) > 18
    owners = "|".join(sorted({re.escape(name.split("/")[0]) for name in names}))
    places = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*")]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in places
        if path.suffix in (".py", ".smk", ".jinja", ".yaml", "")
        and path.is_file()
        and "bench" not in path.parts
        for match in re.finditer(rf"\b(?:{owners})/[\w.-]+", path.read_text())
    ]
    # The one embedder that a task may name without a section of its own.
    assert found == [f"workflow/tracemem/settings/mining.py: {settings.EMBEDDERS['e5'].name}"]


FETCHED = """
title: Shards from elsewhere
results: results/fetched
corpus:
  fetch:
    here: {{urls: "{folder}/part-{{0..1}}.jsonl"}}
resources:
  inspect_shard: {{mem_mb: 777, runtime: 99, threads: 2}}
infgram: null
tasks:
  questions: {{kind: question-answering, test: q.jsonl, n: 1, gamma: 0}}
"""
MADE = "results/fetched/corpus/manifest.parquet"


def test_shards_are_downloaded_once_under_the_resources_asked_for(tmp_path):
    (tmp_path / "from").mkdir()
    (tmp_path / "q.jsonl").write_text('{"input": "which number", "target": "one"}\n')
    for k in range(2):
        line = f'{{"text": "number {k}"}}\n'
        (tmp_path / "from" / f"part-{k}.jsonl").write_text(line * (k + 1))
    config = tmp_path / "fetched.yaml"
    config.write_text(FETCHED.format(folder=(tmp_path / "from").as_uri()))
    said = snakemake(tmp_path, MADE, "--verbose", config=config)
    told = said.partition("rule inspect_shard:")[2].partition("\n[")[0]
    assert all(asked in told for asked in ("threads: 2", "runtime=99", "mem_mb=777")), told
    manifest = files.read(MANIFEST, tmp_path / MADE)
    assert manifest.set_index("shard")["documents"].to_dict() == {"part-0": 1, "part-1": 2}
    assert "Nothing to be done" in snakemake(tmp_path, MADE, config=config)
    # Another address is another corpus, whatever is here already.
    config.write_text(config.read_text().replace("{0..1}", "{1..1}"))
    to_run = rules_to_run(snakemake(tmp_path, "-n", MADE, config=config))
    assert to_run["write_manifest"] == 1 and "fetch_shard" not in to_run


VARIANTS = {
    "tiny": {},
    "without contamination": {"decontamination": []},
    "without an infinity-gram LM": {"infgram": None},
    "in pieces": {"ladder": {"sizes": {"small": {"pieces": 3}}}},
    "without a model": {"ladder": None},
    "followed over one pass": {"ladder": {"epochs": 1}, "profiles": {"models": ["large"]}},
    "trained again": {"counterfactual": {"subsets": 4, "alone": 1, "further_seeds": [9]}},
    "without a contrast": {"contrast": None},
    "nothing swept": {"tasks": {"questions": {"sweep": []}}},
    "one model tuned from another": {
        "models": {"tuned": {"path": "someone/tuned", "parameters": 9, "instruct_of": "small"}}
    },
}


def before(needs: Mapping[str, Iterable[str]], rule: str) -> set[str]:
    """Every rule that must be done before one, directly or not."""
    found: set[str] = set()
    for one in needs.get(rule, ()):
        found |= {one} | before(needs, one)
    return found


def test_rules_wait_for_those_that_snakemake_makes_them_wait_for(tmp_path):
    config = tmp_path / "tiny.yaml"
    study = yaml.safe_load(TINY.read_text())
    update_config(study, VARIANTS["one model tuned from another"])
    config.write_text(yaml.safe_dump(study))
    done = subprocess.run(
        command(tmp_path, "--rulegraph", config=config), capture_output=True, text=True
    )
    names = dict(re.findall(r'^\t(\d+)\[label = "(\w+)"', done.stdout, re.M))
    graph: dict[str, set[str]] = {}
    for one, other in re.findall(r"^\t(\d+) -> (\d+)", done.stdout, re.M):
        graph.setdefault(names[other], set()).add(names[one])
    assert len(names) > 35
    graph = {rule: needs - {"note_params"} for rule, needs in graph.items()}
    # A rule that a study has not is passed over, and what it waits for with it.
    reckoned = {
        rule: [
            one for one in (BY_NAME[rule].after if rule in BY_NAME else ()) if one in names.values()
        ]
        for rule in names.values()
    }
    for rule in set(names.values()) - {"all", "note_params", costs.LAST}:
        assert before(reckoned, rule) == before(graph, rule), rule
    lacking = {"train_piece", "fetch_shard", "embed_ngrams"}
    lacking |= {"score_candidates", "judge_candidates"}
    other = ("profiles", "counterfactual")
    lacking |= {rule.name for rule in BY_NAME.values() if rule.stage in other}
    assert set(BY_NAME) - set(names.values()) == lacking


@pytest.mark.parametrize("name", VARIANTS)
def test_jobs_are_counted_as_snakemake_plans_them(tmp_path, name):
    config = yaml.safe_load(TINY.read_text())
    update_config(config, VARIANTS[name])
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(config))
    to_run = rules_to_run(snakemake(tmp_path, "-n", config=path))
    assert {**counted_jobs(settings.load(config)), "all": 1} == to_run
