"""From corpus shards to figures: how much of what a model can do is memory."""

import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")
sys.path.insert(0, f"{workflow.basedir}/workflow")

from tracemem import corpus, fetch, settings, source
from tracemem.world.settings import TASKS as WORLD_TASKS

if not config:
    raise WorkflowError(
        "no config: add --configfile config/demo.yaml, or your own (config/README.md)"
    )
try:
    study = settings.load(config)
    remotes = {remote.file: remote for remote in fetch.find(study.corpus.fetch)}
    if study.world:
        shards = {
            name: f"{study.results}/world/corpus/{name}.jsonl.zst"
            for name in study.world_shards()
        }
    elif remotes:
        shards = {
            remote.name: f"{study.results}/corpus/fetched/{file}"
            for file, remote in remotes.items()
        }
    else:
        shards = {
            shard.name: str(shard.path)
            for shard in corpus.find_shards(study.corpus.shards)
        }
except (settings.SettingsError, corpus.CorpusError) as wrong:
    raise WorkflowError(str(wrong)) from None
models = study.study_models()


pathvars:
    results=study.results,
    logs=f"{study.results}/logs",
    benchmarks=f"{study.results}/benchmarks",


wildcard_constraints:
    shard="|".join(map(re.escape, shards)),
    file="|".join(map(re.escape, remotes)) or "none",
    task="|".join(map(re.escape, study.tasks)),
    model="|".join(map(re.escape, models)) or "none",
    size="|".join(map(re.escape, study.ladder.sizes)) if study.ladder else "none",
    split="test|train",
    n=r"\d+",


include: "workflow/rules/study.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/ladder.smk"
include: "workflow/rules/tasks.smk"
include: "workflow/rules/index.smk"
include: "workflow/rules/mining.smk"
include: "workflow/rules/generation.smk"
include: "workflow/rules/novelty.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/figures.smk"


localrules:
    all,
    counts,
    scores,
    figures,


rule all:
    default_target: True
    input:
        f"{study.results}/report.html",


rule counts:
    input:
        rules.write_manifest.output,
        rules.merge_ngrams.output,
        rules.measure_alignment.output,
        expand(rules.tabulate_pairs.output.pairs, zip, **task_n()),


rule scores:
    input:
        score_tables(),


rule figures:
    input:
        figure_files(),
