"""Own tasks: JSONL whose fields are named in the settings.

The gold answer is a text, or a list of texts: the first is the gold answer, the others are aliases.
Where options are given, it may also name one of them, by number (0 is the first) or by letter (A is
the first). All gold answers of a file are read alike: as numbers if one is a number and not a text;
as letters, or as numbers in quotes, if all are such and most are not options themselves.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, field, texts


def examples(task: ExamplesSettings, records: Iterator[Record]) -> Iterator[Example]:
    """Examples of the records of one file, with the fields ``task.fields``.

    Raises:
        TaskError: a field is missing or of another kind, or a gold answer names no option.
    """
    names = task.fields
    if not names.options:
        for place, record in records:
            yield _example(task, place, record, _golds(record, names.target, place), [])
        return
    # How golds are written shows in all of them together.
    found = list(records)
    golds = [gold_of(record, names.target, place) for place, record in found]
    options = [texts(record, names.options, place) for place, record in found]
    written = how_written(golds, options)
    for (place, record), gold, choices in zip(found, golds, options, strict=True):
        target = named_option(gold, choices, written, f"{place}: field {names.target!r}")
        yield _example(task, place, record, [target], choices)


def _example(
    task: ExamplesSettings, place: str, record: dict[str, Any], golds: list[str], options: list[str]
) -> Example:
    names = task.fields
    return Example(
        place=place,
        input=field(record, names.input, place),
        target=golds[0],
        aliases=golds[1:] + (texts(record, names.aliases, place) if names.aliases else []),
        options=options,
        group=field(record, names.group, place) if names.group else "",
    )


def _golds(record: dict[str, Any], name: str, place: str) -> list[str]:
    if not isinstance(record.get(name), list):
        return [field(record, name, place)]
    found = texts(record, name, place)
    if not found:
        raise TaskError(f"{place}: field {name!r} is an empty list, allowed: a text in it")
    return found


def gold_of(record: dict[str, Any], name: str, place: str) -> str | int:
    """The gold answer among options as it is written: a text, a letter or a number.

    Raises:
        TaskError: the field is missing, or neither a text nor a whole number.
    """
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return field(record, name, place)


def how_written(golds: Sequence[str | int], options: Sequence[Sequence[str]]) -> str:
    """How the gold answers of a file name their options: as a text, a letter or a number."""
    texts = [gold for gold in golds if not isinstance(gold, int)]
    if len(texts) < len(golds):
        return "number"
    pairs = list(zip(texts, options, strict=True))
    if 2 * sum(_plain(gold) in map(_plain, choices) for gold, choices in pairs) >= len(pairs):
        return "text"
    for written, number_of in (("letter", _letter), ("number", _number)):
        numbers = [number_of(gold) for gold in texts]
        inside = sum(
            -1 < number < len(choices) for number, choices in zip(numbers, options, strict=True)
        )
        if min(numbers) >= 0 and 2 * inside >= len(pairs):
            return written
    return "text"


def named_option(gold: str | int, options: Sequence[str], written: str, place: str) -> str:
    """The option that a gold answer names, or the answer itself where it is a text.

    Raises:
        TaskError: there is no option of that number or letter.
    """
    if written == "text":
        return str(gold)
    if not options:
        raise TaskError(f"{place} is {gold!r}, and there is no option; allowed: two or more texts")
    last = len(options) - 1
    if written == "letter":
        number, allowed = _letter(str(gold)), f"A, the first option, to {chr(ord('A') + last)}"
    else:
        number = gold if isinstance(gold, int) else _number(gold)
        allowed = f"0, the first option, to {last}"
    if not 0 <= number <= last:
        raise TaskError(f"{place} is {gold!r}, allowed: {allowed}")
    return options[number]


def _letter(gold: str) -> int:
    letter = _plain(gold).upper()
    return ord(letter) - ord("A") if len(letter) == 1 and "A" <= letter <= "Z" else -1


def _number(gold: str) -> int:
    digits = _plain(gold)
    return int(digits) if digits.isascii() and digits.isdigit() else -1


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
