"""Sum the counts of the generated pairs over all shards."""

from pyarrow.parquet import read_table

from tracemem import tables
from tracemem.counting import merge_pair_counts
from tracemem.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts = merge_pair_counts(read_table(path) for path in snakemake.input)
        tables.write(tables.GENERATED_COUNTS, counts, snakemake.output[0])
