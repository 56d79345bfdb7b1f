"""The infinity-gram language model over an index in infini-gram's own files.

P_inf(t_i | t_<i) = C(s t_i, D) / C(s, D), where s is the longest suffix of t_<i that occurs in D
(Liu et al., "Infini-gram", arXiv 2401.17377). Counts are of token sequences in the tokenized
corpus; the empty suffix occurs once per token, separators included.

An index is a folder with, for every index shard i,

- ``tokenized.{i}``: the documents' tokens (uint16, little-endian), each document after a 0xFFFF;
- ``offset.{i}``: the byte position of each document's 0xFFFF in it (uint64, little-endian);
- ``table.{i}``: its suffix array (byte positions, as few bytes each as the file needs).

The `infini-gram` package opens an index built here, and a version 4 index of u16 tokens published
by others opens here. The package takes for an index file whatever has "table", "offset" or
"tokenized" in its whole path, so these words must not be in the folder's name, and drafts are
kept beside the folder, not in it. An index of version 5 holds its documents reversed under the
same names; nothing in the files tells it apart.
"""

import importlib.util
import math
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tracemem.infgram import kernels
from tracemem.jobs import files

SEPARATOR = 0xFFFF
# Peak memory of the indexer, in bytes per byte of tokens it sorts (measured: 10.6 to 11.4).
_SORT_MEMORY = 12
# Parts overlap by this many bytes, so a merged table is in order up to common prefixes this long.
_OVERLAP = 100_000
# Characters encoded at a time, and what a piece of a long document must see of the next.
_PIECE, _MARGIN = 2_000_000, 10_000


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in runs of at most 10,000 and _PIECE characters; a longer text is a run of its own."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (size + len(text) > _PIECE or len(batch) == 10_000):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _encode(encoder: Any, texts: list[str]) -> list[list[int]]:
    return [found.ids for found in encoder.encode_batch_fast(texts, add_special_tokens=False)]


def _encode_long(encoder: Any, text: str) -> Iterator[list[int]]:
    """Ids of a text, cut before a blank where both sides encode as they do together.

    Encoding takes over 100 bytes a character, so a long text goes piece by piece. Equal to the
    whole where the tokenizer looks no further than _MARGIN characters ahead.
    """
    start, size = 0, _PIECE
    while len(text) - start > size + _MARGIN:
        piece = text[start : start + size + _MARGIN]
        cut = max(piece.rfind(blank, size // 2, size) for blank in " \n")
        if cut > 0:
            whole, rest = _encode(encoder, [piece, piece[cut:]])
            if rest and whole[-len(rest) :] == rest:
                yield whole[: -len(rest)]
                start, size = start + cut, _PIECE
                continue
        size *= 2
    yield _encode(encoder, [text[start:]])[0]


def _plain(tokenizer: Any) -> Any:
    """A copy of a fast tokenizer that neither truncates nor pads."""
    from tokenizers import Tokenizer

    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not isinstance(backend, Tokenizer):
        raise TypeError(f"need a fast Hugging Face tokenizer, got {type(tokenizer).__name__}")
    largest = max(backend.get_vocab(with_added_tokens=True).values())
    if largest >= SEPARATOR:
        raise ValueError(
            f"the tokenizer's largest token id is {largest}; a u16 infini-gram index holds ids up "
            f"to {SEPARATOR - 1}, as {SEPARATOR} separates documents"
        )
    copy = Tokenizer.from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy


def write_tokens(
    texts: Iterable[str], tokenizer: Any, tokenized: Path | str, offset: Path | str
) -> int:
    """Tokenize documents, in order, into ``tokenized.{i}`` and ``offset.{i}``.

    No special token is added. Two million characters are encoded at a time; a longer document is
    cut where that changes no token.

    Args:
        texts: documents.
        tokenizer: a `tokenizers.Tokenizer`, or a fast tokenizer of transformers.
        tokenized: file to write the tokens to.
        offset: file to write the documents' byte positions to.

    Returns:
        Documents written.

    Raises:
        TypeError: the tokenizer is not a fast one.
        ValueError: the tokenizer has ids that u16 cannot hold.
    """
    encoder = _plain(tokenizer)
    documents, position = 0, 0
    with (
        files.replacing_all(tokenized, offset) as (token_draft, offset_draft),
        open(token_draft, "wb") as token_file,
        open(offset_draft, "wb") as offset_file,
    ):
        for batch in _batches(texts):
            if len(batch[0]) > _PIECE:
                encoded: Sequence[Iterable[int]] = [
                    chain.from_iterable(_encode_long(encoder, batch[0]))
                ]
            else:
                encoded = _encode(encoder, batch)
            for ids in encoded:
                row = np.fromiter(chain([SEPARATOR], ids), "<u2")
                row.tofile(token_file)
                offset_file.write(position.to_bytes(8, "little"))
                documents += 1
                position += row.nbytes
    return documents


def _pointer_bytes(size: int) -> int:
    """Bytes of a table entry for a token file of ``size`` bytes, as infini-gram reckons them."""
    return math.ceil(math.log2(size) / 8)


def _indexer() -> Path:
    found = importlib.util.find_spec("infini_gram")
    if found is not None and found.submodule_search_locations:
        for place in found.submodule_search_locations:
            if Path(place, "rust_indexing").is_file():
                return Path(place, "rust_indexing")
    raise FileNotFoundError(
        "rust_indexing not found: building a table needs the infini-gram package (Linux or macOS)"
    )


def _run_indexer(command: str, **options: object) -> None:
    arguments = [str(_indexer()), command]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode:
        ending = f"ended with {done.returncode}: {done.stderr.strip()[-500:]}"
        raise RuntimeError(f"rust_indexing {command} on {options['data_file']} {ending}")


def _sorted_by_size(made: Path, wanted: int, tokenized: Path | str) -> Path:
    """``made``, if it has its full size: the indexer ends well when one of its threads does not."""
    size = made.stat().st_size if made.exists() else 0
    if size != wanted:
        raise RuntimeError(f"{tokenized}: the table has {size} bytes where it needs {wanted}")
    return made


def _part_bytes(size: int, memory_mb: int, tokenized: Path | str) -> int:
    """Bytes of tokens to sort at a time, of a file of ``size`` bytes."""
    memory = memory_mb * 2**20
    if size * _SORT_MEMORY <= memory:
        return size
    step = (memory // _SORT_MEMORY - _OVERLAP) // 2 * 2
    if step < _OVERLAP or size + size // step * _OVERLAP > memory:
        raise ValueError(
            f"{tokenized}: memory_mb is {memory_mb}, too little to sort {size} bytes of tokens "
            f"(in one piece: {math.ceil(size * _SORT_MEMORY / 2**20)}); give more, or make more "
            "and smaller index shards"
        )
    return step


def build_table(tokenized: Path | str, table: Path | str, memory_mb: int = 4096) -> None:
    """Sort the suffixes of ``tokenized.{i}`` into ``table.{i}`` with infini-gram's own indexer.

    In one piece where ``memory_mb`` allows (12 bytes for each byte of tokens), which is exact
    whatever the corpus. Otherwise in overlapping parts that the indexer merges (then the whole
    token file must fit in memory): exact for suffixes of up to 50,000 tokens.

    Raises:
        FileNotFoundError: the infini-gram package is not installed.
        ValueError: no tokens, a file that is not whole tokens, or too little memory.
        RuntimeError: the indexer failed.
    """
    tokenized = Path(tokenized)
    size = tokenized.stat().st_size
    if size == 0 or size % 2:
        raise ValueError(f"{tokenized}: {size} bytes; an index shard needs tokens of two bytes")
    step = _part_bytes(size, memory_mb, tokenized)
    width = _pointer_bytes(size)
    wanted = size // 2 * width
    form = {"data_file": tokenized.absolute(), "ratio": width, "token_width": 2}
    with files.replacing_all(table) as (draft,):
        parts = draft.parent / "parts"
        parts.mkdir()
        # A part must reach a full overlap beyond its end: a short rest joins the part before it.
        starts = [0, *range(step, size - _OVERLAP, step)] if step < size else [0]
        ranges = [
            (start, min(after + _OVERLAP, size)) for start, after in pairwise([*starts, size])
        ]
        for start, end in ranges:
            _run_indexer("make-part", parts_dir=parts, start_byte=start, end_byte=end, **form)
            _sorted_by_size(parts / f"{start}-{end}", (end - start) // 2 * width, tokenized)
        if len(ranges) == 1:
            made = parts / f"0-{size}"
        else:
            merged = draft.parent / "merged"
            merged.mkdir()
            # One thread writes one file, which is the table, and ties do not depend on threads.
            _run_indexer(
                "merge",
                parts_dir=parts,
                merged_dir=merged,
                num_threads=1,
                hacksize=_OVERLAP,
                **form,
            )
            made = merged / "0000"
        os.replace(_sorted_by_size(made, wanted, tokenized), draft)


@dataclass(frozen=True)
class Answers:
    """What the index says of every place asked for, sequence after sequence.

    Attributes:
        offsets: int64, [sequences + 1]; sequence i has the places offsets[i] to offsets[i + 1].
        suffix_lengths: int32, [places], tokens of the longest suffix of the context that occurs.
        suffix_counts: int64, [places], its occurrences.
        continued_counts: int64, [places], its occurrences followed by the token; 0 is P_inf = 0.
    """

    offsets: np.ndarray
    suffix_lengths: np.ndarray
    suffix_counts: np.ndarray
    continued_counts: np.ndarray


@dataclass(frozen=True)
class _Shard:
    tokens: np.ndarray
    table: np.ndarray
    width: int
    buckets: np.ndarray
    documents: int


def _open_shard(folder: Path, number: str) -> _Shard:
    names = [f"tokenized.{number}", f"table.{number}", f"offset.{number}"]
    for name in names:
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder}: index shard {number} has no {name}")
    size, table_size, offset_size = ((folder / name).stat().st_size for name in names)
    if size == 0 or size % 2:
        raise ValueError(f"{folder / names[0]}: {size} bytes; an index shard needs u16 tokens")
    width = _pointer_bytes(size)
    if table_size != size // 2 * width:
        raise ValueError(
            f"{folder / names[1]}: {table_size} bytes; a table of u16 tokens over {size} bytes has "
            f"{size // 2 * width}: the index is incomplete, or not of u16 tokens"
        )
    if offset_size == 0 or offset_size % 8:
        raise ValueError(f"{folder / names[2]}: {offset_size} bytes; needs 8 for each document")
    tokens = np.memmap(folder / names[0], "<u2", "r").view(np.ndarray)
    table = np.memmap(folder / names[1], np.uint8, "r").view(np.ndarray)
    buckets = kernels.first_token_buckets(tokens, table, width)
    return _Shard(tokens, table, width, buckets, offset_size // 8)


class Index:
    """An infini-gram index (version 4, u16), opened for batches of infinity-gram probabilities.

    The files are mapped, not read: an index may be larger than memory.

    Attributes:
        folder: where the index lies.
        tokens: tokens in all shards, separators included.
        documents: documents in all shards.

    Raises:
        FileNotFoundError: the folder holds no index, or a shard lacks a file.
        ValueError: a file is not what a u16 index has.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        numbers = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if named := re.fullmatch(r"tokenized\.(\d+)", path.name):
                    numbers.append(named[1])
        if not numbers:
            raise FileNotFoundError(f"{folder}: no infini-gram index here (no tokenized.0)")
        self._shards = [_open_shard(self.folder, n) for n in sorted(numbers, key=int)]
        self.tokens = sum(shard.tokens.size for shard in self._shards)
        self.documents = sum(shard.documents for shard in self._shards)

    def probabilities(
        self, sequences: Sequence[ArrayLike], starts: ArrayLike | None = None, threads: int = 1
    ) -> Answers:
        """Look up every token from ``starts[i]`` on in sequence i, given all tokens before it.

        The answers equal the package's `infgram_prob` (suffix_len, prompt_cnt, cont_cnt) on the
        tokens before the place and the token there, and do not depend on ``threads``.

        Args:
            sequences: token ids (integers, 0 to 65535), [sequences][tokens].
            starts: first place asked of each sequence, [sequences]; all places if None. For the
                tokens of a target after a prompt: the number of prompt tokens.
            threads: threads that search at a time.

        Raises:
            ValueError: a token id that u16 cannot hold, or a start outside its sequence.
        """
        arrays = [np.asarray(sequence) for sequence in sequences]
        sizes = np.array([array.size for array in arrays], np.int64)
        first = np.zeros(len(arrays), np.int64) if starts is None else np.asarray(starts, np.int64)
        if first.shape != sizes.shape:
            raise ValueError(f"{len(arrays)} sequences but starts of shape {first.shape}")
        if np.any(wrong := (first < 0) | (first > sizes)):
            i = int(np.argmax(wrong))
            raise ValueError(f"sequence {i}: start {first[i]} is not within its {sizes[i]} tokens")
        bounds = np.concatenate(([0], np.cumsum(sizes)))
        asked = np.concatenate(([0], np.cumsum(sizes - first)))
        # An empty list makes an array of floats, hence only arrays with tokens.
        query = np.concatenate([array for array in arrays if array.size] or [np.zeros(0, np.int64)])
        if query.dtype.kind not in "iu":
            raise ValueError(f"token ids must be integers, got {query.dtype}")
        if np.any(wrong := (query < 0) | (query > SEPARATOR)):
            place = int(np.argmax(wrong))
            i = int(np.searchsorted(bounds, place, side="right")) - 1
            raise ValueError(
                f"sequence {i}: token id {query[place]}; a u16 index holds 0 to {SEPARATOR}"
            )
        return self._answer(query.astype(np.uint16), bounds, asked, threads)

    def _answer(
        self, query: np.ndarray, bounds: np.ndarray, asked: np.ndarray, threads: int
    ) -> Answers:
        places = int(asked[-1])
        longest = np.full(places, -1, np.int32)
        counts, continued = np.zeros(places, np.int64), np.zeros(places, np.int64)
        lengths, here, here_continued = longest.copy(), counts.copy(), continued.copy()
        # A cut inside a sequence costs one search anew, so pieces are not too small.
        step = max(256, math.ceil(places / (8 * threads)))

        def search(shard: _Shard, begin: int) -> None:
            kernels.answer(
                shard.tokens,
                shard.table,
                shard.width,
                shard.buckets,
                query,
                bounds,
                asked,
                begin,
                min(begin + step, places),
                lengths,
                here,
                here_continued,
            )

        with ThreadPoolExecutor(threads) as pool:
            for shard in self._shards:
                list(pool.map(partial(search, shard), range(0, places, step)))
                # The longest suffix in D is the longest in any shard; shards without it add none.
                keep, add = lengths <= longest, lengths >= longest
                counts = counts * keep + here * add
                continued = continued * keep + here_continued * add
                longest = np.maximum(longest, lengths)
        return Answers(asked, longest, counts, continued)


def log_probability(
    suffix_counts: ArrayLike, continued_counts: ArrayLike
) -> tuple[float | None, int]:
    """Log-probability of a span: the sum of ln P_inf over its tokens, those with zero skipped.

    The paper's rule (arXiv 2407.14985), but a span whose tokens all have zero probability has no
    value: it is to be dropped and counted, as its empty product would be probability 1.

    Args:
        suffix_counts: int, [tokens of the span].
        continued_counts: int, [tokens of the span].

    Returns:
        (ln P_inf in nats, or None where every token has zero probability; tokens skipped).

    Raises:
        ValueError: no tokens, different shapes, or counts that no corpus has.
    """
    suffix = np.asarray(suffix_counts, np.float64)
    continued = np.asarray(continued_counts, np.float64)
    if suffix.shape != continued.shape or suffix.ndim != 1 or suffix.size == 0:
        raise ValueError(f"a span needs counts per token, got {suffix.shape}, {continued.shape}")
    if np.any(suffix < 1) or np.any(continued < 0) or np.any(continued > suffix):
        raise ValueError("counts of a span must satisfy 0 <= continued <= suffix, suffix >= 1")
    known = continued > 0
    skipped = int(np.count_nonzero(~known))
    if skipped == known.size:
        return None, skipped
    return float(np.sum(np.log(continued[known] / suffix[known]))), skipped
