"""UTF-8 by the character: written, read, and copied where it is well formed."""

import numpy as np

from tracemem.jobs.compiled import inlined


@inlined
def encode(code_point, target, o):
    """Write one code point to target[o:]; returns the place after it."""
    if code_point < 0x80:
        target[o] = code_point
        return o + 1
    if code_point < 0x800:
        target[o] = 0xC0 | (code_point >> 6)
        target[o + 1] = 0x80 | (code_point & 63)
        return o + 2
    if code_point < 0x10000:
        target[o] = 0xE0 | (code_point >> 12)
        target[o + 1] = 0x80 | ((code_point >> 6) & 63)
        target[o + 2] = 0x80 | (code_point & 63)
        return o + 3
    target[o] = 0xF0 | (code_point >> 18)
    target[o + 1] = 0x80 | ((code_point >> 12) & 63)
    target[o + 2] = 0x80 | ((code_point >> 6) & 63)
    target[o + 3] = 0x80 | (code_point & 63)
    return o + 4


@inlined
def decode(text, i):
    """The code point beyond ASCII that valid text has at ``i``, and the place after it."""
    c = np.int64(text[i])
    if c < 0xE0:
        return (c & 31) << 6 | (text[i + 1] & 63), i + 2
    if c < 0xF0:
        return (c & 15) << 12 | (text[i + 1] & 63) << 6 | (text[i + 2] & 63), i + 3
    high = (c & 7) << 18 | (text[i + 1] & 63) << 12
    return high | (text[i + 2] & 63) << 6 | (text[i + 3] & 63), i + 4


@inlined
def sequence_size(raw, i):
    """Bytes of the well-formed sequence beyond ASCII at ``i``, 2 to 4; 0 where there is none.

    Table 3-7 of the Unicode standard: no overlong form, no surrogate, nothing above U+10FFFF.
    """
    c, second = np.int64(raw[i]), np.int64(raw[i + 1])
    if 0xC2 <= c < 0xE0:
        return 2 if 0x80 <= second < 0xC0 else 0
    if c < 0xC2:
        return 0
    if c < 0xF0:
        low = 0xA0 if c == 0xE0 else 0x80
        high = 0x9F if c == 0xED else 0xBF
        return 3 if low <= second <= high and (raw[i + 2] & 0xC0) == 0x80 else 0
    if c < 0xF5:
        low = 0x90 if c == 0xF0 else 0x80
        high = 0x8F if c == 0xF4 else 0xBF
        good = low <= second <= high and (raw[i + 2] & 0xC0) == 0x80
        return 4 if good and (raw[i + 3] & 0xC0) == 0x80 else 0
    return 0


@inlined
def copy_sequences(raw, i, text, o):
    """Copy all there is beyond ASCII from ``i`` on to text[o:].

    Returns the places after it and after the copy; the first is -1 where it is not well formed.
    """
    while raw[i] >= 0x80:
        size = sequence_size(raw, i)
        if size == 0:
            return -1, o
        # Four at a time, whatever the size: the next are written over the rest.
        for k in range(4):
            text[o + k] = raw[i + k]
        i += size
        o += size
    return i, o
