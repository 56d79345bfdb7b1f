"""What every format of shards gives the reader."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tracemem.corpus.bad_records import BadRecords
from tracemem.corpus.batches import Batch, Room

if TYPE_CHECKING:
    import hashlib


@dataclass(eq=False)
class Source(ABC):
    """A shard of one format, open: what lies in it piece by piece, and the documents of a piece.

    One thread at a time takes a piece; several may parse those taken, each its own.

    Args:
        path: file or folder of the shard, which exists.
        text_field: field of the text, dotted for nested ones; no matter where there are no fields.
        bad_records: told of every bad record, those of a piece in order.
        batch_bytes: bytes of raw lines or text in one piece; a longer record makes a longer piece.
        checksum: updated with the bytes at rest, if it is taken.

    Attributes:
        endings: of the names of its files.
        unit: what messages call a record.
        size: bytes at rest.

    Raises:
        CorpusError: the shard cannot be opened, or its schema lacks the field.
    """

    endings: ClassVar[tuple[str, ...]] = ()
    unit: ClassVar[str]

    path: Path
    text_field: str
    bad_records: BadRecords
    batch_bytes: int
    checksum: "hashlib._Hash | None" = None
    size: int = field(init=False)

    @abstractmethod
    def __post_init__(self):
        """Open the shard."""

    @classmethod
    def holds(cls, path: Path) -> bool:
        """Whether a file or folder is of this format, going by its name."""
        return path.name.endswith(cls.endings) and not path.is_dir()

    @classmethod
    @abstractmethod
    def first_record(cls, path: Path) -> Any:
        """The first record of a shard as an object of fields.

        Returns:
            A dictionary; None where there is no record or records have no fields; what stands there
            instead, of whatever type, where :meth:`parse` would find the record bad.
        """

    @property
    @abstractmethod
    def position(self) -> int:
        """Bytes at rest read so far."""

    @abstractmethod
    def take(self, room: Room) -> Any:
        """The next piece, for :meth:`parse`, in a room not used again until that is done.

        Returns:
            None after the last.
        """

    @abstractmethod
    def parse(self, taken: Any, room: Room) -> Batch:
        """The documents of a piece.

        Raises:
            CorpusError: a bad record that is not to be passed over.
        """

    @abstractmethod
    def finish_checksum(self) -> None:
        """Update the checksum with what no piece had in it, once all are taken."""
