"""Count every candidate n-gram in one shard: documents that hold it, and occurrences."""

from pathlib import Path

from tracemem import tables
from tracemem.corpus import Shard
from tracemem.counting import count_ngrams
from tracemem.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        candidates = tables.read(tables.CANDIDATES, snakemake.input.candidates)
        counts = count_ngrams(
            Shard(snakemake.wildcards.shard, Path(snakemake.input.shard)),
            candidates["ngram"].tolist(),
            threads=snakemake.threads,
            **snakemake.params.corpus,
        )
        tables.write(tables.COUNTS, counts, snakemake.output[0])
