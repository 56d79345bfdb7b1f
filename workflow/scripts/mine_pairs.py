"""Mine a task's pairs: n-grams of the same example, in the corpus, with near meanings."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.mining import embedders, taskgram
from tracemem.ngrams.stopwords import sides


def true_pairs(path: str, task: str, n: int) -> pd.DataFrame | None:
    """The true alignments of a generated world for one task and n; None for a task it lacks."""
    truth = pd.read_parquet(path)
    truth = truth[truth["task"] == task]
    return None if truth.empty else truth[truth["n"] == n]


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, name, n = snakemake.input, snakemake.wildcards.task, int(snakemake.wildcards.n)
        params, kind = snakemake.params, snakemake.params.grams
        examples = tables.read(tables.EXAMPLES, source.examples)
        stop = sides(kind["stop_words"], examples["group"])
        candidates = taskgram.candidate_pairs(examples, n, kind["output_gram"], *stop)
        cache = Path(snakemake.output.mined).parents[2] / "embedders" / "vectors"
        embedder = embedders.load(SimpleNamespace(**params.embedder), source.get("fitted"), cache)
        known = source.get("alignments")
        truth = true_pairs(known, name, n) if known else None
        counts = tables.read(tables.COUNTS, source.counts)
        mined = taskgram.mine(candidates, counts, embedder, params.thresholds[0], truth)
        swept = taskgram.alignment(name, n, mined, params.thresholds, truth)
        tables.write(tables.MINED, mined.pairs, snakemake.output.mined)
        tables.write(tables.ALIGNMENT, swept, snakemake.output.alignment)
