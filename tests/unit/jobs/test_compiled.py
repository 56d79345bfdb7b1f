"""A compiled loop is kept until what it rests on changes, in whichever file that stands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tracemem

CALLER = """
from tracemem.jobs.compiled import compiled, is_kept
from tracemem.callee import {name} as Named, called


@compiled
def calls(given):
    return called(given)


def main():
    print(is_kept(calls), calls(Named(1)))
"""
CALLEE = """
from typing import NamedTuple
from tracemem.jobs.compiled import {decorator}

ADDED = {added}


class {name}(NamedTuple):
    value: int


@{decorator}
def called(given):
    return given.value + ADDED
"""


@pytest.fixture
def package(tmp_path) -> Path:
    """A package of this name with the decorator and nothing else."""
    source = Path(tracemem.__file__).parent
    folder = tmp_path / "tracemem"
    (folder / "jobs").mkdir(parents=True)
    for name in ("__init__.py", "jobs/__init__.py", "jobs/compiled.py", "jobs/source.py"):
        shutil.copy(source / name, folder / name)
    return folder


def run(package: Path, added: int, name: str = "Given", decorator: str = "compiled") -> str:
    """What a fresh process prints: whether the loop was kept, and its result."""
    (package / "caller.py").write_text(CALLER.format(name=name))
    (package / "callee.py").write_text(CALLEE.format(added=added, name=name, decorator=decorator))
    done = subprocess.run(
        [sys.executable, "-B", "-c", "from tracemem import caller; caller.main()"],
        capture_output=True, text=True, cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("decorator", ["compiled", "part", "inlined"])
def test_a_loop_is_kept_until_one_that_it_calls_changes(package, decorator):
    assert run(package, added=1, decorator=decorator) == "False 2"
    assert run(package, added=1, decorator=decorator) == "True 2"
    assert run(package, added=5, decorator=decorator) == "False 6"
    assert run(package, added=5, decorator=decorator) == "True 6"


def test_only_what_is_up_to_date_is_kept(package):
    for added in (1, 2, 3):
        run(package, added)
    kept = sorted(path.suffix for path in package.glob("__pycache__/caller.calls-*"))
    assert kept == [".nbc", ".nbi"]


def test_what_was_kept_for_a_type_that_is_no_more_is_passed_over(package):
    assert run(package, added=1) == "False 2"
    assert run(package, added=1, name="Renamed") == "False 2"
