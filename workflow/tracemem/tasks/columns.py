"""The first records of a file, field by field: what each is called and what it holds."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from tracemem.tasks.records import TaskError, records

SAMPLE = 200  # records looked at

# Names of fields by what they are, in order of preference, as words of lower case.
NAMES = {
    "input": (
        "question", "problem", "query", "prompt", "instruction", "input", "q", "source", "src",
        "stem", "sentence", "text", "context", "ctx", "x",
    ),
    "target": (
        "answer", "target", "output", "label", "gold", "completion", "reference", "response",
        "solution", "answer key", "answer idx", "answer index", "translation", "tgt", "ref",
        "correct", "answers", "labels", "a", "y",
    ),
    "aliases": ("aliases", "answer aliases", "answers", "references", "alternatives"),
    "options": ("options", "choices", "endings", "candidates"),
    "group": ("subject", "category", "group", "topic", "domain", "lang", "language", "relation"),
}  # fmt: skip
# Words of a name that make something else of it: question_id, incorrect_answers, answer_start.
_OTHERS = {
    "id", "ids", "idx", "incorrect", "wrong", "false", "distractor", "distractors", "type",
    "start", "end", "count", "lang", "language", "explanation", "rationale",
}  # fmt: skip
_ASKED = {"question", "problem", "query", "prompt", "input"}
_KEYS = (
    "set kind (question-answering, multiple-choice, translation or reasoning) and fields, such as "
    "{input: NAME, target: NAME}, or call the fields question and answer in the file"
)
_KINDS = {
    str: "text", bool: "true or false", int: "number", float: "number", list: "list",
    dict: "object", type(None): "null",
}  # fmt: skip


def _rivals(role: str) -> set[str]:
    """Words of a name that say another role louder: answer_text is no input for its text."""
    if role != "input":
        return _ASKED
    return {*NAMES["target"], *NAMES["aliases"], *NAMES["options"]}


@dataclass(frozen=True)
class Column:
    """One field in the records that have it; ``missing`` is the number of those that do not."""

    name: str
    values: Sequence[Any]
    missing: int

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name: ("answer", "idx") of answer_idx and of answerIdx."""
        apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        return tuple(word.lower() for word in re.findall(r"[^\W_]+", apart))

    @cached_property
    def is_text(self) -> bool:
        """Whether every record has a text there, and not a blank one."""
        return not self.missing and all(isinstance(v, str) and v.strip() for v in self.values)

    @cached_property
    def is_texts(self) -> bool:
        """Whether every record has a list of texts there."""
        return not self.missing and all(
            isinstance(value, list) and all(isinstance(text, str) for text in value)
            for value in self.values
        )

    @cached_property
    def distinct(self) -> int:
        """Different values."""
        return len({json.dumps(value, default=str) for value in self.values})

    def __str__(self) -> str:
        kinds = dict.fromkeys(
            _KINDS.get(type(value), type(value).__name__) for value in self.values
        )
        what = "list of texts" if self.is_texts else " or ".join(kinds)
        if self.missing:
            what += f", missing in {self.missing} of {self.missing + len(self.values)}"
        return f"{self.name} ({what})"


class Table:
    """The first records of a file.

    Raises:
        TaskError: there is none, or they cannot be read.
    """

    def __init__(self, path: str):
        self.path = path
        self.records = list(islice(records(path), SAMPLE))
        if not self.records:
            raise TaskError(
                f"{path}: no record in it; allowed: records such as "
                '{"question": "Who wrote Emma?", "answer": "Jane Austen"}'
            )
        names = dict.fromkeys(name for _, record in self.records for name in record)
        every = {name: self._column(name) for name in names}
        # Some files have a field for what other tasks have: options that are always empty.
        self.columns = {
            name: column
            for name, column in every.items()
            if any(value not in ([], None) for value in column.values)
        }

    def _column(self, name: str) -> Column:
        values = [record[name] for _, record in self.records if name in record]
        return Column(name, values, len(self.records) - len(values))

    def named(self, role: str, usable: Callable[[Column], bool]) -> str:
        """The field whose name says its role, whole or in part; '' where no usable one does."""
        left = [column for column in self.columns.values() if usable(column)]
        for name in NAMES[role]:
            for column in left:
                if name in (" ".join(column.words), "".join(column.words)):
                    return column.name
        left = [column for column in left if not (_OTHERS | _rivals(role)) & set(column.words)]
        for name in NAMES[role]:
            for column in left:
                if name in column.words:
                    return column.name
        return ""

    def varied(self, *taken: str) -> list[Column]:
        """Texts, other than those taken, that differ between records and are no id."""
        return [
            column
            for column in self.columns.values()
            if column.is_text
            and column.name not in taken
            and not {"id", "ids", "uuid", "url", "key"} & set(column.words)
            and (column.distinct > 1 or len(self.records) == 1)
        ]

    def open(self, why: str) -> TaskError:
        """The error of a file that leaves something open: its fields, and the keys to set."""
        found = ", ".join(map(str, self.columns.values()))
        return TaskError(f"{self.path}: {why}; found: {found}; {_KEYS}")
