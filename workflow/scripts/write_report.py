"""Write the report of the study, one HTML file that opens offline, and its summary in words."""

from pathlib import Path

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.report import page
from tracemem.report.products import REPORTED
from tracemem.report.tables import FIGURE

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        # What a study does not have is not among the inputs.
        frames = {
            name: files.read(table, source[name])
            for name, table in REPORTED.items()
            if source.get(name)
        }
        undrawn = files.gather(FIGURE, source.notes)
        undrawn = dict(undrawn.loc[undrawn["reason"] != "", ["figure", "reason"]].to_numpy())
        figures = {Path(path).stem: path for path in source.figures}
        study = page.Study(versions=page.versions(), **snakemake.params.study)
        page.write_summary(snakemake.output.summary, study, frames)
        page.write(
            snakemake.output.html,
            study,
            frames,
            {name: path for name, path in figures.items() if name not in undrawn},
            undrawn,
        )
