r"""The text of lines of JSON, read by compiled loops as :func:`shards.record_text` would read it.

They read what is common. A line with anything out of the common (not valid, the field missing,
twice or not a string, an exponent, deep nesting) is left to the JSON library. Every line ends with a
line feed and every buffer with ``PAD`` bytes of room, so no loop asks whether it is at the end.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tracemem.corpus import utf8
from tracemem.corpus.blocks import (
    ONE,
    ZERO,
    between,
    compared,
    leading_zeros,
    load64,
    ones,
    pointer,
    splat,
    trailing_zeros,
)
from tracemem.jobs.compiled import compiled, inlined, part

# What became of a line.
READ, BLANK, UNUSUAL = 0, 1, 2

TAB, LINE_FEED, CARRIAGE_RETURN, SPACE = b"\t\n\r "
QUOTE, BACKSLASH, COMMA, COLON, MINUS, POINT = b'"\\,:-.'
OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET = b"{}[]"
DIGIT_0, DIGIT_9, UPPER_A, UPPER_E, UPPER_F, LOWER_E, LOWER_U = b"09AEFeu"
UPPER = 0xDF  # all bits of a letter but the one that makes it lower case

# What a letter after a backslash stands for; 0 for one that stands for nothing by itself.
_ESCAPES = np.zeros(256, np.uint8)
_ESCAPES[list(b'"\\/bfnrt')] = list(b'"\\/\b\f\n\r\t')
_TRUE, _NULL, _FALSE = (
    np.uint64(int.from_bytes(name, "little")) for name in (b"true", b"null", b"false")
)
_FOUR_BYTES, _FIVE_BYTES = np.uint64(2**32 - 1), np.uint64(2**40 - 1)
_DIGITS = 18  # that a number has at most to be one without a doubt
_DEPTH = 60  # brackets open at once, a bit each in one number

# What comes next within an object or an array: after a value, a comma or the end.
_VALUE, _KEY, _AFTER = range(3)


@intrinsic
def _line_feed_bits(_context, array, index):
    """One bit for each of 64 bytes: whether it is a line feed."""

    def code(context, builder, signature, arguments):
        data, at = arguments
        return compared(context, builder, signature.args[0], data, at, "==", LINE_FEED)

    return types.uint64(array, types.intp), code


@intrinsic
def _copy_plain(_context, source, index, target, place):
    """Copy 32 bytes and tell, a bit each, which are not plain text inside a JSON string.

    Those are the quote, the backslash, control characters and all bytes beyond ASCII.
    """

    def code(context, builder, signature, arguments):
        source, index, target, place = arguments
        start = pointer(context, builder, signature.args[0], source, index, 32)
        block = builder.load(start, align=1)
        copy = pointer(context, builder, signature.args[2], target, place, 32)
        builder.store(block, copy, align=1)
        # 0x20 to 0x7F are plain, less the quote and the backslash.
        odd = builder.not_(between(builder, block, 0x20, 0x7F, 32))
        for character in (QUOTE, BACKSLASH):
            odd = builder.or_(odd, builder.icmp_unsigned("==", block, splat(character, 32)))
        return builder.zext(builder.bitcast(odd, ir.IntType(32)), ir.IntType(64))

    return types.uint64(source, types.intp, target, types.intp), code


@compiled
def line_feeds(raw, start, end):
    """How many line feeds raw[start:end] (uint8) has, and the place of the last one."""
    count = 0
    last, last_bits = 0, ZERO
    for at in range(start, end, 64):
        bits = _line_feed_bits(raw, at)
        if end - at < 64:
            bits &= (ONE << np.uint64(end - at)) - ONE
        count += ones(bits)
        if bits != ZERO:
            last, last_bits = at, bits
    return count, last + 63 - leading_zeros(last_bits)


@compiled
def read_lines(raw, used, field, text, line_ends, starts, ends, outcomes):
    """Copy the text of every line of JSON in raw[:used] to ``text``.

    Args:
        raw: uint8, whole lines, padded with line feeds.
        used: bytes in use; the last line may lack its line feed.
        field: uint8, top-level key of the text, in UTF-8.
        text: uint8, written, as long as ``raw``.
        line_ends: int64, [lines], written: the line feed of each line, or ``used``.
        starts: int64, [lines], written: where the line's text starts in ``text``.
        ends: int64, [lines], written: where it ends.
        outcomes: uint8, [lines], written: READ, BLANK, or UNUSUAL for a line that the JSON library
            has to look at, whose text is not there.

    Returns:
        Bytes written to ``text``.
    """
    i = np.int64(0)
    o = np.int64(0)
    line = 0
    while i < used:
        starts[line] = o
        ends[line] = o
        i = _skip_space(raw, i)
        if raw[i] == LINE_FEED:
            outcomes[line] = BLANK
        else:
            good = False
            if raw[i] == OPEN_BRACE:
                good, i, o = _object(raw, i, field, text, o)
            if good:
                outcomes[line] = READ
                ends[line] = o
            else:
                outcomes[line] = UNUSUAL
                while raw[i] != LINE_FEED:
                    i += 1
        line_ends[line] = min(i, used)
        line += 1
        i += 1
    return o


@part
def _object(raw, i, field, text, o):
    """Read one line that holds an object, and copy the string under ``field`` to text[o:].

    Returns whether all went well, the place after the object (or where it went wrong), and the
    place after the text.
    """
    state, depth = _VALUE, 0
    objects = ZERO  # a bit for every open bracket: whether it is an object's
    found = is_text = False
    end = o
    while True:
        i = _skip_space(raw, i)
        c = raw[i]
        if state == _AFTER:
            if depth == 0:
                return found and c == LINE_FEED, i, end
            if c == COMMA:
                state = _KEY if objects & ONE else _VALUE
            elif c == (CLOSE_BRACE if objects & ONE else CLOSE_BRACKET):
                objects >>= ONE
                depth -= 1
            else:
                return False, i, o
            i += 1
            continue
        if state == _KEY:
            after, is_text = _key(raw, i, field, depth == 1, text, end)
            state = _VALUE
        elif c in (OPEN_BRACE, OPEN_BRACKET):
            after, closed = _opened(raw, i)
            if is_text or depth == _DEPTH:
                return False, i, o
            state = _AFTER
            if not closed:
                objects = (objects << ONE) | (ONE if c == OPEN_BRACE else ZERO)
                depth += 1
                state = _KEY if c == OPEN_BRACE else _VALUE
        else:
            if is_text and (c != QUOTE or found):
                return False, i, o
            after, place = _simple_value(raw, i, text, end)
            if is_text:
                end, found, is_text = place, True, False
            state = _AFTER
        if after < 0:
            return False, i, o
        i = after


@inlined
def _opened(raw, i):
    """Place of what is first within the bracket at ``i``; or the place after it, and True, if empty."""
    closing = CLOSE_BRACE if raw[i] == OPEN_BRACE else CLOSE_BRACKET
    i = _skip_space(raw, i + 1)
    closed = raw[i] == closing
    return i + closed, closed


@inlined
def _key(raw, i, field, on_top, text, o):
    """Read a key and its colon; text[o:] is overwritten.

    Returns the place after the colon, or -1, and whether the key is ``field``, of which there is
    none but ``on_top``. There a key with an escape, which may be the field in disguise, is -1 too.
    """
    if raw[i] != QUOTE:
        return -1, False
    start = i + 1
    i, _ = _string(raw, start, text, o)
    if i < 0:
        return -1, False
    same = False
    if on_top:
        size = i - 1 - start
        same = size == field.size
        k = 0
        while k < size:
            if raw[start + k] == BACKSLASH:
                return -1, False
            same = same and raw[start + k] == field[k]
            k += 1
    i = _skip_space(raw, i)
    if raw[i] != COLON:
        return -1, False
    return i + 1, same


@inlined
def _simple_value(raw, i, text, o):
    """Copy a string to text[o:], or pass over a number, true, false or null.

    Returns the places after it, or -1, and after the copy.
    """
    if raw[i] == QUOTE:
        return _string(raw, i + 1, text, o)
    piece = load64(raw, i)
    if piece & _FOUR_BYTES == _TRUE or piece & _FOUR_BYTES == _NULL:
        return i + 4, o
    if piece & _FIVE_BYTES == _FALSE:
        return i + 5, o
    return _number(raw, i), o


@inlined
def _number(raw, i):
    """Place after a number without exponent and with few digits; -1 if none is there."""
    first = i
    if raw[i] == MINUS:
        i += 1
    digits = i
    i = _skip_digits(raw, i)
    if i == digits or (raw[digits] == DIGIT_0 and i > digits + 1):
        return -1
    if raw[i] == POINT:
        digits = i + 1
        i = _skip_digits(raw, digits)
        if i == digits:
            return -1
    # Whether more is a number, and one of double precision, is for the JSON library to say.
    if raw[i] == LOWER_E or raw[i] == UPPER_E or i - first > _DIGITS:
        return -1
    return i


@inlined
def _skip_digits(raw, i):
    """Place of the first byte from ``i`` on that is no digit."""
    while DIGIT_0 <= raw[i] <= DIGIT_9:
        i += 1
    return i


@inlined
def _skip_space(raw, i):
    """Place of the first byte from ``i`` on that is no white space within a line."""
    while raw[i] == SPACE or raw[i] == CARRIAGE_RETURN or raw[i] == TAB:
        i += 1
    return i


@part
def _string(raw, i, text, o):
    """Copy a string whose opening quote stands before ``i`` to text[o:], without its escapes.

    Returns the places after its closing quote and after the copy; the first is -1 where the string
    is not valid (control character, bad escape, lone surrogate, invalid UTF-8).
    """
    while True:
        odd = _copy_plain(raw, i, text, o)
        if odd == ZERO:
            i += 32
            o += 32
            continue
        plain = trailing_zeros(odd)
        i += plain
        o += plain
        c = raw[i]
        if c == QUOTE:
            return i + 1, o
        if c == BACKSLASH:
            i, o = _escape(raw, i + 1, text, o)
        elif c < 0x80:
            return -1, o
        else:
            i, o = utf8.copy_sequences(raw, i, text, o)
        if i < 0:
            return -1, o


@inlined
def _escape(raw, i, text, o):
    """Write what the escape stands for whose letter stands at ``i`` to text[o:].

    Returns the places after the escape, or -1, and after what was written.
    """
    if raw[i] != LOWER_U:
        byte = _ESCAPES[raw[i]]
        text[o] = byte
        return (i + 1 if byte else -1), o + 1
    code_point = _hex4(raw, i + 1)
    i += 5
    if 0xD800 <= code_point < 0xDC00 and raw[i] == BACKSLASH and raw[i + 1] == LOWER_U:
        second = _hex4(raw, i + 2)
        if not 0xDC00 <= second < 0xE000:
            return -1, o
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (second - 0xDC00)
        i += 6
    elif code_point < 0 or 0xD800 <= code_point < 0xE000:
        return -1, o
    return i, utf8.encode(code_point, text, o)


@inlined
def _hex4(raw, i):
    """Four hexadecimal digits as a number; -1 where they are not."""
    value = 0
    for k in range(i, i + 4):
        c = raw[k]
        if DIGIT_0 <= c <= DIGIT_9:
            digit = c - DIGIT_0
        elif UPPER_A <= (c & UPPER) <= UPPER_F:
            digit = (c & UPPER) - UPPER_A + 10
        else:
            return -1
        value = value * 16 + digit
    return value
