"""Folded text: what :func:`tracemem.ngrams.words.words` sees, made by compiled loops.

It is the lower-case words of a document in UTF-8, with one or more spaces in place of everything
between them and a line feed after each document.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tracemem.corpus import utf8
from tracemem.corpus.blocks import ZERO, between, pointer, splat, trailing_zeros
from tracemem.jobs.compiled import compiled, part

SPACE, LINE_FEED = b" \n"


@intrinsic
def _fold_ascii(_context, source, index, target, place):
    """Fold 32 bytes of ASCII and tell, a bit each, which are not ASCII."""

    def code(context, builder, signature, arguments):
        source, index, target, place = arguments
        start = pointer(context, builder, signature.args[0], source, index, 32)
        block = builder.load(start, align=1)
        capital = between(builder, block, ord("A"), ord("Z"), 32)
        lower = builder.select(capital, builder.or_(block, splat(0x20, 32)), block)
        word = between(builder, lower, ord("a"), ord("z"), 32)
        word = builder.or_(word, between(builder, lower, ord("0"), ord("9"), 32))
        word = builder.or_(word, builder.icmp_unsigned("==", lower, splat(ord("_"), 32)))
        folded = builder.select(word, lower, splat(SPACE, 32))
        copy = pointer(context, builder, signature.args[2], target, place, 32)
        builder.store(folded, copy, align=1)
        odd = builder.icmp_signed("<", block, splat(0, 32))
        return builder.zext(builder.bitcast(odd, ir.IntType(32)), ir.IntType(64))

    return types.uint64(source, types.intp, target, types.intp), code


@compiled
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

    Returns:
        Bytes written to ``folded``.
    """
    o = 0
    for document in range(starts.size):
        folded_starts[document] = o
        end = _fold_document(text, starts[document], ends[document], lower, folded, o)
        folded_ends[document] = end
        if end >= 0:
            folded[end] = LINE_FEED
            o = end + 1
    return o


@part
def _fold_document(text, i, end, lower, folded, o):
    """Fold text[i:end] to folded[o:]; returns the place after it, or -1 where it has to be left out."""
    while i < end:
        odd = _fold_ascii(text, i, folded, o)
        plain = trailing_zeros(odd) if odd != ZERO else 32
        if i + plain >= end:
            return o + end - i
        i += plain
        o += plain
        while text[i] >= 0x80 and i < end:
            code_point, i = utf8.decode(text, i)
            new = lower[code_point]
            if new < 0:
                return -1
            o = utf8.encode(new, folded, o)
    return o


@compiled
def same_words(names, folded):
    """Whether n-grams, a line feed after each, are what they are folded to (both uint8)."""
    same = names.size == folded.size
    for i in range(names.size if same else 0):
        same &= folded[i] == (SPACE if names[i] == LINE_FEED else names[i])
    return same
