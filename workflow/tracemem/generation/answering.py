"""Generations and log-probabilities of a model over a task, as the table GENERATIONS.

Work is cut into chunks of examples, and each is written whole as it finishes, so a killed job goes
on with the first chunk that is missing. Batches never cross chunks: what a chunk holds does not
depend on where the job went on, and the table's bytes are those of an uninterrupted run.
"""

import hashlib
import json
import logging
import math
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.models import encoding
from tracemem.models.engines import Engine, ModelSettings, load
from tracemem.settings.tasks import new_tokens

log = logging.getLogger(__name__)

_COLUMNS = ["example", "prompt", "target", "options"]


def run(
    engine: Engine,
    examples: pd.DataFrame,
    path: Path | str,
    chunks: Path | str,
    *,
    max_new_tokens: int,
    stop: Sequence[str] = (),
    chunk_size: int = 512,
) -> None:
    """Generate from and score every example with ``engine``; write GENERATIONS to ``path``.

    Examples with options get no generation, but the log-probability of each option; all get the
    log-probabilities of the gold target's tokens. ``examples`` is a frame of tables.EXAMPLES.
    Finished chunks lie in ``chunks``, under a digest of the examples, the model's identity and
    these settings, until the table is written.

    What does not fit the context: prompts lose their first tokens; a gold target longer than the
    context is cut on its right, so the n-grams beyond the cut have no token; an example with an
    option longer than the context gets no log-probability (NaN for each option). All are logged.

    Raises:
        ValueError: there are no examples, ``max_new_tokens`` leaves no room for a prompt, or the
            model gave a log-probability that is not finite.
    """
    if examples.empty:
        raise ValueError(f"{path}: the task has no examples")
    open_ended = any(not len(options) for options in examples["options"])
    if open_ended and not 0 < max_new_tokens < engine.context_length:
        raise ValueError(
            f"max_new_tokens is {max_new_tokens}; {engine.settings} has a context of "
            f"{engine.context_length} tokens: allowed is 1 to {engine.context_length - 1}"
        )
    asked = {"max_new_tokens": max_new_tokens, "stop": list(stop), "chunk_size": chunk_size}
    folder = Path(chunks) / _digest(examples, engine.identity, asked)
    parts = [examples.iloc[at : at + chunk_size] for at in range(0, len(examples), chunk_size)]
    files = [folder / f"{k:05d}.parquet" for k in range(len(parts))]
    missing = [k for k, file in enumerate(files) if not file.exists()]
    if len(missing) < len(parts):
        log.info(
            "%s: %d of %d chunks are there already", path, len(parts) - len(missing), len(parts)
        )
    began, done, tokens = time.monotonic(), 0, 0
    left = sum(len(parts[k]) for k in missing)
    cut: Counter[str] = Counter()
    for k in missing:
        table, seen = _chunk(engine, parts[k], max_new_tokens, stop, cut)
        tables.write(tables.GENERATIONS, table, files[k])
        done, left, tokens = done + len(parts[k]), left - len(parts[k]), tokens + seen
        taken = max(time.monotonic() - began, 1e-9)
        log.info(
            "%s: chunk %d of %d, %d of %d examples, %.1f examples/s, %.0f tokens/s, %s left",
            path,
            k + 1,
            len(parts),
            len(examples) - left,
            len(examples),
            done / taken,
            tokens / taken,
            timedelta(seconds=round(left * taken / done)),
        )
    for what, count in sorted((+cut).items()):
        log.warning("%s: %d %s the context of %d tokens", path, count, what, engine.context_length)
    tables.write(tables.GENERATIONS, pa.concat_tables(map(pq.read_table, files)), path)
    shutil.rmtree(folder)
    with suppress(OSError):  # Chunks of another run may lie beside it.
        folder.parent.rmdir()


def _digest(examples: pd.DataFrame, identity: dict, asked: dict) -> str:
    sums = hashlib.sha256()
    sums.update(json.dumps([identity, asked, list(tables.GENERATIONS.columns)]).encode())
    for example, prompt, target, options in examples[_COLUMNS].itertuples(index=False):
        row = [int(example), prompt, target, [str(option) for option in options]]
        sums.update(json.dumps(row).encode())
    return sums.hexdigest()[:16]


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


def _chunk(
    engine: Engine, examples: pd.DataFrame, max_new_tokens: int, stop: Sequence[str], cut: Counter
) -> tuple[dict[str, list], int]:
    """The rows of some examples, and how many tokens went through the model for them."""
    items = []
    for example, prompt, target, options in examples[_COLUMNS].itertuples(index=False):
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
    starts = [item.start for item in items if item.start is not None]
    written = iter(engine.generate(starts, max_new_tokens, stop))
    rows: dict[str, list] = {name: [] for name in tables.GENERATIONS.columns}
    seen = 0
    for item, found in zip(items, scores, strict=True):
        if not all(np.isfinite(one).all() for one in found):
            raise ValueError(
                f"example {item.example}: {engine.settings} gave a log-probability that is not "
                "finite"
            )
        generation = next(written) if item.start is not None else None
        gold = found[item.continuations.index(item.gold.target_ids)] if found else []
        options = [float(one.sum(dtype=np.float64)) for one in found[: item.options]]
        lengths = [len(ids) for ids in item.continuations[: item.options]]
        row = {
            "example": int(item.example),
            "generation": generation.text.lstrip(" ") if generation else None,
            "generated_tokens": len(generation.token_ids) if generation else 0,
            "prompt_tokens": len(item.prefix if item.start is None else item.start),
            "token_ids": item.gold.target_ids,
            "token_starts": item.gold.starts,
            "token_ends": item.gold.ends,
            "token_log_probabilities": gold,
            "option_log_probabilities": options if found else [math.nan] * item.options,
            "option_tokens": lengths if found else [0] * item.options,
        }
        for name, value in row.items():
            rows[name].append(value)
        seen += len(item.prefix) + sum(map(len, item.continuations))
        seen += len(item.start or []) + row["generated_tokens"]
    return rows, seen


def main(job: dict) -> None:
    """Run one job, described by plain values.

    Args:
        job: ``model``, the keys of its settings; ``task``, its kind, max_new_tokens and stop; ``chunk``,
            examples a chunk; the paths ``examples``, ``output`` and ``log``.
    """
    with job_log(job["log"]):
        output, task = Path(job["output"]), job["task"]
        engine = load(ModelSettings(**job["model"]))
        run(
            engine,
            tables.read(tables.EXAMPLES, job["examples"]),
            output,
            # Not an output of the rule, so that what is done survives a job that fails.
            output.with_suffix(".chunks"),
            max_new_tokens=new_tokens(task["kind"], task["max_new_tokens"], engine.context_length),
            stop=task["stop"],
            chunk_size=job["chunk"],
        )
