"""The formats of shards: a file each, and here the list of those that are known.

An empty text is a document without words, in any of them.
"""

from pathlib import Path

from tracemem.corpus.formats.json_lines import JsonLines
from tracemem.corpus.formats.parquet import ParquetRows
from tracemem.corpus.formats.source import Source
from tracemem.corpus.formats.text_folder import TextFolder

FORMATS: tuple[type[Source], ...] = (JsonLines, ParquetRows, TextFolder)
ENDINGS = tuple(ending for known in FORMATS for ending in known.endings)


def format_of(path: Path) -> type[Source]:
    """The format of a file or folder; JSON lines if it goes by no other's name."""
    return next((known for known in FORMATS if known.holds(path)), JsonLines)


def ending_of(name: str) -> str:
    """The ending of a shard's file, of ENDINGS; empty where it has none of them."""
    return max((known for known in ENDINGS if name.endswith(known)), key=len, default="")
