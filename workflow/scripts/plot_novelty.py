"""Draw the pairs each model writes that no document holds, their share and their number."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "novelty",
            lambda: figures.novelty_by_size(tables.read(tables.NOVELTY, source.novelty)),
            **snakemake.output,
        )
