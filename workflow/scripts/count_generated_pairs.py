"""Count the documents of one shard that hold both an input n-gram and a generated one."""

from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import read_table

from tracemem.corpus.shards import Shard
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import count_pairs


def distinct(parts: list[str]) -> pa.Table:
    """The generated pairs of all tasks, once each; none where no task asks for novelty."""
    empty = tables.GENERATED_PAIRS.schema.empty_table()
    pairs = pa.concat_tables([empty, *(read_table(part) for part in parts)])
    return pairs.group_by(pairs.column_names).aggregate([])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts, _ = count_pairs(
            Shard(snakemake.wildcards.shard, Path(snakemake.input.shard)),
            distinct(list(snakemake.input.pairs)),
            samples=0,
            threads=snakemake.threads,
            **snakemake.params.corpus,
        )
        tables.write(tables.GENERATED_COUNTS, counts, snakemake.output[0])
