"""Blocks of bytes: instructions of the processor that Numba has no name for, in LLVM's terms.

They read and write a whole block wherever it starts, so every buffer has ``PAD`` bytes of room after
its last byte in use.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ZERO, ONE = np.uint64(0), np.uint64(1)


def pointer(context, builder, array_type, array, index, width):
    """LLVM pointer to ``width`` bytes of an array from ``index`` on."""
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.gep(data, [index])
    return builder.bitcast(place, ir.VectorType(ir.IntType(8), width).as_pointer())


def splat(value, width):
    """A block of ``width`` bytes that are all ``value``."""
    return ir.Constant(ir.VectorType(ir.IntType(8), width), [value] * width)


def between(builder, block, low, high, width):
    """Lanes of a block that hold low to high."""
    return builder.icmp_unsigned(
        "<", builder.sub(block, splat(low, width)), splat(high - low + 1, width)
    )


def compared(context, builder, array_type, array, index, sign, byte):
    """One bit for each of 64 bytes: how it compares to ``byte``."""
    place = pointer(context, builder, array_type, array, index, 64)
    block = builder.load(place, align=1)
    return builder.bitcast(builder.icmp_unsigned(sign, block, splat(byte, 64)), ir.IntType(64))


@intrinsic
def load64(_context, array, index):
    """The eight bytes from ``index`` on as one number, little-endian, at any alignment."""

    def code(context, builder, signature, arguments):
        data, at = arguments
        place = pointer(context, builder, signature.args[0], data, at, 8)
        place = builder.bitcast(place, ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(array, types.intp), code


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
