"""Compare what models find likely with and without the documents of an answer."""

import pandas as pd

from tracemem.counterfactual.effects import effects, summary
from tracemem.counterfactual.tables import (
    ANSWERED,
    COUNTERFACTUAL,
    EFFECTS,
    SUBSETS,
    TESTED,
    UNITS,
)
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        units, tested = files.read(UNITS, source.units), files.read(TESTED, source.tested)
        subsets = files.read(SUBSETS, source.subsets).set_index("subset")
        paths = dict(zip(params.made["names"], source.answers, strict=True))
        found, means = [pd.DataFrame(columns=list(COUNTERFACTUAL.columns))], []
        for model in params.made["series"]:
            answers = [files.read(ANSWERED, paths[name]) for name in model["names"]]
            for task, of_world in params.tasks.items():
                rows, by_pair = effects(
                    [each[each["task"] == task] for each in answers],
                    subsets.loc[model["subsets"]],
                    tested[tested["task"] == of_world],
                    units,
                )
                if rows.empty:
                    continue
                series = {key: model[key] for key in ("model", "parameters", "seed")}
                found.append(rows.assign(task=task, **series))
                means.append({"task": task, **series, **summary(rows, by_pair)})
        files.write(COUNTERFACTUAL, pd.concat(found[1:] or found), snakemake.output.examples)
        means = pd.DataFrame(means, columns=list(EFFECTS.columns))
        files.write(EFFECTS, means, snakemake.output.effects)
