"""List every n-gram that any task needs counted, once."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log
from tracemem.stopwords import sides
from tracemem.taskgram import candidate_grams


def candidates(files: list[str], sizes: list[list[int]], grams: list[dict]) -> pd.DataFrame:
    """The n-grams of all tasks, sorted: the columns of tables.CANDIDATES.

    Args:
        files: examples (tables.EXAMPLES) of each task and split.
        sizes: n of each file's task.
        grams: output_gram and stop_words of each file's task.
    """
    found = []
    for path, several, kind in zip(files, sizes, grams, strict=True):
        examples = tables.read(tables.EXAMPLES, path)
        stop = sides(kind["stop_words"], examples["group"])
        found += [candidate_grams(examples, n, kind["output_gram"], *stop) for n in several]
    return pd.concat(found).drop_duplicates("ngram").sort_values("ngram")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        found = candidates(list(snakemake.input), params.n, params.grams)
        tables.write(tables.CANDIDATES, found, snakemake.output[0])
