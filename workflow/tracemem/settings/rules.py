"""The rules of the study, declared once, in its order: stage, what one job is of, what it asks for.

The rule files take log, benchmark, threads and resources from here, the check of a config the rules
whose needs it may set, and the display of a run its stages.
"""

from dataclasses import dataclass

from pydantic import Field

from tracemem.settings.section import Section


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: its name, that of its script and of its log.
        stage: file of workflow/rules it stands in.
        each: what one job is of: wildcards as they stand in the paths of log and benchmark.
        mem_mb: memory of a job, MB, where the config says nothing.
        runtime: time limit of a job, minutes, where the config says nothing.
        sized: whether needs grow with the corpus or the tasks, so that a config may set them.
        script: name of its script, where another rule lends it.
        elsewhere: section of the config that has its needs.
    """

    name: str
    stage: str
    each: str = ""
    mem_mb: int = 1000
    runtime: int = 10
    sized: bool = False
    script: str = ""
    elsewhere: str = ""


_GB = 1000
RULES = (
    Rule("generate_world", "corpus", "", 2 * _GB, 60),
    Rule("generate_shard", "corpus", "{shard}", 2 * _GB, 60),
    Rule("fetch_shard", "corpus", "{file}", 1 * _GB, 240, sized=True),
    Rule("inspect_shard", "corpus", "{shard}", 1 * _GB, 120, sized=True),
    Rule("write_manifest", "corpus", "", 500, 10),
    Rule("train_tokenizer", "ladder", "", 2 * _GB, 60, sized=True),
    Rule("pack_shard", "ladder", "{shard}", 2 * _GB, 120, sized=True),
    Rule("pack_corpus", "ladder", "", 2 * _GB, 60, sized=True),
    Rule("train_model", "ladder", "{trained}", elsewhere="ladder"),
    Rule("train_piece", "ladder", "{trained}.{piece}", script="train_model", elsewhere="ladder"),
    Rule("load_task", "tasks", "{task}.{split}", 2 * _GB, 30, sized=True),
    Rule("write_prompts", "tasks", "{task}", 2 * _GB, 30),
    Rule("list_candidates", "index", "", 4 * _GB, 60, sized=True),
    Rule("count_ngrams", "index", "{shard}", 4 * _GB, 240, sized=True),
    Rule("merge_ngrams", "index", "", 4 * _GB, 60, sized=True),
    Rule("index_shard", "index", "{number}", 8 * _GB, 480, sized=True),
    Rule("score_infgram", "index", "{task}", 8 * _GB, 120, sized=True),
    Rule("fit_embedder", "mining", "{embedder}", 4 * _GB, 120, sized=True),
    Rule("embed_ngrams", "mining", "{task}.n{n}", 8 * _GB, 240, sized=True),
    Rule("mine_pairs", "mining", "{task}.n{n}", 8 * _GB, 240, sized=True),
    Rule("list_pairs", "mining", "", 8 * _GB, 60, sized=True),
    Rule("count_pairs", "mining", "{shard}", 8 * _GB, 240, sized=True),
    Rule("merge_pairs", "mining", "", 8 * _GB, 60, sized=True),
    Rule("tabulate_pairs", "mining", "{task}.n{n}", 4 * _GB, 60, sized=True),
    Rule("measure_alignment", "mining", "", 4 * _GB, 30, sized=True),
    Rule("measure_coverage", "mining", "", 4 * _GB, 30),
    Rule("generate", "generation", "{model}", elsewhere="models"),
    Rule("assemble_generations", "generation", "{task}", 4 * _GB, 60, sized=True),
    Rule("list_generated_pairs", "novelty", "{task}", 8 * _GB, 60, sized=True),
    Rule("gather_generated_pairs", "novelty", "", 8 * _GB, 60, sized=True, script="list_pairs"),
    Rule("count_generated_pairs", "novelty", "{shard}", 8 * _GB, 240, sized=True,
         script="count_pairs"),
    Rule("merge_generated_pairs", "novelty", "", 8 * _GB, 60, sized=True),
    Rule("embed_generated_pairs", "novelty", "{task}", 8 * _GB, 240),
    Rule("measure_items", "scoring", "{task}.n{n}", 4 * _GB, 120, sized=True),
    Rule("score_memorization", "scoring", "{task}", 4 * _GB, 120, sized=True),
    Rule("score_thresholds", "scoring", "{task}", 4 * _GB, 120, sized=True),
    Rule("score_performance", "scoring", "{task}", 4 * _GB, 60, sized=True),
    Rule("score_novelty", "scoring", "{task}", 8 * _GB, 60, sized=True),
    Rule("score_contamination", "scoring", "{task}", 4 * _GB, 120, sized=True),
    Rule("merge_scores", "scoring", "{table}"),
    Rule("judge_claims", "scoring"),
    Rule("compare_instruct", "scoring"),
    Rule("compare_published", "scoring"),
    Rule("plot_figure", "figures", "{figure}"),
    Rule("write_report", "figures"),
)  # fmt: skip
BY_NAME = {rule.name: rule for rule in RULES}
SIZED = tuple(rule.name for rule in RULES if rule.sized)
"""Rules whose needs a config may set."""


class ResourceSettings(Section):
    """What every job of one rule asks of the machine; what is left out is the rule's default."""

    mem_mb: int | None = Field(default=None, ge=100, description="Memory, MB.")
    runtime: int | None = Field(default=None, ge=1, description="Time limit, minutes.")
    threads: int | None = Field(default=None, ge=1, description="CPU threads.")
