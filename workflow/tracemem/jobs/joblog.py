"""The log of one job: progress on the terminal and in its file, a clear last line when it fails.

Where somebody else shows the run (the logger plugin beside this package), the file is all that is
written: it is read there while the job runs.
"""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WATCHED = "TRACEMEM_WATCHED"
"""Variable of the environment that names the stream which is shown, as ``stream`` does."""
FAILED = "failed: "
"""What the last words of a failed job's log begin with."""


def stream(descriptor: int = 2) -> str:
    """Device and inode of an open file: two processes that write to the same one agree on them."""
    found = os.fstat(descriptor)
    return f"{found.st_dev}:{found.st_ino}"


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send the log of the block to ``path`` and to the terminal.

    An error stops the job. The file gets its traceback and, last, the message, which names the
    file, line or key at fault; the terminal gets the message, and where to find the rest.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_suffix("").as_posix().rpartition("logs/")[2]
    # A job on another machine has a stream of its own, whatever environment it was sent with.
    watched = os.environ.get(WATCHED) == stream()
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(logging.Formatter(f"{name}: %(message)s"))
    handlers: list[logging.Handler] = [to_file] if watched else [to_file, to_terminal]
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    try:
        yield
    except Exception as error:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
            print(f"{FAILED}{message}", file=file)
        if not watched:
            print(f"{name}: {message}\n  details: {path}", file=sys.stderr)
        sys.exit(1)
