"""Hold the study's claims against this run."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import claims

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        verdicts = claims.judge(
            tables.read(tables.MEMORIZATION, source.memorization),
            tables.read(tables.CONTROLS, source.controls),
            tables.read(tables.PERFORMANCE, source.performance),
            tables.read(tables.SUPPORT, source.support),
            tables.read(tables.NOVELTY, source.novelty),
            snakemake.params.kinds,
            snakemake.params.groups,
        )
        tables.write(tables.CLAIMS, verdicts, snakemake.output[0])
