"""The interval of checkpoints in which each document, and so each example's pair, was trained on.

Checkpoints are numbered from 1, and interval k holds the steps between checkpoints k - 1 and k (of
the first, all before it). What was read after the last checkpoint, or never, has the interval after
the last: no checkpoint knows of it.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.jobs.declared import PAIR_COLUMNS


def ends_of(tokens: NDArray, documents: int) -> NDArray[np.int64]:
    """Places of the end-of-text tokens of a stream (int64, [documents]).

    Raises:
        ValueError: token 0 stands elsewhere than at the ends of documents.
    """
    ends = np.flatnonzero(tokens == 0)
    if len(ends) != documents:
        raise ValueError(
            f"the corpus has {documents} documents and its stream {len(ends)} end-of-text tokens; "
            "nobody knows when a document that holds the text <|endoftext|> was trained on"
        )
    return ends


def intervals(steps: NDArray[np.int64], checkpoints: NDArray[np.int64]) -> NDArray[np.int16]:
    """The interval of every step.

    Args:
        steps: int64, from 0; negative for what was never trained on.
        checkpoints: int64, [checkpoints], steps done at each, ascending.
    """
    found = np.searchsorted(checkpoints, steps, side="right") + 1
    return np.where(steps < 0, len(checkpoints) + 1, found).astype(np.int16)


def follow(premises: pd.DataFrame, evidence: float) -> pd.DataFrame:
    """The pair by which each example is followed.

    It is the rarest of the strongest premises of its answers that are evidence: that of the fewest
    documents; of equally rare ones the first in alphabetical order. A premise that predicts an
    answer less often than ``evidence`` is company that common n-grams keep by chance.

    Args:
        premises: ``tables.PREMISES`` of a task and n.
        evidence: smallest P_{n,D}(s_y given s_x) that counts.

    Returns:
        example, input_gram, output_gram (both empty where there is no evidence) and documents.
    """
    held = premises[premises["corpus"] >= np.log(evidence)]
    held = held.sort_values(["example", "pair_documents", *PAIR_COLUMNS], kind="stable")
    rarest = held.drop_duplicates("example").rename(columns={"pair_documents": "documents"})
    every = premises[["example"]].drop_duplicates()
    found = every.merge(rarest[["example", *PAIR_COLUMNS, "documents"]], how="left", on="example")
    return found.fillna({**dict.fromkeys(PAIR_COLUMNS, ""), "documents": 0}).reset_index(drop=True)


def treated(followed: pd.DataFrame, counts: pd.DataFrame, checkpoints: int) -> pd.DataFrame:
    """The intervals in which the documents of each example's pair were trained on.

    Args:
        followed: of :func:`follow`.
        counts: ``tables.PAIR_INTERVALS`` of all shards.
        checkpoints: how many there are.

    Returns:
        ``followed`` with ``first``, the interval of the first of the documents, and ``bulk``, that
        by whose end at least half of those that were read up to the last checkpoint had been read;
        both int64, ``checkpoints`` + 1 where none had been read by then.

    Raises:
        ValueError: the documents of a pair are not those that were counted before.
    """
    keys = pd.MultiIndex.from_frame(followed[PAIR_COLUMNS])
    by_interval = counts.pivot_table(
        index=PAIR_COLUMNS, columns="interval", values="documents", aggfunc="sum", fill_value=0
    )
    table = by_interval.reindex(index=keys, columns=range(1, checkpoints + 2), fill_value=0)
    table = table.to_numpy(np.int64)
    wrong = np.flatnonzero(table.sum(axis=1) != followed["documents"].to_numpy())
    if wrong.size:
        pair = followed.iloc[wrong[0]]
        raise ValueError(
            f"{pair['input_gram']!r} and {pair['output_gram']!r}: {table[wrong[0]].sum()} documents "
            f"by interval, {pair['documents']} in the corpus"
        )
    known = np.cumsum(table[:, :-1], axis=1)
    read = known[:, -1:] > 0
    later = np.full(len(followed), checkpoints + 1)
    first = np.where(read[:, 0], 1 + np.argmax(known > 0, axis=1), later)
    bulk = np.where(read[:, 0], 1 + np.argmax(2 * known >= known[:, -1:], axis=1), later)
    return followed.assign(first=first, bulk=bulk)
