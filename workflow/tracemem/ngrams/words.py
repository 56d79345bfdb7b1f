"""Words and n-grams: one rule for questions, answers, documents and generations.

Text is put in Unicode NFC, then lower case; words are the maximal runs of ``\\w``, everything else
separates. An n-gram is n adjacent words, written as the words joined by one space. This module is
the plain reference: the counting loops are tested to equal it on every input.
"""

import re
import unicodedata
from collections.abc import Iterator

_WORD = re.compile(r"\w+")


def normalize(text: str) -> str:
    """Text in NFC, then lower case: the form in which words are compared."""
    return unicodedata.normalize("NFC", text).lower()


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return _WORD.findall(normalize(text))


def word_spans(text: str) -> list[tuple[int, int]]:
    """Character span (start, end) of every word in ``text`` itself, which must be NFC.

    ``text[start:end]`` is the word before lower-casing; the k-th span is the k-th word's.

    Raises:
        ValueError: ``text`` is not in NFC, so its characters are not those the words come from.
    """
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError(f"word_spans needs NFC text, got {text[:40]!r}")
    lowered = text.lower()
    if len(lowered) == len(text):
        return [match.span() for match in _WORD.finditer(lowered)]
    # A few characters lower to two (İ): map each lowered position back to its character.
    origin = [i for i, character in enumerate(text) for _ in character.lower()]
    return [
        (origin[match.start()], origin[match.end() - 1] + 1) for match in _WORD.finditer(lowered)
    ]


def ngrams(text: str, n: int) -> Iterator[str]:
    """Every n-gram of a text, in order, with repetitions: G_n(t) as a sequence."""
    sequence = words(text)
    return (" ".join(sequence[i : i + n]) for i in range(len(sequence) - n + 1))


def content_ngrams(text: str, n: int, stop_words: frozenset[str] = frozenset()) -> list[str]:
    """The distinct n-grams of a text, in order of first occurrence, less those of stop words only.

    Stop words are looked at after the n-grams are formed, so that every n-gram is contiguous in
    its text.
    """
    return [
        gram for gram in dict.fromkeys(ngrams(text, n)) if not stop_words.issuperset(gram.split())
    ]
