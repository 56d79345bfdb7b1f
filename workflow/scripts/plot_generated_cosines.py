"""Draw how near in meaning what models write is to its source."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "generated_cosines",
            lambda: figures.generated_cosines(
                tables.gather(tables.GENERATED_COSINES, source.cosines)
            ),
            **snakemake.output,
        )
