"""The stages of a study and their rules, as they are declared."""

from collections import Counter
from collections.abc import Collection

from tracemem.settings.rules import RULES

STAGES: dict[str, tuple[str, ...]] = {
    stage: tuple(rule.name for rule in RULES if rule.stage == stage)
    for stage in dict.fromkeys(rule.stage for rule in RULES)
}
TARGETS = ("all", "note_params", "counts", "scores", "figures")
"""Rules that ask for files, or only note what is asked, and start no process."""

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
