"""Draw the pairs each model writes that no document holds, their share and their number."""

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(novelty: str, png: str, pdf: str) -> None:
    """The figure of one table of novelty."""
    figures.save(figures.novelty_by_size(tables.read(tables.NOVELTY, novelty)), png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(str(snakemake.input.novelty), snakemake.output.png, snakemake.output.pdf)
