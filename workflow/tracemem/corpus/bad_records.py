"""What cannot be read: the error that names it, and what becomes of a bad record.

A bad record stops the reading with a :class:`CorpusError` or, under ``on_bad_record="skip"``, is
counted, logged and passed over. Which records are bad, each of the formats says.
"""

import logging
import threading
from pathlib import Path
from typing import Literal

logger = logging.getLogger(__name__)

OnBadRecord = Literal["stop", "skip"]
_WARNINGS = 10


class CorpusError(ValueError):
    """A shard cannot be read: the file, the record, what was found and what is allowed.

    Attributes:
        record: number of the record at fault, from 1; 0 where it is the whole shard.
    """

    def __init__(self, message: str, record: int = 0):
        super().__init__(message)
        self.record = record


class BadRecords:
    """The bad records of one shard, as they are met; threads may share it.

    Args:
        path: file or folder of the shard.
        unit: what a record is called there: line, row, file.
        on_bad_record: ``"stop"`` or ``"skip"``.

    Raises:
        ValueError: ``on_bad_record`` is neither.
    """

    def __init__(self, path: Path, unit: str, on_bad_record: OnBadRecord):
        if on_bad_record not in ("stop", "skip"):
            raise ValueError(f"on_bad_record: found {on_bad_record!r}; allowed: stop, skip")
        self._path, self._unit, self._stop = path, unit, on_bad_record == "stop"
        self._warned = 0
        self._turn = threading.Lock()

    def met(self, record: int, what: str) -> None:
        """Stop at a bad record, or note that it is skipped.

        Args:
            record: its number, from 1.
            what: what was found and what is allowed.

        Raises:
            CorpusError: under ``on_bad_record="stop"``.
        """
        message = f"{self._path}, {self._unit} {record}: {what}"
        if self._stop:
            raise CorpusError(f"{message} (on_bad_record: skip passes over it)", record)
        with self._turn:
            self._warned += 1
            if self._warned <= _WARNINGS:
                logger.warning("skipped %s", message)
            if self._warned == _WARNINGS:
                logger.warning("%s: further bad records are only counted", self._path)
