"""Count the pairs each threshold keeps and how many of them any document holds."""

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.mining import taskgram

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        swept = [tables.read(tables.ALIGNMENT, path) for path in source.alignment]
        mined = {
            (task, n): tables.read(tables.MINED, path)
            for task, n, path in zip(params.task, params.n, source.mined, strict=True)
        }
        counts = tables.read(tables.PAIR_COUNTS, source.pair_counts)
        filled = taskgram.with_non_zero(pd.concat(swept), mined, counts)
        tables.write(tables.ALIGNMENT, filled, snakemake.output[0])
