"""List every pair of n-grams of a test example's two sides that the corpus may hold, once."""

import pyarrow as pa

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import premises
from tracemem.mining.taskgram import candidate_pairs
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS, DISTINCT_PAIRS
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        counts = files.read(COUNTS, source.counts)
        parts = [files.schema(DISTINCT_PAIRS).empty_table()]
        for path, sizes, kind in zip(source.examples, params.n, params.grams, strict=True):
            examples, grams = files.read(EXAMPLES, path), GramSettings(**kind)
            stop = sides(grams.stop_words, examples["group"])
            for n in sizes:
                candidates = candidate_pairs(examples, n, grams.output_gram, *stop)
                parts += premises.pairs(candidates, counts)
        pair = list(DISTINCT_PAIRS.columns)
        distinct = pa.concat_tables(parts).group_by(pair).aggregate([])
        distinct = distinct.sort_by([(name, "ascending") for name in pair])
        files.write(DISTINCT_PAIRS, distinct, snakemake.output[0])
