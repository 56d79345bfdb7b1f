"""The log of a command on standard error: on a terminal, progress is one line written over."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

EVERY = 10.0  # seconds between lines of progress in a file
EVERY_ON_TERMINAL = 0.2


class Lines(logging.Handler):
    """Lines of the log on standard error; on a terminal those that pass replace each other."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.on_terminal = sys.stderr.isatty()
        self._passing = False  # whether the terminal's last line is one that passes

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        line = self.format(record)
        passes = self.on_terminal and getattr(record, "passing", False)
        if passes:
            line = _shortened(line, (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1)
        erase = "\r\x1b[K" if self._passing else ""
        sys.stderr.write(f"{erase}{line}{'' if passes else chr(10)}")
        sys.stderr.flush()
        self._passing = passes

    def close(self) -> None:
        """End a line that was left to be written over."""
        if self._passing:
            sys.stderr.write("\n")
            self._passing = False
        super().close()


def _shortened(line: str, width: int) -> str:
    """A line that does not wrap, for then it could not be written over; its last clause stays."""
    if len(line) <= width:
        return line
    last = line[line.rfind(", ") :][-width:]
    return f"{line[: max(width - len(last) - 3, 0)]}...{last}"[-width:]


@contextmanager
def command_log() -> Iterator[float]:
    """Send this package's log of the block to standard error.

    Yields:
        Seconds between lines of progress: ten in a file, a fifth of one on a terminal.
    """
    lines, logger = Lines(), logging.getLogger("tracemem")
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        yield EVERY_ON_TERMINAL if lines.on_terminal else EVERY
    finally:
        logger.removeHandler(lines)
        lines.close()
