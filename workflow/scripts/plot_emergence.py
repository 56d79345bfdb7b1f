"""Draw performance against size at several support levels."""

from collections.abc import Mapping

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(support: str, families: Mapping[str, str], png: str, pdf: str) -> None:
    """The figure of one table of performance by support, one line a level and family of models."""
    figure = figures.emergence(tables.read(tables.SUPPORT, support), families)
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(
            snakemake.input.support,
            snakemake.params.families,
            snakemake.output.png,
            snakemake.output.pdf,
        )
