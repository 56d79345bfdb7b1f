"""Measure how time and memory grow with the corpus: both passes on one core, one shard a size."""

from bench.measure import apart, row, text_mb, write


def measure(shards: dict[str, str], mb: dict[str, float], pairs: str, times: int) -> list[dict]:
    """A row for each size without samples and one with them.

    Samples fill up as the corpus grows, to 50 documents of each pair and n-gram, and then no more.
    """
    rows = []
    for samples in (0, 50):
        for name, shard in shards.items():
            found = apart("bench.ngrams.bench_pairs", "ours", pinned=True, shard=shard, tenth=shards["x0.1"],
                          pairs=pairs, samples=samples, threads=1, times=times)  # fmt: skip
            rows.append(row("growth", "ours", f"count pairs, {name}, {samples} samples",
                            found | {"corpus_mb": mb[name]}, amount=mb[name], unit="MB/s",
                            items=found["items"], disk_mb=found["disk_mb"], threads=1,
                            note="one shard; both passes, zstd and JSON included"))  # fmt: skip
    return rows


if __name__ == "__main__":
    from tracemem.jobs.joblog import job_log

    with job_log(snakemake.log[0]):
        shards = dict(zip(snakemake.params.names, snakemake.input.shards, strict=True))
        rows = measure(
            shards, text_mb(snakemake.input.corpus), snakemake.input.pairs, snakemake.params.times
        )
        write(rows, snakemake.output[0])
