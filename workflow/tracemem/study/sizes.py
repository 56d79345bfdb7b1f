"""How large a study is before it runs: its corpus and its tasks, read where they are here.

A corpus is not read whole for this: the first megabytes of a few shards tell how much text there is
in a byte at rest, and how long a document is. A generated world is drawn from in the same way. Of
tasks, a sample of the examples gives the n-grams of all. What is not here is reckoned from what its
publishers say of it, and ``source`` always says which of these it was.
"""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tracemem.corpus.batches import Room
from tracemem.corpus.reading import Reader
from tracemem.corpus.shards import Shard
from tracemem.models import checkpoint
from tracemem.settings.mmlu import MMLU_GROUPS, subjects
from tracemem.settings.study import Settings
from tracemem.settings.tasks import TaskSettings
from tracemem.settings.world import WorldSettings
from tracemem.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from tracemem.world.generator import World

_SHARDS = 6  # shards read from, and how much of each
_TEXT_BYTES = 4 << 20
_DOCUMENTS = 2000  # documents of a world that are drawn
_EXAMPLES = 500  # examples whose n-grams are formed
_DOCUMENT_BYTES = 6000  # of a document nobody has seen; the mean of the Pile (arXiv 2101.00027)
_VOCABULARY, _CONTEXT = 50_277, 2048  # of a model whose files are not here; Pythia's
_AT_REST = {".zst": 0.4, ".gz": 0.4, ".parquet": 0.6}  # bytes at rest in a byte of English text


@dataclass(frozen=True)
class Corpus:
    """The corpus; a size is None where nobody can know it before its shards are here.

    Attributes:
        shards: their number.
        bytes: at rest, of all.
        text_bytes: of document text in UTF-8, of all.
        documents: of all.
        source: where the sizes are from, in words.
    """

    shards: int
    bytes: float | None
    text_bytes: float | None
    documents: float | None
    source: str


@dataclass(frozen=True)
class Grams:
    """N-grams of one split and n.

    Attributes:
        inputs: distinct s_x.
        outputs: distinct s_y.
        pairs: distinct pairs (s_x, s_y) of the same example.
        items: the same, one for every example that holds it.
    """

    inputs: float
    outputs: float
    pairs: float
    items: float


@dataclass(frozen=True)
class Split:
    """One split of a task.

    Attributes:
        examples: examples kept.
        read: examples read to keep them.
        prompt_bytes: mean bytes of the prompt.
        target_bytes: mean bytes of the gold target.
        options: mean number of options.
        option_bytes: mean bytes of all options of an example.
        groups: distinct groups.
        grams: n-grams of the pairs, by n.
        looked_for: distinct n-grams of input and target whatever their stop words, by n of those
            that show contamination.
        source: where the sizes are from, in words.
        guessed: whether even the number of examples is a guess.
    """

    examples: float
    read: float
    prompt_bytes: float
    target_bytes: float
    options: float
    option_bytes: float
    groups: int
    grams: Mapping[int, Grams]
    looked_for: Mapping[int, float]
    source: str
    guessed: bool = False


@dataclass(frozen=True)
class Published:
    """A task as its publishers give it.

    Attributes:
        examples: by split.
        words: mean words of input and target.
        bytes: mean bytes of prompt and target.
        options: mean number of options, and mean bytes of all of them.
    """

    examples: Mapping[str, float]
    words: tuple[float, float]
    bytes: tuple[float, float]
    options: tuple[float, float] = (0, 0)


# Examples: the data sets' own pages. Words and bytes: means over the files of docs/data.md under the
# prompts of the paper.
_TRIVIAQA = Published({"test": 17_944, "train": 138_384}, (14.0, 1.9), (99, 12))
_GSM8K = Published({"test": 1_319, "train": 7_473}, (47.1, 51.1), (259, 253))
_TRANSLATION = Published({"test": 2_525, "train": 1_900_000}, (22.6, 22.6), (177, 141))
_MMLU = {
    "knowledge": Published({"test": 7_880}, (32.5, 6.8), (204, 43), (4, 166)),
    "reasoning": Published({"test": 6_036}, (67.3, 7.5), (394, 44), (4, 171)),
    "formal_logic": Published({"test": 126}, (34.4, 6.8), (219, 38), (4, 154)),
}
_UNKNOWN = Published({"test": 1_000, "train": 10_000}, (20, 5), (130, 30), (4, 60))


@dataclass(frozen=True)
class Model:
    """Tokens that a model knows, and those of its context."""

    vocabulary: int
    context: int


@dataclass(frozen=True)
class Sizes:
    """Everything a study's costs depend on besides its settings.

    Attributes:
        corpus: the corpus.
        splits: by task and split, each that its jobs read.
        models: by name.
    """

    corpus: Corpus
    splits: Mapping[tuple[str, str], Split]
    models: Mapping[str, Model]


def of(study: Settings, text_bytes: float | None = None, earlier: bool = True) -> Sizes:
    """What can be known of a study; see :func:`of_corpus` and :func:`of_split`."""
    splits: dict[tuple[str, str], Split] = {
        (name, split): of_split(study, name, split)
        for name, task in study.tasks.items()
        for split in sorted({"test", task.pairs_from})
    }
    models = {name: of_model(study, name) for name in study.study_models()}
    return Sizes(of_corpus(study, text_bytes, earlier), splits, models)


def of_model(study: Settings, name: str) -> Model:
    """A model's vocabulary and context: the ladder's, those its files say, or as is usual."""
    if study.ladder and name in study.trained():
        return Model(study.ladder.vocabulary, study.ladder.context)
    model = study.models[name]
    try:
        known = checkpoint.vocabulary(model.path, model.revision)
        context = checkpoint.context_length(model.path, model.revision)
    except checkpoint.CheckpointError:
        known = context = None
    lengths = [length for length in (context, model.context_length) if length]
    return Model(known or _VOCABULARY, min(lengths, default=_CONTEXT))


def of_corpus(study: Settings, text_bytes: float | None = None, earlier: bool = True) -> Corpus:
    """What can be known of a study's corpus.

    Args:
        study: the study.
        text_bytes: bytes of document text, where the user knows them of shards that are not here.
        earlier: whether the manifest of an earlier run may tell.

    Raises:
        CorpusError: a shard is missing, or cannot be read in its first megabytes.
    """
    shards = [Shard(name, Path(path)) for name, path in Study(study).shards.items()]
    known = _of_manifest(study, {shard.name for shard in shards}) if earlier else None
    if known:
        return known
    if study.world:
        return _of_world(study.world)
    if all(shard.path.exists() for shard in shards):
        return _of_sample(shards, study)
    if text_bytes is None:
        return Corpus(len(shards), None, None, None, "not here yet")
    at_rest = sum(_AT_REST.get(shard.path.suffix, 1.0) for shard in shards) / len(shards)
    return Corpus(
        len(shards), text_bytes * at_rest, text_bytes, text_bytes / _DOCUMENT_BYTES,
        "text as given, bytes at rest and documents as they usually are",
    )  # fmt: skip


def _of_manifest(study: Settings, names: set[str]) -> Corpus | None:
    """The corpus as an earlier run has read it, if it was of the same shards."""
    from tracemem.corpus.tables import MANIFEST
    from tracemem.jobs import files

    path = Path(study.results, MANIFEST.path)
    if not path.is_file():
        return None
    manifest = files.read(MANIFEST, path)
    if set(manifest["shard"]) != names:
        return None
    at_rest, text, documents = (
        float(manifest[name].sum()) for name in ("bytes", "text_bytes", "documents")
    )
    return Corpus(len(manifest), at_rest, text, documents, f"as {path} has it")


def _of_sample(shards: list[Shard], study: Settings) -> Corpus:
    at_rest = {shard: _bytes(shard.path) for shard in shards}
    some = shards[:: -(-len(shards) // _SHARDS)]
    seen = text = documents = 0.0
    for shard in some:
        reader = Reader(shard, study.corpus.text_field, study.corpus.on_bad_record)
        room, text_here, documents_here = Room(), 0, 0
        while text_here < _TEXT_BYTES and (batch := reader.read(room)):
            text_here += batch.text_bytes
            documents_here += len(batch.records)
        seen += text_here
        share = at_rest[shard] / max(reader.position, 1)
        text += share * text_here
        documents += share * documents_here
    others = sum(at_rest.values()) / max(sum(at_rest[shard] for shard in some), 1)
    how = f"text from a sample of {seen / 1e6:.1f} MB"
    return Corpus(len(shards), sum(at_rest.values()), text * others, documents * others, how)


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file())
    return path.stat().st_size


def _of_world(settings: WorldSettings) -> Corpus:
    import numpy as np
    import orjson
    import zstandard

    world = _world(settings)
    places = np.linspace(0, world.size, 21).astype(int)[:-1].tolist()
    each = -(-min(_DOCUMENTS, world.size) // len(places))
    drawn = [
        document
        for place in places
        for document in world.documents(place, min(place + each, world.size))
    ]
    share = world.size / max(len(drawn), 1)
    lines = b"\n".join(orjson.dumps({"text": text, "meta": {"kind": kind}}) for text, kind in drawn)
    return Corpus(
        shards=settings.shards,
        bytes=share * len(zstandard.ZstdCompressor(level=3).compress(lines)),
        text_bytes=share * sum(len(text.encode()) for text, _ in drawn),
        documents=world.size,
        source=f"generated, sizes from a sample of {len(drawn):,} documents",
    )


_worlds: dict[str, "World"] = {}


def _world(settings: WorldSettings) -> "World":
    from tracemem.world.generator import World

    key = settings.model_dump_json()
    if key not in _worlds:
        _worlds[key] = World(settings)
    return _worlds[key]


def of_split(study: Settings, name: str, split: str) -> Split:
    """What can be known of one split, ``test`` or ``train``, of a task.

    Raises:
        tracemem.tasks.TaskError: a task file is missing or not what it should be.
    """
    from tracemem import tasks

    task = study.tasks[name]
    if task.hub or task.test_set:
        return _reckoned(study, task, split)
    made = {f"{study.results}/world/tasks/{made}.{split}.jsonl": made for made in _made(study)}
    if study.world and made.keys() & set(task.files(split)):
        frame = _of_made(study.world, task, split, made)
        return _measured(study, task, split, frame, "generated")
    return _measured(study, task, split, tasks.load(task, split), ", ".join(task.files(split)[:2]))


def _made(study: Settings) -> Iterable[str]:
    from tracemem.settings.world import TASKS

    return TASKS if study.world else ()


def _of_made(
    settings: WorldSettings, task: TaskSettings, split: str, made: Mapping[str, str]
) -> "pd.DataFrame":
    """Examples of a generated world, as the columns of tables.EXAMPLES that count here."""
    import pandas as pd

    world = _world(settings)
    found = [example for path in task.files(split) for example in world.examples(made[path], split)]
    limit = task.test_limit if split == "test" else task.train_limit
    found = found[: limit or None]
    return pd.DataFrame(
        {
            "example": range(len(found)),
            "group": "-".join(task.languages),
            "input": [example.input for example in found],
            "target": [example.target for example in found],
            "options": [list(example.options) if task.fields.options else [] for example in found],
        }
    )


def _measured(
    study: Settings, task: TaskSettings, split: str, frame: "pd.DataFrame", source: str
) -> Split:
    from tracemem.mining import taskgram
    from tracemem.ngrams import words
    from tracemem.ngrams.stopwords import sides
    from tracemem.tasks import prompts

    kept = frame.iloc[:: -(-len(frame) // _EXAMPLES)]
    whole = len(frame) / len(kept)
    half = slice(0, None, 2)
    stop = sides(task.stop_words, kept["group"])

    def distinct(found: list[list[str]]) -> float:
        """Distinct n-grams of all examples, from those of half of the sample and of all of it."""
        of_half, of_all = (len(set(chain.from_iterable(some))) for some in (found[half], found))
        return of_all * whole ** _exponent(of_half, of_all)

    grams = {}
    for n in task.n:
        inputs = [
            words.content_ngrams(text, n, without)
            for text, without in zip(kept["input"], stop[0], strict=True)
        ]
        outputs = [
            taskgram.output_ngrams(target, n, task.output_gram, without)
            for target, without in zip(kept["target"], stop[1], strict=True)
        ]
        items = sum(len(x) * len(y) for x, y in zip(inputs, outputs, strict=True))
        pairs = taskgram.candidate_pairs(kept, n, task.output_gram, *stop).count()
        grams[n] = Grams(distinct(inputs), distinct(outputs), pairs * whole, items * whole)
    sides_of = list(zip(kept["input"], kept["target"], strict=True))
    looked_for = {
        n: distinct([[*words.ngrams(x, n), *words.ngrams(y, n)] for x, y in sides_of])
        for n in (study.decontamination if split == "test" else ())
    }

    def mean(texts: "pd.Series") -> float:
        return float(texts.map(lambda text: len(text.encode())).mean())

    asked = prompts.fill(kept, task.prompt, task.languages_by_direction())

    options = [[len(option.encode()) for option in several] for several in kept["options"]]
    return Split(
        examples=len(frame),
        read=len(frame),
        prompt_bytes=mean(asked["prompt"]),
        target_bytes=mean(kept["target"]),
        options=sum(map(len, options)) / len(kept),
        option_bytes=sum(map(sum, options)) / len(kept),
        groups=frame["group"].nunique(),
        grams=grams,
        looked_for=looked_for,
        source=source,
    )


def _exponent(of_half: int, of_all: int) -> float:
    """How distinct n-grams grow with the examples (Heaps' law): 1 where none comes twice."""
    return min(1.0, max(0.0, math.log2(max(of_all, 1) / max(of_half, 1))))


def _reckoned(study: Settings, task: TaskSettings, split: str) -> Split:
    """A split of the hub or of a test set, from what is published of it."""
    parts, groups = _published(task)
    examples = read = sum(part.examples.get(split, 0) for part in parts)
    limit = task.test_limit if split == "test" else task.train_limit
    if limit:
        examples = min(examples, limit)

    def mean(of) -> float:
        return sum(of(part) * part.examples.get(split, 0) for part in parts) / max(read, 1)

    input_words, target_words = (mean(lambda part, k=k: part.words[k]) for k in (0, 1))
    prompt_bytes, target_bytes = (mean(lambda part, k=k: part.bytes[k]) for k in (0, 1))
    options, option_bytes = (mean(lambda part, k=k: part.options[k]) for k in (0, 1))
    with_options = task.kind == "multiple-choice"
    grams = {}
    for n in task.n:
        inputs = examples * max(0.0, input_words - n + 1)
        each = 1.0 if task.output_gram == "target" else max(0.0, target_words - n + 1)
        grams[n] = Grams(inputs, examples * each, inputs * each, inputs * each)
    looked_for = {
        n: examples * (max(0.0, input_words - n + 1) + max(0.0, target_words - n + 1))
        for n in (study.decontamination if split == "test" else ())
    }
    guessed = parts == [_UNKNOWN]
    return Split(
        examples, read, prompt_bytes, target_bytes,
        options if with_options else 0.0, option_bytes if with_options else 0.0,
        groups, grams, looked_for,
        "not here, a guess" if guessed else "not here, as published", guessed,
    )  # fmt: skip


def _published(task: TaskSettings) -> tuple[list[Published], int]:
    """What is published of a task, part by part, and the number of its groups."""
    if task.format == "triviaqa":
        return [_TRIVIAQA], 1
    if task.format == "gsm8k":
        return [_GSM8K], 1
    if task.format == "parallel-text":
        directions = len(task.languages_by_direction())
        return [_TRANSLATION] * directions, directions
    if task.format == "mmlu":
        chosen = task.groups or list(MMLU_GROUPS)
        parts = []
        for group in chosen:
            for name, several in MMLU_GROUPS.items():
                if group == name:
                    parts.append(_MMLU[name])
                elif group in several:
                    part = _MMLU[name]
                    test = part.examples["test"] / len(several)
                    parts.append(Published({"test": test}, part.words, part.bytes, part.options))
        return parts, len(subjects(task.groups))
    return [_UNKNOWN], 1
