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
        after: rules whose jobs it waits for, where the study has them; no more than is needed to
            know the others by.
    """

    name: str
    stage: str
    each: str = ""
    mem_mb: int = 1000
    runtime: int = 10
    sized: bool = False
    script: str = ""
    elsewhere: str = ""
    after: tuple[str, ...] = ()


_GB = 1000
RULES = (
    Rule("generate_world", "corpus", "", 2 * _GB, 60),
    Rule("generate_shard", "corpus", "{shard}", 2 * _GB, 60),
    Rule("fetch_shard", "corpus", "{file}", 1 * _GB, 240, sized=True),
    Rule(
        "inspect_shard",
        "corpus",
        "{shard}",
        1 * _GB,
        120,
        sized=True,
        after=("generate_shard", "fetch_shard"),
    ),
    Rule("write_manifest", "corpus", "", 500, 10, after=("inspect_shard",)),
    Rule("train_tokenizer", "ladder", "", 2 * _GB, 60, sized=True, after=("write_manifest",)),
    Rule("pack_shard", "ladder", "{shard}", 2 * _GB, 120, sized=True, after=("train_tokenizer",)),
    Rule("pack_corpus", "ladder", "", 2 * _GB, 60, sized=True, after=("pack_shard",)),
    Rule("train_model", "ladder", "{trained}", elsewhere="ladder", after=("pack_corpus",)),
    Rule("train_piece", "ladder", "{trained}.{piece}", script="train_model", elsewhere="ladder"),
    Rule("draw_subsets", "counterfactual", "", 2 * _GB, 60),
    Rule(
        "pack_subset",
        "counterfactual",
        "{subset}",
        2 * _GB,
        60,
        sized=True,
        after=("pack_corpus", "draw_subsets"),
    ),
    Rule("pack_stranger", "counterfactual", "", 2 * _GB, 60, after=("train_tokenizer",)),
    Rule(
        "answer_without",
        "counterfactual",
        "{trained}",
        3 * _GB,
        60,
        sized=True,
        after=("train_model", "write_prompts"),
    ),
    Rule("score_counterfactual", "counterfactual", after=("answer_without",)),
    Rule("score_alone", "counterfactual", after=("score_counterfactual",)),
    Rule(
        "load_task", "tasks", "{task}.{split}", 2 * _GB, 30, sized=True, after=("generate_world",)
    ),
    Rule("write_prompts", "tasks", "{task}", 2 * _GB, 30, after=("load_task",)),
    Rule("find_neighbours", "tasks", "{task}", 2 * _GB, 60, sized=True, after=("load_task",)),
    Rule("list_candidates", "index", "", 4 * _GB, 60, sized=True, after=("load_task",)),
    Rule(
        "count_ngrams",
        "index",
        "{shard}",
        4 * _GB,
        240,
        sized=True,
        after=("list_candidates", "inspect_shard"),
    ),
    Rule("merge_ngrams", "index", "", 4 * _GB, 60, sized=True, after=("count_ngrams",)),
    Rule(
        "index_shard",
        "index",
        "{number}",
        8 * _GB,
        480,
        sized=True,
        after=("inspect_shard", "train_tokenizer"),
    ),
    Rule(
        "score_infgram",
        "index",
        "{task}",
        8 * _GB,
        120,
        sized=True,
        after=("index_shard", "write_prompts"),
    ),
    Rule(
        "fit_embedder", "mining", "{embedder}", 4 * _GB, 120, sized=True, after=("write_manifest",)
    ),
    Rule(
        "embed_ngrams", "mining", "{task}.n{n}", 8 * _GB, 240, sized=True, after=("merge_ngrams",)
    ),
    Rule(
        "mine_pairs",
        "mining",
        "{task}.n{n}",
        8 * _GB,
        240,
        sized=True,
        after=("merge_ngrams", "fit_embedder", "embed_ngrams"),
    ),
    Rule("list_pairs", "mining", "", 8 * _GB, 60, sized=True, after=("mine_pairs",)),
    Rule("count_pairs", "mining", "{shard}", 8 * _GB, 240, sized=True, after=("list_pairs",)),
    Rule("merge_pairs", "mining", "", 8 * _GB, 60, sized=True, after=("count_pairs",)),
    Rule(
        "tabulate_pairs", "mining", "{task}.n{n}", 4 * _GB, 60, sized=True, after=("merge_pairs",)
    ),
    Rule("measure_alignment", "mining", "", 4 * _GB, 30, sized=True, after=("merge_pairs",)),
    Rule(
        "measure_coverage", "mining", "", 4 * _GB, 30, after=("tabulate_pairs", "measure_alignment")
    ),
    Rule("list_premises", "mining", "", 8 * _GB, 60, sized=True, after=("merge_ngrams",)),
    Rule(
        "count_premises",
        "mining",
        "{shard}",
        8 * _GB,
        240,
        sized=True,
        script="count_pairs",
        after=("list_premises",),
    ),
    Rule(
        "merge_premises",
        "mining",
        "",
        8 * _GB,
        60,
        sized=True,
        script="merge_generated_pairs",
        after=("count_premises",),
    ),
    Rule(
        "tabulate_premises",
        "mining",
        "{task}.n{n}",
        8 * _GB,
        60,
        sized=True,
        after=("merge_premises",),
    ),
    Rule("list_followed", "profiles", "", 4 * _GB, 30, sized=True, after=("tabulate_premises",)),
    Rule(
        "time_documents",
        "profiles",
        "",
        4 * _GB,
        60,
        sized=True,
        after=("write_manifest", "train_model"),
    ),
    Rule(
        "count_intervals",
        "profiles",
        "{shard}",
        4 * _GB,
        240,
        sized=True,
        after=("list_followed", "time_documents"),
    ),
    Rule(
        "answer_at",
        "profiles",
        "{followed}",
        elsewhere="models",
        after=("write_prompts", "time_documents"),
    ),
    Rule(
        "score_profiles",
        "profiles",
        "",
        4 * _GB,
        60,
        sized=True,
        after=("count_intervals", "answer_at"),
    ),
    Rule(
        "generate",
        "generation",
        "{model}",
        elsewhere="models",
        after=("write_prompts", "find_neighbours", "train_model"),
    ),
    Rule(
        "assemble_generations", "generation", "{task}", 4 * _GB, 60, sized=True, after=("generate",)
    ),
    Rule(
        "list_generated_pairs",
        "novelty",
        "{task}",
        8 * _GB,
        60,
        sized=True,
        after=("assemble_generations",),
    ),
    Rule(
        "gather_generated_pairs",
        "novelty",
        "",
        8 * _GB,
        60,
        sized=True,
        script="list_pairs",
        after=("list_generated_pairs",),
    ),
    Rule(
        "count_generated_pairs",
        "novelty",
        "{shard}",
        8 * _GB,
        240,
        sized=True,
        script="count_pairs",
        after=("gather_generated_pairs",),
    ),
    Rule(
        "merge_generated_pairs",
        "novelty",
        "",
        8 * _GB,
        60,
        sized=True,
        after=("count_generated_pairs",),
    ),
    Rule(
        "embed_generated_pairs",
        "novelty",
        "{task}",
        8 * _GB,
        240,
        after=("assemble_generations", "fit_embedder"),
    ),
    Rule(
        "measure_items",
        "scoring",
        "{task}.n{n}",
        4 * _GB,
        120,
        sized=True,
        after=("tabulate_pairs", "assemble_generations", "score_infgram"),
    ),
    Rule(
        "measure_contrasts",
        "scoring",
        "{task}.n{n}",
        4 * _GB,
        120,
        sized=True,
        after=("tabulate_premises", "assemble_generations"),
    ),
    Rule(
        "score_memorization",
        "scoring",
        "{task}",
        4 * _GB,
        120,
        sized=True,
        after=("measure_items", "measure_contrasts"),
    ),
    Rule(
        "score_candidates",
        "scoring",
        "{task}",
        4 * _GB,
        120,
        sized=True,
        after=("measure_contrasts", "measure_items", "score_counterfactual"),
    ),
    Rule(
        "score_thresholds", "scoring", "{task}", 4 * _GB, 120, sized=True, after=("measure_items",)
    ),
    Rule("score_evidence", "scoring", "{task}", 4 * _GB, 60, sized=True, after=("measure_items",)),
    Rule(
        "score_performance",
        "scoring",
        "{task}",
        4 * _GB,
        60,
        sized=True,
        after=("tabulate_pairs", "assemble_generations"),
    ),
    Rule(
        "score_novelty",
        "scoring",
        "{task}",
        8 * _GB,
        60,
        sized=True,
        after=("merge_generated_pairs",),
    ),
    Rule(
        "score_contamination",
        "scoring",
        "{task}",
        4 * _GB,
        120,
        sized=True,
        after=("measure_items", "merge_ngrams"),
    ),
    Rule(
        "merge_scores",
        "scoring",
        "{table}",
        after=(
            "score_memorization",
            "score_candidates",
            "score_thresholds",
            "score_evidence",
            "score_performance",
            "score_novelty",
            "score_contamination",
        ),
    ),
    Rule("judge_candidates", "scoring", after=("merge_scores", "score_counterfactual")),
    Rule("judge_claims", "scoring", after=("merge_scores",)),
    Rule("compare_instruct", "scoring", after=("merge_scores",)),
    Rule("compare_published", "scoring", after=("merge_scores",)),
    Rule(
        "plot_figure",
        "figures",
        "{figure}",
        after=(
            "merge_scores",
            "compare_instruct",
            "measure_alignment",
            "measure_coverage",
            "embed_generated_pairs",
        ),
    ),
    Rule("write_report", "figures", after=("plot_figure", "judge_claims", "compare_published")),
)
BY_NAME = {rule.name: rule for rule in RULES}
SIZED = tuple(rule.name for rule in RULES if rule.sized)
"""Rules whose needs a config may set."""


class ResourceSettings(Section):
    """What every job of one rule asks of the machine; what is left out is the rule's default."""

    mem_mb: int | None = Field(default=None, ge=100, description="Memory, MB.")
    runtime: int | None = Field(default=None, ge=1, description="Time limit, minutes.")
    threads: int | None = Field(default=None, ge=1, description="CPU threads.")
