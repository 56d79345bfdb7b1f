"""Download one shard of the corpus."""

from tracemem.corpus.fetch import fetch
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        fetch(snakemake.params.source, snakemake.output[0])
