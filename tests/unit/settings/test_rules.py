"""Rules are declared once: the rule files, their scripts and the config agree with it."""

import re
from pathlib import Path

from tracemem.settings import rules
from tracemem.settings.rules import BY_NAME, RULES

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow"


def bodies() -> dict[str, tuple[str, str]]:
    """The stage and the text of every rule in a rule file, by its name."""
    found = {}
    for path in (WORKFLOW / "rules").glob("*.smk"):
        for match in re.finditer(
            r"^ *this = study.job\(\"(\w+)\"\)\n+ *(?:use )?rule (\w+)(?: as (\w+) with)?:\n"
            r"((?:(?! *this = | *if |def ).*\n)*)",
            path.read_text(),
            re.M,
        ):
            declared, name, other, body = match.groups()
            assert declared == (other or name), f"{path.name}: {name} takes what is {declared}'s"
            found[declared] = path.stem, body
    return found


def test_every_rule_is_declared_once_and_in_its_stage():
    assert len(BY_NAME) == len(RULES)
    assert {name: stage for name, (stage, _) in bodies().items()} == {
        rule.name: rule.stage for rule in RULES
    }
    entry = (WORKFLOW / "Snakefile").read_text()
    stages = re.findall(r'include: "rules/(\w+)\.smk"', entry)
    assert list(dict.fromkeys(rule.stage for rule in RULES)) == stages


def test_every_rule_takes_log_needs_and_digest_from_its_declaration():
    for name, (_, body) in bodies().items():
        assert "this.log," in body and "this.benchmark" in body and "code=this.code," in body, name
        own = BY_NAME[name].elsewhere
        lent = name == "train_piece"  # what it does not say is the other rule's
        assert ("this.threads" in body and "**this.resources," in body) == (not own), name
        script = re.search(r'"\.\./scripts/(\w+)\.py"', body)
        assert lent or BY_NAME[name].script or script[1] == name, name


def test_every_rule_has_a_script_and_every_script_a_rule():
    scripts = {path.stem for path in (WORKFLOW / "scripts").glob("*.py")}
    assert scripts == {rule.script or rule.name for rule in RULES}


def test_what_a_rule_waits_for_is_declared_before_it():
    known = set()
    for rule in RULES:
        assert set(rule.after) <= known | {r.name for r in RULES if r.stage == "tasks"}, rule.name
        known.add(rule.name)


def test_needs_that_grow_can_be_set_and_no_rule_has_them_elsewhere_too():
    assert tuple(rule.name for rule in RULES if rule.sized) == rules.SIZED
    assert not [rule.name for rule in RULES if rule.sized and rule.elsewhere]
