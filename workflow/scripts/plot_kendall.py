"""Draw the Kendall distance between the corpus' ranking and the model's against size."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "kendall",
            lambda: figures.kendall_by_size(
                tables.read(tables.MEMORIZATION, source.memorization), snakemake.params.families
            ),
            **snakemake.output,
        )
