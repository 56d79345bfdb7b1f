"""Hashes of words, n-grams and documents.

A word has two of 64 bits: the *key* that it is looked up with, and the *check*. With s_1 .. s_m its
bytes, eight at a time, the last with zeros: the key is the sum of s_i A B^(m-i) and the check that of
s_i C^(m-i), modulo 2**64. A and B are odd and C is even, so that two words of up to 15 bytes never have
both in common. Those of an n-gram are made of its words', see :func:`longer_key` and
:func:`longer_check`. A document has one of 128 bits.
"""

import numpy as np
from numba import types
from numba.extending import intrinsic

from tracemem.corpus.blocks import ONE, ZERO, compared, load64, ones, trailing_zeros
from tracemem.jobs.compiled import compiled, inlined

SPARE = 80  # places for words that word_starts writes beyond those asked for: a block, and 16

# Multipliers (splitmix64, xxHash, MurmurHash3).
_A, _B, _C = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0xC2B2AE3D27D4EB4E)
)  # fmt: skip
_NEXT_KEY, _NEXT_CHECK = np.uint64(0x94D049BB133111EB), np.uint64(0xD6E8FEB86659FD93)
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_ADD1, _ADD2 = np.uint64(0x52DCE729), np.uint64(0x38495AB5)

_FIRSTS, _TOPS = np.uint64(0x2121212121212121), np.uint64(0x8080808080808080)  # of every byte
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)  # of the first n bytes
_FIVE, _SEVEN, _BITS = np.uint64(5), np.uint64(7), np.uint64(64)
_27, _31, _33, _63 = (np.uint64(n) for n in (27, 31, 33, 63))


@intrinsic
def _word_bits(_context, array, index):
    """One bit for each of 64 folded bytes: whether it belongs to a word."""

    def code(context, builder, signature, arguments):
        data, at = arguments
        return compared(context, builder, signature.args[0], data, at, ">", 0x20)

    return types.uint64(array, types.intp), code


@inlined
def word_starts(folded, start, at, end, starts):
    """Note where the words between ``at`` and ``end`` start, by blocks of 64 bytes.

    Stops early when ``starts`` (int64) has no room for another block. Returns the byte reached and
    the number of words. ``start`` is where the document starts in ``folded`` (uint8).
    """
    inside = np.uint64(at > start and folded[at - 1] > 32)
    room = starts.size - SPARE
    words = 0
    while at < end and words <= room:
        bits = _word_bits(folded, at)
        if end - at < 64:
            bits &= (ONE << np.uint64(end - at)) - ONE
        first = bits & ~(bits << ONE | inside)
        inside = bits >> _63
        place = words
        words += ones(first)
        # Sixteen at a time, more than are there as a rule, is faster than to ask after each.
        while True:
            for k in range(16):
                starts[place + k] = at + trailing_zeros(first)
                first &= first - ONE
            place += 16
            if first == ZERO:
                break
        at += 64
    return at, words


@inlined
def hash_words(folded, starts, words, keys, checks, offset, longer):
    """Write key and check of each word.

    Args:
        folded: uint8, of :func:`folding.fold`.
        starts: int64, of :func:`word_starts`.
        words: uint64, how many there are.
        keys: uint64, written from ``offset`` on.
        checks: uint64, written from ``offset`` on.
        offset: uint64.
        longer: uint32, as long as there are words: room for the words of more than seven bytes.
    """
    count = ZERO
    for word in range(words):
        piece = load64(folded, starts[word])
        stop = _stop(piece)
        piece = _before(piece, stop)
        keys[offset + word] = piece * _A
        checks[offset + word] = piece
        longer[count] = word
        count += np.uint64(stop == ZERO)
    for k in range(count):
        j = np.uint64(longer[k])
        at = starts[j] + 8
        key, check = keys[offset + j], checks[offset + j]
        stop = ZERO
        while stop == ZERO:
            piece = load64(folded, at)
            stop = _stop(piece)
            piece = _before(piece, stop)
            key = key * _B + piece * _A
            check = check * _C + piece
            at += 8
        keys[offset + j] = key
        checks[offset + j] = check


@inlined
def _stop(piece):
    """The high bit of each of eight bytes that ends a word (0x20 or less), right up to the first."""
    return (piece - _FIRSTS) & ~piece & _TOPS


@inlined
def _before(piece, stop):
    """Eight bytes with zeros from the first on that ends a word."""
    return piece & (((stop & (~stop + ONE)) >> _SEVEN) - ONE)


@inlined
def longer_key(key, word_key):
    """Key of an n-gram with one word more."""
    return key * _NEXT_KEY ^ word_key


@inlined
def longer_check(check, word_check):
    """Check of an n-gram with one word more."""
    return check * _NEXT_CHECK + word_check


@compiled
def document_hash(text, start, end):
    """128-bit hash of text[start:end] (uint8), as two numbers: MurmurHash3_x64_128 (Appleby), seed 0."""
    one, two = ZERO, ZERO
    i = start
    while i + 16 <= end:
        one ^= _low(load64(text, i))
        one = (_rotated(one, _27) + two) * _FIVE + _ADD1
        two ^= _high(load64(text, i + 8))
        two = (_rotated(two, _31) + one) * _FIVE + _ADD2
        i += 16
    rest = end - i
    if rest > 8:
        two ^= _high(load64(text, i + 8) & _MASKS[rest - 8])
    if rest > 0:
        one ^= _low(load64(text, i) & _MASKS[min(rest, 8)])
    one ^= np.uint64(end - start)
    two ^= np.uint64(end - start)
    one += two
    two += one
    one, two = _final(one), _final(two)
    one += two
    two += one
    return one, two


@inlined
def _rotated(number, bits):
    """A number with its highest ``bits`` moved to the other end."""
    return number << bits | number >> (_BITS - bits)


@inlined
def _low(piece):
    """What the first eight of sixteen bytes are mixed in as."""
    return _rotated(piece * _C1, _31) * _C2


@inlined
def _high(piece):
    """What the last eight of sixteen bytes are mixed in as."""
    return _rotated(piece * _C2, _33) * _C1


@inlined
def _final(half):
    """What a half is mixed to in the end."""
    half = (half ^ (half >> _33)) * _F1
    half = (half ^ (half >> _33)) * _F2
    return half ^ half >> _33


@compiled
def hexadecimal(hashes, digits):
    """Write hashes, uint64, [hashes, 2], to ``digits``, uint8, 32 of them each."""
    o = 0
    for k in range(len(hashes)):
        for half in range(2):
            for shift in range(60, -1, -4):
                digit = np.uint8((hashes[k, half] >> np.uint64(shift)) & np.uint64(15))
                digits[o] = digit + (48 if digit < 10 else 87)
                o += 1
