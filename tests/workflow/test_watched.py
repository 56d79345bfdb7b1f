"""Real runs with the logger that ships: what stands on the terminal, in a file, and at the end."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from test_study import ROOT, TINY, rules_to_run

SNAKEFILE = """
wildcard_constraints: shard="[a-z]+"

rule all:
    input: "results/report.html"
    localrule: True

rule inspect_shard:
    output: "results/shards/{shard}.txt"
    log: "results/logs/inspect_shard/{shard}.log"
    script: "inspect_shard.py"

rule count_ngrams:
    output: "results/counts/{shard}.txt"
    log: "results/logs/count_ngrams/{shard}.log"
    script: "count_ngrams.py"

rule theirs:
    output: "results/theirs.txt"
    shell: "echo no such thing >&2; exit 3"

rule write_report:
    input: "results/shards/a.txt", "results/shards/b.txt"
    output: "results/report.html", "results/summary.txt"
    shell: "echo a stray word >&2; touch {output[0]}; echo three numbers > {output[1]}"
"""
SCRIPT = """
import logging, os, signal, time
from tracemem.jobs.joblog import job_log

with job_log(snakemake.log[0]):
    logging.info("step 4 of 9, 5 s left")
    time.sleep(float(os.environ.get("TAKES", 0)))
    if snakemake.wildcards.shard == "bad":
        raise ValueError("corpus/lines.jsonl, line 7: 'body' is a number;\\nallowed: a string")
    if snakemake.wildcards.shard == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    open(snakemake.output[0], "w").close()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Somebody's workflow of a few small jobs."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "inspect_shard.py").write_text(SCRIPT)
    (folder / "count_ngrams.py").write_text(f"import no_such_module\n{SCRIPT}")
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--logger", "tracemem", "--cores", "4", *arguments]


def run(folder: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        command(*arguments), cwd=folder, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == status, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def done(folder) -> str:
    """What a whole run says in a file."""
    return run(folder)


def test_a_run_in_a_file_is_a_few_lines_that_end_with_what_was_made(done):
    assert re.search(r"^3 jobs on 4 cores: corpus, figures$", done, re.M)
    assert re.search(r"^ +0:\d\d  corpus begins: 2 jobs$", done, re.M)
    assert re.search(r"^ +0:\d\d  figures done: 1 job in 0:\d\d$", done, re.M)
    # What a job keeps for its log is not here, what another prints is.
    assert "step 4 of 9" not in done and "\na stray word\n" in done
    ending = r"\n\nthree numbers\n\nReport: results/report.html\n3 jobs done in 0:\d\d\.\n"
    assert re.search(ending + r"Log of the run: \.snakemake/log/\S+\.log\n$", done)
    assert "\x1b" not in done and done.count("\n") < 20


def test_a_second_run_says_that_nothing_is_to_be_done(folder, done):
    assert run(folder) == ("Nothing to be done: all that was asked for is there and up to date.\n")


def test_a_dry_run_counts_the_jobs_and_a_verbose_run_tells_all(folder, done):
    planned = run(folder, "-n", "--forceall")
    assert rules_to_run(planned) == {"inspect_shard": 2, "write_report": 1, "all": 1}
    assert "This was a dry-run" in planned
    said = run(folder, "--verbose", "--forceall")
    for told in ("SNAKEMAKE\n", "rule inspect_shard:", "4 of 4 steps (100%) done", "Job stats:"):
        assert told in said
    assert "inspect_shard/a: step 4 of 9, 5 s left" in said


def test_quiet_leaves_the_end_alone_and_all_leaves_nothing(folder, done):
    said = run(folder, "--forceall", "--quiet")
    assert "begins" not in said and "Report: results/report.html" in said
    # Only what jobs print by themselves.
    alone = run(folder, "--forceall", "--quiet", "all")
    assert set(alone.splitlines()) == {
        "a stray word", *(f"inspect_shard/{k}: step 4 of 9, 5 s left" for k in "ab")
    }  # fmt: skip
    failed = run(folder, "results/shards/bad.txt", "--quiet", status=1)
    assert "line 7: 'body' is a number" in failed and "jobs are done" not in failed


def test_the_last_lines_repeat_what_each_failed_job_said(folder):
    targets = ["shards/bad", "shards/killed", "counts/x", "theirs"]
    said = run(folder, *(f"results/{name}.txt" for name in targets), "--keep-going", status=1)
    last = said.partition("\n4 jobs failed:\n")[2]
    assert (
        "  inspect_shard, shard = bad\n"
        "    ValueError: corpus/lines.jsonl, line 7: 'body' is a number;\n"
        "    allowed: a string\n"
        "    log: results/logs/inspect_shard/bad.log\n"
    ) in last
    assert re.search(
        r"  inspect_shard, shard = killed\n    killed by SIGKILL, as happens when", last
    )
    assert "  last in its log:\n    step 4 of 9, 5 s left\n" in last
    assert (
        "  count_ngrams, shard = x\n    ModuleNotFoundError: No module named 'no_such_module'\n\n"
    ) in last
    assert re.search(
        r"  theirs\n    exit status 3, and no message .*\n(?:.*\n)*?.*no such thing\n", last
    )
    assert "\n0 of 4 jobs are done, in " in last and "\nNext: put right what is said above" in last
    assert "Traceback" not in last


def in_terminal(folder: Path, *arguments: str, after: float = 0, **environment: str) -> str:
    """What a run draws on a terminal of 100 columns; ``after`` seconds of drawing, Ctrl-C."""
    mine, theirs = pty.openpty()
    os.set_blocking(mine, True)
    subprocess.run(["stty", "cols", "100", "rows", "30"], stdin=theirs, check=True)
    process = subprocess.Popen(
        command(*arguments), cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, env={**os.environ, "TERM": "xterm", **environment},
        # As in front of a terminal, whatever tests are run by.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    os.close(theirs)
    drawn, begun = b"", None
    while True:
        try:
            drawn += os.read(mine, 65536)
        except OSError:
            break
        if b"step 4 of 9" in drawn and after:
            begun = begun or time.monotonic()
            if time.monotonic() > begun + after:
                os.killpg(process.pid, signal.SIGINT)
                after = 0
    os.close(mine)
    process.wait()
    return drawn.decode().replace("\r\n", "\n")


def test_a_terminal_shows_stages_and_running_jobs_and_is_left_with_the_end(folder, done):
    drawn = in_terminal(folder, "--forceall", TAKES="2")
    assert re.search(r"corpus.*━.*0 of 2", drawn) and re.search(r"figures.*0 of 1", drawn)
    assert re.search(r"inspect_shard a .*0:05 left.*step 4 of 9, 5 s left", drawn)
    # What is left on the screen comes after the last line that was taken away.
    left = re.split(r"\x1b\[\d*[AK]", drawn)[-1]
    assert re.search(r"\nthree numbers\n\nReport: results/report.html\n3 jobs done in 0:", left)
    assert "━" not in left and "step 4 of 9" not in left
    assert "a stray word\n" in drawn


def test_a_run_that_is_stopped_says_how_to_go_on(folder, done):
    drawn = in_terminal(folder, "--forceall", after=0.6, TAKES="20")
    left = re.split(r"\x1b\[\d*[AK]", drawn)[-1]
    assert "Stopped on request. 0 of 3 jobs are done" in left and "failed" not in left
    assert "Next: give the same command again" in left and "--rerun-incomplete" in left


def test_a_wrong_config_is_said_whole_and_once(tmp_path):
    text = (
        TINY.read_text().replace("  epochs: 2", "  epoch: 2").replace("seed: 3\n\n", "seed: x\n\n")
    )
    (tmp_path / "wrong.yaml").write_text(text)
    said = run(
        tmp_path, "--snakefile", str(ROOT / "Snakefile"), "--configfile", "wrong.yaml", status=1
    )
    used, _, error = said.partition("\n")
    assert used.startswith("Using workflow specific profile")
    assert error.startswith("the config is wrong:\n") and error.count("ladder.epoch") == 1
    assert "seed" in error and "File" not in error and len(error.splitlines()) == 3


@pytest.mark.parametrize("entry", ["Snakefile", "workflow/Snakefile"])
def test_a_plain_command_finds_the_profile_from_anywhere(tmp_path, entry):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "results/tiny/world/truth/facts.parquet", "--cores",
         "1", "--snakefile", str(ROOT / entry), "--configfile", str(TINY)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert "profiles/default" in done.stderr
    assert "1 job on 1 core: corpus\n" in done.stderr, done.stderr
    assert re.search(r"\nMade: results/tiny/world/truth/ \(4 files\)\n", done.stderr)


def test_every_profile_and_the_demo_have_the_logger():
    profiles = list((ROOT / "workflow" / "profiles").glob("*/profile.yaml"))
    assert {path.parent.name for path in profiles} >= {"default", "slurm"}
    for path in profiles:
        assert yaml.safe_load(path.read_text())["logger"] == "tracemem", path
    asked = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True)
    assert "--logger tracemem" in asked.stdout
