"""Correlate corpus and models over the pairs above each threshold of the cosine."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.series import Series
from tracemem.scoring import thresholds
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import MEASURED, THRESHOLDS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params, measured = snakemake.params, iter(snakemake.input.measured)
        resampling = Resampling(**params.resampling)
        scores = []
        for model, parameters in params.models.items():
            series = Series(snakemake.wildcards.task, model, parameters)
            for n, gammas in params.thresholds.items():
                items = files.read(MEASURED, next(measured))
                scores.append(thresholds.score(items, gammas, series, n, resampling))
        files.write(THRESHOLDS, pd.concat(scores), snakemake.output[0])
