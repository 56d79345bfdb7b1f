"""Scores of all tasks stand in one table, their p-values corrected for their number."""

import math

import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.report.products import MERGED
from tracemem.scoring.tables import MEMORIZATION, PERFORMANCE


@pytest.fixture
def merge(tmp_path, run_script):
    """The merged table of some parts, read back."""

    def merged(table, parts):
        paths = []
        for number, part in enumerate(parts):
            paths.append(tmp_path / f"part{number}.parquet")
            files.write(table, part, paths[-1])
        output = tmp_path / "merged.csv"
        names = {"table": table.name}
        run_script("merge_scores", paths, [output], {}, names)
        return files.read(table, output)

    return merged


def memorization(task, values):
    """A row a p-value: each statistic in turn."""
    filled = dict.fromkeys(MEMORIZATION.columns, 0)
    names = {"task": task, "model": "m", "measure": "task-gram", "reason": ""}
    statistics = ("spearman", "kendall-distance")
    return pd.DataFrame(
        [
            {**filled, **names, "statistic": statistics[place % 2], "p_permutation": value,
             "p_holm": math.nan}
            for place, value in enumerate(values)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("name", MERGED)
def test_a_table_without_parts_is_empty_and_has_its_columns(name, merge):
    found = merge(MERGED[name], [])
    assert found.empty and list(found.columns) == list(MERGED[name].columns)


@pytest.mark.parametrize("name", MERGED)
def test_parts_without_rows_add_none(name, merge):
    table = MERGED[name]
    found = merge(table, [{column: [] for column in table.columns}] * 2)
    assert found.empty and list(found.columns) == list(table.columns)


def test_p_values_are_corrected_over_the_family_of_each_task(merge):
    parts = [memorization("questions", [0.01, 0.04, 0.02]), memorization("chance", [0.03, 0.06])]
    found = merge(MEMORIZATION, parts)
    assert found["task"].tolist() == ["questions"] * 3 + ["chance"] * 2
    # Two tests of the first statistic on questions, one of every other.
    assert found["p_holm"].tolist() == pytest.approx([0.02, 0.04, 0.02, 0.03, 0.06])


def test_what_has_no_p_values_is_put_together_as_it_is(merge):
    row = {"model": "m", "parameters": 1, "group": "", "metric": "bleu", "value": 1.5,
           "ci_low": 1.0, "ci_high": 2.0, "reason": "", "examples": 9, "signature": "s"}  # fmt: skip
    parts = [pd.DataFrame([{"task": task, **row}]) for task in ("b", "a")]
    found = merge(PERFORMANCE, parts)
    pd.testing.assert_frame_equal(found, pd.concat(parts, ignore_index=True), check_dtype=False)
