"""Draw performance against size at several support levels."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "emergence",
            lambda: figures.emergence(
                tables.read(tables.SUPPORT, source.support), snakemake.params.families
            ),
            **snakemake.output,
        )
