"""Rules are declared once; what a run plans is held to it in tests/workflow/test_study.py."""

from pathlib import Path

from tracemem.settings import rules
from tracemem.settings.rules import BY_NAME, RULES

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow"


def test_a_rule_is_declared_once_and_stages_are_the_files_of_rules():
    assert len(BY_NAME) == len(RULES)
    files = {path.stem for path in (WORKFLOW / "rules").glob("*.smk")}
    assert files == {rule.stage for rule in RULES}


def test_every_rule_has_a_script_and_every_script_a_rule():
    scripts = {path.stem for path in (WORKFLOW / "scripts").glob("*.py")}
    assert scripts == {rule.script or rule.name for rule in RULES}


def test_what_a_rule_waits_for_is_declared():
    for rule in RULES:
        assert set(rule.after) <= BY_NAME.keys() - {rule.name}, rule.name


def test_needs_that_grow_can_be_set_and_no_rule_has_them_elsewhere_too():
    assert tuple(rule.name for rule in RULES if rule.sized) == rules.SIZED
    assert not [rule.name for rule in RULES if rule.sized and rule.elsewhere]
