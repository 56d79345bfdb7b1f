"""Draw the Kendall distance between the corpus' ranking and the model's against size."""

from collections.abc import Mapping

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(memorization: str, families: Mapping[str, str], png: str, pdf: str) -> None:
    """The figure of one table of memorization."""
    figure = figures.kendall_by_size(tables.read(tables.MEMORIZATION, memorization), families)
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(
            snakemake.input.memorization,
            snakemake.params.families,
            snakemake.output.png,
            snakemake.output.pdf,
        )
