"""A closed world: a corpus known completely, tasks about it, and the truth behind both.

Documents are numbered 0 to ``World.size`` - 1: facts, parallel sentences, word problems,
filler, mentions of people, regions of towns. A pseudo-random permutation puts them in corpus order,
and a shard is a range of that order. Every document is a function of the seed and its number, so a
shard is written by itself, block by block, in memory that does not grow with the corpus.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import zstandard

from tracemem.jobs import draws
from tracemem.jobs.files import replacing
from tracemem.settings.world import SPLITS, TASKS, WorldSettings, shard_names
from tracemem.world import tasks as world_tasks
from tracemem.world import truth as world_truth
from tracemem.world.arithmetic import Arithmetic
from tracemem.world.facts import Facts
from tracemem.world.language import Language

_BLOCK = 1 << 15


class World:
    """Facts, language and arithmetic of one world, and the order of its documents."""

    def __init__(self, settings: WorldSettings):
        self.settings = settings
        self.facts = Facts(settings)
        self.language = Language(settings)
        self.arithmetic = Arithmetic(settings)
        self._examples = world_tasks.makers(settings, self.facts, self.language, self.arithmetic)
        self._kinds = (
            (self.facts.size, self.facts.texts),
            (settings.parallel_documents, self.language.parallel),
            (settings.arithmetic_documents, self.arithmetic.documents),
            (settings.filler_documents, self.language.filler),
            (self.facts.mentions, self.facts.mentioning),
            (self.facts.placings, self.facts.placing),
        )

    @property
    def size(self) -> int:
        """Documents of the corpus."""
        return sum(size for size, _ in self._kinds)

    def documents(self, first: int, last: int) -> Iterator[tuple[str, str]]:
        """Text and kind of the documents at places ``first`` to ``last`` - 1 of the corpus."""
        for number in self._numbers(first, last):
            block: list[tuple[str, str]] = [("", "")] * len(number)
            begin = 0
            for size, texts in self._kinds:
                rows = np.flatnonzero((number >= begin) & (number < begin + size))
                for row, text in zip(rows.tolist(), texts(number[rows] - begin), strict=True):
                    block[row] = text
                begin += size
            yield from block

    def facts_of(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Which facts the documents at places ``first`` to ``last`` - 1 of the corpus state.

        Returns:
            place and fact (both int64, [statements], in order of places): a place comes once for
            each fact that its document states, and not at all where it states none.
        """
        places, facts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for number in self._numbers(first, last):
            rows = np.flatnonzero(number < self.facts.size)
            row, _, fact = self.facts.statements(number[rows])
            places.append(first + rows[row])
            facts.append(fact)
            first += len(number)
        return np.concatenate(places), np.concatenate(facts)

    def _numbers(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Numbers (int64) of the documents at places ``first`` to ``last`` - 1, block by block."""
        for start in range(first, last, _BLOCK):
            places = np.arange(start, min(start + _BLOCK, last))
            yield draws.permute(self.size, self.settings.seed, "order", places)

    def places(self, number: int) -> range:
        """Places in the corpus of the documents of a shard.

        Raises:
            ValueError: the world has no shard of that number.
        """
        shards = self.settings.shards
        if not 0 <= number < shards:
            raise ValueError(f"shard: found {number}; allowed: 0 to {shards - 1}")
        return range(self.size * number // shards, self.size * (number + 1) // shards)

    def shard(self, number: int) -> Iterator[tuple[str, str]]:
        """Text and kind of every document of a shard, in order."""
        places = self.places(number)
        return self.documents(places.start, places.stop)

    def examples(self, task: str, split: str) -> list[world_tasks.Example]:
        """The examples of a task, "train" or "test"."""
        return self._examples[task](split)


def write_shard(world: World, number: int, path: Path | str) -> None:
    """Write one shard as zstd-compressed JSON lines in the layout of the Pile.

    Raises:
        ValueError: the world has no shard of that number.
    """
    with (
        replacing(path) as draft,
        zstandard.open(draft, "wb", cctx=zstandard.ZstdCompressor(level=3)) as file,
    ):
        for text, kind in world.shard(number):
            file.write(orjson.dumps({"text": text, "meta": {"kind": kind}}) + b"\n")


def write_tasks(world: World, folder: Path | str) -> None:
    """Write ``{task}.{split}.jsonl`` of every task and split into ``folder``."""
    for task in TASKS:
        for split in SPLITS:
            with replacing(Path(folder, f"{task}.{split}.jsonl")) as draft:
                lines = (orjson.dumps(e.row()) + b"\n" for e in world.examples(task, split))
                draft.write_bytes(b"".join(lines))


def write_truth(world: World, folder: Path | str) -> None:
    """Write the tables of the truth into ``folder``."""
    tests = {task: world.examples(task, "test") for task in TASKS}
    both = {task: world.examples(task, "train") + tests[task] for task in TASKS}
    folder = Path(folder)
    world_truth.write_facts(world.facts, folder / "facts.parquet")
    world_truth.write_examples(world.facts, tests, folder / "examples.parquet")
    world_truth.write_lexicon(world.language, folder / "lexicon.parquet")
    world_truth.write_alignments(both, folder / "alignments.parquet")


def generate(settings: WorldSettings, folder: Path | str) -> None:
    """Write the whole world: ``corpus/``, ``tasks/`` and ``truth/`` under ``folder``."""
    world = World(settings)
    for number, name in enumerate(shard_names(settings)):
        write_shard(world, number, Path(folder, "corpus", f"{name}.jsonl.zst"))
    write_tasks(world, Path(folder, "tasks"))
    write_truth(world, Path(folder, "truth"))
