"""Standard error of this process and of its jobs, taken in so that the display stays whole.

A shown run is drawn on a terminal or written line by line, while jobs, and whatever they call, print
as they like. What they print goes through a pipe: it is shown between two states of the display,
and the last of it is kept for a job that dies without a word in its log.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO


class Taken:
    """Standard error, and standard output where both are one terminal, until ``give_back``.

    Args:
        clock: seconds, to tell what was printed since.
        kept: lines that are kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, kept: int = 500):
        self._clock = clock
        self._kept: deque[tuple[float, str]] = deque(maxlen=kept)
        self._waiting: deque[str] = deque()
        terminal = os.isatty(2) and os.isatty(1)
        self._descriptors = {number: os.dup(number) for number in ([1, 2] if terminal else [2])}
        self.stream: TextIO = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
        """The terminal or file that standard error was."""
        reading, writing = os.pipe()
        for number in self._descriptors:
            os.dup2(writing, number)
        os.close(writing)
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()

    def _read(self, descriptor: int) -> None:
        """Take in lines to the end; never wait for anybody, as a job would have to wait too."""
        with os.fdopen(descriptor, "r", encoding="utf-8", errors="replace", newline="\n") as pipe:
            # A bar that draws over itself ends its states with \r: the last one is the line.
            for line in pipe:
                last = line.rstrip("\r\n").rpartition("\r")[2]
                self._kept.append((self._clock(), last))
                self._waiting.append(last)

    def waiting(self) -> list[str]:
        """Lines that were printed since the last call."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def printed(self, since: float) -> str:
        """The last lines that were printed since a time of the clock."""
        return "\n".join(line for when, line in list(self._kept) if when >= since)

    def give_back(self) -> None:
        """Let standard error be as it was; all that was printed before is taken in by then."""
        for number, original in self._descriptors.items():
            os.dup2(original, number)
            os.close(original)
        # A process that a job left behind may hold the pipe open for ever.
        self._reader.join(timeout=1)
