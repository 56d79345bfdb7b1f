"""Sum the counts of the generated pairs over all shards."""

from pyarrow.parquet import read_table

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_pair_counts

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts = merge_pair_counts(read_table(path) for path in snakemake.input)
        tables.write(tables.GENERATED_COUNTS, counts, snakemake.output[0])
