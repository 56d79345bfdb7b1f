"""Counter-based random numbers: every draw is a function of (seed, stream, index) alone.

A document can so be made by itself, in any order and in any process, without a generator's state
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). The mixing function is the
finalizer of SplitMix64 (Steele, Lea and Flood 2014). All arrays are uint64 and wrap around.
"""

import hashlib

import numpy as np

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)


def _mix(value: np.ndarray) -> np.ndarray:
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))


def _key(seed: int, stream: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def draw(seed: int, stream: str, index) -> np.ndarray:
    """Uniform 64-bit draws (uint64, the shape of ``index``), independent between streams."""
    index = np.atleast_1d(np.asarray(index)).astype(np.uint64)
    key = _key(seed, stream)
    return _mix(_mix(index * _GAMMA + key) ^ key)


def below(limit: int, seed: int, stream: str, index) -> np.ndarray:
    """Uniform draws from 0 to ``limit`` - 1 (int64); the bias is at most limit / 2**32."""
    return ((draw(seed, stream, index) >> _HALF) * np.uint64(limit) >> _HALF).astype(np.int64)


def share(seed: int, stream: str, index) -> np.ndarray:
    """Uniform draws in [0, 1) (float64)."""
    return (draw(seed, stream, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def zipf(size: int, exponent: float, seed: int, stream: str, index) -> np.ndarray:
    """Draws from 0 to ``size`` - 1 (int64), the r-th with probability ~ r^-exponent."""
    weights = np.arange(1, size + 1, dtype=np.float64) ** -exponent
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(
        np.searchsorted(edges, share(seed, stream, index), side="right"), size - 1
    ).astype(np.int64)


def permute(size: int, seed: int, stream: str, index) -> np.ndarray:
    """Places of ``index`` (0 to ``size`` - 1) under a pseudo-random permutation (int64).

    A Feistel network of four rounds on the next even number of bits, walked along its cycle until
    the value lies inside (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
    """
    value = np.atleast_1d(np.asarray(index)).astype(np.uint64)
    half = np.uint64(max(1, ((size - 1).bit_length() + 1) // 2))
    mask = (np.uint64(1) << half) - np.uint64(1)
    keys = [_key(seed, f"{stream}/{turn}") for turn in range(4)]
    outside = np.arange(len(value))
    while len(outside):
        left, right = value[outside] >> half, value[outside] & mask
        for key in keys:
            left, right = right, left ^ (_mix(right * _GAMMA + key) & mask)
        value[outside] = (left << half) | right
        outside = outside[value[outside] >= size]
    return value.astype(np.int64)


_SYLLABLES = [onset + vowel for onset in "bdfgklmnprstvzh" for vowel in "aeiou"]


def invent(count: int, ending: str, seed: int, stream: str, shortest: int = 2) -> list[str]:
    """``count`` distinct invented words: ``shortest`` syllables, or more if needed, and an ending.

    Words with different endings differ if every ending is empty or begins with a consonant.
    """
    length = shortest
    while len(_SYLLABLES) ** length < 2 * count:
        length += 1
    codes = permute(len(_SYLLABLES) ** length, seed, stream, np.arange(count)).tolist()
    words = []
    for code in codes:
        word = ""
        for _ in range(length):
            code, syllable = divmod(code, len(_SYLLABLES))
            word += _SYLLABLES[syllable]
        words.append(word + ending)
    return words
