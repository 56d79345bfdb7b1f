"""Reading a shard: batch by batch, threads together, or document by document."""

import hashlib
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from tracemem.corpus import batches
from tracemem.corpus.bad_records import BadRecords, CorpusError, OnBadRecord
from tracemem.corpus.batches import Batch, Room
from tracemem.corpus.shards import Shard


class Reader:
    """Reads a shard batch by batch; threads may share it, each with a :class:`Room` of its own.

    Batches are handed out in the shard's order; parsing them is done by the thread that asked. One
    thread at a time reads, and ahead of the others: none waits while there is a batch for it.

    Args:
        shard: the shard.
        text_field: field of the text, dotted for nested ones.
        on_bad_record: ``"stop"`` or ``"skip"``.
        digest: take the checksum on the way.
        batch_bytes: bytes of raw lines or text in one batch, by default BATCH_BYTES; a longer
            record makes a longer batch.
        threads: threads that will share it, and batches to have ready for them.

    Attributes:
        size: bytes at rest.
        position: bytes at rest read so far.

    Raises:
        CorpusError: the shard cannot be opened, or its schema lacks the field.
    """

    def __init__(
        self,
        shard: Shard,
        text_field: str = "text",
        on_bad_record: OnBadRecord = "stop",
        *,
        digest: bool = False,
        batch_bytes: int | None = None,
        threads: int = 1,
    ):
        source = shard.format
        bad_records = BadRecords(shard.path, source.unit, on_bad_record)
        if not shard.path.exists():
            raise CorpusError(f"{shard.path}: no such file or folder")
        self._checksum = hashlib.sha256() if digest else None
        self._source = source(
            shard.path, text_field, bad_records, batch_bytes or batches.BATCH_BYTES, self._checksum
        )
        self._ahead = threads
        self._taken: deque = deque()  # read and not parsed yet, each with the room it lies in
        self._rooms: list[Room] = []
        self._reading = self._ended = False
        self._turn = threading.Condition()

    @property
    def size(self) -> int:
        """Bytes at rest."""
        return self._source.size

    @property
    def position(self) -> int:
        """Bytes at rest read so far."""
        return self._source.position

    def read(self, room: Room) -> Batch | None:
        """The next documents, or None after the last.

        Raises:
            CorpusError: a bad record, under ``on_bad_record="stop"``.
        """
        found = self._next()
        if found is None:
            return None
        taken, lying_in = found
        batch = self._source.parse(taken, room)
        self._rooms.append(lying_in)
        return batch

    def _next(self):
        """What is to be parsed next, with the room it lies in."""
        with self._turn:
            while True:
                if not (self._reading or self._ended) and len(self._taken) < self._ahead:
                    self._take()
                elif self._taken:
                    return self._taken.popleft()
                elif self._ended:
                    return None
                else:
                    self._turn.wait()

    def _take(self) -> None:
        """Read a batch, letting the other threads have their turn meanwhile."""
        self._reading = True
        room = self._rooms.pop() if self._rooms else Room()
        self._turn.release()
        taken = None
        try:
            taken = self._source.take(room)
        finally:
            self._turn.acquire()
            self._reading = False
            self._ended = taken is None
            self._turn.notify_all()
        if not self._ended:
            self._taken.append((taken, room))

    def sha256(self) -> str:
        """Checksum of the bytes at rest, hexadecimal, once all is read."""
        assert self._checksum is not None  # ``digest`` asks for it
        self._source.finish_checksum()
        return self._checksum.hexdigest()


def documents(
    shard: Shard, text_field: str = "text", on_bad_record: OnBadRecord = "stop"
) -> Iterator[tuple[int, str]]:
    """Every document of a shard, in order: its record (line, row or file number, from 1), its text.

    Raises:
        CorpusError: the shard cannot be read, or a bad record, under ``on_bad_record="stop"``.
    """
    reader = Reader(shard, text_field, on_bad_record)
    room = Room()
    while batch := reader.read(room):
        text = batch.text[: batch.ends.max(initial=0)].tobytes()
        places = (batch.records.tolist(), batch.starts.tolist(), batch.ends.tolist())
        for record, start, end in zip(*places, strict=True):
            yield record, text[start:end].decode()


def texts(
    shards: Mapping[str, str | Path], text_field: str = "text", on_bad_record: OnBadRecord = "stop"
) -> Iterator[str]:
    """The text of every document of a corpus, shard after shard.

    Args:
        shards: path of each shard by name, in order.
        text_field: as in :func:`documents`.
        on_bad_record: as in :func:`documents`.
    """
    for name, path in shards.items():
        for _, text in documents(Shard(name, Path(path)), text_field, on_bad_record):
            yield text
