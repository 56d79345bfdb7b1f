"""``tracemem count``: exact document and occurrence counts of a list in shards, without a study."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from tracemem.ngrams.queries import Counts

logger = logging.getLogger(__name__)

FORMATS = ("csv", "parquet", "jsonl")
KINDS = ("text", "csv", "parquet")


def register(subparsers) -> None:
    """Describe the command to the parser."""
    command = subparsers.add_parser(
        "count",
        help="count n-grams, or pairs of them, in shards",
        description="Exact document and occurrence counts of n-grams, or of pairs of them, "
        "in the documents of a corpus.",
        epilog="Words are runs of letters, digits and _, in NFC and lower case: 'The Cat!' is "
        "counted as 'the cat'. Progress goes to standard error.",
    )
    command.set_defaults(run=run)
    command.add_argument(
        "ngrams",
        metavar="NGRAMS",
        help="text file, an n-gram a line, or a pair a line with a tab between the two; CSV or "
        "Parquet, column ngram or columns input_gram and output_gram; - for standard input",
    )
    command.add_argument(
        "--shards",
        nargs="+",
        action="extend",
        required=True,
        metavar="SHARD",
        help="JSON lines (.jsonl, .json, with .gz or .zst), .parquet, folders of .txt, or globs",
    )
    command.add_argument(
        "--input-format",
        choices=KINDS,
        help="what NGRAMS is (default: by its ending; standard input is text)",
    )
    command.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME",
        help="column of the n-grams in NGRAMS; given twice, those of the two sides of pairs",
    )
    command.add_argument(
        "--output", metavar="FILE", help="the table, .csv, .parquet or .jsonl (default: standard "
        "output)",
    )  # fmt: skip
    command.add_argument(
        "--format",
        choices=FORMATS,
        help="of the table (default: by the ending of --output, or csv)",
    )
    command.add_argument(
        "--documents",
        type=int,
        default=0,
        metavar="N",
        help="name up to N documents that hold each n-gram or pair; needs --documents-output",
    )
    command.add_argument(
        "--documents-output",
        metavar="FILE",
        help="where they are named, .csv, .parquet or .jsonl; needs --documents",
    )
    command.add_argument(
        "--documents-text",
        action="store_true",
        help="their text too, for which shards are read twice",
    )
    command.add_argument(
        "--text-field",
        default="text",
        metavar="FIELD",
        help="field of a document's text, dotted for nested ones (default: text)",
    )
    command.add_argument(
        "--on-bad-record",
        choices=("stop", "skip"),
        default="stop",
        help="at a record that cannot be read (default: stop)",
    )
    command.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="threads that read and count (default: one for each core)",
    )


def run(asked: argparse.Namespace) -> None:
    """Count, and write the tables.

    Raises:
        ValueError: an argument, the list or a shard is not what is allowed.
        OSError: a file cannot be read or written.
    """
    if asked.threads is not None and asked.threads < 1:
        raise ValueError(f"--threads: found {asked.threads}; allowed: 1 or more")
    if asked.documents < 0:
        raise ValueError(f"--documents: found {asked.documents}; allowed: 0 or more")
    if bool(asked.documents) != bool(asked.documents_output):
        raise ValueError("--documents and --documents-output: found one; allowed: both or none")
    if asked.documents_text and not asked.documents:
        raise ValueError("--documents-text: allowed with --documents only")
    table_format = _format(asked.output, "--output", asked.format)
    if not asked.output and table_format == "parquet" and sys.stdout.isatty():
        raise ValueError("--format parquet: found a terminal; allowed: --output FILE or a pipe")
    documents_format = _format(asked.documents_output, "--documents-output", None)

    from tracemem.corpus.shards import find_shards
    from tracemem.jobs import terminal
    from tracemem.jobs.compiled import is_kept
    from tracemem.jobs.files import replacing
    from tracemem.ngrams import queries
    from tracemem.ngrams.scan import scan

    shards = find_shards(asked.shards)
    sources = [asked.ngrams, *(shard.path for shard in shards)]
    _check_target(asked.output, "--output", sources)
    _check_target(asked.documents_output, "--documents-output", [*sources, asked.output or ""])
    given = sys.stdin.buffer if asked.ngrams == "-" else asked.ngrams
    asked_for = queries.read(given, asked.input_format, asked.column)
    with terminal.command_log() as every:
        if not is_kept(scan):
            logger.info("compiling what counts, once for an installation: some 15 seconds")
        counts = queries.count(
            asked_for,
            shards,
            text_field=asked.text_field,
            on_bad_record=asked.on_bad_record,
            threads=asked.threads or len(os.sched_getaffinity(0)),
            documents=asked.documents,
            texts=asked.documents_text,
            every=every,
        )
        _summarise(counts)
    if asked.documents:
        with replacing(asked.documents_output) as draft, draft.open("wb") as file:
            file.writelines(_encoded(counts.documents, documents_format))
    if asked.output:
        with replacing(asked.output) as draft, draft.open("wb") as file:
            file.writelines(_encoded(counts.table, table_format))
    else:
        for data in _encoded(counts.table, table_format):
            left = memoryview(data)
            # Under PYTHONUNBUFFERED a write may end halfway.
            while left:
                left = left[sys.stdout.buffer.write(left) or 0 :]
        sys.stdout.buffer.flush()


def _format(path: str | None, option: str, asked: str | None) -> str:
    """The format of a table: what its file's ending says, or what is asked for."""
    ending = Path(path).suffix if path else ""
    found = ending.removeprefix(".") if ending.removeprefix(".") in FORMATS else None
    if found and asked and found != asked:
        raise ValueError(
            f"{option} {path} with --format {asked}: allowed: --format {found} or none"
        )
    if path and not (found or asked):
        allowed = ", ".join(f".{name}" for name in FORMATS)
        raise ValueError(f"{option} {path}: found the ending {ending!r}; allowed: {allowed}")
    return found or asked or "csv"


def _check_target(path: str | None, option: str, others: Sequence[str | Path]) -> None:
    """Refuse, before any work, a file that cannot be written or must not be."""
    if not path:
        return
    target = Path(path)
    if target.exists() and not target.is_file():
        raise ValueError(f"{option} {path}: found no plain file; allowed: one to write or replace")
    for other in others:
        if Path(path) == Path(other) or (
            target.exists() and Path(other).exists() and target.samefile(other)
        ):
            raise ValueError(f"{option} {path}: is {other}; allowed: another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(target.parent, os.W_OK):
        raise ValueError(f"{option} {path}: found a folder that may not be written to")


def _summarise(counts: "Counts") -> None:
    """Say what no table says: bad records, and how many queries are not there."""
    reading, table = counts.reading, counts.table
    if reading.skipped:
        logger.warning("%s bad records passed over", f"{reading.skipped:,}")
    of_pairs = "pair_documents" in table.column_names
    documents = table["pair_documents" if of_pairs else "documents"].to_numpy()
    missing = int((documents == 0).sum())
    if missing:
        what = "pairs stand together" if of_pairs else "n-grams stand"
        logger.info("%s of %s %s in no document", f"{missing:,}", f"{documents.size:,}", what)


def _encoded(table: "pa.Table", format: str) -> Iterator["bytes | pa.Buffer"]:
    """A table piece by piece: CSV with a header, in UTF-8; Parquet; or an object a line."""
    from pyarrow import ArrowInvalid, BufferOutputStream

    if format == "jsonl":
        import orjson

        for batch in table.to_batches(max_chunksize=1 << 16):
            yield b"".join([orjson.dumps(row) + b"\n" for row in batch.to_pylist()])
    elif format == "parquet":
        from pyarrow.parquet import write_table

        written = BufferOutputStream()
        write_table(table, written, compression="zstd")
        yield written.getvalue()
    else:
        # Arrow quotes every text or none, and refuses none where one has to be.
        try:
            yield _csv(table, "none")
        except ArrowInvalid:
            yield _csv(table, "needed")


def _csv(table: "pa.Table", quoting: str) -> "pa.Buffer":
    from pyarrow import BufferOutputStream
    from pyarrow.csv import WriteOptions, write_csv

    written = BufferOutputStream()
    write_csv(table, written, WriteOptions(quoting_style=quoting, quoting_header="none"))
    return written.getvalue()
