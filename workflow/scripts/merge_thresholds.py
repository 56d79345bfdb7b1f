"""Gather every model's memorization at each threshold."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # A study that sweeps no threshold has the table without a row.
        empty = pd.DataFrame(columns=list(tables.THRESHOLDS.columns))
        parts = [tables.read(tables.THRESHOLDS, path) for path in snakemake.input]
        scores = pd.concat(parts) if parts else empty
        tables.write(tables.THRESHOLDS, scores, snakemake.output[0])
