"""Stop words by language, from the maintained lists of ``stopwordsiso``."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import TypeVar

from tracemem.ngrams.words import words
from tracemem.settings.mining import StopWordSettings

StopWords = frozenset[str] | Sequence[frozenset[str]]
Text = TypeVar("Text")


@cache
def _of_language(language: str) -> frozenset[str]:
    import stopwordsiso

    if language not in stopwordsiso.langs():
        raise ValueError(
            f"no stop words for language {language!r}, allowed: "
            f"{', '.join(sorted(stopwordsiso.langs()))}"
        )
    return _split(stopwordsiso.stopwords(language))


def _split(entries) -> frozenset[str]:
    return frozenset(word for entry in entries for word in words(entry))


def stop_words(choice: str | list[str] | None) -> frozenset[str]:
    """Stop words in the form n-grams have: NFC, lower case, one word each.

    Args:
        choice: a language code, a list of words, or None for no stop words. An entry such as
            "ain't" gives the words it is cut into, "ain" and "t".

    Raises:
        ValueError: no list is known for the language.
    """
    if choice is None:
        return frozenset()
    return _of_language(choice) if isinstance(choice, str) else _split(choice)


def with_stop_words(
    texts: Iterable[Text], stop_words: StopWords
) -> Iterator[tuple[Text, frozenset[str]]]:
    """Each text with its stop words: one set for all, or one for each of them."""
    if isinstance(stop_words, frozenset):
        return zip(texts, repeat(stop_words))
    return zip(texts, stop_words, strict=True)


def sides(
    choices: StopWordSettings, directions: Sequence[str]
) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """The stop words of each example's input and of its output, [examples] each.

    Args:
        choices: a task's choice for its input and its output; "direction" stands for the language
            that side has in the example's direction.
        directions: group of each example, [examples]; such as de-en where a choice is "direction".

    Raises:
        ValueError: no list is known for a language.
    """

    def side(choice: str | list[str] | None, place: int) -> list[frozenset[str]]:
        if choice != "direction":
            return [stop_words(choice)] * len(directions)
        return [stop_words(direction.split("-")[place]) for direction in directions]

    return side(choices.input, 0), side(choices.output, 1)
