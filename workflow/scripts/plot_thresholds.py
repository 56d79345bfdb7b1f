"""Draw how many pairs each threshold keeps and, where the truth is known, how many align."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "thresholds",
            lambda: figures.pairs_by_threshold(tables.read(tables.ALIGNMENT, source.alignment)),
            **snakemake.output,
        )
