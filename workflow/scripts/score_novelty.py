"""Count the pairs that each model generated for a task and no document holds."""

import pandas as pd

from tracemem.generation.novelty import generated_pairs
from tracemem.generation.tables import GENERATED_COUNTS, GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.series import Series
from tracemem.ngrams.stopwords import sides
from tracemem.scoring import novelty, pairing
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import NOVELTY, REPLICATES
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        resampling = Resampling(**params.resampling)
        counts = files.read(GENERATED_COUNTS, source.counts)
        examples = files.read(EXAMPLES, source.examples)
        stop = sides(GramSettings(**params.grams).stop_words, examples["group"])
        targets, rows = examples.set_index("example")["target"], []
        for (model, parameters), path in zip(
            params.models.items(), source.generations, strict=True
        ):
            generated = files.read(GENERATIONS, path)
            series = Series(snakemake.wildcards.task, model, parameters)
            answered = generated["example"][generated["generation"].notna()]
            for n in params.n:
                pairs = generated_pairs(examples, generated, n, *stop)
                rows.append(novelty.score(pairs, counts, targets, answered, series, n, resampling))
        scores = pd.concat(rows)
        files.write(REPLICATES, pairing.take(scores), snakemake.output.replicates)
        files.write(NOVELTY, scores[list(NOVELTY.columns)], snakemake.output.novelty)
