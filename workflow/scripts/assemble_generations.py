"""Put every model's chunks of one task together: what it wrote, and what it gave the answers."""

from pathlib import Path

from tracemem.generation import answering
from tracemem.generation.tables import CHUNKS, GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, task = snakemake.input, snakemake.wildcards.task
        examples = files.read(EXAMPLES, source.examples)
        for path, output in zip(source.chunks, snakemake.output, strict=True):
            chunks = files.read(CHUNKS, path)
            table = answering.assemble(chunks, Path(path).with_suffix(""), task, examples)
            files.write(GENERATIONS, table, output)
