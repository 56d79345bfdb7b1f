"""The study as a part of somebody else's workflow, and under the layout of the workflow catalog."""

import subprocess
import sys

import pytest
import yaml
from test_study import ROOT, TINY, rules_to_run, snakemake

OTHER = """
configfile: "theirs.yaml"


module tracemem:
    snakefile: "{snakefile}"
    config: config["study"]


use rule * from tracemem as t_*


rule theirs:
    default_target: True
    input: rules.t_generate_world.output.facts
    output: "theirs.txt"
    shell: "wc -c < {{input}} > {{output}}"


rule whole:
    input: rules.t_all.input
"""


def run(folder, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--directory", str(folder),
         "--snakefile", str(folder / "Snakefile"), "--cores", "1"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    return said


@pytest.fixture(params=["Snakefile", "workflow/Snakefile"])
def other(request, tmp_path):
    """Somebody's workflow that takes this one in as a module, by either of its entries."""
    snakefile = ROOT / request.param
    (tmp_path / "Snakefile").write_text(OTHER.format(snakefile=snakefile))
    study = {"study": yaml.safe_load(TINY.read_text())}
    (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(study))
    return tmp_path


def test_its_rules_are_theirs_under_another_name(other):
    said = run(other)
    assert "localrules" not in said
    assert int((other / "theirs.txt").read_text()) > 0
    planned = rules_to_run(run(other, "-n", "whole"))
    assert planned["t_train_model"] == 2 and planned["t_write_report"] == 1


def test_the_entry_of_the_catalog_is_the_same_study(tmp_path):
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", str(TINY), "--cores", "1",
               "--directory", str(tmp_path), "--snakefile"]  # fmt: skip
    done = subprocess.run(
        [*command, str(ROOT / "workflow" / "Snakefile")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert rules_to_run(done.stdout + done.stderr) == rules_to_run(snakemake(tmp_path, "-n"))
    catalog = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())
    assert (ROOT / catalog["usage"]["mandatory-flags"]["flags"].split()[-1]).is_file()
