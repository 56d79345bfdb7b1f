"""Set every instruct model beside the base model it is tuned from."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import instruct

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        compared = instruct.compare(
            tables.read(tables.MEMORIZATION, snakemake.input.memorization),
            tables.read(tables.PERFORMANCE, snakemake.input.performance),
            snakemake.params.tuned,
        )
        tables.write(tables.INSTRUCT, compared, snakemake.output[0])
