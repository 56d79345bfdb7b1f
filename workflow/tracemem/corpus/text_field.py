"""The field of a shard's records that holds the text, read off its first record."""

import io
import os
from collections.abc import Iterator, Mapping
from typing import Any

from tracemem.corpus.shards import CorpusError, Shard, documents

# Names that corpora give it, in order of preference.
_NAMES = (
    "text", "content", "contents", "body", "raw_content", "document", "page_content", "raw_text",
    "full_text", "passage", "article", "doc", "markdown",
)  # fmt: skip


def guess(shard: Shard) -> str | None:
    """The field by its name, or by its length where one text is far longer than the others.

    Returns:
        The field, dotted where it is nested; None of a folder of text files, which have no fields,
        and of a shard without records.

    Raises:
        CorpusError: the shard cannot be read, or none of the fields stands out.
    """
    if shard.kind == "folder":
        return None
    record = _first_row(shard) if shard.kind == "parquet" else _first_object(shard)
    if record is None:
        return None
    texts = dict(_texts(record))
    for name in _NAMES:
        for field in texts:
            if field.rpartition(".")[2].lower() == name:
                return field
    longest = sorted(texts, key=lambda field: -len(texts[field]))
    if not texts or (len(texts) > 1 and len(texts[longest[0]]) < 2 * len(texts[longest[1]])):
        found = ", ".join(f"{name} ({type(value).__name__})" for name, value in record.items())
        raise CorpusError(
            f"{shard.path}: which field holds the text cannot be told, found: {found or 'none'}; "
            "name it with --text-field"
        )
    return longest[0]


def _texts(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The fields that hold texts, those of the record itself before nested ones."""
    plain = {name: value for name, value in record.items() if "." not in name}
    yield from ((above + name, value) for name, value in plain.items() if isinstance(value, str))
    for name, value in plain.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{above}{name}.")


def _first_object(shard: Shard) -> dict[str, Any] | None:
    import orjson
    import pyarrow as pa

    stream = pa.OSFile(os.fsencode(shard.path))
    packed = {".gz": "gzip", ".zst": "zstd"}.get(shard.path.suffix)
    if packed:
        stream = pa.CompressedInputStream(stream, packed)
    try:
        with io.BufferedReader(stream) as lines:
            line = next((line for line in lines if line.strip(b"\xef\xbb\xbf \t\r\n")), None)
        record = line and orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (OSError, orjson.JSONDecodeError):
        record = []
    if record is None or isinstance(record, dict):
        return record
    # What is wrong with it, as the study would say.
    next(documents(shard), None)
    raise CorpusError(f"{shard.path}: no object in its first line")


def _first_row(shard: Shard) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = next(pq.ParquetFile(shard.path).iter_batches(1), None)
    except (pa.ArrowException, OSError) as wrong:
        raise CorpusError(f"{shard.path}: not a Parquet file that can be read ({wrong})") from None
    return rows.to_pylist()[0] if rows is not None and rows.num_rows else None
