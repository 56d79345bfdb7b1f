"""Draw the n-grams and pairs that the bench counts from passages of the corpus, as tasks do.

A passage of some 250 characters stands for a question with its answer: its n-grams are candidates
(the frequent ones come first, as they do in a task), a pair is two of its n-grams that do not
overlap. As in a study, n-grams of stop words only (the 100 most frequent words) are left out.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard
from tracemem.jobs.files import replacing
from tracemem.jobs.joblog import job_log
from tracemem.ngrams import words

SIX = (1, 2, 3, 5, 8, 14)
_PASSAGE = 250  # characters
_STOP_WORDS = 100
_SEED = 1


def passages(texts: list[str], stream: int) -> Iterator[list[str]]:
    """Words of passages at random places, without those cut at its ends; each place once."""
    rng = np.random.default_rng([_SEED, stream])
    sizes = np.array([len(text) for text in texts])
    places = rng.permutation(int(sizes.sum() // _PASSAGE))
    ends = np.cumsum(sizes)
    for place in (places * _PASSAGE).tolist():
        document = int(np.searchsorted(ends, place, side="right"))
        start = place - int(ends[document] - sizes[document])
        yield words.words(texts[document][start : start + _PASSAGE])[1:-1]


def most_frequent(texts: list[str]) -> frozenset[str]:
    """The stop words."""
    some = itertools.islice(passages(texts, 0), 2000)
    counts = Counter(itertools.chain.from_iterable(some))
    return frozenset(word for word, _ in counts.most_common(_STOP_WORDS))


def draw_ngrams(texts: list[str], n: int, size: int, stop_words: frozenset[str]) -> list[str]:
    """Up to ``size`` distinct n-grams; fewer where the corpus has no more."""
    found: dict[str, None] = {}
    for sequence in passages(texts, n):
        grams = (sequence[i : i + n] for i in range(len(sequence) - n + 1))
        found.update(
            dict.fromkeys(" ".join(gram) for gram in grams if not stop_words.issuperset(gram))
        )
        if len(found) >= size:
            break
    return list(found)[:size]


def draw_pairs(texts: list[str], n: int, size: int, stop_words: frozenset[str]) -> pd.DataFrame:
    """Up to ``size`` distinct pairs of n-grams that stand in one passage."""
    rng = np.random.default_rng(_SEED)
    found: dict[tuple[str, str], None] = {}
    for sequence in passages(texts, 100 + n):
        starts = len(sequence) - n + 1
        for first, second in rng.integers(max(starts, 1), size=(5, 2)).tolist():
            both = [sequence[i : i + n] for i in (first, second)]
            if abs(first - second) >= n and not any(map(stop_words.issuperset, both)):
                found[" ".join(both[0]), " ".join(both[1])] = None
        if len(found) >= size:
            break
    return pd.DataFrame(list(found)[:size], columns=["input_gram", "output_gram"])


def candidates(
    texts: list[str], sizes: list[int], main: int, stop_words: frozenset[str]
) -> Iterator[tuple[str, list[str]]]:
    """Every set of candidates of the bench and its name."""
    most = draw_ngrams(texts, 2, max(sizes), stop_words)
    for size in sizes:
        yield f"n=2, {size:,}", most[:size]
    for n in (1, 3, 5):
        yield f"n={n}, {main:,}", draw_ngrams(texts, n, main, stop_words)
    of_six = [draw_ngrams(texts, n, main // len(SIX), stop_words) for n in SIX]
    for size in (main // 5, main):
        grams = [gram for some in of_six for gram in some[: size // len(SIX)]]
        yield f"six n at once, {size:,}", grams


def draw(shard: str, sizes: list[int], main: int, ngrams: str, pairs: str) -> None:
    """Write the candidates, set by set, and the pairs."""
    texts = [text for _, text in documents(Shard("x1", Path(shard)))]
    stop_words = most_frequent(texts)
    sets = pd.concat(
        pd.DataFrame({"set": name, "ngram": grams})
        for name, grams in candidates(texts, sizes, main, stop_words)
    )
    with replacing(ngrams) as draft:
        sets.to_parquet(draft, index=False)
    with replacing(pairs) as draft:
        draw_pairs(texts, 2, main, stop_words).to_parquet(draft, index=False)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(
            snakemake.input.shard,
            snakemake.params.sizes,
            snakemake.params.main,
            snakemake.output.ngrams,
            snakemake.output.pairs,
        )
