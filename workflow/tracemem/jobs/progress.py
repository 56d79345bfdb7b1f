"""How far a long job has come, told through the log: bytes, documents, rate, time left."""

import logging
import threading
import time

logger = logging.getLogger(__name__)


class Progress:
    """Progress of one job over bytes at rest; many threads may report to it.

    Args:
        work: what is done, named at the start of every line.
        total: bytes at rest, 0 where nobody knows.
        every: seconds between lines; the last line comes whatever the time.
        documents: whether documents and text are counted; a download only moves bytes.
        begin: bytes that were done before this job.
    """

    def __init__(
        self, work: str, total: int, every: float = 10.0, documents: bool = True, begin: int = 0
    ):
        self.work, self.total, self.every = work, total, every
        self.position = self.begin = begin
        self.documents = self.text_bytes = 0
        self._counting = documents
        self._start = self._last = time.monotonic()
        self._lock = threading.Lock()

    def add(self, position: int, documents: int = 0, text_bytes: int = 0) -> None:
        """Note that the job has reached byte ``position`` and this much more is done."""
        with self._lock:
            self.position = max(self.position, position)
            self.documents += documents
            self.text_bytes += text_bytes
            now = time.monotonic()
            if now - self._last < self.every:
                return
            self._last = now
            done = max(self.position - self.begin, 1)
            left = (now - self._start) * (self.total - self.position) / done
            ahead = f", {max(left, 0):.0f} s left" if self.total else ""
            logger.info("%s: %s%s", self.work, self._done(now), ahead, extra={"passing": True})

    def finish(self) -> None:
        """Tell the whole."""
        logger.info("%s: %s, done", self.work, self._done(time.monotonic()))

    def _done(self, now: float) -> str:
        seconds = max(now - self._start, 1e-9)
        told = f"{self.position / 1e6:.1f}"
        if self.total:
            told += f" of {self.total / 1e6:.1f}"
        told += " MB at rest"
        moved = self.position - self.begin
        if self._counting:
            moved = self.text_bytes
            told += f", {self.documents:,} documents, {moved / 1e6:.1f} MB of text"
        return f"{told} in {seconds:.1f} s ({moved / 1e6 / seconds:.0f} MB/s)"
