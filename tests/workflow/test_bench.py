"""The bench on a corpus of one MB: every table is written and complete. No time is asserted."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bench.ngrams import zipf_text

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "workflow" / "bench"

pytest.importorskip("tantivy", reason="make bench installs envs/requirements-bench.txt")


def bench(folder: Path, *targets: str, **config) -> None:
    settings = [f"{key}={value}" for key, value in config.items()]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(BENCH / "Snakefile"),
         "--directory", str(folder), "--cores", "2", "--quiet", "--config", *settings],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-6000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    # infini-gram takes any path with "table" or "offset" in it for an index file.
    folder = tmp_path_factory.mktemp("bench")
    # The two kinds of work that use one core may share the machine: no time is looked at.
    beside = ["--set-threads", "bench_scan=1", "bench_growth=1"]
    bench(folder, *beside, mb=1, ngrams=2000, repeats=1, compile=False, vocabulary=500, hidden=32)
    return folder


@pytest.fixture(scope="module")
def rows(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "results/bench/bench.csv")


def test_every_kind_of_work_has_its_tools(rows):
    found = {work: set(part["tool"]) for work, part in rows.groupby("work")}
    assert {tool.split()[0] for tool in found.pop("scan")} - {"zstd"} == {"ours", "python"}
    assert found == {
        "pairs": {"ours", "infini-gram", "tantivy", "python"},
        "infgram": {"ours", "infini-gram"},
        "growth": {"ours"},
        "threads": {"ours"},
        # vLLM has an environment of its own, which the tests do without.
        "engines": {"ours", "bare forward", "least forward"},
    }


def test_rows_are_complete(rows):
    always = ["row", "what", "threads", "seconds", "rate", "unit", "peak_mb", "load"]
    assert rows[always].notna().all().all()
    assert rows["row"].is_unique
    assert (rows[["seconds", "rate", "peak_mb"]] > 0).all().all()
    assert (rows.loc[rows["work"] != "engines", "corpus_mb"] > 0).all()
    assert rows.loc[rows["tool"] == "ours", "items"].notna().all()


def test_sizes_are_those_of_the_growth(rows):
    sizes = rows.loc[rows["work"] == "growth", "corpus_mb"].tolist()
    assert sizes == pytest.approx([0.1, 0.3, 1, 3, 10] * 2, rel=0.01)


def test_every_bar_is_measured_and_names_its_rows(folder, rows):
    bars = pd.read_csv(folder / "results/bench/bars.csv")
    assert len(bars) == 14
    assert set(bars["met"]) <= {"yes", "no"}
    for bar in bars.itertuples():
        assert set(bar.rows.split()) <= set(rows["row"])
        sign, required = bar.required.split()
        held = bar.measured >= float(required)
        if sign == "<=":
            held = bar.measured <= float(required)
        assert (bar.met == "yes") == held


def test_machine_corpus_and_versions_are_named(folder):
    named = pd.read_csv(folder / "results/bench/machine.csv", index_col="name")["value"]
    assert named[["cpu", "cores", "memory", "infini-gram", "tantivy", "zstd"]].notna().all()
    assert re.search(r"bytes of text, .* sha256 [0-9a-f]{64}$", named["shard x10"])


def test_the_page_traces_its_figures_to_rows(folder, rows):
    page = (folder / "docs/performance.md").read_text()
    named = set(re.findall(r"\b(?:scan|pairs|infgram|growth|threads|engines)\.\d+\b", page))
    assert named == set(rows["row"])
    assert "The Pile, 825 GiB" in page and "Dolma, 3T tokens" in page
    plot = re.search(r"!\[The bench\]\((.*)\)", page)[1]
    assert (folder / "docs" / plot).is_file()


def test_the_figure_is_drawn(folder):
    for name in ("bench.png", "bench.pdf"):
        assert (folder / "results/bench" / name).stat().st_size > 20_000


def test_large_files_are_removed(folder):
    left = [path for path in (folder / "results").rglob("*") if path.is_file()]
    assert not [path for path in left if "corpus/" in str(path) or "/index/" in str(path)]


def test_generated_text_is_reproducible_and_of_its_size():
    one, again = (list(zipf_text.documents(3, 5, 200_000)) for _ in range(2))
    assert one == again != list(zipf_text.documents(3, 6, 200_000))
    assert sum(len(text.encode()) for text in one) == pytest.approx(200_000, abs=500)


def test_generated_words_follow_zipf():
    from collections import Counter

    from tracemem.ngrams import words

    counts = Counter(words.words(" ".join(zipf_text.documents(3, 0, 1_000_000))))
    ranked = [count for _, count in counts.most_common()]
    assert 5 < ranked[9] / ranked[99] < 20
    assert 5 < ranked[99] / ranked[999] < 25
    assert 4 < sum(len(word) * count for word, count in counts.items()) / counts.total() < 5.5


def test_a_folder_of_shards_is_measured_in_place_of_generated_text(tmp_path):
    from zstandard import ZstdDecompressor

    source = tmp_path / "own"
    source.mkdir()
    texts = [f"document {number} of a small corpus, " * 20 for number in range(100)]
    lines = "".join(json.dumps({"body": text}) + "\n" for text in texts)
    (source / "some.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    corpus = "results/own-data/corpus"
    bench(
        tmp_path, f"{corpus}/x1.jsonl.zst", "--notemp",
        corpus=source, text_field="body", results="results/own", mb=1,
    )  # fmt: skip

    def read(name: str) -> list[str]:
        with (tmp_path / corpus / f"{name}.jsonl.zst").open("rb") as file:
            raw = ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
        return [json.loads(line)["text"] for line in raw.splitlines()]

    held, whole, tenfold = read("heldout"), read("x1"), read("x10")
    assert sorted(held + whole) == sorted(texts)
    assert len(read("x0.1")) * 10 == pytest.approx(len(whole), abs=9)
    assert len(tenfold) == 10 * len(whole)
    assert len(set(tenfold)) > 9 * len(whole)
    assert sorted(tenfold[-1].split()) in [sorted(text.split()) for text in whole]
