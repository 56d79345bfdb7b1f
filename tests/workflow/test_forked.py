"""Snakemake in one process tells the truth: what it gives to jobs, checks and says is Snakemake's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from forked import ROOT, Server
from own_studies import CONFIG, build_models, shortest

SNAKEFILE = """
configfile: "config.yaml"

rule all:
    input: expand("second.{kind}.txt", kind=["x"])

rule first:
    output: first="first.{kind}.txt", empty=touch("empty.{kind}.txt")
    params: word=config["word"], many=[1, "a"], of=lambda wildcards: wildcards.kind * 2
    log: "logs/{kind}.log"
    benchmark: "benchmarks/{kind}.tsv"
    resources: mem_mb=77
    script: "first.py"

rule second:
    input: rules.first.output.first
    output: "second.{kind}.txt"
    resources: mem_mb=77
    script: "second.py"
"""
TOLD = """
import json, logging, os, sys
given = {
    name: [list(value), dict(value.items())]
    for name, value in vars(snakemake).items() if name in ("input", "output", "wildcards", "log")
}
given["params"] = dict(snakemake.params.items())
given["rest"] = [
    snakemake.threads, snakemake.resources.mem_mb, snakemake.rule, snakemake.config, __name__,
    os.path.basename(__file__), os.path.basename(os.getcwd()), len(sys.argv),
    len(logging.getLogger().handlers), "changed" in os.environ, sys.stdin.read(),
]
os.environ["changed"] = "yes"
logging.basicConfig(level=logging.INFO)
with open(snakemake.output[0], "w") as file:
    json.dump(given, file)
"""


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.close()


def toy(folder: Path, first: str = TOLD, second: str = TOLD) -> Path:
    folder = folder / "toy"
    folder.mkdir(parents=True)
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "config.yaml").write_text("word: a b\n")
    (folder / "first.py").write_text(first)
    (folder / "second.py").write_text(second)
    return folder


def snakemake(folder: Path, *arguments: str) -> None:
    """The command itself."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_given_what_snakemake_gives(server, tmp_path):
    ours, theirs = toy(tmp_path / "ours"), toy(tmp_path / "theirs")
    run = server.run(ours)
    assert (run.code, run.jobs, run.failures) == (0, 2, []), run.said
    snakemake(theirs)
    for name in ("first.x.txt", "second.x.txt"):
        given = json.loads((ours / name).read_text())
        assert given == json.loads((theirs / name).read_text())
        assert given["rest"][2] == name.split(".")[0]
    assert (ours / "benchmarks/x.tsv").is_file() and (ours / "empty.x.txt").is_file()
    assert "Nothing to be done" in server.run(ours).said


def test_a_job_without_its_output_fails(server, tmp_path):
    run = server.run(toy(tmp_path, first="1\n"))
    assert run.code == 1 and run.jobs == 1
    assert "MissingOutputException" in run.said and "first.x.txt" in run.said


@pytest.mark.parametrize("ending", ["raise ValueError('no x here')", "sys.exit('no x here')"])
def test_a_failed_job_is_named_with_its_own_words(server, tmp_path, ending):
    run = server.run(toy(tmp_path, second=f"import sys\n{ending}\n"))
    assert run.code == 1
    ((job, said),) = [(one.job, one.said) for one in run.failures]
    assert job == "second kind=x" and said.splitlines()[-1].endswith("no x here")
    assert said in run.said and not (tmp_path / "toy/second.x.txt").exists()


def test_an_undeclared_parameter_fails(server, tmp_path):
    run = server.run(toy(tmp_path, first=TOLD + "snakemake.params.other\n"))
    assert run.code == 1 and "no attribute 'other'" in run.failures[0].said


def test_a_job_that_goes_on_in_another_python(server, tmp_path):
    code = "import sys; open(sys.argv[1], 'w').write('there'); sys.exit(int(sys.argv[2]))"
    script = "import os, sys\nos.execvp(sys.executable, [sys.executable, '-c', {!r}, {}, '{}'])\n"
    written = script.format(code, "snakemake.output[0]", 0)
    folder = toy(tmp_path / "ends", first=written)
    assert server.run(folder).code == 0
    assert (folder / "first.x.txt").read_text() == "there"
    failed = server.run(toy(tmp_path / "fails", first=script.format(code, "'first.x.txt'", 3)))
    assert failed.code == 1 and failed.failures[0].job == "first kind=x"


def test_a_study_has_the_bytes_of_the_command_line(server, tmp_path):
    models = build_models(tmp_path / "models")
    arguments = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", CONFIG]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        shortest().write(folder, models)
    assert server.run(ours, *arguments).code == 0
    snakemake(theirs, *arguments)
    names = _files(theirs)
    assert names == _files(ours) and len(names) > 60
    different = [
        name
        for name in names
        if (ours / name).read_bytes() != (theirs / name).read_bytes()
        and not {"logs", "benchmarks"} & set(Path(name).parts)
    ]
    assert different == []


def _files(folder: Path) -> list[str]:
    """What a run wrote, and what it was given."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".snakemake" not in path.parts
    )
