"""Two folders of results: what is the same, what is not, and what was only moved."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "workflow" / "documents" / "compare_results.py"


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """The same three tables twice."""
    for folder in (tmp_path / "before", tmp_path / "after"):
        (folder / "scores").mkdir(parents=True)
        (folder / "logs").mkdir()
        pd.DataFrame({"task": ["a", "b"], "value": [0.5, None]}).to_csv(
            folder / "scores" / "mem.csv", index=False
        )
        pd.DataFrame({"x": [1, 2], "tokens": [[1, 2], []]}).to_parquet(folder / "items.parquet")
        pd.DataFrame({"y": [1]}).to_parquet(folder / "world.parquet")
        (folder / "logs" / "times.csv").write_text(str(folder))
    return tmp_path / "before", tmp_path / "after"


def compare(folders, *more: str, status: int = 0) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, folders), *more], capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_same_bytes_are_the_same_and_logs_are_none_of_it(folders):
    assert compare(folders) == ["3 of 3 tables have the same bytes; 0 differences"]


def test_a_value_that_differs_is_named_and_may_be_meant(folders):
    table = folders[1] / "scores" / "mem.csv"
    table.write_text(table.read_text().replace("0.5", "0.6"))
    line = "scores/mem.csv: value: 1 of 2 rows differ, the first: '0.5' is now '0.6'"
    assert compare(folders, status=1)[0] == f"DIFFERS: {line}"
    assert compare(folders, "--except", "scores/mem.csv:value")[0] == f"meant: {line}"


def test_columns_order_rows_and_losses_are_told_apart(folders):
    after = folders[1]
    pd.DataFrame({"tokens": [[1, 2], []]}).to_parquet(after / "items.parquet")
    assert compare(folders, status=1)[0] == "DIFFERS: items.parquet: column x is gone"
    pd.DataFrame({"x": [2, 1], "tokens": [[], [1, 2]]}).to_parquet(after / "items.parquet")
    (said, _) = compare(folders, status=1)
    assert said == "DIFFERS: items.parquet: order: the same rows in another order"
    pd.DataFrame({"x": [2], "tokens": [[]]}).to_parquet(after / "items.parquet")
    assert "2 rows before, 1 after" in compare(folders, status=1)[0]
    (after / "items.parquet").unlink()
    assert "LOST: items.parquet" in compare(folders, status=1)


def test_parts_that_were_put_together_are_not_lost(folders):
    before, after = folders
    (before / "scores" / "a").mkdir()
    for model in ("large", "small"):
        pd.DataFrame({"model": [model]}).to_parquet(before / "scores" / "a" / f"{model}.parquet")
    pd.DataFrame({"model": ["small", "large"]}).to_parquet(after / "scores" / "a.parquet")
    said = compare(folders)
    assert "new: scores/a.parquet" in said
    (joined,) = [line for line in said if line.startswith("joined into scores/a.parquet")]
    assert "scores/a/large.parquet, scores/a/small.parquet" in joined


def test_a_folder_without_tables_is_an_error(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "empty"), str(folders[1])],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and "no table there" in done.stderr
