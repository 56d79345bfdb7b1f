"""Count the pairs each threshold keeps and how many of them any document holds."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import taskgram
from tracemem.mining.tables import ALIGNMENT, MINED
from tracemem.ngrams.tables import PAIR_COUNTS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        swept = [files.read(ALIGNMENT, path) for path in source.alignment]
        mined = {
            (task, n): files.read(MINED, path)
            for task, n, path in zip(params.task, params.n, source.mined, strict=True)
        }
        counts = files.read(PAIR_COUNTS, source.pair_counts)
        filled = taskgram.with_non_zero(pd.concat(swept), mined, counts)
        files.write(ALIGNMENT, filled, snakemake.output[0])
