"""The strongest premise of every answer: the piece of the input that predicts it best.

For each (example, s_y), s_y an n-gram of the target or the whole of it, the premise is the n-gram
of the input with the largest P_{n,D}(s_y given s_x) = C((s_x, s_y), D) / C(s_x, D). Every n-gram of
the input takes part, whatever an embedder thinks of it, and an answer that no document holds
together with any of them is evidence of its own: the weakest there is.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining.taskgram import Candidates, held_pairs, places_of
from tracemem.ngrams.counts import look_up

FEW = 10
"""Documents that are added to C(s_x) where a conditional is shrunk: what few documents say."""


def pairs(candidates: Candidates, counts: pd.DataFrame) -> Iterator[pa.Table]:
    """Every pair of a test example whose two n-grams the corpus holds: those to be counted.

    Args:
        candidates: from :func:`tracemem.mining.taskgram.candidate_pairs`.
        counts: ``tables.COUNTS`` with their n-grams.

    Yields:
        Rows of ``tables.DISTINCT_PAIRS``, none twice.
    """
    held = held_pairs(candidates, counts)
    inputs, outputs = pa.array(held.input_grams), pa.array(held.output_grams)
    for left, right in held.blocks():
        sides = [inputs.take(pa.array(left)), outputs.take(pa.array(right))]
        yield pa.table(sides, names=PAIR_COLUMNS)


def strongest(
    examples: pd.DataFrame,
    candidates: Candidates,
    counts: pd.DataFrame,
    pair_counts: pd.DataFrame,
) -> pd.DataFrame:
    """The strongest premise of every (example, s_y).

    Of equally strong premises the one with most documents is named, then the first in
    alphabetical order.

    Args:
        examples: ``tables.EXAMPLES``.
        candidates: their pairs.
        counts: ``tables.COUNTS``.
        pair_counts: ``tables.PAIR_COUNTS`` of all of :func:`pairs`.

    Returns:
        Rows of ``tables.PREMISES``.

    Raises:
        ValueError: an n-gram was never counted: that is not a count of zero; or the pairs counted
            are not as many as those to be counted.
    """
    documents = counts.set_index("ngram")["documents"]
    place, output = candidates.answers()
    grams = np.array(candidates.output_grams, dtype=object)
    answers = pd.DataFrame({"place": place, "output": output, "output_gram": grams[output]})
    best = _best(candidates, counts, pair_counts)
    answers = answers.merge(best, how="left", on=["place", "output"])
    starts_ends = places_of(examples["target"], place, answers["output_gram"])
    return pd.DataFrame(
        {
            "example": examples["example"].to_numpy()[place],
            "output_gram": answers["output_gram"],
            "target_start": starts_ends[:, 0],
            "target_end": starts_ends[:, 1],
            "output_documents": look_up(documents, answers["output_gram"], "n-gram counts"),
            "input_gram": answers["input_gram"].fillna(""),
            "pair_documents": answers["pair_documents"].fillna(0).astype(np.int64),
            "input_documents": answers["input_documents"].fillna(0).astype(np.int64),
            "corpus": answers["corpus"].fillna(-np.inf),
            "shrunk": answers["shrunk"].fillna(-np.inf),
        }
    )


def _best(candidates: Candidates, counts: pd.DataFrame, pair_counts: pd.DataFrame) -> pd.DataFrame:
    """The strongest premise of each (place of the example, number of s_y) that has one."""
    keys = candidates.keys(pair_counts)
    held = held_pairs(candidates, counts)
    wanted, found = held.count(), int((keys >= 0).sum())
    if found < wanted:
        raise ValueError(f"pair counts: {wanted - found:,} of {wanted:,} pairs were never counted")
    order = np.argsort(keys, kind="stable")
    order = order[(pair_counts["documents"].to_numpy()[order] > 0)]
    place, row = candidates.locate_pairs(keys[order])
    found = pair_counts.iloc[order[row]].reset_index(drop=True)
    inputs = look_up(counts.set_index("ngram")["documents"], found["input_gram"], "n-gram counts")
    outputs = keys[order[row]] % max(1, len(candidates.output_grams))
    found = pd.DataFrame(
        {
            "place": place,
            "output": outputs,
            "input_gram": found["input_gram"],
            "pair_documents": found["documents"],
            "input_documents": inputs,
            "corpus": np.log(found["documents"].to_numpy(np.float64) / inputs),
            "shrunk": np.log(found["documents"].to_numpy(np.float64) / (inputs + FEW)),
        }
    )
    found["shrunk"] = found.groupby(["place", "output"])["shrunk"].transform("max")
    found = found.sort_values(
        ["place", "output", "corpus", "pair_documents", "input_gram"],
        ascending=[True, True, False, False, True],
        kind="stable",
    )
    return found.drop_duplicates(["place", "output"])
