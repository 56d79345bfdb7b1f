"""Tables are written whole, as declared, and read back as declared."""

import pandas as pd
import pytest

from tracemem.jobs import tables


def frame(**columns):
    row = {"ngram": "a b", "n": 2, "documents": 1, "occurrences": 3}
    return pd.DataFrame([{**row, **columns}])


def test_a_table_comes_back_as_written(tmp_path):
    path = tmp_path / "deep" / "counts.parquet"
    tables.write(tables.COUNTS, frame(), path)
    pd.testing.assert_frame_equal(tables.read(tables.COUNTS, path), frame(), check_dtype=False)


def test_text_cells_of_a_csv_stay_text(tmp_path):
    rows = {
        name: [""] if kind == tables.TEXT else [None]
        for name, (kind, _) in tables.PERFORMANCE.columns.items()
    }
    rows["task"], rows["model"] = ["NA"], ["14"]
    tables.write(tables.PERFORMANCE, rows, tmp_path / "p.csv")
    back = tables.read(tables.PERFORMANCE, tmp_path / "p.csv")
    assert (
        back.loc[0, "task"] == "NA" and back.loc[0, "group"] == "" and back.loc[0, "model"] == "14"
    )
    assert pd.isna(back.loc[0, "value"])


def test_an_undeclared_or_missing_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match="extra"):
        tables.write(tables.COUNTS, frame(extra=1), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="occurrences"):
        tables.write(tables.COUNTS, frame().drop(columns="occurrences"), tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), tables.replacing(path) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_same_table_has_the_same_bytes(tmp_path):
    tables.write(tables.COUNTS, frame(), tmp_path / "a.parquet")
    tables.write(tables.COUNTS, frame(), tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
