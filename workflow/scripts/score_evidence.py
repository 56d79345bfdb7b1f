"""Count the items of a task that some document supports, for every model and n."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.series import Series
from tracemem.scoring import evidence
from tracemem.scoring.tables import EVIDENCE, MEASURED

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params, measured = snakemake.params, iter(snakemake.input.measured)
        rows = [
            evidence.score(
                files.read(MEASURED, next(measured)),
                Series(snakemake.wildcards.task, model, parameters),
                n,
            )
            for model, parameters in params.models.items()
            for n in params.n
        ]
        files.write(EVIDENCE, pd.concat(rows), snakemake.output[0])
