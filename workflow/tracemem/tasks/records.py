"""Records of the files tasks come in, each with the place it stands, for errors to name."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracemem.settings.examples import HubSettings

Record = tuple[str, dict[str, Any]]
_ALLOWED = {str: "a text", list: "a list of texts", dict: "an object", int: "a whole number"}


class TaskError(ValueError):
    """A task file is not what it should be; the message names the place and what is allowed."""


def field(record: Any, name: str, place: str, kind: type = str) -> Any:
    """One field of a record.

    Raises:
        TaskError: the field is missing or not of ``kind``.
    """
    if not isinstance(record, dict) or name not in record:
        found = ", ".join(record) if isinstance(record, dict) else type(record).__name__
        raise TaskError(f"{place}: no field {name!r}, found: {found}")
    value = record[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        allowed = _ALLOWED[kind]
        if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
            allowed += f', which has quotes: "{value}"'
        raise TaskError(f"{place}: field {name!r} is {value!r}, allowed: {allowed}")
    return value


def texts(record: Any, name: str, place: str) -> list[str]:
    """A field that holds a list of texts.

    Raises:
        TaskError: the field is missing or not a list of texts.
    """
    value = field(record, name, place, list)
    for text in value:
        if not isinstance(text, str):
            raise TaskError(f"{place}: field {name!r} holds {text!r}, allowed: a list of texts")
    return value


def content(path: str) -> str:
    """The text of a file in UTF-8, plain, .gz or .zst, unpacked whole: task files are small.

    Raises:
        TaskError: the file is missing or damaged, or not UTF-8; the line is named.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise TaskError(f"{path}: no such file") from None
    except OSError as wrong:
        raise TaskError(f"{path}: cannot be read ({wrong.strerror})") from None
    try:
        if path.endswith(".gz"):
            data = gzip.decompress(data)
        elif path.endswith(".zst"):
            data = _unpack_zst(data)
    except (OSError, EOFError, zlib.error) as wrong:
        raise TaskError(f"{path}: damaged or cut short ({wrong})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise TaskError(f"{path}:{line}: not UTF-8 ({wrong.reason})") from None


def _unpack_zst(data: bytes) -> bytes:
    import zstandard

    frames = []
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            frames.append(frame.decompress(data))
        except zstandard.ZstdError as wrong:
            raise OSError(str(wrong)) from None
        if not frame.eof:
            raise EOFError("end of the archive missing")
        data = frame.unused_data
    return b"".join(frames)


def lines(path: str) -> Iterator[tuple[str, str]]:
    """Place and text of every line; a newline alone ends one, as in the tools that count lines."""
    text = content(path)
    if not text:
        return
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        yield f"{path}:{number}", line.removesuffix("\r")


def json_lines(path: str) -> Iterator[Record]:
    """Objects of a JSONL file.

    Raises:
        TaskError: a line is not a JSON object.
    """
    for place, line in lines(path):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as wrong:
            raise TaskError(f"{place}: not JSON ({wrong}): {line[:60]!r}") from None
        if not isinstance(record, dict):
            raise TaskError(f"{place}: {type(record).__name__}, allowed: a JSON object")
        yield place, record


def records(path: str) -> Iterator[Record]:
    """Records of a file by its ending, or of a folder: .parquet files, or one saved by datasets.

    Raises:
        TaskError: the kind of file is not known, or it is damaged.
    """
    if Path(path).is_dir():
        yield from _folder(path)
    elif path.endswith(".parquet"):
        yield from _parquet(path)
    elif path.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        yield from json_lines(path)
    elif not Path(path).exists():
        raise TaskError(f"{path}: no such file")
    else:
        raise TaskError(
            f"{path}: allowed: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, or a folder of a data set"
        )


def _parquet(path: str) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        # Batch by batch: whoever wants the first records need not wait for all.
        for batch in pq.ParquetFile(path).iter_batches(1024):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}:{number}", row
    except (pa.ArrowException, OSError) as wrong:
        raise TaskError(f"{path}: not Parquet ({wrong})") from None


def _folder(path: str) -> Iterator[Record]:
    if Path(path, "dataset_dict.json").exists():
        splits = json.loads(Path(path, "dataset_dict.json").read_text())["splits"]
        raise TaskError(
            f"{path}: holds several splits, allowed: one of "
            f"{', '.join(f'{path}/{split}' for split in splits)}"
        )
    if Path(path, "dataset_info.json").exists():
        import datasets

        for number, row in enumerate(datasets.load_from_disk(path), 1):
            yield f"{path}:{number}", row
        return
    found = sorted(str(file) for file in Path(path).glob("*.parquet"))
    if not found:
        raise TaskError(f"{path}: neither .parquet files nor a folder saved by datasets")
    for file in found:
        yield from _parquet(file)


def hub_records(hub: HubSettings, split: str) -> Iterator[Record]:
    """Records of a split of a data set on the hub.

    Raises:
        TaskError: the data set, its subset or its split cannot be loaded.
    """
    import datasets

    name = "/".join(part for part in (hub.name, hub.subset, getattr(hub, split)) if part)
    try:
        rows = datasets.load_dataset(
            hub.name, hub.subset or None, split=getattr(hub, split), revision=hub.revision or None
        )
    except Exception as wrong:  # the package raises errors of many libraries
        raise TaskError(
            f"hub {name}: cannot be loaded ({type(wrong).__name__}: {wrong}); "
            "allowed: a data set of the hub, or local files under test and train"
        ) from wrong
    for number, row in enumerate(rows, 1):
        yield f"hub {name}:{number}", row
