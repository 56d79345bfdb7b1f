"""What code a script rests on, as one digest, so that a changed library re-runs what used it.

Snakemake re-runs a rule when its script changes but does not look into the modules the script
imports. Rules therefore carry this digest as a parameter. Comments, docstrings and layout do not
count: the digest is taken over the syntax trees. Nor do constants that none of the modules names, so
that a table declared for one rule leaves the results of the others as they are. What a script rests
on is found by its imports and theirs, which have to be by whole names.
"""

import ast
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def _tree(path: Path) -> ast.Module:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _hidden(node: ast.AST) -> str:
    """What a node imports without naming it whole; '' for any other node."""
    if isinstance(node, ast.ImportFrom) and (node.level or any(a.name == "*" for a in node.names)):
        return "a relative import" if node.level else "an import of *"
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in ("import_module", "__import__"):
            return f"{name}()"
    return ""


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of this package that one file imports by name, with their packages' __init__.

    Raises:
        ValueError: it imports what it does not name whole, so that nobody could tell what it is.
    """
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        # Others name nothing, and stand on no line.
        if isinstance(node, ast.stmt | ast.expr) and (hidden := _hidden(node)):
            raise ValueError(
                f"{path}:{node.lineno}: found {hidden}; allowed: imports by whole names, which tell "
                "what a result rests on"
            )
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    found: set[Path] = set()
    for name in names:
        parts = name.split(".")
        if parts[0] != PACKAGE.name:
            continue
        for depth in range(1, len(parts) + 1):
            place = PACKAGE.joinpath(*parts[1:depth])
            found.update(
                p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()
            )
    return frozenset(found)


def modules(path: Path) -> list[Path]:
    """Every file of this package that ``path`` imports, directly or not, sorted."""
    seen: set[Path] = set()
    waiting = [Path(path)]
    while waiting:
        for found in _imports(waiting.pop()) - seen:
            seen.add(found)
            waiting.append(found)
    return sorted(seen)


@cache
def _names(path: Path) -> frozenset[str]:
    """Every name that one file makes use of."""
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.add(node.name)
    return frozenset(names)


@dataclass(frozen=True)
class _Statement:
    """One statement of a module: the constants it sets, if it sets nothing else, and its tree."""

    constants: frozenset[str]
    looks_up: bool
    """Whether it asks for the module's names itself, through globals()."""
    tree: str


@cache
def _statements(path: Path) -> tuple[_Statement, ...]:
    found = []
    for part in _tree(path).body:
        targets: list[ast.expr] = []
        if isinstance(part, ast.Assign):
            targets = part.targets
        elif isinstance(part, ast.AnnAssign):
            targets = [part.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        constants = frozenset(names if len(names) == len(targets) else ())
        looks_up = any(
            isinstance(node, ast.Name) and node.id == "globals" for node in ast.walk(part)
        )
        found.append(_Statement(constants, looks_up, ast.dump(part)))
    return tuple(found)


def _used(path: Path, names: set[str]) -> str:
    """A file without the constants that are none of ``names``; whole if it looks them up itself."""
    whole = _statements(path)
    body = [part for part in whole if not part.constants or not part.constants.isdisjoint(names)]
    if any(part.looks_up for part in body):
        body = list(whole)
    return "\n".join(part.tree for part in body)


@cache
def digest(script: Path) -> str:
    """Hexadecimal digest (16 characters) of what a script rests on of the package's modules."""
    found = modules(script)
    names = set().union(*map(_names, [script, *found]))
    sums = hashlib.sha256()
    for module in found:
        sums.update(module.relative_to(PACKAGE).as_posix().encode())
        sums.update(_used(module, names).encode())
    return sums.hexdigest()[:16]
