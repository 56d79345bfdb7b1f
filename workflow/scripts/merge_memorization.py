"""Gather every model's memorization scores and correct their p-values for their number."""

from collections.abc import Collection

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring.memorization import correct


def gather(table: tables.Table, parts: list[str], permuted: Collection[str]) -> pd.DataFrame:
    """The parts of a table one after another, in the study's order of tasks, with p_holm.

    Tasks whose answers are permuted are no tests of the study, and a family of their own.
    """
    scores = tables.gather(table, parts)
    chance = scores["task"].isin(permuted)
    return pd.concat([correct(scores[~chance]), correct(scores[chance])]).sort_index()


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.MEMORIZATION, tables.CONTROLS, tables.VARIANTS):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            parts = list(snakemake.input[name])
            tables.write(
                table, gather(table, parts, snakemake.params.permuted), snakemake.output[name]
            )
