"""Count one generated shard with two checkouts by turns: which is faster, on this machine, now.

What is timed is ``tracemem count``, whose arguments stay while modules come and go: the list, the
shard and the table are files, on one thread and one core. Every turn is a fresh process that counts
one word first, so that neither imports nor compiling are in its seconds. The checkouts swap places
after each turn, so that a machine that slows down slows both, and seconds are those that the core
worked for the process, not those in which others had it.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from bench.ngrams import draw_queries, make_corpus, zipf_text
from tracemem.jobs.files import replacing

HERE = Path(__file__).resolve().parents[3]
SAMPLES = 50  # documents named of each pair, as many as a study samples
_BLOCK = 10_000_000  # bytes of text generated at a time

# Runs in each checkout: it may rest on nothing but the command.
_TURN = """
import json, os, sys, time
import tracemem
from tracemem.commands import main

asked = json.load(sys.stdin)
if not os.path.realpath(tracemem.__file__).startswith(os.path.realpath(asked["package"]) + os.sep):
    sys.exit(f"tracemem was imported from {tracemem.__file__}, not from {asked['package']}")
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
seconds = {}
for work, (warm_up, command) in asked["works"].items():
    main(warm_up)
    start = time.process_time()
    main(command)
    seconds[work] = time.process_time() - start
json.dump(seconds, open(asked["answer"], "w"))
"""


def make_shard(path: Path, size: int) -> list[str]:
    """Write generated text, ``size`` bytes of it, as a shard; returns its documents."""
    texts: list[str] = []
    with path.open("wb") as file:
        for block, start in enumerate(range(0, size, _BLOCK)):
            part = [*zipf_text.documents(make_corpus.SEED, block, min(_BLOCK, size - start))]
            file.write(make_corpus.pack(part)[0])
            texts += part
    return texts


def write_lists(texts: list[str], items: int, folder: Path) -> dict[str, int]:
    """Write what is counted, ``bigrams.txt``, ``six.txt`` and ``pairs.txt``; returns their sizes."""
    stop_words = draw_queries.most_frequent(texts)
    of_six = [
        gram
        for n in draw_queries.SIX
        for gram in draw_queries.draw_ngrams(texts, n, items // len(draw_queries.SIX), stop_words)
    ]
    pairs = draw_queries.draw_pairs(texts, 2, items, stop_words)
    lists = {
        "bigrams": draw_queries.draw_ngrams(texts, 2, items, stop_words),
        "six": of_six,
        "pairs": [f"{one}\t{other}" for one, other in pairs.itertuples(index=False)],
        "word": [of_six[0]],
        "word-pair": [f"{of_six[0]}\t{of_six[1]}"],
    }
    for name, lines in lists.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {name: len(lines) for name, lines in lists.items()}


def works(folder: Path) -> dict[str, tuple[str, list[list[str]]]]:
    """What is timed: the list of each work, and the commands of its warm-up and of itself."""
    (folder / "word.jsonl").write_text('{"text": "word"}\n', encoding="utf-8")

    def commands(name: str, word: str, *options: str) -> tuple[str, list[list[str]]]:
        common = ["--threads", "1", "--output", str(folder / "table.csv"), *options]
        asked = [(word, "word.jsonl"), (name, "corpus.jsonl.zst")]
        return name, [
            ["count", str(folder / f"{listed}.txt"), "--shards", str(folder / shard), *common]
            for listed, shard in asked
        ]

    named = ["--documents", str(SAMPLES), "--documents-output", str(folder / "documents.csv")]
    return {
        "count n-grams, n=2": commands("bigrams", "word"),
        "count n-grams, six n at once": commands("six", "word"),
        "count pairs": commands("pairs", "word-pair"),
        f"count pairs, {SAMPLES} documents each": commands("pairs", "word-pair", *named),
    }


def turn(checkout: Path, asked: dict[str, list[list[str]]], folder: Path) -> dict[str, float]:
    """Seconds of each work in a fresh process of a checkout.

    Raises:
        RuntimeError: it failed; with its own message.
    """
    answer, package = folder / "answer.json", checkout / "workflow" / "tracemem"
    given = {"works": asked, "answer": str(answer), "package": str(package)}
    done = subprocess.run(
        [sys.executable, "-c", _TURN], input=json.dumps(given), text=True, cwd=folder,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(checkout / "workflow")},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{checkout}: {done.stderr}")
    return json.loads(answer.read_text())


def measure(other: Path, mb: float, items: int, times: int) -> pd.DataFrame:
    """A row for each work and checkout, the fastest of its turns in the rate.

    Args:
        other: folder of the other checkout.
        mb: MB of text of the corpus (10**6 bytes of UTF-8).
        items: n-grams of each list, and pairs.
        times: turns of each checkout.
    """
    checkouts = {"this": HERE, "other": other}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = make_shard(folder / "corpus.jsonl.zst", int(mb * 1e6))
        size = sum(len(text.encode()) for text in texts) / 1e6
        sizes = write_lists(texts, items, folder)
        del texts
        asked = works(folder)
        seconds: dict[tuple[str, str], list[float]] = {}
        found: dict[tuple[str, str], str] = {}
        for number in range(times):
            order = [*checkouts] if number % 2 == 0 else [*checkouts][::-1]
            for work, (_, commands) in asked.items():
                for which in order:
                    spent = turn(checkouts[which], {work: commands}, folder)
                    seconds.setdefault((work, which), []).append(spent[work])
                    table = (folder / "table.csv").read_bytes()
                    found[work, which] = hashlib.sha256(table).hexdigest()[:16]
    return pd.DataFrame(
        {
            "work": work, "checkout": which, "folder": str(checkouts[which]),
            "corpus_mb": round(size, 3), "items": sizes[asked[work][0]],
            "seconds": round(min(spent), 4), "rate": float(f"{size / min(spent):.5g}"),
            "unit": "MB/s", "repeats": " ".join(f"{value:.4g}" for value in spent),
            "counts": found[work, which],
        }
        for (work, which), spent in seconds.items()
    )  # fmt: skip


def ratios(table: pd.DataFrame) -> pd.Series:
    """Rate of this checkout over that of the other, by work."""
    rates = table.pivot(index="work", columns="checkout", values="rate")
    return (rates["this"] / rates["other"]).reindex(table["work"].unique())


def main() -> None:
    """Measure, write the table, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, metavar="OTHER", help="folder of the other checkout")
    parser.add_argument("--mb", type=float, default=100, help="MB of text (default: 100)")
    parser.add_argument("--items", type=int, default=100_000, help="n-grams (default: 100,000)")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument(
        "--table", default="results/bench-checkouts.csv", metavar="FILE",
        help="where the rows go (default: results/bench-checkouts.csv)",
    )  # fmt: skip
    asked = parser.parse_args()
    other = asked.other.resolve()
    if not (other / "workflow" / "tracemem").is_dir():
        parser.error(f"{other}: found no workflow/tracemem; allowed: the folder of a checkout")
    table = measure(other, asked.mb, asked.items, asked.repeats)
    with replacing(asked.table) as draft:
        table.to_csv(draft, index=False)
    print(table[["work", "checkout", "seconds", "rate", "repeats"]].to_string(index=False))
    for work, ratio in ratios(table).items():
        same = table.loc[table["work"] == work, "counts"].nunique() == 1
        print(f"{work}: {ratio:.3f} times the other's rate"
              + ("" if same else "; the counts DIFFER"))  # fmt: skip


if __name__ == "__main__":
    main()
