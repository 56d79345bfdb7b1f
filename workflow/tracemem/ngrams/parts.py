"""Exact counts of pairs in each part of a shard's documents, in one reading.

Parts are given document by document, as the interval of a training that read it is; the counting is
that of :mod:`tracemem.ngrams.counting`, a batch scanned part by part.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tracemem.corpus.bad_records import CorpusError, OnBadRecord
from tracemem.corpus.batches import Batch, Room
from tracemem.corpus.shards import Shard
from tracemem.ngrams.counting import Links, Scanner, scan_shards


def count_pairs_by_part(
    shard: Shard,
    pairs: pa.Table,
    part: NDArray[np.integer],
    parts: int,
    *,
    text_field: str = "text",
    on_bad_record: OnBadRecord = "stop",
    threads: int = 1,
) -> NDArray[np.int64]:
    """Documents of each part of a shard that hold both n-grams of each pair.

    Args:
        shard: the shard.
        pairs: columns input_gram and output_gram, each pair once.
        part: int, [documents of the shard], the part of each, from 0.
        parts: how many parts there are.
        text_field: field of the text.
        on_bad_record: ``"stop"`` or ``"skip"``.
        threads: threads that read and count.

    Returns:
        int64, [parts, pairs].

    Raises:
        CorpusError: a bad record, under ``on_bad_record="stop"``; or a record is no document, so
            that nobody knows the part of those after it.
    """
    links = Links(pairs.select(["input_gram", "output_gram"]), None)
    scanners = [_PartScanner(links, part, parts, shard.name) for _ in range(threads)]
    scan_shards([shard], scanners, text_field, on_bad_record, f"count pairs in {shard.name}")
    counted = np.empty((parts, len(pairs)), np.int64)
    counted[:, links.rows] = sum(scanner.by_part for scanner in scanners)
    return counted


class _PartScanner(Scanner):
    """Counts of one thread, those of the pairs apart for each part.

    Attributes:
        by_part: int64, [parts, pairs], in the order of the links.
    """

    def __init__(self, links: Links, part: NDArray[np.integer], parts: int, shard: str):
        super().__init__(links.index, links)
        self.by_part = np.zeros((parts, self.pair_documents.size), np.int64)
        self._part, self._shard = part, shard

    def scan(self, batch: Batch, room: Room) -> None:
        """Add the documents of a batch, part by part."""
        if batch.records.size and batch.records.max() > self._part.size:
            raise CorpusError(
                f"{self._shard}: found record {batch.records.max()} among {self._part.size} "
                "documents; allowed here: no record that is empty or passed over"
            )
        part = self._part[batch.records - 1]
        for number in np.unique(part):
            which = part == number
            self._pairs = self._pairs._replace(documents=self.by_part[number])
            some = Batch(batch.text, batch.starts[which], batch.ends[which], batch.records[which])
            super().scan(some, room)
