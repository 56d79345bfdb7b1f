"""Write the report of the study, one HTML file that opens offline, and its summary in words."""

from pathlib import Path

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.report import page as report

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        # What a study does not have is not among the inputs.
        frames = {
            name: tables.read(getattr(tables, name.upper()), source[name])
            for name in report.TABLES
            if source.get(name)
        }
        undrawn = tables.gather(tables.FIGURE, source.notes)
        undrawn = dict(undrawn.loc[undrawn["reason"] != "", ["figure", "reason"]].to_numpy())
        figures = {Path(path).stem: path for path in source.figures}
        study = report.Study(versions=report.versions(), **snakemake.params.study)
        report.write_summary(snakemake.output.summary, study, frames)
        report.write(
            snakemake.output.html,
            study,
            frames,
            {name: path for name, path in figures.items() if name not in undrawn},
            undrawn,
        )
