"""List every pair of an input n-gram and an n-gram that some model wrote for it, once."""

import pandas as pd

from tracemem.generation import novelty
from tracemem.generation.tables import GENERATED_PAIRS, GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.stopwords import sides
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        examples = files.read(EXAMPLES, snakemake.input.examples)
        generations = [files.read(GENERATIONS, p) for p in snakemake.input.generations]
        stop = sides(GramSettings(**params.grams).stop_words, examples["group"])
        found = pd.concat(
            novelty.generated_pairs(examples, generation, n, *stop)
            for generation in generations
            for n in params.n
        )
        pairs = found[PAIR_COLUMNS].drop_duplicates()
        pairs = pairs.sort_values(PAIR_COLUMNS)
        files.write(GENERATED_PAIRS, pairs, snakemake.output[0])
