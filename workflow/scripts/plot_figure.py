"""Draw one figure from its tables; where there is nothing to draw, say so in its place."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.report import figures
from tracemem.report.products import DRAWN

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        figure = DRAWN[snakemake.wildcards.figure]
        tables = {}
        for table in figure.tables:
            paths = source[table.name]
            tables[table.name] = files.gather(table, [paths] if isinstance(paths, str) else paths)
        figures.write(
            figure.name,
            lambda: figures.draw(figure, tables, params.families, params.permuted),
            **snakemake.output,
        )
