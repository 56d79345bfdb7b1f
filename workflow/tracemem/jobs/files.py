"""Files at rest: every file that a job writes for another, or reads from one, goes through here.

A file is written whole or not at all; a table has the columns of its declaration. What is heavy is
imported where a table is touched: commands that write a config need none of it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracemem.jobs.declared import REASON, TEXT, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

# What tables hold that were written before these columns were declared.
_ADDED = {**dict.fromkeys(REASON, ""), "dropped_no_neighbour": 0}


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A path to write to, moved onto ``path`` when the block ends well and removed otherwise.

    Half a file is so never taken for a whole one, even after kill -9.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def replacing_all(*paths: Path | str) -> Iterator[list[Path]]:
    """Several paths to write to, moved onto ``paths`` together; they lie beside the paths' folder.

    A folder that is read as a whole, such as an index, never holds a draft.
    """
    targets = [Path(path).absolute() for path in paths]
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    folder = targets[0].parent
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        drafts = [Path(scratch, f"draft-{k}") for k in range(len(targets))]
        yield drafts
        for draft, target in zip(drafts, targets, strict=True):
            os.replace(draft, target)


def checksum(path: Path | str) -> str:
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_array(array: "np.ndarray", path: Path | str) -> None:
    """Write an array to an ``.npy`` file, whole or not at all."""
    import numpy as np

    with replacing(path) as draft, open(draft, "wb") as stream:
        np.save(stream, array)


def read_array(path: Path | str, mapped: bool = False) -> "np.ndarray":
    """Read an array back; ``mapped`` ones stay in the file and are read where they are used."""
    import numpy as np

    return np.load(path, mmap_mode="r" if mapped else None)


def write_arrays(arrays: "Mapping[str, np.ndarray]", path: Path | str) -> None:
    """Write several arrays by name to an ``.npz`` file, whole or not at all."""
    import numpy as np

    with replacing(path) as draft, open(draft, "wb") as stream:
        np.savez(stream, allow_pickle=True, **arrays)


def read_arrays(path: Path | str) -> "dict[str, np.ndarray]":
    """Read several arrays back by name."""
    import numpy as np

    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def write_text(text: str, path: Path | str) -> None:
    """Write a text in UTF-8, whole or not at all."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def schema(table: Table) -> "pa.Schema":
    """The columns of a table as an Arrow schema."""
    import pyarrow as pa

    def of(kind: str) -> pa.DataType:
        inner = kind.removeprefix("list<").removesuffix(">")
        plain = getattr(pa, inner)()
        return plain if inner == kind else pa.list_(plain)

    return pa.schema([(name, of(kind)) for name, (kind, _) in table.columns.items()])


def gather(table: Table, paths: Iterable[Path | str]) -> "pd.DataFrame":
    """The parts of a table one after another; a frame without rows where there is no part."""
    import pandas as pd

    empty = pd.DataFrame({name: [] for name in table.columns})
    parts = [part for path in paths if len(part := read(table, path))]
    return pd.concat(parts, ignore_index=True) if parts else empty


def conform(table: Table, data: "pa.Table | pd.DataFrame | Mapping[str, Iterable]") -> "pa.Table":
    """``data`` as an Arrow table with exactly the columns of ``table``, in its order and types.

    Raises:
        ValueError: a column is missing or not declared.
    """
    import pandas as pd
    import pyarrow as pa

    declared = schema(table)
    if isinstance(data, pd.DataFrame):
        found = list(data.columns)
    else:
        found = data.column_names if isinstance(data, pa.Table) else list(data)
    wrong = sorted(set(found) ^ set(table.columns))
    if wrong:
        raise ValueError(
            f"{table.path}: columns {wrong} are missing or not declared, found {found}"
        )
    if isinstance(data, pd.DataFrame):
        return pa.Table.from_pandas(
            data[list(table.columns)], schema=declared, preserve_index=False
        )
    if isinstance(data, pa.Table):
        return data.select(list(table.columns)).cast(declared).replace_schema_metadata(None)
    columns = {
        name: _column(data[name], kind)
        for name, kind in zip(declared.names, declared.types, strict=True)
    }
    return pa.table(columns, schema=declared)


def _column(values: "Iterable", kind: "pa.DataType") -> "pa.Array | pa.ChunkedArray":
    import pyarrow as pa

    # Arrow's own go as they are: pa.array would make a Python object of each value.
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind)


def write(table: Table, data, path: Path | str) -> None:
    """Write ``data`` to ``path`` (Parquet or CSV by its ending), whole or not at all."""
    import pyarrow.parquet as pq

    arrow = conform(table, data).replace_schema_metadata(None)
    with replacing(path) as draft:
        if str(path).endswith(".csv"):
            arrow.to_pandas().to_csv(draft, index=False, float_format="%.6g")
        else:
            pq.write_table(arrow, draft, compression="zstd")


def read_arrow(table: Table, path: Path | str, columns: Sequence[str] | None = None) -> "pa.Table":
    """Read a Parquet table, or some of its columns, as it is, without Python objects."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=list(columns or table.columns))


def read(table: Table, path: Path | str) -> "pd.DataFrame":
    """Read a table back and hold it to its declaration.

    Raises:
        ValueError: the file's columns are not those declared.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    if str(path).endswith(".csv"):
        texts = [name for name, (kind, _) in table.columns.items() if kind == TEXT]
        numbers = [name for name in table.columns if name not in texts]
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
        )
        if frame.empty:  # nothing to tell the type of a number by
            frame = frame.astype({name: "float64" for name in numbers if name in frame})
    else:
        frame = pq.read_table(path).to_pandas()
    absent = {name for name in _ADDED if name in table.columns and name not in frame}
    frame = frame.assign(**{name: _ADDED[name] for name in _ADDED if name in absent})
    wrong = sorted(set(frame.columns) ^ set(table.columns))
    if wrong:
        raise ValueError(f"{path}: columns {wrong} are missing or not declared for {table.path}")
    return frame
