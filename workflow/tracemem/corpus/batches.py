"""Documents in memory: batches of them, and the room that batches lie in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BATCH_BYTES = 1 << 20
PAD = 64  # bytes of room after the last in use, because the compiled loops take bytes by the block


@dataclass
class Batch:
    """Some documents of a shard, in order, until the room they lie in is used again.

    Attributes:
        text: uint8, valid UTF-8, with PAD bytes of room after the last document.
        starts: int64, [documents], bytes.
        ends: int64, [documents], bytes.
        records: int64, [documents], from 1.
        skipped: bad records passed over on the way.
    """

    text: "np.ndarray"
    starts: "np.ndarray"
    ends: "np.ndarray"
    records: "np.ndarray"
    skipped: int = 0

    @property
    def text_bytes(self) -> int:
        """Bytes of all texts."""
        return int((self.ends - self.starts).sum())


class Room:
    """Memory that one thread reads batches into, used again and again."""

    def __init__(self):
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, size: int, keep: int = 0) -> "np.ndarray":
        """Bytes (uint8) of at least this size, the first ``keep`` as they were."""
        import numpy as np

        found = self._arrays.get(name)
        # A giant document's room is given back with the next small one.
        if found is None or found.size < size or found.size > 64 * max(size, BATCH_BYTES):
            new = np.empty(max(size, 2 * BATCH_BYTES), np.uint8)
            if keep:
                assert found is not None  # what is kept lies in the smaller one
                new[:keep] = found[:keep]
            self._arrays[name] = new
        return self._arrays[name]
