"""Measure one core: n-grams counted in text in memory and from a shard, Python's re and zstd beside.

Rates are in MB of document text (10**6 bytes of UTF-8) a second, of ``zstd -dc`` in the same text,
so that its rate and that of a shard's count stand for the same work at rest.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from bench.measure import apart, repeat, row, text_mb, write

BATCH = 1 << 20  # bytes of text counted at a time, as a reader hands them out


def memory_batches(shard: str) -> list:
    """A shard's documents in memory, as batches of about BATCH bytes of one long text."""
    import numpy as np

    from tracemem.corpus.batches import Batch, Room
    from tracemem.corpus.reading import Reader
    from tracemem.corpus.shards import Shard

    reader, room = Reader(Shard("x", Path(shard)), batch_bytes=BATCH), Room()
    batches = []
    while batch := reader.read(room):
        batches.append(Batch(np.array(batch.text[: batch.ends[-1] + 64]), batch.starts, batch.ends,
                             batch.records))  # fmt: skip
    return batches


def scan(shard: str, ngrams: str, name: str, times: int) -> dict:
    """Count one set of candidates in text in memory: no file, no JSON."""
    from tracemem.corpus.batches import Room
    from tracemem.ngrams.counting import Index, Scanner

    grams = chosen(ngrams, name)
    batches, room = memory_batches(shard), Room()
    index = Index(grams)
    Scanner(index).scan(batches[0], room)
    seconds = []
    for _ in range(times):
        scanner = Scanner(index)
        seconds += repeat(lambda scanner=scanner: [scanner.scan(b, room) for b in batches], 1)
    size = sum(batch.text_bytes for batch in batches) / 1e6
    return {"seconds": seconds, "corpus_mb": size, "items": len(grams)}


def chosen(ngrams: str, name: str) -> list[str]:
    """One set of candidates."""
    from pyarrow.parquet import read_table

    return read_table(ngrams, filters=[("set", "=", name)])["ngram"].to_pylist()


def from_shard(shard: str, mb: float, ngrams: str, name: str, times: int) -> dict:
    """Count one set of candidates in a shard at rest (zstd, JSON, all), by turns in two ways.

    The library's function has the n-grams in memory; ``tracemem count`` reads them from a file and
    writes its table to one. As in every row imports are done and kernels loaded before the clock
    starts; what that takes of a process is measured by one that counts an n-gram in one word.
    """
    from tracemem.commands import main
    from tracemem.corpus.shards import Shard
    from tracemem.ngrams.counting import count_ngrams

    grams = chosen(ngrams, name)
    seconds, command = [], []
    with tempfile.TemporaryDirectory() as folder:
        listed, one, word, table = (
            str(Path(folder, file)) for file in ("all.txt", "one.txt", "word.jsonl", "counts.csv")
        )
        Path(listed).write_text("\n".join(grams) + "\n", encoding="utf-8")
        Path(one).write_text(grams[0] + "\n", encoding="utf-8")
        Path(word).write_text('{"text": "word"}\n', encoding="utf-8")
        least = ["count", one, "--shards", word, "--threads", "1", "--output", table]
        program = [sys.executable, "-c", "from tracemem.commands import main; main()", *least]
        start = repeat(lambda: subprocess.run(program, check=True), times)
        main(least)
        asked = ["count", listed, "--shards", shard, "--threads", "1", "--output", table]
        for _ in range(times):
            seconds += repeat(lambda: count_ngrams(Shard("x", Path(shard)), grams), 1)
            command += repeat(lambda: main(asked), 1)
        with open(table, encoding="utf-8") as file:
            if sum(1 for _ in file) != len(grams) + 1:
                raise AssertionError("the table has not one row for each n-gram")
    at_rest = Path(shard).stat().st_size / 1e6
    return {"seconds": seconds, "command": command, "start": min(start), "corpus_mb": mb,
            "items": len(grams), "disk_mb": at_rest}  # fmt: skip


def unpack(shard: str, mb: float, times: int) -> dict:
    """Unpack a shard with the zstd program, or the zstandard package where there is none."""
    if shutil.which("zstd"):
        command = ["zstd", "-dc", shard]

        def work() -> None:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    else:
        import zstandard

        def work() -> None:
            with open(shard, "rb") as source, open(os.devnull, "wb") as target:
                zstandard.ZstdDecompressor().copy_stream(source, target)

    work()
    return {"seconds": repeat(work, times), "corpus_mb": mb}


def python(shard: str, ngrams: str, name: str, times: int) -> dict:
    """Plain Python: the words alone (NFC, lower case, re), then 2-grams looked up in a dictionary.

    The engine's counts are held to it.
    """
    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard
    from tracemem.ngrams import words

    grams = chosen(ngrams, name)
    texts = [text for _, text in documents(Shard("x", Path(shard)))]
    occurrences, held = dict.fromkeys(grams, 0), dict.fromkeys(grams, 0)

    def work() -> None:
        for text in texts:
            sequence = words.words(text)
            seen = set()
            for first, second in pairwise(sequence):
                gram = f"{first} {second}"
                if gram in occurrences:
                    occurrences[gram] += 1
                    seen.add(gram)
            for gram in seen:
                held[gram] += 1

    of_words = repeat(lambda: [words.words(text) for text in texts], times)
    seconds = repeat(work, 1)
    check(shard, grams, held, occurrences)
    size = sum(len(text.encode()) for text in texts) / 1e6
    return {"seconds": seconds, "words": of_words, "corpus_mb": size, "items": len(grams)}


def check(shard: str, grams: list[str], held: dict, occurrences: dict) -> None:
    """Hold the engine's counts to those of plain Python."""
    from tracemem.corpus.shards import Shard
    from tracemem.ngrams.counting import count_ngrams

    ours = count_ngrams(Shard("x", Path(shard)), grams)
    if ours["documents"].to_pylist() != [*held.values()]:
        raise AssertionError("documents differ from those of plain Python")
    if ours["occurrences"].to_pylist() != [*occurrences.values()]:
        raise AssertionError("occurrences differ from those of plain Python")


def compile_kernels(shard: str) -> dict:
    """Count and pair with kernels that are compiled anew."""
    import pyarrow as pa

    start = time.perf_counter()
    from tracemem.corpus.shards import Shard
    from tracemem.ngrams.counting import count_pairs

    count_pairs(Shard("x", Path(shard)), pa.table({"input_gram": ["a"], "output_gram": ["b"]}))
    return {"seconds": [time.perf_counter() - start], "corpus_mb": 0}


def measure(shard: str, tenth: str, mb: float, ngrams: str, names: list[str], main: str,
            times: int) -> list[dict]:  # fmt: skip
    """Every row of this kind of work."""
    one = {"threads": 1, "unit": "MB/s"}
    rows = []
    for name in names:
        found = apart("bench.ngrams.bench_scan", "scan", pinned=True, shard=shard, ngrams=ngrams, name=name,
                      times=times)  # fmt: skip
        rows.append(row("scan", "ours", f"count n-grams, {name}", found, items=found["items"],
                        amount=found["corpus_mb"], note="text in memory", **one))  # fmt: skip
    found = apart("bench.ngrams.bench_scan", "python", pinned=True, shard=tenth, ngrams=ngrams, name=main,
                  times=times)  # fmt: skip
    amount = found["corpus_mb"]
    rows.append(row("scan", "python", "words", found | {"seconds": found["words"]}, amount=amount,
                    note="NFC, lower case, re; text in memory", **one))  # fmt: skip
    rows.append(row("scan", "python", f"count n-grams, {main}", found, items=found["items"],
                    amount=amount, note="text in memory; counts equal ours", **one))  # fmt: skip
    found = apart("bench.ngrams.bench_scan", "from_shard", pinned=True, shard=shard, mb=mb, ngrams=ngrams,
                  name=main, times=times)  # fmt: skip
    rows.append(row("scan", "ours", f"count n-grams from a shard, {main}", found,
                    items=found["items"], amount=mb, disk_mb=found["disk_mb"],
                    note="zstd and JSON included", **one))  # fmt: skip
    note = f"list, shard and table are files; the process starts in {found['start']:.2g} s besides"
    rows.append(row("scan", "ours", f"tracemem count, {main}",
                    found | {"seconds": found["command"]}, items=found["items"], amount=mb,
                    note=note, **one))  # fmt: skip
    tool = "zstd" if shutil.which("zstd") else "python zstandard (no zstd program here)"
    found = apart("bench.ngrams.bench_scan", "unpack", pinned=True, shard=shard, mb=mb, times=times)
    rows.append(row("scan", tool, "unpack a shard", found, amount=mb, note="to /dev/null", **one))
    return rows


def compiling(tenth: str) -> dict:
    """The row of what no other row has in it."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        found = apart("bench.ngrams.bench_scan", "compile_kernels", shard=tenth)
        del os.environ["NUMBA_CACHE_DIR"]
    note = "once for an installation, with imports and one small shard; in no other row"
    return row("scan", "numba", "compile the kernels", found, amount=1, threads=1, unit="times/s",
               note=note)  # fmt: skip


if __name__ == "__main__":
    from tracemem.jobs.joblog import job_log

    with job_log(snakemake.log[0]):
        mb = text_mb(snakemake.input.corpus)["x1"]
        rows = measure(
            snakemake.input.shard, snakemake.input.tenth, mb, snakemake.input.ngrams,
            snakemake.params.names, snakemake.params.main, snakemake.params.times,
        )  # fmt: skip
        if snakemake.params.compile:
            rows.append(compiling(snakemake.input.tenth))
        write(rows, snakemake.output[0])
