"""Sum the n-gram counts of all shards."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_counts
from tracemem.ngrams.tables import COUNTS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts = merge_counts(files.read_arrow(COUNTS, path) for path in snakemake.input)
        files.write(COUNTS, counts, snakemake.output[0])
