"""Compare what one document is worth by itself with the effect of its fact over all subsets."""

import pandas as pd

from tracemem.counterfactual.effects import alone
from tracemem.counterfactual.tables import ALONE, ANSWERED, COUNTERFACTUAL, SUBSETS, TESTED
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        answers = {
            name: files.read(ANSWERED, path)
            for name, path in zip(params.subsets, source.answers, strict=True)
        }
        subsets, tested = files.read(SUBSETS, source.subsets), files.read(TESTED, source.tested)
        subsets = subsets[subsets["subset"].isin(answers)]
        found = files.read(COUNTERFACTUAL, source.counterfactual)
        found = found[(found["model"] == params.model) & (found["seed"] == params.seed)]
        parts = [pd.DataFrame(columns=list(ALONE.columns))]
        for task, of_world in params.tasks.items():
            own = {name: each[each["task"] == task] for name, each in answers.items()}
            effects = found[found["task"] == task]
            rows = alone(own, subsets, tested[tested["task"] == of_world], effects)
            if len(rows):
                sizes = effects["parameters"].iloc[0]
                parts.append(rows.assign(task=task, model=params.model, parameters=sizes))
        files.write(ALONE, pd.concat(parts[1:] or parts), snakemake.output[0])
