"""Sum the pair counts of all shards, and draw one sample of documents from the shards' samples."""

from pyarrow.parquet import read_table

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_pair_counts
from tracemem.ngrams.samples import merge_samples

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, output = snakemake.input, snakemake.output
        counts = merge_pair_counts(read_table(path) for path in source.counts)
        tables.write(tables.PAIR_COUNTS, counts, output.counts)
        samples = merge_samples(
            (read_table(path) for path in source.samples), snakemake.params.samples
        )
        tables.write(tables.SAMPLES, samples, output.samples)
