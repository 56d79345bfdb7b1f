"""Hold the study's claims against this run."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring import claims
from tracemem.scoring.tables import CLAIMS, CONTROLS, MEMORIZATION, NOVELTY, PERFORMANCE, SUPPORT

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        verdicts = claims.judge(
            files.read(MEMORIZATION, source.memorization),
            files.read(CONTROLS, source.controls),
            files.read(PERFORMANCE, source.performance),
            files.read(SUPPORT, source.support),
            files.read(NOVELTY, source.novelty),
            snakemake.params.kinds,
            snakemake.params.groups,
        )
        files.write(CLAIMS, verdicts, snakemake.output[0])
