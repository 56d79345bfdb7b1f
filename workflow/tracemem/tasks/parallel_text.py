"""Translations: one sentence a line in two files (WMT, Europarl), or WMT's ``.sgm``."""

import html
import logging
import re
from collections.abc import Iterable, Iterator

from tracemem.task_settings import TaskSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, content, field, lines, records

_log = logging.getLogger(__name__)
_MARK = re.compile(
    r"<doc\b[^>]*\bdocid=\"(?P<doc>[^\"]*)\"[^>]*>|<seg\b[^>]*\bid=\"?(?P<id>[^\">\s]+)\"?[^>]*>"
    r"(?P<text>.*?)</seg>|(?P<open><seg\b)",
    re.IGNORECASE | re.DOTALL,
)


def examples(task: TaskSettings, split: str) -> Iterator[Example]:
    """Examples of two aligned files a direction, input first; the group is the direction.

    Training text with an empty side, which Europarl has, is passed over and its amount logged.

    Raises:
        TaskError: the files are not aligned, or a side of a test sentence is empty.
    """
    for direction, paths in task.sides(split).items():
        if len(paths) == 1:
            yield from of_records(task, records(paths[0]), [direction])
        else:
            yield from _aligned(direction, paths, split)


def _aligned(direction: str, paths: list[str], split: str) -> Iterator[Example]:
    sides = [_segments(path) for path in paths]
    if list(sides[0]) != list(sides[1]):
        lone = sorted(set(sides[0]) ^ set(sides[1]))[:1]
        raise TaskError(
            f"{paths[0]} and {paths[1]} are not aligned: {len(sides[0])} and {len(sides[1])} "
            f"segments; the first on one side only: {lone}"
        )
    empty = 0
    for key, (place, source) in sides[0].items():
        target = sides[1][key][1]
        if split == "train" and not (source.strip() and target.strip()):
            empty += 1
            continue
        yield Example(place=place, input=source, target=target, group=direction)
    if empty:
        _log.warning("%s: %d of %d lines have an empty side", paths[0], empty, len(sides[0]))


def of_records(
    task: TaskSettings, found: Iterator[Record], directions: Iterable[str] = ()
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
