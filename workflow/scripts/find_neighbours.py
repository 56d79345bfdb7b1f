"""Find the nearest other inputs of every test example of a task."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.tasks.neighbours import nearest
from tracemem.tasks.tables import EXAMPLES, NEIGHBOURS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        examples = files.read(EXAMPLES, snakemake.input[0])
        found = nearest(examples, snakemake.params.neighbours)
        files.write(NEIGHBOURS, found, snakemake.output[0])
