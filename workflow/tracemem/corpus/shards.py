"""Corpus shards: what one is called and where it lies.

A shard is a file of one of the known formats (:mod:`tracemem.corpus.formats`), or a folder of
``.txt`` files, one document each.
"""

import glob
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.formats import ENDINGS, ending_of, format_of
from tracemem.corpus.formats.source import Source

Place = TypeVar("Place")


@dataclass(frozen=True)
class Shard:
    """One shard: a name of letters, digits and ``._-``, unique in the study, and where it lies."""

    name: str
    path: Path

    @property
    def format(self) -> type[Source]:
        """How documents lie in it."""
        return format_of(self.path)


def find_shards(globs: Iterable[str]) -> list[Shard]:
    """The shards that file names, folder names and globs (``**`` too) stand for, sorted by name.

    A shard is named after its file less the ending; where two files share a name, their folders
    come before it.

    Raises:
        CorpusError: a glob matches nothing, a file has another ending, or two shards cannot be
            told apart by name.
    """
    paths: set[Path] = set()
    for pattern in globs:
        # A name that exists is itself, even with brackets in it.
        names = [pattern] if Path(pattern).exists() else glob.glob(str(pattern), recursive=True)
        found = [Path(name) for name in names]
        if not found:
            raise CorpusError(
                f"corpus shards: {pattern!r} matches nothing in {Path.cwd()}; "
                f"allowed: a file, a folder of .txt, or a glob of them"
            )
        paths.update(found)
    for path in paths:
        if not path.is_dir() and not ending_of(path.name):
            raise CorpusError(
                f"{path}: not a kind of shard; allowed: {', '.join(ENDINGS)} or a folder of .txt"
            )
    places = {
        path: (*path.absolute().parts[:-1], path.name.removesuffix(_ending_of(path)))
        for path in paths
    }
    named = distinct_names(places)
    return sorted((Shard(name, path) for path, name in named.items()), key=lambda shard: shard.name)


def distinct_names(places: Mapping[Place, Sequence[str]]) -> dict[Place, str]:
    """A shard name for every place: the last of its parts or, where two share it, folders before.

    Args:
        places: the parts of each place, outermost first; the last without its ending.

    Raises:
        CorpusError: two places cannot be told apart.
    """
    names = {place: _safe(parts[-1]) for place, parts in places.items()}
    depth = 1
    while len(set(names.values())) < len(names):
        taken = Counter(names.values())
        if depth > max(map(len, places.values())):
            same = sorted(str(place) for place in names if taken[names[place]] > 1)
            raise CorpusError(f"corpus shards: the names of {', '.join(same)} come out the same")
        names = {
            place: name if taken[name] == 1 else _safe("-".join(places[place][-1 - depth :]))
            for place, name in names.items()
        }
        depth += 1
    return names


def _ending_of(path: Path) -> str:
    return "" if path.is_dir() else ending_of(path.name)


def _safe(name: str) -> str:
    return re.sub(r"^[._-]+", "", re.sub(r"[^A-Za-z0-9._-]+", "-", name)) or "shard"
