"""Draw memorization against size at each threshold of the cosine."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "memorization_by_threshold",
            lambda: figures.memorization_by_threshold(
                tables.read(tables.THRESHOLDS, source.thresholds), snakemake.params.families
            ),
            **snakemake.output,
        )
