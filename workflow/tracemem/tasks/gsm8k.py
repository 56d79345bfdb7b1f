"""GSM8K (Cobbe et al. 2021): word problems with a worked answer that ends in ``#### number``."""

import re
from collections.abc import Iterator

from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks.examples import Example
from tracemem.tasks.records import Record, TaskError, field

_CALCULATION = re.compile(r"<<.*?>>")


def examples(task: ExamplesSettings, records: Iterator[Record]) -> Iterator[Example]:
    """Examples whose target is the worked answer without ``<<...>>``, with its ``####`` line."""
    for place, record in records:
        answer = _CALCULATION.sub("", field(record, "answer", place))
        if "####" not in answer:
            raise TaskError(f"{place}: no '####' before a final answer, found {answer[-40:]!r}")
        yield Example(place=place, input=field(record, "question", place), target=answer)
