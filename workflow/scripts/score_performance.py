"""Score every model on one task, as a whole, by group and by support."""

import pandas as pd

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.tables import ITEMS
from tracemem.scoring import pairing
from tracemem.scoring.performance import score
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import PERFORMANCE, REPLICATES, SUPPORT
from tracemem.settings.answering import MetricSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, name = snakemake.input, snakemake.params, snakemake.wildcards.task
        performance, supported = score(
            MetricSettings(**params.metrics),
            files.read(EXAMPLES, source.examples),
            {
                model: files.read(GENERATIONS, path)
                for model, path in zip(params.models, source.generations, strict=True)
            },
            {n: files.read(ITEMS, path) for n, path in zip(params.n, source.matched, strict=True)},
            params.bins,
            Resampling(**params.resampling),
        )
        scores = {
            table: frame.assign(task=name, parameters=frame["model"].map(params.models))
            for table, frame in (
                (PERFORMANCE, pd.DataFrame(performance)),
                (SUPPORT, pd.concat(supported)),
            )
        }
        files.write(REPLICATES, pairing.take(*scores.values()), snakemake.output.replicates)
        for table, frame in scores.items():
            files.write(table, frame[list(table.columns)], snakemake.output[table.name])
