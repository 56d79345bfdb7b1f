"""Draw memorization against size beside the controls it must be read against."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "memorization",
            lambda: figures.memorization_by_size(
                tables.read(tables.MEMORIZATION, source.memorization),
                tables.read(tables.CONTROLS, source.controls),
                snakemake.params.families,
                snakemake.params.permuted,
            ),
            **snakemake.output,
        )
