"""Join the shards' tokens to the one stream that the ladder trains on."""

from tracemem.jobs.joblog import job_log
from tracemem.models.tokens import join

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        join(snakemake.input, snakemake.output[0])
