"""Parquet: a row a record, the text a column of strings or a field of a column of structs.

Bad: a null, invalid UTF-8. In a damaged file the rows of a row group that cannot be read are
counted one by one, and the next group is read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.batches import PAD, Batch, Room
from tracemem.corpus.formats.source import Source

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

_READ = 1 << 17  # bytes of a column read at once


class _Piece(NamedTuple):
    """Rows of a row group."""

    rows: "pa.RecordBatch | str"
    """What is wrong, where neither these nor the group's later ones can be read."""
    first: int
    """Number of the first row, from 1."""
    size: int


class ParquetRows(Source):
    """A Parquet file."""

    endings = (".parquet",)
    unit = "row"

    def __post_init__(self):
        self.size = self.path.stat().st_size
        self._file = _opened(self.path, buffer_size=_READ, pre_buffer=False)
        self._check_column()
        metadata = self._file.metadata
        self._rows = metadata.num_rows
        groups = (metadata.row_group(k) for k in range(metadata.num_row_groups))
        row_bytes = sum(group.total_byte_size for group in groups) / max(self._rows, 1)
        self._at_once = int(min(max(self.batch_bytes / max(row_bytes, 1), 1), 1 << 16))
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._group = -1
        self._left = 0  # rows of the row group not read yet
        self._read = 0

    def _check_column(self) -> None:
        """Refuse a schema that lacks the field, or has another kind of column there."""
        import pyarrow as pa

        kind: pa.DataType = pa.struct(list(self._file.schema_arrow))
        for key in self.text_field.split("."):
            if not pa.types.is_struct(kind) or kind.get_field_index(key) < 0:
                found = ", ".join(repr(field.name) for field in kind) if kind.num_fields else kind
                raise CorpusError(f"{self.path}: no column {self.text_field!r}, found {found}")
            kind = kind.field(key).type
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
            raise CorpusError(
                f"{self.path}: column {self.text_field!r} is {kind}; allowed: string, large_string"
            )

    @classmethod
    def first_record(cls, path: Path) -> dict[str, Any] | None:
        """The first row.

        Raises:
            CorpusError: the file is no Parquet file, or damaged.
        """
        import pyarrow as pa

        try:
            rows = next(_opened(path).iter_batches(1), None)
        except (pa.ArrowException, OSError) as wrong:
            raise _unreadable(path, wrong) from None
        return rows.to_pylist()[0] if rows is not None and rows.num_rows else None

    @property
    def position(self) -> int:
        """Bytes at rest read so far, by the share of rows."""
        return self.size * self._read // max(self._rows, 1)

    def take(self, room: Room) -> _Piece | None:
        """The next rows of a row group, or what is wrong with the rest of it."""
        import pyarrow as pa

        if self._read == self._rows:
            return None
        while not self._left:
            self._group += 1
            self._left = self._file.metadata.row_group(self._group).num_rows
            self._batches = self._file.iter_batches(
                self._at_once,
                row_groups=[self._group],
                columns=[self.text_field],
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
        return _Piece(rows, first, size)

    def parse(self, taken: _Piece, room: Room) -> Batch:
        """The documents of rows."""
        import numpy as np

        rows, first, size = taken
        if isinstance(rows, str):
            what = f"damaged ({rows}), no row up to {first + size - 1} can be read"
            self.bad_records.met(first, f"{what}; allowed: a whole Parquet file")
            nothing = np.empty(0, np.int64)
            return Batch(room.array("text", PAD), nothing, nothing, nothing, size)
        column = self._column(rows)
        text, offsets = _laid_out(column, room)
        good = column.is_valid().to_numpy(zero_copy_only=False)
        wrong = _wrong(column, good, text, offsets)
        for k, what in sorted(wrong.items()):
            self.bad_records.met(first + k, f"field {self.text_field!r}: {what}")
            good[k] = False
        records = np.flatnonzero(good) + first
        return Batch(text, offsets[:-1][good], offsets[1:][good], records, len(wrong))

    def _column(self, rows: "pa.RecordBatch") -> "pa.Array":
        """The texts (large_binary, [rows])."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = rows.column(0)
        path = self.text_field.split(".")[1:]
        column = pc.struct_field(column, path) if path else column
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        return column.cast(pa.large_binary())

    def finish_checksum(self) -> None:
        """Read the file again, which is not read from front to back otherwise."""
        if self.checksum is None:
            return
        with self.path.open("rb") as file:
            while data := file.read(1 << 20):
                self.checksum.update(data)


def _opened(path: Path, **options) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, **options)
    except (pa.ArrowException, OSError) as wrong:
        raise _unreadable(path, wrong) from None


def _unreadable(path: Path, wrong: Exception) -> CorpusError:
    return CorpusError(f"{path}: not a Parquet file that can be read ({wrong})")


def _laid_out(column: "pa.Array", room: Room) -> tuple["np.ndarray", "np.ndarray"]:
    """The texts one after another (uint8), and where they begin and end (int64, [rows + 1], bytes)."""
    import numpy as np

    offsets = np.frombuffer(column.buffers()[1], np.int64)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    size = int(offsets[-1] - offsets[0])
    text = room.array("text", size + PAD)
    if size:
        data = np.frombuffer(column.buffers()[2], np.uint8)
        text[:size] = data[offsets[0] : offsets[-1]]
    return text, offsets - offsets[0]


def _wrong(
    column: "pa.Array", there: "np.ndarray", text: "np.ndarray", offsets: "np.ndarray"
) -> dict[int, str]:
    """What is wrong with a text, by its place in the column.

    Args:
        column: large_binary, [rows].
        there: bool, [rows]: whether it is no null.
        text: as in :func:`_laid_out`.
        offsets: as in :func:`_laid_out`.
    """
    import numpy as np
    import pyarrow as pa

    wrong = dict.fromkeys(np.flatnonzero(~there).tolist(), "null; allowed: a string")
    try:
        column.cast(pa.large_string())
    except pa.ArrowInvalid:
        for k in np.flatnonzero(there).tolist():
            try:
                text[offsets[k] : offsets[k + 1]].tobytes().decode()
            except UnicodeDecodeError as error:
                wrong[k] = f"invalid UTF-8 at byte {error.start}; allowed: text in UTF-8"
    return wrong
