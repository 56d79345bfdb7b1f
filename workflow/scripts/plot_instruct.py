"""Draw how far each instruct model is from the base model it is tuned from."""

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(instruct: str, png: str, pdf: str) -> None:
    """The figure of one table of instruct models beside their base models."""
    figures.save(figures.instruct_against_base(tables.read(tables.INSTRUCT, instruct)), png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(snakemake.input.instruct, snakemake.output.png, snakemake.output.pdf)
