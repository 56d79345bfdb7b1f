"""Translations: one sentence a line in two files (WMT, Europarl), WMT's ``.sgm``, or sacrebleu."""

import html
import logging
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, content, field, hub_records, lines, records

_log = logging.getLogger(__name__)
_MARK = re.compile(
    r"<doc\b[^>]*\bdocid=\"(?P<doc>[^\"]*)\"[^>]*>|<seg\b[^>]*\bid=\"?(?P<id>[^\">\s]+)\"?[^>]*>"
    r"(?P<text>.*?)</seg>|(?P<open><seg\b)",
    re.IGNORECASE | re.DOTALL,
)


def examples(task: ExamplesSettings, split: str) -> Iterator[Example]:
    """Examples of two aligned files, of records or of a test set; the group is the direction.

    Training text with an empty side, which Europarl has, is passed over and its amount logged.

    Raises:
        TaskError: the sides are not aligned, or a side of a test sentence is empty.
    """
    empty = total = 0
    for example in _found(task, split):
        total += 1
        if split == "train" and not (example.input.strip() and example.target.strip()):
            empty += 1
        else:
            yield example
    if empty:
        _log.warning("%s: %d of %d lines have an empty side", example.place, empty, total)


def _found(task: ExamplesSettings, split: str) -> Iterator[Example]:
    if task.test_set and split == "test":
        for direction in task.languages_by_direction():
            yield from _of_files(direction, _test_set(task.test_set, direction))
    elif task.hub:
        for direction in task.languages_by_direction():
            found = hub_records(task.hub_of(direction), split)
            yield from of_records(task, found, [direction])
    for direction, paths in task.sides(split).items():
        if len(paths) == 1:
            yield from of_records(task, records(paths[0]), [direction])
        else:
            yield from _of_files(direction, paths)


def _of_files(direction: str, paths: list[str]) -> Iterator[Example]:
    sides = [_segments(path) for path in paths]
    if list(sides[0]) != list(sides[1]):
        lone = sorted(set(sides[0]) ^ set(sides[1]))[:1]
        raise TaskError(
            f"{paths[0]} and {paths[1]} are not aligned: {len(sides[0])} and {len(sides[1])} "
            f"segments; the first on one side only: {lone}"
        )
    for key, (place, source) in sides[0].items():
        yield Example(place=place, input=source, target=sides[1][key][1], group=direction)


def _test_set(test_set: str, direction: str) -> list[str]:
    """Both files of a test set as sacrebleu keeps it, downloaded by it where they are not here."""
    from sacrebleu.dataset import DATASETS

    name = f"sacrebleu {test_set}"
    if test_set not in DATASETS:
        close = ", ".join(get_close_matches(test_set, DATASETS))
        raise TaskError(
            f"{name}: no such test set; allowed: {close or 'those of sacrebleu --list'}"
        )
    known = DATASETS[test_set]
    if direction not in known.langpairs:
        allowed = ", ".join(sorted(known.langpairs))
        raise TaskError(f"{name}: no direction {direction!r}, allowed: {allowed}")
    try:
        return [known.get_source_file(direction), known.get_reference_files(direction)[0]]
    except (Exception, SystemExit) as wrong:  # the package leaves the process at a bad checksum
        raise TaskError(f"{name}: cannot be had ({type(wrong).__name__}: {wrong})") from wrong


def of_records(
    task: ExamplesSettings, found: Iterator[Record], directions: Iterable[str] = ()
) -> Iterator[Example]:
    """Examples of records whose ``translation`` holds both languages by code.

    ``directions`` are those to read, all of the task if none is named.
    """
    languages = task.languages_by_direction()
    for place, record in found:
        pair = field(record, "translation", place, dict)
        for direction in directions or languages:
            source, target = languages[direction]
            yield Example(
                place=place,
                input=field(pair, source, place),
                target=field(pair, target, place),
                group=direction,
            )


def _segments(path: str) -> dict[tuple, tuple[str, str]]:
    """Place and text of every segment, by line number or by document and segment name."""
    if path.endswith((".sgm", ".sgm.gz", ".sgml")):
        return _sgm(path)
    return {(number,): line for number, line in enumerate(lines(path), 1)}


def _sgm(path: str) -> dict[tuple, tuple[str, str]]:
    text = content(path)
    found: dict[tuple, tuple[str, str]] = {}
    document, line, position = "", 1, 0
    for mark in _MARK.finditer(text):
        line += text.count("\n", position, mark.start())
        position = mark.start()
        place = f"{path}:{line}"
        if mark["doc"] is not None:
            document = mark["doc"]
        elif mark["open"]:
            raise TaskError(f"{place}: a <seg> without id or without </seg>")
        elif (document, mark["id"]) in found:
            raise TaskError(f"{place}: segment {mark['id']} of document {document!r} again")
        else:
            found[document, mark["id"]] = (place, html.unescape(mark["text"]).strip())
    return found
