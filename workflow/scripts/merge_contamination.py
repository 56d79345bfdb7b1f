"""Gather every task's contamination, and its scores with and without it."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.CONTAMINATION, tables.DECONTAMINATED):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            parts = [tables.read(table, part) for part in snakemake.input[name]]
            tables.write(table, pd.concat(parts), snakemake.output[name])
