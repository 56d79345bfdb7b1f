"""List every n-gram that any task needs counted, once."""

import pandas as pd

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining.taskgram import candidate_grams
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import CANDIDATES
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES


def candidates(
    paths: list[str],
    sizes: list[list[int]],
    grams: list[GramSettings],
    decontamination: list[list[int]],
) -> pd.DataFrame:
    """The n-grams of all tasks, sorted: the columns of tables.CANDIDATES.

    Args:
        paths: examples (tables.EXAMPLES) of each task and split.
        sizes: n of each file's task.
        grams: which n-grams count, of each file's task.
        decontamination: n of the n-grams that show whether the corpus holds each file's examples.
    """
    found = []
    for path, several, kind, lengths in zip(paths, sizes, grams, decontamination, strict=True):
        examples = files.read(EXAMPLES, path)
        stop = sides(kind.stop_words, examples["group"])
        found += [candidate_grams(examples, n, kind.output_gram, *stop) for n in several]
        # Contamination is in the text as it stands: stop words count.
        found += [candidate_grams(examples, n, "ngram") for n in lengths]
    return pd.concat(found).drop_duplicates("ngram").sort_values("ngram")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        grams = [GramSettings(**kind) for kind in params.grams]
        found = candidates(list(snakemake.input), params.n, grams, params.decontamination)
        files.write(CANDIDATES, found, snakemake.output[0])
