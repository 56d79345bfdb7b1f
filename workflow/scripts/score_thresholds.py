"""Correlate corpus and model over the pairs above each threshold of the cosine."""

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import thresholds
from tracemem.scoring.memorization import Series
from tracemem.scoring.statistics import Resampling

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
        generations = tables.read(tables.GENERATIONS, source.generations)
        scores = [
            thresholds.score(
                tables.read(tables.ITEMS, matched),
                tables.read(tables.MINED, mined),
                generations,
                gammas,
                Series(wildcards.task, wildcards.model, params.parameters),
                n,
                Resampling(**params.resampling),
            )
            for n, gammas, matched, mined in zip(
                params.n, params.gammas, source.matched, source.mined, strict=True
            )
        ]
        tables.write(tables.THRESHOLDS, pd.concat(scores), snakemake.output[0])
