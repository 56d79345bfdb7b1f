"""A table that is declared is shown, whether or not it has a form of its own."""

import math

import pandas as pd

from tracemem.jobs.declared import F64, I64, SERIES, TEXT, Table
from tracemem.report import grids, products
from tracemem.report import page as report

LOUDNESS = Table(
    "scores/loudness.csv",
    "How loud each model is.",
    {
        **SERIES,
        "words_heard": (I64, "words heard"),
        "value": (F64, "loudness"),
        "ci_low": (F64, "lower end of its 95 % interval"),
        "reason": (TEXT, "why there is no value"),
    },
    section="scores",
    title="Loudness of the models",
    missing="Nobody listened.",
)
LABELS = {"small": "91k", "large": "857k"}


def loudness(rows=1) -> pd.DataFrame:
    heard = [
        {"task": "questions", "model": "small", "parameters": 91_000, "words_heard": 12_345,
         "value": 0.254, "ci_low": -0.1, "reason": ""},
        {"task": "sums", "model": "stranger", "parameters": 5, "words_heard": 0,
         "value": math.nan, "ci_low": 2000.0, "reason": "it is silent"},
    ]  # fmt: skip
    return pd.DataFrame(heard * rows)


def test_a_table_without_a_form_of_its_own_is_shown_as_it_is():
    (grid,) = grids.of(LOUDNESS, loudness(), LABELS)
    assert grid.columns == [
        "task", "model", "parameters", "words heard", "value", "ci low", "reason"
    ]  # fmt: skip
    assert grid.rows == [
        ["questions", "91k", "91,000", "12,345", "0.25", "−0.10", ""],
        ["sums", "stranger", "5", "0", "n/a", "2,000", "it is silent"],
    ]
    assert grid.numeric == [False, False, True, True, True, True, False]
    assert not grid.folded


def test_a_long_table_opens_on_a_click():
    (grid,) = grids.of(LOUDNESS, loudness(rows=grids.LONG), LABELS)
    assert len(grid.rows) == 2 * grids.LONG and grid.folded


def test_a_table_with_a_form_of_its_own_is_shown_in_it():
    row = {"n": 2, "gamma": 0.75, "value": 0.23, "ci_low": 0.1, "ci_high": 0.3, "items": 123}
    frame = loudness()[:1].assign(**row)
    (grid,) = grids.of(products.REPORTED["thresholds"], frame, LABELS)
    assert grid.columns == ["n", "γ", "91k", "857k"]
    assert grid.rows == [["2", "0.75", "0.23 [0.10, 0.30]; 123 items", ""]]


def test_a_declared_table_is_in_the_report_without_more(tmp_path, monkeypatch):
    monkeypatch.setitem(products.REPORTED, LOUDNESS.name, LOUDNESS)
    for frames, told in (({"loudness": loudness()}, "12,345"), ({}, "Nobody listened.")):
        report.write(tmp_path / "report.html", report.Study("t"), frames, {})
        written = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert LOUDNESS.title in written and told in written


def test_no_two_tables_that_go_by_name_share_one():
    merged = [table for table in products.TABLES if table.merged]
    reported = [table for table in products.TABLES if table.section]
    assert [*products.MERGED.values()] == merged and [*products.REPORTED.values()] == reported
    assert all(table.title and table.missing for table in reported)
    assert all(table.path.startswith("scores/") for table in merged)
    for figure in products.DRAWN.values():
        assert len({table.name for table in figure.tables}) == len(figure.tables)
