"""Gather a table of scores from its tasks, and correct its p-values for their number."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.report.products import MERGED
from tracemem.scoring.correcting import correct

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        table = MERGED[snakemake.wildcards.table]
        scores = files.gather(table, snakemake.input)
        if table.family:
            scores = correct(scores, table.family)
        files.write(table, scores, snakemake.output[0])
