"""Count every candidate n-gram in one shard: documents that hold it, and occurrences."""

from pathlib import Path

from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import count_ngrams
from tracemem.ngrams.tables import CANDIDATES, COUNTS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        candidates = files.read(CANDIDATES, snakemake.input.candidates)
        counts = count_ngrams(
            Shard(snakemake.wildcards.shard, Path(snakemake.input.shard)),
            candidates["ngram"].tolist(),
            threads=snakemake.threads,
            **snakemake.params.corpus,
        )
        files.write(COUNTS, counts, snakemake.output[0])
