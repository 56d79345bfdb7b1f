"""Correlate what the corpus says of every answer with what one model says of it."""

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import memorization
from tracemem.scoring.statistics import Resampling


def true_frequencies(path: str, task: str) -> pd.DataFrame | None:
    """The truth of a generated world for one task's test examples; None where it has none."""
    truth = pd.read_parquet(path)
    truth = truth[truth["task"] == task]
    return None if truth.empty else truth


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
        series = memorization.Series(wildcards.task, wildcards.model, params.parameters)
        resampling = Resampling(**params.resampling)
        generations = tables.read(tables.GENERATIONS, source.generations)
        infgram = source.get("infgram")
        infgram = tables.read(tables.INFGRAM, infgram) if infgram else None
        scores, controls, variants = [], [], []
        for n, path in zip(params.n, source.matched, strict=True):
            matched = tables.read(tables.ITEMS, path)
            measured = memorization.measure(matched, generations, infgram)
            scores.append(memorization.score(measured, series, n, resampling))
            controls.append(memorization.output_control(measured, series, n, resampling))
            variants.append(memorization.variants(matched, generations, series, n, resampling))
        known = source.get("truth")
        truth = true_frequencies(known, wildcards.task) if known else None
        if truth is not None:
            examples = tables.read(tables.EXAMPLES, source.examples)
            counts = tables.read(tables.COUNTS, source.counts)
            controls.append(
                memorization.truth_controls(
                    truth, examples, generations, counts, series, resampling
                )
            )
        tables.write(tables.MEMORIZATION, pd.concat(scores), snakemake.output.memorization)
        tables.write(tables.CONTROLS, pd.concat(controls), snakemake.output.controls)
        tables.write(tables.VARIANTS, pd.concat(variants), snakemake.output.variants)
