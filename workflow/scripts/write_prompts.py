"""Write what models are asked of one task: the prompt of every test example."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.tasks import prompts
from tracemem.tasks.tables import EXAMPLES, PROMPTS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        examples = files.read(EXAMPLES, snakemake.input[0])
        asked = prompts.fill(examples, params.prompt, params.languages)
        files.write(PROMPTS, asked, snakemake.output[0])
