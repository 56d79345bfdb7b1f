"""Which fields of own records are the input, the gold answer, its aliases, options and group.

Known names come first (``columns.NAMES``), then what the values look like.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tracemem.ngrams.words import words
from tracemem.settings.examples import Kind
from tracemem.settings.languages import LANGUAGES
from tracemem.tasks import jsonl
from tracemem.tasks.columns import NAMES, Column, Table
from tracemem.tasks.guesses import Guess, count, translates
from tracemem.tasks.records import TaskError, field

_CODES = {
    **{code: code for code in LANGUAGES},
    **{name.lower(): code for code, name in LANGUAGES.items()},
}
# Names of the two sides of what may be a translation.
_SIDES = {
    "input": {"source", "src", "input", "text", "sentence", "x"},
    "target": {"target", "tgt", "output", "translation", "reference", "ref", "y"},
}
_WRITTEN = {
    "text": "by its text", "letter": "by its letter, A the first",
    "number": "by its number, 0 the first",
}  # fmt: skip


def of_table(table: Table, kind: Kind | Literal[""], known: dict[str, str]) -> Guess:
    """The guess for own records; what is known of kind and fields is kept.

    Raises:
        TaskError: the records leave open what they hold.
    """
    fields, said = dict(known), []
    languages: tuple[str, ...] = ()
    if kind in ("", "multiple-choice"):
        said += _find_options(table, kind, fields)
    if "options" not in fields:
        if kind in ("", "translation"):
            languages = _find_languages(table, fields)
        said += _find_texts(table, fields, translated=kind == "translation" or bool(languages))
    if languages:
        said.append(translates(languages, "the fields' or the file's names say"))
    if not kind:
        kind, why = _kind(table, fields, languages)
        said.append(f"kind is {kind}: {why}")
    said += _find_beside(table, fields)
    if left := [name for name in table.columns if name not in fields.values()]:
        said.append(f"not used: {', '.join(left)}")
    return Guess(
        format="jsonl",
        kind=kind,
        test=table.path,
        fields=fields,
        languages=languages,
        said=tuple(said),
    )


def _kind(table: Table, fields: dict[str, str], languages: Sequence[str]) -> tuple[Kind, str]:
    if "options" in fields:
        return "multiple-choice", "every record has options"
    if languages:
        return "translation", "input and gold answer are in two languages"
    answers = table.columns[fields["target"]]
    if answers.is_text and all("####" in value for value in answers.values):
        return "reasoning", "every answer is worked out and ends in '####' and a number"
    why = "there are no options, no languages and no '####' in answers"
    if set(table.columns[fields["input"]].words) & {"source", "src"}:
        why += "; set kind: translation and languages if it is one"
    return "question-answering", why


def _find_options(table: Table, kind: str, fields: dict[str, str]) -> list[str]:
    """Fill in input, target and options, where the records have options."""

    def offers(column: Column) -> bool:
        return column.is_texts and all(len(value) > 1 for value in column.values)

    name = fields.get("options") or table.named("options", offers)
    if not name and not kind and (other := table.named("options", lambda c: not c.missing)):
        raise table.open(f"{other} looks like the options, allowed: a list of two or more texts")
    name = name or _options_by_shape(table, fields.get("target", ""))
    if not name and not kind:
        return []
    if not name:
        raise table.open("no field holds options, a list of two or more texts")
    options = table.columns[name]
    target = fields.get("target") or table.named(
        "target", lambda column: column.name != name and _names_options(column, options)
    )
    if not target:
        raise table.open(
            f"{name} looks like the options, but no field says which of them is right, by its "
            "text, its letter or its number from 0"
        )
    asked = fields.get("input") or table.named(
        "input", lambda column: column.is_text and column.name not in (name, target)
    )
    if not asked:
        left = table.varied(name, target)
        if len(left) != 1:
            raise table.open("which field is the input cannot be told")
        asked = left[0].name
    fields |= {"input": asked, "target": target, "options": name}
    written = jsonl.how_written(table.columns[target].values, options.values)
    sizes = sorted({len(value) for value in options.values})
    return [
        _input_said(table.columns[asked]),
        f"{name} holds the options: lists of {'-'.join(map(str, sizes[:1] + sizes[1:][-1:]))} texts",
        f"{target} names the right option {_WRITTEN[written]}",
    ]


def _names_options(column: Column, options: Column) -> bool:
    """Whether every value names one of its record's options."""
    plain = [isinstance(gold, str | int) and not isinstance(gold, bool) for gold in column.values]
    if column.missing or options.missing or not all(plain):
        return False
    written = jsonl.how_written(column.values, options.values)
    pairs = list(zip(column.values, options.values, strict=True))
    try:
        named = [jsonl.named_option(gold, choices, written, "") for gold, choices in pairs]
    except TaskError:
        return False
    return all(
        gold.strip() in [text.strip() for text in choices]
        for gold, (_, choices) in zip(named, pairs, strict=True)
    )


def _options_by_shape(table: Table, target: str) -> str:
    """Lists of one length that hold the answer, and not always first, as aliases have it."""
    golds = table.columns.get(target or table.named("target", lambda column: not column.is_texts))
    if golds is None:
        return ""
    for column in table.columns.values():
        if column.is_texts and len({len(value) for value in column.values}) == 1:
            several = len(column.values[0]) > 1 and _names_options(golds, column)
            if several and [value[0] for value in column.values] != list(golds.values):
                return column.name
    return ""


def _find_languages(table: Table, fields: dict[str, str]) -> tuple[str, ...]:
    """The languages of input and target; fields that are called after them are filled in."""
    named = {
        _CODES[column.name.lower()]: column.name
        for column in table.varied()
        if column.name.lower() in _CODES and _is_language(column)
    }
    if len(named) == 2 and not {"input", "target"} & fields.keys():
        languages = sorted(named, key=lambda code: code == "en")
        fields |= {"input": named[languages[0]], "target": named[languages[1]]}
        return tuple(languages)
    for role, sides in _SIDES.items():
        name = fields.get(role) or table.named(role, lambda column: column.is_text)
        if not name or not sides & set(table.columns[name].words):
            return ()
    return _languages_said(table) or _languages_of_name(table.path)


def _is_language(column: Column) -> bool:
    """Whether no is Norwegian: short words of English that are codes hold more than one word."""
    return column.name.lower() != "no" or any(len(words(value)) > 1 for value in column.values)


def _languages_said(table: Table) -> tuple[str, ...]:
    """Languages that fields such as source_lang and target_lang name, the same throughout."""
    found = []
    for sides in _SIDES.values():
        for column in table.columns.values():
            if {"lang", "language"} & set(column.words) and sides & set(column.words):
                code = _CODES.get(re.split("[-_]", str(column.values[0]).lower())[0], "")
                found += [code] if code and column.distinct == 1 else []
    return tuple(found) if len(set(found)) == 2 == len(found) else ()


def _languages_of_name(path: str) -> tuple[str, ...]:
    between = r"(?<![A-Za-z])([a-z]{2})[-_.](?:to[-_.])?([a-z]{2})(?![A-Za-z])"
    for source, target in re.findall(between, Path(path).name):
        if {source, target} <= LANGUAGES.keys() and source != target:
            return source, target
    return ()


def _find_texts(table: Table, fields: dict[str, str], translated: bool) -> list[str]:
    """Fill in input and target, where they are not known."""

    def answers(column: Column) -> bool:
        return column.is_text or (column.is_texts and all(column.values))

    varied = {column.name for column in table.varied(fields.get("target", ""))}
    asked = (
        fields.get("input")
        or table.named("input", lambda column: column.name in varied)
        or table.named("input", lambda column: column.is_text)
    )
    target = fields.get("target") or table.named(
        "target", lambda column: answers(column) and column.name != asked
    )
    if not target:
        _refuse_numbers(table)
    if not asked or not target:
        asked, target = _by_shape(table, asked, target)
    fields |= {"input": asked, "target": target}
    golds = table.columns[target]
    if not translated and golds.is_text and {v.strip() for v in golds.values} <= set("ABCDEFGH"):
        raise table.open(
            f"{target} holds single letters, and no field holds the options they stand for, a "
            "list of two or more texts"
        )
    return [_input_said(table.columns[asked]), _target_said(golds)]


def _by_shape(table: Table, asked: str, target: str) -> tuple[str, str]:
    """Input and target of records with two texts: of two unknown ones the one that asks is the
    input, or the first if it is the longer one.
    """
    left = table.varied(asked, target)
    if (asked or target) and len(left) == 1:
        return asked or left[0].name, target or left[0].name
    if asked or target or len(left) != 2:
        which = "which field is the gold answer" if asked else "which field is the input"
        both = "which fields are the input and the gold answer"
        raise table.open(f"{which if asked or target else both} cannot be told")
    asking = [sum(v.rstrip().endswith(("?", "？")) for v in column.values) for column in left]
    lengths = [sum(map(len, column.values)) for column in left]
    if 2 * max(asking) > len(table.records) and 2 * min(asking) < max(asking):
        first = asking[0] > asking[1]
    elif lengths[0] > lengths[1]:
        first = True
    else:
        names = " and ".join(column.name for column in left)
        raise table.open(f"which of {names} is the input and which the gold answer cannot be told")
    ordered = left if first else left[::-1]
    return ordered[0].name, ordered[1].name


def _refuse_numbers(table: Table) -> None:
    """Say of an answer that is a number what it has to be."""
    for name, column in table.columns.items():
        if " ".join(column.words) in NAMES["target"]:
            for place, record in table.records:
                if isinstance(record.get(name), int | float):
                    field(record, name, place)


def _find_beside(table: Table, fields: dict[str, str]) -> list[str]:
    """Fill in aliases and group, where there are any."""
    said = []
    if "aliases" not in fields and "options" not in fields:
        free = set(table.columns) - set(fields.values())
        name = table.named("aliases", lambda column: column.name in free and column.is_texts)
        if name:
            fields["aliases"] = name
            said.append(f"{name} holds further right answers: a list of texts")
    if "group" not in fields:
        free = set(table.columns) - set(fields.values())
        name = table.named(
            "group",
            lambda column: (
                column.name in free and column.is_text and 2 * column.distinct <= len(column.values)
            ),
        )
        if name:
            fields["group"] = name
            column = table.columns[name]
            values = f"{column.distinct} value{'s' * (column.distinct != 1)}"
            said.append(
                f"{name} splits the results: {values} in the first {len(column.values)} records, "
                f"such as {column.values[0]!r}"
            )
    return said


def _input_said(column: Column) -> str:
    lengths = sorted(len(words(value)) for value in column.values)
    return f"{column.name} is the input: text, {count(lengths[len(lengths) // 2])} in the middle"


def _target_said(column: Column) -> str:
    if column.is_texts:
        return f"{column.name} holds the gold answer: a list of texts, of which it is the first"
    most = max(len(words(value)) for value in column.values)
    return f"{column.name} is the gold answer: text, at most {count(most)}"
