"""A changed library re-runs what used it, and nothing else."""

import re
from pathlib import Path

import pytest

from tracemem.jobs import source

SCRIPTS = Path(__file__).resolve().parents[3] / "workflow" / "scripts"


def test_modules_follows_imports_of_imports():
    script = SCRIPTS / "count_ngrams.py"
    names = {path.name for path in source.modules(script)}
    assert {"counting.py", "words.py", "tables.py"} <= names
    assert "figures.py" not in names


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
    script = SCRIPTS / "count_ngrams.py"
    names = set().union(*map(source._names, [script, *source.modules(script)]))
    kept = source._used(source.PACKAGE / "jobs" / "tables.py", names)
    assigned = set(re.findall(r"Assign\(targets=\[Name\(id='(\w+)'", kept))
    assert "COUNTS" in assigned and "CLAIMS" not in assigned and "TABLES" not in assigned
