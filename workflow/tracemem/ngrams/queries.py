"""Lists of n-grams, or of pairs of them, and their exact counts in a corpus.

A list comes as Python texts or from a file, and stays in its order and its writing; what is counted
is the form that words are compared in (:mod:`tracemem.ngrams.words`), each form once. What a file holds:

- a text file (``.txt``, or a name without an ending): an n-gram a line or, where the first line has
  a tab, a pair a line with one tab between its n-grams. Lines end with a line feed, a carriage
  return before it is dropped, and a byte order mark at the start too;
- CSV (``.csv``, commas, RFC 4180) with a header, and Parquet (``.parquet``): the column ``ngram``,
  or the columns ``input_gram`` and ``output_gram``, or the one or two columns that are asked for.
  All cells are texts.

Every query has a word, and no more than 127 of them.
"""

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tracemem.corpus.bad_records import OnBadRecord
from tracemem.corpus.shards import Shard
from tracemem.jobs.declared import I8, I64, PAIR_COLUMNS, TEXT, Table
from tracemem.jobs.files import conform
from tracemem.ngrams import concordance, words
from tracemem.ngrams.counting import Index, Links, Reading, Scanner, scan_shards
from tracemem.ngrams.samples import Sample
from tracemem.settings.limits import LONGEST_NGRAM

Kind = Literal["text", "csv", "parquet"]
KINDS: dict[str, Kind] = {"": "text", ".txt": "text", ".csv": "csv", ".parquet": "parquet"}
COLUMNS = (("ngram",), ("input_gram", "output_gram"))

_IN_FORM = re.compile(r"(?:\w++(?: \w++)*+\n)*+")
# Of what separates words in a line, all that is not one space.
_UNEVEN = re.compile(r"[^\w\n](?:[^\w\n]+|(?<! ))")

NGRAMS = Table(
    "counts of n-grams",
    "One row a query, in the order given.",
    {
        "query": (TEXT, "the n-gram as it was given"),
        "ngram": (TEXT, "the form that is counted: words joined by one space"),
        "n": (I8, "words in it"),
        "documents": (I64, "documents that hold it"),
        "occurrences": (I64, "places where it stands"),
    },
)
PAIRS = Table(
    "counts of pairs",
    "One row a pair, in the order given.",
    {
        "input_query": (TEXT, "the first n-gram as it was given"),
        "output_query": (TEXT, "the second n-gram as it was given"),
        "input_gram": (TEXT, "the first in the form that is counted"),
        "output_gram": (TEXT, "the second in the form that is counted"),
        "pair_documents": (I64, "documents that hold both, any distance, any order"),
        "input_documents": (I64, "documents that hold the first"),
        "input_occurrences": (I64, "places where the first stands"),
        "output_documents": (I64, "documents that hold the second"),
        "output_occurrences": (I64, "places where the second stands"),
    },
)


class QueryError(ValueError):
    """A list of queries cannot be read: the file, the line, what was found and what is allowed."""


@dataclass(frozen=True)
class Queries:
    """A list of n-grams or of pairs, in the order and the writing they were given.

    Attributes:
        given: large_string, [queries]: the n-grams, or the first and the second ones of the pairs.
        grams: the same, each in the form that words are compared in.
    """

    given: tuple[pa.Array, ...]
    grams: tuple[pa.Array, ...]

    def __len__(self) -> int:
        return len(self.given[0])

    @property
    def are_pairs(self) -> bool:
        """Whether these are pairs."""
        return len(self.given) == 2

    @property
    def what(self) -> str:
        """What they are and how many, for people."""
        name = "pair" if self.are_pairs else "n-gram"
        return f"{len(self):,} {name}{'' if len(self) == 1 else 's'}"


@dataclass(frozen=True)
class Counts:
    """What a corpus holds of a list.

    Attributes:
        table: NGRAMS or PAIRS, rows in the order of the list.
        documents: table NGRAM_DOCUMENTS or PAIR_DOCUMENTS of :mod:`tracemem.ngrams.concordance`; None
            where none were asked for.
        reading: what was read.
    """

    table: pa.Table
    documents: pa.Table | None
    reading: Reading


def ngrams(texts: Iterable[str]) -> Queries:
    """A list of n-grams.

    Raises:
        QueryError: one has no word or more than 127, or there is none at all.
    """
    return _queries([list(texts)], lambda row: f"n-gram {row + 1}")


def pairs(texts: Iterable[tuple[str, str]]) -> Queries:
    """A list of pairs of n-grams.

    Raises:
        QueryError: as for :func:`ngrams`.
    """
    both = list(texts)
    sides = [[pair[side] for pair in both] for side in (0, 1)]
    return _queries(sides, lambda row: f"pair {row + 1}")


def read(
    source: str | Path | BinaryIO, kind: Kind | None = None, columns: Sequence[str] = ()
) -> Queries:
    """A list from a file; see the module for what it may hold.

    Args:
        source: path of the file, or an open one such as standard input's ``buffer``.
        kind: what it is, by default what the ending says and, of an open file, text.
        columns: of a table, the column of the n-grams or the two of the pairs.

    Raises:
        QueryError: the file, the line, what was found and what is allowed.
        OSError: the file cannot be opened.
    """
    if isinstance(source, str | Path):
        name, kind = os.fspath(source), kind or _kind(Path(source))
        if not Path(source).exists():
            raise QueryError(f"{name}: no such file")
        data = Path(source).read_bytes()
    else:
        name, kind, data = "standard input", kind or "text", source.read()
    if len(columns) > 2 or len(set(columns)) < len(columns):
        raise QueryError(
            f"columns: found {_shown(columns)}; allowed: one of n-grams, or two of pairs"
        )
    if columns and kind == "text":
        raise QueryError(f"{name}: a text file has no columns, found {_shown(columns)} asked for")
    found, place = {"text": _text, "csv": _csv, "parquet": _parquet}[kind](name, data, columns)
    return _queries(found, place, name)


def normal_forms(texts: Sequence[str]) -> Sequence[str]:
    """Each text's words joined by one space, all at once.

    A line feed ends every context that NFC and lower case look at, so texts can be put in their
    form together, a line each.
    """
    lines = "".join([f"{text}\n" for text in texts])
    if lines.count("\n") > len(texts):
        texts = [text.replace("\n", " ") for text in texts]
        lines = "".join([f"{text}\n" for text in texts])
    normal = words.normalize(lines)
    # Most lists are in their form already, which is seen in a fraction of the time.
    if normal == lines and _IN_FORM.fullmatch(lines):
        return texts
    return [line.strip(" ") for line in _UNEVEN.sub(" ", normal).split("\n")[:-1]]


def count(
    queries: Queries,
    shards: Sequence[Shard],
    *,
    text_field: str = "text",
    on_bad_record: OnBadRecord = "stop",
    threads: int = 1,
    documents: int = 0,
    texts: bool = False,
    every: float = 10.0,
) -> Counts:
    """Exact counts of every query in a corpus, in one reading.

    Args:
        queries: the list.
        shards: the corpus, as :func:`tracemem.corpus.shards.find_shards` gives it.
        text_field: field of the text.
        on_bad_record: ``"stop"`` or ``"skip"``.
        threads: threads that read and count.
        documents: documents to name of each query, of all that hold it those with the smallest hash
            of their text; 0 for none.
        texts: whether their text is wanted too, for which shards are read once more.
        every: seconds between lines of progress in the log.

    Raises:
        CorpusError: a shard cannot be read.
        ValueError: no shard, or no document in any of them.
    """
    if not shards:
        raise ValueError("no shard to count in; allowed: at least one")
    items = _Items(queries)
    links = sample = None
    if queries.are_pairs or documents:
        links = Links(items.pairs, None)
        if documents:
            sample = Sample(links.grams, links.inputs, links.outputs, documents)
    index = links.index if links else Index(items.grams)
    scanners = [Scanner(index, links, sample) for _ in range(threads)]
    work = f"count {queries.what} in {len(shards):,} shard{'' if len(shards) == 1 else 's'}"
    reading = scan_shards(shards, scanners, text_field, on_bad_record, work, every)
    if not reading.documents:
        raise ValueError(
            f"no document in {', '.join(str(shard.path) for shard in shards[:3])}"
            f"{' and others' if len(shards) > 3 else ''} "
            f"({reading.skipped:,} bad records passed over); allowed: at least one"
        )
    table = items.table(index, links, scanners)
    if sample is None:
        return Counts(table, None, reading)
    samples = sample.table([scanner.sampled() for scanner in scanners], "", threads)
    found = concordance.documents_of(samples.take(items.order(samples)), shards, queries.are_pairs)
    if texts:
        found = concordance.with_texts(
            found, shards, text_field, on_bad_record, threads=threads, every=every
        )
    return Counts(table, found, reading)


class _Items:
    """The distinct n-grams and pairs of a list, and where each query finds its own.

    Attributes:
        grams: the distinct n-grams.
        pairs: table of the distinct pairs; of n-grams, each with itself: a document holds an n-gram
            where it holds both sides of that.
    """

    def __init__(self, queries: Queries):
        self._queries = queries
        every = pa.concat_arrays(queries.grams).dictionary_encode()
        self.grams = every.dictionary
        sides = every.indices.to_numpy().reshape(len(queries.grams), -1).astype(np.int64)
        self._inputs, self._outputs = sides[0], sides[-1]

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers of the distinct pairs, the query that each comes from first, each query's pair."""
        numbers = self._inputs * len(self.grams) + self._outputs
        return np.unique(numbers, return_index=True, return_inverse=True)

    @property
    def pairs(self) -> pa.Table:
        sides = (pa.array(side) for side in np.divmod(self._distinct[0], len(self.grams)))
        return pa.table([self.grams.take(side) for side in sides], PAIR_COLUMNS)

    def table(self, index: Index, links: Links | None, scanners: Sequence[Scanner]) -> pa.Table:
        """Table NGRAMS or PAIRS, once all is scanned."""
        places = np.arange(len(self.grams))
        if links:
            places = pc.index_in(self.grams, links.grams).to_numpy()
        inputs, outputs = places[self._inputs], places[self._outputs]
        zeros = np.zeros(len(index), np.int64)
        documents = sum((scanner.documents for scanner in scanners), zeros)
        occurrences = sum((scanner.occurrences for scanner in scanners), zeros)
        given, grams = self._queries.given, self._queries.grams
        if not self._queries.are_pairs:
            return conform(
                NGRAMS,
                {
                    "query": given[0],
                    "ngram": grams[0],
                    "n": index.sizes[inputs],
                    "documents": documents[inputs],
                    "occurrences": occurrences[inputs],
                },
            )
        assert links is not None  # pairs are found by them
        numbers, _, rows = self._distinct
        of_pair = np.empty(numbers.size, np.int64)
        of_pair[links.rows] = sum(scanner.pair_documents for scanner in scanners)
        return conform(
            PAIRS,
            {
                "input_query": given[0],
                "output_query": given[1],
                "input_gram": grams[0],
                "output_gram": grams[1],
                "pair_documents": of_pair[rows],
                "input_documents": documents[inputs],
                "input_occurrences": occurrences[inputs],
                "output_documents": documents[outputs],
                "output_occurrences": occurrences[outputs],
            },
        )

    def order(self, samples: pa.Table) -> pa.Array:
        """The rows of a sample that are asked for, in the order of the list."""
        names = ("input_gram", "output_gram")
        inputs, outputs = (
            pc.index_in(samples[name].cast(self.grams.type), self.grams).fill_null(-1).to_numpy()
            for name in names
        )
        asked = np.flatnonzero(inputs >= 0)
        numbers, first, _ = self._distinct
        found = inputs[asked].astype(np.int64) * len(self.grams) + outputs[asked]
        first = first[np.searchsorted(numbers, found)]
        return pa.array(asked[np.argsort(first, kind="stable")])


Sides = Sequence[Sequence[str]]  # the n-grams, or the first and the second ones of the pairs
Place = Callable[[int], str]  # where the query of a row, from 0, stands


def _queries(sides: Sides, place: Place, name: str = "") -> Queries:
    """Queries of texts, one sequence for each side, held to what is allowed."""
    if not sides[0]:
        raise QueryError(f"{f'{name}: ' if name else ''}no n-gram; allowed: at least one")
    given = tuple(pa.array(side, pa.large_string()) for side in sides)
    forms = (normal_forms(side) for side in sides)
    grams = tuple(
        texts if form is side else pa.array(form, pa.large_string())
        for texts, side, form in zip(given, sides, forms, strict=True)
    )
    for side, forms in zip(sides, grams, strict=True):
        sizes = pc.add(pc.count_substring(forms, " "), 1).to_numpy()
        wrong = (sizes > LONGEST_NGRAM) | (pc.binary_length(forms).to_numpy() == 0)
        for row in np.flatnonzero(wrong)[:1].tolist():
            shown = repr(side[row]) if len(side[row]) <= 60 else f"{side[row][:60]!r}..."
            found = f"{sizes[row]} words" if forms[row].as_py() else "no word"
            where = f"{name}, {place(row)}" if name else place(row)
            raise QueryError(f"{where}: {found} in {shown}; allowed: 1 to {LONGEST_NGRAM} words")
    return Queries(given, grams)


def _kind(path: Path) -> Kind:
    if path.suffix not in KINDS:
        raise QueryError(
            f"{path}: not a kind of list; allowed: .txt, .csv, .parquet or no ending, which is "
            f"text; --input-format says what another one is"
        )
    return KINDS[path.suffix]


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise QueryError(
            f"{name}, line {line}: invalid UTF-8: byte 0x{data[wrong.start]:02X}; "
            f"allowed: text in UTF-8"
        ) from None


def _text(name: str, data: bytes, _columns) -> tuple[Sides, Place]:
    text = _decoded(name, data).replace("\r\n", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()

    def place(row: int) -> str:
        return f"line {row + 1}"

    if "\t" not in text:
        return [lines], place
    parts = [line.split("\t") for line in lines]
    width = min(len(parts[0]), 2)
    for row, part in enumerate(parts):
        if len(part) != width:
            allowed = "one, as in line 1: a pair a line"
            if width == 1:
                allowed = "none, as in line 1: an n-gram a line"
            raise QueryError(
                f"{name}, {place(row)}: {len(part) - 1} tabs in {lines[row][:60]!r}; "
                f"allowed: {allowed}"
            )
    return list(zip(*parts, strict=True)), place


def _csv(name: str, data: bytes, columns: Sequence[str]) -> tuple[Sides, Place]:
    reader = csv.reader(io.StringIO(_decoded(name, data), newline=""), strict=True)
    ends = [0]  # line that each row ends in: a quoted cell may hold several
    rows: list[list[str]] = []
    try:
        for row in reader:
            if rows and len(row) != len(rows[0]):
                raise QueryError(
                    f"{name}, line {ends[-1] + 1}: {len(row)} columns; "
                    f"allowed: {len(rows[0])}, as in the header"
                )
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as wrong:
        raise QueryError(f"{name}, line {reader.line_num}: not CSV ({wrong})") from None
    if not rows:
        raise QueryError(f"{name}: empty; allowed: a header and a line for each query")
    chosen = [rows[0].index(column) for column in _chosen(name, rows[0], columns)]
    sides = [[row[k] for row in rows[1:]] for k in chosen]
    return sides, lambda row: f"line {ends[row + 1] + 1}"


def _parquet(name: str, data: bytes, columns: Sequence[str]) -> tuple[Sides, Place]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        chosen = _chosen(name, file.schema_arrow.names, columns)
        table = file.read(columns=chosen)
    except (pa.ArrowException, OSError) as error:
        raise QueryError(f"{name}: not a Parquet file that can be read ({error})") from None
    sides = []
    for column in chosen:
        found = table[column]
        kind = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise QueryError(f"{name}: column {column!r} is {found.type}; allowed: string")
        if found.null_count:
            row = pc.index(found.is_null(), True).as_py() + 1
            raise QueryError(f"{name}, row {row}: column {column!r} is null; allowed: a string")
        try:
            sides.append(found.to_pylist())
        except UnicodeDecodeError as wrong:
            raise QueryError(f"{name}: column {column!r}: {wrong}; allowed: UTF-8") from None
    return sides, lambda row: f"row {row + 1}"


def _chosen(name: str, found: Sequence[str], columns: Sequence[str]) -> Sequence[str]:
    """The columns of the n-grams or of the pairs, each of which a table must have once."""
    possible = [tuple(columns)] if columns else COLUMNS
    whole = [names for names in possible if all(found.count(column) == 1 for column in names)]
    if len(whole) != 1:
        allowed = " or ".join(" and ".join(map(repr, names)) for names in possible)
        raise QueryError(
            f"{name}: columns {_shown(found)}; allowed: {allowed}, each once"
            + ("" if columns else ", or one or two columns that --column names")
        )
    return whole[0]


def _shown(names: Sequence[str]) -> str:
    some = ", ".join(repr(name[:40]) for name in names[:12])
    return f"{some}, ..." if len(names) > 12 else some
