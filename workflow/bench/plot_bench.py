"""Draw the bench: rates, times, growth and threads, one panel for each kind of work."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

from bench.gather_bench import SAMPLES, with_samples
from tracemem.jobs.joblog import job_log
from tracemem.report import figures

LOOKS = ("o-", "s--")
OURS, OTHER, BAR = "#30638e", "0.65", "#c1440e"


def levels(axis, labels: list[str], values: list[float], ours: list[bool], unit: str) -> None:
    """Horizontal bars with their values, on a logarithmic axis, the first on top."""
    places = range(len(labels))
    axis.barh(places, values, color=[OURS if own else OTHER for own in ours], height=0.7)
    axis.set_yticks(places, labels)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlim(min(values) / 3, max(values) * 6)
    axis.set_xlabel(unit)
    for place, value in zip(places, values, strict=True):
        axis.text(value * 1.1, place, f"{value:,.3g}" if value < 1000 else f"{value:,.0f}",
                  va="center", fontsize=7)  # fmt: skip


def scan(axis, table: pd.DataFrame) -> None:
    """Rates of one core."""
    rows = table[(table["work"] == "scan") & (table["unit"] == "MB/s")]
    labels = [
        f"{row.tool.split(' (')[0]}: "
        + row.what.replace("count n-grams, ", "").replace("count n-grams from", "from")
        for row in rows.itertuples()
    ]
    levels(axis, labels, rows["rate"].tolist(), (rows["tool"] == "ours").tolist(), "MB/s, one core")
    axis.set_title("Counting n-grams")


def pairs(axis, table: pd.DataFrame) -> None:
    """Time to counts of all pairs."""
    rows = table[(table["work"] == "pairs") & table["what"].str.startswith("count pairs")]
    labels = [
        f"{row.tool}{row.what.removeprefix('count pairs')}, {row.threads} thr."
        for row in rows.itertuples()
    ]
    levels(axis, labels, rows["seconds"].tolist(), (rows["tool"] == "ours").tolist(), "seconds")
    axis.set_title(f"{rows['items'].iloc[0]:,.0f} pairs in {rows['corpus_mb'].iloc[0]:,.0f} MB")


def infgram(axis, table: pd.DataFrame) -> None:
    """Probabilities a second."""
    rows = table[table["work"] == "infgram"]
    labels = [f"{row.tool}, {row.what}, {row.threads} thr." for row in rows.itertuples()]
    levels(axis, labels, rows["rate"].tolist(), (rows["tool"] == "ours").tolist(), "places/s")
    axis.set_title("∞-gram probabilities")


def growth(time_axis, memory_axis, table: pd.DataFrame) -> None:
    """Seconds and peak memory over the size of the corpus."""
    for samples, look in zip(SAMPLES, LOOKS, strict=True):
        rows = with_samples(table, "growth", samples)
        size, seconds = rows["corpus_mb"], rows["seconds"]
        time_axis.loglog(size, seconds, look, color=OURS, label=f"{samples} samples")
        memory_axis.semilogx(size, rows["peak_mb"], look, color=OURS, label=f"{samples} samples")
    time_axis.loglog(size, seconds.iloc[-1] * size / size.iloc[-1], ":", color="0.4",
                     label="exponent 1")  # fmt: skip
    time_axis.set(title="Growth: time", xlabel="MB of text", ylabel="seconds, both passes")
    time_axis.legend(frameon=False)
    memory_axis.set(title="Growth: memory", xlabel="MB of text", ylabel="peak memory, MB")
    memory_axis.set_ylim(0, 1.25 * table.loc[table["work"] == "growth", "peak_mb"].max())
    memory_axis.legend(frameon=False)


def threads(axis, table: pd.DataFrame) -> None:
    """Speed over that of one thread."""
    for samples, look in zip(SAMPLES, LOOKS, strict=True):
        rows = with_samples(table, "threads", samples)
        count = rows["threads"].astype(int)
        speed = rows["seconds"].iloc[0] / rows["seconds"]
        axis.plot(count, speed, look, color=OURS, label=f"{samples} samples")
    axis.plot(count, count, ":", color="0.4", label="ideal")
    axis.axhline(1.8, color=BAR, linewidth=0.7, linestyle="--", label="bar for two")
    axis.set(title="Threads", xlabel="threads", ylabel="times one thread", ylim=(0, None))
    axis.set_xticks(count)
    axis.legend(frameon=False)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        table = pd.read_csv(snakemake.input.bench)
        with matplotlib.rc_context({"font.size": 8, "font.family": "DejaVu Sans",
                                    "axes.titlesize": 9, "axes.spines.top": False,
                                    "axes.spines.right": False}):  # fmt: skip
            figure, axes = plt.subplots(3, 2, figsize=(9, 9), layout="constrained",
                                        height_ratios=(1.5, 1, 1))  # fmt: skip
            scan(axes[0, 0], table)
            pairs(axes[0, 1], table)
            growth(axes[1, 0], axes[1, 1], table)
            infgram(axes[2, 0], table)
            threads(axes[2, 1], table)
        figures.save(figure, snakemake.output.png, snakemake.output.pdf)
