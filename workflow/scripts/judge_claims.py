"""Hold the study's claims against this run."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring import claims, metrics, pairing
from tracemem.scoring.tables import CLAIMS, REPLICATES
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        params = snakemake.params
        replicates = files.gather(REPLICATES, source.replicates)
        chance = {
            task: metrics.chance(files.read(EXAMPLES, path))
            for task, path in zip(params.kinds, source.examples, strict=True)
        }
        verdicts = claims.judge(
            {
                table.name: pairing.give(files.read(table, source[table.name]), replicates)
                for table in claims.JUDGED
            },
            params.kinds,
            params.groups,
            chance,
            params.capability,
        )
        files.write(CLAIMS, verdicts, snakemake.output[0])
