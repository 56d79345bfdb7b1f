"""Estimate what models gained when the documents of a pair were trained on."""

import numpy as np
import pandas as pd

from tracemem.counterfactual.profiles import TREATMENTS, Panel, by_example, estimate
from tracemem.counterfactual.tables import (
    ANSWERED,
    ATT,
    CHECKPOINTS,
    FOLLOWED,
    FOLLOWED_EFFECTS,
    PAIR_INTERVALS,
    PROFILES,
)
from tracemem.counterfactual.timing import treated
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.scoring.statistics import Resampling

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, output, params = snakemake.input, snakemake.output, snakemake.params
        checkpoints = len(files.read(CHECKPOINTS, source.checkpoints))
        counts = files.gather(PAIR_INTERVALS, source.intervals)
        followed = treated(files.read(FOLLOWED, source.followed), counts, checkpoints)
        paths = dict(zip(params.names, source.answers, strict=True))
        found: dict[str, list[pd.DataFrame]] = {"att": [], "profiles": [], "effects": []}
        for model in params.series:
            answers = [
                files.read(ANSWERED, paths[name]).set_index(["task", "example"])["log_probability"]
                for name in model["names"]
            ]
            for (task, n), rows in followed.groupby(["task", "n"], sort=False):
                values = np.stack([each[task][rows["example"]] for each in answers])
                for treatment in TREATMENTS:
                    panel = Panel.of(rows, values, treatment, Resampling(**params.resampling))
                    tables = (*estimate(panel), by_example(panel))
                    whose = {"task": task, "n": n, "treatment": treatment}
                    whose |= {key: model[key] for key in ("model", "parameters")}
                    for name, table in zip(found, tables, strict=True):
                        found[name].append(table.assign(**whose))
        for name, declared in (("att", ATT), ("profiles", PROFILES), ("effects", FOLLOWED_EFFECTS)):
            files.write(declared, pd.concat(found[name]), output[name])
