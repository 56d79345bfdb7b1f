"""List every n-gram that any task needs counted, once."""

import pandas as pd

from tracemem import tables
from tracemem.joblog import job_log
from tracemem.stopwords import stop_words
from tracemem.task_settings import TaskSettings
from tracemem.taskgram import candidate_grams


def candidates(tasks: list[TaskSettings], files: list[str]) -> pd.DataFrame:
    """The n-grams of all tasks, sorted: the columns of tables.CANDIDATES.

    Args:
        tasks: one for each file.
        files: examples (tables.EXAMPLES).
    """
    found = [
        candidate_grams(
            tables.read(tables.EXAMPLES, path),
            n,
            task.output_gram,
            stop_words(task.stop_words.input),
            stop_words(task.stop_words.output),
        )
        for task, path in zip(tasks, files, strict=True)
        for n in task.n
    ]
    return pd.concat(found).drop_duplicates("ngram").sort_values("ngram")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        tasks = [TaskSettings(**task) for task in snakemake.params.tasks]
        found = candidates(tasks, list(snakemake.input))
        tables.write(tables.CANDIDATES, found, snakemake.output[0])
