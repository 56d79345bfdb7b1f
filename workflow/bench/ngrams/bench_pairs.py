"""Measure the co-occurrence of pairs: ours, infini-gram, tantivy and plain Python on one corpus.

What is compared is the time from a shard on disk to a count for every pair, with nothing prepared:
two passes of ours; an index and a query for each pair with the others, whose queries are asked for
a sample of the pairs and scaled. They do not count quite the same: tantivy counts documents, as
this project does, infini-gram's AND counts occurrences of both within 100 tokens, and estimates
where a clause is frequent (its defaults, which are its fastest).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import apart, repeat, row, text_mb, write

QUERIES = 500
VOCABULARY = 50_000


def read_pairs(path: str):
    """The pairs, as an Arrow table."""
    import pyarrow as pa
    from pyarrow.parquet import read_table

    names = ("input_gram", "output_gram")
    return read_table(path).cast(pa.schema([(name, pa.string()) for name in names]))


def both_passes(shard: str, pairs, samples: int, threads: int):
    """Counts of the pairs of one shard: every n-gram first, then the pairs from their rarer side."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tracemem.corpus.shards import Shard
    from tracemem.ngrams.counting import count_ngrams, count_pairs

    found = Shard("x", Path(shard))
    grams = pc.unique(pa.concat_arrays([column.combine_chunks() for column in pairs.columns]))
    counts = count_ngrams(found, grams, threads=threads)
    return count_pairs(found, pairs, counts=counts, samples=samples, threads=threads)[0]


def ours(shard: str, tenth: str, pairs: str, samples: int, threads: int, times: int) -> dict:
    """Both passes over a shard."""
    asked = read_pairs(pairs)
    both_passes(tenth, asked.slice(0, 10), samples, threads)
    seconds = repeat(lambda: both_passes(shard, asked, samples, threads), times)
    return {"seconds": seconds, "items": len(asked), "disk_mb": Path(shard).stat().st_size / 1e6}


def python(shard: str, pairs: str) -> dict:
    """Plain Python: the distinct n-grams of each document, and of those the pairs."""
    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard
    from tracemem.ngrams import words

    asked = read_pairs(pairs)
    paired: dict[str, list[tuple[int, str]]] = {}
    for number, pair in enumerate(asked.to_pylist()):
        paired.setdefault(pair["input_gram"], []).append((number, pair["output_gram"]))
    counts = [0] * len(asked)

    def work() -> None:
        for _, text in documents(Shard("x", Path(shard))):
            held = set(words.ngrams(text, 2))
            for gram in held & paired.keys():
                for number, other in paired[gram]:
                    counts[number] += other in held

    seconds = repeat(work, 1)
    if both_passes(shard, asked, 0, 1)["documents"].to_pylist() != counts:
        raise AssertionError("pair counts differ from those of plain Python")
    return {"seconds": seconds}


def sampled(pairs: str) -> list[tuple[str, str]]:
    """Pairs that stand for all, evenly spaced."""
    rows = read_pairs(pairs).to_pylist()
    every = max(len(rows) // QUERIES, 1)
    return [(pair["input_gram"], pair["output_gram"]) for pair in rows[::every][:QUERIES]]


def infini_gram(shard: str, pairs: str, index: str, threads: int) -> dict:
    """Tokenize, index with the package's own command, and ask count_cnf pair by pair."""
    from infini_gram.engine import InfiniGramEngine

    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard
    from tracemem.infgram.index import write_tokens

    tokenizer = train_tokenizer(shard)
    folder = Path(index).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    texts = (text for _, text in documents(Shard("x", Path(shard))))
    start = time.perf_counter()
    write_tokens(texts, tokenizer, folder / "tokenized.0", folder / "offset.0")
    tokenized = time.perf_counter() - start
    with tempfile.TemporaryDirectory(dir=folder.parent) as empty:
        command = [
            sys.executable, "-m", "infini_gram.indexing", "--data_dir", empty,
            "--save_dir", str(folder), "--temp_dir", empty, "--token_dtype", "u16",
            "--cpus", str(threads), "--mem", "8", "--ulimit", "1024",
        ]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=sys.stderr)
        sorting = time.perf_counter() - start
    engine = InfiniGramEngine(str(folder), eos_token_id=0)
    clauses = [[[tokenizer.encode(f" {gram}").ids] for gram in pair] for pair in sampled(pairs)]
    for cnf in clauses[:20]:
        engine.count_cnf(cnf=cnf)
    found = 0
    start = time.perf_counter()
    for cnf in clauses:
        found += engine.count_cnf(cnf=cnf)["count"] > 0
    queries = time.perf_counter() - start
    tokens = (folder / "tokenized.0").stat().st_size // 2
    at_rest = sum(path.stat().st_size for path in folder.glob("*.0"))
    return {
        "tokenized": tokenized, "sorting": sorting, "queries": queries, "asked": len(clauses),
        "found": found, "tokens": tokens, "index_bytes": at_rest,
    }  # fmt: skip


def train_tokenizer(shard: str):
    """A byte-level BPE of VOCABULARY tokens, as GPT-NeoX has it, from the first 10 MB of text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard

    def first() -> list[str]:
        texts, size = [], 0
        for _, text in documents(Shard("x", Path(shard))):
            texts.append(text)
            size += len(text)
            if size > 10_000_000:
                break
        return texts

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"],
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(first(), trainer)
    return tokenizer


def tantivy(shard: str, pairs: str, threads: int) -> dict:
    """Index documents with the positions of their words, and ask phrase AND phrase."""
    import tantivy

    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="default", index_option="position")
    schema = builder.build()
    with tempfile.TemporaryDirectory() as folder:
        index = tantivy.Index(schema, path=folder)
        writer = index.writer(heap_size=256_000_000 * threads, num_threads=threads)
        start = time.perf_counter()
        for _, text in documents(Shard("x", Path(shard))):
            document = tantivy.Document()
            document.add_text("text", text)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        building = time.perf_counter() - start
        index.reload()
        searcher = index.searcher()

        def ask(pair: tuple[str, str]) -> int:
            phrases = [
                (tantivy.Occur.Must, tantivy.Query.phrase_query(schema, "text", gram.split()))
                for gram in pair
            ]
            query = tantivy.Query.boolean_query(phrases)
            return searcher.search(query, limit=1, count=True).count

        asked = sampled(pairs)
        for pair in asked[:20]:
            ask(pair)
        start = time.perf_counter()
        counts = [ask(pair) for pair in asked]
        queries = time.perf_counter() - start
        at_rest = sum(path.stat().st_size for path in Path(folder).iterdir())
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(zip(("input_gram", "output_gram"), pair, strict=True))
                                  for pair in asked])  # fmt: skip
    same = sum(
        a == b for a, b in zip(both_passes(shard, table, 0, threads)["documents"].to_pylist(),
                               counts, strict=True)
    )  # fmt: skip
    return {
        "building": building, "queries": queries, "asked": len(asked), "same": same,
        "index_bytes": at_rest,
    }  # fmt: skip


def measure(shard: str, tenth: str, mb: dict[str, float], pairs: str, index: str, threads: int,
            times: int) -> list[dict]:  # fmt: skip
    """Every row of this kind of work."""
    whole = {"corpus_mb": mb["x1"]}
    rows = []
    for samples in (0, 50):
        found = apart("bench.ngrams.bench_pairs", "ours", shard=shard, tenth=tenth, pairs=pairs,
                      samples=samples, threads=threads, times=times)  # fmt: skip
        size = found["items"]
        common = {"items": size, "amount": size, "unit": "pairs/s"}
        note = f"both passes, zstd and JSON included; {samples} documents sampled of each"
        rows.append(row("pairs", "ours", f"count pairs, {samples} samples", found | whole,
                        threads=threads, disk_mb=found["disk_mb"], note=note, **common))  # fmt: skip
    found = apart("bench.ngrams.bench_pairs", "infini_gram", shard=shard, pairs=pairs, index=index,
                  threads=threads)  # fmt: skip
    rows += infini_gram_rows(found | whole, size, threads)
    found = apart("bench.ngrams.bench_pairs", "tantivy", shard=shard, pairs=pairs, threads=threads)
    rows += tantivy_rows(found | whole, size, threads)
    found = apart("bench.ngrams.bench_pairs", "python", pinned=True, shard=tenth, pairs=pairs)
    measured = found["seconds"][0]
    scale = mb["x1"] / mb["x0.1"]
    note = f"{measured:.2f} s over {mb['x0.1']:.1f} MB, scaled; counts equal ours there"
    found["seconds"] = [measured * scale]
    rows.append(
        row("pairs", "python", "count pairs", found | whole, threads=1, note=note, **common)
    )
    return rows


def infini_gram_rows(found: dict, size: int, threads: int) -> list[dict]:
    """Its parts, then the whole, with the queries scaled to all pairs."""
    tokens, asked = found["tokens"], found["asked"]
    of_tokens = {"items": tokens, "amount": tokens, "unit": "tokens/s", "threads": threads}
    queries = found["queries"] * size / asked
    total = found["tokenized"] + found["sorting"] + queries
    parts = json.dumps(
        {name: round(found[name], 2) for name in ("tokenized", "sorting", "queries")}
    )
    note = f"measured: {parts}, {asked} pairs asked (of them {found['found']} not 0), scaled to all"
    return [
        row("pairs", "infini-gram", "tokenize", found | {"seconds": [found["tokenized"]]},
            note="a fast BPE of Hugging Face's; the package's own commands use slow ones",
            **of_tokens),
        row("pairs", "infini-gram", "sort suffixes", found | {"seconds": [found["sorting"]]},
            note="python -m infini_gram.indexing", disk_mb=found["index_bytes"] / 1e6,
            **of_tokens),
        row("pairs", "infini-gram", "count_cnf", found | {"seconds": [found["queries"]]},
            items=asked, amount=asked, unit="pairs/s", threads=1, note="one by one, defaults"),
        row("pairs", "infini-gram", "count pairs", found | {"seconds": [total]}, items=size,
            amount=size, unit="pairs/s", threads=threads, note=note),
    ]  # fmt: skip


def tantivy_rows(found: dict, size: int, threads: int) -> list[dict]:
    """Its parts, then the whole, with the queries scaled to all pairs."""
    asked = found["asked"]
    total = found["building"] + found["queries"] * size / asked
    equal = f"{found['same']} of {asked} counts equal ours"
    note = f"measured: {found['building']:.2f} s index, {found['queries']:.2f} s for {asked} pairs"
    return [
        row("pairs", "tantivy", "index", found | {"seconds": [found["building"]]},
            amount=found["corpus_mb"], unit="MB/s", threads=threads,
            note="words with positions", disk_mb=found["index_bytes"] / 1e6),
        row("pairs", "tantivy", "phrase AND", found | {"seconds": [found["queries"]]},
            items=asked, amount=asked, unit="pairs/s", threads=1, note=f"one by one; {equal}"),
        row("pairs", "tantivy", "count pairs", found | {"seconds": [total]}, items=size,
            amount=size, unit="pairs/s", threads=threads, note=f"{note}, scaled to all"),
    ]  # fmt: skip


if __name__ == "__main__":
    from tracemem.jobs.joblog import job_log

    with job_log(snakemake.log[0]):
        rows = measure(
            snakemake.input.shard, snakemake.input.tenth, text_mb(snakemake.input.corpus),
            snakemake.input.pairs, snakemake.output.index, snakemake.threads,
            snakemake.params.times,
        )  # fmt: skip
        write(rows, snakemake.output.rows)
