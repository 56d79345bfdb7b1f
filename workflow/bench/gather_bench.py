"""Put the rows of all kinds of work together, and hold them to the bars."""

import csv
import importlib.metadata
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bench.measure import COLUMNS
from tracemem.jobs.files import replacing
from tracemem.jobs.joblog import job_log

PACKAGES = (
    "numpy", "numba", "pyarrow", "infini-gram", "tantivy", "zstandard", "tokenizers", "snakemake",
    "torch", "transformers",
)  # fmt: skip


SAMPLES = (0, 50)
TEXTS = ("row", "work", "tool", "what", "unit", "repeats", "note")


def read_rows(path: str) -> pd.DataFrame:
    """Rows of the bench: texts are never missing, numbers may be."""
    table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, "str")).astype({"items": "Int64"})
    return table.fillna(dict.fromkeys(TEXTS, ""))


def gathered(parts: list[str]) -> pd.DataFrame:
    """All rows, each with a name of its own: its work and a number."""
    table = pd.concat(map(read_rows, parts), ignore_index=True)
    numbers = table.groupby("work").cumcount() + 1
    table.insert(0, "row", table["work"] + "." + numbers.astype(str))
    return table[["row", *COLUMNS]]


def one(table: pd.DataFrame, **wanted) -> pd.Series:
    """The row whose columns have these values; of several, the first with the most threads."""
    found = table
    for column, value in wanted.items():
        found = found[found[column] == value]
    if found.empty:
        raise KeyError(f"the bench has no row with {wanted}")
    return found.loc[found["threads"].idxmax()]


def with_samples(table: pd.DataFrame, work: str, samples: int) -> pd.DataFrame:
    """The rows of one kind of work that took so many samples."""
    return table[(table["work"] == work) & table["what"].str.endswith(f", {samples} samples")]


def exponent(rows: pd.DataFrame) -> float:
    """Slope of log seconds over log MB, by least squares."""
    x, y = (np.log(rows[column]) for column in ("corpus_mb", "seconds"))
    return float(np.polyfit(x, y, 1)[0])


def bars(table: pd.DataFrame, main: int, names: list[str]) -> list[dict]:
    """Every bar: what is required, what was measured, and from which rows."""
    found = []

    def bar(text: str, sign: str, required: float, measured: float, rows: list[pd.Series]) -> None:
        met = measured >= required if sign == ">=" else measured <= required
        found.append(
            {
                "bar": text, "required": f"{sign} {required:g}", "measured": f"{measured:.4g}",
                "met": "yes" if met else "no", "rows": " ".join(row["row"] for row in rows),
            }
        )  # fmt: skip

    ours = table[(table["work"] == "scan") & (table["tool"] == "ours")]
    for name in names:
        if name.endswith(f" {main:,}"):
            scan = one(ours, what=f"count n-grams, {name}")
            least = 250 if name.startswith("six") else 350
            bar(f"scan, {name} n-grams, MB/s per core", ">=", least, scan["rate"], [scan])
    shard = ours[ours["what"].str.contains("from a shard")].iloc[0]
    unpack = one(table, work="scan", what="unpack a shard")
    ratio = unpack["seconds"] / shard["seconds"]
    bar("from a shard, share of the speed of zstd -dc, per core", ">=", 0.2, ratio, [shard, unpack])
    command = ours[ours["what"].str.startswith("tracemem count")].iloc[0]
    bar("tracemem count, share of the speed of the same count in Python", ">=", 0.9,
        command["rate"] / shard["rate"], [command, shard])  # fmt: skip
    pairs, other = (
        one(table, work="pairs", tool=tool, what=what)
        for tool, what in (("ours", "count pairs, 0 samples"), ("infini-gram", "count pairs"))
    )
    ratio = other["seconds"] / pairs["seconds"]
    bar("pairs, times faster than infini-gram's build and queries", ">=", 100, ratio,
        [pairs, other])  # fmt: skip
    batch, single = (one(table, work="infgram", tool=tool) for tool in ("ours", "infini-gram"))
    bar("infgram, times the package's rate one by one", ">=", 150, batch["rate"] / single["rate"],
        [batch, single])  # fmt: skip
    for samples in SAMPLES:
        growth = with_samples(table, "growth", samples)
        bar(f"growth, exponent of seconds over MB, {samples} samples", "<=", 1.05,
            exponent(growth), [row for _, row in growth.iterrows()])  # fmt: skip
    for samples in SAMPLES:
        threads = with_samples(table, "threads", samples).set_index("threads", drop=False)
        if 2 in threads.index:
            one_core, two = threads.loc[1], threads.loc[2]
            bar(f"threads, two cores over one, {samples} samples", ">=", 1.8,
                one_core["seconds"] / two["seconds"], [one_core, two])  # fmt: skip
    engines = table[table["work"] == "engines"]
    for what, other, least in (
        ("scoring, transformers", "bare forward", 0.8),
        ("generation, vllm", "vllm LLM.generate", 0.9),
    ):
        if what in set(engines["what"]):
            pair = [one(engines, what=what, tool=tool) for tool in ("ours", other)]
            bar(f"{what}, share of the rate of {other}", ">=", least,
                pair[0]["rate"] / pair[1]["rate"], pair)  # fmt: skip
    return found


def version(command: list[str]) -> str:
    """First line of what a program says of itself; "none" where it is not installed."""
    if not shutil.which(command[0]):
        return "none"
    return subprocess.check_output(command, text=True).strip().splitlines()[0]


def processor() -> str:
    """Name of this machine's processor."""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        if models:
            return models[0]
    return platform.processor() or platform.machine()


def machine(corpus: str, source: str, cores: int) -> dict[str, str]:
    """What was measured on what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    named = {
        "cpu": processor(),
        "cores": str(cores),
        "memory": f"{memory / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in PACKAGES},
        "zstd": version(["zstd", "--version"]),
        "corpus": source,
    }
    with open(corpus, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            named[f"shard {row['shard']}"] = (
                f"{int(row['documents']):,} documents, {int(row['text_bytes']):,} bytes of text, "
                f"{int(row['bytes']):,} at rest, sha256 {row['sha256']}"
            )
    return named


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        table = gathered(list(snakemake.input.parts))
        described = machine(snakemake.input.corpus, params.source, snakemake.params.cores)
        outputs = {
            snakemake.output.bench: table,
            snakemake.output.bars: pd.DataFrame(bars(table, params.main, params.names)),
            snakemake.output.machine: pd.DataFrame(described.items(), columns=["name", "value"]),
        }
        for path, frame in outputs.items():
            with replacing(path) as draft:
                frame.to_csv(draft, index=False)
