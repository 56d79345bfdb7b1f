"""Count the documents of one shard that hold both sides of a pair, and sample them."""

from pathlib import Path

from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import count_pairs
from tracemem.ngrams.tables import COUNTS, DISTINCT_PAIRS, PAIR_COUNTS, SAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, output, params = snakemake.input, snakemake.output, snakemake.params
        counts, samples = count_pairs(
            Shard(snakemake.wildcards.shard, Path(source.shard)),
            files.read_arrow(DISTINCT_PAIRS, source.pairs),
            counts=files.read_arrow(COUNTS, source.counts) if source.counts else None,
            samples=params.samples,
            threads=snakemake.threads,
            **params.corpus,
        )
        files.write(PAIR_COUNTS, counts, output.counts)
        if params.samples or output.get("samples"):
            files.write(SAMPLES, samples, output.samples)
