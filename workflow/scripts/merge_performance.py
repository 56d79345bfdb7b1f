"""Gather every task's performance, whole and by support."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log


def gather(table: tables.Table, parts: list[str]) -> pd.DataFrame:
    """The parts of a table one after another, in the study's order of tasks and models."""
    return pd.concat([tables.read(table, part) for part in parts], ignore_index=True)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.PERFORMANCE, tables.SUPPORT):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            found = gather(table, list(snakemake.input[name]))
            tables.write(table, found, snakemake.output[name])
