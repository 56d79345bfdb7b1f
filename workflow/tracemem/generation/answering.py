"""Generations and log-probabilities of a model over its tasks, kept in chunks by what they answer.

Work is cut into chunks of examples. Each is written whole as it finishes, under a digest of all that
decides it: the questions, the model, how it is run. So a killed job goes on with the first chunk
that is missing, and a task that changes asks for its own chunks alone. Batches never cross chunks:
what a chunk holds does not depend on where the job went on.

The chunks lie in a folder beside the table that lists them (``tables.CHUNKS``). They are no outputs
of a rule themselves: Snakemake empties a folder that is one before its job starts.
"""

import hashlib
import json
import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tracemem.generation.tables import CHUNKS, GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models import encoding
from tracemem.models.engines import Engine, load
from tracemem.settings.answering import WritingSettings, new_tokens
from tracemem.settings.models import NamedModel
from tracemem.tasks.tables import EXAMPLES, NEIGHBOURS, PROMPTS

log = logging.getLogger(__name__)

_COLUMNS = ["example", "prompt", "target", "options", "neighbours"]


@dataclass(frozen=True)
class Asked:
    """What a model is asked of one task.

    Attributes:
        task: its name.
        questions: from :func:`questions`.
        max_new_tokens: tokens generated at most.
        stop: a generation ends before the first of these.
    """

    task: str
    questions: pd.DataFrame
    max_new_tokens: int
    stop: Sequence[str] = ()


def questions(
    examples: pd.DataFrame, prompts: pd.DataFrame, neighbours: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Example, prompt, target, options and the prompts of the neighbours of every test example.

    Args:
        examples: ``tables.EXAMPLES``.
        prompts: ``tables.PROMPTS`` of the same examples.
        neighbours: ``tables.NEIGHBOURS`` of the same; None where no target is scored after them.

    Raises:
        ValueError: the tables are not of the same examples.
    """
    others: list[list[str]] = [[] for _ in range(len(examples))]
    for name, table in (("prompts", prompts), ("neighbours", neighbours)):
        if table is not None and not examples["example"].equals(table["example"]):
            raise ValueError(f"{name}: found other examples than those of the task")
    if neighbours is not None:
        asked = prompts.set_index("example")["prompt"]
        others = [asked[list(several)].tolist() for several in neighbours["neighbours"]]
    return examples.assign(prompt=prompts["prompt"], neighbours=others)[_COLUMNS]


@dataclass(frozen=True)
class _Chunk:
    """Some questions of a task, and the digest of all that decides the answers to them."""

    asked: Asked
    number: int
    questions: pd.DataFrame
    key: str


def _chunks(asked: Asked, identity: dict, size: int) -> Iterator[_Chunk]:
    how = {"max_new_tokens": asked.max_new_tokens, "stop": list(asked.stop), "chunk_size": size}
    for number, first in enumerate(range(0, len(asked.questions), size)):
        rows = asked.questions.iloc[first : first + size]
        sums = hashlib.sha256(json.dumps([identity, how, list(GENERATIONS.columns)]).encode())
        for example, prompt, target, options, others in rows.itertuples(index=False):
            row = [int(example), prompt, target, [str(option) for option in options], others]
            sums.update(json.dumps(row).encode())
        yield _Chunk(asked, number, rows, sums.hexdigest()[:32])


def run(
    engine: Engine, several: Sequence[Asked], folder: Path | str, chunk_size: int = 512
) -> pd.DataFrame:
    """Generate from and score every question of every task with ``engine``.

    Examples with options get no generation, but the log-probability of each option; all get the
    log-probabilities of the gold target's tokens. Chunks that are in ``folder`` are not answered
    again; those that nothing asks for any more are removed.

    What does not fit the context: prompts lose their first tokens; a gold target longer than the
    context is cut on its right, so the n-grams beyond the cut have no token; an example with an
    option longer than the context gets no log-probability (NaN for each option). All are logged.

    Returns:
        Rows of ``tables.CHUNKS``.

    Raises:
        ValueError: there are no examples, ``max_new_tokens`` leaves no room for a prompt, or the
            model gave a log-probability that is not finite.
    """
    folder = Path(folder)
    chunks = [chunk for asked in several for chunk in _checked(engine, asked, chunk_size)]
    missing = [chunk for chunk in chunks if not _place(folder, chunk.key).exists()]
    if len(missing) < len(chunks):
        log.info("%d of %d chunks are there already", len(chunks) - len(missing), len(chunks))
    progress = _Progress(sum(len(chunk.questions) for chunk in missing))
    cut: dict[str, Counter[str]] = {asked.task: Counter() for asked in several}
    for number, chunk in enumerate(missing, 1):
        asked = chunk.asked
        table, seen = _answers(
            engine, chunk.questions, asked.max_new_tokens, asked.stop, cut[asked.task]
        )
        files.write(GENERATIONS, table, _place(folder, chunk.key))
        done = progress.add(len(chunk.questions), seen)
        log.info("%s: chunk %d of %d, %s", asked.task, number, len(missing), done)
    for task, counted in cut.items():
        for what, count in sorted((+counted).items()):
            log.warning(
                "%s: %d %s the context of %d tokens", task, count, what, engine.context_length
            )
    for place in set(folder.glob("*.parquet")) - {_place(folder, chunk.key) for chunk in chunks}:
        place.unlink()
    return pd.DataFrame(
        {
            "task": [chunk.asked.task for chunk in chunks],
            "chunk": [chunk.number for chunk in chunks],
            "key": [chunk.key for chunk in chunks],
            "examples": [len(chunk.questions) for chunk in chunks],
            "sha256": [files.checksum(_place(folder, chunk.key)) for chunk in chunks],
        }
    )


def assemble(
    chunks: pd.DataFrame, folder: Path | str, task: str, examples: pd.DataFrame
) -> pa.Table:
    """Everything a model answered of one task: ``tables.GENERATIONS``.

    Args:
        chunks: ``tables.CHUNKS`` of the model.
        folder: where they lie.
        task: its name.
        examples: ``tables.EXAMPLES`` of the task.

    Raises:
        ValueError: a chunk is not what was written or not there, or they are not of the task's
            examples.
    """
    found = [pa.table({name: [] for name in GENERATIONS.columns}).cast(files.schema(GENERATIONS))]
    for key, sha256 in chunks[chunks["task"] == task][["key", "sha256"]].itertuples(index=False):
        place = _place(Path(folder), key)
        if not place.exists() or files.checksum(place) != sha256:
            wrong = (
                "not the file that was written; remove it and" if place.exists() else "not there;"
            )
            raise ValueError(f"{place}: {wrong} run again with --forcerun generate")
        found.append(files.read_arrow(GENERATIONS, place))
    table = pa.concat_tables(found[1:] or found)
    if table["example"].to_pylist() != examples["example"].tolist():
        raise ValueError(
            f"{folder}: found {len(table)} answers of {task}, which are not those to its "
            f"{len(examples)} examples; run again with --forcerun generate"
        )
    return table


def _place(folder: Path, key: str) -> Path:
    return folder / f"{key}.parquet"


def _checked(engine: Engine, asked: Asked, size: int) -> Iterator[_Chunk]:
    if asked.questions.empty:
        raise ValueError(f"{asked.task}: the task has no examples")
    open_ended = any(not len(options) for options in asked.questions["options"])
    if open_ended and not 0 < asked.max_new_tokens < engine.context_length:
        raise ValueError(
            f"{asked.task}: max_new_tokens is {asked.max_new_tokens}; {engine.settings} has a "
            f"context of {engine.context_length} tokens: allowed is 1 to "
            f"{engine.context_length - 1}"
        )
    return _chunks(asked, engine.identity, size)


class _Progress:
    """How far a job has come."""

    def __init__(self, examples: int):
        self.began, self.examples, self.done, self.tokens = time.monotonic(), examples, 0, 0

    def add(self, examples: int, tokens: int) -> str:
        """What is to be said once so many more are done."""
        self.done, self.tokens = self.done + examples, self.tokens + tokens
        taken = max(time.monotonic() - self.began, 1e-9)
        left = timedelta(seconds=round((self.examples - self.done) * taken / self.done))
        return (
            f"{self.done} of {self.examples} examples, {self.done / taken:.1f} examples/s, "
            f"{self.tokens / taken:.0f} tokens/s, {left} left"
        )


@dataclass(frozen=True)
class _Item:
    """One example in tokens: what to score after ``prefix``, and where to generate from."""

    example: int
    prefix: list[int]
    continuations: list[list[int]]
    """The options, if any, then the gold target unless it is one of them."""
    gold: encoding.Encoding
    options: int
    start: list[int] | None
    """Tokens to generate from; None for an example with options."""


def _choice(
    engine: Engine, example: int, prompt: str, options: list[str], target: str, cut: Counter
) -> _Item:
    """Item of an example with options; without a continuation where an option does not fit."""
    tokenizer, room = engine.tokenizer, engine.context_length - 1
    found = encoding.encode_options(tokenizer, prompt, [*options, target])
    *listed, gold = found
    longest = max(len(one.target_ids) for one in found)
    if longest >= room or not all(one.target_ids for one in found):
        cut["examples with an option beyond"] += 1
        unread = replace(gold, target_ids=[], starts=[], ends=[])
        return _Item(example, [], [], unread, len(options), None)
    prefix = encoding.fit_prompt(tokenizer, gold.prompt_ids, room - longest)
    cut["prompts cut to"] += len(prefix) < len(gold.prompt_ids)
    ids = [one.target_ids for one in listed]
    # The gold target is nearly always an option, whose score then serves for both.
    asked = ids if gold.target_ids in ids else [*ids, gold.target_ids]
    return _Item(example, prefix, asked, gold, len(options), None)


def _open(
    engine: Engine, example: int, prompt: str, target: str, max_new_tokens: int, cut: Counter
) -> _Item:
    """Item of an example that is answered in free text."""
    tokenizer, context = engine.tokenizer, engine.context_length
    whole = encoding.encode(tokenizer, prompt, target)
    gold = encoding.fit(tokenizer, whole, context - 1)
    asked = encoding.encode_prompt(tokenizer, prompt)
    start = encoding.fit_prompt(tokenizer, asked, context - max_new_tokens)
    cut["prompts cut to"] += len(gold.prompt_ids) < len(whole.prompt_ids) or len(start) < len(asked)
    cut["gold targets cut to"] += len(gold.target_ids) < len(whole.target_ids)
    return _Item(example, gold.prompt_ids, [gold.target_ids], gold, 0, start)


def _answers(
    engine: Engine, examples: pd.DataFrame, max_new_tokens: int, stop: Sequence[str], cut: Counter
) -> tuple[dict[str, list], int]:
    """The rows of some examples, and how many tokens went through the model for them."""
    items = []
    for example, prompt, target, options, _ in examples.itertuples(index=False):
        if engine.settings.chat_template:
            prompt = encoding.chat(engine.tokenizer, prompt)
        if len(options):
            items.append(_choice(engine, example, prompt, [*map(str, options)], target, cut))
        else:
            items.append(_open(engine, example, prompt, target, max_new_tokens, cut))
    read = [item for item in items if item.continuations]
    scored = engine.score([item.prefix for item in read], [item.continuations for item in read])
    answers = iter(scored)
    scores = [next(answers) if item.continuations else [] for item in items]
    contrasts = _contrasts(engine, items, examples["neighbours"])
    starts = [item.start for item in items if item.start is not None]
    written = iter(engine.generate(starts, max_new_tokens, stop))
    rows: dict[str, list] = {name: [] for name in GENERATIONS.columns}
    seen = 0
    for item, found, others in zip(items, scores, contrasts, strict=True):
        if not all(np.isfinite(one).all() for one in found):
            raise ValueError(
                f"example {item.example}: {engine.settings} gave a log-probability that is not "
                "finite"
            )
        generation = next(written) if item.start is not None else None
        gold: np.ndarray | list[float] = (
            found[item.continuations.index(item.gold.target_ids)] if found else []
        )
        options = [float(one.sum(dtype=np.float64)) for one in found[: item.options]]
        lengths = [len(ids) for ids in item.continuations[: item.options]]
        generated = len(generation.token_ids) if generation else 0
        row = {
            "example": int(item.example),
            "generation": generation.text.lstrip(" ") if generation else None,
            "generated_tokens": generated,
            "prompt_tokens": len(item.prefix if item.start is None else item.start),
            "token_ids": item.gold.target_ids,
            "token_starts": item.gold.starts,
            "token_ends": item.gold.ends,
            "token_log_probabilities": gold,
            "contrast_log_probabilities": others,
            "option_log_probabilities": options if found else [math.nan] * item.options,
            "option_tokens": lengths if found else [0] * item.options,
        }
        for name, value in row.items():
            rows[name].append(value)
        seen += len(item.prefix) + sum(map(len, item.continuations))
        seen += len(item.start or []) + generated
    return rows, seen


def _contrasts(
    engine: Engine, items: list[_Item], neighbours: Sequence[Sequence[str]]
) -> list[np.ndarray]:
    """Ln P of the tokens of each item's gold target after its neighbours (float32, [neighbours x
    tokens]), one forward pass for all the targets that one neighbour is asked for.
    """
    encoded: dict[str, list[int]] = {}
    asked: dict[tuple[int, ...], dict[int, int]] = {}
    places: list[list[tuple[tuple[int, ...], int]]] = []
    targets: dict[tuple[int, ...], list[list[int]]] = {}
    for number, (item, prompts) in enumerate(zip(items, neighbours, strict=True)):
        places.append([])
        room = engine.context_length - 1 - len(item.gold.target_ids)
        for prompt in prompts if item.gold.target_ids else ():
            if prompt not in encoded:
                text = prompt
                if engine.settings.chat_template:
                    text = encoding.chat(engine.tokenizer, prompt)
                encoded[prompt] = encoding.encode_prompt(engine.tokenizer, text)
            prefix = tuple(encoding.fit_prompt(engine.tokenizer, encoded[prompt], room))
            known = asked.setdefault(prefix, {})
            if number not in known:
                known[number] = len(known)
                targets.setdefault(prefix, []).append(item.gold.target_ids)
            places[-1].append((prefix, known[number]))
    scored = dict(
        zip(
            asked,
            engine.score([list(prefix) for prefix in asked], list(targets.values())),
            strict=True,
        )
    )
    empty = np.zeros(0, np.float32)
    return [
        np.concatenate([empty, *(scored[prefix][place] for prefix, place in several)])
        for several in places
    ]


def main(job: Mapping) -> None:
    """Run one job, described by plain values.

    Args:
        job: ``model`` (keys of ``NamedModel``); ``tasks`` by name, each with ``kind`` and the keys
            of ``WritingSettings``; ``chunk``, examples a chunk; the paths ``examples``, ``prompts``
            and, where answers are contrasted, ``neighbours``, one a task; ``output`` and ``log``.
    """
    with job_log(job["log"]):
        output = Path(job["output"])
        engine = load(NamedModel(**job["model"]))
        several = []
        neighbours = job["neighbours"] or [None] * len(job["tasks"])
        for (name, task), examples, prompts, others in zip(
            job["tasks"].items(), job["examples"], job["prompts"], neighbours, strict=True
        ):
            asked = WritingSettings(**{key: task[key] for key in WritingSettings.model_fields})
            found = questions(
                files.read(EXAMPLES, examples),
                files.read(PROMPTS, prompts),
                files.read(NEIGHBOURS, others) if others else None,
            )
            most = new_tokens(task["kind"], asked.max_new_tokens, engine.context_length)
            several.append(Asked(name, found, most, asked.stop))
        chunks = run(engine, several, output.with_suffix(""), job["chunk"])
        files.write(CHUNKS, chunks, output)
