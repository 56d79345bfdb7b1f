"""Sum the counts of the generated pairs over all shards."""

from tracemem.generation.tables import GENERATED_COUNTS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import merge_pair_counts

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        parts = (files.read_arrow(GENERATED_COUNTS, path) for path in snakemake.input)
        files.write(GENERATED_COUNTS, merge_pair_counts(parts), snakemake.output[0])
