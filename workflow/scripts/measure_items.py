"""Measure every item of a task and n: what the corpus says of it, and what each model does."""

from tracemem.generation.tables import GENERATIONS
from tracemem.infgram.tables import INFGRAM
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.tables import ITEMS, MINED
from tracemem.scoring import measuring
from tracemem.scoring.tables import MEASURED

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        side = measuring.corpus_side(
            files.read(ITEMS, source.matched),
            files.read(MINED, source.mined),
            files.read(INFGRAM, source.infgram) if source.infgram else None,
        )
        for path, output in zip(source.generations, snakemake.output, strict=True):
            measured = measuring.measure(side, files.read(GENERATIONS, path))
            files.write(MEASURED, measured, output)
