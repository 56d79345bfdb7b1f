"""Make the corpus of the bench: nested shards, from a tenth of its size to ten times it.

A shard is what the Pile's are: a line of JSON for each document, ``text`` and ``meta``, packed with
zstd at level 3. The text is generated, or taken from a folder of shards; what that lacks for ten
times is the same documents again, each turned so that another part of it comes first.
"""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pandas as pd
import zstandard

from bench.ngrams import zipf_text
from tracemem.corpus.formats import ENDINGS
from tracemem.corpus.reading import texts
from tracemem.corpus.shards import find_shards
from tracemem.jobs.files import replacing
from tracemem.jobs.joblog import job_log

SEED = 20240714
BLOCKS = {"x0.1": 1, "x0.3": 3, "x1": 10, "x3": 30, "x10": 100}  # tenths of the corpus
HELD_OUT = "heldout"
_HELD_OUT_SHARE = 0.02


def pack(documents: Iterator[str] | list[str]) -> tuple[bytes, int, int]:
    """One zstd frame of documents, how many they are, and their bytes of text."""
    lines, size = [], 0
    for text in documents:
        lines.append(json.dumps({"text": text, "meta": {"pile_set_name": "bench"}}) + "\n")
        size += len(text.encode())
    return zstandard.ZstdCompressor(level=3).compress("".join(lines).encode()), len(lines), size


def generated(block: int, size: int) -> tuple[bytes, int, int]:
    """Block ``block`` of generated text, packed."""
    return pack(zipf_text.documents(SEED, block, size))


def turned(text: str, copy: int) -> str:
    """The same words, from another place on, as copy number ``copy``."""
    cut = text.find(" ", len(text) * copy // 10)
    return text[cut + 1 :] + " " + text[:cut] if copy and cut > 0 else text


def found(folder: str, text_field: str, size: int) -> tuple[list[list[str]], list[str]]:
    """Up to ``size`` bytes of a folder's documents in ten parts, and those held out."""
    patterns = [f"{folder}/*{ending}" for ending in ENDINGS if any(
        Path(folder).glob(f"*{ending}"))]  # fmt: skip
    shards = find_shards(patterns or [folder])
    every = texts({shard.name: shard.path for shard in shards}, text_field, "skip")
    kept, held, total, held_size = [], [], 0, 0
    for number, text in enumerate(every):
        if number % 20 == 1 and held_size < _HELD_OUT_SHARE * size:
            held.append(text)
            held_size += len(text.encode())
            continue
        kept.append(text)
        total += len(text.encode())
        if total >= size:
            break
    # Documents are dealt out, so that every part has its share of every shard.
    return [kept[part::10] for part in range(10)], held


def make(folder: str, text_field: str, mb: float, target: Path, cores: int) -> list[dict]:
    """Write every shard of the corpus, and describe it."""
    size = int(mb * 1e6)
    with ExitStack() as stack:
        if folder:
            parts, held = found(folder, text_field, size)
            pieces = (
                pack(turned(text, block // 10) for text in parts[block % 10])
                for block in range(max(BLOCKS.values()))
            )
            held_piece = pack(held)
        else:
            zipf_text.documents(SEED, 0, 0)
            pool = stack.enter_context(ProcessPoolExecutor(cores))
            make_block = partial(generated, size=size // 10)
            pieces = pool.map(make_block, range(max(BLOCKS.values())))
            held_piece = generated(max(BLOCKS.values()), int(_HELD_OUT_SHARE * size))
        drafts = {
            name: stack.enter_context(replacing(target / f"{name}.jsonl.zst"))
            for name in (*BLOCKS, HELD_OUT)
        }
        rows = {
            name: {"shard": name, "documents": 0, "text_bytes": 0, "bytes": 0} for name in drafts
        }
        sums = {name: hashlib.sha256() for name in drafts}
        files = {name: stack.enter_context(draft.open("wb")) for name, draft in drafts.items()}
        for block, piece in enumerate(pieces):
            for name in BLOCKS:
                if block < BLOCKS[name]:
                    add(files[name], rows[name], sums[name], piece)
        add(files[HELD_OUT], rows[HELD_OUT], sums[HELD_OUT], held_piece)
        for file in files.values():
            file.close()
    return [{**rows[name], "sha256": sums[name].hexdigest()} for name in rows]


def add(file, row: dict, sums, piece: tuple[bytes, int, int]) -> None:
    """Append a frame to a shard."""
    frame, documents, text_bytes = piece
    file.write(frame)
    sums.update(frame)
    row["documents"] += documents
    row["text_bytes"] += text_bytes
    row["bytes"] += len(frame)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        described = make(
            snakemake.params.folder,
            snakemake.params.text_field,
            snakemake.params.mb,
            Path(snakemake.output.x1).parent,
            snakemake.threads,
        )
        with replacing(snakemake.output.table) as table:
            pd.DataFrame(described).to_csv(table, index=False)
