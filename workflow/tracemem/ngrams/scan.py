"""The scan: folded text to counts of n-grams, counts of pairs, and sample events.

The words of a document are taken WORDS at a time, as a :class:`Window`. All n-grams of one length are
looked up, then those of the next length at the places where the sieve knows a longer one, and so
on. Lists are filled without a branch, so that the processor never has to guess, and each loop
touches one table, so that it can wait for many places of it at once. Counters are unsigned because
an index that may be negative costs a comparison each time.
"""

from typing import NamedTuple

import numpy as np

from tracemem.corpus.blocks import ONE, ZERO, prefetch, trailing_zeros
from tracemem.jobs.compiled import compiled, inlined, part
from tracemem.ngrams.hashing import (
    SPARE,
    document_hash,
    hash_words,
    longer_check,
    longer_key,
    word_starts,
)
from tracemem.ngrams.lookup import (
    CHECK,
    DOCUMENTS,
    LAST,
    OCCURRENCES,
    compare_row,
    row_of,
    search,
    sieve_place,
)
from tracemem.ngrams.sampling import grown, note_event
from tracemem.settings.limits import LONGEST_NGRAM

WORDS = 1024  # words looked up together: their hashes stay in the first-level cache
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)  # hash of a word after the last
_TWO, _SEVEN, _SAME = np.uint64(2), np.uint64(7), np.uint64(255)


class Folded(NamedTuple):
    """Documents as words.

    Attributes:
        text: uint8, of :func:`folding.fold`.
        starts: int64, [documents], where each starts in it.
        ends: int64, [documents], where each ends; -1 for a document to pass over.
    """

    text: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Originals(NamedTuple):
    """The same documents as they were, for their hash.

    Attributes:
        text: uint8.
        starts: int64, [documents], where each starts in it.
        ends: int64, [documents], where each ends.
        records: int64, [documents], the record each came from.
    """

    text: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    records: np.ndarray


class Tally(NamedTuple):
    """Counts of n-grams.

    Attributes:
        number: of the document that is counted, from 1; before a scan, that of the last one.
        grams: int64, [n-grams, 4]: documents and occurrences, both added to, the number of the last
            document each was seen in, and the check.
        present: int64, [n-grams + 1], room for the n-grams of one document.
    """

    number: int
    grams: np.ndarray
    present: np.ndarray


class Pairs(NamedTuple):
    """Pairs of n-grams, those looked up from one n-gram side by side, and their counts.

    Attributes:
        starts: int64, [n-grams + 1], where each n-gram's pairs start in the next three.
        others: int32, [pairs], the n-gram a pair needs besides.
        outputs: int32, [pairs], its output n-gram.
        documents: int64, [pairs], added to.
        joined: int64, [n-grams], number of the last document in which a pair held with this output;
            -1 for what is none.
    """

    starts: np.ndarray
    others: np.ndarray
    outputs: np.ndarray
    documents: np.ndarray
    joined: np.ndarray


class Events(NamedTuple):
    """Events of the sample.

    Attributes:
        limits: uint64, [pairs + n-grams], largest hash of interest of each pair, then of each
            n-gram as an output without its inputs; empty where no sample is wanted.
        rows: uint64, [places, 4], of :mod:`sampling`.
        used: places in use.
    """

    limits: np.ndarray
    rows: np.ndarray
    used: int


class Window(NamedTuple):
    """Words of a document that are looked up together, and lists of places among them.

    Attributes:
        starts: int64, [words], where each starts.
        hashes: uint64, [words], key of each.
        checks: uint64, [words], check of each.
        keys: uint64, [words], key of the n-gram that begins there.
        waiting: uint32, places where a longer n-gram begins.
        whole: uint32, places where an n-gram may be whole.
        grams: uint32, the n-gram that may be meant, beside ``whole``.
        again: uint32, places that have to be searched for slot by slot.
    """

    starts: np.ndarray
    hashes: np.ndarray
    checks: np.ndarray
    keys: np.ndarray
    waiting: np.ndarray
    whole: np.ndarray
    grams: np.ndarray
    again: np.ndarray


@compiled
def scan(folded, tables, tally, pairs, originals, events):
    """Count n-grams, pairs and sample events of documents.

    Args:
        folded: :class:`Folded`.
        tables: :class:`lookup.Tables`.
        tally: :class:`Tally`, added to.
        pairs: :class:`Pairs`, added to.
        originals: :class:`Originals`.
        events: :class:`Events`, appended to.

    Returns:
        The rows of ``events``, grown where needed, and its places in use.
    """
    window = _window()
    number, rows, used = tally.number, events.rows, events.used
    for k in range(folded.starts.size):
        if folded.ends[k] < 0:
            continue
        number += 1
        now = Tally(number, tally.grams, tally.present)
        distinct = _count_grams(folded.text, folded.starts[k], folded.ends[k], tables, window, now)
        if pairs.documents.size == 0 or distinct == 0:
            continue
        if events.limits.size == 0:
            _count_pairs(now, distinct, pairs)
            continue
        found = document_hash(originals.text, originals.starts[k], originals.ends[k])
        document = found[0], found[1], originals.records[k]
        # Here and not where events are written, which is a part and makes no array.
        while used + _most_events(now, distinct, pairs) > len(rows):
            rows = grown(rows)
        used = _sample_pairs(now, distinct, pairs, document, Events(events.limits, rows, used))
        used = _sample_outputs(now, distinct, pairs, document, Events(events.limits, rows, used))
    return rows, used


@compiled
def _window():
    """Room for a window, and for the words that come again with the next."""
    starts = np.empty(WORDS + LONGEST_NGRAM + SPARE, np.int64)
    room = starts.size + 2 * LONGEST_NGRAM
    return Window(
        starts,
        np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.uint64),
        np.empty(room, np.uint32), np.empty(room, np.uint32),
        np.empty(room, np.uint32), np.empty(2 * room, np.uint32),
    )  # fmt: skip


@inlined
def _count_grams(text, start, end, tables, window, tally):
    """Count the n-grams of one document, text[start:end]; returns how many distinct ones it holds.

    Their numbers go to ``tally.present``.
    """
    hashes, checks = window.hashes, window.checks
    distinct, kept = ZERO, ZERO
    at = start
    while True:
        at, new = word_starts(text, start, at, end, window.starts)
        words = np.uint64(new)
        hash_words(text, window.starts, words, hashes, checks, kept, window.whole)
        words += kept
        ended = at >= end
        tops = words
        if ended:
            # No n-gram goes on with these.
            for k in range(words, words + tables.longest):
                hashes[k] = _NONE
                checks[k] = _NONE
        else:
            tops = words - tables.longest + ONE
        distinct = _count_window(tops, tables, window, tally, distinct)
        if ended:
            return np.intp(distinct)
        # The last words may begin n-grams that go on: they come again.
        kept = tables.longest - ONE
        for k in range(kept):
            hashes[k] = hashes[tops + k]
            checks[k] = checks[tops + k]


@inlined
def _count_window(tops, tables, window, tally, distinct):
    """Count the n-grams that begin with the first ``tops`` words of a window.

    ``distinct`` n-grams of the document have been found before; returns how many have been now.
    """
    waits, wholes = _begin(tops, tables, window)
    size = tables.first
    while True:
        if tables.wanted[size]:
            found, rare = _look_up(wholes, tables, window, tally.grams)
            rare, distinct = _confirm(size, found, rare, window, tally, distinct)
            distinct = _search_rare(size, rare, tables, window, tally, distinct)
        if size == tables.longest or waits == ZERO:
            return distinct
        waits, wholes = _extend(size, waits, tables, window)
        size += ONE


@inlined
def _begin(tops, tables, window):
    """Keys of the shortest prefixes, and what the sieve knows of each.

    Returns how many places of ``waiting`` and of ``whole`` it filled.
    """
    hashes, keys, waiting, whole = window.hashes, window.keys, window.waiting, window.whole
    sieve, sieve_shift, first = tables.sieve, tables.sieve_shift, tables.first
    waits, wholes = ZERO, ZERO
    for i in range(tops):
        key = hashes[i]
        if first == _TWO:
            key = longer_key(key, hashes[i + ONE])
        keys[i] = key
        place, bit = sieve_place(key, sieve_shift)
        bits = sieve[place] >> bit
        whole[wholes] = i
        wholes += (bits >> ONE) & ONE
        waiting[waits] = i
        waits += bits & ONE
    return waits, wholes


@part
def _extend(size, waits, tables, window):
    """The next word to each of ``waits`` places that some n-gram of more than ``size`` words begins at.

    Returns as :func:`_begin`.
    """
    hashes, keys, waiting, whole = window.hashes, window.keys, window.waiting, window.whole
    sieve, sieve_shift = tables.sieve, tables.sieve_shift
    going, wholes = ZERO, ZERO
    for j in range(waits):
        i = np.uint64(waiting[j])
        key = longer_key(keys[i], hashes[i + size])
        keys[i] = key
        place, bit = sieve_place(key, sieve_shift)
        bits = sieve[place] >> bit
        whole[wholes] = i
        wholes += (bits >> ONE) & ONE
        waiting[going] = i
        going += bits & ONE
    return going, wholes


@part
def _look_up(wholes, tables, window, tallies):
    """Look ``wholes`` places up in their rows of the hash table, and ask for what ``tallies`` has.

    Returns how many may be the n-gram beside them in ``grams``, and how many, in ``again``, are
    undecided because their row is full.
    """
    keys, whole, grams, again = window.keys, window.whole, window.grams, window.again
    slots, row_shift, number_mask = tables.slots, tables.row_shift, tables.number_mask
    for j in range(wholes):
        row, mark = row_of(keys[np.uint64(whole[j])], row_shift, number_mask)
        prefetch(slots, row)
    found, rare = ZERO, ZERO
    for j in range(wholes):
        i = np.uint64(whole[j])
        row, mark = row_of(keys[i], row_shift, number_mask)
        seen = compare_row(slots, row, mark, number_mask)
        same = seen & _SAME
        held = np.uint64(slots[row + (np.uint64(trailing_zeros(same)) & _SEVEN)])
        gram = (held & number_mask) - ONE
        grams[found] = gram
        whole[found] = i
        again[rare] = i
        prefetch(tallies, (gram & number_mask) << _TWO)
        found += np.uint64(same != ZERO)
        rare += np.uint64(seen == ZERO)
    return found, rare


@part
def _confirm(size, found, rare, window, tally, distinct):
    """Count the ``found`` n-grams of ``size`` words whose check is right; the others go to ``again``.

    Returns how many places of ``again`` are filled, and the distinct n-grams of the document.
    """
    whole, grams, again, checks = window.whole, window.grams, window.again, window.checks
    tallies, present, document = tally.grams, tally.present, tally.number
    for j in range(found):
        i = np.uint64(whole[j])
        gram = np.uint64(grams[j])
        same = np.uint64(np.uint64(tallies[gram, CHECK]) == _check(checks, i, size))
        again[rare] = i
        rare += ONE - same
        before = tallies[gram, LAST]
        new = same & np.uint64(before != document)
        tallies[gram, LAST] = document if same else before
        tallies[gram, OCCURRENCES] += np.int64(same)
        tallies[gram, DOCUMENTS] += np.int64(new)
        present[distinct] = gram
        distinct += new
    return rare, distinct


@inlined
def _search_rare(size, rare, tables, window, tally, distinct):
    """Count those of ``again``: of rows that are full, and of marks that two n-grams share."""
    tallies = tally.grams
    for j in range(rare):
        i = np.uint64(window.again[j])
        gram = search(window.keys[i], _check(window.checks, i, size), tables, tallies)
        if gram >= 0:
            tallies[gram, OCCURRENCES] += 1
            if tallies[gram, LAST] != tally.number:
                tallies[gram, LAST] = tally.number
                tallies[gram, DOCUMENTS] += 1
                tally.present[distinct] = gram
                distinct += ONE
    return distinct


@inlined
def _check(checks, i, size):
    """The check of the n-gram of ``size`` words that begins at word ``i``."""
    check = checks[i]
    for k in range(i + ONE, i + size):
        check = longer_check(check, checks[k])
    return check


@part
def _count_pairs(tally, distinct, pairs):
    """Count the pairs of a document's n-grams, ``distinct`` of them."""
    for j in range(distinct):
        gram = tally.present[j]
        for pair in range(pairs.starts[gram], pairs.starts[gram + 1]):
            if tally.grams[pairs.others[pair], LAST] == tally.number:
                pairs.documents[pair] += 1


@inlined
def _most_events(tally, distinct, pairs):
    """How many events a document may have at most: one for each pair of its n-grams and for each."""
    most = distinct
    for j in range(distinct):
        gram = tally.present[j]
        most += pairs.starts[gram + 1] - pairs.starts[gram]
    return most


@part
def _sample_pairs(tally, distinct, pairs, document, events):
    """Count them, and note an event where the hash of the document is small enough.

    ``document`` is the two halves of its hash and its record. Returns the places of ``events`` in
    use.
    """
    high, low, record = document
    used = events.used
    for j in range(distinct):
        gram = tally.present[j]
        for pair in range(pairs.starts[gram], pairs.starts[gram + 1]):
            if tally.grams[pairs.others[pair], LAST] != tally.number:
                continue
            pairs.documents[pair] += 1
            pairs.joined[pairs.outputs[pair]] = tally.number
            if high <= events.limits[pair]:
                note_event(events.rows, used, pair, high, low, record)
                used += 1
    return used


@part
def _sample_outputs(tally, distinct, pairs, document, events):
    """Note an event for each output n-gram that the document holds without any of its inputs."""
    high, low, record = document
    used = events.used
    for j in range(distinct):
        gram = tally.present[j]
        item = pairs.documents.size + gram
        joined = pairs.joined[gram]
        if high <= events.limits[item] and joined >= 0 and joined != tally.number:
            note_event(events.rows, used, item, high, low, record)
            used += 1
    return used
