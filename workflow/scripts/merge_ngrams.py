"""Sum the n-gram counts of all shards."""

from pyarrow.parquet import read_table

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_counts

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts = merge_counts(read_table(path) for path in snakemake.input)
        tables.write(tables.COUNTS, counts, snakemake.output[0])
