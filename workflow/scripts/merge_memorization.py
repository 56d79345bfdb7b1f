"""Gather every model's memorization scores and correct their p-values for their number."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log
from tracemem.memorization import correct


def gather(table: tables.Table, parts: list[str]) -> pd.DataFrame:
    """The parts of a table one after another, in order of task, size and n, with p_holm."""
    scores = pd.concat([tables.read(table, part) for part in parts], ignore_index=True)
    order = ["task", "parameters", "n"]
    return correct(scores).sort_values(order, kind="stable")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.MEMORIZATION, tables.CONTROLS, tables.VARIANTS):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            parts = list(snakemake.input[name])
            tables.write(table, gather(table, parts), snakemake.output[name])
