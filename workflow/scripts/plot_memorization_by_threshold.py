"""Draw memorization against size at each threshold of the cosine."""

from collections.abc import Mapping

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(thresholds: str, families: Mapping[str, str], png: str, pdf: str) -> None:
    """The figure of one table of memorization by threshold."""
    figure = figures.memorization_by_threshold(tables.read(tables.THRESHOLDS, thresholds), families)
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(
            snakemake.input.thresholds,
            snakemake.params.families,
            snakemake.output.png,
            snakemake.output.pdf,
        )
