"""Embed the pairs of n-grams that the smallest and the largest model generate."""

from pathlib import Path

import pandas as pd

from tracemem.generation import novelty
from tracemem.generation.tables import GENERATED_COSINES, GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import embedders
from tracemem.mining.embedders import DraftingEmbedder
from tracemem.models.series import Series
from tracemem.ngrams.stopwords import sides
from tracemem.settings.mining import EmbedderSettings, GramSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        examples = files.read(EXAMPLES, source.examples)
        stop = sides(GramSettings(**params.grams).stop_words, examples["group"])
        embedder = DraftingEmbedder(
            embedders.load(EmbedderSettings(**params.embedder), *source.fitted),
            # No output of the rule, so that what is done survives a job that fails.
            Path(snakemake.output[0]).with_suffix(".drafts"),
        )
        found = []
        for (model, parameters), path in zip(params.ends.items(), source.generations, strict=True):
            generated = files.read(GENERATIONS, path)
            series = Series(snakemake.wildcards.task, model, parameters)
            for n in params.n:
                pairs = novelty.generated_pairs(examples, generated, n, *stop)
                found.append(novelty.cosine_histogram(pairs, embedder, series, n))
        files.write(GENERATED_COSINES, pd.concat(found), snakemake.output[0])
        embedder.done()
