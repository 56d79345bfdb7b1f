"""Tasks: examples of whatever source, in one table (``tables.EXAMPLES``)."""

import hashlib
import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tracemem.ngrams.words import words
from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks import gsm8k, jsonl, mmlu, parallel_text, triviaqa
from tracemem.tasks.examples import Example
from tracemem.tasks.records import TaskError, hub_records, records

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TaskError", "load", "look", "read"]
_log = logging.getLogger(__name__)


def load(task: ExamplesSettings, split: str) -> "pd.DataFrame":
    """Examples of one split, ``test`` or ``train``, with the columns of ``tables.EXAMPLES``.

    Every text is in NFC; ``aliases`` holds the target first, then the others once each.

    Raises:
        TaskError: the task has no example, or a record is not what it should be; file and line,
            what was found and what is allowed are named.
    """
    import pandas as pd

    where = ", ".join(task.files(split)) or "no file"
    if task.test_set and split == "test":
        where = f"sacrebleu {task.test_set}"
    elif task.hub:
        where = f"hub {task.hub.name}"
    found = list(read(task, split))
    if not found:
        raise TaskError(f"{where}: no example in the {split} split")
    if task.groups and task.format != "mmlu":
        found = _of_groups(task, found, where)
    limit = task.test_limit if split == "test" else task.train_limit
    if limit and limit < len(found):
        _log.info("%s: %d of %d examples kept", where, limit, len(found))
        found = _sample(found, limit)
    if task.permuted_of and split == "test":
        found = _permuted(found, where)
    return pd.DataFrame(
        {
            "example": range(len(found)),
            "group": [example.group for example in found],
            "input": [example.input for example in found],
            "target": [example.target for example in found],
            "aliases": [example.aliases for example in found],
            "options": [example.options for example in found],
        }
    )


def look(task: ExamplesSettings, split: str) -> None:
    """Read the first example of a split and no more.

    Raises:
        TaskError: there is none, or it is not what it should be, as :func:`load` would say.
    """
    if next(read(task, split), None) is None:
        raise TaskError(f"{', '.join(task.files(split))}: no example in the {split} split")


def read(task: ExamplesSettings, split: str) -> Iterator[Example]:
    """Every example of a split, one after the other, before any is chosen.

    Raises:
        TaskError: as in :func:`load`.
    """
    return (_in_nfc(task, example) for example in _examples(task, split))


def _examples(task: ExamplesSettings, split: str) -> Iterator[Example]:
    if task.format in ("jsonl", "gsm8k"):
        source = {"jsonl": jsonl, "gsm8k": gsm8k}[task.format]
        if task.hub:
            yield from source.examples(task, hub_records(task.hub, split))
        for path in task.files(split):
            yield from source.examples(task, records(path))
        return
    if task.format == "parallel-text":
        yield from parallel_text.examples(task, split)
        return
    source = {"mmlu": mmlu, "triviaqa": triviaqa}[task.format]
    if task.hub:
        yield from source.of_records(task, hub_records(task.hub, split))
    elif task.files(split):
        yield from source.examples(task, split)


def _in_nfc(task: ExamplesSettings, example: Example) -> Example:
    def nfc(text: str) -> str:
        return unicodedata.normalize("NFC", text).strip()

    target, options = nfc(example.target), [nfc(option) for option in example.options]
    if not nfc(example.input) or not target:
        side = "target" if nfc(example.input) else "input"
        raise TaskError(f"{example.place}: empty {side}, allowed: a text with words")
    if task.kind == "multiple-choice" and target not in options:
        raise TaskError(f"{example.place}: target {target!r}, allowed: an option, {options}")
    if task.kind == "multiple-choice" and (len(options) < 2 or not all(options)):
        raise TaskError(f"{example.place}: options {options}, allowed: two or more texts")
    aliases = dict.fromkeys([target, *(nfc(alias) for alias in example.aliases)])
    return Example(
        place=example.place,
        input=nfc(example.input),
        target=target,
        aliases=[alias for alias in aliases if alias],
        options=options,
        group=nfc(example.group) or "-".join(task.languages),
    )


def _of_groups(task: ExamplesSettings, found: list[Example], where: str) -> list[Example]:
    known = {example.group for example in found}
    wrong = [group for group in task.groups if group not in known]
    if wrong:
        raise TaskError(f"{where}: no group {wrong[0]!r}, found: {', '.join(sorted(known))}")
    return [example for example in found if example.group in task.groups]


def _by_hash(found: list[Example]) -> list[int]:
    """Places of the examples in an order that depends on their texts alone."""

    def key(i: int) -> tuple[bytes, int]:
        text = f"{found[i].input}\n{found[i].target}".encode()
        return hashlib.blake2b(text, digest_size=16).digest(), i

    return sorted(range(len(found)), key=key)


def _sample(found: list[Example], limit: int) -> list[Example]:
    """The ``limit`` examples of smallest hash, in their order; independent of their order."""
    return [found[i] for i in sorted(_by_hash(found)[:limit])]


def _permuted(found: list[Example], where: str) -> list[Example]:
    """Every input with the answer of another example of its group: target, aliases and options.

    Raises:
        TaskError: no group has two different answers.
    """
    groups: dict[str, list[int]] = {}
    for place in _by_hash(found):
        groups.setdefault(found[place].group, []).append(place)
    answer = [tuple(words(example.target)) or example.target for example in found]
    given: dict[int, int] = {}
    for group, places in groups.items():
        own = [answer[place] for place in places]
        order = _moved(own)
        given.update((place, places[to]) for place, to in zip(places, order, strict=True))
        if kept := sum(own[to] == mine for to, mine in zip(order, own, strict=True)):
            why = "one answer" if len(own) > 1 else "one example"
            why = why if len(set(own)) == 1 else "one answer in more than half of its examples"
            _log.warning(
                "%s: permuted answers: group %r has %s, so that %d of %d examples keep their own",
                where, group, why, kept, len(own),
            )  # fmt: skip
    if all(answer[place] == answer[to] for place, to in given.items()):
        raise TaskError(
            f"{where}: permuted answers: found no group with two different answers, allowed: one "
            "or more"
        )
    others = [found[given[i]] for i in range(len(found))]
    return [
        replace(example, target=other.target, aliases=other.aliases, options=other.options)
        for example, other in zip(found, others, strict=True)
    ]


def _moved(own: list) -> list[int]:
    """Whose answer each place is given: the next one's, but none its own answer where that can be.

    A place that would keep its answer changes with the next one that neither has that answer nor
    is given it. There is such a place unless more than half have this answer, and then as few keep
    it as can be.
    """
    order, stuck = [*range(1, len(own)), 0], set()
    for at, mine in enumerate(own):
        if own[order[at]] != mine or mine in stuck:
            continue
        for other in (*range(at + 1, len(own)), *range(at)):
            if mine not in (own[other], own[order[other]]):
                order[at], order[other] = order[other], order[at]
                break
        else:
            stuck.add(mine)
    return order
