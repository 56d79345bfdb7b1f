"""Sum the pair counts of all shards, and draw one sample of documents from the shards' samples."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_pair_counts
from tracemem.ngrams.samples import merge_samples
from tracemem.ngrams.tables import PAIR_COUNTS, SAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, output = snakemake.input, snakemake.output
        counts = merge_pair_counts(files.read_arrow(PAIR_COUNTS, path) for path in source.counts)
        files.write(PAIR_COUNTS, counts, output.counts)
        samples = merge_samples(
            (files.read_arrow(SAMPLES, path) for path in source.samples), snakemake.params.samples
        )
        files.write(SAMPLES, samples, output.samples)
