"""Draw memorization against size beside the controls it must be read against."""

from collections.abc import Mapping

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(
    memorization: str,
    controls: str,
    families: Mapping[str, str],
    permuted: Mapping[str, str],
    png: str,
    pdf: str,
) -> None:
    """The figure of one table of memorization and one of controls."""
    figure = figures.memorization_by_size(
        tables.read(tables.MEMORIZATION, memorization),
        tables.read(tables.CONTROLS, controls),
        families,
        permuted,
    )
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(
            snakemake.input.memorization,
            snakemake.input.controls,
            snakemake.params.families,
            snakemake.params.permuted,
            snakemake.output.png,
            snakemake.output.pdf,
        )
