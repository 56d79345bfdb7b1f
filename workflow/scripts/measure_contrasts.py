"""Measure what the input adds to what each model expects of every answer, beside its premise."""

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.tables import PREMISES
from tracemem.scoring import measuring
from tracemem.scoring.tables import CONTRASTS
from tracemem.tasks.tables import NEIGHBOURS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        premises = files.read(PREMISES, source.premises)
        neighbours = files.read(NEIGHBOURS, source.neighbours)
        for path, output in zip(source.generations, snakemake.output, strict=True):
            found = measuring.contrast(premises, neighbours, files.read(GENERATIONS, path))
            files.write(CONTRASTS, found, output)
