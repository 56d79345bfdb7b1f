"""Write the page on performance: the bars, the rows, and what they mean for the Pile and Dolma."""

import os
from pathlib import Path

import jinja2
import pandas as pd

from bench.gather_bench import SAMPLES, one, read_rows, with_samples
from tracemem.jobs.files import replacing
from tracemem.jobs.joblog import job_log

PILE_BYTES = 825 * 2**30  # of raw text; Gao et al., arXiv 2101.00027
DOLMA_TOKENS = 3e12  # Soldaini et al., arXiv 2402.00159
DISK_MB = 1000  # a second: what one core's appetite is compared with


def rounded(value: float) -> str:
    """Two or three digits, in full."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.2g}"


def amount(mb: float) -> str:
    """MB in the unit that fits."""
    for unit, size in (("TB", 1e6), ("GB", 1e3)):
        if mb >= size:
            return f"{rounded(mb / size)} {unit}"
    return f"{rounded(mb)} MB"


def figures(table: pd.DataFrame, main: int) -> dict:
    """What the page states besides the rows: each figure with the rows it comes from."""
    plain, growth = (with_samples(table, "growth", samples).iloc[-1] for samples in SAMPLES)
    smallest, sampled = (with_samples(table, "growth", samples).iloc[0] for samples in SAMPLES)
    small, large = (
        one(table, work="scan", tool="ours", what=f"count n-grams, n=2, {size:,}")
        for size in (main, 10 * main)
    )
    tokens, suffixes = (
        one(table, work="pairs", tool="infini-gram", what=what)
        for what in ("tokenize", "sort suffixes")
    )
    batch = one(table, work="infgram", tool="ours")
    shard = table[table["what"].str.contains("from a shard")].iloc[0]
    unpack = one(table, work="scan", what="unpack a shard")
    token_bytes = tokens["corpus_mb"] * 1e6 / tokens["items"]
    packed = growth["disk_mb"] / growth["corpus_mb"]
    index = suffixes["disk_mb"] / suffixes["corpus_mb"]
    slower = large["seconds"] / small["seconds"]
    corpora = []
    for name, mb in (
        ("The Pile, 825 GiB of text", PILE_BYTES / 1e6),
        ("Dolma, 3T tokens", DOLMA_TOKENS * token_bytes / 1e6),
    ):
        hours = mb / growth["rate"] / 3600
        sorting = sum(
            row["seconds"] * row["threads"] for row in (tokens, suffixes)
        ) * mb / tokens["corpus_mb"] / 3600  # fmt: skip
        corpora.append(
            {
                "name": name, "text": amount(mb), "hours": rounded(hours),
                "hours_many": rounded(hours * slower), "packed": amount(mb * packed),
                "sorting": rounded(sorting), "index": amount(mb * index),
                "wall": rounded(hours / 64 * 60),
            }
        )  # fmt: skip
    at_rest = shard["rate"] * packed
    return {
        "corpora": corpora, "growth": growth, "plain": plain, "smallest": smallest,
        "sampled": sampled, "small": small, "large": large, "tokens": tokens,
        "suffixes": suffixes, "batch": batch, "shard": shard, "unpack": unpack,
        "token_bytes": f"{token_bytes:.2f}", "slower": f"{slower:.2f}",
        "at_rest": rounded(at_rest), "fed": rounded(DISK_MB / at_rest),
        "disk": DISK_MB, "unpacking": f"{100 * unpack['seconds'] / shard['seconds']:.0f}",
        "million": rounded(1e6 / batch["rate"]),
        "gram_bytes": rounded(
            (large["peak_mb"] - small["peak_mb"]) * 1e6
            / (large["items"] - small["items"])
        ) if large["items"] > small["items"] else "",
    }  # fmt: skip


def times(table: pd.DataFrame) -> list[dict]:
    """How many times faster ours is than each other tool at the same work."""
    found = []
    for work, tool, what, ours in (
        ("scan", "python", "words", "count n-grams, n=2"),
        ("pairs", "infini-gram", "count pairs", "count pairs, 0 samples"),
        ("pairs", "tantivy", "count pairs", "count pairs, 0 samples"),
        ("pairs", "python", "count pairs", "count pairs, 0 samples"),
        ("infgram", "infini-gram", "one by one", "batch"),
    ):
        other = one(table, work=work, tool=tool, what=what)
        rows = table[
            (table["work"] == work) & (table["tool"] == "ours")
            & table["what"].str.startswith(ours)
        ]  # fmt: skip
        # Of the scans the second size is the one that the bars are set for.
        own = rows.iloc[1] if work == "scan" else rows.loc[rows["threads"].idxmax()]
        ratio = own["rate"] / other["rate"]
        found.append({"ours": own, "other": other, "ratio": rounded(ratio)})
    return found


def engines(table: pd.DataFrame) -> list[dict]:
    """The rows of the engines, each with our rate at the same work in shares of its own."""
    rows = table[table["work"] == "engines"]
    ours = rows[rows["tool"] == "ours"].set_index("what")["rate"]
    return rows.assign(share=rows["what"].map(ours) / rows["rate"]).to_dict("records")


def page(results: str, plot: str, main: int) -> str:
    """The page, in Markdown, of the tables in a folder; ``plot`` is the plot as seen from it."""
    table = read_rows(f"{results}/bench.csv")
    template = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    ).from_string(Path(__file__).with_name("performance.md.jinja").read_text(encoding="utf-8"))  # fmt: skip
    return template.render(
        rows=table.astype(object).where(table.notna(), None).to_dict("records"),
        results=results,
        plot=plot,
        bars=pd.read_csv(f"{results}/bars.csv", keep_default_na=False).to_dict("records"),
        machine=dict(pd.read_csv(f"{results}/machine.csv", dtype=str).itertuples(index=False)),
        times=times(table),
        engines=engines(table),
        main=f"{main:,}",
        **figures(table, main),
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]), replacing(snakemake.output[0]) as draft:
        plot = os.path.relpath(snakemake.input.plot, Path(snakemake.output[0]).parent)
        results = os.path.dirname(snakemake.input.bench)
        draft.write_text(page(results, plot, snakemake.params.main), encoding="utf-8")
