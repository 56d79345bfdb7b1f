"""Draw performance against support, one line per model size."""

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(support: str, png: str, pdf: str) -> None:
    """The figure of one table of performance by support."""
    figure = figures.performance_by_support(tables.read(tables.SUPPORT, support))
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(snakemake.input.support, snakemake.output.png, snakemake.output.pdf)
