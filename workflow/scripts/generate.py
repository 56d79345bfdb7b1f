"""Run one model over one task: what it writes, and the probability of what it should write."""

from pathlib import Path

from tracemem import engines, generation, tables
from tracemem.joblog import job_log
from tracemem.task_settings import TaskSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        task = TaskSettings(**snakemake.params.task)
        output = Path(snakemake.output[0])
        generation.run(
            engines.load(engines.ModelSettings(**snakemake.params.model)),
            tables.read(tables.EXAMPLES, snakemake.input.examples),
            output,
            # Not an output of the rule, so that what is done survives a job that fails.
            output.with_suffix(".chunks"),
            max_new_tokens=task.max_new_tokens,
            stop=task.stop,
            chunk_size=snakemake.params.chunk,
        )
