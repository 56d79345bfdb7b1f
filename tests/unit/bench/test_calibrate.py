"""The committed tables of calibration are those of the committed cells and designs."""

import pandas as pd
import pytest

from bench.calibration import calibrate
from tracemem.scoring import designs, simulating


def committed(name: str) -> pd.DataFrame:
    return pd.read_csv(calibrate.FOLDER / f"{name}.csv")


def test_values_of_nothing_are_those_of_the_kept_cells():
    found = calibrate.of_nothing()
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), committed("nothing"), rtol=1e-3, check_dtype=False
    )
    assert set(found["measure"]) == set(calibrate.MEASURES)
    # A cell stands in one row of a measure: as much of nothing is seen by each as by another.
    cells = found.groupby("measure")["cells"].sum()
    assert cells.nunique() <= 2 and cells["contrastive Mem"] == cells["keyed Mem"]


def test_power_is_that_of_the_designs_of_today():
    power = committed("power").set_index(["kind", "examples", "effect"])["found"]
    design = designs.read()["question-answering"]
    again = simulating.power(design, 100, 0.3, draws=calibrate.DRAWS)
    assert power["question-answering", 100, 0.3] == pytest.approx(again, abs=0.02)


def test_a_dial_of_nothing_is_zero_and_the_figure_has_every_kind():
    dials = committed("dial")
    least = dials[(dials["recall"] == 0) & (dials["measure"] == "contrastive Mem")]
    assert least["mean"].abs().max() < 0.02
    figure = calibrate.drawn(dials, committed("power"))
    assert len(figure.axes) == 2 * len(designs.read())
