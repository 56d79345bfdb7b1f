"""Imports of the library go one way: a wing knows those before it, never those after it."""

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "workflow" / "tracemem"
WINGS = (
    "settings", "jobs", "corpus", "ngrams", "infgram", "tasks", "mining", "models", "generation",
    "scoring", "world", "counterfactual", "report", "study", "commands",
)  # fmt: skip


def imports(path: Path) -> set[str]:
    """Whole names of what a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_module_stands_in_a_wing():
    assert {path.name for path in PACKAGE.iterdir() if path.suffix == ".py"} == {"__init__.py"}
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(WINGS)


def test_imports_go_one_way():
    for place, wing in enumerate(WINGS):
        for path in sorted((PACKAGE / wing).rglob("*.py")):
            known = {name.split(".")[1] for name in imports(path) if name.startswith("tracemem.")}
            later = known & set(WINGS[place + 1 :])
            assert not later, f"{path.relative_to(PACKAGE)} imports from {sorted(later)}"


def test_settings_and_declarations_import_nothing_heavy():
    """Snakemake reads them again in every job."""
    allowed = {"pydantic", "tracemem", *sys.stdlib_module_names}
    for path in [*(PACKAGE / "settings").rglob("*.py"), *PACKAGE.glob("*/tables.py"),
                 PACKAGE / "jobs" / "declared.py"]:  # fmt: skip
        assert {name.split(".")[0] for name in imports(path)} <= allowed, path
