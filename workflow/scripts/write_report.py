"""Write the report of the study: one HTML file that opens offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tracemem import report, tables
from tracemem.joblog import job_log

TABLES = (
    "manifest",
    "memorization",
    "controls",
    "variants",
    "performance",
    "support",
    "novelty",
    "alignment",
    "thresholds",
    "claims",
    "instruct",
    "published",
    "contamination",
    "decontaminated",
)


def write(
    inputs: Mapping[str, str],
    figures: Sequence[str],
    study: report.Study,
    output: str,
) -> None:
    """The report of the tables in ``inputs`` (path by name) and the PNG files in ``figures``."""
    frames = {
        name: tables.read(getattr(tables, name.upper()), path) for name, path in inputs.items()
    }
    report.write(output, study, frames, {Path(figure).stem: figure for figure in figures})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # An input the study does not have is an empty list.
        given = {
            name: str(snakemake.input.get(name)) for name in TABLES if snakemake.input.get(name)
        }
        study = report.Study(versions=report.versions(), **snakemake.params.study)
        write(given, list(snakemake.input.figures), study, snakemake.output.html)
