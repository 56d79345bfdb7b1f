"""Measure how much of each task the corpus holds: the support of its test examples."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.tables import ALIGNMENT, COVERAGE, ITEMS
from tracemem.scoring import support
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        swept = files.read(ALIGNMENT, source.alignment)
        # Of each task and n the lowest threshold is gamma, the one that pairs are mined at.
        mined = swept.sort_values("gamma").drop_duplicates(["task", "n"]).set_index(["task", "n"])
        rows = []
        for task, n, items, examples in zip(
            params.task, params.n, source.matched, source.examples, strict=True
        ):
            numbers = files.read(EXAMPLES, examples)["example"]
            found = files.read(ITEMS, items)
            reason = mined.loc[(task, n), "reason"]
            rows.append(support.coverage(task, n, found, numbers, reason))
        files.write(COVERAGE, pd.DataFrame(rows), snakemake.output[0])
