"""Draw how far each instruct model is from the base model it is tuned from."""

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        figures.write(
            "instruct",
            lambda: figures.instruct_against_base(tables.read(tables.INSTRUCT, source.instruct)),
            **snakemake.output,
        )
