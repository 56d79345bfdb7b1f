"""Snakemake's own command line, less the start of a Python for every job.

A study of a few sentences has some 40 jobs, and what takes its minutes is 40 times the start of a
Python that imports pandas, torch and the like. Here a server has imported them once. Snakemake runs
in a child forked from it; where Snakemake would start a Python on the script that it has written for
a job, the server forks a child that runs that same file. All else is Snakemake's: command line,
config, graph of jobs, what a script is given, checks of outputs, exit status. Two things differ: a
job finds modules imported that it did not import itself, and ``python -c``, in place of a script,
goes on in the same process. Jobs run one at a time.
"""

import importlib
import io
import json
import logging
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 120  # seconds of one job
IMPORTED = (
    "matplotlib.pyplot", "numba", "pandas", "pyarrow.parquet", "sacrebleu", "scipy.sparse",
    "scipy.stats", "seaborn", "sklearn.utils.extmath", "snakemake.cli", "torch",
    "transformers.models.gpt_neox.modeling_gpt_neox",
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """A job that failed: its rule and wildcards, and what it said on the terminal."""

    job: str
    said: str


@dataclass(frozen=True)
class Run:
    """A run of Snakemake: exit status, all that was said, and the jobs that failed."""

    code: int
    said: str
    failures: list[Failure]
    seconds: float
    jobs: int


class Server:
    """A process that has imported what jobs need, and runs Snakemake on request."""

    def __init__(self):
        # As Snakemake sets it for a job of one thread; and a process that forks has but one.
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **one},
        )  # fmt: skip

    def run(self, folder: Path, *arguments: str) -> Run:
        """Run Snakemake in ``folder`` with the arguments of its command line."""
        self._process.stdin.write(json.dumps([str(folder), arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the server ended with exit status {self._process.wait()}")
        found = json.loads(answer)
        failures = [Failure(*failure) for failure in found.pop("failures")]
        return Run(failures=failures, **found)

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def _serve() -> None:
    import tracemem

    found = pkgutil.walk_packages(tracemem.__path__, "tracemem.")
    for name in [*IMPORTED, *(module.name for module in found)]:
        importlib.import_module(name)
    _warm()
    logging.getLogger().handlers.clear()
    for line in sys.stdin:
        folder, arguments = json.loads(line)
        print(json.dumps(_study(folder, arguments)), flush=True)


def _warm() -> None:
    """Do once what takes long the first time: load LLVM, find fonts, digest the library."""
    import numba
    from matplotlib import pyplot

    from tracemem.jobs import source

    numba.njit(lambda: 0)()
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], label="$x$")
    axes.legend()
    for ending in ("png", "pdf"):
        figure.savefig(io.BytesIO(), format=ending)
    pyplot.close(figure)
    for script in (ROOT / "workflow" / "scripts").glob("*.py"):
        # As the rules name them: the digest is kept by path.
        source.digest(ROOT / "workflow" / "rules" / "../scripts" / script.name)


def _child(work: Callable[[], object], said: int) -> int:
    """The process that does ``work``, forked; what it says goes to the file ``said``."""
    assert threading.active_count() == 1, "forked from a process of several threads"
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, said, said)):
            os.dup2(file, number)
        work()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _study(folder: str, arguments: list[str]) -> dict:
    """Run Snakemake in a child, and the jobs that it asks for."""
    began, jobs, failures = time.monotonic(), 0, []
    asked, asking = Pipe()
    with tempfile.TemporaryFile() as said:

        def snakemake() -> None:
            # Else this process would wait for itself where the server is gone.
            asked.close()
            _snakemake(folder, arguments, asking)

        study = _child(snakemake, said.fileno())
        asking.close()
        while True:
            try:
                job, script, place = asked.recv()
            except EOFError:
                break
            with tempfile.TemporaryFile() as own:
                child = _child(lambda script=script, place=place: _job(script, place), own.fileno())
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                own.seek(0)
                text = own.read()
            said.write(text)
            said.flush()
            if code:
                failures.append((job, text.decode(errors="replace")))
            asked.send(code)
            jobs += 1
        code = os.waitstatus_to_exitcode(os.waitpid(study, 0)[1])
        said.seek(0)
        text = said.read().decode(errors="replace")
    return {
        "code": code, "said": text, "failures": failures, "jobs": jobs,
        "seconds": time.monotonic() - began,
    }  # fmt: skip


def _snakemake(folder: str, arguments: list[str], jobs: Connection) -> None:
    """What ``snakemake`` does, with its jobs run by the server."""
    from snakemake import cli
    from snakemake.script import PythonScript

    one = threading.Lock()

    def execute(script: PythonScript, path: str, edit: bool = False) -> None:
        began = time.monotonic()
        wildcards = " ".join(f"{key}={value}" for key, value in script.wildcards.items())
        with one:
            jobs.send((f"{script.rulename} {wildcards}".strip(), path, os.getcwd()))
            code = jobs.recv()
        if script.bench_record is not None:
            script.bench_record.running_time = time.monotonic() - began
            script.bench_record.process_gone = True
        if code:
            raise subprocess.CalledProcessError(code, f"python {path}")

    PythonScript.execute_script = execute
    os.chdir(folder)
    sys.argv = ["snakemake", *arguments]
    signal.alarm(10 * LONGEST)
    cli.main([*arguments, "--cores", "1", "--nocolor"])


def _job(script: str, folder: str) -> None:
    """What ``python script`` does in ``folder``."""
    os.chdir(folder)
    os.execvp = partial(_execute, os.execvp)
    sys.argv = [script]
    signal.alarm(LONGEST)
    runpy.run_path(script, run_name="__main__")


def _execute(execvp: Callable[..., None], python: str, arguments: list[str]) -> None:
    """What ``os.execvp`` does; where the same Python goes on with other code, it does so here."""
    if python != sys.executable or arguments[1] != "-c":
        execvp(python, arguments)
    sys.argv = ["-c", *arguments[3:]]
    exec(compile(arguments[2], "<string>", "exec"), {"__name__": "__main__"})
    sys.exit(0)


if __name__ == "__main__":
    _serve()
