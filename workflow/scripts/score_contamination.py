"""Find the test examples of one task that the corpus holds, and score every model without them."""

import pandas as pd

from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.scoring import contamination, metrics
from tracemem.scoring.memorization import Series
from tracemem.scoring.statistics import Resampling
from tracemem.settings.tasks import TaskSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params, name = snakemake.input, snakemake.params, snakemake.wildcards.task
        examples = tables.read(tables.EXAMPLES, source.examples)
        counts = tables.read(tables.COUNTS, source.counts)
        held, rows = {}, []
        for n in params.n:
            searched, held[n] = contamination.search(examples, counts, n)
            numbers = len(examples), int(searched.sum()), int(held[n].sum())
            rows.append((name, n, *numbers))
        found = pd.DataFrame(rows, columns=list(tables.CONTAMINATION.columns))
        tables.write(tables.CONTAMINATION, found, snakemake.output.contamination)

        task = TaskSettings(**params.task)
        # Of several metrics only the first is needed, and another may load a model of its own.
        metric = metrics.load(task.model_copy(update={"metrics": task.metrics[:1]}))[0]
        matched = {
            n: tables.read(tables.ITEMS, path)
            for n, path in zip(task.n, source.matched, strict=True)
        }
        scores = [pd.DataFrame(columns=list(tables.DECONTAMINATED.columns))]
        for (model, parameters), path in zip(
            params.models.items(), source.generations, strict=True
        ):
            series = Series(name, model, parameters)
            generations = tables.read(tables.GENERATIONS, path)
            scores.append(
                contamination.score(
                    examples,
                    generations,
                    matched,
                    metric,
                    held,
                    series,
                    Resampling(**params.resampling),
                )
            )
        tables.write(tables.DECONTAMINATED, pd.concat(scores), snakemake.output.decontaminated)
