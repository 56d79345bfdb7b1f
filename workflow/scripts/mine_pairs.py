"""Mine a task's pairs: n-grams of the same example, in the corpus, with near meanings."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import taskgram
from tracemem.mining.embedders import KnownVectors, LsaEmbedder
from tracemem.mining.tables import ALIGNMENT, MINED, VECTORS
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES
from tracemem.world.tables import TRUE_PAIRS


def true_pairs(path: str, task: str, n: int) -> pd.DataFrame | None:
    """The true alignments of a generated world for one task and n; None for a task it lacks."""
    truth = files.read(TRUE_PAIRS, path)
    truth = truth[truth["task"] == task]
    return None if truth.empty else truth[truth["n"] == n]


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, name, n = snakemake.input, snakemake.wildcards.task, int(snakemake.wildcards.n)
        thresholds, grams = snakemake.params.thresholds, GramSettings(**snakemake.params.grams)
        examples = files.read(EXAMPLES, source.examples)
        stop = sides(grams.stop_words, examples["group"])
        candidates = taskgram.candidate_pairs(examples, n, grams.output_gram, *stop)
        if source.fitted:
            embedder = LsaEmbedder.load(source.fitted[0])
        else:
            vectors = files.read_arrow(VECTORS, source.vectors[0])
            embedder = KnownVectors(snakemake.params.embedder, vectors)
        known = source.get("alignments")
        truth = true_pairs(known, name, n) if known else None
        counts = files.read(COUNTS, source.counts)
        mined = taskgram.mine(candidates, counts, embedder, thresholds[0], truth)
        swept = taskgram.alignment(name, n, mined, thresholds, truth)
        files.write(MINED, mined.pairs, snakemake.output.mined)
        files.write(ALIGNMENT, swept, snakemake.output.alignment)
