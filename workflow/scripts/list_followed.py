"""List the pair by which each example is followed through training."""

import pandas as pd

from tracemem.counterfactual.tables import FOLLOWED
from tracemem.counterfactual.timing import follow
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.tables import PREMISES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        parts = [
            follow(files.read(PREMISES, path), params.evidence).assign(task=task, n=n)
            for path, task, n in zip(snakemake.input, params.task, params.n, strict=True)
        ]
        files.write(FOLLOWED, pd.concat(parts), snakemake.output[0])
