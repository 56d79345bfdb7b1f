"""Join the mined pairs with their counts, and find them in the test examples."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.jobs.joblog import job_log
from tracemem.mining import taskgram
from tracemem.mining.tables import ITEMS, MINED, PAIRS
from tracemem.ngrams.counts import look_up
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS, PAIR_COUNTS
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES


def with_counts(
    mined: pd.DataFrame, counts: pd.DataFrame, pair_counts: pd.DataFrame
) -> pd.DataFrame:
    """Mined pairs (tables.MINED) with the counts of both sides and of the pair (tables.PAIRS).

    Raises:
        ValueError: a pair or one of its n-grams was never counted: that is not a count of zero.
    """
    inputs, outputs = mined["input_gram"], mined["output_gram"]
    counted = pair_counts.set_index(PAIR_COLUMNS)["documents"]
    grams = counts.set_index("ngram")[["documents", "occurrences"]]
    input_counts = look_up(grams, inputs, "n-gram counts")
    return mined.assign(
        pair_documents=look_up(counted, mined[PAIR_COLUMNS], "pair counts"),
        input_documents=input_counts[:, 0],
        input_occurrences=input_counts[:, 1],
        output_documents=look_up(grams["documents"], outputs, "n-gram counts"),
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, n = snakemake.input, int(snakemake.wildcards.n)
        kind = GramSettings(**snakemake.params.grams)
        pairs = with_counts(
            files.read(MINED, source.mined),
            files.read(COUNTS, source.counts),
            files.read(PAIR_COUNTS, source.pair_counts),
        )
        examples = files.read(EXAMPLES, source.examples)
        stop = sides(kind.stop_words, examples["group"])
        items = taskgram.match(examples, pairs, n, kind.output_gram, *stop)
        # H_n(T) holds pairs with a count; items keep the others too, to be counted as dropped.
        held = pairs[pairs["pair_documents"] > 0]
        files.write(PAIRS, held, snakemake.output.pairs)
        files.write(ITEMS, items, snakemake.output.matched)
