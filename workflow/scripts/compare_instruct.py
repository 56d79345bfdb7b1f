"""Set every instruct model beside the base model it is tuned from."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring import instruct, pairing
from tracemem.scoring.tables import INSTRUCT, MEMORIZATION, PERFORMANCE, REPLICATES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        replicates = files.gather(REPLICATES, source.replicates)
        compared = instruct.compare(
            pairing.give(files.read(MEMORIZATION, source.memorization), replicates),
            pairing.give(files.read(PERFORMANCE, source.performance), replicates),
            snakemake.params.tuned,
        )
        files.write(INSTRUCT, compared, snakemake.output[0])
