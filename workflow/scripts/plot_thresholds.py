"""Draw how many pairs each threshold keeps and, where the truth is known, how many align."""

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(alignment: str, png: str, pdf: str) -> None:
    """The figure of one table of pairs by threshold."""
    figures.save(figures.pairs_by_threshold(tables.read(tables.ALIGNMENT, alignment)), png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(str(snakemake.input.alignment), snakemake.output.png, snakemake.output.pdf)
