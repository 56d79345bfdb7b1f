"""Embed the pairs of n-grams that the smallest and the largest model generate."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from tracemem.generation import novelty
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.mining import embedders
from tracemem.ngrams.stopwords import sides
from tracemem.scoring.memorization import Series

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        examples = tables.read(tables.EXAMPLES, source.examples)
        stop = sides(params.grams["stop_words"], examples["group"])
        cache = Path(snakemake.output[0]).parents[2] / "embedders" / "vectors"
        embedder = embedders.load(SimpleNamespace(**params.embedder), source.get("fitted"), cache)
        found = []
        for (model, parameters), path in zip(
            params.models.items(), source.generations, strict=True
        ):
            generated = tables.read(tables.GENERATIONS, path)
            series = Series(snakemake.wildcards.task, model, parameters)
            for n in params.n:
                pairs = novelty.generated_pairs(examples, generated, n, *stop)
                found.append(novelty.cosine_histogram(pairs, embedder, series, n))
        tables.write(tables.GENERATED_COSINES, pd.concat(found), snakemake.output[0])
