"""Set the published numbers beside this study's own, where task and quantity are the same."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import published

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        compared = published.compare(
            published.read(source.published),
            params.tasks,
            params.models,
            tables.read(tables.MEMORIZATION, source.memorization),
            tables.read(tables.PERFORMANCE, source.performance),
            tables.read(tables.SUPPORT, source.support),
        )
        tables.write(tables.PUBLISHED, compared, snakemake.output[0])
