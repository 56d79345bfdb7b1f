"""Join the mined pairs with their counts, and find them in the test examples."""

import numpy as np
import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.mining import taskgram
from tracemem.ngrams.stopwords import sides


def with_counts(
    mined: pd.DataFrame, counts: pd.DataFrame, pair_counts: pd.DataFrame
) -> pd.DataFrame:
    """Mined pairs (tables.MINED) with the counts of both sides and of the pair (tables.PAIRS).

    Raises:
        ValueError: a pair or one of its n-grams was never counted: that is not a count of zero.
    """
    grams = counts.set_index("ngram")
    pair = ["input_gram", "output_gram"]
    documents = pair_counts.set_index(pair)["documents"]
    table = mined.assign(
        pair_documents=documents.reindex(pd.MultiIndex.from_frame(mined[pair])).to_numpy(),
        input_documents=grams["documents"].reindex(mined["input_gram"]).to_numpy(),
        input_occurrences=grams["occurrences"].reindex(mined["input_gram"]).to_numpy(),
        output_documents=grams["documents"].reindex(mined["output_gram"]).to_numpy(),
    )
    lost = table.iloc[:, 3:].isna().any(axis=1)
    if lost.any():
        first = table[lost].iloc[0]
        raise ValueError(
            f"{int(lost.sum())} pairs were never counted, the first: "
            f"{first['input_gram']!r}, {first['output_gram']!r}"
        )
    return table.astype(dict.fromkeys(table.columns[3:], np.int64))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, n = snakemake.input, int(snakemake.wildcards.n)
        kind = snakemake.params.grams
        pairs = with_counts(
            tables.read(tables.MINED, source.mined),
            tables.read(tables.COUNTS, source.counts),
            tables.read(tables.PAIR_COUNTS, source.pair_counts),
        )
        examples = tables.read(tables.EXAMPLES, source.examples)
        stop = sides(kind["stop_words"], examples["group"])
        items = taskgram.match(examples, pairs, n, kind["output_gram"], *stop)
        # H_n(T) holds pairs with a count; items keep the others too, to be counted as dropped.
        held = pairs[pairs["pair_documents"] > 0]
        tables.write(tables.PAIRS, held, snakemake.output.pairs)
        tables.write(tables.ITEMS, items, snakemake.output.matched)
