"""Find the test examples of one task that the corpus holds, and score every model without them."""

import pandas as pd

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.series import Series
from tracemem.ngrams.tables import COUNTS
from tracemem.scoring import contamination, metrics
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import CONTAMINATION, DECONTAMINATED, MEASURED
from tracemem.settings.answering import MetricSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, name = snakemake.input, snakemake.params, snakemake.wildcards.task
        examples = files.read(EXAMPLES, source.examples)
        counts = files.read(COUNTS, source.counts)
        held, rows = {}, []
        for n in params.contamination_n:
            searched, held[n] = contamination.search(examples, counts, n)
            numbers = len(examples), int(searched.sum()), int(held[n].sum())
            rows.append((name, n, *numbers))
        found = pd.DataFrame(rows, columns=list(CONTAMINATION.columns))
        files.write(CONTAMINATION, found, snakemake.output.contamination)
        asked = MetricSettings(**params.metrics)
        # Of several metrics only the first is needed, and another may load a model of its own.
        metric = metrics.load(asked.model_copy(update={"metrics": asked.metrics[:1]}))[0]
        resampling, measured = Resampling(**params.resampling), iter(source.measured)
        scores = [pd.DataFrame(columns=list(DECONTAMINATED.columns))]
        for (model, parameters), path in zip(
            params.models.items(), source.generations, strict=True
        ):
            generations = files.read(GENERATIONS, path)
            items = {n: files.read(MEASURED, next(measured)) for n in params.n}
            series = Series(name, model, parameters)
            scores.append(
                contamination.score(examples, generations, items, metric, held, series, resampling)
            )
        files.write(DECONTAMINATED, pd.concat(scores), snakemake.output.decontaminated)
