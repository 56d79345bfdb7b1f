"""A changed library re-runs what used it, and nothing else."""

from pathlib import Path

from tracemem import source


def test_modules_follows_imports_of_imports():
    script = source.WORKFLOW / "scripts" / "count_ngrams.py"
    names = {path.name for path in source.modules(script)}
    assert {"counting.py", "words.py", "tables.py"} <= names
    assert "figures.py" not in names


def test_digest_sees_code_but_not_comments(tmp_path, monkeypatch):
    package = tmp_path / "tracemem"
    package.mkdir()
    (package / "__init__.py").write_text("")
    module = package / "thing.py"
    script = tmp_path / "script.py"
    script.write_text("from tracemem import thing\n")
    monkeypatch.setattr(source, "WORKFLOW", tmp_path)
    monkeypatch.setattr(source, "PACKAGE", package)

    def digest(text: str) -> str:
        module.write_text(text)
        source._imports.cache_clear()
        source.digest.cache_clear()
        return source.digest(Path(script))

    plain = digest('"""One."""\nx = 1\n')
    assert digest('"""Two."""\n# why\nx = 1\n') == plain
    assert digest("x = 2\n") != plain
