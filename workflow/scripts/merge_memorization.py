"""Gather every model's memorization scores and correct their p-values for their number."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log
from tracemem.memorization import correct


def gather(table: tables.Table, parts: list[str]) -> pd.DataFrame:
    """The parts of a table one after another, in the study's order of tasks, with p_holm."""
    scores = pd.concat([tables.read(table, part) for part in parts], ignore_index=True)
    return correct(scores)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.MEMORIZATION, tables.CONTROLS, tables.VARIANTS):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            parts = list(snakemake.input[name])
            tables.write(table, gather(table, parts), snakemake.output[name])
