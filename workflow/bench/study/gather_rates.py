"""Write the table of rates (workflow/tracemem/study/rates.csv) from finished runs and from the bench.

    python workflow/bench/study/gather_rates.py --start CONFIG... --study CONFIG... [--study CONFIG...]
    python workflow/bench/study/gather_rates.py --start CONFIG... --keep

Run it where the studies were run, on the machine they ran on. The start of a job comes from a study
so small that nothing else takes time; what work costs comes from the others, of which the first that
has a rule gives its rates. A rate is the least that explains the jobs of its rule, none of them
below zero (non-negative least squares, each job weighted by its own seconds). With ``--keep`` the
committed rates that these runs do not tell stay as they are. Reading and counting a
shard are taken from the bench, which measured them on far more text.
"""

import argparse
import csv
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from bench.gather_bench import one, processor, read_rows
from tracemem.commands.check import merged
from tracemem.corpus.tables import MANIFEST
from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.jobs.files import replacing
from tracemem.mining.tables import ALIGNMENT
from tracemem.models.ladder import new_model
from tracemem.settings import study as settings
from tracemem.settings.ladder import LadderSettings, SizeSettings
from tracemem.settings.rules import BY_NAME
from tracemem.study import planning as jobs
from tracemem.study import rates, sizes

ROOT = Path(__file__).resolve().parents[3]
BENCH = ROOT / "results" / "bench"
# A row of the table, less its machine: what, of, by, value, unit, how.
Row = tuple[str, str, str | float, float, str, str]
# A model in which products of matrices take most of the time.
LARGER = SizeSettings(hidden=512, layers=8, heads=8)
LADDER = LadderSettings(vocabulary=4096)
# Work whose rates no run here can give.
ELSEWHERE = ("GB of weights",)
# Rules the small study has not, and whose start theirs is.
ALIKE = {
    "fetch_shard": "write_manifest", "train_piece": "train_model",
    "embed_ngrams": "embed_generated_pairs",
}  # fmt: skip
# What a job's memory grows with.
MEMORY = {
    "list_candidates": "n-grams", "count_ngrams": "n-grams", "merge_ngrams": "n-grams",
    "score_infgram": "examples", "fit_embedder": "MB fit on", "mine_pairs": "n-grams embedded",
    "list_pairs": "pairs", "count_pairs": "pairs", "merge_pairs": "pairs",
    "tabulate_pairs": "pairs", "measure_alignment": "pairs", "list_generated_pairs": "pairs",
    "gather_generated_pairs": "pairs", "count_generated_pairs": "pairs",
    "embed_generated_pairs": "pairs", "assemble_generations": "scored tokens",
    "measure_items": "items", "score_novelty": "pairs", "score_memorization": "resampled items",
    "score_contamination": "n-grams", "train_tokenizer": "MB of text",
}  # fmt: skip
# What a rule leaves behind: its files, and what they grow with.
DISK = {
    "load_task": ("tasks/*.parquet", "examples"),
    "list_candidates": ("ngrams/candidates.parquet", "n-grams"),
    "count_ngrams": ("ngrams/shards/*.parquet", "n-grams"),
    "merge_ngrams": ("ngrams/counts.parquet", "n-grams"),
    "score_infgram": ("infgram/*.parquet", "examples"),
    "fit_embedder": ("embedders/*.npz", "MB fit on"),
    "mine_pairs": ("pairs/mined/*.parquet", "pairs"),
    "count_pairs": ("pairs/s*/*.parquet", "pairs"),
    "merge_pairs": ("pairs/[cs]*s.parquet", "pairs"),
    "tabulate_pairs": ("items/*.parquet", "items"),
    "write_prompts": ("prompts/*.parquet", "examples"),
    "list_pairs": ("pairs/distinct.parquet", "pairs"),
    "generate": ("chunks/*/*.parquet", "scored tokens"),
    "assemble_generations": ("generations/*/*.parquet", "scored tokens"),
    "gather_generated_pairs": ("novelty/distinct.parquet", "pairs"),
    "measure_items": ("items/measured/*/*.parquet", "items"),
    "list_generated_pairs": ("novelty/pairs/*.parquet", "pairs"),
    "count_generated_pairs": ("novelty/shards/*.parquet", "pairs"),
    "embed_generated_pairs": ("novelty/cosines/*.parquet", "pairs"),
}
# Nobody has measured these; where they are from.
ASSUMED = [
    ("assumed", "TFLOP/s of a GPU", "bfloat16", 312, "TFLOP/s", "NVIDIA A100, data sheet"),
    ("assumed", "TFLOP/s of a GPU", "float16", 312, "TFLOP/s", "NVIDIA A100, data sheet"),
    ("assumed", "TFLOP/s of a GPU", "float32", 19.5, "TFLOP/s", "NVIDIA A100, data sheet"),
    ("assumed", "share of peak", "train_model", 0.3, "", "a guess"),
    ("assumed", "share of peak", "train_piece", 0.3, "", "a guess"),
    ("assumed", "share of peak", "generate", 0.05, "", "a guess: token by token, few at a time"),
    ("seconds", "generate", "GB of weights", 1.0, "s a GB", "a guess: read at 1 GB/s"),
]


@dataclass(frozen=True)
class Run:
    """A finished run: what was planned for it, and what its jobs took.

    ``taken`` has the columns rule, name, core_seconds and memory_mb, a row a job.
    """

    study: settings.Settings
    planned: Mapping[str, Sequence[jobs.Job]]
    taken: pd.DataFrame

    def rules(self) -> dict[str, list[tuple[jobs.Job, float, float]]]:
        """By rule: each planned job with its core-seconds and memory; shards share the mean."""
        found: dict[str, list[tuple[jobs.Job, float, float]]] = {}
        alike = {id(job): job for several in self.planned.values() for job in several}
        for job in alike.values():
            rows = self.taken[self.taken["rule"] == job.rule]
            rows = rows[rows["name"] == job.name] if job.name else rows
            if len(rows):
                measured = float(rows["core_seconds"].mean()), float(rows["memory_mb"].max())
                found.setdefault(job.rule, []).append((job, *measured))
        return found


def core_seconds(row: Mapping[str, str]) -> float:
    """Core-seconds of a job from its benchmark, which samples processor time only now and then.

    Snakemake does so every half second for 31 times, and every 30 seconds after that.
    """
    seconds = float(row["s"])
    if row["cpu_time"] == "NA":
        return seconds
    if seconds < 16:
        return min(seconds, float(row["cpu_time"]) + 0.25)
    sampled = 15.5 + 30 * ((seconds - 15.5) // 30)
    return float(row["cpu_time"]) * seconds / sampled


def taken(results: Path) -> pd.DataFrame:
    """What the jobs of a finished run took, from its benchmarks."""
    folder = results / "benchmarks"
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        with path.open(newline="", encoding="utf-8") as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        rule, _, name = path.relative_to(folder).with_suffix("").as_posix().partition("/")
        memory = 0.0 if row["max_rss"] == "NA" else float(row["max_rss"])
        rows.append((rule, name, core_seconds(row), memory))
    if not rows:
        raise FileNotFoundError(f"{folder}: no benchmark; allowed: the results of a finished run")
    return pd.DataFrame(rows, columns=["rule", "name", "core_seconds", "memory_mb"])


def run_of(study: settings.Settings, known: rates.Rates) -> Run:
    """The finished run of a study."""
    return Run(study, jobs.plan(study, sizes.of(study), known), taken(Path(study.results)))


def ratios(studies: Sequence[settings.Settings], bench: pd.DataFrame) -> Iterator[Row]:
    """Shares and ratios that amounts of work are reckoned with."""
    scans = bench[(bench["tool"] == "ours") & bench["what"].str.startswith("count n-grams, n=2, ")]
    main = one(scans, what="count n-grams, n=2, 100,000")
    for scan in scans.itertuples():
        yield "ratio", "look-up", scan.items, scan.seconds / main["seconds"], "", in_bench(scan.row)
    tokenized = one(bench, what="tokenize")
    size = tokenized["corpus_mb"] * 1e6 / tokenized["items"]
    yield "ratio", "bytes of a token", 50_000, size, "bytes", in_bench(tokenized["row"])
    for study in studies:
        stream = Path(study.results, "ladder", "tokens.npy")
        if stream.is_file():
            manifest = files.read(MANIFEST, Path(study.results, MANIFEST.path))
            # Each document is ended by one token more.
            tokens = len(np.load(stream, mmap_mode="r")) - manifest["documents"].sum()
            size = manifest["text_bytes"].sum() / tokens
            yield "ratio", "bytes of a token", study.ladder.vocabulary, size, "bytes", in_run(study)
    # A run that was stopped gives the rates of the rules it finished, and nothing else.
    first = next(study for study in studies if Path(study.results, "generations").is_dir())
    alignment = files.read(ALIGNMENT, Path(first.results, ALIGNMENT.path))
    lowest = alignment.drop_duplicates(["task", "n"])
    for n, rows in lowest.groupby("n"):
        held = rows["in_corpus"].sum() / rows["candidates"].sum()
        yield "ratio", "pairs held", n, held, "", in_run(first)
    above = (alignment["kept"] / alignment["in_corpus"]).groupby(alignment["gamma"]).mean()
    yield "ratio", "pairs above", -1, 1.0, "", "every cosine is"
    for gamma, share in above.items():
        yield "ratio", "pairs above", gamma, share, "", in_run(first)
    yield "ratio", "pairs above", 1, 0.0, "", "no cosine is"
    written = asked = 0
    for name, task in first.tasks.items():
        for model in first.study_models() if task.max_new_tokens else ():
            path = Path(first.results, "generations", name, f"{model}.parquet")
            generations = files.read(GENERATIONS, path)
            written += generations["generated_tokens"].sum()
            asked += task.max_new_tokens * len(generations)
    share = written / asked
    yield "ratio", "share of max_new_tokens written", "", share, "", in_run(first)


def shards(bench: pd.DataFrame) -> Iterator[Row]:
    """Seconds a MB of text of the rules that count in a shard, and seconds a sampled document."""
    memory, shard = (
        one(bench, tool="ours", what=f"count n-grams{where}, n=2, 100,000")
        for where in ("", " from a shard")
    )
    looking = memory["seconds"] / memory["corpus_mb"]
    reading = shard["seconds"] / shard["corpus_mb"] - looking
    small, large, sampled = (
        one(bench, what=f"count pairs, {size}, {samples} samples")
        for size, samples in (("x0.1", 0), ("x10", 0), ("x10", 50))
    )
    both = (large["seconds"] - small["seconds"]) / (large["corpus_mb"] - small["corpus_mb"])
    pairing = both - 2 * reading - looking
    how = in_bench(*(row["row"] for row in (memory, shard, small, large)))
    for rule, seconds in (
        ("count_ngrams", looking), ("count_pairs", pairing), ("count_generated_pairs", pairing),
    ):  # fmt: skip
        yield "seconds", rule, "MB of text", reading, "s a MB", how
        yield "seconds", rule, "MB looked up", seconds, "s a MB", how
    each = (sampled["seconds"] - large["seconds"]) / (50 * sampled["items"])
    yield "seconds", "count_pairs", "samples", each, "s", in_bench(large["row"], sampled["row"])


def passes() -> dict[str, float]:
    """Core-seconds of a forward pass and of a training pass of a larger model, a TFLOP of each.

    Those of the studies are of small models, in which other work takes more time than products of
    matrices. One thread, the least of three.
    """
    import torch

    torch.set_num_threads(1)
    model = new_model(LARGER, LADDER, seed=0)
    tokens = torch.arange(LADDER.batch * LADDER.context).reshape(LADDER.batch, LADDER.context)
    tera = LARGER.parameters(LADDER.vocabulary) * tokens.numel() / 1e12

    def forward() -> None:
        with torch.inference_mode():
            model(tokens)

    def training() -> None:
        model(tokens, labels=tokens).loss.backward()

    def least(work: Callable[[], None]) -> float:
        found = []
        for _ in range(3):
            began = time.process_time()
            work()
            found.append(time.process_time() - began)
        return min(found)

    return {"forward": least(forward) / (2 * tera), "training": least(training) / (6 * tera)}


def starts(run: Run) -> Iterator[Row]:
    """Seconds and memory of a job with next to no work."""
    for rule, rows in run.taken.groupby("rule"):
        yield (
            "seconds",
            rule,
            rates.START,
            rows["core_seconds"].mean(),
            "s a job",
            in_run(run.study),
        )
        yield "memory", rule, rates.START, rows["memory_mb"].max(), "MB", in_run(run.study)


def work(run: Run, known: rates.Rates, training: float) -> Iterator[Row]:
    """What a unit of each kind of work takes, for the rules of a run.

    ``training`` is what a TFLOP takes in the training of a larger model, which joins those of the run.
    """
    for rule, measured in run.rules().items():
        unknown = sorted(
            {by for job, *_ in measured for by, amount in job.work.items() if amount}
            - {by for what, of, by in known.values if (what, of) == ("seconds", rule)}
            - set(ELSEWHERE)
        )
        if not unknown:
            continue
        amounts = np.array([[job.work.get(by, 0.0) for by in unknown] for job, *_ in measured])
        left = np.array([taken - known.seconds(rule, job.work) for job, taken, _ in measured])
        weight = 1 / np.array([taken for _, taken, _ in measured])
        if rule == "train_model":
            amounts = np.vstack([amounts, [float(by == "TFLOP") for by in unknown]])
            left, weight = np.append(left, training), np.append(weight, 1 / training)
        scale = np.abs(amounts).max(axis=0)
        found, _ = nnls(amounts / scale * weight[:, None], np.maximum(left, 0) * weight)
        for by, seconds in zip(unknown, found / scale, strict=True):
            yield "seconds", rule, by, seconds, f"s a unit of {by}", in_run(run.study)
        by = MEMORY.get(rule)
        if by in unknown:
            base = known.values["memory", rule, rates.START]
            amount = np.array([job.work[by] for job, *_ in measured])
            memory = np.array([memory for *_, memory in measured])
            yield "memory", rule, by, growth(amount, memory, base), "MB", in_run(run.study)


def growth(amount: np.ndarray, memory: np.ndarray, base: float) -> float:
    """MB that a job's memory grows by for a unit of its work.

    Jobs of a rule share much that the small study's do not have, such as the embedder and the counts
    they read: where their work differs, only what they differ by is due to it.

    Args:
        amount: work of each job, [jobs].
        memory: its peak memory, MB, [jobs].
        base: that of a job with next to no work, MB.
    """
    if amount.max() > 3 * amount.min():
        return max(0.0, float(np.polyfit(amount, memory, 1)[0]))
    # Below twice that of a small job, what differs is not what the work takes.
    return max(((memory - base) / amount)[memory > 2 * base], default=0.0)


def disk(run: Run) -> Iterator[Row]:
    """What rules leave on disk for a unit of work."""
    for several in run.planned.values():
        for rule, (pattern, by) in DISK.items():
            amount = sum(job.work[by] for job in several if job.rule == rule)
            if amount:
                size = sum(path.stat().st_size for path in Path(run.study.results).glob(pattern))
                if size:
                    yield "disk", rule, by, size / 1e6 / amount, "MB", in_run(run.study)


def in_bench(*rows: str) -> str:
    """How rows of the bench are named as a source."""
    return "results/bench/bench.csv " + " ".join(rows)


def in_run(study: settings.Settings) -> str:
    """How a finished run is named as a source."""
    return f"a run of {study.results}"


def gather(
    start: settings.Settings, studies: Sequence[settings.Settings], bench: pd.DataFrame
) -> list[Row]:
    """Every row of the table but its machine."""
    rows = list(ASSUMED) + list(ratios(studies, bench)) + list(shards(bench))
    taken_by = passes()
    how = "a run of one pass: 8 layers, 512 wide, 1024 tokens"
    rows.append(("seconds", "generate", "TFLOP", taken_by["forward"], "s a TFLOP", how))

    def known() -> rates.Rates:
        return rates.Rates({(what, of, str(by)): float(value) for what, of, by, value, *_ in rows})

    small = run_of(start, known())
    rows += starts(small)
    for rule, alike in ALIKE.items():
        for what, of, by, value, unit, how in list(rows):
            if of == alike and what in ("seconds", "memory") and by == rates.START:
                rows.append((what, rule, by, value, unit, f"as {alike}: {how}"))
    for study in studies:
        run = run_of(study, known())
        there = {(what, of) for what, of, *_ in rows if what == "disk"}
        # Work before disk: what is known of a rule is not measured again.
        rows += work(run, known(), taken_by["training"])
        rows += [row for row in disk(run) if row[:2] not in there]
    return rows


def main() -> None:
    """Gather rates as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--start", nargs="+", required=True, metavar="CONFIG")
    parser.add_argument("--study", nargs="+", default=[], action="append", metavar="CONFIG")
    parser.add_argument("--keep", action="store_true", help="what these runs do not tell stays")
    parser.add_argument("--output", default=str(rates.PATH))
    asked = parser.parse_args()
    start, *studies = (settings.load(merged(files)) for files in (asked.start, *asked.study))
    of_bench = pd.read_csv(BENCH / "machine.csv", index_col="name")["value"]["cpu"]
    here = processor()
    rows = []
    for what, of, by, value, unit, how in gather(start, studies, read_rows(BENCH / "bench.csv")):
        machine = of_bench if "bench.csv" in how else here if "a run of" in how else ""
        rows.append((what, of, str(by), f"{value:.4g}", unit, machine, how))
    if asked.keep:
        rows += kept({row[:3] for row in rows})
    with replacing(asked.output) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rates.COLUMNS)
        writer.writerows(rows)


def kept(told: Collection[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
    """Committed rows that were not measured anew, less those of rules that are no more."""
    with open(rates.PATH, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            gone = row["what"] in ("seconds", "memory", "disk") and row["of"] not in BY_NAME
            if not gone and (row["what"], row["of"], row["by"]) not in told:
                yield tuple(row[name] for name in rates.COLUMNS)


if __name__ == "__main__":
    main()
