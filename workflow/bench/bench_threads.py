"""Measure what more threads bring: pairs counted in one shard with 1, 2, 4, ... of them."""

from measure import apart, row, text_mb, write


def measure(shard: str, tenth: str, mb: float, pairs: str, cores: int, times: int) -> list[dict]:
    """A row for each number of threads, without samples and with them."""
    rows = []
    for samples in (0, 50):
        threads = 1
        while threads <= cores:
            found = apart("bench_pairs", "ours", shard=shard, tenth=tenth, pairs=pairs,
                          samples=samples, threads=threads, times=times)  # fmt: skip
            rows.append(row("threads", "ours", f"count pairs, {samples} samples",
                            found | {"corpus_mb": mb}, amount=mb, unit="MB/s",
                            items=found["items"], disk_mb=found["disk_mb"], threads=threads,
                            note="one shard; both passes, zstd and JSON included"))  # fmt: skip
            threads *= 2
    return rows


if __name__ == "__main__":
    from tracemem.joblog import job_log

    with job_log(snakemake.log[0]):
        mb = text_mb(snakemake.input.corpus)["x3"]
        rows = measure(
            snakemake.input.shard, snakemake.input.tenth, mb, snakemake.input.pairs,
            snakemake.threads, snakemake.params.times,
        )  # fmt: skip
        write(rows, snakemake.output[0])
