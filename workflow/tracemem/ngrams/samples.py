"""Reproducible samples of documents: those with the smallest hashes of their text.

The same documents are sampled however they are spread over shards, threads and records; equal
texts are one document.
"""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracemem.corpus.batches import PAD
from tracemem.jobs import files
from tracemem.ngrams import hashing, sampling
from tracemem.ngrams.tables import SAMPLES

DOCUMENTS = 50
_EVENTS = 1 << 19  # events that a thread gathers before they are thinned out, at least
_AT_ONCE = 1 << 22  # events whose names are made at once: far from the 2 GB of an Arrow column


class Sample:
    """Up to ``size`` documents of every item, while they are being found; threads may share it.

    Items are the pairs, then the n-grams as outputs without any input paired with them.

    Args:
        grams: the n-grams of the pairs, each once.
        inputs: int32, [pairs], number of the input n-gram of each pair.
        outputs: int32, [pairs], number of the output n-gram of each pair.
        size: documents to keep of each item.

    Attributes:
        limits: uint64, [items], no document with a larger hash is among the smallest of its item.
            Every thread lowers them as it learns; what one has not seen costs time, not documents.
    """

    def __init__(self, grams: pa.Array, inputs: np.ndarray, outputs: np.ndarray, size: int):
        self.size = size
        self._grams, self._inputs, self._outputs = grams, inputs, outputs
        ranks = _ranks(grams)
        # The empty input of a document without any comes before every n-gram.
        first = np.append(ranks[inputs], np.full(len(grams), -1))
        order = np.lexsort((np.append(ranks[outputs], ranks), first))
        self._places = np.empty(order.size, np.int32)
        self._places[order] = np.arange(order.size)
        self._kept = np.empty((0, 4), np.uint64)
        self._lock = threading.Lock()
        self.limits = np.full(order.size, 2**64 - 1, np.uint64)
        # An n-gram that is no output is passed over the sooner.
        self.limits[len(inputs) :][np.bincount(outputs, minlength=len(grams)) == 0] = 0

    @property
    def patience(self) -> int:
        """Events (:mod:`sampling`) that a thread had better gather before it adds them."""
        return max(_EVENTS, len(self._kept) // 2)

    def add(self, events: np.ndarray) -> None:
        """Take up events of a thread, keep what may still be in the sample, and lower the limits."""
        with self._lock:
            both = [self._kept, events]
            self._kept = self._smallest(both, self._sizes(both), 0)

    def table(self, events: Sequence[np.ndarray], shard: str, threads: int = 1) -> pa.Table:
        """Table SAMPLES of a shard, by n-gram and hash, with the last events of every thread."""
        events = [self._kept, *events]
        sizes = self._sizes(events)
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if ends.size else 0
        parts = max(threads, total // _AT_ONCE + 1)
        cuts = np.searchsorted(ends, np.arange(1, parts) * (total / parts))
        bounds = [0, *cuts.tolist(), sizes.size]

        def part(first: int, end: int) -> pa.Table:
            return self._named(self._smallest(events, sizes[first:end], first), shard)

        with ThreadPoolExecutor(threads) as pool:
            return pa.concat_tables(pool.map(part, bounds[:-1], bounds[1:]))

    def _sizes(self, events: Sequence[np.ndarray]) -> np.ndarray:
        return sum(sampling.events_by_place(part, self._places) for part in events)

    def _smallest(self, events: Sequence[np.ndarray], sizes: np.ndarray, first: int) -> np.ndarray:
        """Of places from ``first`` on, ``sizes`` events each: those of the smallest hashes."""
        starts = np.concatenate([[0], np.cumsum(np.minimum(sizes, self.size))])
        counts = np.zeros(sizes.size, np.int64)
        kept = sampling.Kept(starts, counts, np.empty((starts[-1], 4), np.uint64))
        for part in events:
            sampling.keep_smallest(part, self._places, first, kept)
        return kept.rows[: sampling.close_up(kept, self.size, self.limits)]

    def _named(self, events: np.ndarray, shard: str) -> pa.Table:
        items, pairs = events[:, 0].astype(np.int64), self._inputs.size
        of_pair = items < pairs
        # An input of number -1, past the end, is the null that becomes empty.
        inputs = np.append(self._inputs, -1)[np.where(of_pair, items, pairs)]
        outputs = np.append(self._outputs, np.arange(len(self._grams)))[items]
        names = self._grams.take(pa.array(inputs, mask=inputs < 0))
        return files.conform(
            SAMPLES,
            {
                "input_gram": names.fill_null(""),
                "output_gram": self._grams.take(pa.array(outputs)),
                "document": _hash_texts(events[:, 1:3]),
                "shard": pa.repeat(shard, len(events)),
                "record": events[:, 3].astype(np.int64),
            },
        )


def merge_samples(samples: Iterable[pa.Table], size: int = DOCUMENTS) -> pa.Table:
    """Table SAMPLES of several shards together: the ``size`` smallest hashes of each pair.

    A document that stands in several places is named by the first shard and record.
    """
    every = pa.concat_tables(files.conform(SAMPLES, part) for part in samples)
    every = every.combine_chunks()
    hashes = _hash_numbers(every["document"])
    pairs = [_ranks_of(every["input_gram"]), _ranks_of(every["output_gram"])]
    places = [_ranks_of(every["shard"]), every["record"].to_numpy()]
    columns = [*pairs, *hashes.T, *places]
    order = np.lexsort(columns[::-1])
    changed = [np.diff(column[order], prepend=0) != 0 for column in columns[:4]]
    new_pair = changed[0] | changed[1]
    new_pair[:1] = True
    new_document = new_pair | changed[2] | changed[3]
    kept = new_document & (_ranks_within(new_pair, new_document) < size)
    return every.take(pa.array(order[kept]))


def document_hash(text: str) -> str:
    """The hash that names a document in table SAMPLES: MurmurHash3_x64_128 of its UTF-8, seed 0.

    Written as 32 hexadecimal digits, first half first, each half as a number.
    """
    data = np.zeros(len(text.encode()) + PAD, np.uint8)
    size = len(text.encode())
    data[:size] = memoryview(text.encode())
    high, low = hashing.document_hash(data, 0, size)
    return f"{high:016x}{low:016x}"


def _ranks(texts: pa.Array) -> np.ndarray:
    """The place of each of distinct texts when sorted."""
    ranks = np.empty(len(texts), np.int64)
    ranks[pc.sort_indices(texts).to_numpy()] = np.arange(ranks.size)
    return ranks


def _ranks_of(texts: pa.ChunkedArray) -> np.ndarray:
    """The place of each text among the distinct ones, sorted."""
    codes = texts.combine_chunks().dictionary_encode()
    return _ranks(codes.dictionary)[codes.indices.to_numpy()]


def _ranks_within(new_group: np.ndarray, new: np.ndarray) -> np.ndarray:
    """How many new entries of its group come before each entry's, the entries being in order."""
    ranks = np.cumsum(new) - 1
    return ranks - np.maximum.accumulate(np.where(new_group, ranks, 0))


def _hash_texts(hashes: np.ndarray) -> pa.Array:
    """Hashes, uint64, [hashes, 2], as hexadecimal digits."""
    digits = np.empty(32 * len(hashes), np.uint8)
    hashing.hexadecimal(hashes, digits)
    offsets = np.arange(0, digits.size + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(offsets), pa.py_buffer(digits))


def _hash_numbers(texts: pa.ChunkedArray) -> np.ndarray:
    """The inverse: uint64, [hashes, 2]."""
    data = bytes.fromhex("".join(texts.to_pylist()))
    return np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, 2)
