"""The stages of a study and their rules, named and ordered as the files in workflow/rules."""

from collections import Counter
from collections.abc import Collection

STAGES: dict[str, tuple[str, ...]] = {
    "corpus": (
        "generate_world",
        "generate_shard",
        "fetch_shard",
        "inspect_shard",
        "write_manifest",
    ),
    "ladder": ("train_tokenizer", "pack_shard", "pack_corpus", "train_model"),
    "tasks": ("load_task",),
    "index": ("list_candidates", "count_ngrams", "merge_ngrams", "index_shard", "score_infgram"),
    "mining": (
        "fit_embedder",
        "mine_pairs",
        "count_pairs",
        "merge_pairs",
        "tabulate_pairs",
        "measure_alignment",
        "measure_coverage",
    ),
    "generation": ("generate",),
    "novelty": (
        "list_generated_pairs",
        "count_generated_pairs",
        "merge_generated_pairs",
        "embed_generated_pairs",
    ),
    "scoring": (
        "score_memorization",
        "merge_memorization",
        "score_thresholds",
        "merge_thresholds",
        "score_performance",
        "merge_performance",
        "score_novelty",
        "judge_claims",
        "compare_instruct",
        "compare_published",
        "score_contamination",
        "merge_contamination",
    ),
    "figures": (
        "plot_coverage",
        "plot_performance_support",
        "plot_memorization",
        "plot_kendall",
        "plot_emergence",
        "plot_novelty",
        "plot_thresholds",
        "plot_generated_cosines",
        "plot_memorization_by_threshold",
        "plot_instruct",
        "write_report",
    ),
}
TARGETS = ("all", "counts", "scores", "figures")
"""Rules that ask for files and make none."""

OTHERS = "other rules"

_STAGE_OF = {rule: stage for stage, rules in STAGES.items() for rule in rules}


def _prefixes(rules: Collection[str]) -> list[str]:
    """What stands before the study's rules: nothing, or what a workflow that takes them in put.

    ``use rule * from tracemem as t_*`` gives t_; one name that ends as a rule of ours is no proof.
    """
    found = Counter(
        rule.removesuffix(known) for rule in rules for known in _STAGE_OF if rule.endswith(known)
    )
    return [prefix for prefix, times in found.items() if not prefix or times > 1]


def rows(rules: Collection[str], most: int = 8) -> dict[str, str]:
    """Where each rule of a run is shown: under its stage, a rule of somebody else's by its name.

    More than ``most`` of the latter share the row OTHERS. Targets are left out. Rows come in the
    order of the study.
    """
    prefixes = _prefixes(rules)
    stages = {prefix + rule: stage for prefix in prefixes for rule, stage in _STAGE_OF.items()}
    targets = {prefix + target for prefix in prefixes for target in TARGETS} | {"all"}
    others = [rule for rule in rules if rule not in stages and rule not in targets]
    shown = {rule: stages[rule] for rule in rules if rule in stages}
    shown |= {rule: rule if len(others) <= most else OTHERS for rule in others}
    order = [*STAGES, *others, OTHERS]
    return dict(sorted(shown.items(), key=lambda pair: order.index(pair[1])))
