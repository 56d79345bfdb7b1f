"""Compiled loops that are kept from run to run, and compiled anew when anything they rest on changes.

Numba keeps what it compiled beside the source, and takes it for good until *that* file changes. Yet a
loop has the loops it calls compiled into it: with several files, one that calls a loop of another file
would go on with what that was before an upgrade. What :func:`compiled` keeps is named after a digest
of the loop's file and of every module of this package that it imports, directly or not.

A loop within one file may do with numba's own ``njit(cache=True)``.
"""

import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

from tracemem.jobs import source

_kept: "dict[Dispatcher, _Cache]" = {}


def compiled(loop: Callable) -> Dispatcher:
    """A loop, compiled when it is first called with arguments of some types.

    It runs without the interpreter's lock and knows plain numbers, arrays and named tuples of them.
    """
    dispatcher = njit(nogil=True)(loop)
    dispatcher._cache = _kept[dispatcher] = _Cache(loop)
    return dispatcher


def part(loop: Callable) -> Dispatcher:
    """A part of compiled loops, which makes no array and is kept with what calls it.

    Without arrays to make it need not count who holds those it is given: a locked instruction for
    each, each time.
    """
    return njit(nogil=True, _nrt=False)(loop)


def inlined(loop: Callable) -> Dispatcher:
    """A part that is called for every byte, word or document: no call is left of it."""
    return njit(nogil=True, _nrt=False, forceinline=True)(loop)


def is_kept(loop: Dispatcher) -> bool:
    """Whether an earlier run has left a compiled loop as it is now."""
    return _kept[loop].is_filled


class _Cache(FunctionCache):
    """What is kept of one loop.

    The digest stands in the files' names, not inside as numba's own stamp does: to look at that
    stamp is to unpickle argument types, which fails for a named tuple that has another name now.
    """

    def __init__(self, loop: Callable):
        super().__init__(loop)
        self._base = self._impl.filename_base
        self._name = f"{self._base}-{_digest(inspect.getfile(loop))}"
        self._cache_file = IndexDataCacheFile(
            self.cache_path, self._name, self._impl.locator.get_source_stamp()
        )

    @property
    def is_filled(self) -> bool:
        """Whether there is anything for the file as it is now."""
        return bool(self._cache_file._load_index())

    def save_overload(self, signature, data) -> None:
        """Keep what was compiled, and nothing of what the loop was before."""
        for old in Path(self.cache_path).glob(f"{self._base}-*"):
            if not old.name.startswith(self._name):
                old.unlink(missing_ok=True)
        super().save_overload(signature, data)


@functools.cache
def _digest(file: str) -> str:
    """Hexadecimal digest (16 characters) of a file and of what it imports of this package."""
    sums = hashlib.sha256()
    for path in (Path(file), *source.modules(Path(file))):
        sums.update(path.read_bytes())
    return sums.hexdigest()[:16]
