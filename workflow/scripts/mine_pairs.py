"""Mine a task's pairs: n-grams of the same example, in the corpus, with near meanings."""

from pathlib import Path

import pandas as pd

from tracemem import embedders, tables, taskgram
from tracemem.joblog import job_log
from tracemem.settings import EmbedderSettings
from tracemem.stopwords import stop_words
from tracemem.task_settings import TaskSettings


def true_pairs(path: str, task: str, n: int) -> pd.DataFrame | None:
    """The true alignments of a generated world for one task and n; None for a task it lacks."""
    truth = pd.read_parquet(path)
    truth = truth[truth["task"] == task]
    return None if truth.empty else truth[truth["n"] == n]


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, name, n = snakemake.input, snakemake.wildcards.task, int(snakemake.wildcards.n)
        task = TaskSettings(**snakemake.params.task)
        candidates = taskgram.candidate_pairs(
            tables.read(tables.EXAMPLES, source.examples),
            n,
            task.output_gram,
            stop_words(task.stop_words.input),
            stop_words(task.stop_words.output),
        )
        cache = Path(snakemake.output.mined).parents[2] / "embedders" / "vectors"
        embedder = embedders.load(
            EmbedderSettings(**snakemake.params.embedder), source.get("fitted"), cache
        )
        known = source.get("alignments")
        truth = true_pairs(known, name, n) if known else None
        counts = tables.read(tables.COUNTS, source.counts)
        mined = taskgram.mine(candidates, counts, embedder, task.gamma_of(n), truth)
        swept = taskgram.alignment(name, n, mined, task.thresholds(n), truth)
        tables.write(tables.MINED, mined.pairs, snakemake.output.mined)
        tables.write(tables.ALIGNMENT, swept, snakemake.output.alignment)
