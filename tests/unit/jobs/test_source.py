"""A changed library re-runs what used it, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tracemem.jobs import source

SCRIPTS = Path(__file__).resolve().parents[3] / "workflow" / "scripts"


def test_modules_follows_imports_of_imports():
    script = SCRIPTS / "count_ngrams.py"
    names = {path.name for path in source.modules(script)}
    assert {"counting.py", "words.py", "tables.py"} <= names
    assert "by_size.py" not in names


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """The digest of a script that makes use of ``thing.USED``, by the text of thing.py."""
    package = tmp_path / "tracemem"
    package.mkdir()
    (package / "__init__.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("from tracemem import thing\nprint(thing.USED)\n")
    monkeypatch.setattr(source, "PACKAGE", package)

    def of(text: str) -> str:
        (package / "thing.py").write_text(text)
        for cached in (source._imports, source._names, source._statements, source.digest):
            cached.cache_clear()
        return source.digest(script)

    return of


def test_digest_sees_code_but_not_comments(digest):
    plain = digest('"""One."""\nUSED = 1\n')
    assert digest('"""Two."""\n# why\nUSED = 1\n') == plain
    assert digest("USED = 2\n") != plain


def test_digest_sees_the_constants_in_use_alone(digest):
    plain = digest("WIDTH = 1\nUSED = 2 * WIDTH\n")
    assert digest("WIDTH = 1\nOTHER: int = 3\nUSED = 2 * WIDTH\n") == plain
    assert digest("WIDTH = 4\nUSED = 2 * WIDTH\n") != plain
    assert digest("WIDTH = 1\nUSED, OTHER = 2 * WIDTH, 1\n") != plain
    assert digest("WIDTH = 1\nUSED = 2 * WIDTH\ndef other(): pass\n") != plain
    everything = "USED = list(globals())\n"
    assert digest(everything) != digest("OTHER = 3\n" + everything)


def test_a_table_declared_anew_re_runs_nothing():
    """Whatever table is left out, a script that does not name it has the same digest."""
    script = SCRIPTS / "score_thresholds.py"
    names = set().union(*map(source._names, [script, *source.modules(script)]))
    kept = source._used(source.PACKAGE / "scoring" / "tables.py", names)
    assigned = set(re.findall(r"Assign\(targets=\[Name\(id='(\w+)'", kept))
    assert "THRESHOLDS" in assigned and "CLAIMS" not in assigned and "PUBLISHED" not in assigned


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from . import other\n", "a relative import"),
        ("from tracemem.thing import *\n", r"an import of \*"),
        ("import importlib\nimportlib.import_module('tracemem.' + 'x')\n", r"import_module\(\)"),
        ("x = __import__('tracemem.x')\n", r"__import__\(\)"),
    ],
)
def test_an_import_that_is_not_by_its_whole_name_is_refused(digest, text, found):
    with pytest.raises(ValueError, match=rf"thing.py:\d: found {found}; allowed: imports by whole"):
        digest(text)


LOADED = """
import os, runpy, sys
import pandas, pyarrow.parquet, scipy.stats, torch, transformers, numba, matplotlib.pyplot
for script in sys.argv[1:]:
    if not os.fork():
        runpy.run_path(script, run_name="imported")
        print(script, *(m for m in sys.modules if m.split(".")[0] == "tracemem"), flush=True)
        os._exit(0)
    os.wait()
"""


def test_every_module_that_a_script_loads_is_in_its_digest():
    """By what Python has loaded once the script's imports are done, not by reading them."""
    workflow, scripts = SCRIPTS.parent, sorted(SCRIPTS.glob("*.py"))
    said = subprocess.run(
        [sys.executable, "-c", LOADED, *map(str, scripts)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(workflow)},
    ).stdout  # fmt: skip
    assert len(said.splitlines()) == len(scripts)
    for line in said.splitlines():
        script, *loaded = line.split()
        known = {
            ".".join(path.relative_to(workflow).with_suffix("").parts).removesuffix(".__init__")
            for path in source.modules(Path(script))
        }
        assert "tracemem" in loaded and set(loaded) <= known, script
