"""List every n-gram that any task needs counted, once."""

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.mining.taskgram import candidate_grams
from tracemem.ngrams.stopwords import sides


def candidates(
    files: list[str], sizes: list[list[int]], grams: list[dict], decontamination: list[list[int]]
) -> pd.DataFrame:
    """The n-grams of all tasks, sorted: the columns of tables.CANDIDATES.

    Args:
        files: examples (tables.EXAMPLES) of each task and split.
        sizes: n of each file's task.
        grams: output_gram and stop_words of each file's task.
        decontamination: n of the n-grams that show whether the corpus holds each file's examples.
    """
    found = []
    for path, several, kind, lengths in zip(files, sizes, grams, decontamination, strict=True):
        examples = tables.read(tables.EXAMPLES, path)
        stop = sides(kind["stop_words"], examples["group"])
        found += [candidate_grams(examples, n, kind["output_gram"], *stop) for n in several]
        # Contamination is in the text as it stands: stop words count.
        found += [candidate_grams(examples, n, "ngram") for n in lengths]
    return pd.concat(found).drop_duplicates("ngram").sort_values("ngram")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        found = candidates(list(snakemake.input), params.n, params.grams, params.decontamination)
        tables.write(tables.CANDIDATES, found, snakemake.output[0])
