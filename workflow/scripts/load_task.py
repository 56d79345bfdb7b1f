"""Read one split of a task, whatever its format, into the one form of all tasks."""

from tracemem import tasks
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.settings.examples import ExamplesSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        task = ExamplesSettings(**snakemake.params.task)
        files.write(EXAMPLES, tasks.load(task, snakemake.wildcards.split), snakemake.output[0])
