"""Own tasks: JSONL whose fields are named in the settings."""

from collections.abc import Iterator

from tracemem.task_settings import TaskSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, field, texts


def examples(task: TaskSettings, records: Iterator[Record]) -> Iterator[Example]:
    """Examples of records with the fields ``task.fields``."""
    names = task.fields
    for place, record in records:
        yield Example(
            place=place,
            input=field(record, names.input, place),
            target=field(record, names.target, place),
            aliases=texts(record, names.aliases, place) if names.aliases else [],
            options=texts(record, names.options, place) if names.options else [],
            group=field(record, names.group, place) if names.group else "",
        )
