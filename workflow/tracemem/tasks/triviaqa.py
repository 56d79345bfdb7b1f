"""TriviaQA (Joshi et al. 2017): questions whose answer has many aliases."""

import json
from collections.abc import Iterator
from typing import Any

from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, content, field, records, texts


def examples(task: ExamplesSettings, split: str) -> Iterator[Example]:
    """Examples of the official JSON, of a saved Hugging Face data set, or of JSONL.

    The JSONL has ``context`` ("Question: ...\\nAnswer:"), ``answer`` and ``aliases``.
    """
    for path in task.files(split):
        if path.endswith(".json"):
            yield from _official(path)
        else:
            yield from of_records(task, records(path))


def _official(path: str) -> Iterator[Example]:
    try:
        document = json.loads(content(path))
    except json.JSONDecodeError as wrong:
        raise TaskError(f"{path}:{wrong.lineno}: not JSON ({wrong.msg})") from None
    for number, item in enumerate(field(document, "Data", path, list), 1):
        place = f"{path}: Data[{number - 1}]"
        answer = field(item, "Answer", place, dict)
        yield Example(
            place=place,
            input=field(item, "Question", place),
            target=field(answer, "Value", place),
            aliases=texts(answer, "Aliases", place),
        )


def of_records(task: ExamplesSettings, found: Iterator[Record]) -> Iterator[Example]:
    """Examples of records, of either shape."""
    for place, record in found:
        yield _with_context(place, record) if "context" in record else _with_answer(place, record)


def _with_answer(place: str, record: dict[str, Any]) -> Example:
    answer = field(record, "answer", place, dict)
    return Example(
        place=place,
        input=field(record, "question", place),
        target=field(answer, "value", place),
        aliases=texts(answer, "aliases", place),
    )


def _with_context(place: str, record: dict[str, Any]) -> Example:
    context = field(record, "context", place)
    question = context.removeprefix("Question:").removesuffix("Answer:")
    if len(question) != len(context) - len("Question:") - len("Answer:"):
        raise TaskError(f"{place}: context {context!r}, allowed: 'Question: ...\\nAnswer:'")
    return Example(
        place=place,
        input=question.strip(),
        target=field(record, "answer", place),
        aliases=texts(record, "aliases", place),
    )
