"""How far a long reading job has come, told through the log: bytes, documents, rate, time left."""

import logging
import threading
import time

logger = logging.getLogger(__name__)


class Progress:
    """Progress of one job over bytes at rest; many threads may report to it.

    Args:
        work: what is done, named at the start of every line.
        total: bytes at rest to read.
        every: seconds between lines; the last line comes whatever the time.
    """

    def __init__(self, work: str, total: int, every: float = 10.0):
        self.work, self.total, self.every = work, total, every
        self.position = self.documents = self.text_bytes = 0
        self._start = self._last = time.monotonic()
        self._lock = threading.Lock()

    def add(self, position: int, documents: int, text_bytes: int) -> None:
        """Note that reading has reached byte ``position`` and this much more is done."""
        with self._lock:
            self.position = max(self.position, position)
            self.documents += documents
            self.text_bytes += text_bytes
            now = time.monotonic()
            if now - self._last < self.every:
                return
            self._last = now
            left = (now - self._start) * (self.total / max(self.position, 1) - 1)
            logger.info("%s: %s, %.0f s left", self.work, self._done(now), max(left, 0))

    def finish(self) -> None:
        """Tell the whole."""
        logger.info("%s: %s, done", self.work, self._done(time.monotonic()))

    def _done(self, now: float) -> str:
        seconds = max(now - self._start, 1e-9)
        return (
            f"{self.position / 1e6:.1f} of {self.total / 1e6:.1f} MB at rest, "
            f"{self.documents:,} documents, {self.text_bytes / 1e6:.1f} MB of text "
            f"in {seconds:.1f} s ({self.text_bytes / 1e6 / seconds:.0f} MB/s)"
        )
