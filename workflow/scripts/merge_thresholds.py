"""Gather every model's memorization at each threshold; no row where no threshold is swept."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        scores = tables.gather(tables.THRESHOLDS, snakemake.input)
        tables.write(tables.THRESHOLDS, scores, snakemake.output[0])
