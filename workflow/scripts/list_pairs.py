"""List every pair of several tables of pairs once, sorted."""

import pyarrow as pa

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.tables import DISTINCT_PAIRS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        parts = [files.read_arrow(DISTINCT_PAIRS, path) for path in snakemake.input]
        pair = list(DISTINCT_PAIRS.columns)
        distinct = pa.concat_tables(parts).group_by(pair).aggregate([])
        distinct = distinct.sort_by([(name, "ascending") for name in pair])
        files.write(DISTINCT_PAIRS, distinct, snakemake.output[0])
