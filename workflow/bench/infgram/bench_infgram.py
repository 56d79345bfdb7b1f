"""Measure infinity-gram probabilities: a batch of ours, and infini-gram's own one by one.

Both answer the target positions of held-out documents from the index that bench_pairs built: a
passage of 64 tokens is a prompt, the 16 tokens after it are the target. The answers must agree.
"""

from pathlib import Path

from bench.measure import apart, repeat, row, text_mb, write

PROMPT, TARGET = 64, 16  # tokens
ONE_BY_ONE = 250  # passages


def passages(heldout: str, index: str) -> list[list[int]]:
    """Passages of prompt and target, in tokens."""
    from tokenizers import Tokenizer

    from tracemem.corpus.reading import documents
    from tracemem.corpus.shards import Shard

    tokenizer = Tokenizer.from_file(str(Path(index, "tokenizer.json")))
    texts = [text for _, text in documents(Shard("heldout", Path(heldout)))]
    size = PROMPT + TARGET
    found = []
    for encoded in tokenizer.encode_batch_fast(texts):
        found += [encoded.ids[i : i + size] for i in range(0, len(encoded.ids) - size + 1, size)]
    return found


def batch(heldout: str, index: str, threads: int, times: int) -> dict:
    """All passages at once."""
    from tracemem.infgram.index import Index

    asked = passages(heldout, index)
    starts = [PROMPT] * len(asked)
    opened = Index(index)
    seconds = repeat(lambda: opened.probabilities(asked, starts, threads), times + 1)[1:]
    return {"seconds": seconds, "items": TARGET * len(asked)}


def one_by_one(heldout: str, index: str) -> dict:
    """Some passages, token by token, with the package's infgram_prob."""
    from infini_gram.engine import InfiniGramEngine

    from tracemem.infgram.index import Index

    asked = passages(heldout, index)
    asked = asked[:: max(len(asked) // ONE_BY_ONE, 1)][:ONE_BY_ONE]
    engine = InfiniGramEngine(index, eos_token_id=0)

    def ask(sequences: list[list[int]]) -> list[tuple[int, int, int]]:
        answers = []
        for sequence in sequences:
            for place in range(PROMPT, PROMPT + TARGET):
                found = engine.infgram_prob(prompt_ids=sequence[:place], cont_id=sequence[place])
                answers.append((found["suffix_len"], found["prompt_cnt"], found["cont_cnt"]))
        return answers

    ask(asked)
    answers = []
    seconds = repeat(lambda: answers.extend(ask(asked)), 1)
    same = Index(index).probabilities(asked, [PROMPT] * len(asked))
    columns = (same.suffix_lengths, same.suffix_counts, same.continued_counts)
    if answers != list(zip(*(column.tolist() for column in columns), strict=True)):
        raise AssertionError("the answers differ from the package's")
    return {"seconds": seconds, "items": TARGET * len(asked)}


def measure(heldout: str, mb: float, index: str, threads: int, times: int) -> list[dict]:
    """Every row of this kind of work."""
    rows = []
    for cores in sorted({1, threads}):
        found = apart("bench.infgram.bench_infgram", "batch", pinned=cores == 1, heldout=heldout, index=index,
                      threads=cores, times=times)  # fmt: skip
        rows.append(row("infgram", "ours", "batch", found | {"corpus_mb": mb},
                        items=found["items"], amount=found["items"], unit="places/s",
                        threads=cores, note="index of bench_pairs, after one run to warm up"))  # fmt: skip
    found = apart("bench.infgram.bench_infgram", "one_by_one", heldout=heldout, index=index)
    rows.append(row("infgram", "infini-gram", "one by one", found | {"corpus_mb": mb},
                    items=found["items"], amount=found["items"], unit="places/s", threads=1,
                    note="same index, after one run to warm up; answers equal ours"))  # fmt: skip
    return rows


if __name__ == "__main__":
    from tracemem.jobs.joblog import job_log

    with job_log(snakemake.log[0]):
        rows = measure(
            snakemake.input.heldout, text_mb(snakemake.input.corpus)["x1"],
            snakemake.input.index, snakemake.threads, snakemake.params.times,
        )  # fmt: skip
        write(rows, snakemake.output[0])
