"""Ask one checkpoint of a model how likely it finds the target of every test example."""

import pandas as pd

from tracemem.counterfactual.answering import log_probabilities
from tracemem.counterfactual.tables import ANSWERED, CHECKPOINTS
from tracemem.generation.answering import questions
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.engines import load
from tracemem.settings.models import NamedModel
from tracemem.tasks.tables import EXAMPLES, PROMPTS

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        steps = files.read(CHECKPOINTS, source.checkpoints).set_index("checkpoint")["step"]
        revision = params.at["revision"].format(step=steps[params.at["checkpoint"]])
        engine = load(NamedModel(**{**params.at["run"], "revision": revision}))
        parts = []
        for task, examples, prompts in zip(
            params.tasks, source.examples, source.prompts, strict=True
        ):
            asked = questions(files.read(EXAMPLES, examples), files.read(PROMPTS, prompts))
            parts.append(log_probabilities(engine, asked).assign(task=task))
        files.write(ANSWERED, pd.concat(parts), snakemake.output[0])
