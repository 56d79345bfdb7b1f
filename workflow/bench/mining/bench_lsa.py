"""Fit LSA with this checkout and another by turns: seconds of one core, and how well its cosines rank.

    python workflow/bench/mining/bench_lsa.py OTHER --shards data/corpora/*.jsonl.zst --output TABLE.csv

Each turn is a fresh process, held to one core, that has fitted a few words first, so that neither
imports nor compiling are in its seconds: those that the core worked for it, not those in which others
had it. The ranking is that of the pairs of generated worlds, whose truth is known.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bench.mining.compare_embedders import average_precision
from tracemem.corpus.reading import texts
from tracemem.corpus.shards import Shard
from tracemem.jobs.files import replacing
from tracemem.mining import taskgram
from tracemem.mining.embedders import LsaEmbedder
from tracemem.mining.taskgram import Candidates
from tracemem.ngrams.counting import count_ngrams, merge_counts
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World, write_shard
from tracemem.world.truth import alignments

HERE = Path(__file__).resolve().parents[3]
# Task, n and s_y, as config/demo.yaml has them.
CASES = [
    ("questions", 1, "target"), ("questions", 2, "target"), ("questions", 3, "target"),
    ("choices", 2, "target"), ("arithmetic", 2, "ngram"),
    ("translation", 1, "ngram"), ("translation", 2, "ngram"),
]  # fmt: skip

# Runs in each checkout: it may rest on nothing but fit and save.
_TURN = """
import json, os, sys, time
import tracemem
from tracemem.mining.embedders import LsaEmbedder

asked = json.load(sys.stdin)
if not os.path.realpath(tracemem.__file__).startswith(os.path.realpath(asked["package"]) + os.sep):
    sys.exit(f"tracemem was imported from {tracemem.__file__}, not from {asked['package']}")
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
LsaEmbedder.fit(["a b c", "a b d", "c d", "a c"], dimensions=2)
documents = json.load(open(asked["documents"]))
start = time.process_time()
fitted = LsaEmbedder.fit(documents)
print(time.process_time() - start)
fitted.save(asked["answer"])
"""


def turn(checkout: Path, documents: list[str], folder: Path) -> tuple[float, LsaEmbedder]:
    """Seconds of a fit in a fresh process of a checkout, and what it has fitted.

    Raises:
        RuntimeError: it failed; with its own message.
    """
    given = {
        "package": str(checkout / "workflow" / "tracemem"),
        "documents": str(folder / "documents.json"),
        "answer": str(folder / "lsa.npz"),
    }
    Path(given["documents"]).write_text(json.dumps(documents), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _TURN], input=json.dumps(given), text=True, cwd=folder,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(checkout / "workflow")},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{checkout}: {done.stderr}")
    return float(done.stdout), LsaEmbedder.load(given["answer"])


def world(seed: int, folder: Path) -> tuple[list[str], dict[str, tuple[Candidates, np.ndarray]]]:
    """Documents of a generated world; and the pairs of its tests with which of them are true."""
    made = World(WorldSettings(seed=seed))
    tests = {task: made.examples(task, "test") for task, _, _ in CASES}
    truth = pd.DataFrame(alignments(tests), columns=["task", "n", "input_gram", "output_gram"])
    found = {
        (task, n): taskgram.candidate_pairs(pd.DataFrame([e.row() for e in tests[task]]), n, kind)
        for task, n, kind in CASES
    }
    grams = sorted({g for one in found.values() for g in [*one.input_grams, *one.output_grams]})
    shards = [Shard(f"{i}", folder / f"{i}.jsonl.zst") for i in range(made.settings.shards)]
    for number, shard in enumerate(shards):
        write_shard(made, number, shard.path)
    counts = merge_counts(count_ngrams(shard, grams) for shard in shards).to_pandas()
    cases = {}
    for (task, n), candidates in found.items():
        pairs = taskgram.held_pairs(candidates, counts)
        known = truth.loc[(truth["task"] == task) & (truth["n"] == n)].iloc[:, 2:]
        true = pd.MultiIndex.from_frame(pairs.frame()).isin(pd.MultiIndex.from_frame(known))
        cases[f"{task} n={n}"] = (pairs, true)
    return [*texts({shard.name: shard.path for shard in shards})], cases


def ranked(embedder: LsaEmbedder, pairs: Candidates, true: np.ndarray) -> float | None:
    """Average precision of the cosines of pairs against their truth."""
    left = taskgram.vectors(embedder, pairs.input_grams, "input")
    right = taskgram.vectors(embedder, pairs.output_grams, "output")
    found = [taskgram.cosines(left, right, *block) for block in pairs.blocks()]
    return average_precision(np.concatenate(found), true)


def measure(other: Path, shards: list[Path], seeds: list[int], times: int) -> Iterator[dict]:
    """A row for each work, checkout and repeat: seconds, or average precision."""
    checkouts = {"this": HERE, "other": other}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in seeds:
            documents, cases = world(seed, folder)
            fitted = {
                which: turn(place, documents, folder)[1] for which, place in checkouts.items()
            }
            # The words of a world are fewer than those that a fit decomposes: none is folded in.
            for contexts in (600, 400):
                fitted[f"{contexts} contexts"] = LsaEmbedder.fit(documents, contexts=contexts)
            for which, embedder in fitted.items():
                for case, (pairs, true) in cases.items():
                    work = f"world {seed}, {case}"
                    value = ranked(embedder, pairs, true)
                    unit = "average precision"
                    yield {"work": work, "checkout": which, "value": value, "unit": unit}
        documents = [*texts({path.name: path for path in shards})]
        for number in range(times):
            for which in [*checkouts] if number % 2 == 0 else [*checkouts][::-1]:
                value, _ = turn(checkouts[which], documents, folder)
                yield {"work": "fit", "checkout": which, "value": value, "unit": "s"}


def main() -> None:
    """Measure, write the table, print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("other", type=Path, metavar="OTHER", help="folder of the other checkout")
    parser.add_argument("--shards", nargs="+", type=Path, required=True, help="text that is fitted")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3], help="of the worlds")
    parser.add_argument("--repeats", type=int, default=2, help="fits of each (default: 2)")
    parser.add_argument("--output", required=True, type=Path)
    asked = parser.parse_args()
    found = measure(asked.other.resolve(), asked.shards, asked.seeds, asked.repeats)
    table = pd.DataFrame(found)
    with replacing(asked.output) as draft:
        table.to_csv(draft, index=False, float_format="%.4g")
    least = table.groupby(["work", "unit", "checkout"], sort=False)["value"].min().unstack()
    print(least.assign(ratio=least["this"] / least["other"]).to_string(float_format="%.4g"))


if __name__ == "__main__":
    main()
