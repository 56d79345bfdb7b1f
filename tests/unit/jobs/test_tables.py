"""Tables are written whole, as declared, and read back as declared."""

import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.jobs.declared import TEXT
from tracemem.ngrams.tables import COUNTS
from tracemem.scoring.tables import PERFORMANCE


def frame(**columns):
    row = {"ngram": "a b", "n": 2, "documents": 1, "occurrences": 3}
    return pd.DataFrame([{**row, **columns}])


def test_a_table_comes_back_as_written(tmp_path):
    path = tmp_path / "deep" / "counts.parquet"
    files.write(COUNTS, frame(), path)
    pd.testing.assert_frame_equal(files.read(COUNTS, path), frame(), check_dtype=False)


def test_text_cells_of_a_csv_stay_text(tmp_path):
    rows = {
        name: [""] if kind == TEXT else [None] for name, (kind, _) in PERFORMANCE.columns.items()
    }
    rows["task"], rows["model"] = ["NA"], ["14"]
    files.write(PERFORMANCE, rows, tmp_path / "p.csv")
    back = files.read(PERFORMANCE, tmp_path / "p.csv")
    assert (
        back.loc[0, "task"] == "NA" and back.loc[0, "group"] == "" and back.loc[0, "model"] == "14"
    )
    assert pd.isna(back.loc[0, "value"])


def test_an_undeclared_or_missing_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match="extra"):
        files.write(COUNTS, frame(extra=1), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="occurrences"):
        files.write(COUNTS, frame().drop(columns="occurrences"), tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.replacing(path) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_same_table_has_the_same_bytes(tmp_path):
    files.write(COUNTS, frame(), tmp_path / "a.parquet")
    files.write(COUNTS, frame(), tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
