"""Set the published numbers beside this study's own, where task and quantity are the same."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring import published
from tracemem.scoring.tables import MEMORIZATION, PERFORMANCE, PUBLISHED, SUPPORT

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        compared = published.compare(
            published.read(source.published),
            params.tasks,
            params.models,
            files.read(MEMORIZATION, source.memorization),
            files.read(PERFORMANCE, source.performance),
            files.read(SUPPORT, source.support),
        )
        files.write(PUBLISHED, compared, snakemake.output[0])
