"""List every pair of an input n-gram and an n-gram that some model wrote for it, once."""

import pandas as pd

from tracemem.generation import novelty
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.stopwords import sides

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        examples = tables.read(tables.EXAMPLES, snakemake.input.examples)
        generations = [tables.read(tables.GENERATIONS, p) for p in snakemake.input.generations]
        stop = sides(params.grams["stop_words"], examples["group"])
        found = pd.concat(
            novelty.generated_pairs(examples, generation, n, *stop)
            for generation in generations
            for n in params.n
        )
        pairs = found[["input_gram", "output_gram"]].drop_duplicates()
        pairs = pairs.sort_values(["input_gram", "output_gram"])
        tables.write(tables.GENERATED_PAIRS, pairs, snakemake.output[0])
