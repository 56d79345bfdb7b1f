"""Stop words by language, from the maintained lists of ``stopwordsiso``."""

from collections.abc import Mapping
from functools import cache

from tracemem.words import words


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


def sides(choices: Mapping[str, str | list[str] | None]) -> tuple[frozenset[str], frozenset[str]]:
    """The stop words of the input and of the output, from a task's choice for each."""
    return stop_words(choices["input"]), stop_words(choices["output"])
