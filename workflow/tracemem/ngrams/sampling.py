"""Events, which are documents that hold an item of interest, and of each item's those to keep.

An event is four numbers (uint64): the item, the two halves of the document's hash, and its record.
Kept are those of the smallest hashes, see :class:`tracemem.ngrams.samples.Sample`.
"""

from typing import NamedTuple

import numpy as np

from tracemem.corpus.blocks import prefetch
from tracemem.jobs.compiled import compiled, inlined

# Columns of events.
ITEM, HIGH, LOW, RECORD = range(4)
_WIDTH = 4
_AHEAD = 16  # events whose place is asked for before it is needed


class Kept(NamedTuple):
    """Events of the items that are wanted, each item's in the order of their hashes.

    Attributes:
        starts: int64, [items wanted + 1], where each item's rows start. It has as many as are to be
            kept of it, or all that it will ever get.
        counts: int64, [items wanted], rows in use of each.
        rows: uint64, [rows, 4], events.
    """

    starts: np.ndarray
    counts: np.ndarray
    rows: np.ndarray


@compiled
def grown(events):
    """Events, [places, 4], in an array twice as long."""
    larger = np.empty((2 * len(events), _WIDTH), np.uint64)
    # Not larger[: len(events)] = events, whose complaint takes four seconds to compile.
    for row in range(len(events)):
        for j in range(_WIDTH):
            larger[row, j] = events[row, j]
    return larger


@inlined
def note_event(events, place, item, high, low, record):
    """Write an event to events, [places, 4]."""
    events[place, ITEM] = item
    events[place, HIGH] = high
    events[place, LOW] = low
    events[place, RECORD] = record


@compiled
def events_by_place(events, places):
    """How many events each place has, int64, [items]; ``places`` as in :func:`keep_smallest`."""
    sizes = np.zeros(places.size, np.int64)
    for k in range(len(events)):
        sizes[places[events[k, ITEM]]] += 1
    return sizes


@compiled
def keep_smallest(events, places, first, kept):
    """Add events to those of the smallest hashes of each item.

    Of equal hashes, which are equal texts, the first record stays.

    Args:
        events: uint64, [events, 4].
        places: int32, [items], where each item comes in the order.
        first: place of the first item wanted.
        kept: :class:`Kept`, written.
    """
    starts, counts, rows = kept.starts, kept.counts, kept.rows
    for k in range(len(events)):
        if k + _AHEAD < len(events):
            place = places[events[k + _AHEAD, ITEM]] - first
            if 0 <= place < counts.size:
                prefetch(rows, _WIDTH * (starts[place] + counts[place] - 1))
        place = places[events[k, ITEM]] - first
        if not 0 <= place < counts.size:
            continue
        start, end = starts[place], starts[place + 1]
        high, low = events[k, HIGH], events[k, LOW]
        new = start + counts[place]
        while new > start and (
            rows[new - 1, HIGH] > high or (rows[new - 1, HIGH] == high and rows[new - 1, LOW] > low)
        ):
            new -= 1
        if new > start and rows[new - 1, HIGH] == high and rows[new - 1, LOW] == low:
            rows[new - 1, RECORD] = min(rows[new - 1, RECORD], events[k, RECORD])
            continue
        if new == end:
            continue
        counts[place] = min(counts[place] + 1, end - start)
        for row in range(start + counts[place] - 1, new, -1):
            for j in range(_WIDTH):
                rows[row, j] = rows[row - 1, j]
        for j in range(_WIDTH):
            rows[new, j] = events[k, j]


@compiled
def close_up(kept, size, limits):
    """Close the gaps that :func:`keep_smallest` left, and lower the limits of items with their fill.

    Args:
        kept: :class:`Kept`, its rows rewritten.
        size: documents wanted of each item.
        limits: uint64, [items], the largest hash that is still of interest.

    Returns:
        Rows in use.
    """
    used = 0
    for place in range(kept.counts.size):
        start, count = kept.starts[place], kept.counts[place]
        if count == size:
            item = np.intp(kept.rows[start, ITEM])
            limits[item] = min(limits[item], kept.rows[start + count - 1, HIGH])
        if used < start:
            for row in range(count):
                for j in range(_WIDTH):
                    kept.rows[used + row, j] = kept.rows[start + row, j]
        used += count
    return used
