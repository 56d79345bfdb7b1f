"""Draw how many of each task's examples the corpus supports."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "coverage",
            lambda: figures.examples_by_coverage(tables.read(tables.COVERAGE, source.coverage)),
            **snakemake.output,
        )
