"""Novelty: pairs of a source n-gram and a generated n-gram that no document of the corpus holds.

The number of distinct (s_x, s_g), s_x an n-gram of the input and s_g one of what the model wrote,
with C((s_x, s_g), D) = 0 (arXiv 2407.14985, section 4: generalization in translation). The share
of such pairs is reported with it, for models write texts of different lengths. The cosines of the
pairs say whether what is written still has to do with its source.
"""

import numpy as np
import pandas as pd

from tracemem.jobs import tables
from tracemem.mining import taskgram
from tracemem.mining.embedders import Embedder
from tracemem.ngrams.stopwords import StopWords, with_stop_words
from tracemem.ngrams.words import content_ngrams
from tracemem.scoring import statistics
from tracemem.scoring.memorization import Series
from tracemem.scoring.statistics import Resampling

_PAIR = ["input_gram", "output_gram"]
# Ends of the bins of cosines, 0.02 wide.
COSINE_BINS = np.round(np.linspace(-1, 1, 101), 2)


def generated_pairs(
    examples: pd.DataFrame,
    generations: pd.DataFrame,
    n: int,
    input_stop_words: StopWords = frozenset(),
    output_stop_words: StopWords = frozenset(),
) -> pd.DataFrame:
    """Every pair of an input n-gram and a generated n-gram of the same example, s_x != s_g.

    Args:
        examples: ``tables.EXAMPLES`` of the test split.
        generations: ``tables.GENERATIONS`` of one model; examples without a generation (null) add
            nothing.
        n: words of both n-grams.
        input_stop_words: of all ``examples``, or one set for each; n-grams of the input made of
            these alone are left out.
        output_stop_words: the same for the generation.

    Returns:
        Columns example, input_gram, output_gram; a pair once an example.

    Raises:
        ValueError: a generation of an example that the task does not have.
    """
    inputs = dict(
        zip(examples["example"], with_stop_words(examples["input"], input_stop_words), strict=True)
    )
    stop = dict(with_stop_words(examples["example"], output_stop_words))
    numbers, sources, written = [], [], []
    for example, text in zip(generations["example"], generations["generation"], strict=True):
        if example not in inputs:
            raise ValueError(f"generations: example {example} is not among the task's examples")
        if pd.isna(text):
            continue
        outputs = content_ngrams(text, n, stop[example])
        for source in content_ngrams(inputs[example][0], n, inputs[example][1]):
            others = [gram for gram in outputs if gram != source]
            numbers.extend([example] * len(others))
            sources.extend([source] * len(others))
            written.extend(others)
    return pd.DataFrame(
        {
            "example": np.array(numbers, np.int64),
            "input_gram": pd.Series(sources, dtype="str"),
            "output_gram": pd.Series(written, dtype="str"),
        }
    )


def score(
    pairs: pd.DataFrame,
    counts: pd.DataFrame,
    examples: int,
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """The row of ``tables.NOVELTY`` of one model and n.

    A pair that k examples generate adds 1 / k to each of them, so that the sums over examples are
    the numbers of distinct pairs; the interval of the share resamples examples over these sums.

    Args:
        pairs: what :func:`generated_pairs` returns.
        counts: ``tables.GENERATED_COUNTS``, which must hold every one of ``pairs``.
        examples: examples with a generation, those that add no pair among them.
        series: task, model and parameters.
        n: words of an n-gram.
        resampling: draws and seed.

    Raises:
        ValueError: a generated pair was never counted, which is not the same as a count of 0.
    """
    counted = pairs.merge(counts, on=_PAIR, how="left", validate="many_to_one")
    absent = counted[counted["documents"].isna()]
    if len(absent):
        raise ValueError(
            f"novelty counts: {len(absent)} generated pairs were never counted, the first is "
            f"{absent[_PAIR].iloc[0].tolist()}"
        )
    share = 1 / counted.groupby(_PAIR)["example"].transform("size")
    parts = pd.DataFrame(
        {
            "example": counted["example"],
            "novel": share.where(counted["documents"] == 0, 0.0),
            "generated": share,
        }
    )
    by_example = parts.groupby("example")[["novel", "generated"]].sum().to_numpy(np.float64)
    if len(by_example) > examples:
        raise ValueError(f"{len(by_example)} examples have pairs, but {examples} a generation")
    by_example = np.vstack([by_example, np.zeros((examples - len(by_example), 2))])
    distinct = counted.drop_duplicates(_PAIR)
    novel = int((distinct["documents"] == 0).sum())
    estimate = statistics.interval(by_example, _share, resampling)
    reason = estimate.reason if len(distinct) else "the model wrote no n-gram of this many words"
    row = {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "generated_pairs": len(distinct),
        "novel_pairs": novel,
        "share": novel / len(distinct) if len(distinct) else np.nan,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "reason": reason,
        "examples": examples,
    }
    return pd.DataFrame([row], columns=list(tables.NOVELTY.columns))


def _share(by_example: np.ndarray) -> float:
    novel, generated = by_example.sum(axis=0)
    return float(novel / generated) if generated else np.nan


def cosine_histogram(
    pairs: pd.DataFrame, embedder: Embedder, series: Series, n: int
) -> pd.DataFrame:
    """How near in meaning what a model writes is to its source (Fig 12 of the paper).

    Args:
        pairs: what :func:`generated_pairs` returns; a pair of several examples counts once.
        embedder: the task's.
        series: task, model and parameters.
        n: words of an n-gram.

    Returns:
        Rows of ``tables.GENERATED_COSINES``: every bin, those without a pair too.
    """
    distinct = pairs[_PAIR].drop_duplicates()
    sides = {}
    for column, side in zip(_PAIR, ("input", "output"), strict=True):
        places, grams = pd.factorize(distinct[column], sort=True)
        sides[side] = places, taskgram.vectors(embedder, list(grams), side)
    (inputs, left), (outputs, right) = sides["input"], sides["output"]
    known = left.any(axis=1)[inputs] & right.any(axis=1)[outputs]
    cosines = taskgram.cosines(left, right, inputs[known], outputs[known])
    # A cosine of 1 may come out a rounding above it.
    held, _ = np.histogram(np.clip(cosines, -1, 1), COSINE_BINS)
    return pd.DataFrame(
        {
            "task": series.task,
            "model": series.model,
            "parameters": series.parameters,
            "n": n,
            "cosine_low": COSINE_BINS[:-1],
            "cosine_high": COSINE_BINS[1:],
            "pairs": held,
            "without_vector": int((~known).sum()),
        }
    )
