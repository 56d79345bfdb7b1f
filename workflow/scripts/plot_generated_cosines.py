"""Draw how near in meaning what models write is to its source."""

import pandas as pd

from tracemem import figures, tables
from tracemem.joblog import job_log


def draw(cosines: list[str], png: str, pdf: str) -> None:
    """The figure of the tables of cosines, one a task."""
    found = pd.concat([tables.read(tables.GENERATED_COSINES, path) for path in cosines])
    figures.save(figures.generated_cosines(found), png, pdf)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        draw(list(snakemake.input), snakemake.output.png, snakemake.output.pdf)
