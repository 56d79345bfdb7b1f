"""The n-grams that are counted, laid out so that a text's can be looked up.

A *sieve* tells of most words that no n-gram begins so, and a hash table has the others: see
:class:`Tables`. An n-gram is one of them where key and check (:mod:`hashing`) are the same.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tracemem.corpus.blocks import ONE, ZERO
from tracemem.jobs.compiled import compiled, inlined
from tracemem.ngrams.hashing import SPARE, hash_words, longer_check, longer_key, word_starts
from tracemem.settings.limits import LONGEST_NGRAM

ROW = 8  # slots looked at together
SPACE, LINE_FEED = b" \n"

# Columns of the tallies of n-grams.
DOCUMENTS, OCCURRENCES, LAST, CHECK = range(4)

_FINAL = np.uint64(0xFF51AFD7ED558CCD)  # of MurmurHash3
_LOW32 = np.uint64(0xFFFFFFFF)
_TWO, _THREE, _FIVE = np.uint64(2), np.uint64(3), np.uint64(5)
_31, _32, _ROW = np.uint64(31), np.uint64(32), np.uint64(ROW)


class Tables(NamedTuple):
    """What n-grams are looked up in.

    Attributes:
        first: uint64, words of the shortest prefix that is looked up, 1 or 2.
        longest: uint64, words in the longest n-gram.
        wanted: bool, [longest + 1], whether there are n-grams of so many words.
        sieve: uint64, two bits a place: whether an n-gram begins with a key, whether one has it.
        sieve_shift: uint64, 64 less the binary logarithm of the places in the sieve.
        slots: uint32, the number of the n-gram from 1, below bits of its key; 0 if free. An n-gram
            stands in the row of eight that its key asks for or, that being full, in the first free
            slot after it.
        row_shift: uint64, 64 less the binary logarithm of the rows, less room at the end.
        number_mask: uint64, the bits of a slot that hold the number.
    """

    first: np.uint64
    longest: np.uint64
    wanted: np.ndarray
    sieve: np.ndarray
    sieve_shift: np.uint64
    slots: np.ndarray
    row_shift: np.uint64
    number_mask: np.uint64


@intrinsic
def compare_row(_context, slots, index, mark, number_mask):
    """Look at the eight slots from ``index`` on: low byte, which hold the mark; next, are free."""

    def code(context, builder, signature, arguments):
        slots, index, mark, number_mask = arguments
        lanes = ir.VectorType(ir.IntType(32), ROW)
        data = context.make_array(signature.args[0])(context, builder, slots).data
        place = builder.bitcast(builder.gep(data, [index]), lanes.as_pointer())
        row = builder.load(place, align=4)
        zeros = ir.Constant(lanes, [0] * ROW)

        def all_lanes(number):
            lane = builder.trunc(number, ir.IntType(32))
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), lane, ir.IntType(32)(0))
            return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), zeros)

        free = builder.icmp_unsigned("==", row, zeros)
        rest = builder.sub(builder.xor(row, all_lanes(mark)), ir.Constant(lanes, [1] * ROW))
        same = builder.icmp_unsigned("<", rest, all_lanes(number_mask))
        same, free = (
            builder.zext(builder.bitcast(bits, ir.IntType(8)), ir.IntType(64))
            for bits in (same, free)
        )
        return builder.or_(same, builder.shl(free, ir.IntType(64)(8)))

    return types.uint64(slots, types.intp, types.uint64, types.uint64), code


@inlined
def sieve_place(key, sieve_shift):
    """Where a key's two bits stand in the sieve: the number, and the place of the lower in it."""
    place = key >> sieve_shift
    return place >> _FIVE, (place & _31) << ONE


@inlined
def row_of(key, row_shift, number_mask):
    """The first of the eight slots that a key is looked for in, and its mark there."""
    key = (key ^ (key >> _32)) * _FINAL
    return (key >> row_shift) << _THREE, key & _LOW32 & ~number_mask


@inlined
def search(key, check, tables, tallies):
    """The n-gram of this key and check, looked for in every slot it may be in; -1 if none.

    ``tallies`` (int64, [n-grams, 4]) has the checks.
    """
    slots, number_mask = tables.slots, tables.number_mask
    at, mark = row_of(key, tables.row_shift, number_mask)
    held = np.uint64(slots[at])
    while held != ZERO:
        gram = np.intp(held & number_mask) - 1
        if held & ~number_mask == mark and np.uint64(tallies[gram, CHECK]) == check:
            return gram
        at += ONE
        held = np.uint64(slots[at])
    return -1


@compiled
def lay_out(data, offsets, names, sizes):
    """Write n-grams to ``names`` with a line feed after each, and their numbers of words to ``sizes``.

    Args:
        data: uint8, the n-grams.
        offsets: int64, [n-grams + 1], where each starts in ``data``.
        names: uint8, written.
        sizes: int64, [n-grams], written.

    Returns:
        Whether all are something with one space between, and no line feed.
    """
    good = True
    o = 0
    for gram in range(sizes.size):
        spaces = 0
        before = SPACE
        for i in range(offsets[gram], offsets[gram + 1]):
            c = data[i]
            good &= c != LINE_FEED and (c != SPACE or before != SPACE)
            spaces += c == SPACE
            before = c
            names[o] = c
            o += 1
        good &= before != SPACE
        sizes[gram] = spaces + 1
        names[o] = LINE_FEED
        o += 1
    return good


@compiled
def enter(names, bounds, sizes, tables, checks):
    """Enter n-grams into empty tables.

    Args:
        names: uint8, the n-grams, folded, a line feed after each.
        bounds: int64, [n-grams + 1], where each starts in ``names``.
        sizes: int8, [n-grams], words of each.
        tables: :class:`Tables`, whose sieve and slots are written.
        checks: uint64, [n-grams], written: the check of each.

    Returns:
        An n-gram that has key and check of one before it, or -1; -2 where the slots run out.
    """
    starts, longer = np.empty(LONGEST_NGRAM + SPARE, np.int64), np.empty(LONGEST_NGRAM, np.uint32)
    word_keys, word_checks = np.empty(LONGEST_NGRAM, np.uint64), np.empty(LONGEST_NGRAM, np.uint64)
    keys = np.empty(sizes.size, np.uint64)
    for gram in range(sizes.size):
        size = np.uint64(sizes[gram])
        word_starts(names, bounds[gram], bounds[gram], bounds[gram + 1] - 1, starts)
        hash_words(names, starts, size, word_keys, word_checks, ZERO, longer)
        keys[gram], checks[gram] = _sift(word_keys, word_checks, size, tables)
        same = _settle(gram, keys, checks, tables)
        if same != -1:
            return same
    return -1


@inlined
def _sift(word_keys, word_checks, size, tables):
    """Note the prefixes of an n-gram of ``size`` words in the sieve; returns its key and check."""
    key, check = ZERO, ZERO
    for k in range(size):
        key = word_keys[k] if k == ZERO else longer_key(key, word_keys[k])
        check = longer_check(check, word_checks[k])
        words = k + ONE
        if words >= tables.first:
            place, bit = sieve_place(key, tables.sieve_shift)
            tables.sieve[place] |= (ONE if words < size else _TWO) << bit
    return key, check


@inlined
def _settle(gram, keys, checks, tables):
    """Give an n-gram the first slot free to it; returns -1, or as :func:`enter` where that fails."""
    slots, number_mask = tables.slots, tables.number_mask
    at, mark = row_of(keys[gram], tables.row_shift, number_mask)
    while slots[at] != 0:
        if at + _ROW >= np.uint64(slots.size):
            return -2
        other = np.intp(slots[at] & number_mask) - 1
        if keys[other] == keys[gram] and checks[other] == checks[gram]:
            return gram
        at += ONE
    slots[at] = mark | np.uint64(gram + 1)
    return -1
