"""Draw performance against support, one line per model size."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "performance_support",
            lambda: figures.performance_by_support(tables.read(tables.SUPPORT, source.support)),
            **snakemake.output,
        )
