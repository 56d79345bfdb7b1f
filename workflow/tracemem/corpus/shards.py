"""Corpus shards and the documents in them.

A shard is a file of JSON lines (``.jsonl`` or ``.json``, plain, ``.gz`` or ``.zst``), a ``.parquet``
file, or a folder of ``.txt`` files, one document each. What counts as a record, and as a bad one:

- JSON lines: every line that is not blank is one object; the text is the string under the text
  field. A dotted field (``meta.text``) goes into nested objects. Of a key given twice the last
  counts. Lines end with a line feed, a carriage return before it is white space, a byte order mark
  at the start of the file is passed over. ``\\u0000`` is a character like any other. Bad: not JSON
  (RFC 8259: no NaN, no control characters in strings), a number beyond double precision, not an
  object, field missing or not a string, invalid UTF-8, a lone surrogate escape.
- Parquet: every row is a record. Bad: a null, invalid UTF-8.
- Folders: every entry that is not hidden is a record, by name. Bad: not a ``.txt`` file, invalid
  UTF-8. A byte order mark at the start is passed over.
- An empty text is a document without words. An empty file of plain JSON lines holds no document.
- An archive that is cut short or damaged, or empty, is bad where it breaks.

A bad record stops the reading with a :class:`CorpusError` or, under ``on_bad_record="skip"``, is
counted, logged and passed over. A broken archive then counts as one more skipped record, with a
warning: what came whole before the break is read, what comes after it is lost, and nobody can know
how many records that were. In a damaged Parquet file the rows of a row group that cannot be read
are counted one by one, and the next group is read.
"""

import glob
import hashlib
import logging
import os
import re
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst", ".parquet")
BATCH_BYTES = 1 << 20
_READ = 1 << 17  # bytes taken from an archive at once: what a break can cost beside its line
_PAD = 64
_WARNINGS = 10

BadRecord = Literal["stop", "skip"]
Place = TypeVar("Place")


class CorpusError(ValueError):
    """A shard cannot be read: the file, the record, what was found and what is allowed.

    Attributes:
        record: number of the record at fault, from 1; 0 where it is the whole shard.
    """

    def __init__(self, message: str, record: int = 0):
        super().__init__(message)
        self.record = record


@dataclass(frozen=True)
class Shard:
    """One shard: a name of letters, digits and ``._-``, unique in the study, and where it lies."""

    name: str
    path: Path

    @property
    def kind(self) -> Literal["lines", "parquet", "folder"]:
        """How documents lie in it."""
        if self.path.is_dir():
            return "folder"
        return "parquet" if self.path.name.endswith(".parquet") else "lines"


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
        if not path.is_dir() and not ending(path.name):
            raise CorpusError(
                f"{path}: not a kind of shard; allowed: {', '.join(ENDINGS)} or a folder of .txt"
            )
    places = {
        path: (*path.absolute().parts[:-1], path.name.removesuffix(_ending_of(path)))
        for path in paths
    }
    names = distinct_names(places)
    return sorted((Shard(name, path) for path, name in names.items()), key=lambda shard: shard.name)


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


def ending(name: str) -> str:
    """The ending of a shard's file, of ENDINGS; empty where it has none of them."""
    return max((known for known in ENDINGS if name.endswith(known)), key=len, default="")


def _ending_of(path: Path) -> str:
    return "" if path.is_dir() else ending(path.name)


def _safe(name: str) -> str:
    return re.sub(r"^[._-]+", "", re.sub(r"[^A-Za-z0-9._-]+", "-", name)) or "shard"


def documents(
    shard: Shard, text_field: str = "text", on_bad_record: BadRecord = "stop"
) -> Iterator[tuple[int, str]]:
    """Every document of a shard, in order: its record (line, row or file number, from 1), its text.

    Raises:
        CorpusError: see the module.
    """
    reader = Reader(shard, text_field, on_bad_record)
    room = Room()
    while batch := reader.read(room):
        text = batch.text[: batch.ends.max(initial=0)].tobytes()
        places = (batch.records.tolist(), batch.starts.tolist(), batch.ends.tolist())
        for record, start, end in zip(*places, strict=True):
            yield record, text[start:end].decode()


def texts(
    shards: Mapping[str, str | Path], text_field: str = "text", on_bad_record: BadRecord = "stop"
) -> Iterator[str]:
    """The text of every document of a corpus, shard after shard.

    Args:
        shards: path of each shard by name, in order.
        text_field: as in :func:`documents`.
        on_bad_record: as in :func:`documents`.
    """
    for name, path in shards.items():
        for _, text in documents(Shard(name, Path(path)), text_field, on_bad_record):
            yield text


def manifest_row(
    shard: Shard, text_field: str = "text", on_bad_record: BadRecord = "stop"
) -> dict[str, str | int]:
    """A shard's row of the table MANIFEST, in one reading.

    The checksum of a file is that of its bytes; of a folder, that of each record's name, a NUL, its
    size in decimal, a NUL and its bytes, one after another.

    Raises:
        CorpusError: see the module.
    """
    from tracemem.jobs.progress import Progress

    reader = Reader(shard, text_field, on_bad_record, digest=True)
    progress = Progress(f"read {shard.name}", reader.size)
    room = Room()
    count = skipped = text_bytes = 0
    while batch := reader.read(room):
        count += len(batch.records)
        skipped += batch.skipped
        text_bytes += batch.text_bytes
        progress.add(reader.position, len(batch.records), batch.text_bytes)
    progress.finish()
    return {
        "shard": shard.name,
        "path": str(shard.path),
        "documents": count,
        "skipped": skipped,
        "bytes": reader.size,
        "text_bytes": text_bytes,
        "sha256": reader.sha256(),
    }


@dataclass
class Batch:
    """Some documents of a shard, in order, until the room they lie in is used again.

    Attributes:
        text: uint8, valid UTF-8, with 64 bytes of room after the last document.
        starts: int64, [documents], bytes.
        ends: int64, [documents], bytes.
        records: int64, [documents], from 1.
        skipped: bad records passed over on the way.
    """

    text: "np.ndarray"
    starts: "np.ndarray"
    ends: "np.ndarray"
    records: "np.ndarray"
    skipped: int = 0

    @property
    def text_bytes(self) -> int:
        """Bytes of all texts."""
        return int((self.ends - self.starts).sum())


class Room:
    """Memory that one thread reads batches into, used again and again."""

    def __init__(self):
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, size: int, keep: int = 0) -> "np.ndarray":
        """Bytes (uint8) of at least this size, the first ``keep`` as they were."""
        import numpy as np

        found = self._arrays.get(name)
        # A giant document's room is given back with the next small one.
        if found is None or found.size < size or found.size > 64 * max(size, BATCH_BYTES):
            new = np.empty(max(size, 2 * BATCH_BYTES), np.uint8)
            if keep:
                new[:keep] = found[:keep]
            self._arrays[name] = new
        return self._arrays[name]


class _Digested:
    """A file's bytes as they lie on disk, digested on the way."""

    closed = False

    def __init__(self, path: Path, sums):
        self._file = path.open("rb", buffering=0)
        self._sums = sums
        self.tell = self._file.tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sums.update(data)
        return data

    def readinto(self, room) -> int:
        size = self._file.readinto(room)
        self._sums.update(memoryview(room)[:size])
        return size

    def close(self) -> None:
        self._file.close()


class Reader:
    """Reads a shard batch by batch; threads may share it, each with a :class:`Room` of its own.

    Batches are handed out in the shard's order; parsing them is done by the thread that asked. One
    thread at a time reads, and ahead of the others: none waits while there is a batch for it.

    Args:
        shard: the shard.
        text_field: field of the text, dotted for nested ones.
        on_bad_record: ``"stop"`` or ``"skip"``.
        digest: take the checksum on the way.
        batch_bytes: bytes of raw lines or text in one batch, by default BATCH_BYTES; a longer
            record makes a longer batch.
        threads: threads that will share it, and batches to have ready for them.

    Attributes:
        size: bytes at rest.
        position: bytes at rest read so far.

    Raises:
        CorpusError: the shard cannot be opened, or its schema lacks the field.
    """

    def __init__(
        self,
        shard: Shard,
        text_field: str = "text",
        on_bad_record: BadRecord = "stop",
        *,
        digest: bool = False,
        batch_bytes: int | None = None,
        threads: int = 1,
    ):
        if on_bad_record not in ("stop", "skip"):
            raise ValueError(f"on_bad_record: found {on_bad_record!r}; allowed: stop, skip")
        self.shard, self.text_field, self.on_bad_record = shard, text_field, on_bad_record
        self.batch_bytes = batch_bytes or BATCH_BYTES
        self._sums = hashlib.sha256() if digest else None
        self._ahead = threads
        self._taken: deque = deque()  # read and not parsed yet, each with the room it lies in
        self._rooms: list[Room] = []
        self._reading = self._ended = False
        self._turn = threading.Condition()
        self._warned = 0
        kinds = {"lines": _Lines, "parquet": _Rows, "folder": _Files}
        if not shard.path.exists():
            raise CorpusError(f"{shard.path}: no such file or folder")
        self._source = kinds[shard.kind](self)

    @property
    def size(self) -> int:
        """Bytes at rest."""
        return self._source.size

    @property
    def position(self) -> int:
        """Bytes at rest read so far."""
        return self._source.position

    def read(self, room: Room) -> Batch | None:
        """The next documents, or None after the last.

        Raises:
            CorpusError: a bad record, under ``on_bad_record="stop"``.
        """
        found = self._next()
        if found is None:
            return None
        taken, lying_in = found
        batch = self._source.parse(taken, room)
        self._rooms.append(lying_in)
        return batch

    def _next(self):
        """What is to be parsed next, with the room it lies in."""
        with self._turn:
            while True:
                if not (self._reading or self._ended) and len(self._taken) < self._ahead:
                    self._take()
                elif self._taken:
                    return self._taken.popleft()
                elif self._ended:
                    return None
                else:
                    self._turn.wait()

    def _take(self) -> None:
        """Read a batch, letting the other threads have their turn meanwhile."""
        self._reading = True
        room = self._rooms.pop() if self._rooms else Room()
        self._turn.release()
        taken = None
        try:
            taken = self._source.take(room)
        finally:
            self._turn.acquire()
            self._reading = False
            self._ended = taken is None
            self._turn.notify_all()
        if not self._ended:
            self._taken.append((taken, room))

    def sha256(self) -> str:
        """Checksum of the bytes at rest, hexadecimal, once all is read."""
        self._source.finish_digest()
        return self._sums.hexdigest()

    def bad(self, what: str, record: int, unit: str) -> None:
        """Stop at a bad record, or note that it is skipped."""
        message = f"{self.shard.path}, {unit} {record}: {what}"
        if self.on_bad_record == "stop":
            raise CorpusError(f"{message} (on_bad_record: skip passes over it)", record)
        with self._turn:
            self._warned += 1
            if self._warned <= _WARNINGS:
                logger.warning("skipped %s", message)
            if self._warned == _WARNINGS:
                logger.warning("%s: further bad records are only counted", self.shard.path)


def record_text(line: bytes, text_field: str) -> str:
    """The text of one line of JSON: the rule that the compiled reader is held to.

    Raises:
        ValueError: what was found and what is allowed.
    """
    import orjson

    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode()
        except UnicodeDecodeError as wrong:
            raise ValueError(
                f"invalid UTF-8: byte 0x{line[wrong.start]:02X} at {wrong.start} of the line; "
                f"allowed: JSON in UTF-8"
            ) from None
        shown = line[:40].decode(errors="replace")
        raise ValueError(f"not JSON ({error}): {shown!r}; allowed: one object a line") from None
    for key in text_field.split("."):
        if not isinstance(value, dict):
            raise ValueError(f"{_named(value)} where an object with {text_field!r} is allowed")
        if key not in value:
            raise ValueError(
                f"no field {text_field!r}, found {', '.join(map(repr, value)) or 'no field'}"
            )
        value = value[key]
    if not isinstance(value, str):
        raise ValueError(f"field {text_field!r} is {_named(value)}; allowed: a string")
    return value


def _named(value) -> str:
    kinds = {type(None): "null", bool: "a boolean", dict: "an object", list: "an array"}
    return kinds.get(type(value), "a string" if isinstance(value, str) else "a number")


class _Lines:
    """JSON lines, plain or compressed."""

    def __init__(self, reader: Reader):
        import numpy as np
        import pyarrow as pa

        self.reader = reader
        path = reader.shard.path
        self.size = path.stat().st_size
        # A Python object has to be asked for every piece, and all threads wait their turn meanwhile.
        digested = reader._sums and pa.PythonFile(_Digested(path, reader._sums), "r")
        self._at_rest = digested or pa.OSFile(os.fsencode(path))
        packed = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
        self._stream = self._at_rest
        if packed:
            self._stream = pa.CompressedInputStream(self._at_rest, packed)
        self._broken = "0 bytes" if packed and not self.size else ""
        # The compiled reader knows no nesting: for a dotted field it is given what no key can be.
        field = b"\xff" if "." in reader.text_field else reader.text_field.encode()
        self._field = np.frombuffer(field, np.uint8)
        self._rest = b""
        self._ended = False
        self._line = 1

    @property
    def position(self) -> int:
        return self._at_rest.tell()

    def take(self, room: Room):
        """Read whole lines: their bytes, how many, the first one's number, and what broke off."""
        from tracemem.corpus import json_lines

        if self._ended:
            return None
        wanted = self.reader.batch_bytes
        used, lines = len(self._rest), 0
        raw = room.array("raw", max(wanted, 2 * used) + _READ + _PAD)
        raw[:used] = memoryview(self._rest)
        self._rest = b""
        last = -1  # place of the last line feed
        while last < 0 or used < wanted:
            if raw.size < used + _READ + _PAD:
                raw = room.array("raw", 2 * raw.size, keep=used)
            size = self._read(raw[used : used + _READ])
            if not size:
                self._ended = True
                break
            found, place = json_lines.line_feeds(raw, used, used + size)
            lines += found
            last = place if found else last
            used += size
        if self._ended and not self._broken:
            # The last line may lack its line feed.
            lines += used > last + 1
        else:
            # A line not yet whole, or what a break left of one.
            self._rest = raw[last + 1 : used].tobytes()
            used = last + 1
        raw[used : used + _PAD] = 10
        if self._line == 1 and bytes(raw[:3]) == b"\xef\xbb\xbf":
            raw[:3] = 32
        first = self._line
        self._line += lines
        return raw, used, first, lines, self._broken

    def _read(self, room: "np.ndarray") -> int:
        try:
            return 0 if self._broken else self._stream.readinto(room)
        except OSError as error:
            self._broken = str(error)
            return 0

    def parse(self, taken, room: Room) -> Batch:
        """The documents of lines taken."""
        import numpy as np

        from tracemem.corpus import json_lines

        raw, used, first, lines, broken = taken
        text = room.array("text", used + _PAD)
        line_ends, starts, ends = np.zeros((3, lines), np.int64)
        outcomes = np.empty(lines, np.uint8)
        end = json_lines.read_lines(raw, used, self._field, text, line_ends, starts, ends, outcomes)
        skipped = 0
        for k in np.flatnonzero(outcomes == json_lines.UNUSUAL).tolist():
            line = raw[line_ends[k - 1] + 1 if k else 0 : line_ends[k]].tobytes()
            try:
                found = record_text(line, self.reader.text_field).encode()
            except ValueError as wrong:
                self.reader.bad(str(wrong), first + k, "line")
                skipped += 1
                continue
            starts[k], ends[k] = end, end + len(found)
            text[end : ends[k]] = memoryview(found)
            end += len(found)
            outcomes[k] = json_lines.READ
        if broken:
            what = f"the archive breaks off here ({broken}), the rest is lost"
            self.reader.bad(f"{what}; allowed: a whole archive", first + lines, "line")
            skipped += 1
        good = outcomes == json_lines.READ
        records = np.flatnonzero(good) + first
        return Batch(text, starts[good], ends[good], records, skipped)

    def finish_digest(self) -> None:
        """Digest what a break has left unread."""
        while self._at_rest.read(_READ):
            pass


class _Rows:
    """Rows of a Parquet file."""

    def __init__(self, reader: Reader):
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.reader = reader
        path = reader.shard.path
        self.size = path.stat().st_size
        try:
            file = pq.ParquetFile(path, buffer_size=_READ, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise CorpusError(f"{path}: not a Parquet file that can be read ({error})") from None
        kind: pa.DataType = pa.struct(list(file.schema_arrow))
        for key in reader.text_field.split("."):
            if not pa.types.is_struct(kind) or kind.get_field_index(key) < 0:
                found = ", ".join(repr(field.name) for field in kind) if kind.num_fields else kind
                raise CorpusError(f"{path}: no column {reader.text_field!r}, found {found}")
            kind = kind.field(key).type
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
            raise CorpusError(
                f"{path}: column {reader.text_field!r} is {kind}; allowed: string, large_string"
            )
        self._rows = file.metadata.num_rows
        of_row = sum(
            file.metadata.row_group(k).total_byte_size for k in range(file.num_row_groups)
        ) / max(self._rows, 1)
        self._at_once = int(min(max(reader.batch_bytes / max(of_row, 1), 1), 1 << 16))
        self._file = file
        self._batches = iter(())
        self._group = -1
        self._left = 0  # rows of the row group not read yet
        self._read = 0

    @property
    def position(self) -> int:
        return self.size * self._read // max(self._rows, 1)

    def take(self, room: Room):
        """The next rows of a row group, or what is wrong with the rest of it, and their numbers."""
        import pyarrow as pa

        if self._read == self._rows:
            return None
        while not self._left:
            self._group += 1
            self._left = self._file.metadata.row_group(self._group).num_rows
            self._batches = self._file.iter_batches(
                self._at_once,
                row_groups=[self._group],
                columns=[self.reader.text_field],
                use_threads=False,
            )
        first = self._read + 1
        try:
            rows = next(self._batches)
            size = rows.num_rows
        except (pa.ArrowException, OSError, StopIteration) as error:
            rows = str(error) or "fewer rows than the file declares"
            size = self._left
        self._left -= size
        self._read += size
        return rows, first, size

    def parse(self, taken, room: Room) -> Batch:
        """The documents of rows taken."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        rows, first, size = taken
        if isinstance(rows, str):
            what = f"damaged ({rows}), no row up to {first + size - 1} can be read"
            self.reader.bad(f"{what}; allowed: a whole Parquet file", first, "row")
            nothing = np.empty(0, np.int64)
            return Batch(room.array("text", _PAD), nothing, nothing, nothing, size)
        column = rows.column(0)
        path = self.reader.text_field.split(".")[1:]
        column = pc.struct_field(column, path) if path else column
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        column = column.cast(pa.large_binary())
        good = column.is_valid().to_numpy(zero_copy_only=False)
        offsets = np.frombuffer(column.buffers()[1], np.int64)
        offsets = offsets[column.offset : column.offset + len(column) + 1]
        size = int(offsets[-1] - offsets[0])
        text = room.array("text", size + _PAD)
        if size:
            data = np.frombuffer(column.buffers()[2], np.uint8)
            text[:size] = data[offsets[0] : offsets[-1]]
        offsets = offsets - offsets[0]
        whats = dict.fromkeys(np.flatnonzero(~good).tolist(), "null; allowed: a string")
        try:
            column.cast(pa.large_string())
        except pa.ArrowInvalid:
            for k in np.flatnonzero(good).tolist():
                try:
                    text[offsets[k] : offsets[k + 1]].tobytes().decode()
                except UnicodeDecodeError as wrong:
                    whats[k] = f"invalid UTF-8 at byte {wrong.start}; allowed: text in UTF-8"
        for k in sorted(whats):
            self.reader.bad(f"field {self.reader.text_field!r}: {whats[k]}", first + k, "row")
            good[k] = False
        records = np.flatnonzero(good) + first
        return Batch(text, offsets[:-1][good], offsets[1:][good], records, len(whats))

    def finish_digest(self) -> None:
        """Digest the file, which is not read from front to back."""
        with self.reader.shard.path.open("rb") as file:
            while data := file.read(1 << 20):
                self.reader._sums.update(data)


class _Files:
    """A folder of text files."""

    def __init__(self, reader: Reader):
        self.reader = reader
        path = reader.shard.path
        self._entries = sorted(
            (entry for entry in path.iterdir() if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )
        if not any(map(_is_text, self._entries)):
            raise CorpusError(f"{path}: a folder without a .txt file")
        self.size = sum(entry.stat().st_size for entry in self._entries if entry.is_file())
        self.position = 0
        self._next = 0

    def take(self, room: Room):
        """The next entries, their bytes or None each, and the first one's number."""
        if self._next == len(self._entries):
            return None
        first, taken, size = self._next, [], 0
        while self._next < len(self._entries) and size < self.reader.batch_bytes:
            entry = self._entries[self._next]
            data = entry.read_bytes() if entry.is_file() else b""
            if self.reader._sums and entry.is_file():
                self.reader._sums.update(b"%s\0%d\0" % (entry.name.encode(), len(data)) + data)
            taken.append((entry.name, data if _is_text(entry) else None))
            size += len(data)
            self._next += 1
        self.position += size
        return taken, first + 1

    def parse(self, taken, room: Room) -> Batch:
        """The documents of entries taken."""
        import numpy as np

        entries, first = taken
        good = []
        for k, (name, data) in enumerate(entries):
            what = "" if data is not None else "not a .txt file; allowed: .txt files only"
            try:
                if data is not None:
                    data.decode()
            except UnicodeDecodeError as wrong:
                what = f"invalid UTF-8 at byte {wrong.start}; allowed: text in UTF-8"
            if what:
                self.reader.bad(f"{name}: {what}", first + k, "file")
            else:
                good.append((first + k, data.removeprefix(b"\xef\xbb\xbf")))
        ends = np.cumsum([len(data) for _, data in good], dtype=np.int64)
        size = int(ends[-1]) if good else 0
        text = room.array("text", size + _PAD)
        text[:size] = memoryview(b"".join(data for _, data in good))
        starts = np.concatenate([ends[:0], [0], ends[:-1]]).astype(np.int64)[: ends.size]
        records = np.array([record for record, _ in good], np.int64)
        return Batch(text, starts, ends, records, len(entries) - len(good))

    def finish_digest(self) -> None:
        """All entries are digested as they are read."""


def _is_text(entry: Path) -> bool:
    return entry.is_file() and entry.name.endswith(".txt")
