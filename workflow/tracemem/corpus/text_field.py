"""The field of a shard's records that holds the text, read off its first record."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard

# Names that corpora give it, in order of preference.
_NAMES = (
    "text", "content", "contents", "body", "raw_content", "document", "page_content", "raw_text",
    "full_text", "passage", "article", "doc", "markdown",
)  # fmt: skip


def guess(shard: Shard) -> str | None:
    """The field by its name, or by its length where one text is far longer than the others.

    Returns:
        The field, dotted where it is nested; None of a folder of text files, which have no fields,
        and of a shard without records.

    Raises:
        CorpusError: the shard cannot be read, or none of the fields stands out.
    """
    record = shard.format.first_record(shard.path)
    if record is None:
        return None
    if not isinstance(record, dict):
        # What is wrong with it, as the study would say.
        next(documents(shard), None)
        raise CorpusError(f"{shard.path}: no object in its first line")
    texts = dict(_texts(record))
    for name in _NAMES:
        for field in texts:
            if field.rpartition(".")[2].lower() == name:
                return field
    longest = sorted(texts, key=lambda field: -len(texts[field]))
    if not texts or (len(texts) > 1 and len(texts[longest[0]]) < 2 * len(texts[longest[1]])):
        found = ", ".join(f"{name} ({type(value).__name__})" for name, value in record.items())
        raise CorpusError(
            f"{shard.path}: which field holds the text cannot be told, found: {found or 'none'}; "
            "name it with --text-field"
        )
    return longest[0]


def _texts(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The fields that hold texts, those of the record itself before nested ones."""
    plain = {name: value for name, value in record.items() if "." not in name}
    yield from ((above + name, value) for name, value in plain.items() if isinstance(value, str))
    for name, value in plain.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{above}{name}.")
