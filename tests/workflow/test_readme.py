"""Every command of the README works as it is typed, in a plain shell, in a clone that was set up."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_study import ROOT, TINY, snakemake

# What other tests run, or the machine they run on cannot: (what is typed, what is run for it).
ELSEWHERE = {
    "make demo": "true",
    "make test": "true",
    "pip install snakemake-executor-plugin-slurm==2.8.0": "true",
    "snakemake --workflow-profile workflow/profiles/slurm --configfile my.yaml":
        "snakemake --workflow-profile workflow/profiles/slurm --configfile my.yaml --dry-run",
}  # fmt: skip


def commands() -> list[str]:
    """The lines of the README's blocks without a language, in order, without their comments."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    lines = [line for language, block in found if not language for line in block.splitlines()]
    return [re.sub(r" +#.*", "", line) for line in lines if line]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone with its environment, and a small study where make demo leaves the demo."""
    folder = tmp_path_factory.mktemp("newcomer") / "tracemem"
    folder.mkdir()
    for name in (
        "Snakefile",
        "workflow",
        "profiles",
        "config",
        "envs",
        "pyproject.toml",
        "Makefile",
    ):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    demo = folder / "demo.yaml"
    text = TINY.read_text().replace("results/tiny", "results/demo")
    demo.write_text(text.replace("large:", "231k:"))
    asked = "results/demo/world/tasks/questions.test.jsonl"
    snakemake(folder, "results/demo/ladder/231k", asked, config=demo)
    demo.unlink()
    shutil.rmtree(folder / ".snakemake")
    return folder


@pytest.fixture(scope="module")
def said(clone) -> dict[str, str]:
    """What each command of the README says, typed one after the other in one plain shell."""
    script = ["set -e"]
    for number, line in enumerate(commands()):
        script += [f"echo '<<{number}>>'", f"echo '<<{number}>>' >&2", ELSEWHERE.get(line, line)]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", "\n".join(script)],
        cwd=clone, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={"PATH": os.defpath, "HOME": str(clone.parent), "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = {}
    for stream in (done.stdout, done.stderr):
        parts = re.split(r"^<<(\d+)>>\n", stream, flags=re.M)[1:]
        for number, text in zip(parts[::2], parts[1::2], strict=True):
            line = commands()[int(number)]
            found[line] = found.get(line, "") + text
    return found


def of(said: dict[str, str], start: str) -> str:
    (found,) = (text for line, text in said.items() if line.startswith(start))
    return found


def test_all_of_them_were_typed(said):
    assert set(said) == set(commands()) and len(said) >= 10
    assert set(ELSEWHERE) <= set(said)


def test_counts_are_those_of_the_corpus(said, clone):
    import zstandard

    table = of(said, "printf").splitlines()
    counted = next(line for line in table if line.startswith("was born in,"))
    texts = ""
    for shard in (clone / "results/demo/world/corpus").glob("*.jsonl.zst"):
        with zstandard.open(shard, "rt", encoding="utf-8") as lines:
            texts += lines.read()
    documents = sum("was born in" in text.lower() for text in texts.splitlines())
    assert counted.split(",")[3] == str(documents) and documents > 0


def test_init_check_and_run_end_in_the_report(said, clone):
    assert "question-answering" in of(said, "tracemem init")
    assert "core-hours" in of(said, "tracemem check")
    assert (clone / "results/my/report.html").is_file()
    ran = said["snakemake --cores all --configfile my.yaml"]
    assert "results/my/report.html" in ran and len(ran.splitlines()) < 60


def test_a_run_with_nothing_to_do_says_so(said):
    assert "othing to be done" in of(said, "snakemake counts")
