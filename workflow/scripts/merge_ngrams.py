"""Sum the n-gram counts of all shards."""

from pyarrow.parquet import read_table

from tracemem import tables
from tracemem.counting import merge_counts
from tracemem.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts = merge_counts(read_table(path) for path in snakemake.input)
        tables.write(tables.COUNTS, counts, snakemake.output[0])
