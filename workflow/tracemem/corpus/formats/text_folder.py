"""A folder of ``.txt`` files, one document each: every entry that is not hidden is a record, by name.

Bad: not a ``.txt`` file, invalid UTF-8. A byte order mark at the start is passed over. The checksum
is that of each record's name, a NUL, its size in decimal, a NUL and its bytes, one after another.
"""

from pathlib import Path
from typing import NamedTuple

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.batches import PAD, Batch, Room
from tracemem.corpus.formats.source import Source


class _Piece(NamedTuple):
    """Entries of a folder."""

    entries: list[tuple[str, bytes | None]]
    """Name and content; None of what is no text file."""
    first: int
    """Number of the first entry, from 1."""


class TextFolder(Source):
    """A folder of text files."""

    unit = "file"

    def __post_init__(self):
        self._entries = sorted(
            (entry for entry in self.path.iterdir() if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )
        if not any(map(_is_text, self._entries)):
            raise CorpusError(f"{self.path}: a folder without a .txt file")
        self.size = sum(entry.stat().st_size for entry in self._entries if entry.is_file())
        self._position = 0
        self._next = 0

    @classmethod
    def holds(cls, path: Path) -> bool:
        """Whether it is a folder."""
        return path.is_dir()

    @classmethod
    def first_record(cls, path: Path) -> None:
        """None: text files have no fields."""
        return None

    @property
    def position(self) -> int:
        """Bytes at rest read so far."""
        return self._position

    def take(self, room: Room) -> _Piece | None:
        """Read the next entries."""
        if self._next == len(self._entries):
            return None
        first, taken, size = self._next, [], 0
        while self._next < len(self._entries) and size < self.batch_bytes:
            entry = self._entries[self._next]
            data = entry.read_bytes() if entry.is_file() else b""
            if self.checksum and entry.is_file():
                self.checksum.update(b"%s\0%d\0" % (entry.name.encode(), len(data)) + data)
            taken.append((entry.name, data if _is_text(entry) else None))
            size += len(data)
            self._next += 1
        self._position += size
        return _Piece(taken, first + 1)

    def parse(self, taken: _Piece, room: Room) -> Batch:
        """The documents of entries."""
        import numpy as np

        entries, first = taken
        good = []
        for k, (name, data) in enumerate(entries):
            what = "not a .txt file; allowed: .txt files only"
            if data is not None:
                try:
                    data.decode()
                except UnicodeDecodeError as wrong:
                    what = f"invalid UTF-8 at byte {wrong.start}; allowed: text in UTF-8"
                else:
                    good.append((first + k, data.removeprefix(b"\xef\xbb\xbf")))
                    continue
            self.bad_records.met(first + k, f"{name}: {what}")
        ends = np.cumsum([len(data) for _, data in good], dtype=np.int64)
        size = int(ends[-1]) if good else 0
        text = room.array("text", size + PAD)
        text[:size] = memoryview(b"".join(data for _, data in good))
        starts = np.concatenate([ends[:0], [0], ends[:-1]]).astype(np.int64)[: ends.size]
        records = np.array([record for record, _ in good], np.int64)
        return Batch(text, starts, ends, records, len(entries) - len(good))

    def finish_checksum(self) -> None:
        """Nothing: all entries are digested as they are read."""


def _is_text(entry: Path) -> bool:
    return entry.is_file() and entry.name.endswith(".txt")
