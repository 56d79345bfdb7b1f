"""MMLU (Hendrycks et al. 2021): 57 subjects of four-option questions; the group is the subject."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from tracemem.settings.examples import ExamplesSettings
from tracemem.settings.mmlu import MMLU_SUBJECTS, subjects
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, content, field, records, texts

LETTERS = "ABCD"


def examples(task: ExamplesSettings, split: str) -> Iterator[Example]:
    """Examples of the csv files of every subject the task takes, or of other data sets of MMLU.

    Raises:
        TaskError: a line is not question, four options and a letter.
    """
    for path in task.files(split):
        if path.endswith(".csv"):
            yield from _csv(path)
        else:
            yield from of_records(task, records(path))


def _csv(path: str) -> Iterator[Example]:
    subject = next((name for name in MMLU_SUBJECTS if Path(path).name.startswith(name)), None)
    if subject is None:
        raise TaskError(f"{path}: the file's name starts with no subject of MMLU")
    reader = csv.reader(io.StringIO(content(path), newline=""), strict=True)
    try:
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if len(row) != 6 or row[5].strip() not in list(LETTERS):
                raise TaskError(
                    f"{place}: found {len(row)} columns, the last {row[-1:]}, allowed: question, "
                    "four options and a letter of A to D"
                )
            *options, letter = row[1:]
            yield Example(
                place=place,
                input=row[0],
                target=options[LETTERS.index(letter.strip())],
                options=options,
                group=subject,
            )
    except csv.Error as wrong:
        raise TaskError(f"{path}:{reader.line_num}: not csv ({wrong})") from None


def of_records(task: ExamplesSettings, found: Iterator[Record]) -> Iterator[Example]:
    """Examples of records of question, subject, choices and answer, a number from 0."""
    chosen = set(subjects(task.groups))
    for place, record in found:
        subject = field(record, "subject", place)
        if subject not in MMLU_SUBJECTS:
            raise TaskError(f"{place}: subject {subject!r}, allowed: {', '.join(MMLU_SUBJECTS)}")
        if subject not in chosen:
            continue
        options, answer = texts(record, "choices", place), field(record, "answer", place, int)
        if not 0 <= answer < len(options):
            raise TaskError(f"{place}: answer {answer}, allowed: 0 to {len(options) - 1}")
        yield Example(
            place=place,
            input=field(record, "question", place),
            target=options[answer],
            options=options,
            group=subject,
        )
