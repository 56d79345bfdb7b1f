"""Novelty: pairs of a source n-gram and a generated n-gram that no document of the corpus holds.

The number of distinct (s_x, s_g), s_x an n-gram of the input and s_g one of what the model wrote,
with C((s_x, s_g), D) = 0 (arXiv 2407.14985, section 4: generalization in translation). The share
of such pairs is reported with it, for models write texts of different lengths. The cosines of the
pairs say whether what is written still has to do with its source.
"""

import numpy as np
import pandas as pd

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining import taskgram
from tracemem.mining.embedders import Embedder, Side
from tracemem.models.series import Series
from tracemem.ngrams.stopwords import StopWords, with_stop_words
from tracemem.ngrams.words import content_ngrams

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
    distinct = pairs[PAIR_COLUMNS].drop_duplicates()
    names: tuple[Side, Side] = ("input", "output")
    sides: dict[Side, tuple[np.ndarray, np.ndarray]] = {}
    for column, side in zip(PAIR_COLUMNS, names, strict=True):
        places, grams = pd.factorize(distinct[column], sort=True)
        sides[side] = places, taskgram.vectors(embedder, list(grams), side)
    (inputs, left), (outputs, right) = sides["input"], sides["output"]
    known = np.any(left, axis=1)[inputs] & np.any(right, axis=1)[outputs]
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
