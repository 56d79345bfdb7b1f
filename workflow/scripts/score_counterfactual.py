"""Compare what models find likely with and without the documents of an answer."""

import pandas as pd

from tracemem.counterfactual.effects import effects
from tracemem.counterfactual.tables import ANSWERED, COUNTERFACTUAL, SUBSETS, TESTED, UNITS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        units, tested = files.read(UNITS, source.units), files.read(TESTED, source.tested)
        subsets = files.read(SUBSETS, source.subsets).set_index("subset")
        paths = dict(zip(params.made["names"], source.answers, strict=True))
        found = []
        for model in params.made["series"]:
            answers = [files.read(ANSWERED, paths[name]) for name in model["names"]]
            for task, of_world in params.tasks.items():
                rows = effects(
                    [each[each["task"] == task] for each in answers],
                    subsets.loc[model["subsets"]],
                    tested[tested["task"] == of_world],
                    units,
                )
                found.append(
                    rows.assign(
                        task=task,
                        model=model["model"],
                        parameters=model["parameters"],
                        seed=model["seed"],
                    )
                )
        files.write(COUNTERFACTUAL, pd.concat(found), snakemake.output[0])
