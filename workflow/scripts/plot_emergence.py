"""Draw performance against size at several support levels."""

from tracemem import figures, tables
from tracemem.joblog import job_log

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
