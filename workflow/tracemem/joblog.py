"""The log of one job: progress on the terminal and in its file, a clear last line when it fails."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send the log of the block to ``path`` and to the terminal.

    An error stops the job. The file gets its traceback; the terminal gets the message, which names
    the file, line or key at fault, and where to find the rest.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_suffix("").as_posix().rpartition("logs/")[2]
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(logging.Formatter(f"{name}: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_file, to_terminal], force=True)
    try:
        yield
    except Exception as error:
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        message = str(error) or type(error).__name__
        print(f"{name}: {type(error).__name__}: {message}\n  details: {path}", file=sys.stderr)
        sys.exit(1)
