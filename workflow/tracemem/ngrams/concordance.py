"""Documents that hold an n-gram or a pair: where they lie, and their text."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tracemem.corpus.bad_records import OnBadRecord
from tracemem.corpus.batches import Batch, Room
from tracemem.corpus.shards import Shard
from tracemem.jobs.declared import I64, TEXT, Table
from tracemem.jobs.files import conform
from tracemem.ngrams.counting import RECORD_BITS, scan_shards

_DOCUMENT = {
    "document": (TEXT, "the document: 128-bit hash of its text, hexadecimal"),
    "shard": (TEXT, "a shard that holds it, the first by name"),
    "path": (TEXT, "file or folder of the shard"),
    "record": (I64, "its record in that shard: line, row or file number, from 1"),
}
NGRAM_DOCUMENTS = Table(
    "documents of n-grams",
    "Up to so many documents of each distinct n-gram, in the order of the list.",
    {"ngram": (TEXT, "the form that is counted: words joined by one space"), **_DOCUMENT},
)
PAIR_DOCUMENTS = Table(
    "documents of pairs",
    "Up to so many documents that hold both n-grams of each distinct pair, in the order of the list.",
    {
        "input_gram": (TEXT, "the first in the form that is counted"),
        "output_gram": (TEXT, "the second in the form that is counted"),
        **_DOCUMENT,
    },
)


def documents_of(samples: pa.Table, shards: Sequence[Shard], of_pairs: bool) -> pa.Table:
    """Table NGRAM_DOCUMENTS or PAIR_DOCUMENTS of a sample of a corpus.

    Args:
        samples: table SAMPLES, its records being places in the corpus
            (:func:`tracemem.ngrams.counting.scan_shards`).
        shards: the corpus, in the order scanned.
        of_pairs: whether the sample is one of pairs, not of n-grams paired with themselves.
    """
    places = samples["record"].to_numpy()
    of_shard = pa.array(places >> RECORD_BITS)
    documents = {
        "document": samples["document"],
        "shard": pa.array([shard.name for shard in shards]).take(of_shard),
        "path": pa.array([str(shard.path) for shard in shards]).take(of_shard),
        "record": places & ((1 << RECORD_BITS) - 1),
    }
    if not of_pairs:
        return conform(NGRAM_DOCUMENTS, {"ngram": samples["input_gram"], **documents})
    pair = {name: samples[name] for name in ("input_gram", "output_gram")}
    return conform(PAIR_DOCUMENTS, {**pair, **documents})


def with_texts(
    documents: pa.Table,
    shards: Sequence[Shard],
    text_field: str = "text",
    on_bad_record: OnBadRecord = "stop",
    *,
    threads: int = 1,
    every: float = 10.0,
) -> pa.Table:
    """The table with a last column, ``text``, read from the shards that hold the documents.

    Args:
        documents: columns shard and record.
        shards: the corpus.
        text_field: as the documents were found.
        on_bad_record: as the documents were found.
        threads: threads that read.
        every: seconds between lines of progress in the log.

    Raises:
        CorpusError: a shard cannot be read.
        ValueError: a document is no longer there.
    """
    held = set(documents["shard"].unique().to_pylist())
    holding = [shard for shard in shards if shard.name in held]
    numbers = {shard.name: number for number, shard in enumerate(holding)}
    of_shard = np.array([numbers[name] for name in documents["shard"].to_pylist()], np.int64)
    places = (of_shard << RECORD_BITS) | documents["record"].to_numpy()
    wanted, rows = np.unique(places, return_inverse=True)
    collectors = [_Collector(wanted) for _ in range(threads)]
    if holding:
        work = f"read the texts of {wanted.size:,} documents"
        scan_shards(holding, collectors, text_field, on_bad_record, work, every)
    texts: dict[int, str] = {}
    for collector in collectors:
        texts |= collector.texts
    if len(texts) < wanted.size:
        raise ValueError("a shard has changed while it was read: a document is no longer there")
    column = pa.array([texts[k] for k in range(wanted.size)], pa.large_string())
    return documents.append_column("text", column.take(pa.array(rows)))


class _Collector:
    """Texts of wanted documents, by their number among those, as one thread comes upon them."""

    def __init__(self, wanted: np.ndarray):
        self._wanted = wanted
        self.texts: dict[int, str] = {}

    def scan(self, batch: Batch, _room: Room) -> None:
        """Keep the texts of a batch that are wanted."""
        numbers = np.searchsorted(self._wanted, batch.records)
        numbers[numbers == self._wanted.size] = 0
        for k in np.flatnonzero(self._wanted[numbers] == batch.records).tolist():
            text = batch.text[batch.starts[k] : batch.ends[k]].tobytes()
            self.texts[int(numbers[k])] = text.decode()
