"""Measure what more threads bring: pairs counted in one shard with 1, 2, 4, ... of them."""

from bench.measure import apart, row, text_mb, write


def measure(shard: str, tenth: str, mb: float, pairs: str, cores: int, times: int) -> list[dict]:
    """A row for each number of threads, without samples and with them.

    The numbers of threads take turns, so that what else the machine does meets all of them.
    """
    threads = [1]
    while 2 * threads[-1] <= cores:
        threads.append(2 * threads[-1])
    rows = []
    for samples in (0, 50):
        found: dict[int, list[dict]] = {number: [] for number in threads}
        for number in threads * times:
            found[number].append(
                apart("bench.ngrams.bench_pairs", "ours", shard=shard, tenth=tenth, pairs=pairs,
                      samples=samples, threads=number, times=1)
            )  # fmt: skip
        for number, rounds in found.items():
            together = rounds[0] | {
                "seconds": [one["seconds"][0] for one in rounds],
                "peak_mb": max(one["peak_mb"] for one in rounds),
                "corpus_mb": mb,
            }
            rows.append(row("threads", "ours", f"count pairs, {samples} samples", together,
                            amount=mb, unit="MB/s", items=together["items"],
                            disk_mb=together["disk_mb"], threads=number,
                            note="one shard; both passes, zstd and JSON included"))  # fmt: skip
    return rows


if __name__ == "__main__":
    from tracemem.jobs.joblog import job_log

    with job_log(snakemake.log[0]):
        mb = text_mb(snakemake.input.corpus)["x3"]
        rows = measure(
            snakemake.input.shard, snakemake.input.tenth, mb, snakemake.input.pairs,
            snakemake.threads, snakemake.params.times,
        )  # fmt: skip
        write(rows, snakemake.output[0])
