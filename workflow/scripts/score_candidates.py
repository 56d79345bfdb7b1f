"""Score every candidate for a measure in each cell of a task, and hold it to the effect."""

import pandas as pd

from tracemem.corpus.tables import MANIFEST
from tracemem.counterfactual import candidates
from tracemem.counterfactual.tables import CANDIDATES, COUNTERFACTUAL
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring.tables import CONTRASTS, MEASURED

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, task = snakemake.input, snakemake.params, snakemake.wildcards.task
        documents = int(files.read(MANIFEST, source.manifest)["documents"].sum())
        effects = files.read(COUNTERFACTUAL, source.counterfactual)
        effects = effects[(effects["task"] == task) & (effects["seed"] == params.seed)]
        contrasts, measured = iter(source.contrasts), iter(source.measured)
        found = []
        for model, parameters in params.models.items():
            truth = effects[effects["model"] == model]
            for n in params.n:
                items = files.read(MEASURED, next(measured))
                units = candidates.units(files.read(CONTRASTS, next(contrasts)), items, documents)
                rows = candidates.scored(units, candidates.pairs(items), truth, params.seed)
                found.append(rows.assign(task=task, model=model, parameters=parameters, n=n))
        files.write(CANDIDATES, pd.concat(found), snakemake.output[0])
