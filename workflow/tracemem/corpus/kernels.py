"""Compiled loops of the counting engine: JSON lines to text, text to folded words, words to counts.

*Folded* text is what :func:`tracemem.ngrams.words.words` sees: the lower-case words of a document in UTF-8,
with one or more spaces in place of everything between them and a line feed after each document.
Every buffer these loops read has ``PAD`` bytes of room after its last byte in use, because bytes are
taken by the block.

They stand in one file because a compiled loop is kept until its own file changes, whatever becomes of
those it calls.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

PAD = 64
WORDS = 1024  # words looked up together: their hashes stay in the first-level cache
LONGEST = 127  # words in the longest n-gram

# Multipliers of the hashes (splitmix64, xxHash, MurmurHash3).
_A, _B, _C = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0xC2B2AE3D27D4EB4E)
)  # fmt: skip
_NEXT_KEY, _NEXT_CHECK = np.uint64(0x94D049BB133111EB), np.uint64(0xD6E8FEB86659FD93)
_FINAL = np.uint64(0xFF51AFD7ED558CCD)
_ENDS, _TOPS = np.uint64(0x2121212121212121), np.uint64(0x8080808080808080)
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)
_ZERO, _ONE, _TWO, _THREE, _FIVE, _SEVEN, _EIGHT = (
    np.uint64(n) for n in (0, 1, 2, 3, 5, 7, 8)
)  # fmt: skip
_31, _32, _33, _63, _255 = (np.uint64(n) for n in (31, 32, 33, 63, 255))
_LOW32 = np.uint64(0xFFFFFFFF)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)

# What became of a line of JSON.
READ, BLANK, UNUSUAL = 0, 1, 2


def _pointer(context, builder, array_type, array, index, width):
    """LLVM pointer to ``width`` bytes of an array from ``index`` on."""
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.gep(data, [index])
    return builder.bitcast(place, ir.VectorType(ir.IntType(8), width).as_pointer())


def _splat(value, width):
    return ir.Constant(ir.VectorType(ir.IntType(8), width), [value] * width)


def _between(builder, block, low, high, width):
    """Lanes of a block that hold low to high."""
    return builder.icmp_unsigned(
        "<", builder.sub(block, _splat(low, width)), _splat(high - low + 1, width)
    )


def _compared(context, builder, array_type, array, index, sign, byte):
    """One bit for each of 64 bytes: how it compares to ``byte``."""
    place = _pointer(context, builder, array_type, array, index, 64)
    block = builder.load(place, align=1)
    return builder.bitcast(builder.icmp_unsigned(sign, block, _splat(byte, 64)), ir.IntType(64))


@intrinsic
def load64(_context, array, index):
    """The eight bytes from ``index`` on as one number, little-endian, at any alignment."""

    def code(context, builder, signature, arguments):
        place = _pointer(context, builder, signature.args[0], *arguments, 8)
        place = builder.bitcast(place, ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(array, types.intp), code


@intrinsic
def word_bits(_context, array, index):
    """One bit for each of 64 folded bytes: whether it belongs to a word."""

    def code(context, builder, signature, arguments):
        return _compared(context, builder, signature.args[0], *arguments, ">", 0x20)

    return types.uint64(array, types.intp), code


@intrinsic
def line_feed_bits(_context, array, index):
    """One bit for each of 64 bytes: whether it is a line feed."""

    def code(context, builder, signature, arguments):
        return _compared(context, builder, signature.args[0], *arguments, "==", 10)

    return types.uint64(array, types.intp), code


@intrinsic
def copy_plain(_context, source, index, target, place):
    """Copy 32 bytes and tell, a bit each, which are not plain text inside a JSON string.

    Those are the quote, the backslash, control characters and all bytes beyond ASCII.
    """

    def code(context, builder, signature, arguments):
        source, index, target, place = arguments
        start = _pointer(context, builder, signature.args[0], source, index, 32)
        block = builder.load(start, align=1)
        builder.store(
            block, _pointer(context, builder, signature.args[2], target, place, 32), align=1
        )
        # 0x20 to 0x7F are plain, less the quote and the backslash.
        odd = builder.not_(_between(builder, block, 0x20, 0x7F, 32))
        for character in b'"\\':
            odd = builder.or_(odd, builder.icmp_unsigned("==", block, _splat(character, 32)))
        return builder.zext(builder.bitcast(odd, ir.IntType(32)), ir.IntType(64))

    return types.uint64(source, types.intp, target, types.intp), code


@intrinsic
def fold_plain(_context, source, index, target, place):
    """Fold 32 bytes of ASCII and tell, a bit each, which are not ASCII."""

    def code(context, builder, signature, arguments):
        source, index, target, place = arguments
        start = _pointer(context, builder, signature.args[0], source, index, 32)
        block = builder.load(start, align=1)
        capital = _between(builder, block, ord("A"), ord("Z"), 32)
        lower = builder.select(capital, builder.or_(block, _splat(0x20, 32)), block)
        word = _between(builder, lower, ord("a"), ord("z"), 32)
        word = builder.or_(word, _between(builder, lower, ord("0"), ord("9"), 32))
        word = builder.or_(word, builder.icmp_unsigned("==", lower, _splat(ord("_"), 32)))
        folded = builder.select(word, lower, _splat(0x20, 32))
        builder.store(
            folded, _pointer(context, builder, signature.args[2], target, place, 32), align=1
        )
        odd = builder.icmp_signed("<", block, _splat(0, 32))
        return builder.zext(builder.bitcast(odd, ir.IntType(32)), ir.IntType(64))

    return types.uint64(source, types.intp, target, types.intp), code


@intrinsic
def trailing_zeros(_context, number):
    """Place of the lowest bit that is set; 64 where none is."""

    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.intp(types.uint64), code


@intrinsic
def leading_zeros(_context, number):
    """Bits above the highest that is set; 64 where none is."""

    def code(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], cgutils.false_bit)

    return types.intp(types.uint64), code


@intrinsic
def ones(_context, number):
    """How many bits are set."""

    def code(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.intp(types.uint64), code


@intrinsic
def prefetch(_context, array, index):
    """Ask for the cache line of an element that will be wanted soon; ``index`` in elements."""

    def code(context, builder, signature, arguments):
        array, index = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        place = builder.bitcast(builder.gep(data, [index]), byte)
        builder.call(function, [place, whole(0), whole(3), whole(1)])
        return context.get_dummy_value()

    return types.none(array, types.intp), code


@intrinsic
def compare_row(_context, slots, index, mark, number_mask):
    """Look at the eight slots from ``index`` on: low byte, which hold the mark; next, are free."""

    def code(context, builder, signature, arguments):
        slots, index, mark, number_mask = arguments
        lanes = ir.VectorType(ir.IntType(32), 8)
        data = context.make_array(signature.args[0])(context, builder, slots).data
        place = builder.bitcast(builder.gep(data, [index]), lanes.as_pointer())
        row = builder.load(place, align=4)

        def all_lanes(number):
            lane = builder.trunc(number, ir.IntType(32))
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), lane, ir.IntType(32)(0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
            return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), zeros)

        free = builder.icmp_unsigned("==", row, ir.Constant(lanes, [0] * 8))
        rest = builder.sub(builder.xor(row, all_lanes(mark)), ir.Constant(lanes, [1] * 8))
        same = builder.icmp_unsigned("<", rest, all_lanes(number_mask))
        same, free = (
            builder.zext(builder.bitcast(bits, ir.IntType(8)), ir.IntType(64))
            for bits in (same, free)
        )
        return builder.or_(same, builder.shl(free, ir.IntType(64)(8)))

    return types.uint64(slots, types.intp, types.uint64, types.uint64), code


@njit(nogil=True, cache=True)
def _hex4(raw, i):
    """Four hexadecimal digits as a number; -1 where they are not."""
    value = 0
    for k in range(i, i + 4):
        c = raw[k]
        if 48 <= c <= 57:
            digit = c - 48
        elif 65 <= (c & 0xDF) <= 70:
            digit = (c & 0xDF) - 55
        else:
            return -1
        value = value * 16 + digit
    return value


@njit(nogil=True, cache=True)
def _encode(code_point, target, o):
    """Write one code point in UTF-8; returns the place after it."""
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


@njit(nogil=True, cache=True)
def _string(raw, i, text, o):
    """Copy a JSON string whose opening quote stands before ``i`` to text[o:], without its escapes.

    Returns the places after its closing quote and after the copy; the first is -1 where the string
    is not valid (control character, bad escape, lone surrogate, invalid UTF-8).
    """
    while True:
        odd = copy_plain(raw, i, text, o)
        if odd == _ZERO:
            i += 32
            o += 32
            continue
        plain = trailing_zeros(odd)
        i += plain
        o += plain
        c = np.int64(raw[i])
        if c == 34:
            return i + 1, o
        if c == 92:
            e = raw[i + 1]
            i += 2
            if e == 110:
                text[o] = 10
            elif e == 34 or e == 92 or e == 47:
                text[o] = e
            elif e == 116:
                text[o] = 9
            elif e == 114:
                text[o] = 13
            elif e == 98:
                text[o] = 8
            elif e == 102:
                text[o] = 12
            elif e == 117:
                code_point = _hex4(raw, i)
                i += 4
                if 0xD800 <= code_point < 0xDC00 and raw[i] == 92 and raw[i + 1] == 117:
                    second = _hex4(raw, i + 2)
                    if not 0xDC00 <= second < 0xE000:
                        return -1, o
                    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (second - 0xDC00)
                    i += 6
                elif code_point < 0 or 0xD800 <= code_point < 0xE000:
                    return -1, o
                o = _encode(code_point, text, o) - 1
            else:
                return -1, o
            o += 1
            continue
        if c < 0x80:
            return -1, o
        while c >= 0x80:
            # Table 3-7 of the Unicode standard: well-formed sequences.
            second = np.int64(raw[i + 1])
            if 0xC2 <= c < 0xE0:
                size = 2
                good = 0x80 <= second < 0xC0
            elif c < 0xC2:
                return -1, o
            elif c < 0xF0:
                size = 3
                low = 0xA0 if c == 0xE0 else 0x80
                high = 0x9F if c == 0xED else 0xBF
                good = low <= second <= high and (raw[i + 2] & 0xC0) == 0x80
            elif c < 0xF5:
                size = 4
                low = 0x90 if c == 0xF0 else 0x80
                high = 0x8F if c == 0xF4 else 0xBF
                good = (
                    low <= second <= high
                    and (raw[i + 2] & 0xC0) == 0x80
                    and (raw[i + 3] & 0xC0) == 0x80
                )
            else:
                return -1, o
            if not good:
                return -1, o
            for k in range(size):
                text[o + k] = raw[i + k]
            i += size
            o += size
            c = np.int64(raw[i])


@njit(nogil=True, cache=True)
def _skip_space(raw, i):
    while raw[i] == 32 or raw[i] == 13 or raw[i] == 9:
        i += 1
    return i


@njit(nogil=True, cache=True)
def _scalar(raw, i):
    """Place after a short number without exponent, true, false or null; -1 at anything else."""
    c = raw[i]
    if c == 116 and raw[i + 1] == 114 and raw[i + 2] == 117 and raw[i + 3] == 101:
        return i + 4
    if c == 110 and raw[i + 1] == 117 and raw[i + 2] == 108 and raw[i + 3] == 108:
        return i + 4
    if c == 102 and raw[i + 1] == 97 and raw[i + 2] == 108 and raw[i + 3] == 115:
        return i + 5 if raw[i + 4] == 101 else -1
    first = i
    if c == 45:
        i += 1
    digits = i
    while 48 <= raw[i] <= 57:
        i += 1
    if i == digits or (raw[digits] == 48 and i > digits + 1):
        return -1
    if raw[i] == 46:
        digits = i + 1
        i = digits
        while 48 <= raw[i] <= 57:
            i += 1
        if i == digits:
            return -1
    # An exponent or many digits: let the JSON library say whether the number is one.
    if raw[i] == 101 or raw[i] == 69 or i - first > 18:
        return -1
    return i


@njit(nogil=True, cache=True)
def _object(raw, i, field, text, o):
    """Read one line that holds a JSON object, and copy the string under ``field`` to text[o:].

    Returns whether all went well, and the places after the object and after the text. Anything
    out of the common (not valid, field missing, twice or not a string, deep nesting) is False.
    """
    value, first_key, key, after, first_value = 0, 1, 2, 3, 4
    state = first_key
    depth = 1
    objects = _ONE  # a bit for every open bracket: whether it is an object's
    found = False
    is_text = False
    end = o
    i += 1
    while True:
        i = _skip_space(raw, i)
        c = raw[i]
        if state == after:
            if depth == 0:
                return found and c == 10, i, end
            if c == 44:
                state = key if objects & _ONE else value
            elif c == 125 or c == 93:
                if (c == 125) != ((objects & _ONE) == _ONE):
                    return False, i, o
                objects >>= _ONE
                depth -= 1
            else:
                return False, i, o
            i += 1
        elif state in (key, first_key):
            if c == 125 and state == first_key:
                objects >>= _ONE
                depth -= 1
                state = after
                i += 1
                continue
            if c != 34:
                return False, i, o
            start = i + 1
            i, _ = _string(raw, start, text, end)
            if i < 0:
                return False, start, o
            if depth == 1:
                size = i - 1 - start
                is_text = size == field.size
                k = 0
                while k < size:
                    if raw[start + k] == 92:
                        return False, i, o
                    is_text = is_text and raw[start + k] == field[k]
                    k += 1
            i = _skip_space(raw, i)
            if raw[i] != 58:
                return False, i, o
            i += 1
            state = value
        else:
            if c == 93 and state == first_value:
                objects >>= _ONE
                depth -= 1
                state = after
                i += 1
                continue
            wanted = is_text and depth == 1
            if wanted and (c != 34 or found):
                return False, i, o
            if c == 34:
                start = i + 1
                i, place = _string(raw, start, text, end)
                if i < 0:
                    return False, start, o
                if wanted:
                    found = True
                    end = place
                state = after
            elif c == 123 or c == 91:
                if depth == 60:
                    return False, i, o
                objects = (objects << _ONE) | (_ONE if c == 123 else _ZERO)
                depth += 1
                state = first_key if c == 123 else first_value
                i += 1
            else:
                start = i
                i = _scalar(raw, start)
                if i < 0:
                    return False, start, o
                state = after


@njit(nogil=True, cache=True)
def line_feeds(raw, start, end):
    """How many line feeds raw[start:end] has, and the place of the last one."""
    count = 0
    last, last_bits = 0, _ZERO
    for at in range(start, end, 64):
        bits = line_feed_bits(raw, at)
        if end - at < 64:
            bits &= (_ONE << np.uint64(end - at)) - _ONE
        count += ones(bits)
        if bits != _ZERO:
            last, last_bits = at, bits
    return count, last + 63 - leading_zeros(last_bits)


@njit(nogil=True, cache=True)
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
        if raw[i] == 10:
            outcomes[line] = BLANK
        else:
            good = False
            if raw[i] == 123:
                good, i, o = _object(raw, i, field, text, o)
            if good:
                outcomes[line] = READ
                ends[line] = o
            else:
                outcomes[line] = UNUSUAL
                while raw[i] != 10:
                    i += 1
        line_ends[line] = min(i, used)
        line += 1
        i += 1
    return o


@njit(nogil=True, cache=True)
def fold(text, starts, ends, lower, folded, folded_starts, folded_ends):
    """Fold documents, one after another.

    Args:
        text: uint8, valid UTF-8.
        starts: int64, [documents], where each starts in ``text``.
        ends: int64, [documents], where each ends.
        lower: int32, [code points], the lower-case word character, 0x20 for what separates words,
            -1 for what has to be normalised first: a document that holds such a one is left out.
        folded: uint8, written; 3/2 of the text and 2 bytes a document and PAD are enough.
        folded_starts: int64, [documents], written.
        folded_ends: int64, [documents], written; -1 for a document left out.
    """
    o = 0
    for document in range(starts.size):
        i = starts[document]
        end = ends[document]
        folded_starts[document] = o
        good = True
        while i < end:
            odd = fold_plain(text, i, folded, o)
            plain = trailing_zeros(odd) if odd != _ZERO else 32
            if i + plain >= end:
                o += end - i
                break
            i += plain
            o += plain
            c = np.int64(text[i])
            while c >= 0x80 and i < end:
                if c < 0xE0:
                    c = (c & 31) << 6 | (text[i + 1] & 63)
                    i += 2
                elif c < 0xF0:
                    c = (c & 15) << 12 | (text[i + 1] & 63) << 6 | (text[i + 2] & 63)
                    i += 3
                else:
                    c = (
                        (c & 7) << 18
                        | (text[i + 1] & 63) << 12
                        | (text[i + 2] & 63) << 6
                        | (text[i + 3] & 63)
                    )
                    i += 4
                new = lower[c]
                if new < 0:
                    good = False
                    break
                o = _encode(new, folded, o)
                c = np.int64(text[i])
            if not good:
                break
        if good:
            folded_ends[document] = o
            folded[o] = 10
            o += 1
        else:
            o = folded_starts[document]
            folded_ends[document] = -1
    return o


@njit(nogil=True, cache=True)
def _split(folded, start, at, end, starts):
    """Note where the words between ``at`` and ``end`` start, by blocks of 64 bytes.

    Stops early when ``starts`` has no room for another block. Returns the byte reached and the
    number of words. ``start`` is where the document starts.
    """
    inside = np.uint64(at > start and folded[at - 1] > 32)
    room = starts.size - 80
    words = 0
    while at < end and words <= room:
        bits = word_bits(folded, at)
        if end - at < 64:
            bits &= (_ONE << np.uint64(end - at)) - _ONE
        first = bits & ~(bits << _ONE | inside)
        inside = bits >> _63
        place = words
        words += ones(first)
        # Sixteen at a time, more than are there as a rule, is faster than to ask after each.
        while True:
            for k in range(16):
                starts[place + k] = at + trailing_zeros(first)
                first &= first - _ONE
            place += 16
            if first == _ZERO:
                break
        at += 64
    return at, words


@njit(nogil=True, cache=True)
def _hash(folded, starts, words, keys, checks, long, offset):
    """Two 64-bit hashes of each word: the key to look it up with, and the check.

    With s_1 .. s_m the word's bytes, eight at a time, the last with zeros: the key is the sum of
    s_i A B^(m-i) and the check that of s_i C^(m-i), modulo 2**64. A and B are odd and C is even, so
    that two words of up to 15 bytes never have both in common.
    """
    longer = _ZERO
    for j in range(words):
        piece = load64(folded, starts[j])
        # The high bit of each byte that ends a word (0x20 or less), right up to the first such.
        stop = (piece - _ENDS) & ~piece & _TOPS
        piece &= ((stop & (~stop + _ONE)) >> _SEVEN) - _ONE
        keys[offset + j] = piece * _A
        checks[offset + j] = piece
        long[longer] = j
        longer += np.uint64(stop == _ZERO)
    for k in range(longer):
        j = np.uint64(long[k])
        at = starts[j] + 8
        key, check = keys[offset + j], checks[offset + j]
        stop = _ZERO
        while stop == _ZERO:
            piece = load64(folded, at)
            stop = (piece - _ENDS) & ~piece & _TOPS
            piece &= ((stop & (~stop + _ONE)) >> _SEVEN) - _ONE
            key = key * _B + piece * _A
            check = check * _C + piece
            at += 8
        keys[offset + j] = key
        checks[offset + j] = check


@njit(nogil=True, cache=True)
def _row(key, row_shift, number_mask):
    """The first of the eight slots that a key is looked for in, and its mark there."""
    key = (key ^ (key >> _32)) * _FINAL
    return (key >> row_shift) << _THREE, key & _LOW32 & ~number_mask


@njit(nogil=True, cache=True)
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
        before = 32
        for i in range(offsets[gram], offsets[gram + 1]):
            c = data[i]
            good &= c != 10 and (c != 32 or before != 32)
            spaces += c == 32
            before = c
            names[o] = c
            o += 1
        good &= before != 32
        sizes[gram] = spaces + 1
        names[o] = 10
        o += 1
    return good


@njit(nogil=True, cache=True)
def same_words(names, folded):
    """Whether n-grams, a line feed after each, are what they are folded to."""
    same = names.size == folded.size
    for i in range(names.size if same else 0):
        same &= folded[i] == (32 if names[i] == 10 else names[i])
    return same


@njit(nogil=True, cache=True)
def enter(names, bounds, sizes, first, sieve, sieve_shift, slots, row_shift, number_mask, checks):
    """Enter the candidate n-grams into an empty sieve and an empty hash table.

    Args:
        names: uint8, the n-grams, folded, a line feed after each.
        bounds: int64, [n-grams + 1], where each starts in ``names``.
        sizes: int8, [n-grams], words of each.
        first: length of the shortest prefix that is looked up.
        sieve: uint64, written: two bits a place, whether an n-gram begins so, whether one is so.
        sieve_shift: 64 less the binary logarithm of the places in the sieve.
        slots: uint32, written: the number of the n-gram from 1, below bits of its key; 0 if free.
            An n-gram stands in the row of eight that its key asks for or, that being full, in the
            first free slot after it.
        row_shift: 64 less the binary logarithm of the rows, less room at the end.
        number_mask: uint64, the bits of a slot that hold the number.
        checks: uint64, [n-grams], written: the check of each.

    Returns:
        An n-gram that has key and check of one before it, or -1; -2 where the slots run out.
    """
    starts, long = np.empty(LONGEST + 80, np.int64), np.empty(LONGEST, np.uint32)
    word_keys, word_checks = np.empty(LONGEST, np.uint64), np.empty(LONGEST, np.uint64)
    keys = np.empty(sizes.size, np.uint64)
    for gram in range(sizes.size):
        _split(names, bounds[gram], bounds[gram], bounds[gram + 1] - 1, starts)
        _hash(names, starts, np.uint64(sizes[gram]), word_keys, word_checks, long, _ZERO)
        key, check = _ZERO, _ZERO
        for k in range(sizes[gram]):
            key = word_keys[k] if k == 0 else key * _NEXT_KEY ^ word_keys[k]
            check = check * _NEXT_CHECK + word_checks[k]
            size = k + 1
            if size < first:
                continue
            place = key >> sieve_shift
            bit = (place & _31) << _ONE
            if size < sizes[gram]:
                sieve[place >> _FIVE] |= _ONE << bit
            else:
                sieve[place >> _FIVE] |= _TWO << bit
        keys[gram] = key
        checks[gram] = check
        at, mark = _row(key, row_shift, number_mask)
        while slots[at] != 0:
            if at + _EIGHT >= np.uint64(slots.size):
                return -2
            other = np.intp(slots[at] & number_mask) - 1
            if keys[other] == key and checks[other] == check:
                return gram
            at += _ONE
        slots[at] = mark | np.uint64(gram + 1)
    return -1


@njit(nogil=True, cache=True)
def document_hash(text, start, end):
    """128-bit hash of bytes, MurmurHash3_x64_128 with seed 0 (Appleby), as two numbers."""
    one, two = _ZERO, _ZERO
    size = end - start
    i = start
    while i + 16 <= end:
        low, high = load64(text, i), load64(text, i + 8)
        low *= _C1
        low = (low << _31 | low >> _33) * _C2
        one ^= low
        one = (one << np.uint64(27) | one >> np.uint64(37)) + two
        one = one * _FIVE + np.uint64(0x52DCE729)
        high *= _C2
        high = (high << _33 | high >> _31) * _C1
        two ^= high
        two = (two << _31 | two >> _33) + one
        two = two * _FIVE + np.uint64(0x38495AB5)
        i += 16
    rest = end - i
    if rest > 8:
        high = (load64(text, i + 8) & _MASKS[rest - 8]) * _C2
        two ^= (high << _33 | high >> _31) * _C1
    if rest > 0:
        low = (load64(text, i) & _MASKS[min(rest, 8)]) * _C1
        one ^= (low << _31 | low >> _33) * _C2
    one ^= np.uint64(size)
    two ^= np.uint64(size)
    one += two
    two += one
    one = (one ^ (one >> _33)) * _F1
    one = (one ^ (one >> _33)) * _F2
    one ^= one >> _33
    two = (two ^ (two >> _33)) * _F1
    two = (two ^ (two >> _33)) * _F2
    two ^= two >> _33
    one += two
    two += one
    return one, two


@njit(nogil=True, cache=True)
def _grams_of(
    folded, start, end, first, longest, wanted, sieve, sieve_shift, slots, row_shift, number_mask,
    starts, hashes, checks, keys, waiting, whole, grams, again, document, tallies, present,
):  # fmt: skip
    """Count the candidate n-grams of one document; returns how many distinct ones it holds.

    Their numbers go to ``present``. The words are taken WORDS at a time. All n-grams of one length
    are looked up, then those of the next length at the places where the sieve knows a longer one,
    and so on. Lists are filled without a branch, so that the processor never has to guess, and
    each loop touches one table, so that it can wait for many places of it at once. Counters are
    unsigned because an index that may be negative costs a comparison each time.
    """
    distinct = _ZERO
    kept = _ZERO
    at = start
    while True:
        at, new_words = _split(folded, start, at, end, starts)
        words = np.uint64(new_words)
        _hash(folded, starts, words, hashes, checks, whole, kept)
        words += kept
        ended = at >= end
        tops = words
        if ended:
            # No n-gram goes on with these.
            for k in range(words, words + longest):
                hashes[k] = _ALL
                checks[k] = _ALL
        else:
            tops = words - longest + _ONE
        size = first
        waits = _ZERO
        wholes = _ZERO
        for i in range(tops):
            key = hashes[i]
            if first == _TWO:
                key = key * _NEXT_KEY ^ hashes[i + _ONE]
            keys[i] = key
            place = key >> sieve_shift
            bits = sieve[place >> _FIVE] >> ((place & _31) << _ONE)
            whole[wholes] = i
            wholes += (bits >> _ONE) & _ONE
            waiting[waits] = i
            waits += bits & _ONE
        while True:
            if not wanted[size]:
                wholes = _ZERO
            for j in range(wholes):
                row, mark = _row(keys[np.uint64(whole[j])], row_shift, number_mask)
                prefetch(slots, row)
            found = _ZERO
            rare = _ZERO
            for j in range(wholes):
                i = np.uint64(whole[j])
                row, mark = _row(keys[i], row_shift, number_mask)
                seen = compare_row(slots, row, mark, number_mask)
                same = seen & _255
                held = np.uint64(slots[row + (np.uint64(trailing_zeros(same)) & _SEVEN)])
                gram = (held & number_mask) - _ONE
                grams[found] = gram
                whole[found] = i
                again[rare] = i
                prefetch(tallies, (gram & number_mask) << _TWO)
                found += np.uint64(same != _ZERO)
                rare += np.uint64(seen == _ZERO)
            for j in range(found):
                i = np.uint64(whole[j])
                check = checks[i]
                for k in range(i + _ONE, i + size):
                    check = check * _NEXT_CHECK + checks[k]
                gram = np.uint64(grams[j])
                same = np.uint64(np.uint64(tallies[gram, 3]) == check)
                again[rare] = i
                rare += _ONE - same
                before = tallies[gram, 2]
                new = same & np.uint64(before != document)
                tallies[gram, 2] = document if same else before
                tallies[gram, 1] += np.int64(same)
                tallies[gram, 0] += np.int64(new)
                present[distinct] = gram
                distinct += new
            # Rows that are full, and marks that two n-grams share.
            for j in range(rare):
                i = np.uint64(again[j])
                check = checks[i]
                for k in range(i + _ONE, i + size):
                    check = check * _NEXT_CHECK + checks[k]
                other = _search(keys[i], check, slots, row_shift, number_mask, tallies)
                if other >= 0:
                    tallies[other, 1] += 1
                    if tallies[other, 2] != document:
                        tallies[other, 2] = document
                        tallies[other, 0] += 1
                        present[distinct] = other
                        distinct += _ONE
            if size == longest or waits == _ZERO:
                break
            # The next word to each place that some longer n-gram begins at.
            going = _ZERO
            wholes = _ZERO
            for j in range(waits):
                i = np.uint64(waiting[j])
                key = keys[i] * _NEXT_KEY ^ hashes[i + size]
                keys[i] = key
                place = key >> sieve_shift
                bits = sieve[place >> _FIVE] >> ((place & _31) << _ONE)
                whole[wholes] = i
                wholes += (bits >> _ONE) & _ONE
                waiting[going] = i
                going += bits & _ONE
            waits = going
            size += _ONE
        if ended:
            return np.intp(distinct)
        # The last words may begin n-grams that go on: they come again.
        kept = longest - _ONE
        for k in range(kept):
            hashes[k] = hashes[tops + k]
            checks[k] = checks[tops + k]


@njit(nogil=True, cache=True)
def _search(key, check, slots, row_shift, number_mask, tallies):
    """The n-gram of this key and check, looked for in every slot it may be in; -1 if none."""
    at, mark = _row(key, row_shift, number_mask)
    held = np.uint64(slots[at])
    while held != _ZERO:
        gram = np.intp(held & number_mask) - 1
        if held & ~number_mask == mark and np.uint64(tallies[gram, 3]) == check:
            return gram
        at += _ONE
        held = np.uint64(slots[at])
    return -1


@njit(nogil=True, cache=True)
def scan(
    folded, folded_starts, folded_ends,
    first, longest, wanted, sieve, sieve_shift, slots, row_shift, number_mask,
    number, tallies, present,
    links, others, outputs, pair_documents, joined,
    text, starts, ends, records, limits, events, used,
):  # fmt: skip
    """Count n-grams, pairs and sample events of folded documents; see ``counting.Scanner``.

    Args:
        folded: uint8, of :func:`fold`.
        folded_starts: int64, [documents], where each starts in ``folded``.
        folded_ends: int64, [documents], where each ends; -1 for a document to pass over.
        first: uint64, of :func:`enter`, as all up to ``number_mask``.
        longest: uint64, words in the longest n-gram.
        wanted: bool, [longest + 1], whether there are n-grams of so many words.
        sieve: see :func:`enter`.
        sieve_shift: see :func:`enter`.
        slots: see :func:`enter`.
        row_shift: see :func:`enter`.
        number_mask: see :func:`enter`.
        number: documents scanned before.
        tallies: int64, [n-grams, 4]: documents, occurrences (both added to), the number of the
            last document each was seen in, from 1, and the check of :func:`enter`.
        present: int64, [n-grams + 1], room for the n-grams of one document.
        links: int64, [n-grams + 1], where each n-gram's pairs start in the next three.
        others: int32, [pairs], the n-gram a pair needs besides.
        outputs: int32, [pairs], its output n-gram.
        pair_documents: int64, [pairs], added to.
        joined: int64, [n-grams], the last document in which a pair held with this output; -1 for
            what is none.
        text: uint8, the documents as they were, for their hash.
        starts: int64, [documents], where each starts in ``text``.
        ends: int64, [documents], where each ends.
        records: int64, [documents], the record each came from.
        limits: uint64, [pairs + n-grams], largest hash of interest of each pair, then of each
            n-gram as an output without its inputs; empty where no sample is wanted.
        events: uint64, [places, 4], appended to: item, two halves of the hash, record.
        used: places of ``events`` in use.

    Returns:
        ``events``, grown where needed, and its places in use.
    """
    starts_of_words = np.empty(WORDS + LONGEST + 80, np.int64)
    room = starts_of_words.size + 2 * LONGEST
    hashes, checks, keys = (
        np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(room, np.uint64)
    )  # fmt: skip
    waiting, whole, grams, again = (
        np.empty(room, np.uint32), np.empty(room, np.uint32),
        np.empty(room, np.uint32), np.empty(2 * room, np.uint32),
    )  # fmt: skip
    pairs = pair_documents.size
    sampling = limits.size > 0
    for k in range(folded_starts.size):
        if folded_ends[k] < 0:
            continue
        number += 1
        distinct = _grams_of(
            folded, folded_starts[k], folded_ends[k], first, longest, wanted,
            sieve, sieve_shift, slots, row_shift, number_mask,
            starts_of_words, hashes, checks, keys, waiting, whole, grams, again, number, tallies, present,
        )  # fmt: skip
        if pairs == 0 or distinct == 0:
            continue
        high, low = _ZERO, _ZERO
        if sampling:
            high, low = document_hash(text, starts[k], ends[k])
        for j in range(distinct):
            gram = present[j]
            for link in range(links[gram], links[gram + 1]):
                if tallies[others[link], 2] != number:
                    continue
                pair_documents[link] += 1
                if not sampling:
                    continue
                joined[outputs[link]] = number
                if high <= limits[link]:
                    events = _with_room(events, used)
                    _note(events, used, link, high, low, records[k])
                    used += 1
        if not sampling:
            continue
        for j in range(distinct):
            gram = present[j]
            item = pairs + gram
            if high > limits[item] or joined[gram] < 0 or joined[gram] == number:
                continue
            events = _with_room(events, used)
            _note(events, used, item, high, low, records[k])
            used += 1
    return events, used


@njit(nogil=True, cache=True)
def events_by_place(events, places):
    """How many events of :func:`scan` each place has, int64, [items]; see :func:`keep_smallest`."""
    sizes = np.zeros(places.size, np.int64)
    for k in range(len(events)):
        sizes[places[events[k, 0]]] += 1
    return sizes


@njit(nogil=True, cache=True)
def keep_smallest(events, places, first, starts, counts, kept):
    """Add events to those of the smallest hashes of each item, in the order of their hashes.

    Of equal hashes, which are equal texts, the first record stays.

    Args:
        events: uint64, [events, 4], of :func:`scan`: item, two halves of the hash, record.
        places: int32, [items], where each item comes in the order.
        first: place of the first item wanted.
        starts: int64, [items wanted + 1], where each item's rows start in ``kept``. It has as many
            as are to be kept of it, or all that it will ever get.
        counts: int64, [items wanted], written: rows in use of each.
        kept: uint64, [rows, 4], written.
    """
    ahead = 16
    for k in range(len(events)):
        if k + ahead < len(events):
            place = places[events[k + ahead, 0]] - first
            if 0 <= place < counts.size:
                prefetch(kept, 4 * (starts[place] + counts[place] - 1))
        place = places[events[k, 0]] - first
        if not 0 <= place < counts.size:
            continue
        start, room = starts[place], starts[place + 1] - starts[place]
        high, low = events[k, 1], events[k, 2]
        new = start + counts[place]
        while new > start and (
            kept[new - 1, 1] > high or (kept[new - 1, 1] == high and kept[new - 1, 2] > low)
        ):
            new -= 1
        if new > start and kept[new - 1, 1] == high and kept[new - 1, 2] == low:
            kept[new - 1, 3] = min(kept[new - 1, 3], events[k, 3])
            continue
        if new == start + room:
            continue
        counts[place] = min(counts[place] + 1, room)
        for row in range(start + counts[place] - 1, new, -1):
            for j in range(4):
                kept[row, j] = kept[row - 1, j]
        for j in range(4):
            kept[new, j] = events[k, j]


@njit(nogil=True, cache=True)
def close_up(starts, counts, kept, size, limits):
    """Close the gaps that :func:`keep_smallest` left, and lower the limits of items with their fill.

    Args:
        starts: as there.
        counts: as there.
        kept: as there, rewritten.
        size: documents wanted of each item.
        limits: uint64, [items], the largest hash that is still of interest.

    Returns:
        Rows in use.
    """
    used = 0
    for place in range(counts.size):
        start, count = starts[place], counts[place]
        if count == size:
            item = np.intp(kept[start, 0])
            limits[item] = min(limits[item], kept[start + count - 1, 1])
        if used < start:
            for row in range(count):
                for j in range(4):
                    kept[used + row, j] = kept[start + row, j]
        used += count
    return used


@njit(nogil=True, cache=True)
def hexadecimal(hashes, digits):
    """Write hashes, uint64, [hashes, 2], to ``digits``, uint8, 32 of them each."""
    o = 0
    for k in range(len(hashes)):
        for half in range(2):
            for shift in range(60, -1, -4):
                digit = np.uint8((hashes[k, half] >> np.uint64(shift)) & np.uint64(15))
                digits[o] = digit + (48 if digit < 10 else 87)
                o += 1


@njit(nogil=True, cache=True)
def _with_room(events, used):
    """The events, in an array twice as long where it is full."""
    if used < len(events):
        return events
    larger = np.empty((2 * len(events), 4), np.uint64)
    larger[:used] = events
    return larger


@njit(nogil=True, cache=True)
def _note(events, place, item, high, low, record):
    events[place, 0] = item
    events[place, 1] = high
    events[place, 2] = low
    events[place, 3] = record
