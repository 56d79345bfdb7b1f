"""Gather every task's performance, whole and by support, in the study's order of tasks."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        for table in (tables.PERFORMANCE, tables.SUPPORT):
            name = table.path.removeprefix("scores/").removesuffix(".csv")
            tables.write(table, tables.gather(table, snakemake.input[name]), snakemake.output[name])
