"""Exact counts of n-grams and of pairs of n-grams in the documents of a shard, in one reading.

Words are those of :func:`tracemem.ngrams.words.words`, on every input. Results depend neither on the
number of threads nor on how documents are spread over shards.

The work on a batch of documents: *fold* (lower case, separators to spaces, through a table over all
code points; a document with a character that NFC may change, or whose lower case depends on its
neighbours, is normalised by Python first), then *scan* (split, hash the words, extend each place
word by word while a sieve of all prefixes knows the key, look the key up, compare the check).

An n-gram is counted where two independent 64-bit hashes of its words, key and check, are both
those of a candidate. Two candidates never share both, since that is looked for beforehand, and
another n-gram of the text is taken for one of m candidates with probability m / 2**128: at most
1e-20 for a million candidates over the 1e12 words of a corpus. Hashes of words of up to 15 bytes
are distinct by construction.
"""

import functools
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tracemem.corpus.bad_records import OnBadRecord
from tracemem.corpus.batches import PAD, Batch, Room
from tracemem.corpus.reading import Reader
from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.jobs.declared import Table
from tracemem.jobs.progress import Progress
from tracemem.ngrams import folding, lookup, words
from tracemem.ngrams.samples import DOCUMENTS, Sample
from tracemem.ngrams.scan import Events, Folded, Originals, Pairs, Tally, scan
from tracemem.ngrams.tables import COUNTS, PAIR_COUNTS, SAMPLES
from tracemem.settings.limits import LONGEST_NGRAM

RECORD_BITS = 40  # of a document's place in a corpus; the shard's number stands above them
_SLOTS_MORE = 1 << 12  # slots after the last that a key asks for
_PIECE = 1 << 20  # bytes of one document normalised at once


def count_ngrams(
    shard: Shard,
    ngrams: Sequence[str] | pa.Array,
    *,
    text_field: str = "text",
    on_bad_record: OnBadRecord = "stop",
    threads: int = 1,
) -> pa.Table:
    """Documents and occurrences of every n-gram in a shard.

    Args:
        shard: the shard.
        ngrams: words joined by one space, of any lengths up to 127 words, each once.
        text_field: field of the text.
        on_bad_record: ``"stop"`` or ``"skip"``.
        threads: threads that read and count.

    Returns:
        Table COUNTS, rows in the order of ``ngrams``.

    Raises:
        CorpusError: a bad record, under ``on_bad_record="stop"``.
        ValueError: an n-gram is given twice or is not in the form that words are compared in.
    """
    index = Index(ngrams)
    scanners = [Scanner(index) for _ in range(threads)]
    scan_shards([shard], scanners, text_field, on_bad_record, f"count n-grams in {shard.name}")
    return files.conform(
        COUNTS,
        {
            "ngram": ngrams,
            "n": index.sizes,
            "documents": sum(scanner.documents for scanner in scanners),
            "occurrences": sum(scanner.occurrences for scanner in scanners),
        },
    )


def count_pairs(
    shard: Shard,
    pairs: pa.Table | pd.DataFrame,
    *,
    counts: pa.Table | pd.DataFrame | None = None,
    samples: int = DOCUMENTS,
    text_field: str = "text",
    on_bad_record: OnBadRecord = "stop",
    threads: int = 1,
) -> tuple[pa.Table, pa.Table]:
    """Documents of a shard that hold both n-grams of each pair, and a sample of them.

    The sample has, for every pair, up to ``samples`` documents that hold it and, for every output
    n-gram, as many that hold it but none of the inputs paired with it (``input_gram`` is then
    empty). They are those with the smallest hash of their text (128 bits, MurmurHash3_x64_128), so
    that the same documents are taken however they are sharded; equal texts are one document.

    Args:
        shard: the shard.
        pairs: columns input_gram and output_gram, each pair once.
        counts: table COUNTS with the n-grams of the pairs, from any corpus: a pair is looked up
            from its rarer side. Without it, from the longer one. Changes nothing but the speed.
        samples: documents sampled of each; 0 for none.
        text_field: field of the text.
        on_bad_record: ``"stop"`` or ``"skip"``.
        threads: threads that read and count.

    Returns:
        Table PAIR_COUNTS, rows in the order of ``pairs``, and table SAMPLES.

    Raises:
        CorpusError: a bad record, under ``on_bad_record="stop"``.
        ValueError: a pair is given twice, or an n-gram is not in the form that words are compared
            in.
    """
    pairs = pa.table(
        {name: pa.array(pairs[name], pa.string()) for name in ("input_gram", "output_gram")}
        if isinstance(pairs, pd.DataFrame)
        else {name: pairs[name].combine_chunks() for name in ("input_gram", "output_gram")}
    )
    links = Links(pairs, counts)
    sample = Sample(links.grams, links.inputs, links.outputs, samples) if samples else None
    scanners = [Scanner(links.index, links, sample) for _ in range(threads)]
    scan_shards([shard], scanners, text_field, on_bad_record, f"count pairs in {shard.name}")
    documents = np.empty(len(pairs), np.int64)
    documents[links.rows] = sum(scanner.pair_documents for scanner in scanners)
    counted = files.conform(
        PAIR_COUNTS,
        {**{name: pairs[name] for name in pairs.column_names}, "documents": documents},
    )
    if sample is None:
        return counted, files.schema(SAMPLES).empty_table()
    return counted, sample.table([scanner.sampled() for scanner in scanners], shard.name, threads)


def merge_counts(counts: Iterable[pa.Table]) -> pa.Table:
    """Table COUNTS of several shards together, from one table each with the same n-grams in order.

    Raises:
        ValueError: no table, or tables with different n-grams.
    """
    return _added(COUNTS, ("ngram",), ("documents", "occurrences"), counts)


def merge_pair_counts(counts: Iterable[pa.Table]) -> pa.Table:
    """Table PAIR_COUNTS of several shards together, from tables with the same pairs in order.

    Raises:
        ValueError: no table, or tables with different pairs.
    """
    return _added(PAIR_COUNTS, ("input_gram", "output_gram"), ("documents",), counts)


class Index:
    """Candidate n-grams, ready to be looked for; threads may share it.

    Args:
        ngrams: words joined by one space, up to 127 of them, each n-gram once; a list or an Arrow
            array.

    Attributes:
        sizes: int8, [n-grams], words of each.
        tables: what they are looked up in.
        checks: uint64, [n-grams], the second hash of each.

    Raises:
        ValueError: an n-gram is given twice or is not in the form that words are compared in.
    """

    def __init__(self, ngrams: Sequence[str] | pa.Array):
        texts = ngrams if isinstance(ngrams, pa.Array) else pa.array(ngrams, pa.large_string())
        texts = texts.cast(pa.large_string())
        if texts.null_count:
            raise ValueError("an n-gram is null; allowed: words joined by one space")
        _, starts, data = texts.buffers()
        starts = np.frombuffer(starts, np.int64)[texts.offset :] if len(texts) else np.zeros(1, int)
        starts = starts[: len(texts) + 1]
        bounds = starts - starts[0] + np.arange(starts.size)
        used = int(bounds[-1])
        names = np.zeros(used + PAD, np.uint8)
        sizes = np.empty(len(texts), np.int64)
        spaced = lookup.lay_out(np.frombuffer(data or b"", np.uint8), starts, names, sizes)
        if not (spaced and _canonical(names, used)):
            _refuse(texts.to_pylist())
        if sizes.size and sizes.max() > LONGEST_NGRAM:
            raise ValueError(
                f"n-gram of {sizes.max()} words: {texts[sizes.argmax()].as_py()[:60]!r}...; "
                f"allowed: up to {LONGEST_NGRAM}"
            )
        self.sizes = sizes.astype(np.int8)
        longest = int(sizes.max(initial=1))
        # Two to four places of the sieve for every prefix, two to four slots for every n-gram.
        places = min(max(2 * int(sizes.sum()), 1 << 12).bit_length(), 32)
        rows = max((2 * sizes.size).bit_length() - 3, 1)
        self.checks = np.empty(sizes.size, np.uint64)
        self.tables = lookup.Tables(
            first=np.uint64(1 if not sizes.size or sizes.min() == 1 else 2),
            longest=np.uint64(longest),
            wanted=np.bincount(sizes, minlength=longest + 1) > 0,
            sieve=_aligned(1 << (places - 5), np.uint64),
            sieve_shift=np.uint64(64 - places),
            slots=_aligned((lookup.ROW << rows) + _SLOTS_MORE, np.uint32),
            row_shift=np.uint64(64 - rows),
            number_mask=np.uint64((1 << sizes.size.bit_length()) - 1),
        )
        same = lookup.enter(names, bounds, self.sizes, self.tables, self.checks)
        if same == -2:
            raise ValueError(f"{sizes.size} n-grams crowd the end of their hash table")
        if same >= 0:
            _refuse_twice(texts.to_pylist())
            raise ValueError(
                f"n-gram {texts[same].as_py()!r} has both hashes of another: leave one out"
            )

    def __len__(self) -> int:
        return self.sizes.size


class Links:
    """Pairs of n-grams, each kept at the n-gram it is looked up from.

    Attributes:
        index: the distinct n-grams of the pairs.
        grams: the distinct n-grams.
        starts: int64, [n-grams + 1], where each n-gram's pairs start in the next four.
        rows: int64, [pairs], the pair's row.
        others: int32, [pairs], the n-gram that the pair needs besides.
        inputs: int32, [pairs], the pair's input n-gram.
        outputs: int32, [pairs], its output n-gram.

    Raises:
        ValueError: as :class:`Index`; a pair is given twice.
    """

    def __init__(self, pairs: pa.Table, counts: pa.Table | pd.DataFrame | None):
        size = len(pairs)
        grams = pa.concat_arrays([pairs[name].combine_chunks() for name in pairs.column_names])
        if grams.null_count:
            raise ValueError("pairs: an n-gram is null; allowed: words joined by one space")
        grams = grams.dictionary_encode()
        self.grams = grams.dictionary
        self.index = Index(self.grams)
        codes = grams.indices.to_numpy().copy()  # the library's own may not be written to
        inputs, outputs = codes[:size], codes[size:]
        both = inputs.astype(np.int64) * len(self.grams) + outputs
        ordered = np.sort(both)
        if (ordered[1:] == ordered[:-1]).any():
            order = np.argsort(both, kind="stable")
            row = int(order[1:][np.diff(both[order]) == 0][0])
            raise ValueError(f"pairs: given twice: {pairs.slice(row, 1).to_pylist()[0]}")
        if counts is None:
            rarity = -self.index.sizes.astype(np.int64)
        else:
            known = counts["ngram"]
            if not isinstance(known, pa.ChunkedArray):
                known = pa.array(known, pa.string())
            found = pc.index_in(self.grams, known.cast(pa.string()))
            documents = np.append(np.asarray(counts["documents"], np.int64), 0)
            rarity = documents[found.fill_null(len(documents) - 1).to_numpy()]
        from_input = rarity[inputs] <= rarity[outputs]
        keys = np.where(from_input, inputs, outputs)
        # The pairs of one n-gram lie side by side: what is looked up together is read together.
        self.rows = np.argsort(keys, kind="stable")
        self.starts = np.searchsorted(keys[self.rows], np.arange(len(self.grams) + 1))
        self.others = np.where(from_input, outputs, inputs)[self.rows]
        self.inputs, self.outputs = inputs[self.rows], outputs[self.rows]


class Scanner:
    """Counts of one thread.

    Args:
        index: the n-grams to count.
        links: pairs of them, if any.
        sample: of the pairs and their outputs, if wanted.

    Attributes:
        documents: int64, [n-grams], documents that hold each.
        occurrences: int64, [n-grams], places where each stands.
        pair_documents: int64, [pairs], documents that hold both n-grams, in the order of the links.
    """

    def __init__(self, index: Index, links: Links | None = None, sample: Sample | None = None):
        self.index, self.sample = index, sample
        size = len(index)
        tallies = _aligned(4 * size, np.int64).reshape(size, 4)
        tallies[:, lookup.CHECK] = index.checks.view(np.int64)
        self.documents = tallies[:, lookup.DOCUMENTS]
        self.occurrences = tallies[:, lookup.OCCURRENCES]
        self._tally = Tally(0, tallies, np.zeros(size + 1, np.int64))
        nothing = np.zeros(0, np.int32)
        places = np.zeros(1, np.int64), nothing, nothing
        if links is not None:
            places = links.starts, links.others, links.outputs
        starts, others, outputs = places
        self.pair_documents = np.zeros(others.size, np.int64)
        # -1 for what is no pair's output.
        joined = np.where(np.bincount(outputs, minlength=size) > 0, 0, -1)
        self._pairs = Pairs(starts, others, outputs, self.pair_documents, joined)
        limits = np.zeros(0, np.uint64) if sample is None else sample.limits
        self._events = Events(limits, np.empty((1024, 4), np.uint64), 0)

    def scan(self, batch: Batch, room: Room) -> None:
        """Add the documents of a batch."""
        starts, ends = batch.starts, batch.ends
        lower, same = code_points()
        folded, places = _fold(batch.text, starts, ends, lower, room)
        self._scan(folded, places, batch, slice(None))
        odd = np.flatnonzero(places[1] < 0)
        if odd.size:
            spans = zip(starts[odd].tolist(), ends[odd].tolist(), strict=True)
            texts = [_normalized(batch.text[start:end]) for start, end in spans]
            bounds = np.cumsum([0, *map(len, texts)], dtype=np.int64)
            text = room.array("normalized", int(bounds[-1]) + PAD)
            text[: bounds[-1]] = memoryview(b"".join(texts))
            del texts
            folded, places = _fold(text, bounds[:-1], bounds[1:], same, room)
            self._scan(folded, places, batch, odd)
        if self.sample and self._events.used > self.sample.patience:
            self.sample.add(self.sampled())
            self._events = self._events._replace(used=0)

    def _scan(self, folded, places, batch: Batch, which) -> None:
        rows, used = scan(
            Folded(folded, *places),
            self.index.tables,
            self._tally,
            self._pairs,
            Originals(batch.text, batch.starts[which], batch.ends[which], batch.records[which]),
            self._events,
        )
        self._events = self._events._replace(rows=rows, used=used)
        self._tally = self._tally._replace(number=self._tally.number + len(batch.records))

    def sampled(self) -> np.ndarray:
        """Sample events not added yet, uint64, [events, 4]: item, two halves of the hash, record."""
        return self._events.rows[: self._events.used]


@functools.cache
def code_points() -> tuple[np.ndarray, np.ndarray]:
    """What each code point is folded to, as two tables for :func:`folding.fold`.

    Both int32, [0x110000]: 0x20 for what is no word character. The first lower-cases, and has -1
    where the character alone does not settle it: NFC may change it or join it to the one before it
    (quick check not Yes, or a combining class, Unicode annex 15), its lower case has two characters
    (U+0130) or depends on the neighbours (U+03A3). The second, for text already normalised, changes
    nothing.
    """
    lower = np.full(0x110000, 0x20, np.int32)
    same = lower.copy()
    for low, high in ((0, 0xD800), (0xE000, 0x110000)):
        text = "".join(map(chr, range(low, high)))
        plain = text.replace("\u0130", " ").replace("\u03a3", " ").lower()
        lowered = np.frombuffer(plain.encode("utf-32-le"), np.int32)
        for run in re.finditer(r"\w+", text):
            start, end = run.span()
            lower[low + start : low + end] = lowered[start:end]
            same[low + start : low + end] = np.arange(low + start, low + end)
        # Nothing is assigned from plane 4 on but tags, selectors and private use.
        for character in text[: max(0x40000 - low, 0)]:
            parts = unicodedata.decomposition(character)
            if parts and parts[0] != "<":
                joined = parts.split()[1:]
                lower[[int(point, 16) for point in joined]] = -1
            if unicodedata.combining(character) or not unicodedata.is_normalized("NFC", character):
                lower[ord(character)] = -1
    # Hangul vowels and finals join by rule, not by table.
    lower[0x1161:0x1176] = lower[0x11A8:0x11C3] = -1
    lower[[0x130, 0x3A3]] = -1
    return lower, same


def _aligned(size: int, kind: type) -> np.ndarray:
    """Zeros that start where a cache line does."""
    width = np.dtype(kind).itemsize
    room: np.ndarray = np.zeros(size + 64 // width, kind)
    start = -room.ctypes.data % 64 // width
    return room[start : start + size]


def _fold(text, starts, ends, table, room: Room):
    size = int((ends - starts).sum())
    folded = room.array("folded", size + size // 2 + 2 * starts.size + PAD)
    places = np.empty((2, starts.size), np.int64)
    folding.fold(text, starts, ends, table, folded, *places)
    return folded, places


def _normalized(text: np.ndarray) -> bytes:
    """UTF-8 of a document's normal form, made piece by piece.

    A space or a line feed takes part in no composition and ends the context that the lower case of
    a sigma looks at, so the pieces may be cut before one.
    """
    data = text.tobytes()
    pieces = []
    start = 0
    while start < len(data):
        end = start + _PIECE
        if end < len(data):
            cut = max(data.rfind(b" ", start + 1, end), data.rfind(b"\n", start + 1, end))
            if cut < 0:
                cuts = [
                    place for place in (data.find(b" ", end), data.find(b"\n", end)) if place > 0
                ]
                cut = min(cuts, default=len(data))
            end = cut
        pieces.append(words.normalize(data[start:end].decode()).encode())
        start = end
    return b"".join(pieces)


def _canonical(names: np.ndarray, used: int) -> bool:
    """Whether n-grams, a line feed after each, consist of words in the form they are compared in."""
    lower, _ = code_points()
    folded, (_, ends) = _fold(names, np.array([0]), np.array([used]), lower, Room())
    if ends[0] >= 0:
        return folding.same_words(names[:used], folded[: ends[0]])
    text = names[:used].tobytes().decode()
    return (
        words.normalize(text) == text and re.fullmatch(r"(?:\w++(?: \w++)*+\n)*+", text) is not None
    )


def _refuse(ngrams: Sequence[str]) -> None:
    for gram in ngrams:
        form = " ".join(words.words(gram))
        if form != gram or not form:
            allowed = f"written {form!r}" if form else "at least one word"
            raise ValueError(f"n-gram {gram!r}: not in the form that words are compared in; "
                             f"allowed: {allowed}")  # fmt: skip
    raise AssertionError("a list of n-grams differs from its members")


def _refuse_twice(ngrams: Sequence[str]) -> None:
    seen: set[str] = set()
    for gram in ngrams:
        if gram in seen:
            raise ValueError(f"n-gram {gram!r} is given twice; allowed: once")
        seen.add(gram)


class Scanning(Protocol):
    """What one thread does with the documents of a corpus."""

    def scan(self, batch: Batch, room: Room) -> None:
        """Take the documents of a batch, which lie in memory until the next one."""


@dataclass(frozen=True)
class Reading:
    """What was read of a corpus.

    Attributes:
        documents: documents scanned.
        skipped: bad records passed over.
        text_bytes: bytes of document text in UTF-8.
    """

    documents: int
    skipped: int
    text_bytes: int


def scan_shards(
    shards: Sequence[Shard],
    scanners: Sequence[Scanning],
    text_field: str,
    on_bad_record: OnBadRecord,
    work: str,
    every: float = 10.0,
) -> Reading:
    """Scan shards with one thread for each scanner: shards side by side, the last ones together.

    A scanner is told each document's place in the corpus as its record: the shard's number in
    ``shards``, shifted by RECORD_BITS, plus the record in it. Of several errors in one shard the
    one of the first record is raised, as one thread would.

    Args:
        shards: the shards, at least one.
        scanners: what counts, at least one.
        text_field: field of the text.
        on_bad_record: ``"stop"`` or ``"skip"``.
        work: what is done, for the log.
        every: seconds between lines of progress in the log.

    Raises:
        CorpusError: a shard cannot be opened, which is found before any is read, or a bad record,
            under ``on_bad_record="stop"``.
    """
    queue = _Queue(shards, text_field, on_bad_record, len(scanners))
    progress = Progress(work, queue.size, every)
    errors: list[tuple[int, BaseException]] = []

    def work_off(scanner: Scanning) -> None:
        room, number = Room(), 0
        try:
            while not errors and (taken := queue.take()):
                number, reader = taken
                while not errors and (batch := reader.read(room)):
                    batch.records += number << RECORD_BITS
                    scanner.scan(batch, room)
                    place = queue.position(batch.skipped)
                    progress.add(place, len(batch.records), batch.text_bytes)
                queue.end(number)
        except BaseException as error:
            errors.append((number, error))

    if len(scanners) == 1:
        work_off(scanners[0])
    else:
        with ThreadPoolExecutor(len(scanners)) as pool:
            try:
                list(pool.map(work_off, scanners))
            except BaseException as interrupted:
                # The threads stop at the end of their batch.
                errors.append((-1, interrupted))
    if errors:
        # Batches are handed out in order, so every record before the first bad one was looked at.
        raise min(errors, key=lambda found: (found[0], getattr(found[1], "record", -1)))[1]
    progress.finish()
    return Reading(progress.documents, queue.skipped, progress.text_bytes)


class _Queue:
    """Shards on their way to being read: each thread takes one that nobody has begun or, where
    there is none left, joins in the one with the most left to read.

    Attributes:
        size: bytes at rest of all shards.
        skipped: bad records passed over.
    """

    def __init__(
        self, shards: Sequence[Shard], text_field: str, on_bad_record: OnBadRecord, threads: int
    ):
        ahead = -(-threads // min(threads, len(shards)))
        self._open = functools.partial(
            Reader, text_field=text_field, on_bad_record=on_bad_record, threads=ahead
        )
        self._shards = shards
        # Opened here once, so that the last shard's schema is known to be right before hours of work.
        self._sizes = [self._open(shard).size for shard in shards]
        self.size = sum(self._sizes)
        self.skipped = self._begun = self._read = 0
        self._being_read: dict[int, Reader] = {}
        self._turn = threading.Lock()

    def take(self) -> tuple[int, Reader] | None:
        """A shard's number and its reader, to be read to the end, or None if all are at theirs."""
        with self._turn:
            if self._begun < len(self._shards):
                number = self._begun
                self._begun += 1
                self._being_read[number] = self._open(self._shards[number])
            elif self._being_read:
                number = max(
                    self._being_read,
                    key=lambda k: self._sizes[k] - self._being_read[k].position,
                )
            else:
                return None
            return number, self._being_read[number]

    def end(self, number: int) -> None:
        """A thread has found nothing more in a shard."""
        with self._turn:
            if self._being_read.pop(number, None):
                self._read += self._sizes[number]

    def position(self, skipped: int) -> int:
        """Bytes at rest read so far, told with the bad records of a batch."""
        with self._turn:
            self.skipped += skipped
            return self._read + sum(reader.position for reader in self._being_read.values())


def _added(table: Table, keys, sums, parts: Iterable[pa.Table]) -> pa.Table:
    total = None
    for part in parts:
        part = files.conform(table, part)
        if total is None:
            total = part
            columns = {name: part[name].to_numpy().copy() for name in sums}
            continue
        if not total.select(list(keys)).equals(part.select(list(keys))):
            raise ValueError(
                f"{table.path}: shards were counted with different {' and '.join(keys)}"
            )
        for name in sums:
            columns[name] += part[name].to_numpy()
    if total is None:
        raise ValueError(f"{table.path}: no shard to merge")
    return files.conform(
        table, {name: columns.get(name, total[name]) for name in total.column_names}
    )
