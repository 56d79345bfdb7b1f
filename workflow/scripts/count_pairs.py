"""Count the documents of one shard that hold both sides of a pair, and sample them."""

from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import read_table

from tracemem.corpus.shards import Shard
from tracemem.jobs import tables
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.counting import count_pairs


def distinct(parts: list[str]) -> pa.Table:
    """The mined pairs of all tasks and n, once each, sorted."""
    pair = ["input_gram", "output_gram"]
    pairs = pa.concat_tables(read_table(part, columns=pair) for part in parts)
    return pairs.group_by(pair).aggregate([]).sort_by([(name, "ascending") for name in pair])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        counts, samples = count_pairs(
            Shard(snakemake.wildcards.shard, Path(snakemake.input.shard)),
            distinct(list(snakemake.input.mined)),
            counts=read_table(snakemake.input.counts),
            samples=snakemake.params.samples,
            threads=snakemake.threads,
            **snakemake.params.corpus,
        )
        tables.write(tables.PAIR_COUNTS, counts, snakemake.output.counts)
        tables.write(tables.SAMPLES, samples, snakemake.output.samples)
