"""Read one split of a task, whatever its format, into the one form of all tasks."""

from tracemem import tasks
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.settings.tasks import TaskSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # How pairs are mined is required of a task, and nothing to its examples.
        task = TaskSettings(**snakemake.params.task, n=1, gamma=0)
        examples = tasks.load(task, snakemake.wildcards.split)
        tables.write(tables.EXAMPLES, examples, snakemake.output[0])
