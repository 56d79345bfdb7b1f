"""Set every instruct model beside the base model it is tuned from."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring import instruct
from tracemem.scoring.tables import INSTRUCT, MEMORIZATION, PERFORMANCE

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        compared = instruct.compare(
            files.read(MEMORIZATION, snakemake.input.memorization),
            files.read(PERFORMANCE, snakemake.input.performance),
            snakemake.params.tuned,
        )
        files.write(INSTRUCT, compared, snakemake.output[0])
