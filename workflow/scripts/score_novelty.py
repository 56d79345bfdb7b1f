"""Count the generated pairs that no document holds."""

import pandas as pd

from tracemem.generation import novelty
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.stopwords import sides
from tracemem.scoring.memorization import Series
from tracemem.scoring.statistics import Resampling

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        # A study without translations has no such counts, and no row.
        counts = tables.read(tables.GENERATED_COUNTS, source.counts) if params.tasks else None
        generations = iter(source.generations)
        rows = [pd.DataFrame(columns=list(tables.NOVELTY.columns))]
        for (name, task), path in zip(params.tasks.items(), source.examples, strict=True):
            examples = tables.read(tables.EXAMPLES, path)
            stop = sides(task["stop_words"], examples["group"])
            for model, parameters in params.models.items():
                generated = tables.read(tables.GENERATIONS, next(generations))
                series = Series(name, model, parameters)
                resampling = Resampling(**params.resampling)
                answered = int(generated["generation"].notna().sum())
                for n in task["n"]:
                    pairs = novelty.generated_pairs(examples, generated, n, *stop)
                    row = novelty.score(pairs, counts, answered, series, n, resampling)
                    rows.append(row)
        tables.write(tables.NOVELTY, pd.concat(rows), snakemake.output[0])
