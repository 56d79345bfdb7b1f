"""Searches in one shard of an infini-gram index, as plain loops.

A shard is its tokens (uint16, in the machine's little-endian order) and its table: the byte
position of every suffix of the tokens, ``width`` bytes each, little-endian, in the order of the
suffixes *as bytes*. Tokens therefore sort by their low byte first, see :func:`sort_key`. A range
of ranks [low, high) of the table stands for all occurrences of the sequence its suffixes begin
with.
"""

import numpy as np

from tracemem.jobs.compiled import compiled


@compiled
def sort_key(token):
    """Rank of a token among the 65,536 in the table's order: its two bytes swapped."""
    return ((token & 0xFF) << 8) | (token >> 8)


@compiled
def _position(table, width, rank):
    """Position, in tokens, of the suffix at a rank of the table."""
    at = rank * width
    value = np.int64(0)
    for k in range(width):
        value |= np.int64(table[at + k]) << (8 * k)
    return value >> 1


@compiled
def _compare(tokens, position, query, start, length, matched):
    """Compare a suffix with query[start : start + length], the first ``matched`` known equal.

    Returns (tokens equal, sign); sign is -1 where the suffix sorts before the query, 0 where it
    begins with it, 1 where it sorts after.
    """
    limit = min(length, tokens.size - position)
    while matched < limit:
        ours, theirs = tokens[position + matched], query[start + matched]
        if ours != theirs:
            return matched, 1 if sort_key(ours) > sort_key(theirs) else -1
        matched += 1
    # A suffix that ends with the corpus inside the query sorts before it, like a shorter word.
    return matched, 0 if matched == length else -1


@compiled
def _hit(tokens, table, width, query, start, length, low, high, matched):
    """Any rank in [low, high) whose suffix begins with the query, and what was learnt on the way.

    The suffixes in the range agree with the query in ``matched`` tokens. Returns (low, hit, high,
    left, right): the range still open, the rank or -1, and the tokens in which the suffixes at
    its two ends are known to agree with the query.
    """
    left, right = matched, matched
    while low < high:
        middle = (low + high) >> 1
        equal, sign = _compare(
            tokens, _position(table, width, middle), query, start, length, min(left, right)
        )
        if sign < 0:
            low, left = middle + 1, equal
        elif sign > 0:
            high, right = middle, equal
        else:
            return low, middle, high, left, right
    return low, -1, high, left, right


@compiled
def _widen(tokens, table, width, query, start, length, low, hit, high, left, right):
    """All ranks in [low, high) whose suffixes begin with the query, grown from one of them."""
    end = hit
    while low < end:
        middle = (low + end) >> 1
        equal, sign = _compare(tokens, _position(table, width, middle), query, start, length, left)
        if sign < 0:
            low, left = middle + 1, equal
        else:
            end = middle
    first = low
    low = hit + 1
    while low < high:
        middle = (low + high) >> 1
        equal, sign = _compare(tokens, _position(table, width, middle), query, start, length, right)
        if sign > 0:
            high, right = middle, equal
        else:
            low = middle + 1
    return first, high


@compiled
def _longest_suffix(tokens, table, width, buckets, query, end, most):
    """The longest suffix of query[:end] of at most ``most`` tokens that occurs: length and range.

    Gallops over the length, then halves the interval: a suffix of an occurring one occurs.
    """
    have, missing = 0, most + 1
    low, hit, high, left, right = np.int64(0), np.int64(-1), buckets[-1], 0, 0
    length = 1
    galloping = True
    while missing - have > 1:
        key = sort_key(query[end - length])
        found = _hit(
            tokens, table, width, query, end - length, length, buckets[key], buckets[key + 1], 1
        )
        if found[1] >= 0:
            have = length
            low, hit, high, left, right = found
        else:
            missing = length
            galloping = False
        length = min(2 * have, missing - 1) if galloping else (have + missing) >> 1
    if have == 0:
        return 0, np.int64(0), buckets[-1]
    low, high = _widen(tokens, table, width, query, end - have, have, low, hit, high, left, right)
    return have, low, high


@compiled
def first_token_buckets(tokens, table, width):
    """Where the suffixes of each first token begin in the table.

    Returns buckets (int64, [65537]): token t has the ranks buckets[k] to buckets[k + 1] with
    k = sort_key(t). Looks only at the tokens that occur.
    """
    buckets = np.full(65537, tokens.size, np.int64)
    filled = 0
    low = np.int64(0)
    while low < tokens.size:
        key = sort_key(tokens[_position(table, width, low)])
        buckets[filled : key + 1] = low
        filled = key + 1
        # Gallop, then halve, to the first suffix of another token.
        step = np.int64(1)
        while low + step < tokens.size and (
            sort_key(tokens[_position(table, width, low + step)]) == key
        ):
            low += step
            step *= 2
        high = min(low + step, np.int64(tokens.size))
        low += 1
        while low < high:
            middle = (low + high) >> 1
            if sort_key(tokens[_position(table, width, middle)]) == key:
                low = middle + 1
            else:
                high = middle
    return buckets


@compiled
def answer(
    tokens, table, width, buckets, query, bounds, asked, begin, end, lengths, counts, continued
):
    """Answer the places numbered ``begin`` to ``end`` of a batch from one shard.

    Args:
        tokens: uint16, [tokens of the shard].
        table: uint8, [tokens of the shard x width].
        width: bytes of one entry of the table.
        buckets: int64, [65537], of :func:`first_token_buckets`.
        query: uint16, all sequences of the batch, one after another.
        bounds: int64, [sequences + 1], where each sequence starts in ``query``.
        asked: int64, [sequences + 1], number of the first place of each sequence; places are the
            last tokens of their sequence, in order.
        begin: first place to answer.
        end: place after the last one to answer.
        lengths: int32, [places], written: longest suffix of the context that occurs here.
        counts: int64, [places], written: its occurrences here.
        continued: int64, [places], written: its occurrences followed by the token.
    """
    sequence = np.searchsorted(asked, begin, side="right") - 1
    fresh = True
    length, low, high = 0, np.int64(0), np.int64(0)
    after_low, after_high = np.int64(0), np.int64(0)
    for place in range(begin, end):
        while asked[sequence + 1] <= place:
            sequence += 1
            fresh = True
        at = bounds[sequence + 1] - (asked[sequence + 1] - place)
        if fresh:
            length, low, high = _longest_suffix(
                tokens, table, width, buckets, query, at, at - bounds[sequence]
            )
            fresh = False
        elif after_low < after_high:
            # No suffix grows by more than the token just read, and this one with it occurs.
            length, low, high = length + 1, after_low, after_high
        else:
            length, low, high = _longest_suffix(tokens, table, width, buckets, query, at, length)
        if length == 0:
            key = sort_key(query[at])
            after_low, after_high = buckets[key], buckets[key + 1]
        else:
            after_low, hit, after_high, left, right = _hit(
                tokens, table, width, query, at - length, length + 1, low, high, length
            )
            if hit >= 0:
                after_low, after_high = _widen(
                    tokens, table, width, query, at - length, length + 1,
                    after_low, hit, after_high, left, right,
                )  # fmt: skip
        lengths[place] = length
        counts[place] = high - low
        continued[place] = after_high - after_low
