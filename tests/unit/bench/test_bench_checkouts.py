"""Two checkouts are measured side by side in one run. No time is asserted."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "workflow" / "bench" / "ngrams" / "bench_checkouts.py"


def bench(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_each_work_has_a_row_for_each_checkout(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "workflow").symlink_to(ROOT / "workflow")
    table = tmp_path / "rows.csv"
    small = ("--mb", 0.3, "--items", 600, "--repeats", 2)
    done = bench(other, *small, "--table", table)
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(table)
    assert rows["work"].nunique() == 4
    for _, part in rows.groupby("work"):
        assert part["checkout"].tolist() == ["this", "other"]
        assert part["folder"].tolist() == [str(ROOT), str(other)]
        assert part["counts"].nunique() == 1
    assert (rows[["seconds", "rate", "items"]] > 0).all().all()
    assert rows["corpus_mb"].tolist() == pytest.approx([0.3] * 8, rel=0.01)
    assert rows["repeats"].str.split().map(len).eq(2).all()
    assert done.stdout.count("times the other's rate") == 4
    assert "DIFFER" not in done.stdout


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    done = bench(tmp_path)
    assert done.returncode == 2
    assert "allowed: the folder of a checkout" in done.stderr
