"""The task-gram table H_n(T): pairs of n-grams of the same example whose meanings are near.

H_n(T) = {(s_x, s_y) in G_n(x_i) x G_n(y_i) of some example i: cos(E(s_x), E(s_y)) > gamma,
s_x != s_y} (Wang et al., arXiv 2407.14985, section 3). Pairs are taken n-gram by n-gram of the
input, so that memory stays bounded and each distinct pair is looked at once.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining.embedders import Embedder, Side
from tracemem.ngrams.counts import look_up
from tracemem.ngrams.stopwords import StopWords, with_stop_words
from tracemem.ngrams.words import content_ngrams, word_spans, words
from tracemem.settings.limits import LONGEST_NGRAM

_log = logging.getLogger(__name__)
_BLOCK = 4_000_000  # pairs of one pass, 8 bytes each and a few temporaries


def output_ngrams(
    target: str, n: int, output_gram: str, stop_words: frozenset[str] = frozenset()
) -> list[str]:
    """The s_y of one target: its distinct n-grams, or the whole target as one.

    A whole target is kept even where it is made of stop words only ("The Who") and whatever its
    length up to 127 words, beyond which it is no s_y; n counts words, so "China" is a whole target
    of one word at n = 5 too.
    """
    if output_gram == "ngram":
        return content_ngrams(target, n, stop_words)
    whole = words(target)
    return [" ".join(whole)] if 0 < len(whole) <= LONGEST_NGRAM else []


def candidate_grams(
    examples: pd.DataFrame,
    n: int,
    output_gram: str,
    input_stop_words: StopWords = frozenset(),
    output_stop_words: StopWords = frozenset(),
) -> pd.DataFrame:
    """Every n-gram that may take part in a pair, once, sorted: the columns of ``CANDIDATES``.

    Stop words are one set for all examples, or one for each, [examples].
    """
    beyond = sum(len(words(target)) > LONGEST_NGRAM for target in examples["target"])
    if beyond and output_gram == "target":
        _log.warning("%d whole targets of more than %d words take no part in pairs (output_gram: "
                     "ngram takes their n-grams)", beyond, LONGEST_NGRAM)  # fmt: skip
    grams: set[str] = set()
    for text, stop in with_stop_words(examples["input"], input_stop_words):
        grams.update(content_ngrams(text, n, stop))
    for target, stop in with_stop_words(examples["target"], output_stop_words):
        grams.update(output_ngrams(target, n, output_gram, stop))
    ordered = sorted(grams)
    return pd.DataFrame(
        {"ngram": ordered, "n": np.array([g.count(" ") + 1 for g in ordered], dtype=np.int8)}
    )


_PAIR_COUNTS = ("pair_documents", "input_documents", "input_occurrences", "output_documents")


def _numbers(grams: list[str], wanted: Iterable[str]) -> np.ndarray:
    """Place (int64) of each wanted n-gram in ``grams``, -1 where it is not there."""
    places = {gram: i for i, gram in enumerate(grams)}
    return np.array([places.get(gram, -1) for gram in wanted], dtype=np.int64)


@dataclass(frozen=True)
class _Side:
    """The n-grams of one side: distinct ones, and those of each example as numbers.

    Example i holds ``numbers[ends[i] : ends[i + 1]]``, in order of first occurrence.
    """

    grams: list[str]
    numbers: np.ndarray  # int64, [n-grams of all examples]
    ends: np.ndarray  # int64, [examples + 1]

    @classmethod
    def of(cls, found: Iterator[list[str]]) -> "_Side":
        known: dict[str, int] = {}
        numbers: list[int] = []
        ends = [0]
        for grams in found:
            numbers.extend([known.setdefault(gram, len(known)) for gram in grams])
            ends.append(len(numbers))
        # Numbers in the order of the n-grams themselves, so that results come out sorted.
        ordered = sorted(known)
        place = np.empty(len(known), dtype=np.int64)
        place[[known[gram] for gram in ordered]] = np.arange(len(known))
        return cls(ordered, place[np.array(numbers, dtype=np.int64)], np.array(ends))

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.ends)

    def within(self, held: set[str]) -> "_Side":
        """The same examples with only the n-grams in ``held``, numbered anew."""
        keep = np.fromiter((gram in held for gram in self.grams), bool, count=len(self.grams))
        kept = keep[self.numbers]
        return _Side(
            [gram for gram in self.grams if gram in held],
            (np.cumsum(keep) - 1)[self.numbers[kept]],
            np.concatenate(([0], np.cumsum(kept)))[self.ends],
        )


class Candidates:
    """The pairs (s_x, s_y), s_x != s_y, of the same example, without listing them all at once.

    Attributes:
        input_grams, output_grams: the distinct n-grams of each side, sorted.
    """

    def __init__(self, inputs: _Side, outputs: _Side):
        self._inputs, self._outputs = inputs, outputs
        self.input_grams, self.output_grams = inputs.grams, outputs.grams
        # Number of the same n-gram on the output side, -1 where there is none.
        self._same = _numbers(outputs.grams, inputs.grams)

    def within(self, held: set[str]) -> "Candidates":
        """Only the pairs whose n-grams are both in ``held``."""
        return Candidates(self._inputs.within(held), self._outputs.within(held))

    def keys(self, pairs: pd.DataFrame) -> np.ndarray:
        """One number (int64) for each pair (input_gram, output_gram), -1 for unknown n-grams."""
        return self.keys_of(
            _numbers(self.input_grams, pairs["input_gram"]),
            _numbers(self.output_grams, pairs["output_gram"]),
        )

    def keys_of(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """The same for pairs given as numbers of their n-grams."""
        keys = inputs * len(self.output_grams) + outputs
        return np.where((inputs < 0) | (outputs < 0), -1, keys)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Distinct pairs as numbers (s_x, s_y), sorted, each once over all blocks."""
        examples = np.repeat(np.arange(len(self._inputs.lengths)), self._inputs.lengths)
        order = np.argsort(self._inputs.numbers, kind="stable")
        grams, examples = self._inputs.numbers[order], examples[order]
        raw = np.concatenate(([0], np.cumsum(self._outputs.lengths[examples])))
        # A block ends only where an input n-gram does: so no pair stands in two blocks.
        starts = np.concatenate((np.flatnonzero(np.diff(grams, prepend=-1)), [len(grams)]))
        first = 0
        while first < len(starts) - 1:
            limit = raw[starts[first]] + _BLOCK
            last = max(first + 1, int(np.searchsorted(raw[starts], limit, side="right")) - 1)
            block = slice(starts[first], starts[last])
            yield self._distinct(grams[block], examples[block])
            first = last

    def _distinct(self, grams: np.ndarray, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lengths = self._outputs.lengths[examples]
        begins = np.repeat(self._outputs.ends[examples] - (np.cumsum(lengths) - lengths), lengths)
        outputs = self._outputs.numbers[begins + np.arange(lengths.sum())]
        keys = np.unique(np.repeat(grams, lengths) * len(self.output_grams) + outputs)
        inputs, outputs = np.divmod(keys, max(1, len(self.output_grams)))
        different = self._same[inputs] != outputs
        return inputs[different], outputs[different]

    def locate_pairs(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where given pairs stand: (place of the example, place in ``keys``), example by example.

        Args:
            keys: from :meth:`keys`, sorted; -1 matches nothing.
        """
        examples, rows = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        left, right = self._inputs, self._outputs
        sizes = np.concatenate(([0], np.cumsum(left.lengths * right.lengths)))
        first = 0
        while keys.size and first < len(sizes) - 1:
            last = int(np.searchsorted(sizes, sizes[first] + _BLOCK, side="right")) - 1
            last = max(first + 1, last)
            block = np.arange(first, last)
            raw = np.repeat(block, left.lengths[block] * right.lengths[block])
            inside = np.arange(len(raw)) - (sizes[raw] - sizes[first])
            i, j = np.divmod(inside, right.lengths[raw])
            found = self.keys_of(
                left.numbers[left.ends[raw] + i], right.numbers[right.ends[raw] + j]
            )
            row = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
            hit = keys[row] == found
            examples.append(raw[hit])
            rows.append(row[hit])
            first = last
        return np.concatenate(examples), np.concatenate(rows)

    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Every (place of the example, number of its s_y), example by example."""
        lengths = self._outputs.lengths
        return np.repeat(np.arange(len(lengths)), lengths), self._outputs.numbers

    def count(self) -> int:
        """Number of distinct pairs."""
        return sum(len(inputs) for inputs, _ in self.blocks())

    def frame(self) -> pd.DataFrame:
        """Every distinct pair as text, sorted: columns input_gram and output_gram."""
        blocks = list(self.blocks())
        return pd.DataFrame(
            {
                "input_gram": [self.input_grams[i] for inputs, _ in blocks for i in inputs],
                "output_gram": [self.output_grams[i] for _, outputs in blocks for i in outputs],
            },
            dtype=object,
        )


def candidate_pairs(
    examples: pd.DataFrame,
    n: int,
    output_gram: str,
    input_stop_words: StopWords = frozenset(),
    output_stop_words: StopWords = frozenset(),
) -> Candidates:
    """The candidate pairs of ``examples`` (``tables.EXAMPLES``), a pair of many examples once.

    Stop words are one set for all examples, or one for each, [examples]. An example whose input and target
    share an n-gram keeps all its other pairs: the definition leaves out s_x = s_y only.
    """
    return Candidates(
        _Side.of(
            content_ngrams(text, n, stop)
            for text, stop in with_stop_words(examples["input"], input_stop_words)
        ),
        _Side.of(
            output_ngrams(text, n, output_gram, stop)
            for text, stop in with_stop_words(examples["target"], output_stop_words)
        ),
    )


@numba.njit(cache=True)
def _cosines(left, right, inputs, outputs, cosines):
    for i in range(len(inputs)):
        x, y = left[inputs[i]], right[outputs[i]]
        total = 0.0
        for d in range(len(x)):
            total += float(x[d]) * float(y[d])
        cosines[i] = total


def cosines(
    left: np.ndarray, right: np.ndarray, inputs: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Cosine (float32) of each pair of unit rows ``left[inputs[i]]``, ``right[outputs[i]]``.

    Summed in double precision and in order of the dimensions, so that no thread count, block size
    or library of linear algebra changes a bit of it.
    """
    found = np.empty(len(inputs), dtype=np.float32)
    _cosines(left, right, inputs, outputs, found)
    return found


@dataclass(frozen=True)
class Mined:
    """What mining found, and how much of what it looked at.

    Attributes:
        pairs: columns of ``tables.MINED``, sorted by s_x, then s_y.
        candidates: distinct pairs of the task.
        in_corpus: of them, both n-grams stand in the corpus.
        reason: why there is no pair, or ''.
        true_in_corpus: of those in the corpus, true alignments; None where no truth is known.
    """

    pairs: pd.DataFrame
    candidates: int
    in_corpus: int
    reason: str = ""
    true_in_corpus: int | None = None


def held_pairs(candidates: Candidates, counts: pd.DataFrame) -> Candidates:
    """The candidate pairs whose n-grams the corpus holds.

    Args:
        candidates: from :func:`candidate_pairs`.
        counts: ``tables.COUNTS`` with every n-gram of the candidates.

    Raises:
        ValueError: an n-gram was never counted: that is not a count of zero.
    """
    documents = counts.set_index("ngram")["documents"]
    held: set[str] = set()
    for grams in (candidates.input_grams, candidates.output_grams):
        found = look_up(documents, grams, "n-gram counts")
        held.update(gram for gram, count in zip(grams, found, strict=True) if count)
    return candidates.within(held)


def mine(
    candidates: Candidates,
    counts: pd.DataFrame,
    embedder: Embedder,
    gamma: float,
    truth: pd.DataFrame | None = None,
) -> Mined:
    """The candidate pairs with a cosine strictly above ``gamma``.

    N-grams that no document holds are not embedded.

    Args:
        candidates: from :func:`candidate_pairs`.
        counts: ``tables.COUNTS`` with every n-gram of the candidates.
        embedder: gives one vector to every n-gram and side.
        gamma: the task's threshold.
        truth: columns input_gram and output_gram of the true alignments, where they are known.

    Raises:
        ValueError: an n-gram was never counted: that is not a count of zero.
    """
    held = held_pairs(candidates, counts)
    left = vectors(embedder, held.input_grams, "input")
    right = vectors(embedder, held.output_grams, "output")
    true = np.empty(0, np.int64) if truth is None else held.keys(truth)
    known_left, known_right = np.any(left, axis=1), np.any(right, axis=1)
    in_corpus = true_in_corpus = embedded = 0
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for inputs, outputs in held.blocks():
        in_corpus += len(inputs)
        true_in_corpus += int(np.isin(held.keys_of(inputs, outputs), true).sum())
        embedded += int((known_left[inputs] & known_right[outputs]).sum())
        found = cosines(left, right, inputs, outputs)
        above = found > np.float32(gamma)
        kept.append((inputs[above], outputs[above], found[above]))
    inputs, outputs, found = (
        np.concatenate([np.empty(0, kind), *(block[part] for block in kept)])
        for part, kind in enumerate((np.int64, np.int64, np.float32))
    )
    count = candidates.count()
    reason = ""
    if not count:
        reason = "no example has n-grams of this many words on both sides"
    elif not in_corpus:
        reason = f"the corpus holds both n-grams of none of the {count:,} pairs of the examples"
    elif not embedded:
        # What it was trained on stands in its name, and tells a reader nothing.
        name = re.sub(r"-[0-9a-f]{16}$", "", embedder.name)
        reason = (
            f"of each of the {in_corpus:,} pairs in the corpus {name} knows no word of one side"
        )
    elif not len(inputs):
        reason = f"none of the {in_corpus:,} pairs in the corpus has a cosine above {gamma:g}"
    return Mined(
        reason=reason,
        pairs=pd.DataFrame(
            {
                "input_gram": np.array(held.input_grams, dtype=object)[inputs],
                "output_gram": np.array(held.output_grams, dtype=object)[outputs],
                "cosine": found,
            }
        ),
        candidates=count,
        in_corpus=in_corpus,
        true_in_corpus=None if truth is None else true_in_corpus,
    )


def vectors(embedder: Embedder, grams: list[str], side: Side) -> np.ndarray:
    """Vectors (float32, [grams, dimensions]) of length 1, or 0 where the embedder knows no word.

    Raises:
        ValueError: a vector has another length.
    """
    if not grams:
        return np.zeros((0, 1), np.float32)
    rows = np.ascontiguousarray(embedder.embed(grams, side), dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1)
    wrong = np.flatnonzero(~(np.isclose(lengths, 1, atol=1e-3) | (lengths == 0)))
    if len(wrong):
        raise ValueError(
            f"{embedder.name}: the vector of {grams[wrong[0]]!r} has length "
            f"{lengths[wrong[0]]}, allowed: 1, or 0 for a text it knows nothing of"
        )
    return rows


def alignment(
    task: str, n: int, mined: Mined, thresholds: Sequence[float], truth: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each threshold keeps, and how well it aligns: the columns of ``tables.ALIGNMENT``.

    ``non_zero`` is empty until :func:`with_non_zero` fills it in.

    Args:
        task: name of the task.
        n: words of an n-gram.
        mined: the pairs above the lowest threshold, all above -1 if truth is to be swept.
        thresholds: none below the gamma of ``mined``.
        truth: the truth that ``mined`` was given.
    """
    pairs = mined.pairs
    rows = []
    true = np.zeros(len(pairs), dtype=bool)
    if truth is not None:
        known = pd.MultiIndex.from_frame(truth[PAIR_COLUMNS])
        true = pd.MultiIndex.from_frame(pairs[PAIR_COLUMNS]).isin(known)
    for gamma in thresholds:
        above = (pairs["cosine"] > np.float32(gamma)).to_numpy()
        kept, right = int(above.sum()), int((above & true).sum())
        rows.append(
            {
                "task": task,
                "n": n,
                "gamma": gamma,
                "candidates": mined.candidates,
                "in_corpus": mined.in_corpus,
                "kept": kept,
                "non_zero": None,
                "precision": right / kept if truth is not None and kept else None,
                "recall": right / mined.true_in_corpus if mined.true_in_corpus else None,
                "reason": mined.reason
                or (
                    f"none of the {len(pairs):,} mined pairs has a cosine above {gamma:g}"
                    if not kept
                    else ""
                ),
            }
        )
    return pd.DataFrame(rows)


def with_non_zero(
    table: pd.DataFrame, pairs: Mapping[tuple[str, int], pd.DataFrame], counts: pd.DataFrame
) -> pd.DataFrame:
    """The alignment table with ``non_zero``, kept pairs that some document holds, or why none is.

    Args:
        table: rows of :func:`alignment`.
        pairs: mined pairs by task and n.
        counts: ``tables.PAIR_COUNTS`` with every mined pair.

    Raises:
        ValueError: a mined pair was never counted.
    """
    documents = counts.set_index(PAIR_COLUMNS)["documents"]
    found = {}
    for (task, n), mined in pairs.items():
        wanted = mined[PAIR_COLUMNS]
        held = look_up(documents, wanted, f"pair counts of {task}, n = {n}")
        found[task, n] = mined["cosine"].to_numpy()[held > 0]
    filled = table.copy()
    filled["non_zero"] = [
        int((found[row.task, row.n] > np.float32(row.gamma)).sum()) for row in table.itertuples()
    ]
    filled["reason"] = [
        f"no document holds both n-grams of any of the {row.kept:,} pairs kept"
        if row.kept and not row.non_zero
        else row.reason
        for row in filled.itertuples()
    ]
    return filled


def locate(target: str, gram: str) -> tuple[int, int]:
    """Characters (start, end) of the first place of ``gram`` as whole words; -1, -1 if none.

    Args:
        target: a text in NFC.
        gram: words joined by one space, as n-grams are.
    """
    return _first_places(target, gram.count(" ") + 1).get(gram, (-1, -1))


def _first_places(target: str, n: int) -> dict[str, tuple[int, int]]:
    sequence, spans = words(target), word_spans(target)
    places: dict[str, tuple[int, int]] = {}
    for i in range(len(sequence) - n + 1):
        places.setdefault(" ".join(sequence[i : i + n]), (spans[i][0], spans[i + n - 1][1]))
    return places


def places_of(targets: pd.Series, places: np.ndarray, grams: Iterable[str]) -> np.ndarray:
    """Characters (int32, [grams, 2]) of the first place of each n-gram in its target; -1 if none.

    Args:
        targets: texts in NFC.
        places: which target each n-gram belongs to; those of one target stand together.
        grams: the n-grams.
    """
    spans = []
    current = -1
    starts: dict[int, dict[str, tuple[int, int]]] = {}
    for place, gram in zip(places, grams, strict=True):
        if place != current:
            current, starts = place, {}
        length = gram.count(" ") + 1
        if length not in starts:
            starts[length] = _first_places(targets.iloc[place], length)
        spans.append(starts[length].get(gram, (-1, -1)))
    return np.array(spans, dtype=np.int32).reshape(-1, 2)


def match(
    examples: pd.DataFrame,
    pairs: pd.DataFrame,
    n: int,
    output_gram: str,
    input_stop_words: StopWords = frozenset(),
    output_stop_words: StopWords = frozenset(),
) -> pd.DataFrame:
    """Phi: every pair of every example that the task-gram table holds (``tables.ITEMS``).

    A pair that stands in k examples gives k items. The place of s_y is that of its first occurrence
    as whole words in the target, so never inside the question nor beyond s_y.

    Args:
        examples: ``tables.EXAMPLES``, in NFC.
        pairs: ``tables.PAIRS`` of the same n.
        n: words of an n-gram.
        output_gram: as the pairs were mined.
        input_stop_words: as the pairs were mined.
        output_stop_words: as the pairs were mined.
    """
    found = candidate_pairs(examples, n, output_gram, input_stop_words, output_stop_words)
    keys = found.keys(pairs)
    order = np.argsort(keys, kind="stable")
    # Pairs with n-grams that no example has come first, as -1, and match nothing.
    places, rows = found.locate_pairs(keys[order])
    table = pairs.iloc[order[rows]].reset_index(drop=True)
    starts_ends = places_of(examples["target"], places, table["output_gram"])
    return pd.DataFrame(
        {
            "example": examples["example"].to_numpy()[places],
            "input_gram": table["input_gram"],
            "output_gram": table["output_gram"],
            "target_start": starts_ends[:, 0],
            "target_end": starts_ends[:, 1],
            **{name: table[name] for name in _PAIR_COUNTS},
        }
    )
