"""What a task file holds, read off its first records: format, kind and the names of its fields.

A guess says what it rests on, in sentences for the one whose file it is. Where the file leaves it
open, no guess is made.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from tracemem import tasks
from tracemem.settings.examples import ExamplesSettings, Kind
from tracemem.settings.languages import LANGUAGES
from tracemem.settings.mmlu import MMLU_SUBJECTS, subjects
from tracemem.tasks import own_fields, parallel_files
from tracemem.tasks.columns import SAMPLE, Table
from tracemem.tasks.guesses import Guess, count, translates
from tracemem.tasks.records import TaskError, content

__all__ = ["Guess", "guess"]


def guess(
    path: str,
    kind: Kind | Literal[""] = "",
    fields: Mapping[str, str] | None = None,
    examples: int | None = SAMPLE,
) -> Guess:
    """What a task file, a folder, or a place with ``{subject}`` or ``{language}`` holds.

    Args:
        path: as the key ``test`` of a task has it.
        kind: the kind of task where it is known.
        fields: names of fields by role where they are known; no official format is then looked for.
        examples: how many are read for the sample at most; None: all.

    Raises:
        TaskError: the file cannot be read, holds no record, or leaves open what it holds; the
            fields found and the keys to set are named.
    """
    known = {role: name for role, name in (fields or {}).items() if name}
    if "{subject}" in path:
        found = _mmlu(path)
    elif parallel_files.PLACEHOLDER.search(path):
        found = parallel_files.of_place(path)
    elif re.search("[{}]", path):
        raise TaskError(f"{path}: a brace in the name, allowed: around subject, language and side")
    elif path.endswith(".json"):
        found = _triviaqa(path)
    elif path.endswith(".csv"):
        found = _csv(path)
    elif _is_of_csv(Path(path)):
        found = _csv(str(min(Path(path).glob("*.csv"))))
    elif path.endswith((".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")) or Path(path).is_dir():
        found = _of_table(Table(path), kind, known)
    else:
        found = parallel_files.of_file(path)
    return _with_sample(found, examples)


def _with_sample(found: Guess, most: int | None) -> Guess:
    """The guess with its first examples, and what the lengths of the answers make of it."""
    known = {**found.settings(), "test": found.test}
    task = ExamplesSettings(
        **{key: value for key, value in known.items() if key in ExamplesSettings.model_fields}
    )
    # Subjects differ: a few examples of each file stand for all better than many of the first.
    parts = [task]
    if "{subject}" in found.test:
        parts = [task.model_copy(update={"groups": [subject]}) for subject in subjects(task.groups)]
    each = most and max(most // len(parts), 1)
    sample = tuple(example for part in parts for example in islice(tasks.read(part, "test"), each))
    if not sample:
        raise TaskError(f"{found.test}: no example in it")
    found = replace(found, sample=sample)
    said = ""
    if found.kind == "question-answering" and found.output_gram == "ngram":
        middle = count(found.target_words[len(sample) // 2])
        said = (
            f"answers are long, {middle} in the middle: pairs take n-grams of them, not the whole"
        )
    elif found.kind == "multiple-choice" and found.output_gram == "target":
        said = "most of the right options are one word: pairs take them whole"
    return replace(found, said=(*found.said, said)) if said else found


def _is_of_csv(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("*.csv")) and not any(folder.glob("*.parquet"))


def _mmlu(place: str) -> Guess:
    there = [s for s in MMLU_SUBJECTS if Path(place.replace("{subject}", s)).exists()]
    if not there:
        raise TaskError(
            f"{place}: no such file for any of the {len(MMLU_SUBJECTS)} subjects of MMLU"
        )
    is_whole = len(there) == len(MMLU_SUBJECTS)
    how_many = f"{'all ' * is_whole}{len(there)}"
    return Guess(
        format="mmlu",
        kind="multiple-choice",
        test=place,
        groups=() if is_whole else tuple(there),
        said=(f"format is mmlu: files are named after subjects of MMLU, {how_many} of them",),
    )


def _csv(path: str) -> Guess:
    """MMLU's files, of which one is given."""
    if not Path(path).exists():
        raise TaskError(f"{path}: no such file")
    name = Path(path).name
    subject = next((subject for subject in MMLU_SUBJECTS if name.startswith(subject)), "")
    if not subject:
        raise TaskError(
            f"{path}: .csv is read for MMLU, under the names of its subjects; allowed for other "
            "tasks: JSONL, one object a line, or .parquet"
        )
    return _mmlu(str(Path(path).with_name(name.replace(subject, "{subject}", 1))))


def _triviaqa(path: str) -> Guess:
    try:
        document = json.loads(content(path))
    except json.JSONDecodeError as wrong:
        raise TaskError(f"{path}:{wrong.lineno}: not JSON ({wrong.msg})") from None
    if not isinstance(document, dict) or "Data" not in document:
        raise TaskError(
            f"{path}: .json is read for TriviaQA, an object with 'Data'; allowed for other tasks: "
            "one object a line, in a file whose name ends in .jsonl"
        )
    said = "format is triviaqa: an object with 'Data', as its official files are"
    return Guess("triviaqa", "question-answering", path, said=(said,))


def _of_table(table: Table, kind: Kind | Literal[""], known: dict[str, str]) -> Guess:
    for name in known.values():
        if name not in table.columns:
            raise TaskError(f"{table.path}: no field {name!r}, found: {', '.join(table.columns)}")
    found = None if known else _of_official(table)
    if found and kind in ("", found.kind):
        return found
    return own_fields.of_table(table, kind, known)


def _of_official(table: Table) -> Guess | None:
    """TriviaQA, GSM8K, MMLU or translations in records as they are published."""

    def every(name: str, test: Callable[[Any], bool]) -> bool:
        column = table.columns.get(name)
        return column is not None and not column.missing and all(map(test, column.values))

    def is_text(value: Any) -> bool:
        return isinstance(value, str)

    def is_answer(value: Any) -> bool:
        return isinstance(value, dict) and {"value", "aliases"} <= value.keys()

    def is_asked(value: Any) -> bool:
        return is_text(value) and value.startswith("Question:") and value.endswith("Answer:")

    def is_number(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    if every("question", is_text) and every("answer", is_answer):
        said = "format is triviaqa: answer holds value and aliases"
        return Guess("triviaqa", "question-answering", table.path, said=(said,))
    if every("context", is_asked) and {"answer", "aliases"} <= table.columns.keys():
        said = "format is triviaqa: context is 'Question: ... Answer:', beside answer and aliases"
        return Guess("triviaqa", "question-answering", table.path, said=(said,))
    if every("question", is_text) and every("answer", lambda v: is_text(v) and "####" in v):
        said = "format is gsm8k: every answer is worked out and ends in '####' and a number"
        return Guess("gsm8k", "reasoning", table.path, said=(said,))
    is_mmlu = every("subject", lambda v: v in MMLU_SUBJECTS) and every("answer", is_number)
    if is_mmlu and {"question", "choices"} <= table.columns.keys():
        said = "format is mmlu: question, choices, answer and the subjects of MMLU"
        return Guess("mmlu", "multiple-choice", table.path, said=(said,))
    if every("translation", lambda v: isinstance(v, dict)):
        return _of_translations(table)
    return None


def _of_translations(table: Table) -> Guess:
    held = list(dict.fromkeys(c for value in table.columns["translation"].values for c in value))
    if len(held) != 2 or not set(held) <= LANGUAGES.keys():
        raise TaskError(
            f"{table.path}: translation holds {', '.join(held)}; set format: parallel-text and "
            "languages, the input's and the target's, or directions"
        )
    languages = tuple(sorted(held, key=lambda code: code == "en"))
    return Guess(
        format="parallel-text",
        kind="translation",
        test=table.path,
        languages=languages,
        said=(
            "format is parallel-text: translation holds both languages by code",
            translates(languages, "in their order, or into English"),
        ),
    )
