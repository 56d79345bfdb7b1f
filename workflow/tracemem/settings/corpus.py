"""Settings of the corpus: its shards, how they are read, and the files that are downloaded."""

import itertools
import re
from typing import Literal

from pydantic import Field, model_validator

from tracemem.settings.section import Name, Section, Texts

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def expand(pattern: str) -> list[str]:
    """Every text that a pattern with number ranges stands for, in order.

    ``{08..11}`` is 08, 09, 10 and 11: as wide as its first number.

    Raises:
        ValueError: a brace that is no range, or a range that goes down.
    """
    texts, firsts, lasts = (_RANGE.split(pattern)[k::3] for k in range(3))
    if any(brace in text for text in texts for brace in "{}"):
        raise ValueError(f"found {pattern!r}; allowed in braces: a number range such as {{00..29}}")
    choices = []
    for first, last in zip(firsts, lasts, strict=True):
        if int(first) > int(last):
            raise ValueError(f"found {pattern!r}; allowed: ranges that go up")
        choices.append([f"{k:0{len(first)}}" for k in range(int(first), int(last) + 1)])
    return [
        "".join(itertools.chain(*zip(texts, numbers, strict=False), texts[-1:]))
        for numbers in itertools.product(*choices)
    ]


class FetchSettings(Section):
    """Shards that are downloaded: files of a data set on the hub, or URLs."""

    hub: str = Field(default="", description="Data set of the hub, as owner/name; with files.")
    revision: str = Field(default="", description="Its commit or tag; empty: the default branch.")
    files: Texts = Field(
        default=[],
        description="Its files; a number range stands for several: train/{00..29}.jsonl.zst.",
    )
    urls: Texts = Field(
        default=[],
        description="In place of hub: URLs (http, https, file), number ranges too, or text files "
        "of one URL a line.",
    )

    @model_validator(mode="after")
    def _consistent(self):
        if bool(self.hub) == bool(self.urls):
            raise ValueError("give either hub, with its files, or urls")
        if bool(self.hub) != bool(self.files):
            raise ValueError(f"files: found {self.files}, allowed: files of hub, one or more")
        if self.revision and not self.hub:
            raise ValueError(f"revision: found {self.revision!r}, allowed: none with urls")
        for key in ("files", "urls"):
            for pattern in getattr(self, key):
                try:
                    expand(pattern)
                except ValueError as wrong:
                    raise ValueError(f"{key}: {wrong}") from None
        return self


class ReadingSettings(Section):
    """How every shard is read."""

    text_field: str = Field(default="text", min_length=1, description="Field that holds the text.")
    on_bad_record: Literal["stop", "skip"] = Field(
        default="stop",
        description="A record that cannot be read stops the run, or is skipped and counted in the "
        "manifest.",
    )


class CorpusSettings(ReadingSettings):
    """The pretraining corpus."""

    shards: Texts = Field(
        default=[],
        description="Files, folders of .txt, or globs: .jsonl, .json, both also .gz or .zst, "
        ".parquet. Left out where shards are downloaded or the study makes its own world.",
    )
    fetch: dict[Name, FetchSettings] = Field(
        default={}, description="Shards to download, by a name for each of their sources."
    )
