"""JSON lines, plain, ``.gz`` or ``.zst``: an object a line, the text a string in one of its fields.

Every line that is not blank is a record. A dotted field (``meta.text``) goes into nested objects.
Of a key given twice the last counts. Lines end with a line feed, a carriage return before it is
white space, a byte order mark at the start of the file is passed over. ``\\u0000`` is a character
like any other. An empty plain file holds no document.

Bad: not JSON (RFC 8259: no NaN, no control characters in strings), a number beyond double
precision, not an object, field missing or not a string, invalid UTF-8, a lone surrogate escape.

An archive that is cut short or damaged, or empty, is bad where it breaks. Passed over, it counts as
one more skipped record, with a warning: what came whole before the break is read, what comes after
it is lost, and nobody can know how many records that were.
"""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tracemem.corpus.batches import PAD, Batch, Room
from tracemem.corpus.formats.source import Source

if TYPE_CHECKING:
    import hashlib

    import numpy as np
    import pyarrow as pa

_READ = 1 << 17  # bytes taken from an archive at once: what a break can cost beside its line
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_MARK = b"\xef\xbb\xbf"  # byte order mark


class _Piece(NamedTuple):
    """Whole lines."""

    raw: "np.ndarray"
    """uint8, the lines and PAD line feeds after them."""
    used: int
    """Bytes of the lines."""
    first: int
    """Number of the first line, from 1."""
    lines: int
    broken: str
    """What broke the archive off after them; empty where nothing did."""


class JsonLines(Source):
    """A file of JSON lines."""

    endings = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst")
    unit = "line"

    def __post_init__(self):
        import numpy as np
        import pyarrow as pa

        path = self.path
        self.size = path.stat().st_size
        if self.checksum:
            # A Python object has to be asked for every piece, and all threads wait meanwhile.
            self._at_rest = pa.PythonFile(_Digested(path, self.checksum), "r")
        else:
            self._at_rest = pa.OSFile(os.fsencode(path))
        self._stream = _unpacked(self._at_rest, path)
        self._broken = "0 bytes" if path.suffix in _PACKED and not self.size else ""
        # The compiled reader knows no nesting: for a dotted field it is given what no key can be.
        field = b"\xff" if "." in self.text_field else self.text_field.encode()
        self._field = np.frombuffer(field, np.uint8)
        self._rest = b""
        self._ended = False
        self._line = 1

    @classmethod
    def first_record(cls, path: Path) -> Any:
        """What stands in the first line that is not blank; an empty list if it is no JSON."""
        import orjson
        import pyarrow as pa

        stream = _unpacked(pa.OSFile(os.fsencode(path)), path)
        try:
            with io.BufferedReader(stream) as lines:
                line = next((line for line in lines if line.strip(_MARK + b" \t\r\n")), None)
            return line and orjson.loads(line.removeprefix(_MARK))
        except (OSError, orjson.JSONDecodeError):
            return []

    @property
    def position(self) -> int:
        """Bytes at rest read so far."""
        return self._at_rest.tell()

    def take(self, room: Room) -> _Piece | None:
        """Read whole lines."""
        from tracemem.corpus import json_reader

        if self._ended:
            return None
        wanted = self.batch_bytes
        used, lines = len(self._rest), 0
        raw = room.array("raw", max(wanted, 2 * used) + _READ + PAD)
        raw[:used] = memoryview(self._rest)
        self._rest = b""
        last = -1  # place of the last line feed
        while last < 0 or used < wanted:
            if raw.size < used + _READ + PAD:
                raw = room.array("raw", 2 * raw.size, keep=used)
            size = self._read(raw[used : used + _READ])
            if not size:
                self._ended = True
                break
            found, place = json_reader.line_feeds(raw, used, used + size)
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
        raw[used : used + PAD] = 10
        if self._line == 1 and bytes(raw[:3]) == _MARK:
            raw[:3] = 32
        first = self._line
        self._line += lines
        return _Piece(raw, used, first, lines, self._broken)

    def _read(self, room: "np.ndarray") -> int:
        try:
            return 0 if self._broken else self._stream.readinto(room)
        except OSError as error:
            self._broken = str(error)
            return 0

    def parse(self, taken: _Piece, room: Room) -> Batch:
        """The documents of lines."""
        import numpy as np

        from tracemem.corpus import json_reader

        raw, used, first, lines, broken = taken
        text = room.array("text", used + PAD)
        line_ends, starts, ends = np.zeros((3, lines), np.int64)
        outcomes = np.empty(lines, np.uint8)
        end = json_reader.read_lines(
            raw, used, self._field, text, line_ends, starts, ends, outcomes
        )
        skipped = 0
        for k in np.flatnonzero(outcomes == json_reader.UNUSUAL).tolist():
            line = raw[line_ends[k - 1] + 1 if k else 0 : line_ends[k]].tobytes()
            try:
                found = record_text(line, self.text_field).encode()
            except ValueError as wrong:
                self.bad_records.met(first + k, str(wrong))
                skipped += 1
                continue
            starts[k], ends[k] = end, end + len(found)
            text[end : ends[k]] = memoryview(found)
            end += len(found)
            outcomes[k] = json_reader.READ
        if broken:
            what = f"the archive breaks off here ({broken}), the rest is lost"
            self.bad_records.met(first + lines, f"{what}; allowed: a whole archive")
            skipped += 1
        good = outcomes == json_reader.READ
        records = np.flatnonzero(good) + first
        return Batch(text, starts[good], ends[good], records, skipped)

    def finish_checksum(self) -> None:
        """Read what a break has left unread."""
        while self._at_rest.read(_READ):
            pass


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


def _unpacked(at_rest: "pa.NativeFile", path: Path) -> "pa.NativeFile":
    import pyarrow as pa

    packed = _PACKED.get(path.suffix)
    return pa.CompressedInputStream(at_rest, packed) if packed else at_rest


class _Digested:
    """A file's bytes as they lie on disk, digested on the way."""

    closed = False

    def __init__(self, path: Path, checksum: "hashlib._Hash"):
        self._file = path.open("rb", buffering=0)
        self._checksum = checksum
        self.tell = self._file.tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._checksum.update(data)
        return data

    def readinto(self, room) -> int:
        size = self._file.readinto(room)
        self._checksum.update(memoryview(room)[:size])
        return size

    def close(self) -> None:
        self._file.close()
