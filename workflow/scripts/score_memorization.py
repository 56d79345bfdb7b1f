"""Correlate what the corpus says of every answer with what each model says of it."""

import pandas as pd

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.series import Series
from tracemem.ngrams.tables import COUNTS
from tracemem.scoring import controls, memorization, pairing
from tracemem.scoring.aggregating import per_pair
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import CONTROLS, MEASURED, MEMORIZATION, REPLICATES, VARIANTS
from tracemem.tasks.tables import EXAMPLES
from tracemem.world.tables import FACT_EXAMPLES


def true_frequencies(path: str, task: str) -> pd.DataFrame | None:
    """The truth of a generated world for one task's test examples; None where it has none."""
    truth = files.read(FACT_EXAMPLES, path)
    truth = truth[truth["task"] == task]
    return None if truth.empty else truth


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, task = snakemake.input, snakemake.params, snakemake.wildcards.task
        resampling = Resampling(**params.resampling, permutations=params.permutations)
        truth = true_frequencies(source.truth, task) if source.truth else None
        examples, counts = files.read(EXAMPLES, source.examples), files.read(COUNTS, source.counts)
        measured = iter(source.measured)
        found = {MEMORIZATION: [], CONTROLS: [], VARIANTS: []}
        for (model, parameters), path in zip(
            params.models.items(), source.generations, strict=True
        ):
            series = Series(task, model, parameters)
            for n in params.n:
                items = files.read(MEASURED, next(measured))
                pairs = per_pair(items)
                found[MEMORIZATION].append(
                    memorization.score(pairs, series, n, resampling, params.infgram)
                )
                found[CONTROLS].append(controls.output_control(pairs, series, n, resampling))
                found[VARIANTS].append(memorization.variants(items, series, n, resampling))
            if truth is not None:
                generations = files.read(GENERATIONS, path)
                found[CONTROLS].append(
                    controls.truth_controls(
                        truth, examples, generations, counts, series, resampling
                    )
                )
        scores = {table: pd.concat(parts) for table, parts in found.items()}
        drawn = pairing.take(scores[MEMORIZATION], scores[CONTROLS])
        files.write(REPLICATES, drawn, snakemake.output.replicates)
        for table, frame in scores.items():
            files.write(table, frame[list(table.columns)], snakemake.output[table.name])
